package console_test

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"proprio/audit"
	"proprio/console"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/push"
	"proprio/resources"
)

// apps shows the console what the database knows of apps, as cmd/proprio does.
type apps struct {
	store  *db.DB
	engine *push.Engine
}

func (a apps) Apps(ctx context.Context, company string) ([]console.App, error) {
	list, err := a.store.Apps(ctx, company)
	var out []console.App
	for _, x := range list {
		shown, err := a.app(ctx, x)
		if err != nil {
			return nil, err
		}
		out = append(out, shown)
	}
	return out, err
}

func (a apps) App(ctx context.Context, company, app string) (console.App, error) {
	x, err := a.store.App(ctx, company, app)
	if err != nil {
		return console.App{}, err
	}
	return a.app(ctx, x)
}

func (a apps) app(ctx context.Context, x push.App) (console.App, error) {
	alarms, err := push.Alarms(ctx, a.store, x, a.engine.Now())
	var told []console.Alarm
	for _, alarm := range alarms {
		told = append(told, console.Alarm{Kind: string(alarm.Kind), Days: alarm.Days, Owner: alarm.Owner})
	}
	return console.App{
		Alarms: told,
		ID:     x.ID, Name: x.Name, Profile: x.Profile, URL: x.URL, Responsible: x.Responsible, ScopeGroups: x.ScopeGroups,
		LinkExisting: x.LinkExisting, Paused: x.Paused, BlockedUntil: x.BlockedUntil, BlockedSince: x.BlockedSince,
		BlockedReason: x.BlockedReason, Mark: x.Mark(), Setup: string(x.Settings.Setup), Expression: x.Settings.Scope, Treatment: console.Treatment{Responsible: x.Responsible},
	}, err
}

func (a apps) AccountCounts(ctx context.Context, company string) (map[string]map[string]int, error) {
	list, err := a.store.Apps(ctx, company)
	if err != nil {
		return nil, err
	}
	out := map[string]map[string]int{}
	for _, x := range list {
		counts, err := a.Counts(ctx, company, x.ID)
		if err != nil {
			return nil, err
		}
		out[x.ID] = counts.States
	}
	return out, nil
}

func (a apps) Accounts(ctx context.Context, company string, q console.AccountQuery) ([]console.Account, error) {
	var list []push.Account
	var err error
	if q.App == "" {
		list, err = a.store.AccountsOf(ctx, company, q.ObjectType, q.ObjectID)
	} else {
		list, err = a.store.PushAccounts(ctx, company, q.App, push.AccountQuery{State: push.State(q.State), Class: push.Class(q.Class), Offset: q.Offset, Limit: q.Limit})
	}
	var out []console.Account
	for _, x := range list {
		out = append(out, account(x))
	}
	return out, err
}

func account(x push.Account) console.Account {
	return console.Account{
		ID: x.ID, App: x.App, ObjectType: x.ObjectType, ObjectID: x.ObjectID, ObjectName: x.ObjectName, Wish: string(x.Wish),
		State: string(x.State), RemoteID: x.RemoteID, Origin: string(x.Origin), Attempts: x.Attempts, Class: string(x.Class),
		Error: x.Error, NextAttempt: x.NextAttempt, ConfirmedAt: x.ConfirmedAt,
	}
}

