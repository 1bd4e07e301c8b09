package push_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"proprio/push"
	"proprio/resources"
)

func TestLedger(t *testing.T) {
	each(t, []scenario{
		whatCannotBeWrittenKeepsNoOtherFromIt,
		manyResultsAreWrittenTogether,
	})
}

// counted is a store that counts how often results are written, and how many.
type counted struct {
	push.Store
	times, results *int
}

func (c counted) Record(ctx context.Context, l push.Lease, now time.Time, begun map[string]string, results ...push.Result) error {
	if len(results) > 0 {
		*c.times, *c.results = *c.times+1, *c.results+len(results)
	}
	time.Sleep(time.Millisecond) // as a disk that syncs
	return c.Store.Record(ctx, l, now, begun, results...)
}

// picky is a store that refuses one account.
type picky struct {
	push.Store
	refused string
}

func (p picky) Record(ctx context.Context, l push.Lease, now time.Time, begun map[string]string, results ...push.Result) error {
	for _, r := range results {
		if r.Account.ObjectName == p.refused && r.Confirmed {
			return resources.ErrUniqueness
		}
	}
	time.Sleep(time.Millisecond)
	return p.Store.Record(ctx, l, now, begun, results...)
}

func whatCannotBeWrittenKeepsNoOtherFromIt(t *testing.T, w *world) {
	w.engine = w.newEngine(picky{w.db, "p7@atelier.fr"}, "picky")
	for n := range 40 {
		w.user(fmt.Sprintf("p%d", n))
	}
	w.push()
	if s := w.states(); s[push.StateConfirmed] != 39 || s[push.StateFailed] != 1 {
		t.Errorf("states %v", s)
	}
}

func manyResultsAreWrittenTogether(t *testing.T, w *world) {
	times, results := 0, 0
	w.engine = w.newEngine(counted{w.db, &times, &results}, "counted")
	for n := range 100 {
		w.user(fmt.Sprintf("p%d", n))
	}
	w.push()
	if results != 100 || times > 50 {
		t.Errorf("%d results were written in %d transactions", results, times)
	}
	if s := w.states(); s[push.StateConfirmed] != 100 {
		t.Errorf("states %v", s)
	}
}
