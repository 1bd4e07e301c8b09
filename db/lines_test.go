package db_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// line is a Group whose row is held, with changes that wait for it.
type line struct {
	*bench
	group   *resources.Resource
	free    func() // lets the row go
	answers []chan answer
}

type answer struct {
	resources.Applied
	err error
}

// hold runs a statement in a transaction that ends when the returned function is called.
func (b *bench) hold(t *testing.T, query string, args ...any) (free func()) {
	t.Helper()
	held, end, over := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		over <- db.InTx(context.WithoutCancel(t.Context()), b.DB, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := db.Exec(ctx, b.DB, tx, query, args...)
			close(held)
			<-end
			return err
		})
	}()
	<-held
	return func() {
		close(end)
		if err := <-over; err != nil {
			t.Error(err)
		}
	}
}

// inLine has a first change under way, which waits for the Group's row, so that those that come wait for it.
func inLine(t *testing.T, d *db.DB, b *bench, g *resources.Resource, first resources.MemberChange) *line {
	t.Helper()
	l := &line{bench: b, group: g}
	l.free = b.hold(t, `select id from resources where company_id = ? and id = ? for update`, b.c.Company, g.ID)
	l.join(t, t.Context(), b.c, first)
	return l
}

// join sends a change, and returns once it is under way or waits.
func (l *line) join(t *testing.T, ctx context.Context, c resources.Caller, m resources.MemberChange) {
	t.Helper()
	result := make(chan answer, 1)
	l.answers = append(l.answers, result)
	before := db.InLine(l.DB)
	go func() {
		applied, err := l.Apply(ctx, c, membership(l.group, m))
		if err != nil {
			applied = make([]resources.Applied, 1)
		}
		result <- answer{applied[0], err}
	}()
	for db.InLine(l.DB) == before {
		time.Sleep(50 * time.Microsecond)
	}
}

func (l *line) end() []answer {
	l.free()
	all := make([]answer, len(l.answers))
	for i, a := range l.answers {
		all[i] = <-a
	}
	return all
}

func onPostgres(t *testing.T, f func(t *testing.T, d *db.DB)) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if !d.Postgres() {
			t.Skip("SQLite's writer has its own way: see group")
		}
		f(t, d)
	})
}

func TestLines_ChangesOfOneGroupAreMadeTogetherAndEachHasItsOwnResult(t *testing.T) {
	onPostgres(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		p := b.people(t, 8)
		inner := b.group(t, "Inner")
		g := b.group(t, "Staff", p[5], p[6])
		other := b.c
		other.Connection, other.Txn, other.Actor.Name = id(), id(), "Okta"
		named := membership(g, resources.MemberChange{})
		named.Members, named.SetExternalID, named.Resource.ExternalID = nil, true, "g-1"
		if _, err := d.Apply(t.Context(), other, named); err != nil {
			t.Fatal(err)
		}
		before := len(b.entries(t))
		b.clearMarks(t)
		l := inLine(t, d, b, g, resources.MemberChange{Add: users(p[0])})
		for _, step := range []struct {
			c resources.Caller
			m resources.MemberChange
		}{
			{b.c, resources.MemberChange{Add: users(p[1])}},
			{other, resources.MemberChange{Add: users(p[2])}},
			{b.c, resources.MemberChange{Add: []resources.Member{{ID: id()}}}}, // nobody
			{b.c, resources.MemberChange{Remove: []string{p[5].ID}}},
			{b.c, resources.MemberChange{Add: users(p[6])}},          // is a member
			{b.c, resources.MemberChange{Remove: []string{p[7].ID}}}, // is none
			{b.c, resources.MemberChange{Add: []resources.Member{{ID: inner.ID}}}},
			{b.c, resources.MemberChange{Remove: []string{p[1].ID}}}, // came just before
		} {
			l.join(t, t.Context(), step.c, step.m)
		}
		var versions []int64
		for i, a := range l.end() {
			switch {
			case i == 3:
				wantError(t, a.err, resources.ErrInvalidValue, "members")
			case a.err != nil:
				t.Errorf("change %d: %v", i, a.err)
			case a.Changed != (i != 5 && i != 6):
				t.Errorf("change %d: changed is %v", i, a.Changed)
			case a.Changed:
				versions = append(versions, a.Version)
				wantEqual(t, "version of the state after it", a.Resource.Version, a.Version)
				want := map[bool]string{true: "g-1"}[i == 2]
				wantEqual(t, "externalId of the caller's connection", a.Resource.ExternalID, want)
			}
		}
		wantEqual(t, "versions", versions, []int64{3, 4, 5, 6, 7, 8})
		var noted []int64
		for _, e := range b.entries(t)[:len(b.entries(t))-before] {
			noted = append(noted, e.Version)
			wantEqual(t, "entry of Okta", e.Actor.Name == "Okta" && e.Txn == other.Txn && e.ExternalIDs[other.Connection] == "g-1", e.Version == 5)
			wantEqual(t, "entry", e.ObjectID == g.ID && e.ObjectName == "Staff" && e.InForce, true)
		}
		slices.Sort(noted)
		wantEqual(t, "versions of the entries", noted, versions)
		want := []string{p[0].ID, p[2].ID, p[6].ID, inner.ID}
		got := b.memberIDs(t, g)
		slices.Sort(want)
		slices.Sort(got)
		wantEqual(t, "members", got, want)
		wantEqual(t, "version", b.read(t, g).Version, int64(8))
		wantEqual(t, "marks", len(b.marks(t)), 6) // the Group, four who came, one who left
	})
}

