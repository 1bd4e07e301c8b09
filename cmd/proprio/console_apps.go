package main

import (
	"context"

	"proprio/audit"
	"proprio/console"
	"proprio/push"
	"proprio/resources"
)

// consoleApps shows the console what the push engine knows.
type consoleApps struct {
	store  push.Store
	engine *push.Engine
}

// Apps implements console.Apps.
func (a consoleApps) Apps(ctx context.Context, company string) ([]console.App, error) {
	apps, err := a.store.Apps(ctx, company)
	out := make([]console.App, 0, len(apps))
	for _, app := range apps {
		shown, err := a.app(ctx, app)
		if err != nil {
			return nil, err
		}
		out = append(out, shown)
	}
	return out, err
}

// App implements console.Apps.
func (a consoleApps) App(ctx context.Context, company, app string) (console.App, error) {
	found, err := a.store.App(ctx, company, app)
	if err != nil {
		return console.App{}, err
	}
	return a.app(ctx, found)
}

func (a consoleApps) app(ctx context.Context, app push.App) (console.App, error) {
	alarms, err := push.Alarms(ctx, a.store, app, a.engine.Now())
	return console.App{
		ID: app.ID, Name: app.Name, Profile: app.Profile, URL: app.URL, Responsible: app.Responsible,
		ScopeGroups: app.ScopeGroups, LinkExisting: app.LinkExisting, Paused: app.Paused, AllowPrivate: app.AllowPrivate,
		BlockedUntil: app.BlockedUntil, BlockedSince: app.BlockedSince, BlockedReason: app.BlockedReason, Setup: string(app.Settings.Setup), Mark: app.Mark(),
		Expression: app.Settings.Scope, Rules: rulesText(app.Settings.Rules),
		Alarms: consoleAlarms(alarms), Treatment: consoleTreatment(app),
	}, err
}

func consoleAlarms(alarms []push.Alarm) []console.Alarm {
	out := make([]console.Alarm, len(alarms))
	for i, a := range alarms {
		out[i] = console.Alarm{Kind: string(a.Kind), Days: a.Days, Owner: a.Owner}
	}
	return out
}

func consoleTreatment(app push.App) console.Treatment {
	s := app.Settings
	return console.Treatment{Responsible: app.Responsible, LinkExisting: app.LinkExisting, Repair: s.Repair, GuardOff: s.Guard.Off, GuardCount: s.Guard.Count,
		GuardPercent: s.Guard.Percent, DeleteAfterDays: s.DeleteAfterDays, Owner: s.Credential.Owner, Expires: s.Credential.Expires}
}

// AccountCounts implements console.Apps.
func (a consoleApps) AccountCounts(ctx context.Context, company string) (map[string]map[string]int, error) {
	apps, err := a.store.Apps(ctx, company)
	if err != nil {
		return nil, err
	}
	out := map[string]map[string]int{}
	for _, app := range apps {
		counts, err := a.Counts(ctx, company, app.ID)
		if err != nil {
			return nil, err
		}
		out[app.ID] = counts.States
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
			ObjectType: q.ObjectType, State: push.State(q.State), Class: push.Class(q.Class), Offset: q.Offset, Limit: q.Limit,
		})
	}
	out := make([]console.Account, 0, len(accounts))
	for _, x := range accounts {
		out = append(out, consoleAccount(x))
	}
	return out, err
}

func consoleAccount(x push.Account) console.Account {
	return console.Account{
		ID: x.ID, App: x.App, ObjectType: x.ObjectType, ObjectID: x.ObjectID, ObjectName: x.ObjectName,
		Wish: string(x.Wish), State: string(x.State), RemoteID: x.RemoteID, Origin: x.Origin, Attempts: x.Attempts,
		Class: string(x.Class), Error: x.Error, NextAttempt: x.NextAttempt, ConfirmedAt: x.ConfirmedAt,
	}
}

// Counts implements console.Apps.
func (a consoleApps) Counts(ctx context.Context, company, app string) (console.Counts, error) {
	counts, err := a.store.CountAccounts(ctx, company, app)
	out := console.Counts{States: map[string]int{}, Failures: map[string]int{}}
	for _, c := range counts {
		out.States[string(c.State)] += c.N
		if c.State == push.StateFailed {
			out.Failures[string(c.Class)] += c.N
		}
	}
	return out, err
}

// Explain implements console.Apps.
func (a consoleApps) Explain(ctx context.Context, company, app, objectType, objectID string) (console.Explanation, error) {
	found, err := a.store.App(ctx, company, app)
	if err != nil {
		return console.Explanation{}, err
	}
	x, err := a.engine.Explain(ctx, found, objectType, objectID)
	out := console.Explanation{
		Account: consoleAccount(x.Account), Exists: x.Exists, Wanted: x.Wish == push.WishActive, Active: x.Active, Why: x.Why,
		Attribute: x.Match.Attribute, Value: x.Match.Value, Refused: x.Refused, LinkAuto: x.LinkAuto,
	}
	for _, c := range x.Changes {
		out.Changes = append(out.Changes, console.Change{Attribute: c.Attribute, Written: string(c.Written), Wanted: string(c.Wanted)})
	}
	return out, err
}

// Attempts implements console.Apps.
func (a consoleApps) Attempts(ctx context.Context, company, app string, q console.AttemptQuery) ([]console.Attempt, error) {
	attempts, err := a.store.Attempts(ctx, company, app, push.AttemptQuery(q))
	out := make([]console.Attempt, 0, len(attempts))
	for _, x := range attempts {
		out = append(out, console.Attempt{
			ID: x.ID, ObjectType: x.ObjectType, ObjectID: x.ObjectID, ObjectName: x.ObjectName, At: x.At, Action: x.Action, Why: x.Why, Method: x.Method, URL: x.URL, Status: x.Status,
			Request: x.Request, Response: x.Response, Duration: x.Duration, Outcome: x.Outcome, Class: string(x.Class), Next: x.Next,
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

// RetryFailed implements console.Engine.
func (e consoleEngine) RetryFailed(ctx context.Context, actor audit.Actor, company, app, class string) error {
	defer e.i.engine.Wake()
	_, err := e.i.db.RetryFailed(ctx, actor, company, app, push.Class(class), e.i.now())
	return err
}

// Unblock implements console.Engine.
func (e consoleEngine) Unblock(ctx context.Context, actor audit.Actor, company, app string) error {
	defer e.i.engine.Wake()
	return e.i.db.UnblockApp(ctx, actor, company, app)
}

// Decide implements console.Engine.
func (e consoleEngine) Decide(ctx context.Context, actor audit.Actor, company, app, account string, allow bool) error {
	found, err := e.i.db.App(ctx, company, app)
	if err != nil {
		return err
	}
	var accounts []string
	if account != "" {
		accounts = []string{account}
	}
	_, err = e.i.engine.Decide(ctx, actor, found, allow, accounts...)
	return err
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
