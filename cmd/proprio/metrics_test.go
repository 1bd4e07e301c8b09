package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"proprio/db"
)

// labels are the label values of a metric's series, joined.
func (m *metrics) labels(t *testing.T, name string) (series []string) {
	t.Helper()
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, one := range f.GetMetric() {
			var values []string
			for _, l := range one.GetLabel() {
				values = append(values, l.GetName()+"="+l.GetValue())
			}
			series = append(series, strings.Join(values, " "))
		}
	}
	return series
}

// Strangers can send any method and any path: what is kept of them must not grow.
func TestMetricsDoNotGrowWithWhatClientsMakeUp(t *testing.T) {
	t.Parallel()
	i := newTestInstance(t, Config{})
	handler := i.handler()
	ask := func(method, path string) {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, path, nil))
	}
	for n := range 20 {
		ask("GET", "/scim/v2/Users/"+fmt.Sprint(n))
		ask(fmt.Sprint("EVIL", n), "/scim/v2/Users")
		ask("GET", "/people/"+fmt.Sprint(n))
		ask("GET", fmt.Sprintf("/apps/%d?x=%d", n, n))
		ask("GET", "/nothing"+fmt.Sprint(n))
		i.observe(t.Context(), fmt.Sprintf("/Own%d/{id}", n), "GET", 200, time.Millisecond) // a resource type of some company's own
		i.observe(t.Context(), "/Users/{id}", "GET", 200, time.Millisecond)
	}
	got := i.metrics.labels(t, "proprio_http_requests_total")
	slices.Sort(got)
	want := []string{
		"code=200 method=GET route=/scim/v2/Users/{id}", "code=200 method=GET route=/scim/v2/{type}/{id}",
		"code=303 method=GET route=/apps/{id}", "code=303 method=GET route=/people/{id}", "code=303 method=GET route=other",
		"code=401 method=GET route=other", "code=401 method=other route=other",
	}
	if !slices.Equal(got, want) {
		t.Errorf("series\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A scrape tells of requests, gates, pools, queues, duties and counts; nothing in it is a secret or about a person.
func TestMetricsOfAServer(t *testing.T) {
	t.Parallel()
	i := newTestInstance(t, Config{Limits: limits{Requests: 5}})
	i.scraped.patience = time.Minute
	listener := httptest.NewServer(i.metrics.handler())
	defer listener.Close()
	text := scrape(t, listener.URL)
	for _, line := range []string{
		`proprio_gate_slots{gate="scim"} 5`, `proprio_db_connections_max{pool="writer"} `, `proprio_db_answers 1`,
		`proprio_queue_length{queue="dirty"} 0`, `proprio_queue_oldest_seconds{queue="accounts"} 0`,
		`proprio_users{state="held"} 0`, `proprio_findings_open{severity="critical"} 0`, `proprio_companies 0`,
		`proprio_build_info{`, `proprio_sqlite_wal_bytes `, `proprio_sqlite_transactions_total `, `proprio_disk_free_bytes `, `go_goroutines `, `proprio_http_requests_in_flight 0`,
	} {
		if !strings.Contains(text, "\n"+line) {
			t.Errorf("a scrape lacks %s", line)
		}
	}
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/heap?debug=1", "/debug/pprof/cmdline"} {
		resp, err := http.Get(listener.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if want := map[bool]int{true: 404, false: 200}[strings.HasSuffix(path, "cmdline")]; resp.StatusCode != want {
			t.Errorf("%s on the metrics listener: %d", path, resp.StatusCode) // the command line may hold a password
		}
		if w := i.ask("GET", path); w.Code == 200 {
			t.Errorf("%s is served on the main listener", path)
		}
	}
	if w := i.ask("GET", "/metrics"); w.Code == 200 {
		t.Error("/metrics is served on the main listener")
	}
}

func scrape(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("scrape: %s, %v", resp.Status, err)
	}
	return "\n" + string(text)
}

// Many scrapers ask the database no more than one does, and a database that fails is not asked by each.
func TestScrapesShareWhatTheDatabaseSays(t *testing.T) {
	t.Parallel()
	now, asked, fails := time.Now(), 0, false
	k := &kept[[]db.Queue]{good: time.Minute, now: func() time.Time { return now }, ask: func(ctx context.Context) ([]db.Queue, error) {
		asked++
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("a scrape would wait for the database for ever")
		}
		if fails {
			return nil, errors.New("no answer")
		}
		return []db.Queue{{Name: "dirty", Waiting: asked}}, nil
	}}
	for _, step := range []struct {
		later time.Duration
		fails bool
		asked int
		ok    bool
	}{{0, false, 1, true}, {59 * time.Second, false, 1, true}, {time.Second, true, 2, false}, {30 * time.Second, true, 2, false}, {time.Minute, false, 3, true}} {
		now, fails = now.Add(step.later), step.fails
		for range 3 {
			queues, ok := k.get(time.Minute)
			if ok != step.ok || asked != step.asked || ok && queues[0].Waiting != step.asked {
				t.Errorf("%+v: asked %d times, %v %v", step, asked, queues, ok)
			}
		}
	}
}

func BenchmarkObserve(b *testing.B) {
	m := newMetrics()
	r := routes{"/Users/{id}": "/scim/v2/Users/{id}"}
	b.ReportAllocs()
	for b.Loop() {
		m.observe(r.of("/Users/{id}"), "GET", 200, time.Millisecond)
	}
}
