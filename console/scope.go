package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"proprio/audit"
	"proprio/resources"
)

const groupsOffered = 50

// scopeForm is who should be in the app, as the form has it.
type scopeForm struct {
	Limited bool
	Search  string
	Chosen  []resources.Ref
	Found   []resources.Ref // besides those chosen
	More    bool            // than are offered
	Missing bool            // limited to groups, and none is chosen
	Gone    bool            // a group that was chosen is not there any more

	Expression, Rules string
	Wrong             string // what is wrong with them
	Person            string // to preview
	Nobody            bool   // has that name
	Preview           *previewView
}

type previewView struct {
	Preview
	Text string // the document, indented
}

// fillScope fills in what is kept, when the form is opened, and the groups that can be chosen.
func (c *Console) fillScope(ctx context.Context, v *visit, app App, f *scopeForm) (err error) {
	if v.r.Method == http.MethodGet {
		f.Expression, f.Rules = app.Expression, app.Rules
		if f.Chosen, err = c.scope(ctx, v, app); err != nil {
			return err
		}
		f.Limited = len(f.Chosen) > 0
	}
	return c.offerGroups(ctx, v, f)
}

// offerGroups fills in the groups that the search finds.
func (c *Console) offerGroups(ctx context.Context, v *visit, f *scopeForm) error {
	query := resources.Query{Type: resources.TypeGroup, StartIndex: 1, Count: groupsOffered}
	if f.Search != "" {
		name := c.Registry.Type(resources.TypeGroup).Attribute("displayName")
		query.Where = resources.Compare{Attribute: name, Op: "co", Value: resources.Fold(f.Search)}
	}
	found, err := c.Store.Find(ctx, v.caller(), query)
	if err != nil {
		return err
	}
	for _, r := range found.Resources {
		if !slices.ContainsFunc(f.Chosen, func(g resources.Ref) bool { return g.ID == r.ID }) {
			f.Found = append(f.Found, resources.Ref{Type: r.Type, ID: r.ID, Display: r.Index.DisplayName})
		}
	}
	f.More = found.Total > len(found.Resources)
	return nil
}

// scopeSetter keeps a scope.
type scopeSetter func(ctx context.Context, actor audit.Actor, company, app string, s Scope) error

// editScope does what the form asks for: a search and a preview fill it in, and keep nothing; nor is anything kept of what is wrong.
func (c *Console) editScope(v *visit, app App, f *scopeForm, set scopeSetter) (kept bool, err error) {
	ctx := v.r.Context()
	field := func(name string) string { return strings.TrimSpace(v.r.PostForm.Get(name)) }
	f.Limited, f.Search, f.Expression, f.Rules, f.Person = field("who") == "groups", field("q"), field("expression"), field("rules"), field("person")
	if err := c.chosen(ctx, v, f); err != nil {
		return false, err
	}
	scope := Scope{LinkExisting: app.LinkExisting, Expression: f.Expression, Rules: f.Rules}
	for _, g := range f.Chosen {
		if f.Limited {
			scope.Groups = append(scope.Groups, g.ID)
		}
	}
	switch {
	case field("find") != "":
		f.Limited = true
		return false, nil
	case field("preview") != "":
		return false, c.preview(v, app, f, scope)
	case f.Limited && f.Gone:
		return false, nil
	case f.Limited && len(f.Chosen) == 0, !f.Limited && field("who") != "all": // a form that does not say so is not everybody
		f.Missing = true
		return false, nil
	}
	err = set(ctx, v.actor(), v.session.Company, app.ID, scope)
	if errors.Is(err, resources.ErrInvalidValue) {
		f.Wrong = err.Error()
		return false, nil
	}
	return err == nil, err
}

// preview shows what a scope would make of a person.
func (c *Console) preview(v *visit, app App, f *scopeForm, scope Scope) error {
	made, err := c.Setup.Preview(v.r.Context(), v.session.Company, app.ID, scope, f.Person)
	switch {
	case err == nil:
		f.Preview = &previewView{made, readable(made.Document)}
	case errors.Is(err, resources.ErrInvalidValue):
		f.Wrong = err.Error()
	case errors.Is(err, resources.ErrNotFound):
		f.Nobody = true
	default:
		return err
	}
	return nil
}

// chosen fills in the company's Groups that the form names. One that the company does not have, or has no more, is left out.
func (c *Console) chosen(ctx context.Context, v *visit, f *scopeForm) error {
	ids := v.r.PostForm["group"]
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		g, err := c.Store.Get(ctx, v.caller(), resources.TypeGroup, id, resources.With{})
		switch {
		case err == nil:
			f.Chosen = append(f.Chosen, resources.Ref{Type: g.Type, ID: g.ID, Display: g.Index.DisplayName})
		case errors.Is(err, resources.ErrNotFound):
			f.Gone = true
		default:
			return err
		}
	}
	return nil
}

// scopePage changes who is in an app that runs, and what it is sent.
type scopePage struct {
	App   App
	Scope scopeForm
}

// appScope shows who is in the app. One that is not started has a step for that.
func (c *Console) appScope(v *visit) error {
	p, err := c.newScopePage(v)
	if err != nil || p.App.ID == "" {
		return err
	}
	return c.showScope(v, p)
}

func (c *Console) newScopePage(v *visit) (scopePage, error) {
	app, err := c.findApp(v.r.Context(), v)
	if err != nil {
		return scopePage{}, err
	}
	if app.InSetup() {
		http.Redirect(v.w, v.r, "/apps/"+app.ID+"/setup/"+stepScope, http.StatusSeeOther)
		return scopePage{}, nil
	}
	return scopePage{App: app}, nil
}

func (c *Console) showScope(v *visit, p scopePage) error {
	if err := c.fillScope(v.r.Context(), v, p.App, &p.Scope); err != nil {
		return err
	}
	return c.render(v, http.StatusOK, "scope", p)
}

// setAppScope keeps it: all that follows is sent.
func (c *Console) setAppScope(v *visit) error {
	p, err := c.newScopePage(v)
	if err != nil || p.App.ID == "" {
		return err
	}
	kept, err := c.editScope(v, p.App, &p.Scope, c.Setup.ChangeScope)
	if err != nil {
		return err
	}
	if !kept {
		return c.showScope(v, p)
	}
	return back(v, "/apps/"+p.App.ID, "done", "changed")
}
