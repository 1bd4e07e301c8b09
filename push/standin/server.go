package standin

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"proprio/push/profiles"
	"proprio/resources"
)

// Server is one app. Its exported fields are set before the first request; its methods may be called at any time.
type Server struct {
	Profile profiles.Profile
	Token   string           // that calls must bear
	Expires time.Time        // when the token stops being taken; zero: never
	Now     func() time.Time // for Expires and Retry-After dates
	// KeepsMembers is how many members of a Group it keeps while it says yes to more; 0: all.
	KeepsMembers int
	// ListsNothing: its lists are empty, though it shows each resource by its id, as with a token that may not list.
	ListsNothing bool
	// Doubles: it holds a member as often as it is given.
	Doubles bool

	mu       sync.Mutex
	next     int // of ids
	served   int
	users    table
	groups   table
	requests []Request
	fault    func(n int, r Request) *Fault
}

// table is resources by id.
type table map[string]document

func (t table) copy() table {
	out := table{}
	for id, doc := range t {
		out[id] = resources.Clone(doc).(document)
	}
	return out
}

// document is a resource as JSON.
type document = map[string]any

// Request is what was asked.
type Request struct {
	Method, Path, Body string
	Header             http.Header
	Status             int // of the answer; 0: none yet, or none at all
}

func (r Request) String() string { return r.Method + " " + r.Path }

// Fault is what goes wrong with one request.
type Fault struct {
	Status     int
	RetryAfter time.Duration // 0: none is said
	ScimType   string
	Drop       bool // the connection ends without an answer
	Commit     bool // the work is done before things go wrong
	Forget     bool // it says yes, and does nothing of it
}

// New makes the app of a profile.
func New(p profiles.Profile, token string) *Server {
	return &Server{Profile: p, Token: token, Now: time.Now, users: table{}, groups: table{}}
}

// SetFault has f asked before each request; n counts all requests from 1. Nil: no faults.
func (s *Server) SetFault(f func(n int, r Request) *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// ServeHTTP implements http.Handler. One request is served at a time.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	request := Request{r.Method, r.URL.RequestURI(), string(text), r.Header.Clone(), 0}
	s.mu.Lock()
	s.requests = append(s.requests, request)
	s.served++
	n, at, ask := s.served, len(s.requests)-1, s.fault
	s.mu.Unlock()
	var fault *Fault
	if ask != nil {
		fault = ask(n, request) // it may look at the app, or wait
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var a answer
	switch {
	case fault == nil || fault.Commit:
		a = s.answer(r, text)
	case fault.Forget:
		a = s.pretend(r, text)
		fault = nil
	}
	if fault != nil {
		if fault.Drop {
			drop(w)
			return
		}
		a = refused(fault.Status, fault.ScimType, "made up by the stand-in")
		a.retryAfter = fault.RetryAfter
	}
	if at < len(s.requests) { // unless somebody asked meanwhile what was heard
		s.requests[at].Status = a.status
	}
	s.send(w, a)
}

// pretend answers as if the work were done.
func (s *Server) pretend(r *http.Request, text []byte) answer {
	users, groups := s.users, s.groups
	defer func() { s.users, s.groups = users, groups }()
	s.users, s.groups = users.copy(), groups.copy()
	return s.answer(r, text)
}

// answer is a status with a body.
type answer struct {
	status     int
	body       any // nil: none
	retryAfter time.Duration
}

// refused is an error in the form of RFC 7644 §3.12.
func refused(status int, scimType, detail string) answer {
	body := document{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"}, "status": strconv.Itoa(status), "detail": detail}
	if scimType != "" {
		body["scimType"] = scimType
	}
	return answer{status: status, body: body}
}

// send writes an answer the way the product does.
func (s *Server) send(w http.ResponseWriter, a answer) {
	odd := s.Profile.Answers
	if a.retryAfter > 0 {
		after := strconv.Itoa(int(a.retryAfter.Seconds()))
		if odd.RetryAfter == "date" {
			after = s.Now().Add(a.retryAfter).UTC().Format(http.TimeFormat)
		}
		w.Header().Set("Retry-After", after)
	}
	if a.status == http.StatusNotFound && odd.NotFound == "html" {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(a.status)
		fmt.Fprint(w, "<html><body>Not here</body></html>")
		return
	}
	if odd.ErrorInside && a.status >= 400 && a.status < 500 {
		a.status = http.StatusOK // what it is stands in the body
	}
	w.Header().Set("Content-Type", "application/scim+json")
	w.WriteHeader(a.status)
	if a.body != nil {
		_ = json.NewEncoder(w).Encode(a.body) // a caller that went away hears nothing
	}
}

func drop(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if conn, _, err := h.Hijack(); err == nil {
			_ = conn.Close()
		}
	}
}

// mayCall says who and what is let in.
func (s *Server) mayCall(r *http.Request) (answer, bool) {
	expired := !s.Expires.IsZero() && !s.Now().Before(s.Expires)
	switch {
	case r.Header.Get("Authorization") != "Bearer "+s.Token || expired:
		return refused(http.StatusUnauthorized, "", "the token is not known, or no longer"), false
	case r.UserAgent() == "" || !strings.Contains(r.Header.Get("Accept"), "application/scim+json"):
		return refused(http.StatusBadRequest, "", "User-Agent and Accept are required"), false
	}
	for name, want := range s.Profile.Headers {
		if r.Header.Get(name) != want {
			return refused(http.StatusBadRequest, "", "header "+name+" is required"), false
		}
	}
	return answer{}, true
}
