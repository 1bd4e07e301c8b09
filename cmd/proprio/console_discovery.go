package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"proprio/audit"
	"proprio/console"
	"proprio/ownership"
	"proprio/ownership/export"
	"proprio/push"
	"proprio/resources"
)

// consoleDiscovery lets the console decide about the accounts that apps hold.
type consoleDiscovery struct{ c *core }

// Found implements console.Discovery.
func (x consoleDiscovery) Found(ctx context.Context, company, app string, export bool) (console.Found, error) {
	kept, err := x.exported(ctx, company, app)
	if err != nil {
		return console.Found{}, err
	}
	seen, err := x.discover(ctx, company, app, export, false)
	if err != nil || seen.at.IsZero() {
		return console.Found{Exported: kept.At}, err
	}
	out := consoleFound(seen.Discovery)
	out.At, out.Exported = seen.at, kept.At
	if seen.Export {
		out.Export, out.By, out.Notes = true, kept.By, append(out.Notes, kept.Notes...)
	}
	return out, nil
}

// seen is what is known of an app's accounts.
type seen struct {
	push.Discovery
	app push.App
	at  time.Time // when the list was read, or given; zero: there is none
}

// discover says how an app's accounts stand to the directory. Before one of an old list becomes somebody's, it is looked up again.
func (x consoleDiscovery) discover(ctx context.Context, company, app string, export, old bool) (seen, error) {
	var out seen
	var err error
	if out.app, err = x.c.db.App(ctx, company, app); err != nil {
		return out, err
	}
	list, at, err := x.listing(ctx, out.app, export)
	if err != nil {
		return out, err
	}
	list.Old, out.at = old, at
	out.Discovery, err = x.c.engine.Discover(ctx, out.app, list)
	return out, err
}

// listing is the list of accounts that pages go by: what was read last, so that looking does not call the app, or the export that
// was given last. Without a time there is none.
func (x consoleDiscovery) listing(ctx context.Context, app push.App, export bool) (push.Listing, time.Time, error) {
	profile, err := x.c.engine.Profile(app)
	if err != nil {
		return push.Listing{}, time.Time{}, err
	}
	if export || profile.ByHand() {
		kept, err := x.exported(ctx, app.Company, app.ID)
		return kept.Listing, kept.At, err
	}
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

// exported is the export of an app that was given last; without a time there is none.
func (x consoleDiscovery) exported(ctx context.Context, company, app string) (push.Export, error) {
	kept, err := x.c.db.Export(ctx, company, app)
	if errors.Is(err, resources.ErrNotFound) {
		return push.Export{}, nil
	}
	return kept, err
}

// Upload implements console.Discovery.
func (x consoleDiscovery) Upload(ctx context.Context, actor audit.Actor, company, app string, in io.Reader, o console.ExportOptions) error {
	found, err := x.c.db.App(ctx, company, app)
	if err != nil {
		return err
	}
	profile, err := x.c.engine.Profile(found)
	if err != nil {
		return err
	}
	kept := push.Export{Company: company, App: app, At: x.c.now(), By: actor.Name}
	list, err := export.Read(in, export.Options{Columns: o.Columns, Inactive: o.Inactive, Roles: ownership.Roles(profile.Roles),
		Note: func(note string) { kept.Notes = append(kept.Notes, note) }})
	if err != nil {
		return err
	}
	kept.Listing = push.Listing{Export: true, ByAddress: list.ByAddress, Accounts: list.Accounts}
	return x.c.db.KeepExport(ctx, kept, x.entry(actor, found, fmt.Sprintf("an export of %d accounts was given", len(list.Accounts))))
}

// Forget implements console.Discovery.
func (x consoleDiscovery) Forget(ctx context.Context, actor audit.Actor, company, app string) error {
	found, err := x.c.db.App(ctx, company, app)
	if err != nil {
		return err
	}
	return x.c.db.DropExport(ctx, company, app, x.entry(actor, found, "the export of its accounts was forgotten"))
}

func (x consoleDiscovery) entry(actor audit.Actor, app push.App, reason string) audit.Entry {
	return audit.Entry{Company: app.Company, At: x.c.now(), Actor: actor, Action: audit.ActionRead, ObjectType: "app", ObjectID: app.ID,
		ObjectName: app.Name, Reason: reason}
}

// remoteAccount is an observed account as the app listed it. Addresses that do not open it are private ones.
func remoteAccount(o ownership.ObservedAccount) ownership.RemoteAccount {
	a := ownership.RemoteAccount{RemoteID: o.RemoteID, UserName: o.UserName, DisplayName: o.DisplayName, Active: o.Active, Roles: o.Roles, Administrator: o.Administrator,
		ExternalID: o.ExternalID, EmployeeNumber: o.EmployeeNumber}
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
func (x consoleDiscovery) Decide(ctx context.Context, actor audit.Actor, company, app string, export bool, key string, d console.AccountDecision) error {
	all, err := x.discover(ctx, company, app, export, true)
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
	case push.VerbUnlink:
		if f.Relation != push.Linked {
			return resources.Errorf(resources.ErrInvalidValue, "", "account %s is nobody's", f.Name())
		}
		return x.c.engine.Unlink(ctx, actor, app, f.People[0].ID, d.Reason)
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
func (x consoleDiscovery) Links(ctx context.Context, company, app string, export bool) (console.Links, error) {
	all, err := x.discover(ctx, company, app, export, false)
	if err != nil {
		return console.Links{}, err
	}
	return consoleLinks(all.Preview()), nil
}

// LinkAll implements console.Discovery.
func (x consoleDiscovery) LinkAll(ctx context.Context, actor audit.Actor, company, app string, export bool, mark, reason string) (int, bool, error) {
	found, err := x.c.db.App(ctx, company, app)
	if err != nil {
		return 0, false, err
	}
	if profile, err := x.c.engine.Profile(found); err == nil && !export && !profile.ByHand() {
		if _, err := x.c.readApp(ctx, resources.Caller{Company: company, Actor: actor}, found); err != nil {
			return 0, false, resources.Errorf(resources.ErrInvalidValue, "", "%v", err)
		}
	}
	all, err := x.discover(ctx, company, app, export, false)
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
	out := console.Found{Read: true, Relations: map[string]int{}, Open: d.Open, Decided: d.Left + d.Excepted, Notes: d.Warnings}
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
