package events

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"golang.org/x/sync/semaphore"
)

// Pusher delivers the streams of all companies that ask for push. Several processes share them by leases.
type Pusher struct {
	*Publisher
	Bell     *Bell         // rings when something may have changed; optional
	Interval time.Duration // between looks for what nobody rang for; 0: 1 s
	Owner    string        // names this process
	// Guarded stays out of private networks; Open serves streams that may be in one.
	Guarded, Open http.RoundTripper
	// Begin hears of each turn of a stream and gives it its context; what it returns is called at the end. Optional.
	Begin func(ctx context.Context, work string) (context.Context, func())
}

const (
	pushers    = 8                     // streams that are pushed at once
	pushLease  = 2 * time.Minute       // longer than sending one SET may take
	pushTurn   = 30 * time.Second      // after which another stream's turn may come
	gatherTime = 20 * time.Millisecond // how long the first of many changes waits for the others
	longest    = 10 * time.Minute      // between attempts
)

// Run pushes until ctx ends.
func (p *Pusher) Run(ctx context.Context) error {
	interval := p.Interval
	if interval <= 0 {
		interval = time.Second
	}
	out, workers := newSender(p.Guarded, p.Open), semaphore.NewWeighted(pushers)
	defer func() { _ = workers.Acquire(context.WithoutCancel(ctx), pushers) }() // those at work finish
	for ctx.Err() == nil {
		rung := p.Bell.Wait()
		streams, err := p.Store.StreamsToPush(ctx, p.Now(), 2*pushers)
		if err != nil && ctx.Err() == nil {
			p.Log.ErrorContext(ctx, "event streams to push", "error", err)
		}
		for _, s := range streams {
			if workers.Acquire(ctx, 1) != nil {
				return nil
			}
			go func() {
				defer workers.Release(1)
				if p.turn(ctx, out, s) {
					p.Bell.Ring() // there may be more
				}
			}()
		}
		if err == nil && len(streams) == 0 && !p.awaited(ctx) {
			rung = nil
		}
		wait(ctx, rung, interval)
		wait(ctx, nil, gatherTime)
	}
	return nil
}

// awaited says whether there is a stream to ring for, and so it does when nobody knows: without one, a look at each change
// would find nothing.
func (p *Pusher) awaited(ctx context.Context) bool {
	some, err := p.Store.HasPushStreams(ctx)
	return some || err != nil
}

// wait ends when the bell rings, after a time, or with ctx.
func wait(ctx context.Context, rung <-chan struct{}, long time.Duration) {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-rung:
	case <-timer.C:
	}
}

// turn pushes one stream under a lease. It tells whether anything was delivered.
func (p *Pusher) turn(ctx context.Context, out sender, s Stream) bool {
	if p.Begin != nil {
		begun, end := p.Begin(ctx, "deliver events")
		defer end()
		ctx = begun
	}
	l := Lease{Company: s.Company, Stream: s.ID, Owner: p.Owner + "/" + s.ID + "/" + p.NewID()}
	now := p.Now()
	held, err := p.Store.LeaseStream(ctx, l, now, now.Add(pushLease))
	if err != nil || !held {
		p.failed(ctx, s, "lease", err)
		return false
	}
	delivered, err := p.deliver(ctx, out, l)
	outcome := Outcome{Recovered: err == nil && delivered > 0 && s.Failures > 0}
	if err != nil && ctx.Err() == nil {
		outcome.Failures, outcome.Error = s.Failures+1, err.Error()
		if delivered > 0 {
			outcome.Failures = 1
		}
		outcome.NextAttempt = p.Now().Add(backoff(outcome.Failures))
		p.failed(ctx, s, "push", err)
	}
	err = p.Store.ReleaseStream(context.WithoutCancel(ctx), l, outcome)
	p.failed(ctx, s, "release", err)
	return delivered > 0
}

func (p *Pusher) failed(ctx context.Context, s Stream, doing string, err error) {
	if err != nil && ctx.Err() == nil {
		p.Log.WarnContext(ctx, "event stream", slog.String("doing", doing), slog.String("company", s.Company),
			slog.String("stream", s.ID), slog.String("error", err.Error()))
	}
}

// deliver sends what waits, in order, each until the receiver has answered for it (RFC 8935 §2.3). It goes on while there
// is more, for a turn's time.
func (p *Pusher) deliver(ctx context.Context, out sender, l Lease) (delivered int, err error) {
	end := p.Now().Add(pushTurn)
	for {
		s, err := p.Fill(ctx, l.Company, l.Stream)
		if err != nil || s.Status != Enabled || s.Delivery.Method != Push {
			return delivered, err
		}
		sets, err := p.Store.Queued(ctx, l.Company, l.Stream, false, 20)
		if err != nil || len(sets) == 0 {
			return delivered, err
		}
		tokens, err := p.Signer.Sign(ctx, l.Company, s.Connection, sets)
		if err != nil {
			return delivered, err
		}
		for i, set := range sets {
			now := p.Now()
			held, err := p.Store.LeaseStream(ctx, l, now, now.Add(pushLease))
			if err != nil || !held || now.After(end) {
				return delivered, err
			}
			if err := p.sendOne(ctx, out, s, set, tokens[i]); err != nil {
				return delivered, err
			}
			delivered++
		}
	}
}

// sendOne sends one SET and, once the receiver has it or will never have it, drops it.
func (p *Pusher) sendOne(ctx context.Context, out sender, s Stream, set SET, token string) error {
	note := ""
	err := out.send(ctx, s.Delivery, token)
	var refused refusal
	if errors.As(err, &refused) {
		note, err = set.JTI+": "+refused.Error(), nil
		p.Log.WarnContext(ctx, "security event token refused", "company", s.Company, "stream", s.ID, "reason", note)
	}
	if err != nil {
		return err
	}
	return p.Store.Acknowledge(ctx, s.Company, s.ID, []string{set.JTI}, note)
}

// backoff grows from about a second to minutes. Nothing is given up.
func backoff(failures int) time.Duration {
	d := time.Second << min(failures-1, 20)
	d = min(d, longest)
	return d/2 + rand.N(d/2)
}
