package db_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/push"
	"proprio/resources"
)

// pushed is a company with one app and one due account.
type pushed struct {
	t       *testing.T
	d       *db.DB
	now     time.Time
	company string
	app     push.App
	lease   push.Lease
}

func pushID() string { return uuid.Must(uuid.NewV7()).String() }

func newPushed(t *testing.T, d *db.DB) *pushed {
	t.Helper()
	p := &pushed{t: t, d: d, now: time.Now().UTC().Truncate(time.Microsecond)}
	c, err := d.CreateCompany(t.Context(), audit.Actor{}, ownership.Company{ID: pushID(), Name: "C " + pushID(), OutsideDomain: ownership.OutsideHold})
	p.check(err)
	p.company = c.ID
	p.app, err = d.CreateApp(t.Context(), audit.Actor{}, push.App{ID: pushID(), Company: c.ID, Name: "Cadence", Profile: "generic",
		URL: "https://app.example.com", ScopeGroups: []string{"g"}}, []byte("the-app-token"))
	p.check(err)
	p.lease = push.Lease{Company: c.ID, App: p.app.ID, Owner: "me"}
	return p
}

func (p *pushed) check(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// raise makes an account due and returns it, under a lease.
func (p *pushed) raise(typ, object string) push.Account {
	p.t.Helper()
	p.check(p.d.RaiseAccounts(p.t.Context(), p.company, p.now, []push.Intent{{App: p.app.ID, ObjectType: typ, ObjectID: object,
		ObjectName: object, Wish: push.WishActive, Rank: push.RankUser}}))
	if _, err := p.d.LeaseApp(p.t.Context(), p.lease, p.now, p.now.Add(time.Minute)); err != nil {
		p.t.Fatal(err)
	}
	all, err := p.d.AccountsIn(p.t.Context(), p.company, p.app.ID, typ, []string{object})
	p.check(err)
	return all[object]
}

func (p *pushed) finish(a push.Account, confirmed bool) error {
	a.State = push.StateConfirmed
	return p.d.Record(p.t.Context(), p.lease, p.now, nil, push.Result{Account: a, Confirmed: confirmed})
}

func TestAppCredentialsAreSealedAndBoundToTheirApp(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	d := dbtest.Open(t, db.Config{Data: folder})
	p := newPushed(t, d)
	got, err := d.AppCredential(t.Context(), p.app)
	if err != nil || string(got) != "the-app-token" {
		t.Fatalf("%q, %v", got, err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	p.check(err)
	for _, f := range files {
		text, err := os.ReadFile(f)
		p.check(err)
		if bytes.Contains(text, []byte("the-app-token")) {
			t.Errorf("%s holds the credential in clear", f)
		}
	}
}

// A credential that the product replaced takes the place of the one it replaced, never of one that an admin set meanwhile.
func TestARenewedCredentialReplacesOnlyItsOwn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPushed(t, d)
		want := func(want string) {
			t.Helper()
			if got, err := d.AppCredential(t.Context(), p.app); err != nil || string(got) != want {
				t.Errorf("the credential is %q (%v), want %q", got, err, want)
			}
		}
		p.check(d.RenewCredential(t.Context(), p.app, []byte("the-app-token"), []byte("second")))
		want("second")
		p.check(d.RenewCredential(t.Context(), p.app, []byte("the-app-token"), []byte("third")))
		want("second")
		p.check(dbtest.ReplaceApp(t.Context(), d, audit.Actor{}, p.app, []byte("an admin's")))
		p.check(d.RenewCredential(t.Context(), p.app, []byte("second"), []byte("fourth")))
		want("an admin's")
	})
}

func TestPushKeepsCompaniesApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		one, other := newPushed(t, d), newPushed(t, d)
		a := one.raise("User", "u")
		ctx := t.Context()
		for name, err := range map[string]error{
			"App":           failure(d.App(ctx, other.company, one.app.ID)),
			"AppCredential": failure(d.AppCredential(ctx, push.App{Company: other.company, ID: one.app.ID, URL: one.app.URL})),
			"ReplaceApp":    dbtest.ReplaceApp(ctx, d, audit.Actor{}, push.App{Company: other.company, ID: one.app.ID}, []byte("x")),
			"Renew":         d.RenewCredential(ctx, push.App{Company: other.company, ID: one.app.ID}, []byte("the-app-token"), []byte("x")),
			"BlockApp":      d.BlockApp(ctx, other.company, one.app.ID, one.now, "x", 1),
			"UpdateApp":     dbtest.UpdateApp(ctx, d, audit.Actor{}, push.App{Company: other.company, ID: one.app.ID}),
			"PushAccount":   failure(d.PushAccount(ctx, other.company, a.ID)),
			"RetryAccount":  d.RetryAccount(ctx, audit.Actor{}, other.company, a.ID, one.now),
			"AccountByID":   failure(d.AccountByRemoteID(ctx, other.company, one.app.ID, "User", "r")),
			"AppByName":     failure(d.AppByName(ctx, pushID(), "Cadence")),
		} {
			if !errors.Is(err, resources.ErrNotFound) {
				t.Errorf("%s with another company's id: %v, want not found", name, err)
			}
		}
		counts, err := d.CountAccounts(ctx, other.company, one.app.ID)
		list, err2 := d.PushAccounts(ctx, other.company, one.app.ID, push.AccountQuery{})
		of, err3 := d.AccountsOf(ctx, other.company, "User", "u")
		if err := errors.Join(err, err2, err3); err != nil || len(counts)+len(list)+len(of) != 0 {
			t.Errorf("another company sees %v, %v, %v (%v)", counts, list, of, err)
		}
		user := newUser("people@firm.example")
		_, err = d.Apply(ctx, resources.Caller{Company: one.company}, create(user))
		one.check(err)
		for _, asker := range []*pushed{one, other} {
			people, err := d.People(ctx, asker.company, []string{user.ID, pushID()})
			if want := asker == one; err != nil || (people[user.ID] != nil) != want || len(people) > 1 {
				t.Errorf("the User is among %v (%v), want %v", people, err, want)
			}
		}
		held, err := d.LeaseApp(ctx, push.Lease{Company: other.company, App: one.app.ID, Owner: "x"}, one.now, one.now.Add(time.Hour))
		if held || err != nil {
			t.Errorf("another company leases the app: %v, %v", held, err)
		}
	})
}

func failure[T any](_ T, err error) error { return err }

func TestAResultConfirmsOnlyTheGenerationItWasMadeFor(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPushed(t, d)
		before := p.raise("User", "u")
		p.raise("User", "u") // while the call runs
		p.check(p.finish(before, true))
		a, err := d.PushAccount(t.Context(), p.company, before.ID)
		p.check(err)
		if a.DoneGen != 1 || a.WantedGen != 2 || a.State != push.StatePending {
			t.Errorf("account %+v, want it due for generation 2", a)
		}
		due, err := d.DueAccounts(t.Context(), p.lease, p.now, 10)
		if err != nil || len(due) != 1 {
			t.Errorf("due %v, %v", due, err)
		}
	})
}

