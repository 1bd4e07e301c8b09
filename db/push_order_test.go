package db_test

import (
	"cmp"
	"context"
	"slices"
	"testing"

	"github.com/jmoiron/sqlx"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/push"
	"proprio/resources"
)

// A change sets marks in the order of their objects. Who takes marks away waits for it in the same order, and holds none
// behind the one that it waits for: else the two would block each other until Postgres ends one, a second later.
func TestMarksAreTakenAwayInTheOrderInWhichTheyAreSet(t *testing.T) {
	t.Parallel()
	for name, take := range map[string]func(context.Context, *unpushed) error{
		"dropped": func(ctx context.Context, u *unpushed) error { return u.d.DropMarks(ctx, u.company, u.read) },
		"planned": func(ctx context.Context, u *unpushed) error {
			planned := make([]push.Planned, len(u.read))
			for i, m := range u.read {
				planned[i].Mark = m
			}
			return u.d.PlanMarks(ctx, u.company, u.now, planned)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newUnpushed(t, dbtest.Open(t, db.Config{Data: t.TempDir(), URL: dbtest.PostgresURL(t)}))
			first := newUser("first@firm.example") // in the order, not in the table
			first.ID = "00000000" + first.ID[8:]
			_, err := u.d.Apply(t.Context(), resources.Caller{Company: u.company}, create(first))
			u.check(err)
			u.read = u.marks()
			slices.SortFunc(u.read, func(a, b push.Mark) int { return cmp.Compare(b.ObjectID, a.ObjectID) })
			taken := make(chan error, 1)
			u.check(db.InTx(t.Context(), u.d, func(ctx context.Context, tx *sqlx.Tx) error {
				_, err := tx.ExecContext(ctx, `update dirty set seq = seq + 1 where company_id = $1 and object_id = $2`, u.company, u.read[1].ObjectID)
				u.check(err)
				go func() { taken <- take(t.Context(), u) }()
				waitForDrop(t, u)
				_, err = tx.ExecContext(ctx, `select from dirty where company_id = $1 and object_id = $2 for update nowait`, u.company, u.read[0].ObjectID)
				return err
			}))
			u.check(<-taken)
			u.wantMarks(1, false)
		})
	}
}
