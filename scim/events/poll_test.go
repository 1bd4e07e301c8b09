package events_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/scim/events"
)

// RFC 8936 §2.2: what is not acknowledged comes again, with the same jti; what is acknowledged does not.
func TestRFC8936_WhatIsNotAcknowledgedComesAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.party(w.company(), "scim", "ssf.manage")
		stream := p.stream(only(events.CreateNotice))
		p.user("a@a.fr")
		p.user("b@a.fr")
		first, _ := p.poll(stream, map[string]any{})
		for len(first) < 2 { // the second may have been committed after the poll had its answer
			first, _ = p.poll(stream, map[string]any{})
		}
		again, _ := p.poll(stream, map[string]any{"returnImmediately": true})
		wantEqual(t, "jtis without acknowledgement", jtis(again), jtis(first))

		// A server that starts anew over the database knows nothing but what is in it.
		restarted := party{world: newWorld(t, d), connection: p.connection, token: p.token}
		again, _ = restarted.poll(stream, map[string]any{"ack": jtis(first)[:1], "returnImmediately": true})
		wantEqual(t, "jtis after a restart, one acknowledged", jtis(again), jtis(first)[1:])
		again, _ = restarted.poll(stream, map[string]any{"ack": append(jtis(first), "unknown"), "returnImmediately": true})
		wantEqual(t, "all acknowledged", len(again), 0)
	})
}

// RFC 8936 §2.2 to §2.4: maxEvents bounds an answer and moreAvailable says that there is more; 0 acknowledges only.
func TestRFC8936_MaxEventsAndMoreAvailable(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.party(w.company(), "scim", "ssf.manage")
		stream := p.stream(only(events.CreateNotice))
		for i := range 3 {
			p.user(fmt.Sprintf("u%d@a.fr", i))
		}
		all, _ := p.poll(stream, map[string]any{})
		for len(all) < 3 {
			all, _ = p.poll(stream, map[string]any{})
		}
		two, more := p.poll(stream, map[string]any{"maxEvents": 2})
		wantEqual(t, "jtis", jtis(two), jtis(all)[:2])
		wantEqual(t, "moreAvailable", more, true)
		none, more := p.poll(stream, map[string]any{"maxEvents": 0, "ack": jtis(two)})
		wantEqual(t, "SETs of maxEvents 0", len(none), 0)
		wantEqual(t, "moreAvailable of maxEvents 0", more, false)
		last, more := p.poll(stream, map[string]any{"maxEvents": 2})
		wantEqual(t, "the rest", jtis(last), jtis(all)[2:])
		wantEqual(t, "moreAvailable", more, false)
	})
}

// RFC 8936 §2.5: without returnImmediately a poll waits for something to tell.
func TestRFC8936_PollWaitsForAnEvent(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.party(w.company(), "scim", "ssf.manage")
		stream := p.stream(only(events.CreateNotice))
		now, _ := p.poll(stream, map[string]any{"returnImmediately": true})
		wantEqual(t, "SETs at once", len(now), 0)
		go p.user("a@a.fr")
		for range 30 { // long waits, each ended by the event where it comes within
			if got, _ := p.poll(stream, map[string]any{}); len(got) == 1 {
				return
			}
		}
		t.Error("no poll told of the User")
	})
}

// A poll that waits ends with the process, not after it.
func TestRFC8936_PollEndsWhenTheServerStops(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.party(w.company(), "scim", "ssf.manage")
		stream := p.stream(only(events.CreateNotice))
		stopping := make(chan struct{})
		server := httptest.NewServer(w.serve(stopping, time.Hour))
		defer server.Close()
		p.url = server.URL
		done := make(chan int)
		go func() {
			got, _ := p.poll(stream, map[string]any{})
			done <- len(got)
		}()
		close(stopping)
		wantEqual(t, "SETs", <-done, 0)
	})
}

// A body that does not come has its slot for a while only, and one that ends early for no longer; a poll may wait for longer
// than that for something to tell.
func TestABodyThatDoesNotComeIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.party(w.company(), "scim", "ssf.manage")
		poll := "/poll/" + p.stream(only(events.CreateNotice))
		for _, c := range []struct {
			name, path, body, want string
			patience               time.Duration
			half                   bool // the client closes its side
		}{
			{"half of it", "/streams", "Content-Length: 500\r\n\r\n{", "408", time.Millisecond, false},
			{"half of a chunk", poll, "Transfer-Encoding: chunked\r\n\r\n40\r\n{", "408", time.Millisecond, false},
			{"one that ends early", poll, "Content-Length: 500\r\n\r\n{", "400", time.Hour, true},
			{"a poll that waits", poll, "Connection: close\r\nContent-Length: 2\r\n\r\n{}", "200", time.Millisecond, false},
		} {
			mux := http.NewServeMux()
			(&events.Server{Publisher: w.publisher, Connections: d, Limits: events.Limits{Patience: c.patience, Wait: 100 * time.Millisecond}}).Register(mux)
			server := httptest.NewServer(mux)
			t.Cleanup(server.Close)
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() })
			_, _ = fmt.Fprintf(conn, "POST %s%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s", p.base(), c.path, p.token, c.body)
			if c.half {
				_ = conn.(*net.TCPConn).CloseWrite()
			}
			all, err := io.ReadAll(conn) // till the server closes it
			if err != nil || !strings.HasPrefix(string(all), "HTTP/1.1 "+c.want) {
				t.Errorf("%s: %v %s, want %s", c.name, err, all, c.want)
			}
		}
	})
}