func (a apps) Counts(ctx context.Context, company, app string) (console.Counts, error) {
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

func (a apps) Explain(ctx context.Context, company, app, objectType, objectID string) (console.Explanation, error) {
	found, err := a.store.App(ctx, company, app)
	if err != nil {
		return console.Explanation{}, err
	}
	x, err := a.engine.Explain(ctx, found, objectType, objectID)
	out := console.Explanation{Account: account(x.Account), Exists: x.Exists, Wanted: x.Wish == push.WishActive, Active: x.Active, Why: x.Why,
		Attribute: x.Match.Attribute, Value: x.Match.Value, Refused: x.Refused, LinkAuto: x.LinkAuto}
	for _, c := range x.Changes {
		out.Changes = append(out.Changes, console.Change{Attribute: c.Attribute, Written: string(c.Written), Wanted: string(c.Wanted)})
	}
	return out, err
}

func (a apps) Attempts(ctx context.Context, company, app string, q console.AttemptQuery) ([]console.Attempt, error) {
	list, err := a.store.Attempts(ctx, company, app, push.AttemptQuery(q))
	var out []console.Attempt
	for _, x := range list {
		out = append(out, console.Attempt{
			ID: x.ID, ObjectType: x.ObjectType, ObjectID: x.ObjectID, ObjectName: x.ObjectName, At: x.At, Action: x.Action, Why: x.Why, Method: x.Method, URL: x.URL, Status: x.Status, Request: x.Request,
			Response: x.Response, Duration: x.Duration, Outcome: x.Outcome,
		})
	}
	return out, err
}

// fakeSignIn stands for the relying party: whoever `session` is, is signed in.
type fakeSignIn struct {
	session  *console.Session
	returnTo string // of the last Begin
	refusal  error  // of Begin and Finish
	several  bool   // companies are on the server: only addresses in atelier-bremond.fr lead to one
}

func (f *fakeSignIn) Issuers(_ context.Context, address string) ([]console.Issuer, error) {
	if f.several && !strings.HasSuffix(address, "@atelier-bremond.fr") {
		return nil, console.ErrWhichCompany
	}
	return []console.Issuer{{ID: "issuer-1", Name: "Entra ID", Company: "Atelier Brémond"}}, nil
}

func (f *fakeSignIn) Begin(_ http.ResponseWriter, _ *http.Request, issuer, returnTo string) (string, error) {
	f.returnTo = returnTo
	return "https://issuer.example/authorize?issuer=" + issuer, f.refusal
}

func (f *fakeSignIn) Finish(http.ResponseWriter, *http.Request) (string, error) {
	return f.returnTo, f.refusal
}

func (f *fakeSignIn) Current(*http.Request) (console.Session, error) {
	if f.session == nil {
		return console.Session{}, console.ErrNoSession
	}
	return *f.session, nil
}

func (f *fakeSignIn) End(http.ResponseWriter, *http.Request) error {
	f.session = nil
	return nil
}

// fakeEngine notes what it was asked to do.
type fakeEngine struct {
	mu    sync.Mutex
	asked []string
	err   error
}

func (f *fakeEngine) note(actor audit.Actor, what ...string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	line := actor.Name
	for _, w := range what {
		line += " " + w
	}
	f.asked = append(f.asked, line)
	return f.err
}

func (f *fakeEngine) Sync(_ context.Context, actor audit.Actor, company, app string) error {
	return f.note(actor, "sync", company, app)
}

func (f *fakeEngine) ReadAccounts(_ context.Context, actor audit.Actor, company, app string) error {
	return f.note(actor, "read", company, app)
}

func (f *fakeEngine) SetPaused(_ context.Context, actor audit.Actor, company, app string, paused bool) error {
	if paused {
		return f.note(actor, "pause", company, app)
	}
	return f.note(actor, "resume", company, app)
}

func (f *fakeEngine) Retry(_ context.Context, actor audit.Actor, company, app, account string) error {
	if account == "unknown" {
		return resources.ErrNotFound
	}
	return f.note(actor, "retry", company, app, account)
}

func (f *fakeEngine) RetryFailed(_ context.Context, actor audit.Actor, company, app, class string) error {
	return f.note(actor, "retry", company, app, "all", class)
}

func (f *fakeEngine) Unblock(_ context.Context, actor audit.Actor, company, app string) error {
	return f.note(actor, "unblock", company, app)
}

func (f *fakeEngine) Decide(_ context.Context, actor audit.Actor, company, app, account string, allow bool) error {
	if allow {
		return f.note(actor, "allow", company, app, account)
	}
	return f.note(actor, "reject", company, app, account)
}

// Provision rehearses, or sends, and tells of hostile data.
func (f *fakeEngine) Provision(_ context.Context, actor audit.Actor, company, app, objectType, object string, send bool) (console.Provisioning, error) {
	out := console.Provisioning{Name: object, Sends: true, Steps: []console.ProvisionStep{
		{Name: "read", Done: true, Words: "as the directory holds it", Data: []byte(`{"displayName":"<b>","password":"hunter2"}`)},
		{Name: "scope", Done: true, Words: "the User is in the app's scope"},
		{Name: "match", Done: true, Words: "the app has nobody of that name", Calls: []console.Attempt{{Method: "GET", URL: "https://jurizy.example/Users?filter=x", Status: 200}}},
		{Name: "decide", Done: true, Words: "create: 1 calls", Plan: []console.PlannedCall{{Action: "create", Body: []byte(`{"title":"<i>"}`)}}},
	}}
	if send {
		out.State = "confirmed"
		out.Steps = append(out.Steps, console.ProvisionStep{Name: "send", Done: true, Words: "confirmed"})
		return out, f.note(actor, "provision", company, app, objectType, object)
	}
	return out, f.err
}

// fakeDrift has one comparison, made at once.
type fakeDrift struct {
	store  *db.DB
	engine *fakeEngine
	last   console.Comparison
}

func (f *fakeDrift) Comparison(_ context.Context, company, app string) (console.Comparison, error) {
	return f.last, nil
}

func (f *fakeDrift) Compare(ctx context.Context, actor audit.Actor, company, app string, repair bool) error {
	now, err := f.store.App(ctx, company, app)
	if err != nil {
		return err
	}
	f.last.Of = now.Mark()
	if repair {
		return f.engine.note(actor, "repair", company, app)
	}
	return f.engine.note(actor, "compare", company, app)
}

// fakeSetup keeps what it is told in the database, and answers trials with what the test sets.
type fakeSetup struct {
	store     *db.DB
	newID     func() string
	probe     console.Probe
	treatment console.Treatment // that was kept
	kept      console.Access    // that was given last
	wrong     error             // of Add and SetAccess
}

func (f *fakeSetup) Products() []console.Product {
	text := console.Text{EN: "English text", FR: "Texte français"}
	return []console.Product{
		{Name: "generic", Title: "SCIM 2.0 service", Confidence: "high", Groups: true, Token: text, Days: 30, Personal: true, Warnings: []console.Text{text},
			Facts: []console.ProductFact{{Key: "data", Text: text}, {Key: "delete", Text: text}}, HandOver: []console.Text{text}},
		{Name: "braces", Title: "Braces", Plan: "Business", Address: "https://{company}.example/scim", Confidence: "low", Lines: true},
		{Name: "manual", Title: "Jefacture", Manual: true, Confidence: "medium"},
	}
}

func (f *fakeSetup) Add(ctx context.Context, actor audit.Actor, company string, a console.NewApp) (string, error) {
	f.kept = a.Access
	if f.wrong != nil {
		return "", f.wrong
	}
	step := push.SetupTest
	if a.Product == "manual" {
		step = push.SetupScope
	}
	app, err := f.store.CreateApp(ctx, actor, push.App{ID: f.newID(), Company: company, Name: a.Name, Profile: a.Product, URL: a.URL,
		Responsible: a.Responsible, Paused: true, Settings: push.Settings{Setup: step}}, []byte(a.Credential))
	return app.ID, err
}

func (f *fakeSetup) SetAccess(_ context.Context, _ audit.Actor, _, _ string, a console.Access) error {
	f.kept = a
	return f.wrong
}

func (f *fakeSetup) Try(context.Context, string, string) (console.Probe, error) { return f.probe, nil }

func (f *fakeSetup) Preview(_ context.Context, _, _ string, s console.Scope, userName string) (console.Preview, error) {
	switch {
	case s.Expression == "wrong":
		return console.Preview{}, resources.Errorf(resources.ErrInvalidValue, "", "scope: 1:1: unknown <name> wrong")
	case userName == "anne.left":
		return console.Preview{Name: userName, Person: "2", Why: "the User is inactive"}, nil
	case userName != "anne":
		return console.Preview{}, resources.ErrNotFound
	}
	return console.Preview{Name: userName, Person: "1", In: true, Why: "the User is in the app's scope", Document: []byte(`{"userName":"anne","title":"<b>"}`)}, nil
}

func (f *fakeSetup) SetScope(ctx context.Context, actor audit.Actor, company, app string, s console.Scope) error {
	if s.Expression == "wrong" {
		return resources.Errorf(resources.ErrInvalidValue, "", "scope: 1:1: unknown <name> wrong")
	}
	return f.change(ctx, actor, company, app, func(a *push.App) {
		a.ScopeGroups, a.LinkExisting, a.Settings.Scope = s.Groups, s.LinkExisting, s.Expression
	})
}

func (f *fakeSetup) SetStep(ctx context.Context, actor audit.Actor, company, app, step string) error {
	return f.change(ctx, actor, company, app, func(a *push.App) { a.Settings.Setup = push.Setup(step) })
}

func (f *fakeSetup) change(ctx context.Context, actor audit.Actor, company, app string, change func(*push.App)) error {
	found, err := f.store.App(ctx, company, app)
	if err != nil {
		return err
	}
	change(&found)
	return dbtest.UpdateApp(ctx, f.store, actor, found)
}

// fakeConnected is what belongs to the connections of one company; another has none.
type fakeConnected struct {
	company string
	clients []console.Client
	streams []console.Stream
}

func (f *fakeConnected) Clients(_ context.Context, company string) ([]console.Client, error) {
	if company != f.company {
		return nil, nil
	}
	return f.clients, nil
}

func (f *fakeConnected) Streams(_ context.Context, company string) ([]console.Stream, error) {
	if company != f.company {
		return nil, nil
	}
	return f.streams, nil
}
