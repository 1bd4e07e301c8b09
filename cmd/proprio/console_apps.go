package main

import (
	"context"

	"proprio/audit"
	"proprio/console"
	"proprio/push"
	"proprio/resources"
)

// consoleApps shows the console what the push engine knows.
type consoleApps struct{ store push.Store }

// Apps implements console.Apps.
func (a consoleApps) Apps(ctx context.Context, company string) ([]console.App, error) {
	apps, err := a.store.Apps(ctx, company)
	out := make([]console.App, 0, len(apps))
	for _, app := range apps {
		out = append(out, console.App{
			ID: app.ID, Name: app.Name, Profile: app.Profile, URL: app.URL, Responsible: app.Responsible,
			ScopeGroups: app.ScopeGroups, LinkExisting: app.LinkExisting, Paused: app.Paused,
			BlockedUntil: app.BlockedUntil, BlockedReason: app.BlockedReason,
		})
	}
	return out, err
}

// AccountCounts implements console.Apps.
func (a consoleApps) AccountCounts(ctx context.Context, company string) (map[string]map[string]int, error) {
	apps, err := a.store.Apps(ctx, company)
	if err != nil {
		return nil, err
	}
	out := map[string]map[string]int{}
	for _, app := range apps {
		counts, err := a.store.CountAccounts(ctx, company, app.ID)
		if err != nil {
			return nil, err
		}
		out[app.ID] = map[string]int{}
		for _, c := range counts {
			out[app.ID][string(c.State)] += c.N
		}
	}
	return out, nil
}

// Accounts implements console.Apps.
func (a consoleApps) Accounts(ctx context.Context, company string, q console.AccountQuery) ([]console.Account, error) {
	var accounts []push.Account
	var err error
	if q.App == "" {
		accounts, err = a.store.AccountsOf(ctx, company, q.ObjectType, q.ObjectID)
	} else {
		accounts, err = a.store.PushAccounts(ctx, company, q.App, push.AccountQuery{
			ObjectType: q.ObjectType, State: push.State(q.State), Offset: q.Offset, Limit: q.Limit,
		})
	}
	out := make([]console.Account, 0, len(accounts))
	for _, x := range accounts {
		out = append(out, console.Account{
			ID: x.ID, App: x.App, ObjectType: x.ObjectType, ObjectID: x.ObjectID, ObjectName: x.ObjectName,
			Wish: string(x.Wish), State: string(x.State), RemoteID: x.RemoteID, Origin: x.Origin, Attempts: x.Attempts,
			Class: string(x.Class), Error: x.Error, NextAttempt: x.NextAttempt, ConfirmedAt: x.ConfirmedAt,
		})
	}
	return out, err
}

// Attempts implements console.Apps.
func (a consoleApps) Attempts(ctx context.Context, company, app string, limit int) ([]console.Attempt, error) {
	attempts, err := a.store.Attempts(ctx, company, app, push.AttemptQuery{Limit: limit})
	out := make([]console.Attempt, 0, len(attempts))
	for _, x := range attempts {
		out = append(out, console.Attempt{
			At: x.At, Action: x.Action, Why: x.Why, Method: x.Method, URL: x.URL, Status: x.Status,
			Request: x.Request, Response: x.Response, Duration: x.Duration, Outcome: x.Outcome,
		})
	}
	return out, err
}

// consoleEngine lets the console act on apps.
type consoleEngine struct{ i *instance }

// Sync implements console.Engine.
func (e consoleEngine) Sync(ctx context.Context, actor audit.Actor, company, app string) error {
	return e.act(ctx, actor, company, app, (*core).syncApp)
}

// ReadAccounts implements console.Engine.
func (e consoleEngine) ReadAccounts(ctx context.Context, actor audit.Actor, company, app string) error {
	return e.act(ctx, actor, company, app, (*core).readApp)
}

// SetPaused implements console.Engine.
func (e consoleEngine) SetPaused(ctx context.Context, actor audit.Actor, company, app string, paused bool) error {
	if paused {
		return e.act(ctx, actor, company, app, (*core).pauseApp)
	}
	return e.act(ctx, actor, company, app, (*core).resumeApp)
}

// Retry implements console.Engine.
func (e consoleEngine) Retry(ctx context.Context, actor audit.Actor, company, app, account string) error {
	found, err := e.i.db.PushAccount(ctx, company, account)
	if err != nil {
		return err
	}
	if found.App != app {
		return resources.Errorf(resources.ErrNotFound, "account", "the app has no account %s", account)
	}
	defer e.i.engine.Wake()
	return e.i.db.RetryAccount(ctx, actor, company, account, e.i.now())
}

func (e consoleEngine) act(ctx context.Context, actor audit.Actor, company, app string, do appAction) error {
	found, err := e.i.db.App(ctx, company, app)
	if err != nil {
		return err
	}
	defer e.i.engine.Wake()
	_, err = do(e.i.core, ctx, resources.Caller{Company: company, Actor: actor}, found)
	return err
}