// RFC 8936 §2.2, §2.6: what the receiver refuses does not come again, and the administrator sees why.
func TestRFC8936_SetErrsAreTakenForAnAnswer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		p := w.party(w.company(), "scim", "ssf.manage")
		stream := p.stream(only(events.CreateNotice))
		p.user("a@a.fr")
		sets, _ := p.poll(stream, map[string]any{})
		again, _ := p.poll(stream, map[string]any{"returnImmediately": true, "setErrs": map[string]any{
			sets[0].JTI: map[string]string{"err": "invalid_key", "description": "unknown key"},
		}})
		wantEqual(t, "SETs after a refusal", len(again), 0)
		s, err := d.Stream(t.Context(), p.connection.Company, stream)
		if err != nil || !strings.Contains(s.Error, "invalid_key unknown key") {
			t.Errorf("the stream's error is %q, %v", s.Error, err)
		}
	})
}

// Two companies, and two receivers of one company, never see each other's streams; a token needs the scope.
func TestSSF_StreamsAreTheirReceiversAlone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		company := w.company()
		p, neighbour := w.party(company, "scim", "ssf.manage"), w.party(company, "ssf.manage")
		stranger := w.party(w.company(), "scim", "ssf.manage")
		stream, theirs := p.stream(only(notices...)), stranger.stream(only(notices...))
		p.user("a@a.fr")
		stranger.user("b@b.fr")
		wantEqual(t, "own events", len(p.take(stream, 1)), 1)
		wantEqual(t, "a stranger's own events", len(stranger.take(theirs, 1)), 1)

		reader, client := p, p
		reader.token, client.token = w.issue(w.party(company).connection, "ssf.read"), w.issue(w.party(company).connection, "scim")
		for _, c := range []struct {
			name       string
			who        party
			method     string
			path, body string
			status     int
		}{
			{"poll another receiver's", neighbour, "POST", "/poll/" + stream, `{}`, 404},
			{"read another receiver's", neighbour, "GET", "/streams?stream_id=" + stream, "", 404},
			{"delete another receiver's", neighbour, "DELETE", "/streams?stream_id=" + stream, "", 404},
			{"status of another receiver's", neighbour, "GET", "/status?stream_id=" + stream, "", 404},
			{"pause another receiver's", neighbour, "POST", "/status", `{"stream_id":"` + stream + `","status":"paused"}`, 404},
			{"verify another receiver's", neighbour, "POST", "/verification", `{"stream_id":"` + stream + `"}`, 404},
			{"change another receiver's", neighbour, "PATCH", "/streams", `{"stream_id":"` + stream + `"}`, 404},
			{"without a token", party{world: w, connection: p.connection}, "GET", "/streams", "", 401},
			{"with a token that is none", party{w, p.connection, strings.Repeat("x", 50)}, "GET", "/streams", "", 401},
			{"with a token for SCIM alone", client, "GET", "/streams", "", 403},
			{"writing with a token to read", reader, "POST", "/streams", `{}`, 403},
			{"reading with a token to read", reader, "GET", "/streams", "", 200},
		} {
			a := c.who.do(c.method, p.base()+c.path, c.body)
			if a.status != c.status {
				t.Errorf("%s: %d %s, want %d", c.name, a.status, a.body, c.status)
			}
			if c.status == 401 && a.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s: no WWW-Authenticate", c.name)
			}
		}
		for _, path := range []string{"/streams", "/streams?stream_id=" + stream, "/poll/" + stream} {
			method := "GET"
			if strings.HasPrefix(path, "/poll") {
				method = "POST"
			}
			wantEqual(t, "another company at "+path, stranger.do(method, p.base()+path, "{}").status, http.StatusNotFound)
		}
		wantEqual(t, "the other company's path with the own stream", stranger.do("POST", stranger.base()+"/poll/"+stream, "{}").status, 404)
		wantEqual(t, "what a neighbour lists", string(neighbour.must(200, "GET", p.base()+"/streams", nil).body), "[]")
	})
}
