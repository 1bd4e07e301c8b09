package push

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"proprio/push/profiles"
	"proprio/resources"
	"proprio/scim/client"
)

const (
	// workBatch is how many accounts are taken at once, at first: few, so that a deactivation that comes in during a first push
	// of thousands is next in line. An app that does them within batchTime gets more, up to mostBatch.
	workBatch = 32
	mostBatch = 1024
	batchTime = 250 * time.Millisecond
	// inFlight is how many of a batch are worked on at once. Most of them wait: for a slot of the app, or to be written with
	// the others.
	inFlight = 256
	// streakLimit is how many calls may fail in a row, on different accounts, before the app is taken to be down.
	streakLimit = 5
	// deniedLimit is the same for 403: one object may be protected, several mean that the token lacks the right.
	deniedLimit = 3
)

// worker pushes one app under one lease.
type worker struct {
	engine  *Engine
	app     App
	profile profiles.Profile
	lease   Lease
	ledger  *ledger
	client  Remote
	limiter *rate.Limiter
	census  *census
	log     *slog.Logger

	mu      sync.Mutex
	blocked *failure // set once the app is to be left alone
	streak  int
	denied  int
	failing int // App.Failures as stored

	holds     int            // what the app held when removals were first counted; 0: not counted yet
	confirmed []Confirmation // since tell was last called
}

// run takes due accounts until there are none, or the app is blocked.
func (w *worker) run(ctx context.Context) error {
	for size := workBatch; ctx.Err() == nil && w.block() == nil; {
		if w.suspect() {
			size = 1 // the app failed before: one call tells whether it is back
		}
		due, err := w.engine.Store.DueAccounts(ctx, w.lease, w.engine.Now(), size)
		if err != nil {
			return fmt.Errorf("read the due accounts: %w", err)
		}
		if len(due) == 0 {
			return nil
		}
		if same, err := w.unchanged(ctx); err != nil || !same {
			return err // what is due may be so because of the app's new settings: it is read again with them
		}
		if due, err = w.guard(ctx, due); err != nil {
			return fmt.Errorf("look whether too many go: %w", err)
		}
		w.census.take(ctx, w, due)
		began := time.Now()
		err = w.batch(ctx, due)
		w.tell(ctx)
		if err != nil {
			return err
		}
		size = workBatch
		if len(due) >= workBatch && time.Since(began) < batchTime {
			size = min(2*len(due), mostBatch)
		}
	}
	return ctx.Err()
}

// unchanged says whether the app is still as it was when the worker began, but for its block.
func (w *worker) unchanged(ctx context.Context) (bool, error) {
	now, err := w.engine.Store.App(ctx, w.app.Company, w.app.ID)
	if err != nil {
		return false, fmt.Errorf("read the app again: %w", err)
	}
	was := w.app
	for _, a := range []*App{&now, &was} {
		a.BlockedUntil, a.BlockedSince, a.BlockedReason, a.Failures = time.Time{}, time.Time{}, "", 0
	}
	return reflect.DeepEqual(now, was), nil
}

// batch does the work of some accounts.
func (w *worker) batch(ctx context.Context, due []Account) error {
	administrators, others, err := w.spared(ctx, due)
	if err != nil {
		return err
	}
	g := errgroup.Group{}
	g.SetLimit(max(inFlight, w.profile.Rate.Concurrency))
	for _, a := range others {
		g.Go(func() error { return w.process(ctx, a) })
	}
	err = g.Wait()
	for _, a := range administrators {
		if err == nil {
			err = w.process(ctx, a)
		}
	}
	return err
}

// process does one account's work and has its result written. An error is the store's, never the app's.
func (w *worker) process(ctx context.Context, a Account) error {
	if w.block() != nil || ctx.Err() != nil {
		return nil
	}
	j := &job{app: w.app, profile: w.profile, store: w.engine.Store, resources: w.engine.Resources, rulebook: w.engine.rulebook, ledger: w.ledger, census: w.census, now: w.engine.Now(), account: a}
	j.client = w.client.Recording(func(x client.Exchange) {
		j.record(x)
		w.heard(ctx, x)
	})
	err := w.work(ctx, j)
	f, failed := isFailure(err)
	if err != nil && !failed && ctx.Err() == nil {
		return fmt.Errorf("account %s (%s): %w", a.ID, a.ObjectName, err)
	}
	if failed {
		w.note(ctx, f)
	}
	return w.finish(ctx, j, a, err)
}

// work does what is due: a change, or the look whether an earlier one has arrived.
func (w *worker) work(ctx context.Context, j *job) error {
	if j.account.State == StateAccepted {
		return w.verify(ctx, j)
	}
	return j.run(ctx)
}

