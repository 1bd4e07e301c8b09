package scim_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"proprio/resources"
	"proprio/scim"
	"proprio/scim/gate"
)

// paced is a server of large Users on a real connection, with one slot.
type paced struct {
	t       *testing.T
	gate    *gate.Gate
	address string
	token   string
}

func newPaced(t *testing.T, patience time.Duration) paced {
	t.Helper()
	s, registry := newEndless(1000, 0), resources.NewRegistry()
	g := gate.New(gate.Config{Slots: 1, Wait: time.Minute})
	b := newBareServer(&scim.Server{
		Directory: &resources.Directory{Registry: registry, Store: s}, Store: s, Connections: s, Registry: registry, PublicURL: publicURL,
		Now: time.Now, Log: discardLog(), Gate: g, Limits: scim.Limits{Patience: patience},
	})
	server := httptest.NewUnstartedServer(b.Handler)
	server.Config.ReadTimeout, server.Config.WriteTimeout = time.Hour, time.Hour
	server.Start()
	t.Cleanup(server.Close)
	return paced{t, g, server.Listener.Addr().String(), b.token}
}

// send begins a request on a connection of its own.
func (p paced) send(method, path, more string) *net.TCPConn {
	p.t.Helper()
	conn, err := (&net.Dialer{}).DialContext(p.t.Context(), "tcp", p.address)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "%s %s%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s", method, scim.BasePath, path, p.token, more)
	if err != nil {
		p.t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

// A body that does not come has its slot for a while only: its client hears so, and its connection ends. One that ends
// early, and one that says that it is too large, are told at once, without being waited for.
func TestABodyThatDoesNotComeIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, more, status string
		patience           time.Duration
		half               bool // the client closes its side
	}{
		{"half of it", "Content-Length: 500\r\n\r\n{", "408", time.Millisecond, false},
		{"half of a chunk", "Transfer-Encoding: chunked\r\n\r\n40\r\n{", "408", time.Millisecond, false},
		{"one that ends early", "Content-Length: 500\r\n\r\n{", "400", time.Hour, true},
		{"one too large", "Content-Length: 2000000\r\n\r\n", "413", time.Hour, false},
		{"one too large, asked for first", "Content-Length: 2000000\r\nExpect: 100-continue\r\n\r\n", "413", time.Hour, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			conn := newPaced(t, c.patience).send("POST", "/Users", c.more)
			if c.half {
				_ = conn.CloseWrite()
			}
			all, err := io.ReadAll(conn) // till the server closes it
			if err != nil || !bytes.HasPrefix(all, []byte("HTTP/1.1 "+c.status)) || !bytes.Contains(all, []byte(`"status":"`+c.status+`"`)) {
				t.Errorf("want %s: %v %s", c.status, err, all)
			}
		})
	}
}

// A client that does not take its answer has its slot for a while only: then the answer is broken off.
func TestAnAnswerThatNobodyTakesIsBrokenOff(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/Users?count=1000", "/Users?count=100"} { // in parts, and at once
		p := newPaced(t, time.Millisecond)
		conn := p.send("GET", path, "\r\n")
		_ = conn.SetReadBuffer(2048)
		answer := p.send("GET", "/ServiceProviderConfig", "Connection: close\r\n\r\n") // waits for the slot
		all, err := io.ReadAll(answer)
		if err != nil || !bytes.HasPrefix(all, []byte("HTTP/1.1 200")) {
			t.Errorf("%s holds up another request: %v %.80s", path, err, all)
		}
	}
}

// A large answer is whole on a connection whose client takes it, and so is what follows on the same one.
func TestAPacedConnectionCanBeUsedAgain(t *testing.T) {
	t.Parallel()
	p := newPaced(t, time.Minute)
	for _, path := range []string{"/Users?count=1000", "/Users?count=100", "/Users?count=1"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.address+scim.BasePath+path, strings.NewReader(""))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+p.token)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != 200 || !bytes.HasSuffix(body, []byte("}")) {
			t.Errorf("%s: %d with %d bytes, %v", path, response.StatusCode, len(body), err)
		}
	}
}
