package db_test

import (
	"testing"

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
		noted := map[audit.Action]int{}
		for _, e := range b.entries(t) {
			noted[e.Action]++
		}
		if len(b.entries(t)) != 5 {
			t.Errorf("%d entries, want one for each of 5 changes: %v", len(b.entries(t)), noted)
		}
		other := b.c
		other.Txn = id()
		if _, err := d.Apply(t.Context(), other, create(u)); err == nil {
			t.Error("another request made the same User again")
		}
	})
}
