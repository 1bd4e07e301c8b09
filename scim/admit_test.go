package scim_test

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/scim"
	"proprio/scim/gate"
)

// heldStore is a database that answers the queries of one company only when it is let.
type heldStore struct {
	resources.Store
	company  string
	released chan struct{}
}

func (s *heldStore) Find(ctx context.Context, c resources.Caller, q resources.Query) (*resources.Page, error) {
	if c.Company == s.company {
		select {
		case <-s.released:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return s.Store.Find(ctx, c, q)
}

// Hundreds of requests at once on a database that stands still: each is answered, with 503 and when to come again, another
// identity provider's go on, and when the database is well again nothing is left of it.
func TestOverloadIsShedAndHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := gate.New(gate.Config{Slots: 4, Share: 3, Waiting: 50, Wait: 200 * time.Millisecond})
		var mu sync.Mutex
		refused := map[string]int{}
		store := &heldStore{Store: d, released: make(chan struct{})}
		w := newWorld(t, d, func(s *scim.Server) {
			s.Store, s.Gate = store, g
			s.Refused = func(reason string) { mu.Lock(); defer mu.Unlock(); refused[reason]++ }
		})
		greedy, modest := w.tenant("Société", ""), w.tenant("Autre", "")
		store.company = greedy.company
		const requests = 300
		answers := make(chan answer, requests)
		for range requests {
			go func() { answers <- greedy.do("GET", "/Users?count=0", nil) }()
		}
		for range 10 {
			modest.do("GET", "/Users?count=0", nil).must(200)
		}
		for range requests - 3 { // all but those that work
			a := <-answers
			a.scimError(http.StatusServiceUnavailable, "", "Retry-After")
			if n, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || n < 1 {
				t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
			}
		}
		close(store.released)
		for range 3 {
			(<-answers).must(200)
		}
		greedy.do("GET", "/Users?count=0", nil).must(200)
		w.stop() // waits for the handlers: none is left behind
		s := g.Stats()
		if s.Busy != 0 || s.Waiting != 0 || s.Full+s.Slow != requests-3 {
			t.Errorf("after all: %+v", s)
		}
		if refused["queue"] == 0 || refused["queue"]+refused["wait"] != requests-3 {
			t.Errorf("refusals told: %v", refused)
		}
	})
}

// acceptingStore tells when a request to be made later was accepted.
type acceptingStore struct {
	*db.DB
	accepted chan struct{}
}

func (s acceptingStore) AddAsync(ctx context.Context, r resources.AsyncRequest, most int) error {
	defer close(s.accepted)
	return s.DB.AddAsync(ctx, r, most)
}

// Who lets itself be kept waiting for a request that is made later (RFC 7240 §4.3) holds nobody up.
func TestWaitingForALaterAnswerTakesNoTurn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := gate.New(gate.Config{Slots: 1, Share: 1, Wait: time.Minute})
		store := acceptingStore{d, make(chan struct{})}
		w := newWorld(t, d, func(s *scim.Server) { s.Gate, s.Async = g, scim.NewAsync(store, unsigned) })
		c := w.tenant("Société", "")
		later := make(chan answer, 1)
		go func() {
			later <- c.do("POST", "/Users", user("anne@societe.example"), "Prefer", "respond-async, wait=25")
		}()
		<-store.accepted
		c.do("GET", "/Users?count=0", nil).must(200)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); w.server.RunAsync(ctx) }()
		(<-later).must(201)
		cancel()
		<-done
	})
}
