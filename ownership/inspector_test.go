package ownership_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/resources"
)

func wantSame(t *testing.T, what string, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// The case that the product exists for (seeds 000): found, told with its cure, and nothing in the app touched.
func TestInspector_theAssistantWhoLeft(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, ownership.OutsideReject, "dupont.fr")
		w.user(t, "claire@dupont.fr")
		bob := w.user(t, "bob@dupont.fr")
		w.service.list(remote("Claire@Dupont.fr", true, "user"), remote("bob@dupont.fr", true, "user"),
			remote("marie.assistante@gmail.com", true, "Super Admin"))
		w.read(t)
		wantSame(t, "verdicts", []string{
			"Claire@Dupont.fr green []", "bob@dupont.fr green []",
			"marie.assistante@gmail.com red [outside-domain consumer-domain unknown-person administrator only-admin]",
		}, w.verdicts(t))
		wantSame(t, "findings", []string{"lost-app critical marie.assistante@gmail.com"}, w.findings(t))
		list, err := d.Findings(t.Context(), w.app.Company)
		if err != nil {
			t.Fatal(err)
		}
		lost := list[0]
		if !lost.Opened.Equal(now) || !lost.Due.Equal(now.Add(24*time.Hour)) || len(lost.Cure) != 6 || lost.Cure[0] != ownership.CureAddAdministrator {
			t.Errorf("finding %+v", lost)
		}

		// A day later a leaver joins in; the first finding goes on.
		w.clock.pass(24 * time.Hour)
		w.change(t, bob, "active", false)
		if err := w.Recompute(t.Context(), w.app.Company, bob); err != nil {
			t.Fatal(err)
		}
		wantSame(t, "findings", []string{"leaver-account high bob@dupont.fr", "lost-app critical marie.assistante@gmail.com"}, w.findings(t))
		list, err = d.Findings(t.Context(), w.app.Company)
		if err != nil || list[0].ID != lost.ID || !list[0].Opened.Equal(lost.Opened) {
			t.Errorf("the first finding does not go on: %+v, %v", list[0], err)
		}

		// The company gets in, and the leaver's account is closed.
		w.service.list(remote("claire@dupont.fr", true, "admin"), remote("bob@dupont.fr", false, "user"),
			remote("marie.assistante@gmail.com", true, "Super Admin"))
		w.read(t)
		wantSame(t, "findings", []string{"few-admins medium CRM", "outside-account high marie.assistante@gmail.com"}, w.findings(t))

		for _, method := range w.service.methods {
			if method != "GET" {
				t.Errorf("looking sent a %s", method)
			}
		}
		entries, err := d.Entries(t.Context(), w.app.Company, audit.Query{ObjectType: "app", ObjectID: w.app.ID, Limit: 10})
		reads := slices.DeleteFunc(entries, func(e audit.Entry) bool { return e.Action != audit.ActionRead })
		if err != nil || len(reads) != 2 {
			t.Errorf("audit entries of two reads: %+v, %v", reads, err)
		}

		// A periodic reading that brings nothing new is not recorded; one that somebody asked for is.
		if err := w.ReadApp(t.Context(), audit.Actor{Kind: audit.ActorSystem}, w.app); err != nil {
			t.Fatal(err)
		}
		w.read(t)
		entries, err = d.Entries(t.Context(), w.app.Company, audit.Query{ObjectType: "app", ObjectID: w.app.ID, Limit: 10})
		if reads = slices.DeleteFunc(entries, func(e audit.Entry) bool { return e.Action != audit.ActionRead }); err != nil || len(reads) != 3 {
			t.Errorf("audit entries after a third and a fourth read: %+v, %v", reads, err)
		}
	})
}

// A list that is incomplete, broken or suddenly empty changes nothing but the note of the failure.
func TestInspector_incompleteRead(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, ownership.OutsideReject, "dupont.fr")
		w.service.list()
		w.read(t) // a new app may be empty
		w.service.list(remote("a@dupont.fr", true), remote("b@dupont.fr", true), remote("c@gmail.com", true))
		w.read(t)
		verdicts, findings := w.verdicts(t), w.findings(t)
		if len(verdicts) != 3 || len(findings) != 3 {
			t.Fatalf("%v, %v", verdicts, findings)
		}
		w.clock.pass(time.Hour)
		for name, change := range map[string]func(){
			"short":  func() { w.service.fail(true, false) },
			"broken": func() { w.service.fail(false, true) },
			"empty":  func() { w.service.list() },
		} {
			w.service.list(remote("a@dupont.fr", true))
			change()
			err := w.ReadApp(t.Context(), operator, w.app)
			if err == nil || !strings.Contains(err.Error(), "CRM") || name == "empty" && !errors.Is(err, ownership.ErrIncomplete) {
				t.Errorf("%s: error %v, want one that names the app", name, err)
			}
			wantSame(t, name+": verdicts", verdicts, w.verdicts(t))
			wantSame(t, name+": findings", findings, w.findings(t))
			readings, err := d.Readings(t.Context(), w.app.Company)
			r := readings[w.app.ID]
			if err != nil || !r.ReadAt.Equal(now) || !r.TriedAt.Equal(now.Add(time.Hour)) || r.Error == "" || r.Accounts != 3 {
				t.Errorf("%s: reading %+v, %v", name, r, err)
			}
		}
		w.service.list(remote("a@dupont.fr", true))
		w.read(t)
		wantSame(t, "after a whole read", []string{"a@dupont.fr amber [unknown-person]"}, w.verdicts(t))
		if r, err := d.Readings(t.Context(), w.app.Company); err != nil || r[w.app.ID].Error != "" {
			t.Errorf("reading %+v, %v", r, err)
		}
	})
}

