package events_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/scim/client"
	"proprio/scim/events"
)

// receiver takes SETs by push and answers as a test says.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	answer   func(w http.ResponseWriter, r *http.Request)
	requests []*http.Request
	bodies   []string
	came     chan struct{} // one for each request
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{came: make(chan struct{}, 1000)}
	r.accept()
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.requests, r.bodies = append(r.requests, req), append(r.bodies, string(body))
		answer := r.answer
		r.mu.Unlock()
		answer(w, req)
		r.came <- struct{}{}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) answers(f func(http.ResponseWriter, *http.Request)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = f
}

func (r *receiver) accept() {
	r.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
}

// refuse answers every SET with an error (RFC 8935 §2.4).
func (r *receiver) refuse(status int, code string) {
	r.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"err":%q,"description":"because"}`, code)
	})
}

// wait returns once n more requests have come.
func (r *receiver) wait(t *testing.T, n int) {
	t.Helper()
	deadline := time.After(time.Minute)
	for range n {
		select {
		case <-r.came:
		case <-deadline:
			t.Fatal("the receiver was not called")
		}
	}
}

func (r *receiver) received(p party) []token {
	r.mu.Lock()
	bodies := append([]string{}, r.bodies...)
	r.mu.Unlock()
	var sets []token
	for _, body := range bodies {
		sets = append(sets, p.verify(body))
	}
	return sets
}

// push runs a pusher until the test ends, or stop is called.
func (w *world) push(t *testing.T, open http.RoundTripper) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	p := &events.Pusher{
		Publisher: w.publisher, Bell: w.bell, Interval: 20 * time.Millisecond, Owner: newID(), Guarded: client.Transport(true), Open: open,
	}
	go func() {
		defer close(done)
		_ = p.Run(ctx)
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

// pushStream makes a stream to an address in the own network, as an administrator can.
func (p party) pushStream(address string, types ...string) events.Stream {
	p.t.Helper()
	s, err := p.publisher.Create(context.Background(), system, events.Stream{
		Company: p.connection.Company, ID: newID(), Connection: p.connection.ID, Requested: types, Status: events.Enabled,
		Delivery: events.Delivery{Method: events.Push, Endpoint: address, Authorization: "Bearer of-the-receiver", AllowPrivate: true},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

// RFC 8935 §2.1, §2.2: one SET in each POST, as application/secevent+jwt, with the receiver's Authorization header, in
// order; 202 ends it.
func TestRFC8935_EachSETIsPostedOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p, r := w.party(w.company(), "scim", "ssf.manage"), newReceiver(t)
		s := p.pushStream(r.URL+"/events", notices...)
		w.push(t, client.Transport(false))
		id := p.user("a@a.fr")
		p.patch("/Users/"+id, op("replace", "title", "Chef"))
		p.scim("DELETE", "/Users/"+id, nil)
		r.wait(t, 3)
		wantEqual(t, "what came", told(r.received(p)), []string{
			"prov:create:notice [id userName]", "prov:patch:notice [title]", "prov:delete",
		})
		for _, req := range r.requests {
			wantEqual(t, "request", []string{req.Method, req.URL.Path, req.Header.Get("Content-Type"), req.Header.Get("Authorization")},
				[]string{"POST", "/events", "application/secevent+jwt", "Bearer of-the-receiver"})
		}
		p.user("b@a.fr") // comes next: nothing is sent twice
		r.wait(t, 1)
		wantEqual(t, "SETs", len(r.received(p)), 4)
		shown := p.must(200, "GET", p.base()+"/streams?stream_id="+s.ID, nil)
		if strings.Contains(string(shown.body), "of-the-receiver") {
			t.Errorf("the configuration shows the Authorization header: %s", shown.body)
		}
	})
}

// RFC 8935 §2.3, §2.4: a receiver that fails gets the same SET again, later; the ones behind it wait; it recovers.
func TestRFC8935_AReceiverThatFailsGetsTheSameSETAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p, r := w.party(w.company(), "scim", "ssf.manage"), newReceiver(t)
		s := p.pushStream(r.URL, events.CreateNotice)
		w.push(t, client.Transport(false))
		failures := []func(){
			func() { r.refuse(http.StatusServiceUnavailable, "busy") },
			func() { r.refuse(http.StatusBadRequest, "authentication_failed") },
			func() {
				r.answers(func(w http.ResponseWriter, req *http.Request) {
					http.Redirect(w, req, r.URL+"/elsewhere", http.StatusTemporaryRedirect)
				})
			},
		}
		failures[0]()
		p.user("a@a.fr")
		p.user("b@a.fr")
		for i := range failures {
			failures[i]()
			if i > 0 {
				w.later(time.Hour)
			}
			r.wait(t, 1)
			w.settled(t, s, i+1)
		}
		r.accept()
		w.later(time.Hour)
		r.wait(t, 2)
		sets := r.received(p)
		first := sets[0].JTI
		wantEqual(t, "jtis", jtis(sets), []string{first, first, first, first, sets[4].JTI})
		for _, req := range r.requests {
			if req.URL.Path != "/" {
				t.Errorf("a redirect was followed to %s", req.URL.Path)
			}
		}
		if sets[4].JTI == first {
			t.Error("the second SET did not come")
		}
		w.settled(t, s, 0)
	})
}

// settled waits until a stream shows so many failures in a row.
func (w *world) settled(t *testing.T, s events.Stream, failures int) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		now, err := w.db.Stream(t.Context(), s.Company, s.ID)
		if err != nil {
			t.Fatal(err)
		}
		if now.Failures == failures && (now.Error == "") == (failures == 0) {
			return
		}
		<-time.After(5 * time.Millisecond)
	}
	t.Fatalf("the stream does not show %d failures", failures)
}

// RFC 8935 §2.4: a SET that the receiver finds wrong in itself is not sent again.
func TestRFC8935_WhatIsWrongInItselfIsNotSentAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p, r := w.party(w.company(), "scim", "ssf.manage"), newReceiver(t)
		p.pushStream(r.URL, events.CreateNotice)
		r.refuse(http.StatusBadRequest, "invalid_request")
		w.push(t, client.Transport(false))
		p.user("a@a.fr")
		r.wait(t, 1)
		r.accept()
		p.user("b@a.fr")
		r.wait(t, 1)
		sets := r.received(p)
		if len(sets) != 2 || sets[0].JTI == sets[1].JTI {
			t.Errorf("jtis %v, want the second SET after the first was refused", jtis(sets))
		}
	})
}

// dying ends the process, as it were, after the receiver has a SET and before anything is noted.
type dying struct {
	http.RoundTripper
	die func()
}

func (d dying) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := d.RoundTripper.RoundTrip(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	d.die()
	return nil, errors.Join(err, errors.New("died"))
}

// What was delivered and not noted is delivered again by another process: nothing is lost, and the receiver knows it by
// its jti.
func TestRFC8935_KilledBetweenDeliveryAndNoteDeliversAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p, r := w.party(w.company(), "scim", "ssf.manage"), newReceiver(t)
		s := p.pushStream(r.URL, events.CreateNotice)
		p.user("a@a.fr")
		died := make(chan struct{})
		var once sync.Once
		stop := w.push(t, dying{client.Transport(false), func() { once.Do(func() { close(died) }) }})
		<-died
		stop()
		r.wait(t, 1)
		w.later(time.Hour) // the dead one's lease has run out
		w.push(t, client.Transport(false))
		r.wait(t, 1)
		sets := r.received(p)
		wantEqual(t, "jtis", jtis(sets), []string{sets[0].JTI, sets[0].JTI})
		w.settled(t, s, 0)
	})
}

// Several processes share the streams: each SET is sent by one of them.
func TestRFC8935_ReplicasShareTheWork(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p, r := w.party(w.company(), "scim", "ssf.manage"), newReceiver(t)
		p.pushStream(r.URL, events.CreateNotice)
		for range 3 {
			w.push(t, client.Transport(false))
		}
		const people = 8
		for i := range people {
			p.user(fmt.Sprintf("u%d@a.fr", i))
		}
		r.wait(t, people)
		seen := map[string]bool{}
		for _, s := range r.received(p) {
			if seen[s.JTI] {
				t.Errorf("%s came twice", s.JTI)
			}
			seen[s.JTI] = true
		}
		wantEqual(t, "SETs", len(seen), people)
	})
}

// A receiver configures its own address, so it must not make the server call inside the company's network; an
// administrator can allow it.
func TestRFC8935_PrivateAddressesAreNotCalled(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.party(w.company(), "scim", "ssf.manage")
		inside := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("called inside the network") }))
		t.Cleanup(inside.Close)
		id := p.stream(map[string]any{"events_requested": []string{events.CreateNotice}, "delivery": map[string]string{
			"method": events.Push, "endpoint_url": inside.URL,
		}})
		w.push(t, client.Transport(false))
		p.user("a@a.fr")
		w.settled(t, events.Stream{Company: p.connection.Company, ID: id}, 1)
		s, err := d.Stream(t.Context(), p.connection.Company, id)
		if err != nil || !strings.Contains(s.Error, "not a public one") {
			t.Errorf("the stream's error is %q, %v", s.Error, err)
		}
		for _, address := range []string{"http://receiver.example/x", "https://u:p@receiver.example", "receiver", "", "file:///etc/passwd"} {
			a := p.do("PATCH", p.base()+"/streams", map[string]any{"stream_id": id, "delivery": map[string]string{"method": events.Push, "endpoint_url": address}})
			wantEqual(t, "status for "+address, a.status, http.StatusBadRequest)
		}
	})
}

// What an administrator allowed is for the host that was named: a receiver that may change its stream cannot have the
// server call the others of that network, by no method and not by way of poll.
func TestRFC8935_APrivateAddressIsAllowedForItsHostAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.Open(t, db.Config{Data: t.TempDir()}))
	p := w.party(w.company(), "ssf.manage")
	s := p.pushStream("http://10.1.2.3:8080/events", notices...)
	allowed := func() bool {
		t.Helper()
		now, err := w.db.Stream(t.Context(), s.Company, s.ID)
		if err != nil {
			t.Fatal(err)
		}
		return now.Delivery.AllowPrivate
	}
	change := func(method, address string) int {
		t.Helper()
		delivery := map[string]string{"method": events.Push, "endpoint_url": address}
		if address == "" {
			delivery = map[string]string{"method": events.Poll}
		}
		return p.do(method, p.base()+"/streams", map[string]any{"stream_id": s.ID, "delivery": delivery}).status
	}
	for _, address := range []string{"http://10.1.2.3:8081/events", "http://10.1.2.4:8080/events", "http://169.254.169.254/"} {
		wantEqual(t, "PATCH to "+address, change("PATCH", address), http.StatusBadRequest)
		wantEqual(t, "PUT to "+address, change("PUT", address), http.StatusBadRequest)
	}
	wantEqual(t, "PATCH on the host", change("PATCH", "http://10.1.2.3:8080/other"), http.StatusOK)
	wantEqual(t, "PUT on the host", change("PUT", "http://10.1.2.3:8080/events"), http.StatusOK)
	wantEqual(t, "allowed on the host", allowed(), true)
	wantEqual(t, "PATCH to another", change("PATCH", "https://10.1.2.4/events"), http.StatusOK)
	wantEqual(t, "allowed for another", allowed(), false)

	p = w.party(p.connection.Company, "ssf.manage")
	s = p.pushStream("http://10.1.2.3:8080/events", notices...)
	wantEqual(t, "PATCH to poll", change("PATCH", ""), http.StatusOK)
	wantEqual(t, "allowed after poll", allowed(), false)
}
