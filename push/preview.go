package push

import (
	"context"
	"encoding/json"
	"errors"

	"proprio/push/mapping"
	"proprio/resources"
)

// PersonPreview is what an app's settings would make of a User. Nothing is sent for it.
type PersonPreview struct {
	ObjectID string `json:"objectId"`
	Name     string `json:"name"` // userName
	// InScope: the User should have an account with access. Why says what decides that.
	InScope bool   `json:"inScope"`
	Why     string `json:"why"`
	// Problem is what keeps the User from being sent; empty: nothing.
	Problem string `json:"problem,omitempty"`
	// Account is what is known of an account there, by its id in the app; empty: there is none.
	Account string `json:"account,omitempty"`
	// Creation is the document of a new account. Nil: there is a problem.
	Creation json.RawMessage `json:"creation,omitempty"`
	// Now is the document that the account should have as it stands. Nil: there is no account, or a problem.
	Now json.RawMessage `json:"now,omitempty"`
	// Steps are what each rule does, for a new account; roles are the last of them.
	Steps []mapping.Step `json:"steps,omitempty"`
}

// Preview says what an app's settings, which need not be stored, would make of a User (id or userName).
func (e *Engine) Preview(ctx context.Context, app App, user string) (PersonPreview, error) {
	app, err := e.Settle(ctx, app)
	if err != nil {
		return PersonPreview{}, err
	}
	id, err := e.userID(ctx, app.Company, user)
	if err != nil {
		return PersonPreview{}, err
	}
	rows, err := e.Store.AccountsIn(ctx, app.Company, app.ID, resources.TypeUser, []string{id})
	if err != nil {
		return PersonPreview{}, err
	}
	row, known := rows[id]
	if !known {
		row = Account{Company: app.Company, App: app.ID, ObjectType: resources.TypeUser, ObjectID: id}
	}
	// The rules of a preview may differ from those that the engine goes by, which stay compiled.
	j := &job{app: app, store: e.Store, resources: e.Resources, account: row,
		rulebook: &Rulebook{Registries: e.Registries, Profiles: e.Profiles, Domains: e.Domains}}
	if j.profile, err = e.Profile(app); err != nil {
		return PersonPreview{}, err
	}
	return j.preview(ctx)
}

// userID is the id of a User that is named by its id or its userName.
func (e *Engine) userID(ctx context.Context, company, user string) (string, error) {
	caller := resources.Caller{Company: company}
	r, err := e.Resources.Get(ctx, caller, resources.TypeUser, user, resources.With{})
	if errors.Is(err, resources.ErrNotFound) {
		r, err = e.Resources.GetByUserName(ctx, caller, resources.FoldUserName(user))
	}
	if errors.Is(err, resources.ErrNotFound) {
		return "", resources.Errorf(resources.ErrNotFound, "", "there is no User %q", user)
	}
	if err != nil {
		return "", err
	}
	return r.ID, nil
}

func (j *job) preview(ctx context.Context) (PersonPreview, error) {
	r, standing, err := j.object(ctx)
	if err != nil {
		return PersonPreview{}, err
	}
	if r == nil {
		return PersonPreview{}, resources.Errorf(resources.ErrNotFound, "", "there is no User %s", j.account.ObjectID)
	}
	p := place(j.app, resources.TypeUser, r.ID, standing)
	out := PersonPreview{ObjectID: r.ID, Name: standing.Name, InScope: p.active && p.broken == nil, Why: p.why, Account: j.account.RemoteID}
	j.account.ObjectName = standing.Name
	if p.broken != nil {
		out.Problem = p.broken.words
	}
	if out.Steps, err = j.steps(ctx, r); err != nil {
		return out, err
	}
	row := j.account
	j.account.RemoteID, j.account.Origin = "", ""
	want, err := j.wanted(ctx, r)
	if refused, ok := isFailure(err); ok {
		if out.Problem == "" {
			out.Problem = refused.words
		}
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.Creation = encodeFields(j.sendable(want))
	if row.RemoteID == "" {
		return out, nil
	}
	j.account = row
	return out, j.previewNow(ctx, r, &out)
}

// previewNow adds what an account that is there should hold.
func (j *job) previewNow(ctx context.Context, r *resources.Resource, out *PersonPreview) error {
	want, err := j.wanted(ctx, r)
	if err != nil {
		return err
	}
	written, err := decodeFields(j.account.Written)
	if err != nil {
		return err
	}
	out.Now = encodeFields(j.sendable(j.changeable(j.settled(want, written), written)))
	return nil
}

// steps are what each rule does to a new account's document.
func (j *job) steps(ctx context.Context, r *resources.Resource) ([]mapping.Step, error) {
	rules, err := j.rulebook.of(ctx, j.app)
	if err != nil || !rules.Maps() {
		return nil, err
	}
	person, err := j.read(r).person()
	if err != nil {
		return nil, err
	}
	doc, err := j.read(r).copied()
	if err != nil {
		return nil, err
	}
	out, _ := rules.Apply(doc, person, true) // what fails says so in its step
	return out.Steps, nil
}
