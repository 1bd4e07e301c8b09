package main

import (
	"cmp"
	"context"
	"slices"

	"proprio/audit"
	"proprio/console"
	"proprio/push"
	"proprio/push/profiles"
	"proprio/resources"
)

// consoleSetup lets the console add apps.
type consoleSetup struct{ c *core }

// Products implements console.Setup.
func (s consoleSetup) Products() []console.Product {
	var out []console.Product
	for _, name := range s.c.engine.Profiles.Names() {
		p, _ := s.c.engine.Profiles.Get(name)
		out = append(out, consoleProduct(p))
	}
	slices.SortStableFunc(out, func(a, b console.Product) int { return cmp.Compare(resources.Fold(a.Title), resources.Fold(b.Title)) })
	return out
}

func consoleProduct(p profiles.Profile) console.Product {
	out := console.Product{
		Name: p.Name, Title: p.Title, Plan: p.Plan, Address: p.Address, Confidence: p.Confidence,
		Manual: p.ByHand(), Lines: p.Protocol != "scim" && !p.ByHand(),
		Token: console.Text(p.Auth.Token), Days: p.Auth.Days, Personal: p.Auth.Personal, Groups: !p.Groups.Unsupported, Sources: p.Sources,
	}
	for _, w := range p.Warnings {
		out.Warnings = append(out.Warnings, console.Text(w))
	}
	for _, step := range p.Leaving.HandOver {
		out.HandOver = append(out.HandOver, console.Text(step))
	}
	for _, fact := range []struct {
		key  string
		text profiles.Text
	}{
		{"externals", p.Externals}, {"data", p.Leaving.Data}, {"sessions", p.Leaving.Sessions}, {"delete", p.Users.DeleteMeaning},
		{"reactivation", p.Users.Reactivation}, {"protected", p.Users.Protected},
	} {
		if fact.text != (profiles.Text{}) {
			out.Facts = append(out.Facts, console.ProductFact{Key: fact.key, Text: console.Text(fact.text)})
		}
	}
	return out
}

// Add implements console.Setup.
func (s consoleSetup) Add(ctx context.Context, actor audit.Actor, company string, a console.NewApp) (string, error) {
	app := push.App{
		ID: newID(), Company: company, Name: a.Name, Profile: a.Product, URL: a.URL, Responsible: a.Responsible, AllowPrivate: a.AllowPrivate,
		Paused: true, Created: s.c.now(), Settings: push.Settings{Setup: s.first(a.Product)},
	}
	if err := s.check(push.App{}, app, a.Credential); err != nil {
		return "", err
	}
	stored, err := s.c.db.CreateApp(ctx, actor, app, []byte(a.Credential))
	if err == nil && stored.ID != app.ID {
		err = resources.Errorf(resources.ErrUniqueness, "name", "there is an app %q", a.Name)
	}
	return stored.ID, err
}

// first is the step after the address: what has no interface cannot be tried.
func (s consoleSetup) first(profile string) push.Setup {
	if s.manual(profile) {
		return push.SetupScope
	}
	return push.SetupTest
}

func (s consoleSetup) manual(profile string) bool {
	p, _ := s.c.engine.Profiles.Get(profile)
	return p.ByHand()
}

// check refuses an app that cannot be called like this, and a place in a private network that whoever runs the server has not
// allowed: neither by --private-apps nor, for the app as it was before, on the command line.
func (s consoleSetup) check(before, app push.App, credential string) error {
	if s.manual(app.Profile) {
		return nil
	}
	if err := s.c.engine.Check(app, credential); err != nil {
		return resources.Errorf(resources.ErrInvalidValue, "", "%v", err)
	}
	if app.AllowPrivate && !s.c.private.allows(app.URL) && !(before.AllowPrivate && samePlace(before.URL, app.URL)) {
		return console.ErrPrivate
	}
	return nil
}

// SetAccess implements console.Setup.
func (s consoleSetup) SetAccess(ctx context.Context, actor audit.Actor, company, app string, a console.Access) error {
	defer s.c.engine.Wake()
	_, err := s.c.db.ReplaceApp(ctx, actor, company, app, []byte(a.Credential), func(now push.App) (push.App, error) {
		next := now
		next.URL, next.AllowPrivate = a.URL, a.AllowPrivate
		return next, s.check(now, next, a.Credential)
	})
	return err
}

// Try implements console.Setup.
func (s consoleSetup) Try(ctx context.Context, company, app string) (console.Probe, error) {
	found, err := s.c.db.App(ctx, company, app)
	if err != nil {
		return console.Probe{}, err
	}
	p, err := s.c.engine.Try(ctx, found)
	return console.Probe{Users: p.Users, Groups: p.Groups, Problem: string(p.Problem), Words: p.Words}, err
}

// SetStep implements console.Setup.
func (s consoleSetup) SetStep(ctx context.Context, actor audit.Actor, company, app, step string) error {
	return s.change(ctx, actor, company, app, func(a push.App) (push.App, error) {
		a.Settings.Setup = push.Setup(step)
		return a, nil
	})
}

// change changes an app that is not started: nothing is planned for it, so there is nothing to look at anew.
func (s consoleSetup) change(ctx context.Context, actor audit.Actor, company, app string, change appChange) error {
	found, err := s.c.db.App(ctx, company, app)
	if err != nil {
		return err
	}
	_, err = s.c.writeApp(ctx, actor, found, nil, func(now push.App) (push.App, error) {
		if !now.InSetup() {
			return now, resources.Errorf(resources.ErrNotFound, "", "app %s is set up already", now.Name)
		}
		return change(now)
	})
	return err
}
