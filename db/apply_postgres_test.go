package db_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// database/sql sends a statement again when its connection breaks, though the first may have been made. The second must
// not be refused for what the first did, nor be noted twice.
func TestAStatementThatIsSentTwiceIsMadeOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if !d.Postgres() {
			t.Skip("on SQLite no connection breaks")
		}
		b := newBench(t, d)
		b.c.Txn = id()
		twice := func(name string, ch resources.Change, want int64) {
			t.Helper()
			for range 2 {
				applied, err := d.Apply(t.Context(), b.c, ch)
				if err != nil || applied[0].Version != want {
					t.Errorf("%s: %+v, %v; want version %d", name, applied, err, want)
				}
			}
		}
		u, g := newUser("anna@firm.example"), newGroup("Staff")
		twice("create", create(u), 1)
		changed := newUser("anna@firm.example")
		changed.ID = u.ID
		changed.Index.DisplayName = "Anna"
		twice("replace", replace(changed, 1), 2)
		b.apply(t, create(g))
		twice("add a member", membership(g, resources.MemberChange{Add: users(u)}), 2)
		twice("remove a member", membership(g, resources.MemberChange{Remove: []string{u.ID}}), 3)
		twice("set externalId", called(g, "g-1"), 4)
		renamed := newGroup("Everybody")
		renamed.ID, renamed.ExternalID = g.ID, "g-1"
		other := replace(renamed, 4)
		other.UniqueName, other.Members = true, &resources.MemberChange{Clear: true, Add: users(u)}
		twice("rename with other members", other, 5)
		if members, err := d.Members(t.Context(), b.c, g.ID, "", 0); err != nil || len(members) != 1 || members[0].ID != u.ID {
			t.Errorf("members %v, %v", members, err)
		}
		twice("remove", remove(g), 5)
		noted := map[audit.Action]int{}
		for _, e := range b.entries(t) {
			noted[e.Action]++
		}
		if len(b.entries(t)) != 8 {
			t.Errorf("%d entries, want one for each of 8 changes: %v", len(b.entries(t)), noted)
		}
		another := b.c
		another.Txn = id()
		if _, err := d.Apply(t.Context(), another, create(u)); err == nil {
			t.Error("another request made the same User again")
		}
	})
}

// called is a change of what the caller's connection calls a resource, and of nothing else.
func called(r *resources.Resource, name string) resources.Change {
	named := *r
	named.ExternalID = name
	return resources.Change{Action: audit.ActionModify, Resource: &named, SetExternalID: true}
}

// Whoever waits for a row keeps a connection. The one who has the row needs another to prepare what it has not asked
// before, and must find it, however many wait.
func TestThoseWhoWaitForARowLeaveAConnectionToTheOneWhoHasIt(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.Config{Data: t.TempDir(), URL: dbtest.PostgresURL(t), Connections: 4})
	b := newBench(t, d)
	u, g := newUser("anna@firm.example"), newGroup("Staff")
	b.apply(t, create(u), create(g))
	var waiting sync.WaitGroup
	err := d.Together(t.Context(), func(ctx context.Context) error {
		changed := *u
		changed.Index.DisplayName = "Anna"
		for _, ch := range []resources.Change{replace(&changed, 1), membership(g, resources.MemberChange{Add: users(u)})} {
			if _, err := d.Apply(ctx, b.c, ch); err != nil {
				return err
			}
		}
		for i := range 12 { // four for each row that is held, and one way to change it
			changed := *u
			changed.Index.DisplayName = fmt.Sprint("Anna ", i)
			ch := []resources.Change{replace(&changed, 1), membership(g, resources.MemberChange{Remove: []string{u.ID, id()}}), remove(u)}[i%3]
			waiting.Go(func() {
				_, _ = d.Apply(t.Context(), b.c, ch) // whoever comes second may be refused
			})
		}
		for db.Writing(d) < 3 {
			time.Sleep(time.Millisecond)
		}
		_, err := d.Types(ctx, b.c, []string{u.ID})
		return err
	})
	waiting.Wait()
	if err != nil {
		t.Error(err)
	}
}
