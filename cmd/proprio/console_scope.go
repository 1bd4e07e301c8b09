package main

import (
	"bytes"
	"context"
	"encoding/json"

	"proprio/audit"
	"proprio/console"
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

// scoped is an app with another scope, which nobody has checked against the product and the company's schemas.
func scoped(app push.App, scope console.Scope) (push.App, error) {
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
	return app, nil
}

// Preview implements console.Setup.
func (s consoleSetup) Preview(ctx context.Context, company, app string, scope console.Scope, userName string) (console.Preview, error) {
	found, err := s.c.db.App(ctx, company, app)
	if err != nil {
		return console.Preview{}, err
	}
	if found, err = scoped(found, scope); err != nil {
		return console.Preview{}, err
	}
	if found, err = s.c.engine.Settle(ctx, found); err != nil {
		return console.Preview{}, err
	}
	p, err := s.c.engine.Preview(ctx, found, userName)
	return console.Preview{Name: p.Name, Person: p.ObjectID, In: p.InScope, Why: p.Why, Problem: p.Problem, Document: p.Creation}, err
}

// SetScope implements console.Setup.
func (s consoleSetup) SetScope(ctx context.Context, actor audit.Actor, company, app string, scope console.Scope) error {
	return s.change(ctx, actor, company, app, func(a push.App) (push.App, error) { return scoped(a, scope) })
}

// ChangeScope implements console.Setup.
func (s consoleSetup) ChangeScope(ctx context.Context, actor audit.Actor, company, app string, scope console.Scope) error {
	return s.treat(ctx, actor, company, app, func(a push.App) (push.App, error) { return scoped(a, scope) })
}

// SetTreatment implements console.Setup.
func (s consoleSetup) SetTreatment(ctx context.Context, actor audit.Actor, company, app string, t console.Treatment) error {
	return s.treat(ctx, actor, company, app, func(a push.App) (push.App, error) {
		a.Responsible, a.LinkExisting = t.Responsible, t.LinkExisting
		a.Settings.Repair, a.Settings.DeleteAfterDays = t.Repair, t.DeleteAfterDays
		a.Settings.Guard = push.Guard{Off: t.GuardOff, Count: t.GuardCount, Percent: t.GuardPercent}
		a.Settings.Credential = push.Credential{Owner: t.Owner, Expires: t.Expires}
		return a, a.Settings.Check()
	})
}

// treat changes an app, has all in its scope looked at anew, and renews its findings: they may have another owner now.
func (s consoleSetup) treat(ctx context.Context, actor audit.Actor, company, app string, change appChange) error {
	found, err := s.c.db.App(ctx, company, app)
	if err != nil {
		return err
	}
	defer s.c.engine.Wake()
	if _, err := s.c.changeApp(ctx, resources.Caller{Company: company, Actor: actor}, found, change); err != nil {
		return err
	}
	return s.c.inspector.Recompute(ctx, company)
}
