package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"proprio/audit"
	"proprio/console"
	"proprio/ownership"
	"proprio/push"
	"proprio/resources"
)

// consoleDiscovery lets the console decide about the accounts that apps hold.
type consoleDiscovery struct{ c *core }

// Found implements console.Discovery.
func (x consoleDiscovery) Found(ctx context.Context, company, app string) (console.Found, error) {
	seen, err := x.discover(ctx, company, app, false)
	if err != nil || seen.at.IsZero() {
		return console.Found{}, err
	}
	out := consoleFound(seen.Discovery)
	out.At = seen.at
	return out, nil
}

// seen is what is known of an app's accounts.
type seen struct {
	push.Discovery
	app push.App
	at  time.Time // of the reading; zero: there was none
}

// discover says how an app's accounts stand to the directory. Before one of an old list becomes somebody's, it is looked up again.
func (x consoleDiscovery) discover(ctx context.Context, company, app string, old bool) (seen, error) {
	var out seen
	var err error
	if out.app, err = x.c.db.App(ctx, company, app); err != nil {
		return out, err
	}
	list, at, err := x.listing(ctx, out.app)
	if err != nil {
		return out, err
	}
	list.Old, out.at = old, at
	out.Discovery, err = x.c.engine.Discover(ctx, out.app, list)
	return out, err
}

// listing is the list of accounts that pages go by: what was read last, so that looking does not call the app. Without a time
// there is none.
func (x consoleDiscovery) listing(ctx context.Context, app push.App) (push.Listing, time.Time, error) {
	readings, err := x.c.db.Readings(ctx, app.Company)
	if err != nil || readings[app.ID].ReadAt.IsZero() {
		return push.Listing{}, time.Time{}, err
	}
	observed, err := x.c.db.Observed(ctx, app.Company, app.ID)
	if err != nil {
		return push.Listing{}, time.Time{}, err
	}
	list := push.Listing{}
	for _, o := range observed {
		list.Accounts = append(list.Accounts, remoteAccount(o))
	}
	return list, readings[app.ID].ReadAt, nil
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

// Decide implements console.Discovery. The list may be of last night.
func (x consoleDiscovery) Decide(ctx context.Context, actor audit.Actor, company, app, key string, d console.AccountDecision) error {
	all, err := x.discover(ctx, company, app, true)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all.Accounts, func(f push.Found) bool { return f.Key() == key })
	if i < 0 {
		return resources.Errorf(resources.ErrNotFound, "", "the app lists no account %q any more", key)
	}
	if err := x.decide(ctx, actor, all.app, all.Accounts[i], d); err != nil {
		return err
	}
	return x.c.inspector.Recompute(ctx, company)
}

func (x consoleDiscovery) decide(ctx context.Context, actor audit.Actor, app push.App, f push.Found, d console.AccountDecision) error {
	switch push.Verb(d.Verb) {
	case push.VerbLeave:
		return x.c.engine.Leave(ctx, actor, app, f, d.Reason)
	case push.VerbExcept:
		return x.c.engine.Except(ctx, actor, app, f, d.Until, d.Responsible, d.Reason)
	case push.VerbReopen:
		return x.c.engine.Reopen(ctx, actor, app, f, d.Reason)
	}
	user, err := x.c.db.GetByUserName(ctx, resources.Caller{Company: app.Company, Actor: actor}, resources.FoldUserName(d.Person))
	if err != nil {
		return fmt.Errorf("user %q: %w", d.Person, err)
	}
	if push.Verb(d.Verb) == push.VerbAdopt {
		return x.c.engine.Adopt(ctx, actor, app, f, user.ID, d.Reason)
	}
	return x.c.engine.Link(ctx, actor, app, f, user.ID, d.Reason)
}

// Links implements console.Discovery.
func (x consoleDiscovery) Links(ctx context.Context, company, app string) (console.Links, error) {
	all, err := x.discover(ctx, company, app, false)
	if err != nil {
		return console.Links{}, err
	}
	return consoleLinks(all.Preview()), nil
}

// LinkAll implements console.Discovery.
func (x consoleDiscovery) LinkAll(ctx context.Context, actor audit.Actor, company, app, mark, reason string) (int, bool, error) {
	found, err := x.c.db.App(ctx, company, app)
	if err != nil {
		return 0, false, err
	}
	if _, err := x.c.readApp(ctx, resources.Caller{Company: company, Actor: actor}, found); err != nil {
		return 0, false, resources.Errorf(resources.ErrInvalidValue, "", "%v", err)
	}
	all, err := x.discover(ctx, company, app, false)
	if err != nil || consoleLinks(all.Preview()).Mark != mark {
		return 0, err == nil, err
	}
	n, err := x.c.engine.LinkMatched(ctx, actor, found, all.Discovery, reason)
	return n, false, err
}

func consoleLinks(p push.Preview) console.Links {
	var out console.Links
	mark := sha256.New()
	for _, f := range p.Links {
		out.Links = append(out.Links, consoleAccountFound(f))
		fmt.Fprintf(mark, "%q %q\n", f.Key(), f.People[0].ID)
	}
	for _, h := range p.Held {
		out.Held = append(out.Held, console.HeldLink{FoundAccount: consoleAccountFound(h.Found), Because: h.Because})
	}
	out.Mark = hex.EncodeToString(mark.Sum(nil))
	return out
}

func consoleFound(d push.Discovery) console.Found {
	out := console.Found{Read: true, Relations: map[string]int{}, Open: d.Open, Decided: d.Left + d.Excepted}
	for relation, n := range d.Relations {
		out.Relations[string(relation)] = n
	}
	for _, f := range d.Accounts {
		out.Accounts = append(out.Accounts, consoleAccountFound(f))
	}
	rank := []push.Relation{push.Ambiguous, push.Fitting, push.Nobodys, push.Linked}
	slices.SortStableFunc(out.Accounts, func(a, b console.FoundAccount) int {
		return cmp.Compare(slices.Index(rank, push.Relation(a.Relation)), slices.Index(rank, push.Relation(b.Relation)))
	})
	return out
}

func consoleAccountFound(f push.Found) console.FoundAccount {
	out := console.FoundAccount{
		Key: f.Key(), UserName: f.Name(), DisplayName: f.DisplayName, Emails: f.Emails, Roles: f.Roles, Active: f.Active, Administrator: f.Administrator,
		Outside: f.Outside(), Relation: string(f.Relation), By: f.By, Others: f.Others, Why: f.Why, Verdict: string(f.Verdict), Open: f.Open,
	}
	for _, r := range f.Reasons {
		out.Reasons = append(out.Reasons, string(r))
	}
	for _, p := range f.People {
		out.People = append(out.People, console.Holder{ID: p.ID, Name: p.UserName})
	}
	if d := f.Decision; d != nil {
		out.Decision = &console.AccountDecision{Verb: string(d.Verb), Person: d.UserName, Until: d.Until, Responsible: d.Responsible, Reason: d.Reason, At: d.At, By: d.By}
	}
	return out
}
