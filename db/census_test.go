package db_test

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/resources"
)

// The metrics count all companies together: what waits and since when, and how many there are of what.
func TestQueuesAndCensus(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for range 2 {
			b := newBench(t, d)
			left, held := newUser("left@firm.example"), newUser("held@firm.example")
			left.Index.Active, held.Index.Hold = false, "outside domain"
			b.apply(t, create(newUser("here@firm.example")), create(left), create(held), create(newGroup("Sales")))
			proveDomain(t, d, b.c.Company)
		}
		p := newPushed(t, d)
		p.raise(resources.TypeUser, "u-1")
		settled := p.raise(resources.TypeUser, "u-2")
		if err := p.finish(settled, true); err != nil {
			t.Fatal(err)
		}
		queues, err := d.Queues(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		waiting := map[string]int{}
		for _, q := range queues {
			waiting[q.Name] = q.Waiting
			if (q.Waiting > 0) == q.Oldest.IsZero() || q.Oldest.After(time.Now()) {
				t.Errorf("%s: %d wait, the oldest since %s", q.Name, q.Waiting, q.Oldest)
			}
		}
		if want := map[string]int{db.QueueDirty: 8, db.QueueAccounts: 1, db.QueueAsync: 0, db.QueueSETs: 0}; !maps.Equal(waiting, want) {
			t.Errorf("queues %v, want %v", waiting, want)
		}
		got, err := d.Census(t.Context())
		want := db.Census{Companies: 3, Users: map[string]int{"active": 4, "inactive": 2, "held": 2}, Groups: 2,
			Accounts: map[string]int{"pending": 1}, Findings: map[string]int{}, Domains: map[string]int{"proved": 2}}
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("census: %v\n%s", err, cmp.Diff(want, got))
		}
		p.app.Paused = true
		if err := dbtest.UpdateApp(t.Context(), d, admin, p.app); err != nil {
			t.Fatal(err)
		}
		queues, err = d.Queues(t.Context())
		if err != nil || queues[1].Name != db.QueueAccounts || queues[1].Waiting != 0 {
			t.Errorf("what a paused app is owed waits for nobody: %v, %v", queues, err)
		}
	})
}

// proveDomain gives a company a domain in force.
func proveDomain(t *testing.T, d *db.DB, company string) {
	t.Helper()
	name := id() + ".example"
	if err := d.PutDomain(t.Context(), admin, ownership.Domain{Company: company, Name: name, Proof: "p", Verified: start}); err != nil {
		t.Fatal(err)
	}
}
