package console

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"proprio/resources"
)

// Provisioning is what bringing one person or group into an app does, step by step.
type Provisioning struct {
	Name  string
	Steps []ProvisionStep
	State string // of the account afterwards; empty: nothing was sent
	Error string // what kept it from the app
	Sends bool   // there is something to send
}

// ProvisionStep is one of the five: read, scope, match, decide, send.
type ProvisionStep struct {
	Name  string
	Done  bool
	Words string
	Data  []byte    // JSON of what it looked at; nil: nothing
	Calls []Attempt // what was exchanged with the app
	Plan  []PlannedCall
}

// PlannedCall is what would be sent to the app.
type PlannedCall struct {
	Action string
	Body   []byte // JSON
}

// provisionSteps are their names.
func provisionSteps() []string { return []string{"read", "scope", "match", "decide", "send"} }

// peopleOffered is how many people a search on the page offers.
const peopleOffered = 20

// provisionPage brings one person or group into an app, at first without sending anything.
type provisionPage struct {
	App    App
	Search string
	People []personRow // that the search found
	More   bool
	Object resources.Ref // that was chosen; without an id: nobody yet
	Result *Provisioning
	Steps  []provisionStepView
	Sent   bool
	Words  string // why it could not be tried
}

type provisionStepView struct {
	ProvisionStep
	Text  string // Data, indented
	Calls []attemptView
	Plan  []plannedView
}

type plannedView struct{ Action, Text string }

// CanSend says that the rehearsal found something to send.
func (p provisionPage) CanSend() bool {
	return !p.Sent && p.Result != nil && p.Result.Sends && p.Result.Error == "" && !p.App.Paused
}

// provision asks whom, and says what is about to be tried.
func (c *Console) provision(v *visit) error {
	ctx, q := v.r.Context(), v.r.URL.Query()
	app, err := c.findApp(ctx, v)
	if err != nil {
		return err
	}
	p := provisionPage{App: app, Search: strings.TrimSpace(q.Get("q"))}
	if q.Get("object") != "" {
		if p.Object, err = c.objectRef(ctx, v, q.Get("type"), q.Get("object")); err != nil {
			return err
		}
	} else if p.Search != "" {
		found, err := c.Store.Find(ctx, v.caller(), resources.Query{Type: resources.TypeUser, Where: c.named(p.Search), StartIndex: 1, Count: peopleOffered})
		if err != nil {
			return err
		}
		for _, r := range found.Resources {
			p.People = append(p.People, newPersonRow(r))
		}
		p.More = found.Total > len(found.Resources)
	}
	return c.render(v, http.StatusOK, "provision", p)
}

// objectRef names a person or group. One that was removed may still have an account to take away.
func (c *Console) objectRef(ctx context.Context, v *visit, kind, id string) (resources.Ref, error) {
	ref := resources.Ref{Type: oneOf(kind, resources.TypeUser, resources.TypeGroup), ID: id, Display: id}
	if ref.Type == "" {
		return ref, resources.Errorf(resources.ErrNotFound, "", "no type %q", kind)
	}
	r, err := c.Store.Get(ctx, v.caller(), ref.Type, id, resources.With{})
	switch {
	case errors.Is(err, resources.ErrNotFound):
		return ref, nil
	case err != nil:
		return ref, err
	case r.Index.UserName != "":
		ref.Display = r.Index.UserName
	default:
		ref.Display = r.Index.DisplayName
	}
	return ref, nil
}

// provisionNow tries it without sending anything, or does it, as the form says.
func (c *Console) provisionNow(v *visit) error {
	ctx := v.r.Context()
	app, err := c.findApp(ctx, v)
	if err != nil {
		return err
	}
	p := provisionPage{App: app, Sent: v.r.PostFormValue("send") != ""}
	if p.Object, err = c.objectRef(ctx, v, v.r.PostFormValue("type"), v.r.PostFormValue("object")); err != nil {
		return err
	}
	result, err := c.Engine.Provision(ctx, v.actor(), v.session.Company, app.ID, p.Object.Type, p.Object.ID, p.Sent)
	if errors.Is(err, resources.ErrInvalidValue) {
		p.Words, _ = refusal(err)
		return c.render(v, http.StatusUnprocessableEntity, "provision", p)
	}
	if err != nil {
		return err
	}
	p.Result = &result
	for _, s := range result.Steps {
		view := provisionStepView{ProvisionStep: s, Text: readable(s.Data)}
		for _, a := range s.Calls {
			view.Calls = append(view.Calls, newAttemptView(a))
		}
		for _, call := range s.Plan {
			view.Plan = append(view.Plan, plannedView{call.Action, readable(call.Body)})
		}
		p.Steps = append(p.Steps, view)
	}
	return c.render(v, http.StatusOK, "provision", p)
}