// finish has the result written, also when ctx has ended: what the app has done must be known.
func (w *worker) finish(ctx context.Context, j *job, before Account, err error) error {
	now := w.engine.Now()
	r := j.result(now)
	w.settle(&r, j, before, err, now, ctx.Err() != nil)
	r.follow(now)
	err = w.ledger.finish(ctx, r, now)
	if errors.Is(err, resources.ErrUniqueness) {
		// Another account of the directory took the same remote account while this one was at work.
		r = Result{Account: before, Attempts: r.Attempts}
		f := needs(ClassNeedsData, "another of the directory already holds this account of the app: two cannot share it")
		w.settle(&r, j, before, f, now, false)
		r.follow(now)
		err = w.ledger.finish(ctx, r, now)
	}
	if err != nil {
		return fmt.Errorf("record the result for account %s (%s): %w", before.ID, before.ObjectName, err)
	}
	w.confirm(before, r)
	return nil
}

// settle decides what the row says of the outcome and when it is tried again.
func (w *worker) settle(r *Result, j *job, before Account, err error, now time.Time, interrupted bool) {
	a := &r.Account
	r.Retired = live(before) && !live(*a) // also where something else about it failed
	f, failed := isFailure(err)
	switch {
	case err == nil && j.state == StateAccepted:
		a.State, a.Class, a.Error = StateAccepted, "", ""
		a.NextAttempt = now.Add(time.Duration(w.profile.Answers.Ahead) * time.Minute)
	case err == nil:
		r.Confirmed = true
		a.State, a.Class, a.Error, a.Attempts = j.state, "", j.note, 0
	case !failed, interrupted, f.skipped:
		// Nothing was learnt about the account; it is as due as it was.
		a.State, a.Class, a.Error = before.State, before.Class, before.Error
	case f.appWide:
		a.State, a.Class, a.Error = StateFailed, f.class, f.words // the app's block says when
	default:
		a.State, a.Class, a.Error = StateFailed, f.class, f.words
		a.Attempts++
		a.NextAttempt = now.Add(max(f.retryAfter, retryDelay(f.class, a.Attempts, w.engine.Rand())))
	}
	if failed && f.class != ClassTransient && !f.skipped {
		w.log.Warn("account not pushed", "account", a.ID, "type", a.ObjectType, "object", a.ObjectID, "class", f.class, "error", f.words)
	}
}

// follow notes with the last exchange what follows it.
func (r *Result) follow(now time.Time) {
	if len(r.Attempts) == 0 || r.Confirmed {
		return
	}
	last := &r.Attempts[len(r.Attempts)-1]
	last.Class = r.Account.Class
	if r.Account.NextAttempt.After(now) {
		last.Next = r.Account.NextAttempt
	}
}

// pace is asked before each call: it waits for the app's rate, and stops calls once the app is blocked.
func (w *worker) pace(ctx context.Context) error {
	if f := w.block(); f != nil {
		return &failure{class: f.class, words: f.words, appWide: true, skipped: true}
	}
	return w.limiter.Wait(ctx)
}

func (w *worker) block() *failure {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.blocked
}

func (w *worker) suspect() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failing > 0
}

// heard notes that the app did what was asked: whatever was wrong with it is over.
func (w *worker) heard(ctx context.Context, x client.Exchange) {
	if x.Err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.streak, w.denied = 0, 0
	if w.failing == 0 || w.blocked != nil {
		return
	}
	w.failing = 0
	if err := w.engine.Store.BlockApp(context.WithoutCancel(ctx), w.app.Company, w.app.ID, time.Time{}, "", 0); err != nil {
		w.log.Error("app not released from its block", "error", err)
		return
	}
	w.log.Info("app answers again")
}

// note takes a failure into account for the whole app.
func (w *worker) note(ctx context.Context, f *failure) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ctx.Err() != nil || w.blocked != nil || f.skipped {
		return
	}
	var refused *client.Error
	answered := errors.As(f.cause, &refused)
	denied := answered && refused.Status == 403
	switch {
	case f.appWide:
	case denied:
		w.denied++
		if w.denied < deniedLimit {
			return
		}
		f.words += ". The app refused this for several in a row: check the token's rights"
		f.appWide, f.quarantine = true, true
	case f.class == ClassTransient:
		w.streak++
		if answered && refused.Status == http.StatusTooManyRequests {
			w.streak++ // it does not say how long it wants to be left alone, but that it does
		}
		if w.streak < streakLimit {
			return
		}
	default:
		w.streak = 0 // it answered
		return
	}
	w.blocked = f
	w.failing++
	now := w.engine.Now()
	delay := blockDelay(f.quarantine, w.failing, w.engine.Rand())
	if f.retryAfter > 0 {
		delay = f.retryAfter
	}
	w.log.Warn("app blocked", "for", delay, "quarantine", f.quarantine, "reason", f.words)
	err := w.engine.Store.BlockApp(context.WithoutCancel(ctx), w.app.Company, w.app.ID, now.Add(delay), f.words, w.failing)
	if err != nil {
		w.log.Error("app's block not stored", "error", err)
	}
}
