package db_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/push"
	"proprio/resources"
)

// newApp makes a downstream app of the bench's company.
func (b *bench) newApp(t *testing.T, name string) ownership.AppRef {
	t.Helper()
	app, err := b.CreateApp(t.Context(), operator, push.App{ID: id(), Company: b.c.Company, Name: name, Profile: "scim", URL: "https://x.test"}, []byte("t"))
	if err != nil {
		t.Fatalf("create an app: %v", err)
	}
	return ownership.AppRef{Company: b.c.Company, ID: app.ID, Name: app.Name}
}

func (b *bench) save(t *testing.T, app ownership.AppRef, c ownership.Conclusions) {
	t.Helper()
	err := b.Observe(t.Context(), app, func(ctx context.Context, o ownership.Observation) error { return o.Save(ctx, c) })
	if err != nil {
		t.Fatalf("save: %v", err)
	}
}

func observed(app ownership.AppRef, userName string, verdict ownership.Verdict) ownership.ObservedAccount {
	return ownership.ObservedAccount{
		Company: app.Company, App: app.ID, RemoteID: "r-" + userName, UserName: userName, DisplayName: `"Näme" 'x' \ ` + userName,
		Emails: []string{userName, "p@gmail.com"}, Logins: []string{userName}, Active: true, Roles: []string{"a,b", "c"},
		Administrator: true, Verdict: verdict, Reasons: []ownership.Reason{ownership.ReasonUnknownPerson}, ReadAt: start,
	}
}

func TestObservedAccounts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, other := newBench(t, d), newBench(t, d)
		app := b.newApp(t, "CRM")
		green, red := observed(app, "g@a.fr", ownership.Green), observed(app, "r@a.fr", ownership.Red)
		bare := ownership.ObservedAccount{Company: app.Company, App: app.ID, RemoteID: "bare", Verdict: ownership.Amber, ReadAt: start}
		red.User = id()
		entry := audit.Entry{Company: app.Company, At: start, Actor: operator, Action: audit.ActionRead, ObjectType: "app", ObjectID: app.ID}
		b.save(t, app, ownership.Conclusions{Accounts: []ownership.ObservedAccount{bare, green, red}, ReadAt: start, Entry: &entry})

		got, err := d.Observed(t.Context(), app.Company, app.ID)
		if diff := cmp.Diff([]ownership.ObservedAccount{red, bare, green}, got); diff != "" || err != nil {
			t.Errorf("observed: %v\n%s", err, diff)
		}
		got, err = d.ObservedOf(t.Context(), app.Company, red.User)
		if diff := cmp.Diff([]ownership.ObservedAccount{red}, got); diff != "" || err != nil {
			t.Errorf("observed of a User: %v\n%s", err, diff)
		}
		for _, user := range []string{"", id()} {
			if got, err = d.ObservedOf(t.Context(), app.Company, user); len(got) != 0 || err != nil {
				t.Errorf("observed of User %q: %v, %v", user, got, err)
			}
		}
		if got, err = d.Observed(t.Context(), other.c.Company, app.ID); len(got) != 0 || err != nil {
			t.Errorf("another company sees %v, %v", got, err)
		}
		if got, err = d.ObservedOf(t.Context(), other.c.Company, red.User); len(got) != 0 || err != nil {
			t.Errorf("another company sees %v, %v", got, err)
		}
		entries, err := d.Entries(t.Context(), app.Company, audit.Query{ObjectType: "app", ObjectID: app.ID, Limit: 1})
		if err != nil || len(entries) != 1 || entries[0].Action != audit.ActionRead {
			t.Errorf("audit entries: %+v, %v", entries, err)
		}

		red.UserName, red.Verdict, red.User, red.Emails = "new@a.fr", ownership.Green, "", nil
		b.save(t, app, ownership.Conclusions{Accounts: []ownership.ObservedAccount{red}, Gone: []string{green.RemoteID, "unknown"}})
		got, err = d.Observed(t.Context(), app.Company, app.ID)
		if diff := cmp.Diff([]ownership.ObservedAccount{bare, red}, got); diff != "" || err != nil {
			t.Errorf("after a change: %v\n%s", err, diff)
		}
	})
}

