package standin

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A stand-in lists so few at once that two or three people fill several pages, and no more pages than it takes to tell of thousands.
const (
	pageLimit = 2
	pageCount = 25
)

// owner is whose credential it is, in products whose list of people is never empty. People leaves the owner out.
const owner = "owner@atelier.fr"

// Person is somebody in a product.
type Person struct {
	ID, Address, Name string
	Active            bool
	State             string // in the product's words, where Active does not say it all
	Role              string // where the stand-in keeps one
}

// Group is a group in a product.
type Group struct {
	ID, Name string
	Members  []string // addresses, sorted
}

// product is one product behind a server. Its methods are called by one request at a time.
type product interface {
	// serve answers a call whose path is below the product's base address.
	serve(r *request) answer
	// mayCall says whether a call bears the product's credential.
	mayCall(r *request) bool
	// refuse is an error in the product's form.
	refuse(status int, words string) answer
	people() []Person
	groups() []Group
}

// Server is one product on loopback.
type Server struct {
	URL        string // the app's address
	Credential string // the app's credential, as an admin gives it

	mu       sync.Mutex
	product  product
	base     string // path of the app's address
	tokens   *issuer
	requests []Request
	served   int
	fault    func(n int, r Request) *Fault
}

// Request is what was asked. Requests for access tokens are not among them.
type Request struct {
	Method, Path, Body string
	Status             int // of the answer; 0: none
}

func (r Request) String() string { return r.Method + " " + r.Path }

// Fault is what goes wrong with one request.
type Fault struct {
	Status     int
	RetryAfter time.Duration
	RetryAt    time.Time                // the same as a date
	Page       bool                     // a page for people, as gateways answer
	Drop       bool                     // the connection ends without an answer
	Commit     bool                     // the work is done before things go wrong
	Echo       bool                     // the answer repeats what was sent, credential and all
	Mangle     func(body string) string // what becomes of an answer on its way; nil: it comes as it is
}

// request is a call under way.
type request struct {
	method string
	path   string // below the base address
	query  url.Values
	header http.Header
	body   map[string]any // nil: none
	text   string
	server *Server
}

// start starts a server for a product and has it stopped with the test.
func start(t testing.TB, base string, p product) *Server {
	t.Helper()
	s := &Server{product: p, base: base}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	s.URL = web.URL + base
	return s
}

// SetFault has f asked before each request; n counts all requests from 1. Nil: no faults.
func (s *Server) SetFault(f func(n int, r Request) *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Heard returns the requests since the last call of Heard.
func (s *Server) Heard() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.requests
	s.requests = nil
	return out
}

// People are everybody in the product, by address.
func (s *Server) People() []Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.DeleteFunc(s.product.people(), func(p Person) bool { return p.Address == owner })
	slices.SortFunc(all, func(a, b Person) int { return strings.Compare(a.Address, b.Address) })
	return all
}

// Person is who has an address; the zero Person: nobody.
func (s *Server) Person(address string) Person {
	for _, p := range s.People() {
		if strings.EqualFold(p.Address, address) {
			return p
		}
	}
	return Person{}
}

// SetRole gives somebody a role by hand, where the product knows roles.
func (s *Server) SetRole(address, role string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.product.(interface{ setRole(address, role string) }).setRole(address, role)
}

// Group is the group of a name; ok is false when there is none.
func (s *Server) Group(name string) (g Group, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.product.groups() {
		if g.Name == name {
			slices.Sort(g.Members)
			return g, true
		}
	}
	return Group{}, false
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if s.tokens != nil && r.URL.Path == s.tokens.path {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.send(w, s.tokens.serve(r, string(text)))
		return
	}
	heard := Request{r.Method, r.URL.RequestURI(), string(text), 0}
	s.mu.Lock()
	s.requests = append(s.requests, heard)
	s.served++
	n, at, ask := s.served, len(s.requests)-1, s.fault
	s.mu.Unlock()
	var fault *Fault
	if ask != nil {
		fault = ask(n, heard)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var a answer
	if fault == nil || fault.Commit || fault.Mangle != nil {
		a = s.answer(r, string(text))
	}
	if fault != nil {
		if fault.Drop {
			drop(w)
			return
		}
		a = s.faulty(fault, a, r, string(text))
	}
	if at < len(s.requests) {
		s.requests[at].Status = a.status
	}
	s.send(w, a)
}

// faulty is the answer that comes in the place of a.
func (s *Server) faulty(fault *Fault, a answer, r *http.Request, text string) answer {
	switch {
	case fault.Mangle != nil:
		a.mangle = fault.Mangle
		return a
	case fault.Page:
		return answer{status: fault.Status, body: page("<html><body>Something went wrong</body></html>")}
	}
	words := "made up by the stand-in"
	if fault.Echo {
		words = echo(r.Header, text)
	}
	a = s.product.refuse(fault.Status, words)
	a.retryAfter, a.retryAt = fault.RetryAfter, fault.RetryAt
	return a
}

func (s *Server) answer(r *http.Request, text string) answer {
	path, below := strings.CutPrefix(r.URL.EscapedPath(), s.base)
	if !below {
		return answer{status: http.StatusNotFound, body: page("<html><body>Not here</body></html>")}
	}
	in := &request{method: r.Method, path: path, query: r.URL.Query(), header: r.Header, text: text, server: s}
	if !s.product.mayCall(in) {
		return s.product.refuse(http.StatusUnauthorized, "the credential is not taken")
	}
	if text != "" && text != "null" {
		if r.Header.Get("Content-Type") != "application/json" {
			return s.product.refuse(http.StatusUnsupportedMediaType, "want application/json")
		}
		if err := json.Unmarshal([]byte(text), &in.body); err != nil {
			return s.product.refuse(http.StatusBadRequest, err.Error())
		}
	}
	return s.product.serve(in)
}

// echo is all that was sent, as it was sent and as it was meant.
func echo(header http.Header, text string) string {
	var meant any
	_ = json.Unmarshal([]byte(text), &meant) // what is no JSON is repeated as it is
	return fmt.Sprint("did not like ", header, text, meant)
}

func drop(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if conn, _, err := h.Hijack(); err == nil {
			_ = conn.Close()
		}
	}
}

func (s *Server) send(w http.ResponseWriter, a answer) {
	if a.retryAfter > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(a.retryAfter.Seconds())))
	}
	if !a.retryAt.IsZero() {
		w.Header().Set("Retry-After", a.retryAt.UTC().Format(http.TimeFormat))
	}
	if html, ok := a.body.(page); ok {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, string(html))
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(a.status)
	if a.body == nil {
		return
	}
	text, err := json.Marshal(a.body)
	if err != nil {
		panic("standin: " + err.Error()) // what stand-ins hold always encodes
	}
	if a.mangle != nil {
		text = []byte(a.mangle(string(text)))
	}
	_, _ = w.Write(text) // a caller that went away hears nothing
}