func TestLines_ManyWhoWaitForOneGroupAreAllMade(t *testing.T) {
	onPostgres(t, func(t *testing.T, d *db.DB) {
		const waiting = 100 // more than are made together
		b := newBench(t, d)
		p := b.people(t, waiting+1)
		l := inLine(t, d, b, b.group(t, "Everyone"), resources.MemberChange{Add: users(p[0])})
		for i := range waiting {
			l.join(t, t.Context(), b.c, resources.MemberChange{Add: users(p[i+1])})
		}
		seen := map[int64]bool{}
		for _, a := range l.end() {
			if a.err != nil || seen[a.Version] {
				t.Errorf("version %d (again: %v), %v", a.Version, seen[a.Version], a.err)
			}
			seen[a.Version] = true
		}
		got := b.read(t, l.group)
		wantEqual(t, "members", got.MemberCount, waiting+1)
		wantEqual(t, "version", got.Version, int64(waiting+2))
		wantEqual(t, "left in line", db.InLine(d), 0)
	})
}

func TestLines_WhoGivesUpWaitingLeavesNothingAndHindersNobody(t *testing.T) {
	onPostgres(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		p := b.people(t, 3)
		l := inLine(t, d, b, b.group(t, "Staff"), resources.MemberChange{Add: users(p[0])})
		ctx, cancel := context.WithCancel(t.Context())
		l.join(t, ctx, b.c, resources.MemberChange{Add: users(p[1])})
		l.join(t, t.Context(), b.c, resources.MemberChange{Add: users(p[2])})
		cancel()
		if a := <-l.answers[1]; !errors.Is(a.err, context.Canceled) {
			t.Errorf("the one who gave up got %v", a.err)
		}
		l.answers[1] <- answer{}
		for i, a := range l.end() {
			if a.err != nil {
				t.Errorf("change %d: %v", i, a.err)
			}
		}
		wantEqual(t, "members", b.memberIDs(t, l.group), []string{p[0].ID, p[2].ID})
	})
}