// Verdicts follow the directory and the domains, without reading the app again.
func TestInspector_Recompute(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, ownership.OutsideHold, "a.fr")
		w.service.list(remote("anna@a.fr", true), remote("bob@b.fr", true))
		w.read(t)
		requests := len(w.service.methods)
		step := func(what string, want ...string) {
			t.Helper()
			wantSame(t, what, want, w.verdicts(t))
		}
		recompute := func(users ...string) {
			t.Helper()
			if err := w.Recompute(t.Context(), w.app.Company, users...); err != nil {
				t.Fatal(err)
			}
		}
		step("nobody known", "anna@a.fr amber [unknown-person]", "bob@b.fr red [outside-domain unknown-person]")
		anna, bob := w.user(t, "anna@a.fr"), w.user(t, "bob@b.fr")
		recompute(newID())
		step("somebody else changed", "anna@a.fr amber [unknown-person]", "bob@b.fr red [outside-domain unknown-person]")
		recompute(anna)
		step("Anna is known", "anna@a.fr green []", "bob@b.fr red [outside-domain unknown-person]")
		wantSame(t, "only Anna was asked about", []string{"outside-account high bob@b.fr"}, w.findings(t))
		recompute(bob)
		step("Bob too", "anna@a.fr green []", "bob@b.fr red [outside-domain person-held]")
		wantSame(t, "Bob is on hold", []string{"held-user medium bob@b.fr", "outside-account high bob@b.fr"}, w.findings(t))

		w.add(t, "b.fr")
		recompute()
		step("the domain is the company's", "anna@a.fr green []", "bob@b.fr green []")
		wantSame(t, "and nothing is left to decide", nil, w.findings(t))
		w.change(t, bob, "userName", "robert@b.fr")
		w.change(t, bob, `emails[type eq "work"].value`, "robert@b.fr")
		recompute(bob)
		step("Bob's address changed", "anna@a.fr green []", "bob@b.fr amber [unknown-person]")
		if err := w.directory.Remove(t.Context(), w.caller, resources.TypeUser, anna, resources.Precondition{}); err != nil {
			t.Fatal(err)
		}
		recompute(anna)
		step("Anna was removed", "anna@a.fr amber [unknown-person]", "bob@b.fr amber [unknown-person]")
		if err := w.registrar.RemoveDomain(t.Context(), operator, w.app.Company, "b.fr"); err != nil {
			t.Fatal(err)
		}
		recompute()
		step("the domain is lost", "anna@a.fr amber [unknown-person]", "bob@b.fr red [outside-domain unknown-person]")
		wantSame(t, "and so is Robert's standing", []string{
			"held-user medium robert@b.fr", "orphan-account medium anna@a.fr", "outside-account high bob@b.fr"}, w.findings(t))
		if len(w.service.methods) != requests {
			t.Error("recomputing read the app")
		}
	})
}

// Judging only what some Users concern ends in the same state as judging everything.
func TestInspector_Recompute_partIsEnough(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, ownership.OutsideHold, "a.fr")
		var users []string
		for _, name := range []string{"anna", "bob", "chloe", "dan"} {
			users = append(users, w.user(t, name+"@a.fr"))
		}
		users = append(users, w.user(t, "eve@gmail.com"))
		w.service.list(remote("anna@a.fr", true, "admin"), remote("bob@a.fr", true, "admin"), remote("chloe@a.fr", true, "user"),
			remote("dan@a.fr", false, "user"), remote("eve@gmail.com", true, "admin"), remote("zoe@yahoo.fr", true), remote("nobody", true))
		w.read(t)
		rnd := rand.New(rand.NewPCG(3, 4))
		for step := range 40 {
			changed := users[rnd.IntN(len(users))]
			switch rnd.IntN(3) {
			case 0:
				w.change(t, changed, "active", rnd.IntN(2) == 0)
			case 1:
				w.change(t, changed, "userName", newID()+"@a.fr")
			default:
				address := []string{"anna@a.fr", "zoe@yahoo.fr", "eve@gmail.com", "chloe@a.fr"}[rnd.IntN(4)]
				w.change(t, changed, "emails", []any{email(address, []string{"work", "home"}[rnd.IntN(2)], false)})
			}
			recompute := func(users ...string) (verdicts, findings []string) {
				if err := w.Recompute(t.Context(), w.app.Company, users...); err != nil {
					t.Fatal(err)
				}
				return w.verdicts(t), w.findings(t)
			}
			partVerdicts, partFindings := recompute(changed)
			verdicts, findings := recompute()
			wantSame(t, fmt.Sprintf("verdicts after step %d", step), verdicts, partVerdicts)
			wantSame(t, fmt.Sprintf("findings after step %d", step), findings, partFindings)
		}
	})
}

