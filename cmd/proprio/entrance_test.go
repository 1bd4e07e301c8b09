package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"proprio/scim/gate"
)

// newTestInstance is a server over an empty database, that nobody has started.
func newTestInstance(t *testing.T, cfg Config) *instance {
	t.Helper()
	cfg.Data = t.TempDir()
	p := &program{cfg: cfg, getenv: func(string) string { return "" }, log: slog.New(slog.DiscardHandler)}
	c, err := p.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	i, err := newInstance(c, "http://localhost", "")
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// ask sends a request to the main listener's handler.
func (i *instance) ask(method, path string, headers ...string) *httptest.ResponseRecorder {
	w, r := httptest.NewRecorder(), httptest.NewRequest(method, path, nil)
	for n := 0; n < len(headers); n += 2 {
		r.Header.Set(headers[n], headers[n+1])
	}
	i.handler().ServeHTTP(w, r)
	return w
}

// A process that has all the requests it has room for refuses more: an identity provider in SCIM, a person in words, and
// whoever asks whether it lives not at all.
func TestRequestsForWhichThereIsNoRoomAreRefused(t *testing.T) {
	t.Parallel()
	i := newTestInstance(t, Config{})
	i.entrance.most = 0
	for _, path := range []string{"/scim/v2/Users", "/people", "/oauth/token", "/ssf/x/streams", "/"} {
		w := i.ask("GET", path)
		if after, err := strconv.Atoi(w.Header().Get("Retry-After")); w.Code != 503 || err != nil || after < 1 {
			t.Errorf("%s: %d, Retry-After %q", path, w.Code, w.Header().Get("Retry-After"))
		}
		var e struct {
			Schemas []string
			Status  string
		}
		if json.Unmarshal(w.Body.Bytes(), &e) == nil != (path == "/scim/v2/Users") || path == "/scim/v2/Users" && e.Status != "503" {
			t.Errorf("%s: %s", path, w.Body)
		}
	}
	for _, path := range []string{healthPath, readyPath} {
		if w := i.ask("GET", path); w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	i.entrance.most = 1
	if w := i.ask("GET", "/people"); w.Code != http.StatusSeeOther {
		t.Errorf("when there is room again: %d", w.Code)
	}
	if n := i.entrance.inFlight.Load(); n != 0 {
		t.Errorf("%d requests are under way after all were answered", n)
	}
}

// Pages have slots of their own: SCIM requests cannot take them, nor pages those of SCIM.
func TestPagesAreServedWhileSCIMIsOverloaded(t *testing.T) {
	t.Parallel()
	i := newTestInstance(t, Config{Limits: limits{Requests: 1}})
	if i.entrance.scim.Slots() != 1 {
		t.Fatalf("%d slots, though the setting says 1", i.entrance.scim.Slots())
	}
	pass, err := i.entrance.scim.Enter(t.Context(), "a connection")
	if err != nil {
		t.Fatal(err)
	}
	defer pass.Leave()
	if w := i.ask("GET", "/people"); w.Code != http.StatusSeeOther {
		t.Errorf("a page: %d", w.Code)
	}
	i.entrance.pages = gate.New(gate.Config{Slots: 1, Waiting: 1, Wait: 1})
	page, err := i.entrance.pages.Enter(t.Context(), "console")
	if err != nil {
		t.Fatal(err)
	}
	if w := i.ask("GET", "/people"); w.Code != 503 || w.Header().Get("Retry-After") != "1" {
		t.Errorf("a page for which there is no slot: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	page.Leave()
	if w := i.ask("GET", "/people"); w.Code != http.StatusSeeOther {
		t.Errorf("when there is one again: %d", w.Code)
	}
}

// Every limit that can be set is in force.
func TestLimitsReachTheServer(t *testing.T) {
	t.Parallel()
	cfg, err := settings(map[string]string{"PROPRIO_LARGEST_BODY": "2048"}, "--rate-limit", "7", "--concurrent-requests", "9",
		"--connection-requests", "3", "--largest-bulk", "11", "--page-size", "13", "--largest-page", "17", "--cursor-timeout", "19")
	if err != nil {
		t.Fatal(err)
	}
	if want := (limits{Rate: 7, Requests: 9, OfConnection: 3, Body: 2048, Bulk: 11, PageSize: 13, LargestPage: 17, CursorTimeout: 19}); cfg.Limits != want {
		t.Errorf("limits %+v, want %+v", cfg.Limits, want)
	}
	i := newTestInstance(t, cfg)
	var config struct {
		Bulk   struct{ MaxOperations, MaxPayloadSize int }
		Filter struct{ MaxResults int }
	}
	w := i.ask("GET", "/scim/v2/ServiceProviderConfig")
	if err := json.Unmarshal(w.Body.Bytes(), &config); err != nil || config.Bulk.MaxOperations != 11 ||
		config.Bulk.MaxPayloadSize != 2048 || config.Filter.MaxResults != 17 {
		t.Errorf("ServiceProviderConfig: %v, %+v", err, config)
	}
}
