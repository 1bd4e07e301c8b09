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
	asked  chan *turn

	mu    sync.Mutex
	turns map[string]*turn // by app
}

// asked is a comparison that somebody waits for.
type asked struct {
	by     audit.Actor
	app    push.App
	repair bool
	done   chan struct{} // closed when it is finished
}

// covers says that a comparison tells whoever asks for another one what they want to know.
func (a *asked) covers(b *asked) bool {
	return a.app.Mark() == b.app.Mark() && (a.repair || !b.repair)
}

// turn is an app that is being compared: now, and once more after that when it was asked for otherwise meanwhile.
type turn struct{ now, next *asked }

func newComparisons(c *core) *comparisons {
	read := func(ctx context.Context, by audit.Actor, app push.App) error {
		return c.inspector.ReadApp(ctx, by, appRef(app))
	}
	return &comparisons{engine: c.engine, read: read, log: c.log, asked: make(chan *turn), turns: map[string]*turn{}}
}

// run makes comparisons until ctx ends, and waits for those under way, which end with it.
func (c *comparisons) run(ctx context.Context) {
	var under sync.WaitGroup
	defer under.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case t := <-c.asked:
			under.Go(func() {
				for a := t.now; a != nil; a = c.after(t) {
					c.compare(ctx, a)
				}
			})
		}
	}
}

// after ends a comparison, and returns the one that was asked for meanwhile.
func (c *comparisons) after(t *turn) *asked {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(t.now.done)
	if t.next == nil {
		delete(c.turns, t.now.app.ID)
	}
	t.now, t.next = t.next, nil
	return t.now
}

// drop takes back a turn that nobody has begun.
func (c *comparisons) drop(t *turn) {
	for c.after(t) != nil {
	}
}

func (c *comparisons) compare(ctx context.Context, a *asked) {
	if a.app.InSetup() { // nobody has read who is there
		if err := c.read(ctx, a.by, a.app); err != nil {
			c.log.WarnContext(ctx, "accounts not read", "app", a.app.Name, "company", a.app.Company, "error", err)
		}
	}
	if _, err := c.engine.Reconcile(ctx, a.by, a.app, a.repair); err != nil {
		c.log.WarnContext(ctx, "app not compared with the directory", "app", a.app.Name, "company", a.app.Company, "error", err)
	}
}

// begin has an app compared, and waits for a moment: a small one is done by then. While it is being compared as it was before,
// the newest that is asked for comes after.
func (c *comparisons) begin(ctx context.Context, by audit.Actor, app push.App, repair bool) error {
	a, first := c.queue(&asked{by: by, app: app, repair: repair, done: make(chan struct{})})
	if first != nil {
		select {
		case c.asked <- first:
		case <-ctx.Done():
			c.drop(first)
			return ctx.Err()
		}
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

// queue returns the comparison that answers what is asked for, and the app's turn when it has to begin.
func (c *comparisons) queue(a *asked) (answer *asked, first *turn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.turns[a.app.ID]
	switch {
	case t == nil:
		t = &turn{now: a}
		c.turns[a.app.ID] = t
		return a, t
	case t.next == nil && t.now.covers(a):
		return t.now, nil
	case t.next != nil:
		t.next.by, t.next.app, t.next.repair = a.by, a.app, a.repair || t.next.repair
		return t.next, nil
	}
	t.next = a
	return a, nil
}

// goesOn says whether an app is being compared here.
func (c *comparisons) goesOn(app string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.turns[app] != nil
}