// Reading is due once in each interval, however many replicas ask, and one app's failure keeps no other from being read.
func TestInspector_ReadDue(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, ownership.OutsideReject, "dupont.fr")
		w.service.list(remote("a@dupont.fr", true))
		count := func() int { w.service.mu.Lock(); defer w.service.mu.Unlock(); return len(w.service.methods) }
		due := func(want int) {
			t.Helper()
			before := count()
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					if err := w.ReadDue(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if got := count() - before; got != want {
				t.Errorf("%d readings, want %d", got, want)
			}
		}
		due(1)
		due(0)
		w.clock.pass(time.Hour)
		due(1)

		good, bad := w.app, ownership.AppRef{Company: w.app.Company, ID: newID(), Name: "gone"}
		w.Apps = func(context.Context) ([]ownership.AppRef, error) { return []ownership.AppRef{bad, good}, nil }
		w.clock.pass(time.Hour)
		before := count()
		if err := w.ReadDue(t.Context()); !errors.Is(err, resources.ErrNotFound) || count() != before+1 {
			t.Errorf("%v, %d readings", err, count()-before)
		}
	})
}

// Run reads at once, and ends with its context.
func TestInspector_Run(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.Config{Data: t.TempDir()})
	w := newWorld(t, d, ownership.OutsideReject, "dupont.fr")
	w.service.list(remote("a@dupont.fr", true))
	ctx, cancel := context.WithCancel(t.Context())
	read := make(chan struct{})
	w.Reader = signalling{w.service, read}
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	<-read
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A finding is for the one who answers for the app, as soon as somebody does.
func TestInspector_owner(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, ownership.OutsideReject, "dupont.fr")
		w.service.list(remote("marie.assistante@gmail.com", true, "Owner"), remote("a@dupont.fr", true))
		w.read(t)
		owners := func(what, want string) {
			t.Helper()
			list, err := d.Findings(t.Context(), w.app.Company)
			if err != nil || len(list) != 2 {
				t.Fatalf("%s: %v, %v", what, list, err)
			}
			for _, f := range list {
				if f.Owner != want || !f.Opened.Equal(now) {
					t.Errorf("%s: the owner of %s is %q, want %q", what, f.Kind, f.Owner, want)
				}
			}
		}
		owners("nobody answers for the app", "")
		app, err := d.App(t.Context(), w.app.Company, w.app.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, responsible := range []string{"claire@dupont.fr", ""} {
			app.Responsible = responsible
			if err := dbtest.UpdateApp(t.Context(), d, operator, app); err != nil {
				t.Fatal(err)
			}
			w.clock.pass(time.Hour)
			if err := w.Recompute(t.Context(), w.app.Company); err != nil {
				t.Fatal(err)
			}
			owners("the app is "+responsible+"'s", responsible)
		}
	})
}

// Another company's Users and accounts play no part.
func TestInspector_twoCompanies(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a, b := newWorld(t, d, ownership.OutsideHold, "a.fr"), newWorld(t, d, ownership.OutsideHold, "b.fr")
		x := b.user(t, "x@a.fr") // on hold at b; the address is the same as the account's in a's app
		b.user(t, "y@b.fr")
		for _, w := range []*world{a, b} {
			w.service.list(remote("x@a.fr", true), remote("y@b.fr", true))
			w.read(t)
			if err := w.Recompute(t.Context(), w.app.Company, x); err != nil {
				t.Fatal(err)
			}
		}
		wantSame(t, "a", []string{"x@a.fr amber [unknown-person]", "y@b.fr red [outside-domain unknown-person]"}, a.verdicts(t))
		wantSame(t, "b", []string{"x@a.fr red [outside-domain person-held]", "y@b.fr green []"}, b.verdicts(t))
		wantSame(t, "findings of a", []string{"orphan-account medium x@a.fr", "outside-account high y@b.fr"}, a.findings(t))
	})
}

// signalling tells when accounts are read.
type signalling struct {
	ownership.AccountReader
	read chan<- struct{}
}

// ReadAccounts implements ownership.AccountReader.
func (s signalling) ReadAccounts(ctx context.Context, app ownership.AppRef) ([]ownership.RemoteAccount, error) {
	defer close(s.read)
	return s.AccountReader.ReadAccounts(ctx, app)
}
