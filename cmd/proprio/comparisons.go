package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"proprio/audit"
	"proprio/push"
)

// comparisons compares apps with the directory beside the requests that ask for it: a large app takes minutes. The result
// is kept in the database.
type comparisons struct {
	engine *push.Engine
	read   func(ctx context.Context, by audit.Actor, app push.App) error // reads the app's own account list
	log    *slog.Logger
	asked  chan asked

	mu      sync.Mutex
	running map[string]bool // by app
}

// asked is a comparison that somebody waits for.
type asked struct {
	by     audit.Actor
	app    push.App
	repair bool
	done   chan struct{} // closed when it is finished
}

func newComparisons(c *core) *comparisons {
	read := func(ctx context.Context, by audit.Actor, app push.App) error {
		return c.inspector.ReadApp(ctx, by, appRef(app))
	}
	return &comparisons{engine: c.engine, read: read, log: c.log, asked: make(chan asked), running: map[string]bool{}}
}

// run makes comparisons until ctx ends, and waits for those under way, which end with it.
func (c *comparisons) run(ctx context.Context) {
	var under sync.WaitGroup
	defer under.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case a := <-c.asked:
			under.Go(func() { c.compare(ctx, a) })
		}
	}
}

func (c *comparisons) compare(ctx context.Context, a asked) {
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.running, a.app.ID)
		close(a.done)
	}()
	if a.app.InSetup() { // nobody has read who is there
		if err := c.read(ctx, a.by, a.app); err != nil {
			c.log.WarnContext(ctx, "accounts not read", "app", a.app.Name, "company", a.app.Company, "error", err)
		}
	}
	if _, err := c.engine.Reconcile(ctx, a.by, a.app, a.repair); err != nil {
		c.log.WarnContext(ctx, "app not compared with the directory", "app", a.app.Name, "company", a.app.Company, "error", err)
	}
}

// begin has an app compared, unless it is being compared here, and waits for a moment: a small one is done by then.
func (c *comparisons) begin(ctx context.Context, by audit.Actor, app push.App, repair bool) error {
	c.mu.Lock()
	already := c.running[app.ID]
	c.running[app.ID] = true
	c.mu.Unlock()
	if already {
		return nil
	}
	a := asked{by: by, app: app, repair: repair, done: make(chan struct{})}
	select {
	case c.asked <- a:
	case <-ctx.Done():
		c.mu.Lock()
		delete(c.running, app.ID)
		c.mu.Unlock()
		return ctx.Err()
	}
	moment := time.NewTimer(2 * time.Second)
	defer moment.Stop()
	select {
	case <-a.done:
	case <-moment.C:
	case <-ctx.Done():
	}
	return nil
}

// goesOn says whether an app is being compared here.
func (c *comparisons) goesOn(app string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.running[app]
}
