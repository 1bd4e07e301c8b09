package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
)

// replica does duties in the background until the returned function is called.
func replica(t *testing.T, store dutyStore, owner string, lease time.Duration, d duty) (stop func()) {
	t.Helper()
	s := &duties{store: store, owner: owner, lease: lease, look: 20 * time.Millisecond, log: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = s.run(ctx, d) })
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	t.Cleanup(stop)
	return stop
}

// next is the next thing said, within a long time.
func next(t *testing.T, said <-chan string) string {
	t.Helper()
	select {
	case s := <-said:
		return s
	case <-time.After(2 * time.Minute):
		t.Fatal("nothing happens")
		return ""
	}
}

// A duty that is under way belongs to one replica, for longer than its lease; on drain the work is told to stop and another
// begins at once.
func TestDuties_goToAnotherReplicaOnDrain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		said, goOn := make(chan string, 8), make(chan struct{})
		work := func(owner string) duty {
			return duty{"work", time.Hour, func(ctx context.Context) error {
				said <- owner + " begins"
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-goOn:
					said <- owner + " ends"
					return nil
				}
			}}
		}
		const lease = 4 * time.Second // more than a busy machine keeps a renewal waiting
		stopA := replica(t, d, "a", lease, work("a"))
		if got := next(t, said); got != "a begins" {
			t.Fatal(got)
		}
		replica(t, d, "b", lease, work("b"))
		renewed(t, d, 3)
		stopA()
		if got := next(t, said); got != "b begins" {
			t.Fatal(got)
		}
		close(goOn)
		if got := next(t, said); got != "b ends" {
			t.Fatal(got)
		}
		if len(said) != 0 {
			t.Errorf("%s: the duty is due in an hour", <-said)
		}
	})
}

// renewed waits until the lease was renewed so often.
func renewed(t *testing.T, d *db.DB, times int) {
	t.Helper()
	for last := (time.Time{}); times >= 0; {
		list, err := d.Duties(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if list[0].Until.After(last) {
			last = list[0].Until
			times--
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// cut is a store that one replica cannot reach any more.
type cut struct {
	dutyStore
	off <-chan struct{}
}

func (c cut) KeepDuty(ctx context.Context, name, owner string, lease time.Duration) (bool, error) {
	select {
	case <-c.off:
		return false, errors.New("no route to host")
	default:
		return c.dutyStore.KeepDuty(ctx, name, owner, lease)
	}
}

// A replica that cannot renew its lease stops its work, because another one may have begun the same.
func TestDuties_stopWhenTheLeaseIsLost(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		said, off := make(chan string, 8), make(chan struct{})
		replica(t, cut{d, off}, "a", 300*time.Millisecond, duty{"work", time.Hour, func(ctx context.Context) error {
			said <- "begins"
			<-ctx.Done()
			said <- context.Cause(ctx).Error()
			return ctx.Err()
		}})
		if got := next(t, said); got != "begins" {
			t.Fatal(got)
		}
		close(off)
		if got := next(t, said); got != errDutyLost.Error() {
			t.Errorf("the work ends with %q", got)
		}
	})
}

// What failed is due again soon, and the reason is kept.
func TestDuties_afterAFailure(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := &duties{store: d, owner: "a", lease: time.Minute, look: time.Second, log: slog.New(slog.DiscardHandler)}
		broken := errors.New("no DNS")
		if _, err := s.turn(t.Context(), duty{"work", 24 * time.Hour, func(context.Context) error { return broken }}); !errors.Is(err, broken) {
			t.Errorf("%v, want the failure for the log", err)
		}
		list, err := d.Duties(t.Context())
		if err != nil || len(list) != 1 || list[0].Outcome != "no DNS" || list[0].Owner != "" || list[0].Due.Sub(list[0].Started) != dutyRetry {
			t.Errorf("%+v %v", list, err)
		}
	})
}
