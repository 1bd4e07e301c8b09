package db_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// walk reads a company's log from a position on, in pages, until it has met n changes. On Postgres other tests' open
// transactions may hold the log back for a while.
func walk(t *testing.T, d *db.DB, company string, after int64, n int) []audit.Entry {
	t.Helper()
	var all []audit.Entry
	for late := time.Now().Add(time.Minute); time.Now().Before(late); {
		page, err := d.Changes(t.Context(), company, after, 3)
		if err != nil {
			t.Fatal(err)
		}
		if all = append(all, page...); len(all) >= n {
			return all
		}
		if len(page) > 0 {
			after = page[len(page)-1].Seq
		}
	}
	t.Fatalf("the log shows %d changes, want %d: %v", len(all), n, names(all))
	return nil
}

func names(entries []audit.Entry) []string {
	list := make([]string, len(entries))
	for i, e := range entries {
		list[i] = e.ObjectName
	}
	return list
}

// A place in the record is taken before it is committed. A reader must not pass over one that a transaction still holds.
func TestChangesWaitForTheTransactionThatHoldsAnEarlierPlace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if !d.Postgres() {
			t.Skip("SQLite: one transaction writes at a time, so places are taken in the order of commits")
		}
		const company = "c"
		entry := func(name string) audit.Entry {
			return audit.Entry{Company: company, Action: audit.ActionCreate, ObjectType: "User", ObjectName: name, Version: 1}
		}
		held, release, done := make(chan struct{}), make(chan struct{}), make(chan error)
		go func() {
			done <- db.InTx(context.Background(), d, func(ctx context.Context, tx *sqlx.Tx) error {
				// As every change of a resource: a write, and thus a transaction id, before the place in the record.
				_, err := db.Exec(ctx, d, tx, `delete from dirty where company_id = ?`, company)
				if err == nil {
					err = db.AppendIn(ctx, d, tx, entry("first"))
				}
				close(held)
				<-release
				return err
			})
		}()
		<-held
		if err := d.Append(t.Context(), entry("second")); err != nil {
			t.Fatal(err)
		}
		early, err := d.Changes(t.Context(), company, 0, 10)
		if err != nil || len(early) != 0 {
			t.Errorf("while the first is not committed the log shows %v, %v; want nothing", names(early), err)
		}
		if at, err := d.Position(t.Context(), company); err != nil || at != 0 {
			t.Errorf("the log ends at %d, %v; want 0", at, err)
		}
		close(release)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "the log", names(walk(t, d, company, 0, 2)), []string{"first", "second"})
	})
}

// Writers at once: a reader who goes on from where it ended meets each change once, each resource's in order.
func TestChangesAreReadOnceEachWhileManyWrite(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const writers, each = 4, 15
		b := newBench(t, d)
		users := b.people(t, writers)
		for _, u := range users {
			go func() {
				for i := range each {
					r := *u
					r.ExternalID = fmt.Sprint(i)
					_, err := d.Apply(t.Context(), b.c, resources.Change{Action: audit.ActionModify, Resource: &r, SetExternalID: true})
					if err != nil {
						t.Error(err)
					}
				}
			}()
		}
		all := walk(t, d, b.c.Company, 0, writers*(each+1)) // meanwhile
		versions := map[string][]int64{}
		for _, e := range all {
			versions[e.ObjectID] = append(versions[e.ObjectID], e.Version)
		}
		var want []int64
		for i := range each + 1 {
			want = append(want, int64(i+1))
		}
		for _, u := range users {
			wantEqual(t, "versions of a User in the log", versions[u.ID], want)
		}
		if others, err := d.Changes(t.Context(), id(), 0, 10); err != nil || len(others) != 0 {
			t.Errorf("another company's log shows %v, %v", names(others), err)
		}
	})
}

// What an event says of a change is kept in the change's own transaction.
func TestChangesSayWhatEventsNeed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		b.c.Txn = "request 1"
		anna, staff := newUser("anna@a.fr"), newGroup("Staff")
		anna.ExternalID = "anna-1"
		first := create(anna)
		first.SetExternalID = true
		b.apply(t, first, create(staff))
		b.apply(t, membership(staff, resources.MemberChange{Add: users(anna)}))
		b.c.Txn = ""
		b.apply(t, remove(anna))

		entries := walk(t, d, b.c.Company, 0, 5)
		var got []string
		for _, e := range entries {
			got = append(got, fmt.Sprintf("%s %s v%d force=%t %v", e.Action, e.ObjectName, e.Version, e.InForce, e.Changed))
		}
		wantEqual(t, "the log", got, []string{
			"create anna@a.fr v1 force=true []", "create Staff v1 force=true []", "modify Staff v2 force=true []",
			"modify Staff v3 force=true [members]", // the User who was removed has left it
			"remove anna@a.fr v1 force=false []",
		})
		wantEqual(t, "Txn of one request", []string{entries[0].Txn, entries[1].Txn, entries[2].Txn}, slices.Repeat([]string{"request 1"}, 3))
		last := entries[len(entries)-2:]
		if last[0].Txn == "" || last[0].Txn != last[1].Txn || last[0].Txn == "request 1" {
			t.Errorf("a change without a request has Txn %q and %q; want one of its own", last[0].Txn, last[1].Txn)
		}
		wantEqual(t, "externalIds of the removed", last[1].ExternalIDs, map[string]string{b.c.Connection: "anna-1"})
	})
}
