package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"proprio/audit"
	"proprio/ownership"
	"proprio/push"
	"proprio/resources"
)

// appAction acts on one app and says what it did.
type appAction func(c *core, ctx context.Context, caller resources.Caller, app push.App) (string, error)

// addApp adds an app, or changes the settings and the credential of the one of that name, and has everything in its
// scope sent to it.
func (c *core) addApp(ctx context.Context, caller resources.Caller, app push.App, credential string) (push.App, error) {
	app.ID, app.Company, app.Created = newID(), caller.Company, c.now()
	if err := c.engine.Check(app, credential); err != nil {
		return push.App{}, err
	}
	app, err := c.engine.Settle(ctx, app)
	if err != nil {
		return push.App{}, err
	}
	stored, err := c.db.CreateApp(ctx, caller.Actor, app, []byte(credential))
	if err != nil {
		return push.App{}, err
	}
	if stored.ID != app.ID {
		replaced, err := c.writeApp(ctx, caller.Actor, stored, []byte(credential), func(now push.App) (push.App, error) {
			next := app
			next.ID, next.Created, next.Settings = now.ID, now.Created, now.Settings
			next.Paused = now.Paused // who paused it must resume it
			return next, nil
		})
		if err != nil {
			return push.App{}, err
		}
		app = replaced
		if err := c.inspector.Recompute(ctx, caller.Company); err != nil { // its findings may have another owner now
			return push.App{}, err
		}
	}
	_, err = c.syncApp(ctx, caller, app)
	return app, err
}

// appChange is what becomes of an app as it is: it may have been paused, or changed otherwise, since somebody read it.
type appChange func(now push.App) (push.App, error)

// writeApp changes an app's row, and its credential when there is one. Its rules are checked before: that reads the directory,
// which takes too long for the transaction.
func (c *core) writeApp(ctx context.Context, actor audit.Actor, read push.App, credential []byte, change appChange) (push.App, error) {
	planned, err := change(read)
	if err != nil {
		return push.App{}, err
	}
	settled, err := c.engine.Settle(ctx, planned)
	if err != nil {
		return push.App{}, err
	}
	settle := func(now push.App) (push.App, error) {
		next, err := change(now)
		if err != nil {
			return next, err
		}
		if next.Profile != planned.Profile || !reflect.DeepEqual(next.Settings.Rules, planned.Settings.Rules) {
			return next, resources.Errorf(resources.ErrVersion, "", "app %s was changed by somebody else meanwhile: look at it again", read.Name)
		}
		next.Settings.Rules = settled.Settings.Rules
		return next, nil
	}
	if credential == nil {
		return c.db.UpdateApp(ctx, actor, read.Company, read.ID, settle)
	}
	return c.db.ReplaceApp(ctx, actor, read.Company, read.ID, credential, settle)
}

// changeApp changes an app's settings, and has everything in its scope looked at anew.
func (c *core) changeApp(ctx context.Context, caller resources.Caller, app push.App, change appChange) (string, error) {
	changed, err := c.writeApp(ctx, caller.Actor, app, nil, change)
	if err != nil {
		return "", err
	}
	return c.syncApp(ctx, caller, changed)
}

// findApp finds an app by name, in one company or, when there is only one of that name, in all.
func (c *core) findApp(ctx context.Context, company, name string) (push.App, error) {
	companies, err := c.db.Companies(ctx)
	if err != nil {
		return push.App{}, err
	}
	var found []push.App
	for _, owner := range companies {
		if company != "" && owner.Name != company {
			continue
		}
		app, err := c.db.AppByName(ctx, owner.ID, name)
		switch {
		case err == nil:
			found = append(found, app)
		case !errors.Is(err, resources.ErrNotFound):
			return push.App{}, err
		}
	}
	switch len(found) {
	case 0:
		return push.App{}, fmt.Errorf("app %q: %w (see proprio app list)", name, resources.ErrNotFound)
	case 1:
		return found[0], nil
	}
	return push.App{}, fmt.Errorf("app %q: %w", name, errAmbiguous)
}

// errAmbiguous says that a name is not enough to tell which one is meant.
var errAmbiguous = errors.New("several companies have one of that name; add --company")

