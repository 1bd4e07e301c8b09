package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"proprio/resources"
)

// BasePath begins the path of all that belongs to a company as an issuer; the company's id follows.
const BasePath = "/ssf/"

// WellKnown begins the path of a transmitter's metadata (SSF 1.0 §7.2.1).
const WellKnown = "/.well-known/ssf-configuration"

// Concerns says whether a path is for this package.
func Concerns(path string) bool {
	return strings.HasPrefix(path, BasePath) || path == WellKnown || strings.HasPrefix(path, WellKnown+"/")
}

// Scopes of tokens (CAEP interoperability profile §2.7). Manage includes Read. A token for SCIM alone has neither: who may
// write people is not by that who may hear of all that others write.
const (
	ScopeRead   = "ssf.read"
	ScopeManage = "ssf.manage"
)

// Server is the transmitter's HTTP side.
type Server struct {
	*Publisher
	Connections Connections
	Bell        *Bell // rings when something may have changed; optional
	Limits      Limits
	Stopping    <-chan struct{} // closed when the process is to end: polls wait no longer; optional
}

// Limits bound requests. A zero field means its default.
type Limits struct {
	Body   int64         // bytes of a request; default 1 MiB
	Events int           // SETs of one poll; default 100
	Wait   time.Duration // how long a poll may be kept waiting; default 30 s
	Look   time.Duration // how often a poll that waits looks again; default 1 s
	Verify time.Duration // between requests for verification; default 10 s
	// Patience is how long a client may take for the body of its request; default 10 s.
	Patience time.Duration
}

func (l Limits) withDefaults() Limits {
	if l.Body <= 0 {
		l.Body = 1 << 20
	}
	if l.Events <= 0 {
		l.Events = 100
	}
	if l.Wait <= 0 {
		l.Wait = 30 * time.Second
	}
	if l.Look <= 0 {
		l.Look = time.Second
	}
	if l.Verify <= 0 {
		l.Verify = 10 * time.Second
	}
	if l.Patience <= 0 {
		l.Patience = 10 * time.Second
	}
	return l
}

// Connections finds whose a token is: see [resources.Connections].
type Connections interface {
	Authenticate(ctx context.Context, hash [32]byte, now time.Time) (resources.Token, resources.Connection, error)
}

// handler is an endpoint behind a token.
type handler func(w http.ResponseWriter, r *http.Request, c resources.Connection) error

// Register adds every route to a ServeMux.
func (s *Server) Register(mux *http.ServeMux) {
	server := *s
	server.Limits = s.Limits.withDefaults()
	s = &server
	open := func(pattern string, h func(http.ResponseWriter, *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.answer(w, r, h(w, r)) })
	}
	open("GET "+WellKnown, s.ownMetadata)
	open("GET "+WellKnown+BasePath+"{company}", s.metadata)
	open("GET "+BasePath+"{company}/jwks.json", s.keys)

	closed := func(pattern, scope string, h handler) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.answer(w, r, s.guarded(w, r, scope, h)) })
	}
	const company = BasePath + "{company}/"
	closed("POST "+company+"streams", ScopeManage, s.createStream)
	closed("GET "+company+"streams", ScopeRead, s.readStreams)
	closed("PATCH "+company+"streams", ScopeManage, s.changeStream)
	closed("PUT "+company+"streams", ScopeManage, s.changeStream)
	closed("DELETE "+company+"streams", ScopeManage, s.deleteStream)
	closed("GET "+company+"status", ScopeRead, s.readStatus)
	closed("POST "+company+"status", ScopeManage, s.changeStatus)
	closed("POST "+company+"subjects/add", ScopeManage, s.addSubject)
	closed("POST "+company+"subjects/remove", ScopeManage, s.removeSubject)
	closed("POST "+company+"verification", ScopeManage, s.verify)
	closed("POST "+company+"poll/{stream}", ScopeRead, s.poll)
}

// guarded lets a token in force with the scope through, in its own company alone.
func (s *Server) guarded(w http.ResponseWriter, r *http.Request, scope string, h handler) error {
	c, err := s.authenticate(w, r, scope)
	if err != nil {
		return err
	}
	if r.PathValue("company") != c.Company {
		return resources.Errorf(resources.ErrNotFound, "", "There is no such path for this token; %s tells the right ones.", WellKnown)
	}
	return h(w, r, c)
}

// errNoToken means that nobody has shown who they are.
var errNoToken = errors.New("no token in force")

// What keeps a body from being read: net/http ends the request's context then, though the client may wait for an answer.
var (
	errSlow = errors.New("the body took too long to come: send it at once")
	errCut  = errors.New("the body ended before it was complete")
)

