package scim

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"proprio/audit"
	"proprio/resources"
	"proprio/scim/gate"
)

// BasePath is where the service lives under the public URL.
const BasePath = "/scim/v2"

// Concerns says whether a path, decoded but not cleaned, is for this service: it begins with /scim, in any letter case
// and however many slashes. A program that serves more besides hands all such paths over, so that a client with a
// mistyped base URL hears of it in SCIM.
func Concerns(path string) bool {
	const first = "scim"
	path = strings.TrimLeft(path, "/")
	return len(path) >= len(first) && strings.EqualFold(path[:len(first)], first)
}

// Server is the SCIM service. Its dependencies are its fields; it is safe for concurrent use once Handler was called.
type Server struct {
	Directory   *resources.Directory
	Store       resources.Store
	Connections resources.Connections
	Registry    resources.Registries
	PublicURL   string // as clients reach the server, without trailing slash; never taken from a request's Host
	Limits      Limits // zero fields: the defaults
	CursorKey   []byte // seals the cursors of pages; the same for all replicas. Empty: one that ends with this process
	Now         func() time.Time
	Log         *slog.Logger

	// ResourceMetadata is where clients learn which authorization server issues tokens for this one (RFC 9728); empty: none.
	ResourceMetadata string
	// Record is read by delta queries; needed where a company turned them on.
	Record audit.Changes
	// Async makes requests later whose clients ask for that; optional. What is in it is made by RunAsync.
	Async *Async
	// EventURIs are the types of security events that streams deliver (RFC 9967 §4); empty: there are no streams.
	EventURIs []string
	// Recorder keeps requests for the admin to look at; optional.
	Recorder *Recorder
	// Gate bounds the requests that work at once; optional.
	Gate *gate.Gate
	// Refused is told of every request that was refused before anything was done for it, and why: see
	// [RefusedRate]; optional.
	Refused func(reason string)
	// Observe is told of every request when it is over; optional. route is a template such as "/Users/{id}".
	Observe func(ctx context.Context, route, method string, status int, d time.Duration)

	cursors cursors
}

// DefaultMaxPage is how many resources a list holds at most where nothing else is said.
const DefaultMaxPage = 1000

// Limits bound what one request may ask for. A zero field means its default.
type Limits struct {
	Body     int64 // bytes of a request body; default 1 MiB
	Bulk     int   // operations of a bulk request; default 1000
	PageSize int   // resources of a list that names no count; default 100
	MaxPage  int   // resources of a list at most; default DefaultMaxPage
	Rate     int   // requests per second of one connection; default none. IPSIE wants 25 at least
	// CursorTimeout is for how many seconds a cursor is good, at least; default an hour (RFC 9865 §4).
	CursorTimeout int
	// Patience is how long a client may take for its body, for each MiB of it, and for each 64 KiB of a large answer;
	// default 10 s.
	Patience time.Duration
}

func (l Limits) withDefaults() Limits {
	fill := func(n *int, value int) {
		if *n <= 0 {
			*n = value
		}
	}
	if l.Body <= 0 {
		l.Body = 1 << 20
	}
	fill(&l.Bulk, 1000)
	fill(&l.PageSize, 100)
	fill(&l.MaxPage, DefaultMaxPage)
	l.PageSize = min(l.PageSize, l.MaxPage)
	fill(&l.CursorTimeout, 3600)
	if l.Patience <= 0 {
		l.Patience = 10 * time.Second
	}
	return l
}

// Handler serves everything that [Concerns] it. Without a bearer token nothing but ServiceProviderConfig is reachable,
// not even the answer that a path does not exist; every refusal is a SCIM error, and none is a redirect. What net/http
// refuses before any handler is asked (a header over the server's limit is 431, what is not HTTP is 400) it answers
// itself, in plain text.
func (s *Server) Handler() http.Handler {
	server := s.ready()
	return server.observe(server.public(server.authenticate(server.throttle(server.admit(server.pace(server.serve()))))))
}

// ready is a copy of the server with what was left open filled in.
func (s *Server) ready() *Server {
	server := *s
	server.Limits = s.Limits.withDefaults()
	server.PublicURL = strings.TrimRight(s.PublicURL, "/")
	server.cursors = newCursors(&server)
	return &server
}

// handler is an endpoint. It either writes a response or returns an error, which [Server.writeError] writes.
type handler func(w http.ResponseWriter, r *http.Request) error

// methods are the handlers of one path. HEAD is GET without the body; any other method is 405 with Allow.
type methods map[string]handler

// route makes one path's handlers an http.Handler: it notes the route for the log, picks the method, and turns a
// returned error into a response.
func (s *Server) route(path string, m methods) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		eventFrom(r.Context()).route = path
		if err := s.dispatch(m, w, r); err != nil {
			s.writeError(w, r, err)
		}
	})
}

func (s *Server) dispatch(m methods, w http.ResponseWriter, r *http.Request) error {
	if err := acceptable(r); err != nil {
		return err
	}
	h := m["*"]
	if h == nil {
		h = m[strings.Replace(r.Method, http.MethodHead, http.MethodGet, 1)]
	}
	if h == nil {
		w.Header().Set("Allow", m.allow())
		return methodNotAllowed(r.Method)
	}
	return h(w, r)
}

// allow lists the methods for the Allow header (RFC 9110 §10.2.1).
func (m methods) allow() string {
	var names []string
	for name := range m {
		names = append(names, name)
		if name == http.MethodGet {
			names = append(names, http.MethodHead)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// pathID is the last segment of a path such as /Users/{id}, percent-decoded once.
func pathID(r *http.Request) string { return eventFrom(r.Context()).pathID }