// An app that is none of the company's cannot be observed.
func TestObserve_unknownApp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, other := newBench(t, d), newBench(t, d)
		foreign := other.newApp(t, "CRM")
		foreign.Company = b.c.Company
		for _, app := range []ownership.AppRef{foreign, {Company: b.c.Company, ID: "x"}} {
			err := d.Observe(t.Context(), app, func(context.Context, ownership.Observation) error { return nil })
			if !errors.Is(err, resources.ErrNotFound) {
				t.Errorf("%v, want ErrNotFound", err)
			}
		}
	})
}

// What f writes is all there or not at all.
func TestObserve_allOrNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		app, failure := b.newApp(t, "CRM"), errors.New("no")
		err := d.Observe(t.Context(), app, func(ctx context.Context, o ownership.Observation) error {
			if err := o.Save(ctx, ownership.Conclusions{Accounts: []ownership.ObservedAccount{observed(app, "a@a.fr", ownership.Red)}, ReadAt: start}); err != nil {
				t.Error(err)
			}
			return failure
		})
		got, listErr := d.Observed(t.Context(), app.Company, app.ID)
		if !errors.Is(err, failure) || len(got) != 0 || listErr != nil {
			t.Errorf("error %v, accounts %v, %v", err, got, listErr)
		}
	})
}

