package main_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// wire is the way to a Postgres server, which a test can cut.
type wire struct {
	t       testing.TB
	address string       // where it listens
	server  [2]string    // network and address of Postgres
	mu      sync.Mutex   // of what follows
	listen  net.Listener // nil: cut
	open    map[net.Conn]bool
	deaf    []byte // once a client sends this, it gets no answer any more; empty: it does
	heard   chan struct{}
}

// newWire leads to the database of a URL, and returns the URL that leads over it.
func newWire(t testing.TB, dsn string) (*wire, string) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{t: t, address: freeAddress(t), server: [2]string{"tcp", u.Host}, open: map[net.Conn]bool{}}
	q := u.Query()
	if socket := q.Get("host"); socket != "" {
		w.server = [2]string{"unix", socket + "/.s.PGSQL.5432"}
		q.Del("host")
	}
	u.Host, u.RawQuery = w.address, q.Encode()
	w.mend()
	t.Cleanup(w.cut)
	return w, u.String()
}

// mend makes the way passable.
func (w *wire) mend() {
	w.t.Helper()
	l, err := net.Listen("tcp", w.address)
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	w.listen, w.deaf = l, nil
	w.mu.Unlock()
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go w.carry(client)
		}
	}()
}

// cut ends every connection, and refuses new ones.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.listen != nil {
		w.listen.Close()
		w.listen = nil
	}
	for c := range w.open {
		c.Close()
		delete(w.open, c)
	}
}

// deafen lets a client that sends a text hear no answer to it; the returned channel tells when one did.
func (w *wire) deafen(text string) (heard <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deaf, w.heard = []byte(text), make(chan struct{})
	return w.heard
}

// carry is one connection.
func (w *wire) carry(client net.Conn) {
	server, err := net.Dial(w.server[0], w.server[1])
	if err != nil {
		client.Close()
		return
	}
	w.mu.Lock()
	w.open[client], w.open[server] = true, true
	w.mu.Unlock()
	silent := make(chan struct{})
	var once sync.Once
	go func() {
		defer server.Close()
		pass(server, client, func(b []byte) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if len(w.deaf) > 0 && bytes.Contains(b, w.deaf) {
				once.Do(func() { close(silent) })
				select {
				case <-w.heard:
				default:
					close(w.heard)
				}
			}
		})
	}()
	defer client.Close()
	pass(answers{client, silent}, server, func([]byte) {})
}

// answers go to the client until it is to hear none.
type answers struct {
	io.Writer
	silent <-chan struct{}
}

func (a answers) Write(b []byte) (int, error) {
	select {
	case <-a.silent:
		return len(b), nil
	default:
		return a.Writer.Write(b)
	}
}

// pass copies until one side ends, and shows each piece before it goes on.
func pass(to io.Writer, from io.Reader, see func([]byte)) error {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			see(buf[:n])
			if _, err := to.Write(buf[:n]); err != nil {
				return err
			}
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}
