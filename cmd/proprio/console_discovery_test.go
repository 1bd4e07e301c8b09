package main

import (
	"errors"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"proprio/audit"
	"proprio/console"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/push"
	"proprio/push/profiles"
	"proprio/push/standin"
	"proprio/resources"
)

// discoveryWorld is a company with two people, an app in which three accounts are, and one without an interface.
type discoveryWorld struct {
	*core
	consoleDiscovery
	t           *testing.T
	stand       *standin.Server
	actor       audit.Actor
	company     string
	crm, manual push.App
}

func newDiscoveryWorld(t *testing.T, where db.Config) *discoveryWorld {
	t.Helper()
	p := &program{cfg: Config{Data: where.Data, Database: where.URL}, getenv: func(string) string { return "" }, log: slog.New(slog.DiscardHandler)}
	c, err := p.open(t.Context())
	ok(t, err)
	t.Cleanup(func() { _ = c.db.Close() })
	w := &discoveryWorld{core: c, consoleDiscovery: consoleDiscovery{c}, t: t, actor: audit.Actor{Kind: audit.ActorAdmin, Name: "karim@acc.example"}}
	company, err := c.db.CreateCompany(t.Context(), w.actor, ownership.Company{ID: newID(), Name: "Acc", OutsideDomain: ownership.OutsideReject})
	ok(t, err)
	w.company = company.ID
	ok(t, c.db.PutDomain(t.Context(), w.actor, ownership.Domain{Company: company.ID, Name: "acc.example", Verified: time.Now()}))
	for _, name := range []string{"anne", "julie"} {
		_, err := c.directory.Create(t.Context(), w.caller(), resources.TypeUser, resources.Document{"userName": name + "@acc.example", "active": true,
			"emails":                   []any{map[string]any{"value": name + "@acc.example", "type": "work", "primary": true}},
			resources.SchemaEnterprise: map[string]any{"employeeNumber": "N-" + name}})
		ok(t, err)
	}
	set, err := profiles.Load(nil)
	ok(t, err)
	generic, _ := set.Get("generic")
	w.stand = standin.New(generic, "s3cret")
	server := httptest.NewServer(w.stand)
	t.Cleanup(server.Close)
	w.crm, err = c.addApp(t.Context(), w.caller(), push.App{Name: "crm", Profile: "generic", URL: server.URL, AllowPrivate: true}, "s3cret")
	ok(t, err)
	w.manual, err = c.addApp(t.Context(), w.caller(), push.App{Name: "manual", Profile: "jefacture"}, "")
	ok(t, err)
	return w
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *discoveryWorld) caller() resources.Caller {
	return resources.Caller{Company: w.company, Actor: w.actor}
}

// found is an account that pages show, by user name.
func (w *discoveryWorld) found(app push.App, export bool, name string) console.FoundAccount {
	w.t.Helper()
	all, err := w.Found(w.t.Context(), w.company, app.ID, export)
	ok(w.t, err)
	i := slices.IndexFunc(all.Accounts, func(a console.FoundAccount) bool { return a.UserName == name })
	if i < 0 {
		w.t.Fatalf("there is no account %s in %+v", name, all)
	}
	return all.Accounts[i]
}

// Pages go by what was read last, tell whose an account is as the command does, and look it up again before it becomes somebody's.
func TestConsoleDiscovery(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, where db.Config) {
		t.Parallel()
		w := newDiscoveryWorld(t, where)
		ctx := t.Context()
		enterprise := func(number string) map[string]any { return map[string]any{"employeeNumber": number} }
		w.stand.Add(map[string]any{"userName": "anne@acc.example", "active": true})
		jul := w.stand.Add(map[string]any{"userName": "jul", "active": true, resources.SchemaEnterprise: enterprise("N-julie")})
		if f, err := w.Found(ctx, w.company, w.crm.ID, false); err != nil || f.Read {
			t.Fatalf("before it was read: %+v, %v", f, err)
		}
		_, err := w.readApp(ctx, w.caller(), w.crm)
		ok(t, err)
		if a := w.found(w.crm, false, "jul"); a.By != "employeeNumber" || a.People[0].Name != "julie@acc.example" {
			t.Errorf("an account that has somebody's number: %+v", a)
		}
		links, err := w.Links(ctx, w.company, w.crm.ID, false)
		if err != nil || len(links.Links) != 2 {
			t.Fatalf("links %+v, %v", links, err)
		}
		w.stand.Add(map[string]any{"userName": "anne.2@acc.example", "active": true, resources.SchemaEnterprise: enterprise("N-anne")})
		if n, stale, err := w.LinkAll(ctx, w.actor, w.company, w.crm.ID, false, links.Mark, ""); n != 0 || !stale || err != nil {
			t.Errorf("the app has changed since: %d, %t, %v", n, stale, err)
		}
		w.stand.Remove(jul)
		err = w.Decide(ctx, w.actor, w.company, w.crm.ID, false, jul, console.AccountDecision{Verb: "link", Person: "julie@acc.example"})
		if !errors.Is(err, resources.ErrNotFound) {
			t.Errorf("what is gone from the app becomes somebody's: %v", err)
		}
		for _, r := range w.stand.Heard() {
			if r.Method != "GET" {
				t.Errorf("the app heard %s", r)
			}
		}
	})
}

