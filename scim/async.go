package scim

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"proprio/audit"
	"proprio/resources"
)

// Bounds of asynchronous requests.
const (
	asyncWaiting = 1000              // of one connection at most
	asyncWait    = 30 * time.Second  // how long a client may let itself be kept for `wait`
	asyncKept    = 24 * time.Hour    // how long an outcome can be asked for
	asyncPath    = "/AsyncRequests/" // under the base path; RFC 9967 leaves the name to the server
)

// AsyncStore keeps requests that are made later, and knows which changes one that was broken off had made.
type AsyncStore interface {
	resources.AsyncRequests
	// ChangesOf returns the changes of resources that a transaction made, and those of its numbered parts (txn:0, txn:1, …),
	// oldest first; none of them is older than since.
	ChangesOf(ctx context.Context, company, txn string, since time.Time) ([]audit.Entry, error)
	// Connection returns a connection in force. ErrForbidden when it is disabled, or its company suspended.
	Connection(ctx context.Context, company, id string) (resources.Connection, error)
}

// Async is the queue of requests that clients asked to be made later (RFC 7240 §4.1, RFC 9967 §2.5.1). It is shared by
// the handlers, which add to it, and [Server.RunAsync], which makes what is in it.
type Async struct {
	Store AsyncStore
	// Signed makes the security event tokens that tell what became of a request, one for each outcome.
	Signed func(ctx context.Context, r resources.AsyncRequest) ([]string, error)
	// Stopping is closed when the process is to end: clients are kept waiting no longer. Optional.
	Stopping <-chan struct{}

	owner string
	wake  chan struct{}
	mu    sync.Mutex
	kept  map[string]chan *captured // by txn: clients that wait for the answer
}

// NewAsync makes a queue over a store.
func NewAsync(store AsyncStore, signed func(context.Context, resources.AsyncRequest) ([]string, error)) *Async {
	return &Async{
		Store: store, Signed: signed, owner: uuid.NewString(), wake: make(chan struct{}, 1), kept: map[string]chan *captured{},
	}
}

// deferrable lets a client have a change made later. What is wrong with the request as such is said at once.
func (s *site) deferrable(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		wait, asked := prefersAsync(r.Header)
		if !asked || s.Async == nil || asyncRunFrom(r.Context()) != nil {
			return h(w, r)
		}
		body, err := s.checkedBody(w, r)
		if err != nil {
			return err
		}
		return s.Async.accept(s, w, r, body, wait)
	}
}

// checkedBody is the body of a request that can be decoded.
func (s *Server) checkedBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Method == http.MethodDelete {
		return nil, nil
	}
	body, err := s.readBody(w, r)
	if err == nil {
		_, err = resources.DecodeObject(body)
	}
	return body, err
}

// accept keeps a request and answers 202 (RFC 9967 §2.5.1), or with the request's own answer when that comes within the
// time that the client is ready to wait.
func (a *Async) accept(s *site, w http.ResponseWriter, r *http.Request, body []byte, wait time.Duration) error {
	caller := callerFrom(r.Context())
	request := resources.AsyncRequest{
		Company: caller.Company, Connection: caller.Connection, Txn: uuid.Must(uuid.NewV7()).String(), Method: r.Method,
		Path: strings.TrimPrefix(r.URL.RequestURI(), BasePath), Header: map[string][]string{}, Body: body, Accepted: s.Now().UTC(),
	}
	for _, name := range []string{"Content-Type", "If-Match", "If-None-Match"} {
		if values := r.Header.Values(name); len(values) > 0 {
			request.Header[name] = values
		}
	}
	answer := a.expect(request.Txn, wait)
	defer a.forget(request.Txn)
	if err := a.Store.AddAsync(r.Context(), request, asyncWaiting); err != nil {
		if errors.Is(err, resources.ErrTooMany) {
			return tooManyRequests(err)
		}
		return err
	}
	a.nudge()
	eventFrom(r.Context()).pass.Leave() // whoever only waits must not keep others from working
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case c := <-answer:
		c.replay(w)
		return nil
	case <-timer.C:
	case <-a.Stopping:
	case <-r.Context().Done():
	}
	h := w.Header()
	h.Set("Set-Txn", request.Txn)
	h.Set("Preference-Applied", "respond-async")
	h.Set("Location", s.PublicURL+BasePath+asyncPath+request.Txn)
	w.WriteHeader(http.StatusAccepted)
	return nil
}

// outcome is GET of what became of an asynchronous request: its security event token, or for a bulk request one for each
// operation, in their order. Until then it is 202.
func (s *site) outcome(w http.ResponseWriter, r *http.Request) error {
	if s.Async == nil {
		return notImplemented(w, r)
	}
	caller := callerFrom(r.Context())
	request, err := s.Async.Store.Async(r.Context(), caller.Company, caller.Connection, pathID(r))
	if err != nil {
		return err
	}
	w.Header().Set("Set-Txn", request.Txn)
	if request.Finished.IsZero() {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusAccepted)
		return nil
	}
	tokens, err := s.Async.Signed(r.Context(), request)
	if err != nil {
		return err
	}
	if len(tokens) == 1 {
		writeAs(w, http.StatusOK, "application/secevent+jwt", []byte(tokens[0]))
		return nil
	}
	body, err := json.Marshal(map[string][]string{"sets": tokens})
	if err != nil {
		return err
	}
	writeAs(w, http.StatusOK, "application/json", body)
	return nil
}

// prefersAsync reads `respond-async` and `wait` of Prefer (RFC 7240 §4.1, §4.3).
func prefersAsync(h http.Header) (wait time.Duration, asked bool) {
	for name, value := range preferences(h) {
		switch name {
		case "respond-async":
			asked = true
		case "wait":
			seconds, err := strconv.Atoi(value)
			if err == nil && seconds > 0 {
				wait = min(time.Duration(min(seconds, 3600))*time.Second, asyncWait)
			}
		}
	}
	return wait, asked
}

// expect makes ready to hear the answer of a request, where its client waits for it.
func (a *Async) expect(txn string, wait time.Duration) <-chan *captured {
	if wait <= 0 {
		return nil
	}
	c := make(chan *captured, 1)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.kept[txn] = c
	return c
}

func (a *Async) forget(txn string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.kept, txn)
}

// tell hands an answer to the client that waits for it, if one does.
func (a *Async) tell(txn string, c *captured) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if waiting := a.kept[txn]; waiting != nil {
		waiting <- c
		delete(a.kept, txn)
	}
}

func (a *Async) nudge() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}
