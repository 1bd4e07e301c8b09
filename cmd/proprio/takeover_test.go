package main_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"proprio/db/dbtest"
	products "proprio/push/profiles"
	"proprio/push/standin"
)

// watched is an app that takes a while for each call, and notes when two calls are about one account at once.
type watched struct {
	*standin.Server
	gate    sync.RWMutex // locked: all calls wait
	mu      sync.Mutex
	busy    map[string]bool // accounts that a call is about, by path or userName
	overlap []string
	writes  int
	last    time.Time // of a write
}

func newWatched(t *testing.T) (*watched, string) {
	t.Helper()
	set, err := products.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	generic, _ := set.Get("generic")
	w := &watched{Server: standin.New(generic, appToken), busy: map[string]bool{}}
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	return w, server.URL
}

func (w *watched) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	r.Header.Set("Accept", "application/scim+json")
	object := r.URL.Path
	if _, name, ok := strings.Cut(r.URL.Query().Get("filter"), " eq "); ok {
		object = name
	} else if r.Method == http.MethodPost {
		object = "" // its look-up went before, on the same worker
	}
	if r.Method == http.MethodGet && object == r.URL.Path { // a list
		w.Server.ServeHTTP(out, r)
		return
	}
	w.mu.Lock()
	if object != "" && w.busy[object] {
		w.overlap = append(w.overlap, r.Method+" "+object)
	}
	w.busy[object] = true
	if r.Method != http.MethodGet {
		w.writes++
		w.last = time.Now()
	}
	w.mu.Unlock()
	w.gate.RLock()
	time.Sleep(5 * time.Millisecond)
	w.gate.RUnlock()
	w.Server.ServeHTTP(out, r)
	w.mu.Lock()
	delete(w.busy, object)
	w.mu.Unlock()
}

// written waits for so many writes, and returns when the last one came.
func (w *watched) written(t *testing.T, n int) time.Time {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		w.mu.Lock()
		have, last := w.writes, w.last
		w.mu.Unlock()
		if have >= n {
			return last
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d writes came", have, n)
		}
	}
}

// TestReplicas_takeOverAnAppFromOneThatDied: of two replicas one is killed in the middle of a first push. The other goes on
// when the lease has run out; no two calls were about one account at once, and nobody has two.
func TestReplicas_takeOverAnAppFromOneThatDied(t *testing.T) {
	t.Parallel()
	people := 120
	if full() {
		people = 2000
	}
	first := newInstallation(t, dbtest.PostgresURL(t))
	second := *first
	second.listen = freeAddress(t)
	second.url = "http://" + second.listen
	first.command("company", "create", "Two", "--domain", "two.example", "--assume-verified")
	source := newCaller(first.url+"/scim/v2", first.command("token", "create", "--company", "Two", "--connection", "idp"))
	app, address := newWatched(t)
	dying := first.serve()
	for n := range people {
		source.must(t, "POST", "/Users", person(fmt.Sprintf("p%d@two.example", n)), 201)
	}
	first.addApp("Two", "target", address, appToken)
	app.written(t, people/4)
	app.gate.Lock() // the push stands in the middle
	second.serve()
	dying.kill()
	killed := time.Now()
	app.mu.Lock()
	sofar := app.writes // what was under way is done, and nobody hears of it
	app.mu.Unlock()
	app.gate.Unlock()
	went := app.written(t, sofar+1)
	t.Logf("%d of %d accounts were there; the other replica went on after %s", sofar, people, went.Sub(killed).Round(time.Millisecond))
	source.base = second.url + "/scim/v2"
	awaitEqual(t, source, newCaller(address, appToken), "take-over")
	if users := app.Users(); len(users) != people {
		t.Errorf("%d accounts for %d people", len(users), people)
	}
	if len(app.overlap) > 0 {
		t.Errorf("two calls at once: %v", app.overlap)
	}
}
