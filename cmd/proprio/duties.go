package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"proprio/db"
)

// dutyStore keeps, for all replicas, who does which duty and when it is due. Its clock is the database's.
type dutyStore interface {
	// TakeDuty leases a duty that is due and that nobody holds; otherwise wait says when to ask again at the latest.
	TakeDuty(ctx context.Context, name, owner string, lease time.Duration) (held bool, wait time.Duration, err error)
	// KeepDuty renews the lease; false: another has it.
	KeepDuty(ctx context.Context, name, owner string, lease time.Duration) (bool, error)
	// EndDuty gives the lease back; the duty is due again so long after it was begun.
	EndDuty(ctx context.Context, name, owner string, again time.Duration, outcome string) error
	// LeaveDuty gives the lease back before the work was done.
	LeaveDuty(ctx context.Context, name, owner string) error
}

const (
	dutyLease = 10 * time.Second // a replica that died holds a duty no longer
	dutyLook  = 3 * time.Second  // between two looks whether a duty is free
	dutyRetry = 5 * time.Minute  // one that failed is due again so soon, whatever its interval
)

// duty is what the cluster does once in each interval.
type duty struct {
	name     string
	interval time.Duration
	do       func(context.Context) error
}

// presence is held by one replica as long as any runs, so that nobody restores a database that is served. The lock of the
// data folder does that for SQLite.
var presence = duty{name: db.DutyServe, do: func(ctx context.Context) error { <-ctx.Done(); return nil }}

// duties does duties on behalf of one replica.
type duties struct {
	store dutyStore
	owner string // unique to this process's life
	lease time.Duration
	look  time.Duration
	log   *slog.Logger
}

// run does a duty whenever it is due and no other replica does it, until ctx ends. A failure is logged; the duty goes on.
func (s *duties) run(ctx context.Context, d duty) error {
	for {
		wait, err := s.turn(ctx, d)
		if err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "duty failed", "duty", d.name, "error", err)
		}
		timer := time.NewTimer(min(max(wait, 0), s.look))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// turn does a duty once if it falls to this replica, and says how long nothing is to be done.
func (s *duties) turn(ctx context.Context, d duty) (wait time.Duration, err error) {
	taken := time.Now()
	held, wait, err := s.store.TakeDuty(ctx, d.name, s.owner, s.lease)
	if err != nil || !held {
		return max(wait, s.look/10), err
	}
	work, stop := context.WithCancelCause(ctx)
	kept := make(chan struct{})
	go func() { defer close(kept); s.keep(work, stop, d.name, taken) }()
	failed := d.do(work)
	lost := context.Cause(work)
	stop(context.Canceled)
	<-kept
	given := context.WithoutCancel(ctx)
	switch {
	case errors.Is(lost, errDutyLost):
		return s.look, errors.Join(lost, failed)
	case ctx.Err() != nil:
		return 0, s.give(given, func(ctx context.Context) error { return s.store.LeaveDuty(ctx, d.name, s.owner) })
	case failed != nil:
		return s.look, errors.Join(failed, s.give(given, func(ctx context.Context) error {
			return s.store.EndDuty(ctx, d.name, s.owner, min(d.interval, dutyRetry), failed.Error())
		}))
	}
	return s.look, s.give(given, func(ctx context.Context) error { return s.store.EndDuty(ctx, d.name, s.owner, d.interval, "") })
}

// give gives a lease back, also when the program is to stop, but not at any price: it runs out by itself.
func (s *duties) give(ctx context.Context, back func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.lease)
	defer cancel()
	return back(ctx)
}

// errDutyLost: the lease could not be kept, so that another replica may do the same by now.
var errDutyLost = errors.New("the lease of the duty is lost; its work was stopped")

// keep renews a lease until ctx ends, and stops the work when it is lost, or was not renewed for so long that it may be.
func (s *duties) keep(ctx context.Context, stop context.CancelCauseFunc, name string, renewed time.Time) {
	ticker := time.NewTicker(s.lease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		asked := time.Now()
		limited, cancel := context.WithDeadline(ctx, renewed.Add(s.lease))
		held, err := s.store.KeepDuty(limited, name, s.owner, s.lease)
		cancel()
		switch {
		case err == nil && held:
			renewed = asked
		case err == nil, time.Since(renewed) >= s.lease:
			stop(errDutyLost)
			return
		case ctx.Err() == nil:
			s.log.WarnContext(ctx, "lease of a duty not renewed; trying again", "duty", name, "error", err)
		}
	}
}
