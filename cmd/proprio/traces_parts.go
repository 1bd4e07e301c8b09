package main

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"proprio/db"
)

// statements is what the database tells of each statement; nil when traces are off.
func (t *traces) statements() db.Trace {
	if t == nil {
		return nil
	}
	return func(ctx context.Context, what string) (context.Context, db.Span) {
		if !trace.SpanFromContext(ctx).IsRecording() {
			return ctx, nil // a statement is a part of something, or of no interest
		}
		name, _, _ := strings.Cut(strings.TrimSpace(what), " ")
		ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient))
		if what != db.TransactionSpan {
			span.SetAttributes(attribute.String("db.query.text", what))
		}
		return ctx, statementSpan{span}
	}
}

// statementSpan is a statement in a trace.
type statementSpan struct{ span trace.Span }

// Fail implements db.Span.
func (s statementSpan) Fail(err error) { fail(s.span, err) }

// End implements db.Span.
func (s statementSpan) End() { s.span.End() }

// calls makes each request to another server a part of the trace in whose course it is made. The other hears nothing of
// the trace: it is not ours.
func (t *traces) calls(next http.RoundTripper) http.RoundTripper {
	if t == nil {
		return next
	}
	return tracedCalls{t, next}
}

type tracedCalls struct {
	traces *traces
	next   http.RoundTripper
}

// RoundTrip implements http.RoundTripper. The span holds no path and no query: they are about people. It ends when the
// headers of the answer are there.
func (c tracedCalls) RoundTrip(r *http.Request) (*http.Response, error) {
	if !trace.SpanFromContext(r.Context()).IsRecording() {
		return c.next.RoundTrip(r)
	}
	ctx, span := c.traces.tracer.Start(r.Context(), r.Method, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("http.request.method", r.Method), attribute.String("server.address", r.URL.Hostname()),
	))
	defer span.End()
	resp, err := c.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		fail(span, err)
		return resp, err
	}
	span.SetAttributes(attribute.Int("http.response.status_code", resp.StatusCode))
	if resp.StatusCode >= http.StatusBadRequest {
		span.SetStatus(codes.Error, http.StatusText(resp.StatusCode))
	}
	return resp, nil
}

// CloseIdleConnections lets an http.Client close those of the pool.
func (c tracedCalls) CloseIdleConnections() { (&http.Client{Transport: c.next}).CloseIdleConnections() }

// log puts the trace's id into each line that is written in its course.
func (t *traces) log(log *slog.Logger) *slog.Logger {
	if t == nil {
		return log
	}
	return slog.New(tracedLog{log.Handler()})
}

type tracedLog struct{ slog.Handler }

// Handle implements slog.Handler.
func (l tracedLog) Handle(ctx context.Context, r slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.IsSampled() {
		r = r.Clone()
		r.AddAttrs(slog.String("trace", span.TraceID().String()))
	}
	return l.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (l tracedLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return tracedLog{l.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (l tracedLog) WithGroup(name string) slog.Handler { return tracedLog{l.Handler.WithGroup(name)} }
