package db_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// TestPrepared_WhatIsUsedStaysPrepared: one client's filters, more than are kept, leave room for what others use, on the
// readers' connections and on the writer's.
func TestPrepared_WhatIsUsedStaysPrepared(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, c db.Config) {
		heard := &spans{under: map[string]string{}}
		c.Trace = heard.trace
		b := newBench(t, dbtest.Open(t, c))
		filters(t, b.DB)
		for n := range 700 {
			db.Write(t, b.DB, fmt.Sprintf(`update companies set name = name where id = 'none' and %d = %d`, n, n))
		}
		group, person := newGroup("Crew"), newUser("anne@firm.example")
		b.apply(t, create(group), create(person))
		ctx := context.WithValue(t.Context(), spanKey{}, "request")
		if _, err := b.Apply(ctx, b.c, membership(group, resources.MemberChange{Add: users(person)})); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Get(ctx, b.c, resources.TypeGroup, group.ID, resources.With{Members: true}); err != nil {
			t.Fatal(err)
		}
		if len(heard.begun) < 3 {
			t.Fatalf("heard only of %q", heard.begun)
		}
		for _, text := range heard.begun {
			if text != db.TransactionSpan && !db.Kept(b.DB, text) {
				t.Errorf("is prepared at each use: %s", text)
			}
		}
	})
}

// filters asks 700 filters of different texts.
func filters(t *testing.T, d *db.DB) {
	t.Helper()
	w := newWorld(d)
	for n := range 700 {
		terms := make([]string, 10)
		for bit := range terms {
			terms[bit] = []string{"title pr", `title co "x"`}[n>>bit&1]
		}
		w.find(t, w.caller, resources.TypeUser, w.bind(t, resources.TypeUser, strings.Join(terms, " or ")))
	}
	if most := db.MostKept(d); most < 500 || most > 520 {
		t.Errorf("%d statements are kept prepared after 700 filters, want about 512", most)
	}
}

// TestPrepared_NoStatementIsClosedWhileItIsUsed: more texts than are kept, used by many at once, in transactions and
// without.
func TestPrepared_NoStatementIsClosedWhileItIsUsed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, err := range atOnce(8, func(i int) error {
			for n := range 700 {
				text := fmt.Sprintf(`select cast(%d as bigint)`, (n+i)%600)
				if err := wantNumber(t.Context(), d, nil, text, (n+i)%600); err != nil {
					return err
				}
				if n%20 > 0 {
					continue
				}
				err := db.InTx(t.Context(), d, func(ctx context.Context, tx *sqlx.Tx) error {
					return wantNumber(ctx, d, tx, text, (n+i)%600)
				})
				if err != nil {
					return err
				}
			}
			return nil
		}) {
			if err != nil {
				t.Error(err)
			}
		}
	})
}

func wantNumber(ctx context.Context, d *db.DB, tx *sqlx.Tx, query string, want int) error {
	got := -1
	err := db.Get(ctx, d, tx, &got, query)
	if err == nil && got != want {
		err = fmt.Errorf("%s: %d", query, got)
	}
	return err
}
