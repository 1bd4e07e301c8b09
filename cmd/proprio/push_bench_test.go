package main_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"proprio/db/dbtest"
)

// fastApp is an app that does next to nothing with what it is sent, so that what is measured is the sender. It keeps when it
// heard what, and bodies of creations.
type fastApp struct {
	url     string
	mu      sync.Mutex
	bodies  [][]byte
	off     map[string]time.Time // when an account was deactivated, by its id
	made    atomic.Int64
	changed chan struct{} // full: something was made or deactivated since it was emptied
}

func newFastApp(b testing.TB) *fastApp {
	a := &fastApp{off: map[string]time.Time{}, changed: make(chan struct{}, 1)}
	server := httptest.NewServer(a)
	b.Cleanup(server.Close)
	a.url = server.URL
	return a
}

func (a *fastApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/scim+json")
	switch r.Method {
	case http.MethodPost:
		a.mu.Lock()
		a.bodies = append(a.bodies, body)
		a.mu.Unlock()
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"%d","active":true}`, a.made.Add(1))
	case http.MethodPatch:
		a.mu.Lock()
		a.off[strings.TrimPrefix(r.URL.Path, "/Users/")] = time.Now()
		a.mu.Unlock()
		fmt.Fprint(w, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"`+strings.TrimPrefix(r.URL.Path, "/Users/")+`","active":false}`)
	default:
		fmt.Fprint(w, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"Resources":[]}`)
		return
	}
	select {
	case a.changed <- struct{}{}:
	default:
	}
}

// await waits until so many accounts were made.
func (a *fastApp) await(b testing.TB, n int) {
	b.Helper()
	for deadline := time.After(10 * time.Minute); int(a.made.Load()) < n; {
		select {
		case <-a.changed:
		case <-deadline:
			b.Fatalf("%d of %d accounts were made", a.made.Load(), n)
		}
	}
}

// measured is a company with people, on a server that knows a profile without a pace.
func measured(b testing.TB, dsn string, people int) (*installation, *caller) {
	b.Helper()
	i := newInstallation(b, dsn)
	i.command("company", "create", "Measured", "--domain", "measured.example", "--assume-verified")
	token := i.command("token", "create", "--company", "Measured", "--connection", "idp")
	var table bytes.Buffer
	w := csv.NewWriter(&table)
	_ = w.Write([]string{"userName", "displayName", "name.givenName", "name.familyName", "emails.work", "title", "active"})
	for n := range people {
		name := fmt.Sprintf("person%d@measured.example", n)
		_ = w.Write([]string{name, fmt.Sprintf("Person %d", n), "Person", fmt.Sprint(n), name, "Comptable", "true"})
	}
	w.Flush()
	file := filepath.Join(b.TempDir(), "people.csv")
	if err := os.WriteFile(file, table.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	i.command("import", file, "--company", "Measured", "--connection", "idp")
	i.hurried(8)
	return i, newCaller(i.url+"/scim/v2", token)
}

func (i *installation) addFast(name, url string) {
	i.t.Helper()
	token := filepath.Join(i.t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(appToken), 0o600); err != nil {
		i.t.Fatal(err)
	}
	i.command("app", "add", name, "--company", "Measured", "--profile", "fast", "--url", url, "--token-file", token, "--allow-private")
	i.unguarded(name)
}

func eachDatabase(b *testing.B, bench func(b *testing.B, dsn string)) {
	b.Run("sqlite", func(b *testing.B) { bench(b, "") })
	b.Run("postgres", func(b *testing.B) { bench(b, dbtest.PostgresURL(b)) })
}

// BenchmarkInitialPush fills an app over 8 connections, and has a bare client send it the same bodies: x-bare is how fast the
// first is, of the second. PROPRIO_CAMPAIGN=full: 20,000 people.
func BenchmarkInitialPush(b *testing.B) {
	people := 500
	if full() {
		people = 20_000
	}
	eachDatabase(b, func(b *testing.B, dsn string) {
		for b.Loop() {
			i, _ := measured(b, dsn, people)
			app := newFastApp(b)
			i.addFast("fast", app.url)
			begun := time.Now()
			running := i.serve()
			app.await(b, people)
			took := time.Since(begun)
			running.kill()
			bare := sendBare(b, app)
			b.ReportMetric(float64(people)/took.Seconds(), "accounts/s")
			b.ReportMetric(float64(people)/bare.Seconds(), "bare/s")
			b.ReportMetric(bare.Seconds()/took.Seconds(), "x-bare")
		}
	})
}

// sendBare posts what an app was sent once more, over 8 connections, and nothing else.
func sendBare(b *testing.B, app *fastApp) time.Duration {
	b.Helper()
	bodies := app.bodies
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	next := atomic.Int64{}
	var senders sync.WaitGroup
	begun := time.Now()
	for range 8 {
		senders.Go(func() {
			for n := int(next.Add(1)) - 1; n < len(bodies); n = int(next.Add(1)) - 1 {
				resp, err := client.Post(app.url+"/Users", "application/scim+json", bytes.NewReader(bodies[n]))
				if err != nil {
					b.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
	}
	senders.Wait()
	return time.Since(begun)
}

// BenchmarkDeactivation tells the server that people left, one after the other, and measures until each of fifty apps hears
// of each. PROPRIO_CAMPAIGN=full: 100 people.
func BenchmarkDeactivation(b *testing.B) {
	const apps = 50
	people := 5
	if full() {
		people = 100
	}
	eachDatabase(b, func(b *testing.B, dsn string) {
		for b.Loop() {
			i, source := measured(b, dsn, people)
			fast := make([]*fastApp, apps)
			for n := range fast {
				fast[n] = newFastApp(b)
				i.addFast(fmt.Sprintf("app %d", n), fast[n].url)
			}
			running := i.serve()
			for _, a := range fast {
				a.await(b, people)
			}
			var took []time.Duration
			for _, u := range source.all(b, "/Users") {
				took = append(took, deactivate(b, source, fast, u["id"].(string))...)
			}
			running.kill()
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		}
	})
}

// deactivate has one person leave, and returns how long each app took to hear of it.
func deactivate(b *testing.B, source *caller, apps []*fastApp, id string) []time.Duration {
	b.Helper()
	heard := make([]int, len(apps))
	for n, a := range apps {
		heard[n] = a.gone()
	}
	begun := time.Now()
	source.must(b, "PATCH", "/Users/"+id, patch(object{"op": "replace", "path": "active", "value": false}), 200)
	var took []time.Duration
	for n, a := range apps {
		for a.gone() == heard[n] {
			select {
			case <-a.changed:
			case <-time.After(time.Minute):
				b.Fatalf("app %d did not hear of it", n)
			}
		}
		took = append(took, a.last().Sub(begun))
	}
	return took
}

func (a *fastApp) gone() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.off)
}

func (a *fastApp) last() (at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, t := range a.off {
		if t.After(at) {
			at = t
		}
	}
	return at
}
