package scim

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"proprio/resources"
	"proprio/scim/gate"
)

// event is what is known of one request; it is filled along the way and told once at the end.
type event struct {
	id         string
	route      string // template, "" when no route matched
	pathID     string // the path's id, decoded
	caller     resources.Caller
	company    string
	connection string
	status     int // 0: nothing written yet
	err        error
	ignored    []string // attributes the schemas do not know (Q06)
	hidden     []string // attributes that are never returned, and so never recorded
	request    []byte
	response   []byte
	pass       gate.Pass // to work; what waits for something else than the database leaves
}

// maxIgnored is how many attributes one log line names: a bulk request may bring many.
const maxIgnored = 100

func (e *event) ignore(paths []string) {
	for _, path := range paths {
		if len(e.ignored) < maxIgnored && !slices.Contains(e.ignored, path) {
			e.ignored = append(e.ignored, path)
		}
	}
}

type eventKey struct{}

// eventFrom is the request's event; outside of a request it is one that nobody reads.
func eventFrom(ctx context.Context) *event {
	if e, ok := ctx.Value(eventKey{}).(*event); ok {
		return e
	}
	return &event{}
}

// observe surrounds every request: it gives it an id and the headers of every answer, recovers a panic, and tells log, metrics and recorder of it.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.Now()
		e := &event{id: newRequestID()}
		setHeaders(w.Header(),
			"X-Request-Id", e.id,
			"Cache-Control", "no-store", // directory data must not stay in a proxy (RFC 7644 §7.6)
			"X-Content-Type-Options", "nosniff",
		)
		r = r.WithContext(context.WithValue(r.Context(), eventKey{}, e))
		rw := &responseWriter{ResponseWriter: w, event: e, request: r, patience: s.Limits.Patience}
		defer func() {
			p := recover()
			if p != nil && p != http.ErrAbortHandler {
				s.Log.ErrorContext(r.Context(), "panic", "request", e.id, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				s.writeError(rw, r, fmt.Errorf("panic: %v", p))
			}
			d := s.Now().Sub(start)
			s.record(r, e, start, d)
			s.tell(r, e, d)
			if p == http.ErrAbortHandler {
				panic(p) // the connection is to be broken off
			}
		}()
		next.ServeHTTP(rw, r)
	})
}

// newRequestID makes a UUIDv4. It names a request and opens nothing, so it is not worth a question to the system.
func newRequestID() string {
	var id uuid.UUID
	binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(id[8:], rand.Uint64())
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // version and variant (RFC 9562 §5.4)
	return id.String()
}

// tell writes the request's one wide log line and counts it. The line holds no personal data: the route instead of the
// path and the query, and an error's text only when it is the server's own fault.
func (s *Server) tell(r *http.Request, e *event, d time.Duration) {
	level := slog.LevelInfo
	failed := e.err != nil && e.status >= http.StatusInternalServerError && e.status != http.StatusNotImplemented
	if failed {
		level = slog.LevelError
		if errors.Is(e.err, resources.ErrBusy) && !errors.Is(e.err, resources.ErrFull) { // it passes by itself
			level = slog.LevelWarn
		}
	}
	if s.Log.Enabled(r.Context(), level) {
		s.logLine(r, e, level, failed, d)
	}
	if s.Observe != nil {
		s.Observe(r.Context(), e.route, r.Method, e.status, d)
	}
}

func (s *Server) logLine(r *http.Request, e *event, level slog.Level, failed bool, d time.Duration) {
	attrs := []slog.Attr{
		slog.String("request", e.id), slog.String("method", r.Method), slog.String("route", e.route),
		slog.Int("status", e.status), slog.Duration("duration", d),
		slog.String("company", e.company), slog.String("connection", e.connection),
	}
	if len(e.ignored) > 0 {
		attrs = append(attrs, slog.Any("ignored", e.ignored))
	}
	if failed {
		attrs = append(attrs, slog.String("error", e.err.Error()))
	}
	s.Log.LogAttrs(r.Context(), level, "scim", attrs...)
}

// record keeps the exchange for the admin, if it is one of a connection's.
func (s *Server) record(r *http.Request, e *event, at time.Time, d time.Duration) {
	if s.Recorder == nil || e.connection == "" {
		return
	}
	uri := r.RequestURI
	if !strings.HasPrefix(uri, "/") { // a proxy's form, or no server's request
		uri = r.URL.RequestURI()
	}
	s.Recorder.notice(e.company, e.connection, at, sightOf(r, e), e.ignored)
	s.Recorder.Record(withoutHidden(resources.Exchange{
		Company: e.company, Connection: e.connection, At: at, Method: r.Method, Path: uri, UserAgent: r.UserAgent(),
		Status: e.status, Duration: d, Request: e.request, Response: e.response,
	}, e.hidden))
}

// responseWriter notes what was answered.
type responseWriter struct {
	http.ResponseWriter
	event    *event
	request  *http.Request
	patience time.Duration // with a client that takes no part of its answer
	until    time.Time     // when an answer that is paced must be over; zero for the others
}

// WriteHeader notes the status.
func (w *responseWriter) WriteHeader(status int) {
	if w.event.status == 0 {
		w.event.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write notes the body: the first write is all of it, but for those of a [stream], which notes something else.
func (w *responseWriter) Write(body []byte) (int, error) {
	if w.event.status == 0 {
		w.event.status = http.StatusOK
	}
	if w.event.response == nil {
		w.event.response = body
	}
	if len(body) >= streamPart || !w.until.IsZero() {
		return w.writeParts(body)
	}
	return w.ResponseWriter.Write(body)
}

// Unwrap gives http.ResponseController the connection's own writer.
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
