package main_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	products "proprio/push/profiles"
	"proprio/push/standin"
)

const appToken = "token-of-the-downstream-app"

// others is how many accounts people made in the app themselves.
const others = 40

// flaky is a strict downstream app that fails three requests in ten until it is calm: one with 500, one with 429, half a one
// by never answering after it did the work, half a one by a reset before. It fails nobody but the engine.
type flaky struct {
	*standin.Server
	url    string
	calm   atomic.Bool
	before []map[string]any // what people made there themselves
	mu     sync.Mutex
	failed map[string]int // how often, by the way
}

func newFlakyApp(t *testing.T) (app *flaky, calm *atomic.Bool) {
	t.Helper()
	set, err := products.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	generic, _ := set.Get("generic")
	app = &flaky{Server: standin.New(generic, appToken), failed: map[string]int{}}
	for n := range others {
		app.Add(map[string]any{"schemas": []any{"urn:ietf:params:scim:schemas:core:2.0:User"},
			"userName": fmt.Sprintf("other%d@kill.example", n), "active": n%3 > 0, "title": "made here"})
	}
	app.before = app.Users()
	t.Cleanup(func() { app.calm.Store(true) })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("User-Agent"), "Proprio") { // the test looks at it
			r.Header.Set("Accept", "application/scim+json")
			app.ServeHTTP(w, r)
		} else if app.calm.Load() || !app.fail(w, r) {
			app.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	app.url = server.URL
	return app, &app.calm
}

// fail fails three requests in ten.
func (f *flaky) fail(w http.ResponseWriter, r *http.Request) bool {
	way := ""
	switch n := rand.IntN(100); {
	case n < 10:
		way = "500"
		w.WriteHeader(http.StatusInternalServerError)
	case n < 20:
		way = "429"
		w.WriteHeader(http.StatusTooManyRequests)
	case n < 25:
		way = "lost"
		f.ServeHTTP(httptest.NewRecorder(), r)
		reset(w)
	case n < 30:
		way = "reset"
		reset(w)
	default:
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed[way]++
	return true
}

// awaitTrouble waits until some requests were failed.
func (f *flaky) awaitTrouble(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		f.mu.Lock()
		n := 0
		for _, failed := range f.failed {
			n += failed
		}
		f.mu.Unlock()
		if n >= 5 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("only %d requests were failed within a minute", n)
		}
	}
}

// reset breaks a connection off.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(interface{ SetLinger(int) error }); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// checkOthers fails when an account that people made in the app was touched.
func (f *flaky) checkOthers(t *testing.T) {
	t.Helper()
	for _, was := range f.before {
		if is := f.Resource(was["id"].(string)); !reflect.DeepEqual(is, was) {
			t.Errorf("an account that nobody here made was touched: %v became %v", was, is)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	t.Logf("the app failed requests: %v", f.failed)
}

// hurried gives the program a profile "fast", of a product without a pace that is called so often at once.
func (i *installation) hurried(concurrency int) {
	i.t.Helper()
	folder := i.t.TempDir()
	text := fmt.Sprintf(`{"name": "fast", "title": "Fast", "rate": {"perSecond": 100000, "burst": 1000, "concurrency": %d}}`, concurrency)
	if err := os.WriteFile(filepath.Join(folder, "fast.json"), []byte(text), 0o600); err != nil {
		i.t.Fatal(err)
	}
	i.where = append(i.where, "--profiles", folder)
}

// unguarded lets any number leave an app: the writers of campaigns let many go.
func (i *installation) unguarded(app string) {
	i.t.Helper()
	file := filepath.Join(i.t.TempDir(), "settings.json")
	if err := os.WriteFile(file, []byte(`{"guard": {"off": true}}`), 0o600); err != nil {
		i.t.Fatal(err)
	}
	i.command("app", "settings", app, "--file", file)
}
