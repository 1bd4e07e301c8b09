package push

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"proprio/audit"
	"proprio/push/profiles"
	"proprio/resources"
	"proprio/scim/client"
)

// gatherTime is how long the first of many changes waits for the others.
const gatherTime = 20 * time.Millisecond

// Config is what an engine stands on. Fields without a default are required.
type Config struct {
	Store     Store
	Resources resources.Store
	Now       func() time.Time
	Log       *slog.Logger
	Owner     string // of leases; unique to this process's life, such as a UUID

	// Planned hears of objects that changed, once their marks are planned; optional.
	Planned func(ctx context.Context, company, objectType string, ids []string)
	// Confirmed hears what an app said of Users' accounts, once it is stored; optional. It must not wait for anything: the
	// app's work does not go on before it returns.
	Confirmed func(ctx context.Context, app App, accounts []Confirmation)

	// Begin hears of each piece of work, such as one app's push, and gives it its context; what it returns is called at the
	// end. Optional.
	Begin func(ctx context.Context, work string) (context.Context, func())

	Profiles *profiles.Set // default: the embedded ones
	// Registries find the schemas of a company, which the rules of its apps are written against. Default: those that every
	// company has.
	Registries resources.Registries
	// Domains are a company's verified domains: no app's rule may make an address in another one. Optional.
	Domains func(ctx context.Context, company string) ([]string, error)
	// Connectors open products that do not speak SCIM, by profiles.Profile.Protocol.
	Connectors map[string]Connect
	// Guarded and Open are the connection pools: see client.Transport. Open serves apps with AllowPrivate. Default: new ones.
	Guarded, Open http.RoundTripper
	Rand          func() float64 // in [0, 1), for jitter; default: math/rand
	Poll          time.Duration  // how often to look for work that no Wake told of, or that nobody waits for; default: 1 s
	Lease         time.Duration  // how long an app stays with an engine that died; default: 12 s, so that another one goes on within 15
}

// Engine plans and pushes for all companies. Any number of engines, in any number of processes, may run over one
// database: each app is pushed by one at a time.
type Engine struct {
	Config

	woken    chan struct{}
	rulebook *Rulebook
	apps     bool // some company has an app; used by Run only
	mu       sync.Mutex
	running  map[string]bool
	limiters map[string]*rate.Limiter
}

// NewEngine fills in the defaults.
func NewEngine(c Config) (*Engine, error) {
	if c.Profiles == nil {
		set, err := profiles.Load(nil)
		if err != nil {
			return nil, err
		}
		c.Profiles = set
	}
	if c.Guarded == nil {
		c.Guarded = client.Transport(true)
	}
	if c.Open == nil {
		c.Open = client.Transport(false)
	}
	if c.Begin == nil {
		c.Begin = func(ctx context.Context, _ string) (context.Context, func()) { return ctx, func() {} }
	}
	if c.Rand == nil {
		c.Rand = rand.Float64
	}
	if c.Poll <= 0 {
		c.Poll = time.Second
	}
	if c.Lease <= 0 {
		c.Lease = 12 * time.Second
	}
	if c.Registries == nil {
		c.Registries = resources.NewRegistry()
	}
	book := &Rulebook{Registries: c.Registries, Profiles: c.Profiles, Domains: c.Domains}
	return &Engine{Config: c, rulebook: book, woken: make(chan struct{}, 1), running: map[string]bool{}, limiters: map[string]*rate.Limiter{}}, nil
}

// Wake tells the engine that something was committed. It never blocks.
func (e *Engine) Wake() {
	select {
	case e.woken <- struct{}{}:
	default:
	}
}

// Run plans and pushes until ctx ends, then waits for the calls under way.
func (e *Engine) Run(ctx context.Context) error {
	tick := time.NewTicker(e.Poll)
	defer tick.Stop()
	var workers sync.WaitGroup
	defer workers.Wait()
	for {
		more, err := e.step(ctx, &workers)
		if err != nil && ctx.Err() == nil {
			e.Log.Error("planning failed; trying again", "error", err)
		}
		if more && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-e.woken:
			e.gather(ctx)
		case <-tick.C:
		}
	}
}