func TestAMarkThatMovedIsLeftAloneWithItsPlan(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPushed(t, d)
		c := resources.Caller{Company: p.company}
		r := &resources.Resource{Type: "User", ID: pushID(), Body: []byte(`{"userName":"a"}`), Index: resources.Index{UserName: "a", UserNameFolded: "a", Active: true}, Created: p.now, LastModified: p.now}
		write := func() {
			t.Helper()
			r.Index.DisplayName += "x"
			r.Body = []byte(fmt.Sprintf(`{"userName":"a","displayName":%q}`, r.Index.DisplayName))
			_, err := d.Apply(t.Context(), c, resources.Change{Action: audit.ActionCreate, Resource: r, SetBody: true})
			p.check(err)
		}
		write()
		stale, err := d.DirtyMarks(t.Context(), 10)
		p.check(err)
		r.Version++
		_, err = d.Apply(t.Context(), c, resources.Change{Action: audit.ActionRemove, Resource: &resources.Resource{Type: "User", ID: r.ID}})
		p.check(err)
		intent := push.Intent{App: p.app.ID, ObjectType: "User", ObjectID: r.ID, Wish: push.WishActive}
		p.check(d.PlanMarks(t.Context(), p.company, p.now, []push.Planned{{Mark: stale[0], Intents: []push.Intent{intent}}}))
		marks, err := d.DirtyMarks(t.Context(), 10)
		p.check(err)
		accounts, err := d.AccountsOf(t.Context(), p.company, "User", r.ID)
		p.check(err)
		if len(marks) != 1 || len(accounts) != 0 {
			t.Errorf("marks %v, accounts %v: a stale plan was believed", marks, accounts)
		}
		p.check(d.PlanMarks(t.Context(), p.company, p.now, []push.Planned{{Mark: marks[0], Intents: []push.Intent{intent}}, {Mark: marks[0], Intents: []push.Intent{intent}}}))
		accounts, err = d.AccountsOf(t.Context(), p.company, "User", r.ID)
		if err != nil || len(accounts) != 1 || accounts[0].WantedGen != 1 {
			t.Errorf("accounts %+v, %v: a mark is planned by the one that takes it", accounts, err)
		}
	})
}

func TestOneRowAnswersForOneRemoteAccount(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPushed(t, d)
		a, b := p.raise("User", "a"), p.raise("User", "b")
		a.RemoteID, b.RemoteID = "r", "r"
		p.check(p.finish(a, true))
		if err := p.finish(b, true); !errors.Is(err, resources.ErrUniqueness) {
			t.Errorf("a second row for the same remote account: %v", err)
		}
		g := p.raise("Group", "g")
		g.RemoteID = "r" // Groups have ids of their own
		p.check(p.finish(g, true))
	})
}

func TestSettingsOfAnAppAreRecordedAndLiftItsBlock(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPushed(t, d)
		actor := audit.Actor{Kind: audit.ActorAdmin, Name: "camille"}
		again, err := d.CreateApp(t.Context(), actor, push.App{ID: pushID(), Company: p.company, Name: "Cadence"}, []byte("other"))
		if err != nil || again.ID != p.app.ID || again.URL != p.app.URL {
			t.Errorf("created twice: %+v, %v", again, err)
		}
		p.check(d.BlockApp(t.Context(), p.company, p.app.ID, p.now.Add(time.Hour), "no", 3))
		blocked, err := d.App(t.Context(), p.company, p.app.ID)
		if err != nil || !blocked.BlockedUntil.Equal(p.now.Add(time.Hour)) || blocked.Failures != 3 {
			t.Fatalf("%+v, %v", blocked, err)
		}
		changed := blocked
		changed.LinkExisting, changed.Responsible = true, "camille@atelier.fr"
		p.check(dbtest.UpdateApp(t.Context(), d, actor, changed))
		after, err := d.App(t.Context(), p.company, p.app.ID)
		if err != nil || !after.BlockedUntil.IsZero() || after.Failures != 0 || !after.LinkExisting || len(after.ScopeGroups) != 1 {
			t.Errorf("%+v, %v", after, err)
		}
		entries, err := d.Entries(t.Context(), p.company, audit.Query{ObjectType: "app", ObjectID: p.app.ID, Limit: 10})
		if err != nil || len(entries) != 2 || fmt.Sprint(entries[0].Changed) != "[linkExisting responsible]" || entries[0].Actor.Name != "camille" {
			t.Errorf("entries %+v, %v", entries, err)
		}
	})
}

