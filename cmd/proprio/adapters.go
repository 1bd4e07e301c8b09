package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"proprio/audit"
	"proprio/console"
	"proprio/oidc"
	"proprio/ownership"
	"proprio/push"
	"proprio/resources"
)

// accountReader lets package ownership read an app's account list with the push engine's client.
type accountReader struct{ *core }

// ReadAccounts implements ownership.AccountReader.
func (r accountReader) ReadAccounts(ctx context.Context, ref ownership.AppRef) ([]ownership.RemoteAccount, error) {
	app, err := r.db.App(ctx, ref.Company, ref.ID)
	if err != nil {
		return nil, err
	}
	users, profile, err := r.engine.ListUsers(ctx, app)
	if err != nil {
		return nil, err
	}
	accounts := make([]ownership.RemoteAccount, 0, len(users))
	for _, u := range users {
		a, err := ownership.AccountFromSCIM(u, ownership.Roles(profile.Roles))
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, a)
	}
	return accounts, nil
}

// ReadAccount implements ownership.SingleReader.
func (r accountReader) ReadAccount(ctx context.Context, ref ownership.AppRef, remoteID string) (ownership.RemoteAccount, bool, error) {
	app, err := r.db.App(ctx, ref.Company, ref.ID)
	if err != nil {
		return ownership.RemoteAccount{}, false, err
	}
	user, profile, err := r.engine.ReadUser(ctx, app, remoteID)
	if err != nil || user == nil {
		return ownership.RemoteAccount{}, false, err
	}
	a, err := ownership.AccountFromSCIM(user, ownership.Roles(profile.Roles))
	return a, err == nil, err
}

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
	attempts, err := a.store.Attempts(ctx, company, app, "", limit)
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

// consoleSignIn lets the console sign people in without knowing OpenID Connect.
type consoleSignIn struct{ i *instance }

// Issuers implements console.SignIn.
func (s consoleSignIn) Issuers(ctx context.Context, address string) ([]console.Issuer, error) {
	company, err := s.i.db.SoleCompany(ctx)
	sole := err == nil
	if errors.Is(err, resources.ErrNotFound) {
		company, err = s.companyOf(ctx, address)
	}
	if errors.Is(err, resources.ErrNotFound) {
		return nil, console.ErrWhichCompany
	}
	if err != nil {
		return nil, err
	}
	issuers, err := s.i.db.Issuers(ctx, company.ID)
	if err != nil {
		return nil, err
	}
	var out []console.Issuer
	for _, i := range issuers {
		if !i.Disabled {
			out = append(out, console.Issuer{ID: i.ID, Name: i.Name, Company: company.Name})
		}
	}
	if len(out) == 0 && !sole {
		return nil, console.ErrWhichCompany // a company without a provider looks like no company
	}
	return out, nil
}

// companyOf is the company that has verified the domain of an address.
func (s consoleSignIn) companyOf(ctx context.Context, address string) (ownership.Company, error) {
	domain, ok := ownership.AddressDomain(address)
	if !ok {
		return ownership.Company{}, resources.ErrNotFound
	}
	return s.i.db.CompanyOfDomain(ctx, domain)
}

// Begin implements console.SignIn.
func (s consoleSignIn) Begin(w http.ResponseWriter, r *http.Request, issuer, returnTo string) (string, error) {
	address, err := s.i.signIn.Begin(w, r, issuer, returnTo)
	return address, refused(err)
}

// Finish implements console.SignIn.
func (s consoleSignIn) Finish(w http.ResponseWriter, r *http.Request) (string, error) {
	returnTo, err := s.i.signIn.Finish(w, r)
	return returnTo, refused(err)
}

// End implements console.SignIn.
func (s consoleSignIn) End(w http.ResponseWriter, r *http.Request) error { return s.i.signIn.End(w, r) }

// Current implements console.SignIn.
func (s consoleSignIn) Current(r *http.Request) (console.Session, error) {
	session, err := s.i.sessions.Authenticate(r)
	var refusal *oidc.Refusal
	if errors.As(err, &refusal) {
		return console.Session{}, fmt.Errorf("%w: %w", console.ErrNoSession, err)
	}
	if err != nil {
		return console.Session{}, err
	}
	company, err := s.i.db.Company(r.Context(), session.Company)
	if err != nil {
		return console.Session{}, err
	}
	if company.Suspended {
		return console.Session{}, console.ErrNoSession
	}
	return console.Session{
		Company: company.ID, CompanyName: company.Name, Admin: session.Admin.ID, Person: session.User,
		Email: session.Admin.Address,
		Role:  console.Role(session.Admin.Role),
	}, nil
}

// refused hands the console the reference of a refused sign-in, and keeps the reason from it.
func refused(err error) error {
	var refusal *oidc.Refusal
	if errors.As(err, &refusal) {
		return &console.RefusedError{
			Status: refusal.Reason.Status(), Kind: string(refusal.Reason.Kind()), Reference: refusal.Reference,
		}
	}
	return err
}
