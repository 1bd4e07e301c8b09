package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

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
	pass, err := i.entrance.scim.Enter(t.Context(), "a company", "a connection")
	if err != nil {
		t.Fatal(err)
	}
	defer pass.Leave()
	if w := i.ask("GET", "/people"); w.Code != http.StatusSeeOther {
		t.Errorf("a page: %d", w.Code)
	}
	i.entrance.pages = gate.New(gate.Config{Slots: 1, Waiting: 1, Wait: 1})
	page, err := i.entrance.pages.Enter(t.Context(), "console", "console")
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

// Whoever begins forms and does not end them, which needs no token, holds up nobody's sign-in and no token endpoint; it
// hears that its own is not complete, and its connection ends.
func TestFormsThatDoNotComeHoldNobodyUp(t *testing.T) {
	t.Parallel()
	i := newTestInstance(t, Config{})
	i.entrance.formTime = time.Hour
	server := httptest.NewServer(i.handler())
	t.Cleanup(server.Close)
	client := server.Client()
	half := func(path string) net.Conn {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 500\r\n\r\ng", path)
		return conn
	}
	for n := range int64(40) {
		half([]string{"/oauth/token", "/sign-in"}[n%2])
		for i.entrance.awaiting.Load() <= n { // till it has come
			runtime.Gosched()
		}
	}
	if busy := i.entrance.pages.Stats().Busy; busy > 0 {
		t.Errorf("forms that have not come have %d slots", busy)
	}
	for _, used := range []bool{false, true} { // the second time on the same connection
		again := false
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) { again = c.Reused }})
		r, _ := http.NewRequestWithContext(ctx, "POST", server.URL+"/oauth/token", strings.NewReader("grant_type=client_credentials"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if response.StatusCode != 401 && response.StatusCode != 400 || !strings.Contains(string(body), "client") {
			t.Errorf("a token is asked for: %d %s", response.StatusCode, body)
		}
		if again != used {
			t.Errorf("on a connection that was used before: %t, want %t", again, used)
		}
	}
}

// A form that does not come is answered after a while, in the endpoint's own words, and its connection ends.
func TestAFormThatDoesNotComeIsRefused(t *testing.T) {
	t.Parallel()
	i := newTestInstance(t, Config{})
	i.entrance.formTime = time.Millisecond
	server := httptest.NewServer(i.handler())
	t.Cleanup(server.Close)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	fmt.Fprint(conn, "POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 500\r\n\r\ng")
	all, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(all), "HTTP/1.1 400") || !strings.Contains(string(all), "not complete") {
		t.Errorf("%v %s", err, all)
	}
}

// A form of which only a part is read is told as one that is too long: the part must not pass for the whole.
func TestAFormThatIsTooLongIsNotTakenForAShorterOne(t *testing.T) {
	t.Parallel()
	e := newEntrance(limits{}, nil)
	read := func(length int) (int, error) {
		var n int
		var err error
		h := e.complete(e.pages, "console", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, problem := io.ReadAll(r.Body)
			n, err = len(body), problem
		}))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), "POST", "/apps/new", strings.NewReader(strings.Repeat("g", length))))
		return n, err
	}
	if n, err := read(formSize); n != formSize || err != nil {
		t.Errorf("the longest form: %d bytes, %v", n, err)
	}
	var tooLarge *http.MaxBytesError
	if _, err := read(formSize + 100); !errors.As(err, &tooLarge) {
		t.Errorf("a longer one: %v", err)
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
