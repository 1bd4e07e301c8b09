package scim_test

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/scim"
)

// common is a server over a database that many small tests share, each with a company of its own. It lives from the
// first to the last of them.
type common struct {
	mu    sync.Mutex
	users int
	world *world
	end   *lasting
}

// commons are one for each kind of database.
var commons = map[string]*common{"sqlite": {}, "postgres": {}}

// lasting stands in for a test while something is made that outlives it.
type lasting struct {
	testing.TB
	ends []func()
}

// Cleanup collects what is to be done at the end.
func (l *lasting) Cleanup(f func()) { l.ends = append(l.ends, f) }

// TempDir is removed at the end.
func (l *lasting) TempDir() string {
	dir, err := os.MkdirTemp("", "proprio-test-")
	if err != nil {
		l.Fatalf("temporary folder: %v", err)
	}
	l.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// hold keeps the server until the test is over.
func (c *common) hold(t *testing.T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.users++
	t.Cleanup(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.users--; c.users > 0 || c.end == nil {
			return
		}
		c.end.TB = t
		for _, end := range slices.Backward(c.end.ends) {
			end()
		}
		c.world, c.end = nil, nil
	})
}

func (c *common) open(t *testing.T, kind string) *world {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.world == nil {
		l := &lasting{TB: t}
		config := db.Config{Data: l.TempDir()}
		if kind == "postgres" {
			config.URL, config.Connections = dbtest.PostgresURL(l), 8
		}
		c.world, c.end = newWorld(l, dbtest.Open(l, config)), l
	}
	return c.world.on(t)
}

// eachCommon runs a test in parallel with others, as sub-tests on each kind of database.
func eachCommon(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	only := os.Getenv("PROPRIO_TEST_DATABASE")
	for _, c := range commons {
		c.hold(t)
	}
	t.Parallel()
	for _, kind := range []string{"sqlite", "postgres"} {
		if only == "" || only == kind {
			t.Run(kind, func(t *testing.T) { f(t, commons[kind].open(t, kind)) })
		}
	}
}

// turn sets switches of the tenant's connection.
func (c tenant) turn(settings ...string) tenant {
	c.t.Helper()
	for i := 0; i < len(settings); i += 2 {
		if err := c.connection.Switches.Set(settings[i], settings[i+1]); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := c.db.SetConnection(context.Background(), system, c.connection); err != nil {
		c.t.Fatalf("set switches: %v", err)
	}
	return c
}

// another is a second connection of the same company.
func (c tenant) another(name string) tenant {
	c.t.Helper()
	made, err := c.db.CreateConnection(context.Background(), system, resources.Connection{Company: c.company, Name: name})
	if err != nil {
		c.t.Fatalf("create connection: %v", err)
	}
	c.token = c.issue(made, time.Time{}, scim.Scope)
	c.connection = made
	return c
}

// recorded starts a server over the same database that records requests. Once stop returns, all of them are recorded.
func (w *world) recorded() (recording *world, stop func()) {
	w.t.Helper()
	r := scim.NewRecorder(w.db, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		r.Run(ctx)
		close(done)
	}()
	recording = newWorld(w.t, w.db, func(s *scim.Server) { s.Recorder = r })
	stop = func() {
		recording.stop()
		cancel()
		<-done
	}
	w.t.Cleanup(stop)
	return recording, stop
}
