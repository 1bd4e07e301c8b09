package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"proprio/ownership"
	"proprio/resources"
	"proprio/scim"
)

// tracedInstance is a server whose traces, a share of them, are kept in memory, and whose log is in log.
func tracedInstance(t *testing.T, share float64) (i *instance, spans *tracetest.InMemoryExporter, log *bytes.Buffer) {
	t.Helper()
	spans, log = tracetest.NewInMemoryExporter(), &bytes.Buffer{}
	p := &program{cfg: Config{Data: t.TempDir()}, getenv: func(string) string { return "" }}
	p.traces = startTraces(sdktrace.WithSyncer(spans), share)
	p.log = p.traces.log(slog.New(slog.NewTextHandler(log, nil)))
	c, err := p.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	if i, err = newInstance(c, "http://localhost", ""); err != nil {
		t.Fatal(err)
	}
	return i, spans, log
}

// token is one of a new company's.
func (i *instance) token(t *testing.T) string {
	t.Helper()
	actor := (&program{getenv: func(string) string { return "" }}).actor()
	company, err := i.db.CreateCompany(t.Context(), actor, ownership.Company{ID: newID(), Name: "Société " + newID()})
	if err != nil {
		t.Fatal(err)
	}
	connection, err := i.db.CreateConnection(t.Context(), actor, resources.Connection{ID: newID(), Company: company.ID, Name: "idp"})
	if err != nil {
		t.Fatal(err)
	}
	token, hash := resources.NewToken()
	err = i.db.CreateToken(t.Context(), actor, resources.Token{ID: newID(), Company: company.ID, Connection: connection.ID, Scopes: []string{scim.Scope}}, hash)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// A request is a span with its route, the statements that it took are its parts, and its log line names the trace. No span
// holds anything of a person, a path, a query or a token.
func TestTraceOfARequest(t *testing.T) {
	t.Parallel()
	i, spans, log := tracedInstance(t, 1)
	token := i.token(t)
	const client = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00" // of which the client keeps nothing
	spans.Reset()
	w := i.ask("GET", `/scim/v2/Users?filter=userName%20eq%20%22anne.secret@firm.example%22`, "Authorization", "Bearer "+token, "traceparent", client)
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	var request *tracetest.SpanStub
	statements := 0
	for _, s := range spans.GetSpans() {
		text := s.Name
		for _, a := range s.Attributes {
			text += " " + string(a.Key) + "=" + a.Value.String()
			if a.Key == "db.query.text" {
				statements++
			}
		}
		if strings.Contains(text, "secret@") || strings.Contains(text, token) {
			t.Errorf("a span holds what it must not: %s", text)
		}
		if s.SpanContext.TraceID().String() != "0af7651916cd43dd8448eb211c80319c" {
			t.Errorf("%s is in trace %s, the client's is another", s.Name, s.SpanContext.TraceID())
		}
		if s.Name == "GET /scim/v2/Users" {
			request = &s
		}
	}
	if request == nil || statements == 0 {
		t.Fatalf("spans: %+v", spans.GetSpans())
	}
	for _, s := range spans.GetSpans() {
		if s.Name == "select" && s.Parent.SpanID() != request.SpanContext.SpanID() {
			t.Errorf("%s is no part of the request", s.Name)
		}
	}
	if request.Parent.SpanID().String() != "b7ad6b7169203331" || !strings.Contains(request.Name, "GET") {
		t.Errorf("the request is %s under %s", request.Name, request.Parent.SpanID())
	}
	if !strings.Contains(log.String(), "trace=0af7651916cd43dd8448eb211c80319c") {
		t.Errorf("log: %s", log)
	}
}

// What is kept is decided here: a client that asks to be traced is not, where nothing is; and pages are counted as SCIM is.
func TestTracesAreSampledByTheServer(t *testing.T) {
	t.Parallel()
	i, spans, log := tracedInstance(t, 0)
	i.ask("GET", "/people", "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	if n := len(spans.GetSpans()); n != 0 || strings.Contains(log.String(), "trace=") {
		t.Errorf("%d spans, though none is to be kept; log %s", n, log)
	}
	i, spans, _ = tracedInstance(t, 1)
	i.ask("GET", "/people/7")
	if all := spans.GetSpans(); len(all) == 0 || all[len(all)-1].Name != "GET /people/{id}" {
		t.Errorf("spans of a page: %+v", all)
	}
	work := i.traces.duty(duty{name: "a duty", do: func(ctx context.Context) error { return i.db.Ping(ctx) }})
	spans.Reset()
	if err := work.do(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all := spans.GetSpans(); len(all) != 2 || all[1].Name != "a duty" || all[0].Parent.SpanID() != all[1].SpanContext.SpanID() {
		t.Errorf("spans of a duty: %+v", all)
	}
}

// A call to another server is a part of what made it; that server hears nothing of the trace.
func TestTraceOfACall(t *testing.T) {
	t.Parallel()
	i, spans, _ := tracedInstance(t, 1)
	var heard http.Header
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		heard = r.Header
		w.WriteHeader(http.StatusConflict)
	}))
	defer other.Close()
	call := func(ctx context.Context) {
		req, err := http.NewRequestWithContext(ctx, "PATCH", other.URL+"/Users/secret?token=secret", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := i.traces.calls(http.DefaultTransport).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	call(t.Context())
	if n := len(spans.GetSpans()); n != 0 {
		t.Errorf("%d spans of a call that is part of nothing", n)
	}
	ctx, end := i.traces.begin(t.Context(), "push")
	call(ctx)
	end()
	all := spans.GetSpans()
	if len(all) != 2 || all[0].Name != "PATCH" || all[0].Parent.SpanID() != all[1].SpanContext.SpanID() {
		t.Fatalf("spans: %+v", all)
	}
	for _, a := range all[0].Attributes {
		if strings.Contains(a.Value.String(), "secret") {
			t.Errorf("%s holds a path", a.Key)
		}
	}
	if heard.Get("traceparent") != "" {
		t.Error("the other server was told of the trace")
	}
}

// Whatever of a server calls others leaves a span: pushing to apps, to streams, asking issuers, and reading clients' keys.
func TestEveryCallOfAServerIsTraced(t *testing.T) {
	t.Parallel()
	i, spans, _ := tracedInstance(t, 1)
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	type begin = func(context.Context, string) (context.Context, func())
	around := func(calls func(http.RoundTripper) http.RoundTripper) http.RoundTripper {
		if calls == nil {
			return http.DefaultTransport
		}
		return calls(http.DefaultTransport)
	}
	for name, c := range map[string]struct {
		begin begin
		way   http.RoundTripper
	}{
		"apps": {i.engine.Begin, i.engine.Guarded}, "apps that may be private": {i.engine.Begin, i.engine.Open},
		"streams": {i.pusher.Begin, i.pusher.Guarded}, "streams that may be private": {i.pusher.Begin, i.pusher.Open},
		"issuers": {i.traces.begin, around(i.sessions.Calls)}, "clients' keys": {i.traces.begin, around(i.oauth.Calls)},
	} {
		spans.Reset()
		ctx, end := c.begin(t.Context(), "work")
		req, err := http.NewRequestWithContext(ctx, "GET", other.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := c.way.RoundTrip(req); err == nil { // who stays out of private networks does not get there
			resp.Body.Close()
		}
		end()
		all := spans.GetSpans()
		if len(all) != 2 || all[0].SpanKind != trace.SpanKindClient || all[0].Parent.SpanID() != all[1].SpanContext.SpanID() {
			t.Errorf("a call of %s leaves %+v", name, all)
		}
	}
}

// otlpReceiver takes traces as a collector does.
type otlpReceiver struct {
	*httptest.Server
	mu    sync.Mutex
	names []string
	busy  int // how many requests are still refused
	bad   []string
}

func newReceiver(t *testing.T, busy int) *otlpReceiver {
	r := &otlpReceiver{busy: busy}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *otlpReceiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy > 0 {
		r.busy--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	var data tracepb.TracesData
	if err != nil || proto.Unmarshal(body, &data) != nil || req.URL.Path != "/v1/traces" || req.Method != http.MethodPost ||
		req.Header.Get("Content-Type") != "application/x-protobuf" || req.Header.Get("Api-Key") != "a b" {
		r.bad = append(r.bad, req.Method+" "+req.URL.Path)
	}
	for _, rs := range data.ResourceSpans {
		for _, a := range rs.Resource.Attributes {
			if a.Key == "service.name" && a.Value.GetStringValue() != "proprio" {
				r.bad = append(r.bad, a.String())
			}
		}
		for _, ss := range rs.ScopeSpans {
			for _, s := range ss.Spans {
				r.names = append(r.names, s.Name)
			}
		}
	}
}

// Traces reach an OTLP receiver over HTTP, also one that is busy at first, and the last ones when the program ends.
func TestTracesReachAReceiver(t *testing.T) {
	t.Parallel()
	for _, busy := range []int{0, sendTries - 1, sendTries} {
		r := newReceiver(t, busy)
		log := &bytes.Buffer{}
		environment := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": r.URL, "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20b,x=y"}
		traces, err := newTraces(Config{TracesShare: 1}, func(name string) string { return environment[name] }, slog.New(slog.NewTextHandler(log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		_, end := traces.begin(t.Context(), "push")
		end()
		if busy > 0 { // a receiver that is busy is waited for longer than the end of the program waits
			if err := traces.provider.ForceFlush(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if err := traces.close(t.Context()); err != nil {
			t.Error(err)
		}
		if want := busy < sendTries; slices.Equal(r.names, []string{"push"}) != want || strings.Contains(log.String(), "not sent") == want || len(r.bad) > 0 {
			t.Errorf("busy %d times: spans %q, wrong %q, log %s", busy, r.names, r.bad, log)
		}
	}
}

// A receiver that takes a connection and never answers does not hold up the end of the program; the log says what was lost.
func TestAHungReceiverDoesNotHoldUpTheEnd(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 1)
	hung := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server see that the client went away
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(hung.Close)
	log := &bytes.Buffer{}
	traces, err := newTraces(Config{TracesShare: 1, TracesEndpoint: hung.URL}, func(string) string { return "" }, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	for range 600 { // more than one message, so that the first is sent at once
		_, end := traces.begin(t.Context(), "push")
		end()
	}
	<-asked
	if err := traces.close(t.Context()); err != nil {
		t.Error(err) // the time in which one message is sent was over
	}
	lost := 0
	for line := range strings.Lines(log.String()) {
		_, count, _ := strings.Cut(line, "spans=")
		count, _, _ = strings.Cut(count, " ")
		n, err := strconv.Atoi(count)
		if err != nil || !strings.Contains(line, "the end of the program") {
			t.Errorf("the log says %s", line)
		}
		lost += n
	}
	if lost != 600 || len(asked) > 0 {
		t.Errorf("%d spans told as lost, want 600; asked %d times more", lost, len(asked))
	}
}

func TestTracesSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		flag        string
		environment map[string]string
		want        string
	}{
		{"", nil, ""},
		{"http://collector:4318", nil, "http://collector:4318/v1/traces"},
		{"https://collector/own/path", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://other"}, "https://collector/own/path"},
		{"", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://base:4318/"}, "http://base:4318/v1/traces"},
		{"", map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://own/x"}, "http://own/x"},
	} {
		got, _, err := tracesTo(Config{TracesEndpoint: c.flag}, func(name string) string { return c.environment[name] })
		if err != nil || got != c.want {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
	none := func(string) string { return "" }
	for _, wrong := range []Config{{TracesEndpoint: "collector:4318"}, {TracesEndpoint: "ftp://x"}} {
		if _, err := newTraces(wrong, none, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%+v is taken", wrong)
		}
	}
	off, err := newTraces(Config{}, none, slog.New(slog.DiscardHandler))
	if off != nil || err != nil || off.statements() != nil || off.calls(http.DefaultTransport) != http.DefaultTransport || off.close(t.Context()) != nil {
		t.Errorf("without an endpoint: %v, %v", off, err)
	}
}
