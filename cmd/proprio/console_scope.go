package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"proprio/audit"
	"proprio/console"
	"proprio/ownership"
	"proprio/push"
	"proprio/push/mapping"
	"proprio/resources"
)

// attributeRules are the rules of an app besides its expression, as the console edits them.
type attributeRules struct {
	Mapping []mapping.Attribute `json:"mapping,omitempty"`
	Roles   []mapping.Role      `json:"roles,omitempty"`
}

// rulesText is an app's rules for a form; empty: none.
func rulesText(r mapping.Rules) string {
	if len(r.Mapping)+len(r.Roles) == 0 {
		return ""
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if e.Encode(attributeRules{r.Mapping, r.Roles}) != nil {
		return ""
	}
	return out.String()
}

// scoped is an app with another scope, checked against the product and the company's schemas.
func (s consoleSetup) scoped(ctx context.Context, app push.App, scope console.Scope) (push.App, error) {
	var rules attributeRules
	if scope.Rules != "" {
		d := json.NewDecoder(bytes.NewReader([]byte(scope.Rules)))
		d.DisallowUnknownFields()
		if err := d.Decode(&rules); err != nil {
			return app, resources.Errorf(resources.ErrInvalidValue, "", "JSON: %v; want mapping and roles", err)
		}
	}
	app.ScopeGroups, app.LinkExisting = scope.Groups, scope.LinkExisting
	app.Settings.Rules = mapping.Rules{Scope: scope.Expression, Mapping: rules.Mapping, Roles: rules.Roles}
	return s.c.engine.Settle(ctx, app)
}

// Preview implements console.Setup.
func (s consoleSetup) Preview(ctx context.Context, company, app string, scope console.Scope, userName string) (console.Preview, error) {
	found, err := s.c.db.App(ctx, company, app)
	if err != nil {
		return console.Preview{}, err
	}
	if found, err = s.scoped(ctx, found, scope); err != nil {
		return console.Preview{}, err
	}
	p, err := s.c.engine.Preview(ctx, found, userName)
	return console.Preview{Name: p.Name, Person: p.ObjectID, In: p.InScope, Why: p.Why, Problem: p.Problem, Document: p.Creation}, err
}

// SetScope implements console.Setup.
func (s consoleSetup) SetScope(ctx context.Context, actor audit.Actor, company, app string, scope console.Scope) error {
	return s.change(ctx, actor, company, app, func(a push.App) (push.App, error) { return s.scoped(ctx, a, scope) })
}

// Found implements console.Setup: the accounts are those that were read last, so the app is not asked again.
func (s consoleSetup) Found(ctx context.Context, company, app string) (console.Found, error) {
	readings, err := s.c.db.Readings(ctx, company)
	if err != nil || readings[app].ReadAt.IsZero() {
		return console.Found{}, err
	}
	found, err := s.c.db.App(ctx, company, app)
	if err != nil {
		return console.Found{}, err
	}
	observed, err := s.c.db.Observed(ctx, company, app)
	if err != nil {
		return console.Found{}, err
	}
	list := push.Listing{}
	for _, o := range observed {
		list.Accounts = append(list.Accounts, remoteAccount(o))
	}
	d, err := s.c.engine.Discover(ctx, found, list)
	if err != nil {
		return console.Found{}, err
	}
	return consoleFound(d), nil
}

// remoteAccount is an observed account as the app listed it. Addresses that do not open it are private ones.
func remoteAccount(o ownership.ObservedAccount) ownership.RemoteAccount {
	a := ownership.RemoteAccount{RemoteID: o.RemoteID, UserName: o.UserName, DisplayName: o.DisplayName, Active: o.Active, Roles: o.Roles, Administrator: o.Administrator}
	for _, address := range o.Emails {
		kind := "home"
		if slices.Contains(o.Logins, address) {
			kind = "work"
		}
		a.Emails = append(a.Emails, resources.Email{Value: address, Type: kind})
	}
	return a
}

func consoleFound(d push.Discovery) console.Found {
	out := console.Found{Read: true, Relations: map[string]int{}}
	for relation, n := range d.Relations {
		out.Relations[string(relation)] = n
	}
	for _, f := range d.Accounts {
		if f.Relation == push.Linked {
			continue
		}
		a := console.FoundAccount{UserName: f.Name(), DisplayName: f.DisplayName, Relation: string(f.Relation), Verdict: string(f.Verdict), Why: f.Why}
		for _, p := range f.People {
			a.People = append(a.People, console.Holder{ID: p.ID, Name: p.UserName})
		}
		out.Accounts = append(out.Accounts, a)
	}
	rank := []string{string(push.Ambiguous), string(push.Fitting), string(push.Nobodys)}
	slices.SortStableFunc(out.Accounts, func(a, b console.FoundAccount) int {
		return cmp.Compare(slices.Index(rank, a.Relation), slices.Index(rank, b.Relation))
	})
	return out
}
