package db

import (
	"context"
	"strconv"
	"sync"
	"time"

	"proprio/audit"
	"proprio/resources"
)

// Milestones stand along each list of resources, the order of creation of one type in one company: see migration 00014.
// A total is what the last one has passed and the few resources after it; the n-th resource is found by the milestone before
// it. Neither looks at the whole list.
//
// They are exact at any time. On SQLite there is one writer. On Postgres a transaction that makes or removes resources
// holds milestone_corrections in ROW EXCLUSIVE mode from the trigger on, which looks for milestones only once it has that
// lock; who sets milestones takes SHARE ROW EXCLUSIVE, and counts only once it has that. So, of a writer and a setter:
//
//   - the writer was first: it has ended, and the setter counts what it did
//   - the setter was first: it does not see what the writer did, and the writer, whose statement in the trigger takes its
//     snapshot after the lock, sees the milestones and corrects them
//
// The clock decides nothing: a replica whose clock is behind makes corrections, for its resources stand before a milestone.

// list is a list of resources.
type list struct{ company, typ string }

// milestones looks after the milestones beside the requests: whoever reads a list has it looked at, and who makes it grow.
type milestones struct {
	spacing int // resources between two milestones, at least. After the last one there are one to two times as many
	most    int // milestones of one list, before those that stand closest are put together
	stop    context.CancelFunc
	ctx     context.Context // of all work
	work    sync.WaitGroup
	turn    chan struct{} // one list at a time

	mu    sync.Mutex
	next  map[list]time.Time // when a list is looked at again
	grown map[list]int       // how many resources this process made since it was looked at
}

const (
	milestoneSpacing = 32
	// maxMilestones: a long list has its milestones further apart.
	maxMilestones = 128
	// lookInterval is how often a list is looked at.
	lookInterval = time.Second / 4
	// lookPause is for how long it is not, when a long transaction did not let it: others would wait again.
	lookPause = 20 * time.Second
	maxLooked = 10_000 // lists that are remembered
)

func newMilestones() *milestones {
	m := &milestones{spacing: milestoneSpacing, most: maxMilestones, turn: make(chan struct{}, 1),
		next: map[list]time.Time{}, grown: map[list]int{}}
	m.ctx, m.stop = context.WithCancel(context.Background())
	return m
}

// close ends the work.
func (m *milestones) close() {
	m.stop()
	m.work.Wait()
}

// due says, at most once in an interval, that a list should be looked at.
func (m *milestones) due(l list, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	wait := m.next[l].Sub(now)
	if wait > 0 && wait <= lookPause { // more is a clock that was set back
		return false
	}
	if len(m.next) >= maxLooked {
		clear(m.next)
	}
	m.next[l] = now.Add(lookInterval)
	delete(m.grown, l)
	return true
}

// grow says, each time that maxTail resources were made in a list, that it should be looked at: who reads a list after
// a long first sync finds it looked after.
func (m *milestones) grow(l list, n int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.grown) >= maxLooked {
		clear(m.grown)
	}
	m.grown[l] += n
	return m.grown[l] >= maxTail
}

func (m *milestones) pause(l list, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.next[l] = now.Add(lookPause)
}

// look has a list looked at beside the request, unless another one is.
func (d *DB) look(l list) {
	m := d.milestones
	if m.ctx.Err() != nil || !m.due(l, d.now()) {
		return
	}
	select {
	case m.turn <- struct{}{}:
	default:
		return
	}
	m.work.Go(func() {
		defer func() { <-m.turn }()
		err := d.keepMilestones(m.ctx, l)
		if err != nil && m.ctx.Err() == nil {
			m.pause(l, d.now())
			d.logger.DebugContext(m.ctx, "milestones not set; they are at the next look", "type", l.typ, "error", err)
		}
	})
}

// grew has the lists looked at in which many resources were made.
func (d *DB) grew(c resources.Caller, changes []resources.Change) {
	made := map[list]int{}
	for i := range changes {
		if changes[i].Action == audit.ActionCreate {
			made[list{c.Company, changes[i].Resource.Type}]++
		}
	}
	for l, n := range made {
		if d.milestones.grow(l, n) {
			d.look(l)
		}
	}
}

