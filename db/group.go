package db

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/resources"
)

const (
	maxGroup    = 64                    // requests that share a transaction at most
	collectTime = 10 * time.Millisecond // past it a group takes no more requests, so that a slow one holds few others
)

// group is the way to SQLite's one writer. Requests that come while a transaction is under way share the next one, and
// with it one wait for the disk: each is a savepoint of it and has its own result. No request waits for others to come.
//
// A baton goes round: whoever has it has the writer. Each member runs its own function in its own goroutine, then hands
// the baton to the next one that waits; the last one commits, and tells all. When the transaction cannot be committed,
// nobody in it is told that it was: each runs again, in a transaction of its own.
type group struct {
	link      *link
	collect   time.Duration
	committed func() // hears of each commit; may be nil

	mu      sync.Mutex
	waiting []*member // in the order of their coming
	taken   bool      // somebody has the baton
	closed  bool
	idle    *sync.Cond // the baton lies free

	// What follows belongs to whoever has the baton.
	tx    *sqlx.Tx  // nil: none is open
	since time.Time // when it began
	ran   []*member // those whose functions are part of it
	alone bool      // it is one member's

	commits, members atomic.Int64 // for the metrics: members / commits is how many share a transaction
}

// txFunc is what runs in a transaction.
type txFunc = func(ctx context.Context, tx *sqlx.Tx) error

// member is one request to write.
type member struct {
	alone bool      // wants a transaction of its own
	told  chan news // holds one: nobody waits in telling
	err   error     // of its function
}

// news is what a member that waits is told: that its turn has come, or how it ended.
type news struct {
	turn bool
	err  error
}

func newGroup(l *link) *group {
	g := &group{link: l, collect: collectTime}
	g.idle = sync.NewCond(&g.mu)
	return g
}

// do runs f in a transaction and returns when that is committed, or f has failed. Once f runs it is not cut off when ctx
// ends: to interrupt a write takes back the whole transaction, which is others' too. A request that is alone may be.
func (g *group) do(ctx context.Context, alone bool, f txFunc) error {
	m := &member{alone: alone, told: make(chan news, 1)}
	err := g.enter(ctx, m)
	if err != nil {
		return err
	}
	inner := ctx
	if !alone {
		inner = context.WithoutCancel(ctx)
	}
	for {
		if err := ctx.Err(); err != nil {
			m.told <- news{err: mapError(err)}
			g.pass()
		} else {
			g.turn(inner, m, f)
		}
		n := <-m.told
		if !n.turn {
			return n.err
		}
	}
}

// quiet runs f while no transaction is open and none can begin.
func (g *group) quiet(ctx context.Context, f func(l *link) error) error {
	err := g.enter(ctx, &member{alone: true, told: make(chan news, 1)})
	if err != nil {
		return err
	}
	defer g.pass()
	return f(g.link)
}

// enter returns when the baton has come.
func (g *group) enter(ctx context.Context, m *member) error {
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return errStopping()
	}
	if !g.taken {
		g.taken = true
		g.mu.Unlock()
		return nil
	}
	g.waiting = append(g.waiting, m)
	g.mu.Unlock()
	select {
	case n := <-m.told:
		return n.err
	case <-ctx.Done():
	}
	if g.leave(m) {
		return mapError(ctx.Err())
	}
	n := <-m.told // it was too late to leave
	return n.err
}