// authenticate finds whose token it is. It is taken from the header alone, never from a query (CAEP interoperability
// profile §2.7).
func (s *Server) authenticate(w http.ResponseWriter, r *http.Request, scope string) (resources.Connection, error) {
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	const shortest, longest = 32, 256
	if !strings.EqualFold(kind, "Bearer") || len(token) < shortest || len(token) > longest {
		w.Header().Set("WWW-Authenticate", `Bearer realm="ssf"`)
		return resources.Connection{}, fmt.Errorf("%w: send the header Authorization: Bearer <token>", errNoToken)
	}
	t, c, err := s.Connections.Authenticate(r.Context(), resources.HashToken(token), s.Now())
	if errors.Is(err, resources.ErrNotFound) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="ssf", error="invalid_token"`)
		return c, fmt.Errorf("%w: the bearer token is not known, was revoked, or has expired", errNoToken)
	}
	if err != nil {
		return c, err
	}
	if !slices.Contains(t.Scopes, scope) && !slices.Contains(t.Scopes, ScopeManage) {
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="ssf", error="insufficient_scope", scope=%q`, scope))
		return c, resources.Errorf(resources.ErrForbidden, "", "The token is not for this: it needs the scope %s.", scope)
	}
	return c, nil
}

// statuses are what domain errors are on the wire.
var statuses = []struct {
	kind   error
	status int
	err    string
}{
	{errNoToken, http.StatusUnauthorized, "authentication_failed"},
	{errSlow, http.StatusRequestTimeout, "invalid_request"},
	{errCut, http.StatusBadRequest, "invalid_request"},
	{errTooSoon, http.StatusTooManyRequests, "too_many_requests"},
	{resources.ErrForbidden, http.StatusForbidden, "access_denied"},
	{resources.ErrNotFound, http.StatusNotFound, "not_found"},
	{resources.ErrUniqueness, http.StatusConflict, "conflict"},
	{ErrMoved, http.StatusConflict, "conflict"},
	{resources.ErrInvalidSyntax, http.StatusBadRequest, "invalid_request"},
	{resources.ErrInvalidValue, http.StatusBadRequest, "invalid_request"},
	{resources.ErrTooLarge, http.StatusRequestEntityTooLarge, "invalid_request"},
	{resources.ErrFull, http.StatusInsufficientStorage, "full"}, // RFC 4918 §11.5; before ErrBusy, which it is too
	{resources.ErrBusy, http.StatusServiceUnavailable, "busy"},
}

// answer writes an error, if there is one, in the form of RFC 8935 §2.4.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, err error) {
	unread := errors.Is(err, errSlow) || errors.Is(err, errCut)
	if err == nil || errors.Is(r.Context().Err(), context.Canceled) && !unread {
		return // nobody is waiting for an answer
	}
	status, code, text := http.StatusInternalServerError, "server_error", "The server could not do this; its log says why."
	for _, known := range statuses {
		if errors.Is(err, known.kind) {
			status, code, text = known.status, known.err, detail(err)
			break
		}
	}
	if status >= http.StatusInternalServerError {
		s.Log.ErrorContext(r.Context(), "event stream request", slog.String("route", r.Pattern), slog.String("error", err.Error()))
	}
	if status == http.StatusServiceUnavailable || status == http.StatusInsufficientStorage {
		w.Header().Set("Retry-After", "1")
	}
	respond(w, status, map[string]string{"err": code, "description": text})
}

// detail is what a client may read of an error.
func detail(err error) string {
	var domain *resources.Error
	if !errors.As(err, &domain) {
		return err.Error()
	}
	if domain.Path != "" {
		return domain.Path + ": " + domain.Detail
	}
	return domain.Detail
}

// respond writes JSON. What streams say is for their receivers alone, so nothing is kept on the way.
func respond(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil { // texts, numbers and booleans of our own
		status, body = http.StatusInternalServerError, []byte(`{"err":"server_error"}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone cannot be told
}

// decode reads a request body that must be one JSON object, and comes in time: the request has a slot meanwhile.
func (s *Server) decode(w http.ResponseWriter, r *http.Request, into any) error {
	// net/http takes the deadline away when the body has come. When it has not, it stays, and ends the connection.
	// A writer that has no deadlines is a test's.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.Limits.Patience))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.Limits.Body))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return resources.Errorf(resources.ErrTooLarge, "", "The body is larger than %d bytes.", tooLarge.Limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errSlow
	case err != nil:
		return errCut
	}
	if err := json.Unmarshal(body, into); err != nil {
		return &resources.Error{Kind: resources.ErrInvalidSyntax, Detail: "The body is not the JSON object that is meant: " + err.Error() + "."}
	}
	return nil
}
