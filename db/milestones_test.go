package db_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// A list that changes at random: resources come at its end and, from a replica whose clock is behind, in its middle; they
// go anywhere. After each change, each page by startIndex, in both directions, is the one that OFFSET finds, and the total
// is what count(*) says, wherever milestones were set.
func TestFind_pagesAndTotalsAreThoseOfCounting(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		l := newChanging(t, d, rand.New(rand.NewPCG(seed, 14)))
		most := 0
		for round := range 40 {
			for range 1 + l.IntN(12) {
				l.change(t, round > 25)
			}
			if l.IntN(3) > 0 {
				l.keep(t)
			}
			rows, _ := db.Milestones(t, d, l.c.Company, resources.TypeUser)
			most = max(most, rows)
			l.checkPages(t, fmt.Sprintf("round %d, %d resources, %d milestones", round, len(l.all), rows))
			if t.Failed() {
				return
			}
		}
		if most < 10 {
			t.Errorf("there were never more than %d milestones: the test tells nothing", most)
		}
		if wrong, err := d.Miscounts(t.Context()); err != nil || len(wrong) > 0 {
			t.Errorf("miscounts %+v, %v", wrong, err)
		}
	})
}

// changing is a list of Users that changes.
type changing struct {
	*rand.Rand
	*bench
	clock time.Time
	all   []*resources.Resource
	n     int
}

func newChanging(t *testing.T, d *db.DB, r *rand.Rand) *changing {
	t.Helper()
	db.SetMilestones(d, 3, 12)
	return &changing{Rand: r, bench: newBench(t, d), clock: epoch}
}

func (l *changing) change(t *testing.T, shrink bool) {
	t.Helper()
	if len(l.all) > 0 && (l.IntN(3) == 0 || shrink && l.IntN(3) > 0) {
		i := l.IntN(len(l.all))
		l.apply(t, remove(l.all[i]))
		l.all = slices.Delete(l.all, i, i+1)
		return
	}
	l.n++
	l.clock = l.clock.Add(time.Duration(l.IntN(3)) * time.Second) // several at one moment, too
	r := newUser(fmt.Sprintf("person %d", l.n))
	r.Created = l.clock
	if l.IntN(5) == 0 {
		r.Created = epoch.Add(time.Duration(l.IntN(1+int(l.clock.Sub(epoch)/time.Second))) * time.Second)
	}
	l.apply(t, create(r))
	l.all = append(l.all, r)
}

func (l *changing) keep(t *testing.T) {
	t.Helper()
	if err := db.KeepMilestones(t.Context(), l.DB, l.c.Company, resources.TypeUser); err != nil {
		t.Fatal(err)
	}
}

func (l *changing) checkPages(t *testing.T, what string) {
	t.Helper()
	all := append([]string{}, db.Strings(t, l.DB, `select id from resources where company_id = ? and type = 'User' order by created, id`, l.c.Company)...)
	for _, descending := range []bool{false, true} {
		count := 1 + l.IntN(10)
		for start := 1; start <= len(all)+count; start += 1 + l.IntN(count) {
			q := resources.Query{Type: resources.TypeUser, StartIndex: start, Count: count, Descending: descending}
			page, err := l.Find(t.Context(), l.c, q)
			if err != nil {
				t.Fatalf("%s: %+v: %v", what, q, err)
			}
			want := all[min(start-1, len(all)):min(start-1+count, len(all))]
			if page.Total != len(all) {
				t.Errorf("%s: %+v: total %d, want %d", what, q, page.Total, len(all))
			}
			if diff := cmp.Diff(want, idsOf(page)); diff != "" {
				t.Errorf("%s: %+v (-want +got):\n%s", what, q, diff)
			}
		}
		slices.Reverse(all)
	}
	page, err := l.Find(t.Context(), l.c, resources.Query{Type: resources.TypeUser})
	if err != nil || page.Total != len(all) {
		t.Errorf("%s: the total alone is %+v, %v, want %d", what, page, err, len(all))
	}
}

// Several writers make and remove resources at once while milestones are set and joined. When all of them have ended, each
// count is right.
func TestMilestones_amidWriters(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		db.SetMilestones(d, 3, 100)
		b := newBench(t, d)
		stop := make(chan struct{})
		var setter sync.WaitGroup
		kept := 0
		setter.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				err := db.KeepMilestones(context.WithoutCancel(t.Context()), d, b.c.Company, resources.TypeUser)
				if err != nil && !errors.Is(err, resources.ErrBusy) {
					t.Errorf("keep: %v", err)
					return
				}
				kept++
			}
		})
		var writers sync.WaitGroup
		for w := range 6 {
			writers.Go(func() { b.makeAndRemove(t, w) })
		}
		writers.Wait()
		close(stop)
		setter.Wait()
		rows, _ := db.Milestones(t, d, b.c.Company, resources.TypeUser)
		if kept < 3 || rows < 10 {
			t.Errorf("milestones were kept %d times, and are %d: the test tells nothing", kept, rows)
		}
		if wrong, err := d.Miscounts(t.Context()); err != nil || len(wrong) > 0 {
			t.Errorf("miscounts %+v, %v", wrong, err)
		}
		page, err := b.Find(t.Context(), b.c, resources.Query{Type: resources.TypeUser})
		want := db.Count(t, d, `select count(*) from resources where company_id = ? and type = 'User'`, b.c.Company)
		if err != nil || page.Total != want {
			t.Errorf("total %+v, %v, want %d", page, err, want)
		}
	})
}