func (g *group) leave(m *member) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, other := range g.waiting {
		if other == m {
			g.waiting = append(g.waiting[:i], g.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// turn runs f as a part of the transaction, and passes the baton on, also when f panics.
func (g *group) turn(ctx context.Context, m *member, f txFunc) {
	if !g.open(ctx, m) {
		g.pass()
		return
	}
	panicked := true
	defer func() {
		if panicked {
			g.undo(m)
			g.pass()
		}
	}()
	m.err = f(ctx, g.tx)
	panicked = false
	switch {
	case g.link.lost: // a full disk, a cancelled write: SQLite took everything back
		m.told <- news{err: mapError(firstError(m.err, errLost))}
		g.again()
	case m.err != nil:
		if g.undo(m) {
			g.ran = append(g.ran, m)
		} else {
			m.told <- news{err: m.err}
		}
	case len(g.ran) == 0:
		g.ran = append(g.ran, m)
	default:
		g.keep(ctx, m)
	}
	g.pass()
}

// open begins a transaction, or a savepoint in the one that is open: the first member needs none.
func (g *group) open(ctx context.Context, m *member) bool {
	if g.tx == nil {
		tx, err := g.link.begin()
		if err != nil {
			if !retryable(err) {
				g.link.drop()
			}
			g.refuse(m, mapError(err))
			return false
		}
		g.tx, g.since, g.alone, g.ran = tx, time.Now(), m.alone, g.ran[:0]
	}
	if len(g.ran) == 0 {
		return true
	}
	err := g.link.run(ctx, "savepoint member")
	if err != nil {
		g.ran = append(g.ran, m)
		g.again()
	}
	return err == nil
}

// keep makes what a member wrote a part of the transaction.
func (g *group) keep(ctx context.Context, m *member) {
	g.ran = append(g.ran, m)
	err := g.link.run(ctx, "release member")
	if err != nil {
		g.again()
	}
}

// undo takes back what a member wrote, and tells whether it still is one of a group: whose result stands only when what
// it saw of the others does.
func (g *group) undo(m *member) bool {
	if len(g.ran) == 0 {
		g.rollback()
		return false
	}
	ctx := context.Background()
	err := firstError(g.link.run(ctx, "rollback to member"), g.link.run(ctx, "release member"))
	if err != nil || g.link.lost {
		g.again()
		return false
	}
	return true
}

func (g *group) rollback() {
	lost := g.link.lost // then there is nothing left to roll back
	err := g.tx.Rollback()
	if err != nil && !lost {
		g.link.drop()
	}
	g.tx, g.ran = nil, g.ran[:0]
}

// again takes the transaction back, and lets each of its members run once more, alone and before all others.
func (g *group) again() {
	members := slices.Clone(g.ran)
	g.rollback()
	for _, m := range members {
		m.alone = true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = append(members, g.waiting...)
}

// refuse tells everybody who waits that no transaction can begin.
func (g *group) refuse(m *member, err error) {
	g.mu.Lock()
	all := append(g.waiting, m)
	g.waiting = nil
	g.mu.Unlock()
	for _, m := range all {
		m.told <- news{err: mapError(err)}
	}
}

// pass hands the baton to the next who can join the transaction, or commits it and begins another group.
func (g *group) pass() {
	if g.tx != nil {
		if next := g.next(true); next != nil {
			next.told <- news{turn: true}
			return
		}
		g.commit()
	}
	if next := g.next(false); next != nil {
		next.told <- news{turn: true}
	}
}

// next is the member that gets the baton: one to join the transaction, or else any.
func (g *group) next(join bool) *member {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 || join && (g.alone || g.waiting[0].alone || len(g.ran) >= maxGroup || time.Since(g.since) > g.collect) {
		if !join {
			g.taken = false
			g.idle.Broadcast()
		}
		return nil
	}
	next := g.waiting[0]
	g.waiting[0] = nil
	g.waiting = g.waiting[1:]
	return next
}

// commit ends the transaction, and tells its members how.
func (g *group) commit() {
	if len(g.ran) == 0 {
		g.rollback()
		return
	}
	err := g.tx.Commit()
	if err != nil && len(g.ran) > 1 {
		g.again()
		return
	}
	g.tx = nil
	if err == nil {
		g.commits.Add(1)
		g.members.Add(int64(len(g.ran)))
		if g.committed != nil {
			g.committed()
		}
	}
	for i, m := range g.ran {
		m.told <- news{err: firstError(m.err, mapError(err))}
		g.ran[i] = nil
	}
	g.ran = g.ran[:0]
}

// close lets the transaction under way end, refuses those who wait, and gives the connection back.
func (g *group) close() {
	g.mu.Lock()
	g.closed = true
	waiting := g.waiting
	g.waiting = nil
	for _, m := range waiting {
		m.told <- news{err: errStopping()}
	}
	for g.taken {
		g.idle.Wait()
	}
	g.mu.Unlock()
	g.link.drop()
}

var errLost = errors.New("the database took the transaction back")

func errStopping() error {
	return resources.Errorf(resources.ErrBusy, "", "the server is stopping; try again later")
}
