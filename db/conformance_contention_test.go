package db_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/jmoiron/sqlx"

	"proprio/db"
	"proprio/resources"
)

// atOnce runs f n times at the same moment and returns the errors.
func atOnce(n int, f func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	ready := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-ready
			errs[i] = f(i)
		})
	}
	close(ready)
	wg.Wait()
	return errs
}

// wantOneWinner checks that all but one failed with an error of a kind.
func wantOneWinner(t *testing.T, errs []error, kind error) {
	t.Helper()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, kind) {
			t.Errorf("a loser got %v, want %v", err, kind)
		}
	}
	if won != 1 {
		t.Errorf("%d won, want 1", won)
	}
}

var contentionCases = map[string]func(*testing.T, *bench){
	"of two who create one userName, one wins": func(t *testing.T, b *bench) {
		errs := atOnce(8, func(i int) error {
			name := []string{"Same@firm.example", "same@FIRM.example"}[i%2]
			_, err := b.Apply(t.Context(), b.c, create(newUser(name)))
			return err
		})
		wantOneWinner(t, errs, resources.ErrUniqueness)
	},
	"of two who create one Group name, one wins": func(t *testing.T, b *bench) {
		errs := atOnce(8, func(int) error {
			ch := create(newGroup("Sales"))
			ch.UniqueName = true
			_, err := b.Apply(t.Context(), b.c, ch)
			return err
		})
		wantOneWinner(t, errs, resources.ErrUniqueness)
	},
	"of two who replace one version, one wins": func(t *testing.T, b *bench) {
		u := newUser("a@firm.example")
		b.apply(t, create(u))
		errs := atOnce(8, func(i int) error {
			_, err := b.Apply(t.Context(), b.c, replace(later(u, func(x *resources.Index) { x.DisplayName = fmt.Sprint(i) }), 1))
			return err
		})
		wantOneWinner(t, errs, resources.ErrVersion)
		wantEqual(t, "version", b.read(t, u).Version, int64(2))
	},
	"parallel additions to one Group lose nobody": func(t *testing.T, b *bench) {
		const writers, each = 16, 8
		p := b.people(t, writers*each)
		g := b.group(t, "Everyone")
		for _, err := range atOnce(writers, func(w int) error {
			for i := range each {
				_, err := b.Apply(t.Context(), b.c, membership(g, resources.MemberChange{Add: users(p[w*each+i])}))
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
		got := b.read(t, g)
		wantEqual(t, "members", got.MemberCount, writers*each)
		wantEqual(t, "version", got.Version, int64(1+writers*each))
	},
	"people who leave and people who join at once end in a state that agrees": func(t *testing.T, b *bench) {
		p := b.people(t, 24)
		g1, g2 := b.group(t, "One", p[:12]...), b.group(t, "Two", p[:12]...)
		for i, err := range atOnce(24, func(i int) error {
			if i < 12 {
				_, err := b.Apply(t.Context(), b.c, remove(p[i]))
				return err
			}
			groups := []*resources.Resource{g1, g2}
			if i%2 == 0 {
				slices.Reverse(groups)
			}
			_, err := b.Apply(t.Context(), b.c, membership(groups[0], resources.MemberChange{Add: users(p[i])}),
				membership(groups[1], resources.MemberChange{Add: users(p[i])}))
			return err
		}) {
			if err != nil {
				t.Errorf("%d: %v", i, err)
			}
		}
		wantEqual(t, "members of One", b.read(t, g1).MemberCount, 12)
		wantEqual(t, "members of Two", b.read(t, g2).MemberCount, 12)
	},
	"nobody comes to point to what is being removed": func(t *testing.T, b *bench) {
		boss, clerk := newUser("boss@firm.example"), newUser("clerk@firm.example")
		b.apply(t, create(boss), create(clerk))
		under := func(u *resources.Resource) resources.Change {
			ch := replace(later(u, func(x *resources.Index) { x.Manager, x.DisplayName = boss.ID, "Under "+boss.ID }), 0)
			ch.Refers = []string{boss.ID}
			return ch
		}
		free := func(u *resources.Resource) resources.Change {
			return replace(later(u, func(x *resources.Index) { x.Manager, x.DisplayName = "", "Free" }), 0)
		}
		b.apply(t, under(clerk))
		if _, err := b.Apply(t.Context(), b.c, remove(boss)); !errors.Is(err, resources.ErrVersion) {
			t.Errorf("removed with somebody under it: %v", err)
		}
		b.apply(t, free(clerk), remove(boss))
		if _, err := b.Apply(t.Context(), b.c, under(clerk)); !errors.Is(err, resources.ErrInvalidValue) {
			t.Errorf("under who is gone: %v", err)
		}

		const rivals = 8
		boss = newUser("next@firm.example")
		b.apply(t, create(boss))
		people := b.people(t, rivals)
		errs := atOnce(rivals+1, func(i int) error {
			if i < rivals {
				_, err := b.Apply(t.Context(), b.c, under(people[i]))
				return err
			}
			_, err := b.Apply(t.Context(), b.c, remove(boss))
			return err
		})
		refused := errs[rivals]
		for i, err := range errs[:rivals] {
			if err == nil && refused == nil || err != nil && !errors.Is(err, resources.ErrInvalidValue) {
				t.Errorf("rival %d points to what was removed: %v, the removal: %v", i, err, refused)
			}
		}
		keeps := remove(newUser("x@firm.example"))
		keeps.Resource.ID, keeps.Keepers = boss.ID, []string{}
		for _, p := range people {
			keeps.Keepers = append(keeps.Keepers, p.ID)
		}
		if _, err := b.Apply(t.Context(), b.c, keeps); refused != nil && err != nil {
			t.Errorf("removed with keepers alone: %v", err)
		}
	},
	"a User that is removed while it is added to a Group is in no Group": func(t *testing.T, b *bench) {
		for i := range 10 {
			p, g := newUser(fmt.Sprintf("r%d@firm.example", i)), b.group(t, fmt.Sprintf("Race %d", i))
			b.apply(t, create(p))
			errs := atOnce(2, func(i int) error {
				ch := remove(p)
				if i == 0 {
					ch = membership(g, resources.MemberChange{Add: users(p)})
				}
				_, err := b.Apply(t.Context(), b.c, ch)
				return err
			})
			if errs[1] != nil || errs[0] != nil && !errors.Is(errs[0], resources.ErrInvalidValue) {
				t.Fatalf("add: %v; remove: %v", errs[0], errs[1])
			}
			got := b.read(t, g)
			want := int64(3) // it came, and it went
			if errs[0] != nil {
				want = 1
			}
			if got.MemberCount != 0 || got.Version != want {
				t.Errorf("the Group has %d members at version %d, want 0 at %d", got.MemberCount, got.Version, want)
			}
		}
	},
	"a call whose caller has gone stops and changes nothing": func(t *testing.T, b *bench) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		u := newUser("a@firm.example")
		_, err := b.Apply(ctx, b.c, create(u))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v, want %v", err, context.Canceled)
		}
		_, err = b.Get(t.Context(), b.c, u.Type, u.ID, resources.With{})
		wantError(t, err, resources.ErrNotFound, "")
	},
	"transactions that block each other for good are tried again": func(t *testing.T, b *bench) {
		p := b.people(t, 2)
		touch := func(ctx context.Context, tx *sqlx.Tx, i int) error {
			_, err := db.Exec(ctx, b.DB, tx, `update resources set version = version + 1 where company_id = ? and id = ?`, b.c.Company, p[i].ID)
			return err
		}
		var met sync.WaitGroup // both hold their first row before either asks for its second; only on the first try
		met.Add(2)
		for _, err := range atOnce(2, func(i int) error {
			var first sync.Once
			return db.InTx(t.Context(), b.DB, func(ctx context.Context, tx *sqlx.Tx) error {
				err := touch(ctx, tx, i)
				if err != nil {
					return err
				}
				if b.Postgres() {
					first.Do(func() { met.Done(); met.Wait() })
				}
				return touch(ctx, tx, 1-i)
			})
		}) {
			if err != nil {
				t.Errorf("surfaced: %v", err)
			}
		}
		wantEqual(t, "version", b.read(t, p[0]).Version, int64(3))
	},
}
