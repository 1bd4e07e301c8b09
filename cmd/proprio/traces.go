package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// traces tell an OpenTelemetry receiver what a share of the requests and of the work in the background did, and how long
// each part of it took. A nil *traces is one that is off: whoever asks it gets back what it gave.
type traces struct {
	tracer   trace.Tracer
	provider *sdktrace.TracerProvider
	abandon  context.CancelFunc // gives up what is not sent yet
}

// newTraces makes traces that are sent to an endpoint; nil when there is none.
func newTraces(cfg Config, getenv func(string) string, log *slog.Logger) (*traces, error) {
	endpoint, headers, err := tracesTo(cfg, getenv)
	if err != nil || endpoint == "" {
		return nil, err
	}
	exporter, err := otlptrace.New(context.Background(), &receiver{
		url: endpoint, headers: headers, client: &http.Client{Timeout: sendTime}, pause: time.Second,
	})
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	abandoned, abandon := context.WithCancel(context.Background())
	t := startTraces(sdktrace.WithBatcher(reported{exporter, abandoned, log}), cfg.TracesShare)
	t.abandon = abandon
	return t, nil
}

// startTraces makes traces that a processor gets.
func startTraces(processor sdktrace.TracerProviderOption, share float64) *traces {
	provider := sdktrace.NewTracerProvider(processor, sdktrace.WithSampler(sampler{share}), sdktrace.WithResource(resource.NewSchemaless(
		attribute.String("service.name", "proprio"), attribute.String("service.version", version),
	)))
	return &traces{tracer: provider.Tracer("proprio"), provider: provider, abandon: func() {}}
}

// tracesTo is where traces go: what --traces-endpoint says, or the variables that OpenTelemetry has for it. An address
// without a path is a receiver's base, as the variable OTEL_EXPORTER_OTLP_ENDPOINT means it.
func tracesTo(cfg Config, getenv func(string) string) (endpoint string, headers http.Header, err error) {
	endpoint = cfg.TracesEndpoint
	if endpoint == "" {
		endpoint = getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
	}
	if base := getenv("OTEL_EXPORTER_OTLP_ENDPOINT"); endpoint == "" && base != "" {
		endpoint = strings.TrimRight(base, "/") + "/v1/traces"
	}
	if endpoint == "" {
		return "", nil, nil
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", nil, fmt.Errorf("%w: the endpoint of traces must be an http:// or https:// address of an OTLP receiver", errUsage)
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = "/v1/traces"
	}
	secret, err := secretFromEnvironment(getenv, "OTEL_EXPORTER_OTLP_HEADERS")
	if err != nil {
		return "", nil, err
	}
	headers = http.Header{}
	for pair := range strings.SplitSeq(strings.TrimSpace(string(secret)), ",") {
		name, value, found := strings.Cut(pair, "=")
		if value, err = url.PathUnescape(strings.TrimSpace(value)); found && err == nil {
			headers.Set(strings.TrimSpace(name), value)
		}
	}
	return u.String(), headers, nil
}

// sampler decides which traces are kept. What is done within a trace of ours follows it; whether a client's trace is
// kept is decided here as for any other, for a client could have each of its requests kept otherwise.
type sampler struct{ share float64 }

// ShouldSample implements sdktrace.Sampler.
func (s sampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	parent := trace.SpanContextFromContext(p.ParentContext)
	keep := rand.Float64() < s.share
	if parent.IsValid() && !parent.IsRemote() {
		keep = parent.IsSampled()
	}
	result := sdktrace.SamplingResult{Decision: sdktrace.Drop, Tracestate: parent.TraceState()}
	if keep {
		result.Decision = sdktrace.RecordAndSample
	}
	return result
}

// Description implements sdktrace.Sampler.
func (s sampler) Description() string { return fmt.Sprintf("share %g", s.share) }

// close sends what was not sent yet, and gives up what a receiver does not take in time: a supervisor waits for the end.
func (t *traces) close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	defer time.AfterFunc(closeTime, t.abandon).Stop()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTime)
	defer cancel()
	return t.provider.Shutdown(ctx)
}

// requests makes each request a trace, or a part of the one that its client tells of (W3C Trace Context).
func (t *traces) requests(next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	var propagator propagation.TraceContext
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := propagator.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := t.tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// answered says in a request's trace what became of it. route is a template: paths and queries are about people.
func (t *traces) answered(ctx context.Context, route, method string, code int) {
	if t == nil {
		return
	}
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	span.SetName(method + " " + route)
	span.SetAttributes(attribute.String("http.request.method", method), attribute.String("http.route", route),
		attribute.Int("http.response.status_code", code))
	if code >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, http.StatusText(code))
	}
}

// begin makes work that is done in the background a trace of its own, until the function that it returns is called.
func (t *traces) begin(ctx context.Context, work string) (context.Context, func()) {
	if t == nil {
		return ctx, func() {}
	}
	ctx, span := t.tracer.Start(ctx, work, trace.WithNewRoot())
	return ctx, func() { span.End() }
}

// duty makes a duty a trace of its own.
func (t *traces) duty(d duty) duty {
	do := d.do
	d.do = func(ctx context.Context) error {
		ctx, end := t.begin(ctx, d.name)
		defer end()
		err := do(ctx)
		fail(trace.SpanFromContext(ctx), err)
		return err
	}
	return d
}

// fail notes what went wrong. Only its kind is told: the text of an error may name people.
func fail(span trace.Span, err error) {
	if err != nil {
		span.SetStatus(codes.Error, fmt.Sprintf("%T", err))
	}
}
