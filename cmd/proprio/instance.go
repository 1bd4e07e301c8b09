package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"proprio/console"
	"proprio/oidc"
	"proprio/push"
	"proprio/resources"
	"proprio/scim"
	"proprio/scim/events"
	"proprio/scim/oauth"
)

// readInterval is how often each app's own account list is read: what somebody does there by hand shows within minutes.
const readInterval = 15 * time.Minute

// instance is a server: every part, wired.
type instance struct {
	*core
	url      string // public URL
	metrics  *metrics
	routes   routes
	memory   memory
	entrance *entrance
	scraped  *collector
	recorder *scim.Recorder
	scim     *scim.Server
	oauth    *oauth.Server
	events   *events.Server
	pusher   *events.Pusher
	bell     *events.Bell // wakes who waits for changes
	sessions *oidc.Sessions
	signIn   *oidc.SignIn
	console  *console.Console
	cluster  *duties // what this replica does for all

	comparisons *comparisons
}

// newInstance wires a server that clients reach at url.
func newInstance(c *core, url, banner string) (*instance, error) {
	url = strings.TrimRight(url, "/")
	site, err := oidc.NewSite(url)
	if err != nil {
		return nil, fmt.Errorf("--public-url: %w", err)
	}
	i := &instance{core: c, url: url, metrics: newMetrics(), routes: newRoutes(c.registry)}
	i.entrance = newEntrance(c.limits, i.metrics)
	i.scraped = newCollector(i)
	i.metrics.registry.MustRegister(i.scraped)
	i.cluster = &duties{store: c.db, owner: newID(), lease: dutyLease, look: dutyLook, log: c.log}
	cursorKey, err := c.db.Sealer().Derive("scim cursors")
	if err != nil {
		return nil, err
	}
	i.recorder = scim.NewRecorder(c.db, c.log)
	i.scim = &scim.Server{
		Directory: c.directory, Store: c.db, Connections: c.db, Registry: c.db, PublicURL: url,
		CursorKey: cursorKey, Now: c.now, Log: c.log, Record: c.db, Recorder: i.recorder, Observe: i.observe,
		Limits: c.limits.scim(), Gate: i.entrance.scim, Refused: i.metrics.refuse,
		ResourceMetadata: oauth.ResourceMetadata(url, scim.BasePath),
	}
	i.wireEvents()
	i.oauth = newOAuth(c, url)
	i.sessions = &oidc.Sessions{Store: c.db, Site: site, Now: c.now, Logger: c.log, Calls: c.traces.calls}
	i.signIn = oidc.NewSignIn(i.sessions)
	i.comparisons = newComparisons(c)
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return nil, fmt.Errorf("time zone: %w", err)
	}
	i.console, err = console.New(console.Console{
		Registry: c.registry, Store: c.db, Connections: c.db, Connected: consoleConnected{c.db}, Log: c.db, Apps: consoleApps{c.db, c.engine}, Engine: consoleEngine{i}, Drift: consoleDrift{i}, Setup: consoleSetup{c}, Discovery: consoleDiscovery{c}, Tasks: consoleTasks{i},
		Ownership: c.db, SignIn: consoleSignIn{i}, NewID: newID, Now: c.now, Zone: zone, Logger: c.log,
		Banner: banner, Secure: strings.HasPrefix(url, "https:"),
	})
	return i, err
}

// newOAuth is the authorization server that issues tokens to SCIM clients.
func newOAuth(c *core, url string) *oauth.Server {
	return &oauth.Server{
		Store: c.db, PublicURL: url, NewID: newID, Now: c.now, Log: c.log, ClientAddress: oidc.ClientAddress, Calls: c.traces.calls,
		Resources: []oauth.Resource{
			{Path: scim.BasePath, Name: "SCIM 2.0", Scopes: []string{oauth.ScopeSCIM}},
			{Path: strings.TrimSuffix(events.BasePath, "/"), Name: "Shared Signals", Scopes: []string{oauth.ScopeEventsRead, oauth.ScopeEventsManage}},
		},
	}
}