// What is made together waits for what one of them waits for: a User whose row another transaction holds.
func TestLines_WhoMakesTheChangesOfOthersGoesAway(t *testing.T) {
	onPostgres(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		p := b.people(t, 3)
		l := inLine(t, d, b, b.group(t, "Staff"), resources.MemberChange{Add: users(p[0])})
		free := b.hold(t, `select id from resources where company_id = ? and id = ? for update`, b.c.Company, p[2].ID)
		ctx, cancel := context.WithCancel(t.Context())
		l.join(t, ctx, b.c, resources.MemberChange{Add: users(p[1])})
		l.join(t, t.Context(), b.c, resources.MemberChange{Add: users(p[2])})
		l.free()
		for db.InLine(d) > 1 { // the second has its turn and has taken the third
			time.Sleep(50 * time.Microsecond)
		}
		cancel()
		l.free = free
		for i, a := range l.end() {
			if i != 1 && a.err != nil {
				t.Errorf("change %d: %v", i, a.err)
			}
		}
		got := b.memberIDs(t, l.group)
		wantEqual(t, "the others' members", slices.Contains(got, p[0].ID) && slices.Contains(got, p[2].ID), true)
	})
}

func TestLines_AMemberWhoIsDeletedMeanwhileIsRefusedAlone(t *testing.T) {
	onPostgres(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		p := b.people(t, 4)
		l := inLine(t, d, b, b.group(t, "Staff"), resources.MemberChange{Add: users(p[0])})
		leave := b.hold(t, `delete from resources where company_id = ? and id = ?`, b.c.Company, p[2].ID)
		for _, who := range p[1:] {
			l.join(t, t.Context(), b.c, resources.MemberChange{Add: users(who)})
		}
		l.free()
		for db.InLine(d) > 1 {
			time.Sleep(50 * time.Microsecond)
		}
		l.free = leave
		for i, a := range l.end() {
			if i == 2 {
				wantError(t, a.err, resources.ErrInvalidValue, "members")
			} else if a.err != nil {
				t.Errorf("change %d: %v", i, a.err)
			}
		}
		wantEqual(t, "members", b.memberIDs(t, l.group), []string{p[0].ID, p[1].ID, p[3].ID})
		wantEqual(t, "version", b.read(t, l.group).Version, int64(4))
	})
}

// The processes of two replicas, of which each has a line of its own, and changes of several members, which stand in none.
func TestLines_NothingIsLostAmongReplicasAndChangesOfEveryKind(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, c db.Config) {
		const workers, rounds = 12, 6
		replicas := []*db.DB{dbtest.Open(t, c)}
		if replicas[0].Postgres() {
			replicas = append(replicas, dbtest.Open(t, c))
		}
		b := newBench(t, replicas[0])
		p := b.people(t, 2*workers)
		g := b.group(t, "Everyone")
		before := len(b.entries(t))
		versions := make([][]int64, workers)
		for i, err := range atOnce(workers, func(w int) error {
			first, second := p[2*w], p[2*w+1]
			for round := range rounds {
				changes := []resources.MemberChange{{Add: users(first)}, {Add: users(second)}, {Remove: []string{first.ID}}, {Remove: []string{second.ID}}}
				if round%2 == 1 {
					changes = []resources.MemberChange{{Add: users(first, second)}, {Remove: []string{first.ID, second.ID}}}
				}
				for _, m := range changes {
					applied, err := replicas[w%len(replicas)].Apply(t.Context(), b.c, membership(g, m))
					if err != nil {
						return err
					}
					if !applied[0].Changed {
						return fmt.Errorf("round %d: %+v changed nothing", round, m)
					}
					versions[w] = append(versions[w], applied[0].Version)
				}
			}
			return nil
		}) {
			if err != nil {
				t.Errorf("worker %d: %v", i, err)
			}
			if !slices.IsSorted(versions[i]) {
				t.Errorf("worker %d saw versions go back: %v", i, versions[i])
			}
		}
		const changes = workers * rounds * 3
		all := slices.Sorted(slices.Values(slices.Concat(versions...)))
		wantEqual(t, "versions that differ", len(slices.Compact(slices.Clone(all))), changes)
		noted := map[int64]int{}
		for _, e := range b.entries(t)[:len(b.entries(t))-before] {
			noted[e.Version]++
		}
		for _, v := range all {
			if noted[v] != 1 {
				t.Errorf("version %d has %d entries", v, noted[v])
			}
		}
		wantEqual(t, "entries", len(noted), changes)
		got := b.read(t, g)
		wantEqual(t, "version", got.Version, int64(1+changes))
		wantEqual(t, "members", got.MemberCount, 0)
	})
}