// syncApp has every object in the app's scope compared with what the app confirmed, and the difference sent.
func (c *core) syncApp(ctx context.Context, caller resources.Caller, app push.App) (string, error) {
	n, err := c.engine.Resync(ctx, caller.Actor, app)
	return fmt.Sprintf("%d accounts are compared and brought up to date; see proprio app status", n), err
}

// readApp reads the app's own account list and renews the verdicts.
func (c *core) readApp(ctx context.Context, caller resources.Caller, app push.App) (string, error) {
	if err := c.inspector.ReadApp(ctx, caller.Actor, appRef(app)); err != nil {
		return "", err
	}
	accounts, err := c.db.Observed(ctx, app.Company, app.ID)
	if err != nil {
		return "", err
	}
	verdicts := map[ownership.Verdict]int{}
	for _, a := range accounts {
		verdicts[a.Verdict]++
	}
	return fmt.Sprintf("%d accounts: %d red, %d amber, %d green", len(accounts),
		verdicts[ownership.Red], verdicts[ownership.Amber], verdicts[ownership.Green]), nil
}

func (c *core) pauseApp(ctx context.Context, caller resources.Caller, app push.App) (string, error) {
	return "paused", c.setPaused(ctx, caller, app, true)
}

// resumeApp lets an app be called again. One that was being set up starts: everybody in its scope is sent to it.
func (c *core) resumeApp(ctx context.Context, caller resources.Caller, app push.App) (string, error) {
	if app.InSetup() {
		return c.changeApp(ctx, caller, app, func(now push.App) (push.App, error) {
			now.Paused, now.Settings.Setup = false, push.SetupNone
			return now, nil
		})
	}
	return "resumed", c.setPaused(ctx, caller, app, false)
}

// releaseApp resumes an app that is paused, blocked or both.
func (c *core) releaseApp(ctx context.Context, caller resources.Caller, app push.App) (string, error) {
	said, err := c.resumeApp(ctx, caller, app)
	if err != nil {
		return "", err
	}
	return said, c.db.UnblockApp(ctx, caller.Actor, app.Company, app.ID)
}

func (c *core) setPaused(ctx context.Context, caller resources.Caller, app push.App, paused bool) error {
	_, err := c.db.UpdateApp(ctx, caller.Actor, app.Company, app.ID, func(now push.App) (push.App, error) {
		now.Paused = paused
		return now, nil
	})
	return err
}

func appRef(app push.App) ownership.AppRef {
	return ownership.AppRef{Company: app.Company, ID: app.ID, Name: app.Name}
}

// appsToRead lists the apps of all companies whose account lists are read from time to time.
func (c *core) appsToRead(ctx context.Context) ([]ownership.AppRef, error) {
	companies, err := c.db.Companies(ctx)
	if err != nil {
		return nil, err
	}
	var refs []ownership.AppRef
	for _, company := range companies {
		if company.Suspended {
			continue
		}
		apps, err := c.db.Apps(ctx, company.ID)
		if err != nil {
			return nil, err
		}
		for _, app := range apps {
			if p, ok := c.engine.Profiles.Get(app.Profile); !app.Paused && !(ok && p.ByHand()) {
				refs = append(refs, appRef(app))
			}
		}
	}
	return refs, nil
}

// groupsByName finds Groups by displayName and returns their ids.
func (c *core) groupsByName(ctx context.Context, caller resources.Caller, groups []string) ([]string, error) {
	name := c.registry.Type(resources.TypeGroup).Attribute("displayName")
	var ids []string
	for _, g := range groups {
		page, err := c.db.Find(ctx, caller, resources.Query{
			Type: resources.TypeGroup, StartIndex: 1, Count: 2,
			Where: resources.Compare{Attribute: name, Op: "eq", Value: resources.Fold(g)},
		})
		switch {
		case err != nil:
			return nil, err
		case page.Total == 0:
			return nil, fmt.Errorf("group %q: %w; it must have come in from the identity provider first", g, resources.ErrNotFound)
		case page.Total > 1:
			return nil, fmt.Errorf("group %q: %w: several groups have this name", g, resources.ErrUniqueness)
		}
		ids = append(ids, page.Resources[0].ID)
	}
	return ids, nil
}
