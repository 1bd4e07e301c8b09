package ownership

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"proprio/audit"
)

const (
	mostReads   = 20   // accounts read one by one; for more, the whole list is read once
	mostWaiting = 1000 // accounts of an app that are remembered; for more, the whole list is read
	mostTries   = 5
	mostApps    = 4 // read at once

	checkQuiet    = time.Second      // accounts wait until an app has confirmed none for so long,
	checkPatience = 10 * time.Second // but no longer than this
	listQuiet     = 5 * time.Second  // the same for reading the whole list
	listPatience  = 10 * time.Minute
	listSpacing   = time.Minute
	firstRetry    = 15 * time.Second // doubles; some apps show a change minutes after they confirmed it
)

// Checker verifies at the target what apps confirmed: it gathers what it hears for a moment, reads the accounts that
// should now differ from what was observed, and has them judged. Nothing it holds outlives it: what is lost, or given up,
// is seen by the next reading of the whole list. Its exported fields are required. It is safe for concurrent use.
type Checker struct {
	Inspector *Inspector
	Reader    SingleReader
	// Paused says whether an app is not to be called. What it confirmed is then left to the next reading.
	Paused func(ctx context.Context, app AppRef) (bool, error)
	Now    func() time.Time
	Log    *slog.Logger

	mu      sync.Mutex
	waiting map[string]*batch // by app id
	running map[string]bool
	listed  map[string]time.Time // when the whole list was last read from here
}

// batch is what one app confirmed and nobody has seen there yet.
type batch struct {
	app         AppRef
	accounts    map[string]Confirmed // by remote id
	whole       bool                 // too many, or an app never read: read the list
	first, last time.Time
	notBefore   time.Time
	tries       int
}

// Confirmed takes note of what an app confirmed. It waits for nothing.
func (c *Checker) Confirmed(app AppRef, accounts []Confirmed) {
	now := c.Now()
	b := &batch{app: app, accounts: make(map[string]Confirmed, len(accounts)), first: now, last: now}
	for _, a := range accounts {
		b.accounts[a.RemoteID] = a
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(b, c.waiting[app.ID])
}

// add merges a batch with an older one of the same app; what is newer counts. The caller holds the lock.
func (c *Checker) add(b, older *batch) {
	if older != nil {
		maps.Copy(older.accounts, b.accounts)
		b.accounts, b.first, b.whole = older.accounts, older.first, older.whole || b.whole
	}
	if len(b.accounts) > mostWaiting {
		b.whole = true
	}
	if b.whole {
		b.accounts = map[string]Confirmed{}
	}
	if c.waiting == nil {
		c.waiting, c.running, c.listed = map[string]*batch{}, map[string]bool{}, map[string]time.Time{}
	}
	c.waiting[b.app.ID] = b
}

// Run verifies until ctx ends.
func (c *Checker) Run(ctx context.Context) error {
	ticker := time.NewTicker(checkQuiet / 2)
	defer ticker.Stop()
	var workers sync.WaitGroup
	defer workers.Wait()
	for {
		c.start(ctx, &workers)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// CheckDue verifies what is due now, and returns when that is done.
func (c *Checker) CheckDue(ctx context.Context) {
	var workers sync.WaitGroup
	c.start(ctx, &workers)
	workers.Wait()
}

// start sets workers on the apps that are due, one on each. An app whose list is being read waits: what the list showed
// may be older than what was confirmed.
func (c *Checker) start(ctx context.Context, workers *sync.WaitGroup) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, b := range c.waiting {
		if len(c.running) >= mostApps {
			return
		}
		if c.running[id] || !c.due(b) || c.Inspector.isReading(b.app) {
			continue
		}
		delete(c.waiting, id)
		c.running[id] = true
		workers.Go(func() { c.work(ctx, b) })
	}
}

func (c *Checker) due(b *batch) bool {
	now := c.Now()
	quiet, patience := checkQuiet, checkPatience
	if b.whole {
		quiet, patience = listQuiet, listPatience
	}
	settled := now.Sub(b.last) >= quiet || now.Sub(b.first) >= patience
	spaced := !b.whole || now.Sub(c.listed[b.app.ID]) >= listSpacing
	return settled && spaced && !now.Before(b.notBefore)
}

// work does one batch; what is left of it waits again.
func (c *Checker) work(ctx context.Context, b *batch) {
	late, err := c.check(ctx, b)
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.running, b.app.ID)
	if b.whole && err == nil {
		c.listed[b.app.ID] = c.Now()
	}
	if len(late) == 0 && err == nil || ctx.Err() != nil {
		return
	}
	b.tries++
	if b.tries > mostTries {
		c.Log.WarnContext(ctx, "what an app confirmed is not seen there; the next reading of its accounts tells",
			"app", b.app.Name, "company", b.app.Company, "accounts", len(late), "error", err)
		return
	}
	b.notBefore = c.Now().Add(firstRetry << (b.tries - 1))
	b.accounts = map[string]Confirmed{}
	for _, a := range late {
		b.accounts[a.RemoteID] = a
	}
	c.again(b)
}

// again has a batch wait once more, behind what the app confirmed meanwhile. The caller holds the lock.
func (c *Checker) again(b *batch) {
	if newer := c.waiting[b.app.ID]; newer != nil {
		c.add(newer, b)
		return
	}
	c.add(b, nil)
}

// check verifies a batch. late are accounts that are to be looked at again.
func (c *Checker) check(ctx context.Context, b *batch) (late []Confirmed, err error) {
	confirmed := slices.Collect(maps.Values(b.accounts))
	paused, err := c.Paused(ctx, b.app)
	if err != nil {
		return confirmed, err
	}
	if paused {
		return nil, nil
	}
	if b.whole {
		return nil, c.Inspector.ReadApp(ctx, audit.Actor{Kind: audit.ActorSystem, Name: "account reader"}, b.app)
	}
	differing, read, err := c.Inspector.differing(ctx, b.app, confirmed)
	if err != nil {
		return confirmed, err
	}
	if read && len(differing) <= mostReads {
		return c.Inspector.Verify(ctx, c.Reader, b.app, differing)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.again(&batch{app: b.app, accounts: map[string]Confirmed{}, whole: true, first: b.first, last: b.last})
	return nil, nil
}