func TestUsersByAddress(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, other := newBench(t, d), newBench(t, d)
		app := b.newApp(t, "CRM")
		anna := withEmails(newUser("anna@a.fr"), "anna@a.fr", "team@a.fr")
		bob := withEmails(newUser("bob"), "bob@a.fr", "team@a.fr")
		bob.Index.Active, bob.Index.Hold = false, "why"
		create := func(b *bench, r *resources.Resource) {
			t.Helper()
			if _, err := b.Apply(t.Context(), b.c, resources.Change{Action: audit.ActionCreate, Resource: r, SetBody: true}); err != nil {
				t.Fatal(err)
			}
		}
		create(b, anna)
		create(b, bob)
		create(other, newUser("carl@a.fr"))
		asked := []string{"anna@a.fr", "bob@a.fr", "team@a.fr", "carl@a.fr"}
		for i := range 1200 { // more than one statement's worth
			asked = append(asked, fmt.Sprintf("nobody%d@a.fr", i))
		}
		annaHolds, bobHolds := ownership.Holder{ID: anna.ID, Active: true}, ownership.Holder{ID: bob.ID, Held: true}
		team := []ownership.Holder{annaHolds, bobHolds}
		err := d.Observe(t.Context(), app, func(ctx context.Context, o ownership.Observation) error {
			got, err := o.UsersByAddress(ctx, asked)
			if len(got["team@a.fr"]) == 2 && got["team@a.fr"][0] != team[0] {
				team[0], team[1] = team[1], team[0] // in no order
			}
			want := map[string][]ownership.Holder{"anna@a.fr": {annaHolds}, "bob@a.fr": {bobHolds}, "team@a.fr": team}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// An app's own words may hold what databases cannot keep; that must not lose the note of the failure.
func TestFailReading_keepsWhateverAnAppSays(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		app := b.newApp(t, "1")
		if err := d.FailReading(t.Context(), app, start, "it said \x00 and \xff"); err != nil {
			t.Fatal(err)
		}
		got, err := d.Readings(t.Context(), app.Company)
		if r := got[app.ID]; err != nil || r.Error != "it said  and \uFFFD" || !r.TriedAt.Equal(start) {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

// Which apps a User concerns: by an earlier match, by userName, by e-mail.
func TestObservedApps(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, other := newBench(t, d), newBench(t, d)
		matched, byName, byEmail, neither := b.newApp(t, "1"), b.newApp(t, "2"), b.newApp(t, "3"), b.newApp(t, "4")
		unread := b.newApp(t, "5")
		if err := d.FailReading(t.Context(), unread, start, "no answer"); err != nil {
			t.Fatal(err)
		}
		anna := withEmails(newUser("anna@a.fr"), "anna.d@a.fr")
		if _, err := d.Apply(t.Context(), b.c, resources.Change{Action: audit.ActionCreate, Resource: anna, SetBody: true}); err != nil {
			t.Fatal(err)
		}
		old := observed(matched, "old@a.fr", ownership.Red)
		old.User, old.Emails = anna.ID, nil
		for app, a := range map[ownership.AppRef]ownership.ObservedAccount{
			matched: old, byName: observed(byName, "Anna@A.fr", ownership.Red), byEmail: observed(byEmail, "Anna.D@a.fr.", ownership.Red),
			neither: observed(neither, "bob@a.fr", ownership.Red),
		} {
			b.save(t, app, ownership.Conclusions{Accounts: []ownership.ObservedAccount{a}, ReadAt: start})
		}
		for _, tt := range []struct {
			company string
			users   []string
			want    []ownership.AppRef
		}{
			{b.c.Company, nil, []ownership.AppRef{matched, byName, byEmail, neither}},
			{b.c.Company, []string{anna.ID, id()}, []ownership.AppRef{matched, byName, byEmail}},
			{b.c.Company, []string{id()}, []ownership.AppRef{}},
			{other.c.Company, []string{anna.ID}, []ownership.AppRef{}},
			{other.c.Company, nil, []ownership.AppRef{}},
		} {
			got, err := d.ObservedApps(t.Context(), tt.company, tt.users...)
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("users %v: %v\n%s", tt.users, err, diff)
			}
		}
	})
}

func TestFindings(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b, other := newBench(t, d), newBench(t, d)
		app := b.newApp(t, "CRM")
		finding := func(object string, s ownership.Severity, due time.Duration) ownership.Finding {
			return ownership.Finding{ID: id(), Company: app.Company, Kind: ownership.FindingOutsideAccount, Severity: s, App: app.ID,
				ObjectType: "account", ObjectID: object, ObjectName: object, Owner: "camille@a.fr", Cure: []string{"cure.a", "cure.b"}, Opened: start, Due: start.Add(due)}
		}
		low, late, soon, worst := finding("1", ownership.Low, time.Second), finding("2", ownership.High, time.Hour), finding("3", ownership.High, time.Minute), finding("4", ownership.Critical, time.Hour)
		b.save(t, app, ownership.Conclusions{Findings: []ownership.Finding{low, late, soon, worst}})
		want := []ownership.Finding{worst, soon, late, low}
		got, err := d.Findings(t.Context(), app.Company)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("findings: %v\n%s", err, diff)
		}
		if got, err := d.Findings(t.Context(), other.c.Company); len(got) != 0 || err != nil {
			t.Errorf("another company sees %v, %v", got, err)
		}

		soon.Closed, low.Severity, low.Owner, low.Cure = start.Add(time.Hour), ownership.Critical, "", nil
		b.save(t, app, ownership.Conclusions{Findings: []ownership.Finding{soon, low}})
		again := finding("3", ownership.High, 5*time.Minute)
		b.save(t, app, ownership.Conclusions{Findings: []ownership.Finding{again}})
		err = d.Observe(t.Context(), app, func(ctx context.Context, o ownership.Observation) error {
			got, err := o.OpenFindings(ctx)
			if diff := cmp.Diff([]ownership.Finding{low, worst, again, late}, got); diff != "" {
				t.Errorf("open findings: %s", diff)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		err = d.Observe(t.Context(), app, func(ctx context.Context, o ownership.Observation) error {
			return o.Save(ctx, ownership.Conclusions{Findings: []ownership.Finding{finding("3", ownership.High, time.Second)}})
		})
		if !errors.Is(err, resources.ErrUniqueness) {
			t.Errorf("the same finding open twice: %v, want ErrUniqueness", err)
		}
	})
}

// Each interval gives the right to read to one caller.
func TestClaimReading(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		app := newBench(t, d).newApp(t, "CRM")
		for _, tt := range []struct {
			after time.Duration
			want  bool
		}{{0, true}, {0, false}, {59 * time.Minute, false}, {time.Hour, true}, {time.Hour, false}, {3 * time.Hour, true}} {
			got, err := d.ClaimReading(t.Context(), app, start.Add(tt.after), time.Hour)
			if got != tt.want || err != nil {
				t.Errorf("after %s: %v, %v; want %v", tt.after, got, err, tt.want)
			}
		}
		if err := d.FailReading(t.Context(), app, start.Add(4*time.Hour), "no answer"); err != nil {
			t.Fatal(err)
		}
		readings, err := d.Readings(t.Context(), app.Company)
		want := map[string]ownership.Reading{app.ID: {App: app.ID, TriedAt: start.Add(4 * time.Hour), Error: "no answer"}}
		if diff := cmp.Diff(want, readings); diff != "" || err != nil {
			t.Errorf("readings: %v\n%s", err, diff)
		}
	})
}