// An address and its credential change together or not at all, so that no address is sent another's.
func TestAnAppsAddressAndItsCredentialChangeTogether(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPushed(t, d)
		actor := audit.Actor{Kind: audit.ActorAdmin, Name: "camille"}
		old, moved := p.app, p.app
		moved.URL, moved.Paused = "https://elsewhere.example/scim/v2", true
		if err := dbtest.UpdateApp(t.Context(), d, actor, moved); !errors.Is(err, resources.ErrInvalidValue) {
			t.Errorf("a new address without its credential: %v, want ErrInvalidValue", err)
		}
		credential := func(a push.App, want string, fault error) {
			t.Helper()
			if got, err := d.AppCredential(t.Context(), a); string(got) != want || !errors.Is(err, fault) {
				t.Errorf("credential for %s: %q, %v; want %q, %v", a.URL, got, err, want, fault)
			}
		}
		now, err := d.App(t.Context(), p.company, p.app.ID)
		if err != nil || now.URL != old.URL || now.Paused {
			t.Errorf("after the refusal: %+v, %v", now, err)
		}
		credential(old, "the-app-token", nil)
		p.check(dbtest.ReplaceApp(t.Context(), d, actor, moved, []byte("the-new-token")))
		credential(moved, "the-new-token", nil)
		credential(old, "", push.ErrMoved) // as an engine holds it that read the app before
		if err := dbtest.UpdateApp(t.Context(), d, actor, old); !errors.Is(err, resources.ErrInvalidValue) {
			t.Errorf("settings that were read before the move: %v, want ErrInvalidValue", err)
		}
		p.check(dbtest.ReplaceApp(t.Context(), d, actor, moved, []byte("a-third-token")))
		credential(moved, "a-third-token", nil)
		entries, err := d.Entries(t.Context(), p.company, audit.Query{ObjectType: "app", ObjectID: p.app.ID, Limit: 10})
		var told []string
		for _, e := range entries {
			told = append(told, fmt.Sprint(e.Action, e.Changed))
		}
		want := "[issue[credential] issue[credential] modify[paused url] create[]]"
		if err != nil || fmt.Sprint(told) != want {
			t.Errorf("entries %v, %v; want %s", told, err, want)
		}
	})
}

// SQLite has one server process, so the leases that it finds at its start are a dead one's. On Postgres they may be a
// replica's.
func TestLeasesOfADeadServer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPushed(t, d)
		before := p.raise("User", "u")
		p.check(d.ForgetLeases(t.Context()))
		next := push.Lease{Company: p.company, App: p.app.ID, Owner: "next"}
		held, err := d.LeaseApp(t.Context(), next, p.now, p.now.Add(time.Minute))
		p.check(err)
		if held == d.Postgres() {
			t.Errorf("the next server gets the lease: %v; want it on SQLite only", held)
		}
		if err := p.finish(before, true); errors.Is(err, push.ErrLeaseLost) == d.Postgres() {
			t.Errorf("the former holder's result: %v; want it lost on SQLite only", err)
		}
	})
}

// A company that is suspended sends nothing to its apps, from the next renewal of a lease on; what it wants is sent once it
// is served again.
func TestASuspendedCompanyPushesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPushed(t, d)
		p.raise("User", "u")
		p.raiseOther(d)
		suspend := func(yes bool) {
			p.check(db.InTx(t.Context(), d, func(ctx context.Context, tx *sqlx.Tx) error {
				_, err := tx.ExecContext(ctx, tx.Rebind(`update companies set suspended = ? where id = ?`), yes, p.company)
				return err
			}))
		}
		for _, suspended := range []bool{true, false} {
			suspend(suspended)
			renewed, err := d.RenewApp(t.Context(), p.lease, p.now.Add(time.Minute))
			p.check(err)
			p.check(d.ReleaseApp(t.Context(), p.lease))
			apps, err := d.AppsWithWork(t.Context(), p.now.Add(10*time.Second), 10)
			p.check(err)
			found := slices.ContainsFunc(apps, func(a push.App) bool { return a.ID == p.app.ID })
			leased, err := d.LeaseApp(t.Context(), p.lease, p.now, p.now.Add(time.Minute))
			p.check(err)
			if found == suspended || leased == suspended || suspended && renewed {
				t.Errorf("suspended %v: renewed %v, found %v, leased %v", suspended, renewed, found, leased)
			}
			if len(apps) == 0 {
				t.Error("the other company's app is not found")
			}
		}
	})
}

// raiseOther makes an account of another company due.
func (p *pushed) raiseOther(d *db.DB) {
	p.t.Helper()
	other := newPushed(p.t, d)
	other.raise("User", "u")
	p.check(d.ReleaseApp(p.t.Context(), other.lease))
}
