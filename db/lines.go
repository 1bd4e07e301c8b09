package db

import (
	"context"
	"slices"
	"sync"

	"proprio/resources"
)

// lines are where changes of one Group wait for each other, on Postgres. The Group's row is locked until a change is
// committed, so each would wait for the disk after the other. Those that come while one is under way are made together by
// the next that has its turn, in one statement, as requests share a transaction on SQLite (see group). Each has its own
// result, and no change waits for others to come. The zero value is ready.
//
// Other replicas, and changes that name more than one member, wait for the row as ever.
type lines struct {
	mu sync.Mutex
	of map[groupOf][]*move // there while a change is under way, with those that wait in the order of their coming
}

// groupOf is a Group of a company.
type groupOf struct {
	company string
	group   object
}

// move is one member that comes or goes.
type move struct {
	groupOf
	member string
	comes  bool
	args   func() []any // of its entry, for when it is made with others: see notedArgs
	told   chan outcome // holds one: nobody waits in telling
}

// outcome is how a move ended: as it would have by itself, or it is left alone, to be made by itself.
type outcome struct {
	turn, alone bool // turn: it has not ended; its turn has come
	applied     resources.Applied
	ok          bool
	err         error
}

func (o outcome) result() (resources.Applied, bool, error) { return o.applied, o.ok, o.err }

// do makes a move by itself, or together with others when some wait, or has it made by another one. Who gives up waiting
// leaves, as long as nobody has begun to make its move.
func (l *lines) do(ctx context.Context, m *move, itself func() outcome, together func(context.Context, []*move) []outcome) outcome {
	o := l.enter(ctx, m)
	if !o.turn {
		return o
	}
	defer l.pass(m.groupOf)
	if err := ctx.Err(); err != nil {
		return outcome{err: mapError(err)}
	}
	all := l.take(m)
	if len(all) == 1 {
		return itself()
	}
	outcomes := slices.Repeat([]outcome{{alone: true}}, len(all))
	defer func() { // also when the statement panics
		for i, other := range all[1:] {
			other.told <- outcomes[i+1]
		}
	}()
	shared, cancel := ofAll(ctx)
	defer cancel()
	outcomes = together(shared, all)
	return outcomes[0]
}

// ofAll is a context for what is done for others too: it does not end when the caller goes away, but it does when the
// caller's time is over.
func ofAll(ctx context.Context) (context.Context, context.CancelFunc) {
	shared := context.WithoutCancel(ctx)
	if end, ok := ctx.Deadline(); ok {
		return context.WithDeadline(shared, end)
	}
	return shared, func() {}
}

// enter returns when the turn has come, or the move was made.
func (l *lines) enter(ctx context.Context, m *move) outcome {
	l.mu.Lock()
	waiting, busy := l.of[m.groupOf]
	if !busy {
		if l.of == nil {
			l.of = map[groupOf][]*move{}
		}
		l.of[m.groupOf] = nil
		l.mu.Unlock()
		return outcome{turn: true}
	}
	l.of[m.groupOf] = append(waiting, m)
	l.mu.Unlock()
	select {
	case o := <-m.told:
		return o
	case <-ctx.Done():
	}
	if l.leave(m) {
		return outcome{err: mapError(ctx.Err())}
	}
	return <-m.told // it was too late to leave
}

func (l *lines) leave(m *move) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	waiting := l.of[m.groupOf]
	i := slices.Index(waiting, m)
	if i >= 0 {
		l.of[m.groupOf] = slices.Delete(waiting, i, i+1)
	}
	return i >= 0
}

// take returns a move with those that wait and can be made together with it: each of another member.
func (l *lines) take(m *move) []*move {
	l.mu.Lock()
	defer l.mu.Unlock()
	all, members := []*move{m}, map[string]bool{m.member: true}
	var left []*move
	for _, other := range l.of[m.groupOf] {
		if len(all) == maxGroup || members[other.member] {
			left = append(left, other)
			continue
		}
		all, members[other.member] = append(all, other), true
	}
	l.of[m.groupOf] = left
	return all
}

// pass gives the turn to the next.
func (l *lines) pass(p groupOf) {
	l.mu.Lock()
	defer l.mu.Unlock()
	waiting := l.of[p]
	if len(waiting) == 0 {
		delete(l.of, p)
		return
	}
	l.of[p] = waiting[1:]
	waiting[0].told <- outcome{turn: true}
}