// gather lets the marks of changes that are made at the same time come together: planned one by one they would cost
// more than the changes themselves. While no company has an app nobody waits for a plan, and marks are only taken away:
// that is done as seldom as a look for work.
func (e *Engine) gather(ctx context.Context) {
	long := gatherTime
	if !e.hasApps(ctx) {
		long = e.Poll
	}
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// hasApps says whether any company has an app, and so it does when nobody knows. An app is never removed: one is enough.
func (e *Engine) hasApps(ctx context.Context) bool {
	if e.apps {
		return true
	}
	some, err := e.Store.HasApps(ctx)
	e.apps = some
	return some || err != nil
}

// RunOnce plans and pushes everything that is due now, and returns when nothing is left that this engine may do.
func (e *Engine) RunOnce(ctx context.Context) error {
	for {
		if err := e.plan(ctx); err != nil {
			return err
		}
		apps, err := e.Store.AppsWithWork(ctx, e.Now(), 100)
		if err != nil {
			return err
		}
		done := 0
		for _, app := range apps {
			held, err := e.push(ctx, app)
			if err != nil {
				return fmt.Errorf("app %s: %w", app.Name, err)
			}
			if held {
				done++
			}
		}
		if done == 0 {
			return nil
		}
	}
}

// step plans some marks and sets workers on what it raised, so that the first of many marks does not wait for
// the last. more says that there may be further marks.
func (e *Engine) step(ctx context.Context, workers *sync.WaitGroup) (more bool, err error) {
	more, err = e.planner().Step(ctx)
	return more, errors.Join(err, e.dispatch(ctx, workers))
}

// standings are the standings of objects towards one app.
func (e *Engine) standings(ctx context.Context, app App, kind string, ids []string) (map[string]Standing, error) {
	return standings(ctx, e.Store, e.rulebook, []App{app}, app.Company, kind, ids)
}

// Resync raises everything of the company in one app: see [Planner.Resync].
func (e *Engine) Resync(ctx context.Context, by audit.Actor, app App) (int, error) {
	return e.planner().Resync(ctx, by, app)
}

// planner is the engine's planner.
func (e *Engine) planner() *Planner {
	return &Planner{Store: e.Store, Profiles: e.Profiles, Rules: e.rulebook, Now: e.Now, Planned: e.Planned, Begin: e.Begin}
}

// plan takes marks until there are none.
func (e *Engine) plan(ctx context.Context) error {
	p := e.planner()
	for {
		more, err := p.Step(ctx)
		if err != nil || !more {
			return err
		}
	}
}

// dispatch starts a worker for each app that has work and none yet.
func (e *Engine) dispatch(ctx context.Context, workers *sync.WaitGroup) error {
	apps, err := e.Store.AppsWithWork(ctx, e.Now(), 100)
	if err != nil {
		return err
	}
	for _, app := range apps {
		if !e.claim(app.ID) {
			continue
		}
		workers.Go(func() {
			held, err := e.push(ctx, app)
			e.unclaim(app.ID)
			switch {
			case err == nil && held:
				e.Wake() // what came due meanwhile
			case err != nil && ctx.Err() == nil:
				e.Log.Error("push stopped; trying again", "app", app.Name, "company", app.Company, "error", err)
			}
		})
	}
	return nil
}

func (e *Engine) claim(app string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running[app] {
		return false
	}
	e.running[app] = true
	return true
}

func (e *Engine) unclaim(app string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.running, app)
}

// push leases one app and works on it. held is false when another engine has it.
func (e *Engine) push(ctx context.Context, app App) (held bool, err error) {
	ctx, end := e.Begin(ctx, "push")
	defer end()
	lease := Lease{Company: app.Company, App: app.ID, Owner: e.Owner}
	now := e.Now()
	held, err = e.Store.LeaseApp(ctx, lease, now, now.Add(e.Lease))
	if err != nil || !held {
		return false, err
	}
	defer func() {
		if err := e.Store.ReleaseApp(context.WithoutCancel(ctx), lease); err != nil {
			e.Log.Warn("lease not given back; it runs out", "app", app.Name, "error", err)
		}
	}()
	app, err = e.Store.App(ctx, app.Company, app.ID) // as it is under the lease
	if err != nil {
		return true, err
	}
	w, err := e.worker(ctx, app, lease)
	if errors.Is(err, ErrMoved) {
		return true, nil // it is read again with its new address
	}
	if err != nil {
		return true, e.quarantine(ctx, app, err)
	}
	leased, stop := context.WithCancel(ctx)
	defer stop()
	go e.renew(leased, stop, lease)
	err = w.run(leased)
	if errors.Is(err, ErrLeaseLost) || ctx.Err() == nil && leased.Err() != nil {
		return true, nil // the other owner goes on, or nobody because the app was paused
	}
	return true, err
}

// renew keeps the lease while the work goes on, and stops the work when the lease is lost.
func (e *Engine) renew(ctx context.Context, stop context.CancelFunc, lease Lease) {
	tick := time.NewTicker(e.Lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := e.Now()
		held, err := e.Store.RenewApp(ctx, lease, now.Add(e.Lease))
		if err == nil && !held {
			e.Log.Warn("lease lost; another engine goes on", "app", lease.App)
			stop()
			return
		}
		if err != nil && ctx.Err() == nil {
			e.Log.Warn("lease not renewed; trying again", "app", lease.App, "error", err)
		}
	}
}

func (e *Engine) worker(ctx context.Context, app App, lease Lease) (*worker, error) {
	profile, err := e.Profile(app)
	if err != nil {
		return nil, err
	}
	w := &worker{engine: e, app: app, profile: profile, lease: lease, limiter: e.limiter(app, profile), failing: app.Failures,
		log: e.Log.With("app", app.Name, "company", app.Company)}
	w.ledger, w.census = &ledger{store: e.Store, lease: lease}, &census{making: map[string]bool{}}
	remote, err := e.client(ctx, app, profile, w.pace)
	w.client = slotted{remote, make(chan struct{}, profile.Rate.Concurrency)}
	return w, err
}

// quarantine sets an app aside that cannot be called at all: its profile, address or credential is wrong.
func (e *Engine) quarantine(ctx context.Context, app App, cause error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	delay := blockDelay(true, app.Failures+1, e.Rand())
	e.Log.Warn("app blocked", "app", app.Name, "company", app.Company, "for", delay, "reason", cause)
	return e.Store.BlockApp(ctx, app.Company, app.ID, e.Now().Add(delay), cause.Error(), app.Failures+1)
}
