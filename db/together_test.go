package db_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jmoiron/sqlx"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

func eachBench(t *testing.T, f func(t *testing.T, b *bench)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { f(t, newBench(t, d)) })
}

func TestTogetherReadsWhatItWroteAndNobodyElseDoes(t *testing.T) {
	t.Parallel()
	eachBench(t, func(t *testing.T, b *bench) {
		anne, group := newUser("anne"), newGroup("G")
		var kept context.Context
		err := b.Together(t.Context(), func(ctx context.Context) error {
			kept = ctx
			if _, err := b.Apply(ctx, b.c, create(anne)); err != nil {
				return err
			}
			if _, err := b.Apply(ctx, b.c, create(group), membership(group, resources.MemberChange{Add: users(anne)})); err != nil {
				return err
			}
			if _, err := b.Get(t.Context(), b.c, anne.Type, anne.ID, resources.With{}); !errors.Is(err, resources.ErrNotFound) {
				t.Errorf("others read what is not committed: %v", err)
			}
			r, err := b.Get(ctx, b.c, anne.Type, anne.ID, resources.With{Groups: true})
			if err == nil && (len(r.Groups) != 1 || r.Groups[0].ID != group.ID) {
				t.Errorf("groups %v", r.Groups)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "entries", len(b.entries(t)), 3)
		if _, err := b.Get(kept, b.c, anne.Type, anne.ID, resources.With{}); !errors.Is(err, context.Canceled) {
			t.Errorf("its context goes on after it: %v", err)
		}
		_, err = b.Get(context.WithoutCancel(kept), b.c, anne.Type, anne.ID, resources.With{})
		if err != nil {
			t.Errorf("who kept its context cannot read on without it: %v", err)
		}
	})
}

func TestTogetherLeavesNoTraceOfWhatFailed(t *testing.T) {
	t.Parallel()
	eachBench(t, func(t *testing.T, b *bench) {
		there := newUser("anne")
		b.apply(t, create(there))
		entries := len(b.entries(t))
		twin, bob, carl, dora := newUser("anne"), newUser("bob"), newUser("carl"), newUser("dora")
		err := b.Together(t.Context(), func(ctx context.Context) error {
			for name, r := range map[string]*resources.Resource{"bob": bob, "dora": dora} {
				if _, err := b.Apply(ctx, b.c, create(r)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				_, err := b.Apply(ctx, b.c, create(carl), create(twin))
				wantError(t, err, resources.ErrUniqueness, "userName")
			}
			undone := b.Together(ctx, func(ctx context.Context) error {
				if _, err := b.Apply(ctx, b.c, remove(bob)); err != nil {
					return err
				}
				if _, err := b.Apply(ctx, b.c, create(newUser("eve"))); err != nil {
					return err
				}
				return resources.ErrForbidden
			})
			if !errors.Is(undone, resources.ErrForbidden) {
				t.Errorf("a part in a part: %v", undone)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "Users", db.Count(t, b.DB, `select count(*) from resources where company_id = ?`, b.c.Company), 3)
		wantEqual(t, "entries", len(b.entries(t)), entries+2)
		b.read(t, bob)
		b.read(t, dora)
	})
}

func TestTogetherIsUndoneByAnError(t *testing.T) {
	t.Parallel()
	eachBench(t, func(t *testing.T, b *bench) {
		err := b.Together(t.Context(), func(ctx context.Context) error {
			if _, err := b.Apply(ctx, b.c, create(newUser("anne"))); err != nil {
				return err
			}
			return resources.ErrForbidden
		})
		if !errors.Is(err, resources.ErrForbidden) {
			t.Errorf("%v", err)
		}
		wantEqual(t, "Users", db.Count(t, b.DB, `select count(*) from resources where company_id = ?`, b.c.Company), 0)
		wantEqual(t, "marks", len(b.marks(t)), 0)
	})
}

func TestTogetherIsRunAgainAsAWhole(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.Config{Data: t.TempDir(), URL: dbtest.PostgresURL(t)})
	b := newBench(t, d)
	runs := 0
	err := b.Together(t.Context(), func(ctx context.Context) error {
		runs++
		if _, err := b.Apply(ctx, b.c, create(newUser(fmt.Sprint("anne", runs)))); err != nil {
			return err
		}
		if runs == 3 {
			return nil
		}
		_ = db.InTx(ctx, d, func(ctx context.Context, tx *sqlx.Tx) error { // nobody looks at this error
			_, err := db.Exec(ctx, d, tx, `do $$ begin raise exception 'try again' using errcode = '40001'; end $$`)
			return err
		})
		if ctx.Err() == nil {
			t.Error("it goes on in vain")
		}
		return ctx.Err()
	})
	if err != nil || runs != 3 {
		t.Fatalf("%d runs, %v", runs, err)
	}
	wantEqual(t, "Users", db.Strings(t, d, `select user_name from resources where company_id = ?`, b.c.Company)[0], "anne3")
}

func TestTogetherDoesNotCommitAfterAReadThatFailed(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.Config{Data: t.TempDir(), URL: dbtest.PostgresURL(t)})
	b := newBench(t, d)
	err := b.Together(t.Context(), func(ctx context.Context) error {
		_, err := b.Apply(ctx, b.c, create(newUser("anne")))
		if err != nil {
			return err
		}
		var n int
		if db.Get(ctx, d, nil, &n, `select 1 / 0`) == nil {
			t.Error("no error")
		}
		return nil
	})
	if err == nil {
		t.Error("said to be committed")
	}
	wantEqual(t, "Users", db.Count(t, d, `select count(*) from resources where company_id = ?`, b.c.Company), 0)
}

// Two that change the same objects in different orders block each other: one of them is run again.
func TestTogetherPartsFromADeadlock(t *testing.T) {
	t.Parallel()
	eachBench(t, func(t *testing.T, b *bench) {
		groups := []*resources.Resource{b.group(t, "A"), b.group(t, "B")}
		person := b.people(t, 2)
		for _, err := range atOnce(2, func(i int) error {
			return b.Together(t.Context(), func(ctx context.Context) error {
				for j := range groups {
					change := membership(groups[(i+j)%2], resources.MemberChange{Add: users(person[i])})
					if _, err := b.Apply(ctx, b.c, change); err != nil {
						return err
					}
				}
				return nil
			})
		}) {
			if err != nil {
				t.Error(err)
			}
		}
		for _, g := range groups {
			wantEqual(t, "members", len(b.memberIDs(t, g)), 2)
		}
	})
}