// All that is surely one person's is linked at once, as it was shown.
func TestConsoleDiscovery_linkAll(t *testing.T) {
	t.Parallel()
	w := newDiscoveryWorld(t, db.Config{Data: t.TempDir()})
	ctx := t.Context()
	w.stand.Add(map[string]any{"userName": "anne@acc.example", "active": true})
	_, err := w.readApp(ctx, w.caller(), w.crm)
	ok(t, err)
	links, err := w.Links(ctx, w.company, w.crm.ID, false)
	ok(t, err)
	if n, stale, err := w.LinkAll(ctx, w.actor, w.company, w.crm.ID, false, links.Mark, "first"); n != 1 || stale || err != nil {
		t.Fatalf("%d, %t, %v", n, stale, err)
	}
	if a := w.found(w.crm, false, "anne@acc.example"); a.Relation != "linked" {
		t.Errorf("afterwards %+v", a)
	}
	key := w.found(w.crm, false, "anne@acc.example").Key
	ok(t, w.Decide(ctx, w.actor, w.company, w.crm.ID, false, key, console.AccountDecision{Verb: "unlink", Reason: "her namesake's"}))
	if a := w.found(w.crm, false, "anne@acc.example"); a.Relation == "linked" || !a.Open || a.Decision.Verb != "unlink" {
		t.Errorf("after it was taken back %+v", a)
	}
	if err := w.Decide(ctx, w.actor, w.company, w.crm.ID, false, key, console.AccountDecision{Verb: "unlink"}); !errors.Is(err, resources.ErrInvalidValue) {
		t.Errorf("taken back twice: %v", err)
	}
}

// An export is kept whole until another one comes, or it is forgotten; what is decided about its accounts holds.
func TestConsoleDiscovery_export(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, where db.Config) {
		t.Parallel()
		w := newDiscoveryWorld(t, where)
		ctx := t.Context()
		give := func(text string) error {
			return w.Upload(ctx, w.actor, w.company, w.manual.ID, strings.NewReader(text), console.ExportOptions{})
		}
		ok(t, give("Email;Nom complet;Humeur\nanne@acc.example;Anne;x\naudit@other.example;Audit;y\n"))
		if err := give("Email\n\n"); !errors.Is(err, resources.ErrInvalidSyntax) {
			t.Errorf("an export without accounts: %v", err)
		}
		all, err := w.Found(ctx, w.company, w.manual.ID, false)
		ok(t, err)
		if !all.Read || !all.Export || all.By != "karim@acc.example" || len(all.Accounts) != 2 || all.Open != 2 || !strings.Contains(strings.Join(all.Notes, ""), "Humeur") {
			t.Errorf("kept %+v", all)
		}
		if err := w.Decide(ctx, w.actor, w.company, w.manual.ID, true, "audit@other.example", console.AccountDecision{Verb: "leave", Reason: "the auditor's own"}); err != nil {
			t.Fatal(err)
		}
		if a := w.found(w.manual, true, "audit@other.example"); a.Open || a.Decision.Reason != "the auditor's own" {
			t.Errorf("decided %+v", a)
		}
		if f, err := w.Found(ctx, newID(), w.manual.ID, true); err == nil || f.Read {
			t.Errorf("another company sees %+v, %v", f, err)
		}
		ok(t, w.Forget(ctx, w.actor, w.company, w.manual.ID))
		if f, err := w.Found(ctx, w.company, w.manual.ID, true); err != nil || f.Read || !f.Exported.IsZero() {
			t.Errorf("after it was forgotten: %+v, %v", f, err)
		}
		ok(t, give("Email\naudit@other.example\n"))
		if a := w.found(w.manual, true, "audit@other.example"); a.Open {
			t.Errorf("what was decided is forgotten: %+v", a)
		}
	})
}

// How an app is treated is what the command would set; what is wrong changes nothing.
func TestConsoleTreatment(t *testing.T) {
	t.Parallel()
	w := newDiscoveryWorld(t, db.Config{Data: t.TempDir()})
	setup, apps := consoleSetup{c: w.core}, consoleApps{w.db, w.engine}
	want := console.Treatment{Responsible: "claire@acc.example", LinkExisting: true, Repair: true, GuardCount: 40, GuardPercent: 5, DeleteAfterDays: 90,
		Owner: "anne@acc.example", Expires: "2030-01-31"}
	stored := func() console.App {
		t.Helper()
		all, err := apps.Apps(t.Context(), w.company)
		ok(t, err)
		return all[slices.IndexFunc(all, func(a console.App) bool { return a.ID == w.crm.ID })]
	}
	ok(t, setup.SetTreatment(t.Context(), w.actor, w.company, w.crm.ID, want))
	if got := stored().Treatment; got != want {
		t.Errorf("kept %+v", got)
	}
	for _, wrong := range []console.Treatment{{GuardPercent: 101}, {DeleteAfterDays: -1}, {Expires: "soon"}, {Owner: "x"}} {
		if err := setup.SetTreatment(t.Context(), w.actor, w.company, w.crm.ID, wrong); !errors.Is(err, resources.ErrInvalidValue) {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
	ok(t, setup.ChangeScope(t.Context(), w.actor, w.company, w.crm.ID, console.Scope{Expression: `userName == "anne@acc.example"`, LinkExisting: true}))
	if err := setup.ChangeScope(t.Context(), w.actor, w.company, w.crm.ID, console.Scope{Expression: "departement == 1"}); !errors.Is(err, resources.ErrInvalidValue) {
		t.Errorf("a rule that is wrong: %v", err)
	}
	if got := stored(); got.Treatment != want || got.Expression != `userName == "anne@acc.example"` {
		t.Errorf("kept %+v", got)
	}
}