// makeAndRemove makes resources one by one and two in one transaction, some of them in the past, and removes two of three.
func (b *bench) makeAndRemove(t *testing.T, writer int) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(writer), 15))
	var mine []*resources.Resource
	for i := range 60 {
		changes := []resources.Change{}
		for range 1 + r.IntN(2) {
			u := newUser(id())
			u.Created = time.Now()
			if r.IntN(3) == 0 {
				u.Created = u.Created.Add(-time.Duration(r.IntN(200)) * time.Millisecond)
			}
			changes, mine = append(changes, create(u)), append(mine, u)
		}
		if i%2 == 1 {
			changes = append(changes, remove(mine[0]))
			mine = mine[1:]
		}
		if _, err := b.Apply(t.Context(), b.c, changes...); err != nil {
			t.Errorf("apply: %v", err)
			return
		}
	}
}

// Whatever has been done to the database by other means, the daily duty finds and cures.
func TestKeepTotals_countsAgainWhatIsWrong(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newChanging(t, d, rand.New(rand.NewPCG(1, 2)))
		for range 60 {
			l.change(t, false)
		}
		l.keep(t)
		db.Write(t, d, `update milestones set passed = passed + 1 where company_id = ? and created = (select max(created) from milestones
			where company_id = ?)`, l.c.Company, l.c.Company)
		wrong, err := d.Miscounts(t.Context())
		want := []db.Miscount{{Company: l.c.Company, Type: resources.TypeUser, Spans: 1}}
		if diff := cmp.Diff(want, wrong); err != nil || diff != "" {
			t.Fatalf("%v (-want +got):\n%s", err, diff)
		}
		if err := d.KeepTotals(t.Context()); err != nil {
			t.Fatal(err)
		}
		if wrong, err := d.Miscounts(t.Context()); err != nil || len(wrong) > 0 {
			t.Errorf("afterwards: %+v, %v", wrong, err)
		}
		l.checkPages(t, "cured")
	})
}

// A list is looked at by those who read it: nobody else has to.
func TestFind_setsMilestonesBesideTheRequest(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newChanging(t, d, rand.New(rand.NewPCG(3, 4)))
		for range 30 {
			l.change(t, false)
		}
		l.checkPages(t, "before, while and after they are set")
		db.WaitForMilestones(d)
		if rows, tail := db.Milestones(t, d, l.c.Company, resources.TypeUser); rows == 0 || tail > 6 {
			t.Errorf("%d milestones, and %d resources after the last one", rows, tail)
		}
		l.checkPages(t, "with them")
	})
}

// A list that only grows is looked after too: who reads it first, after the first sync of an identity provider, does not
// wait for a count.
func TestMilestones_areSetWhileNobodyReads(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		const batch = 100
		for n := range 13 {
			changes := make([]resources.Change, batch)
			for i := range changes {
				changes[i] = create(newUser(fmt.Sprint("person", n*batch+i)))
			}
			b.apply(t, changes...)
		}
		db.WaitForMilestones(d)
		if rows, tail := db.Milestones(t, d, b.c.Company, resources.TypeUser); rows == 0 || tail >= 13*batch-1024 {
			t.Errorf("%d milestones, and %d of %d resources after the last one", rows, tail, 13*batch)
		}
	})
}

// A transaction that makes resources and takes long keeps milestones from being set, not requests from being answered.
func TestMilestones_giveWayToALongTransaction(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.Config{Data: t.TempDir(), URL: dbtest.PostgresURL(t)})
	l := newChanging(t, d, rand.New(rand.NewPCG(5, 6)))
	for range 30 {
		l.change(t, false)
	}
	err := d.Together(t.Context(), func(ctx context.Context) error {
		_, err := l.Apply(ctx, l.c, create(newUser("long")))
		if err == nil && !errors.Is(db.KeepMilestones(t.Context(), d, l.c.Company, resources.TypeUser), resources.ErrBusy) {
			t.Error("milestones were set while a resource was being made")
		}
		l.checkPages(t, "meanwhile")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	l.keep(t)
	if wrong, err := d.Miscounts(t.Context()); err != nil || len(wrong) > 0 {
		t.Errorf("miscounts %+v, %v", wrong, err)
	}
}