// lastMilestone is the position of the last milestone of a list: its columns, or such as come before all others.
func lastMilestone(l list) (created, id fragment) {
	args := []any{l.company, l.typ}
	const last = ` from milestones m where m.company_id = ? and m.type = ? order by m.created desc, m.id desc limit 1)`
	return fragment{`coalesce((select m.created` + last + `, ` + firstMoment + `)`, args}, fragment{`coalesce((select m.id` + last + `, '')`, args}
}

// firstMoment is before all times.
const firstMoment = `-9223372036854775808`

// maxTail is how many resources after the last milestone are counted with a page. There are more for a moment only, when
// a list is new or grows fast; then the total is asked for by itself.
const maxTail = 1024

// total is the number of resources in a list, null where more than maxTail come after the last milestone.
func total(l list) fragment {
	return glue(raw(`(`), counted(l), raw(` + nullif((select count(*) from (`), tail(l), fragment{` limit ` + strconv.Itoa(maxTail) + `) as tail), ?))`,
		[]any{maxTail}})
}

// wholeTotal is total, however many come after the last milestone.
func wholeTotal(l list) fragment {
	return glue(raw(`(`), counted(l), raw(` + (select count(*) from (`), tail(l), raw(`) as tail))`))
}

// counted is how many resources there are up to the last milestone.
func counted(l list) fragment {
	return fragment{`(coalesce((select m.passed from milestones m where m.company_id = ? and m.type = ?
			order by m.created desc, m.id desc limit 1), 0)
		+ cast((select coalesce(sum(c.n), 0) from milestone_corrections c where c.company_id = ? and c.type = ?) as bigint))`,
		[]any{l.company, l.typ, l.company, l.typ}}
}

// passedNow is how many resources there are up to a milestone m.
const passedNow = `(m.passed + cast((select coalesce(sum(c.n), 0) from milestone_corrections c
	where c.company_id = m.company_id and c.type = m.type and (c.created, c.id) <= (m.created, m.id)) as bigint))`

// tail selects the resources after the last milestone. The order is for Postgres, which cannot know that they are few.
func tail(l list) fragment {
	created, id := lastMilestone(l)
	return glue(fragment{`select 1 as one from resources t where t.company_id = ? and t.type = ? and (t.created, t.id) > (`,
		[]any{l.company, l.typ}}, created, raw(`, `), id, raw(`) order by t.created, t.id`))
}

// way is a milestone before the resources of a page, and how many it passes: a relation `way` of one row at most. In a
// list that is read from its end it stands after them. Whichever way corrections may move it, it does not come too far.
func way(l list, skip int, down bool) fragment {
	far := fragment{` and m.passed <= ? - (select coalesce(sum(c.n), 0) from milestone_corrections c
		where c.company_id = ? and c.type = ? and c.n > 0) order by m.created desc, m.id desc`, []any{skip, l.company, l.typ}}
	passed := raw(passedNow)
	if down {
		passed = glue(total(l), raw(` - `+passedNow))
		far = glue(raw(` and m.passed >= `), total(l), fragment{` - ? - (select coalesce(sum(c.n), 0) from milestone_corrections c
			where c.company_id = ? and c.type = ? and c.n < 0) order by m.created, m.id`, []any{skip, l.company, l.typ}})
	}
	return glue(raw(`way as (select m.created, m.id, `), passed,
		fragment{` as passed from milestones m where m.company_id = ? and m.type = ?`, []any{l.company, l.typ}}, far, raw(` limit 1)`))
}

// afterWay is the condition that a row of a table comes after the way, and how many of those rows are still to be passed.
func afterWay(table string, skip int, down bool) (after, offset fragment) {
	sign, none := `>`, firstMoment
	if down {
		sign, none = `<=`, `9223372036854775807`
	}
	return raw(`(` + table + `.created, ` + table + `.id) ` + sign + ` (coalesce((select created from way), ` + none + `), coalesce((select id from way), ''))`),
		fragment{`? - coalesce((select passed from way), 0)`, []any{skip}}
}