// observe hears of every SCIM request. One that may have changed something wakes the planner, so that a leaver is
// deactivated at once and not at the next poll.
func (i *instance) observe(ctx context.Context, route, method string, status int, took time.Duration) {
	i.memory.requests.Add(1)
	label := i.routes.of(route)
	i.metrics.observe(label, method, status, took)
	i.traces.answered(ctx, label, methodLabel(method), status)
	reads := method == http.MethodGet || method == http.MethodHead || strings.HasSuffix(route, "/.search")
	if !reads && status < 300 {
		i.engine.Wake()
		i.bell.Ring()
	}
}

// handler is everything the main listener serves. What concerns SCIM and OAuth is told apart before the ServeMux, which
// answers paths that are not clean with a redirect: an identity provider would get a page without having shown its token.
func (i *instance) handler() http.Handler {
	protocol, health := i.scim.Handler(), i.measured(i.health())
	pages := i.measured(i.entrance.complete(i.entrance.pages, "console", i.console.Handler()))
	uploads := i.measured(i.entrance.admitted(i.entrance.uploads, "uploads", i.console.Handler()))
	tokens := i.measured(i.entrance.complete(i.entrance.pages, "oauth", i.oauth.Handler()))
	streams := i.measured(i.entrance.admitted(i.entrance.polls, "events", i.eventRoutes()))
	bounded := i.entrance.bounded(i.traces.requests(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case scim.Concerns(r.URL.Path):
			protocol.ServeHTTP(w, r)
		case oauth.Concerns(r.URL.Path):
			tokens.ServeHTTP(w, r)
		case events.Concerns(r.URL.Path):
			streams.ServeHTTP(w, r)
		case console.TakesFile(r):
			uploads.ServeHTTP(w, r)
		default:
			pages.ServeHTTP(w, r)
		}
	})))
	return withDeadline(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == healthPath || r.URL.Path == readyPath { // answered however much there is to do
			health.ServeHTTP(w, r)
			return
		}
		bounded.ServeHTTP(w, r)
	}))
}

// The paths that machines ask whether the server lives.
const (
	healthPath = "/healthz"
	readyPath  = "/readyz"
)

// health answers them.
func (i *instance) health() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+healthPath, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET "+readyPath, i.ready)
	return mux
}

// requestTime is how long one request may keep the database busy. It ends before the server's time to write the answer.
const requestTime = 90 * time.Second

// withDeadline ends what a request asks of the database when it takes too long: a filter of hundreds of terms over a
// large directory must not keep the others from theirs for as long as its client waits.
func withDeadline(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), requestTime)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func (i *instance) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	if err := i.db.Ping(ctx); err != nil {
		i.log.ErrorContext(ctx, "not ready", "error", err)
		w.Header().Set("Retry-After", "1")
		http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

// background starts what runs beside the requests. Each part ends with ctx; the recorder does not, see serve.
func (i *instance) background(ctx context.Context, g *errgroup.Group) {
	g.Go(func() error { return i.engine.Run(ctx) })
	g.Go(func() error { return i.inspector.Run(ctx) })
	g.Go(func() error { return i.checker.Run(ctx) })
	g.Go(func() error { i.keepStatistics(ctx); return nil })
	g.Go(func() error { i.memory.keep(ctx); return nil })
	g.Go(func() error { i.comparisons.run(ctx); return nil })
	i.runEvents(ctx, g)
	for _, d := range i.duties() {
		g.Go(func() error { return i.cluster.run(ctx, i.traces.duty(d)) })
	}
	if i.db.Postgres() {
		g.Go(func() error { return i.cluster.run(ctx, presence) })
	}
}

// duties are what one replica does for all. What else runs in the background runs on every replica, and takes its work by
// leases of its own.
func (i *instance) duties() []duty {
	return []duty{
		{"settle company rules", time.Minute, i.registrar.Settle},
		{"check domains", 24 * time.Hour, i.registrar.Recheck},
		{"count resources again", 24 * time.Hour, i.db.KeepTotals},
		{"reconcile apps", time.Hour, i.engine.Nightly},
		{"tell of late tasks", 5 * time.Minute, i.desk.Escalate},
		{"forget old calls to apps", 10 * time.Minute, func(ctx context.Context) error {
			return i.db.PurgeAttempts(ctx, i.now().Add(-push.LogKept), push.LogSize)
		}},
		{"forget what was deleted long ago", 24 * time.Hour, func(ctx context.Context) error {
			return i.db.PurgeRemoved(ctx, i.now().Add(-resources.KeptRemoved))
		}},
	}
}
