package ownership_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"proprio/ownership"
)

// zone is a DNS server on loopback with TXT records only.
type zone struct {
	conn net.PacketConn
	mu   sync.Mutex
	txt  map[string][]string // by name with trailing dot
	fail bool                // answer SERVFAIL
}

func newZone(t *testing.T) *zone {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	z := &zone{conn: conn, txt: map[string][]string{}}
	done := make(chan struct{})
	go func() { defer close(done); z.serve() }()
	t.Cleanup(func() { conn.Close(); <-done })
	return z
}

func (z *zone) set(name string, values ...string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.txt[name] = values
}

func (z *zone) setFail(fail bool) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.fail = fail
}

func (z *zone) serve() {
	buf := make([]byte, 1500)
	for {
		n, from, err := z.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(buf[:n]) == nil && len(m.Questions) == 1 {
			answer, err := z.answer(m)
			if err == nil {
				_, _ = z.conn.WriteTo(answer, from)
			}
		}
	}
}

func (z *zone) answer(m dnsmessage.Message) ([]byte, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	q := m.Questions[0]
	r := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true}, Questions: m.Questions}
	values, known := z.txt[q.Name.String()]
	switch {
	case z.fail:
		r.RCode = dnsmessage.RCodeServerFailure
	case !known:
		r.RCode = dnsmessage.RCodeNameError
	case q.Type == dnsmessage.TypeTXT:
		for _, v := range values {
			r.Answers = append(r.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 60},
				Body:   &dnsmessage.TXTResource{TXT: []string{v[:len(v)/2], v[len(v)/2:]}}, // strings of one record are joined, RFC 7208 §3.3
			})
		}
	}
	return r.Pack()
}

func (z *zone) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", z.conn.LocalAddr().String())
	}}
}

func TestVerifier(t *testing.T) {
	t.Parallel()
	z := newZone(t)
	v := &ownership.Verifier{Resolver: z.resolver()}
	d := ownership.Domain{Name: "company.fr", Proof: ownership.NewProof()}
	check := func(name string, want bool) {
		t.Helper()
		if got, err := v.Proved(t.Context(), d); got != want || err != nil {
			t.Errorf("%s: %v, %v; want %v", name, got, err, want)
		}
	}
	check("no such name", false)
	z.set("company.fr.", d.Proof)
	check("at the domain itself, not below", false)
	z.set("_proprio.company.fr.")
	check("the name has no TXT record", false)
	z.set("_proprio.company.fr.", ownership.NewProof(), "v=spf1 -all")
	check("another proof", false)
	z.set("_proprio.company.fr.", d.Proof+"x", "x"+d.Proof)
	check("more than the proof", false)
	z.set("_proprio.company.fr.", "v=spf1 -all", d.Proof)
	check("among others", true)
	d.Proof = ""
	z.set("_proprio.company.fr.", "")
	check("a domain without proof is never proved", false)
}

// A DNS server in trouble says nothing about a domain.
func TestVerifier_noAnswer(t *testing.T) {
	t.Parallel()
	z := newZone(t)
	z.setFail(true)
	v := &ownership.Verifier{Resolver: z.resolver()}
	got, err := v.Proved(t.Context(), ownership.Domain{Name: "company.fr", Proof: ownership.NewProof()})
	if got || err == nil {
		t.Errorf("SERVFAIL: %v, %v; want an error", got, err)
	}
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	if got, err := v.Proved(ctx, ownership.Domain{Name: "company.fr", Proof: ownership.NewProof()}); got || err == nil {
		t.Errorf("timeout: %v, %v; want an error", got, err)
	}
}

func TestNewProof(t *testing.T) {
	t.Parallel()
	if a, b := ownership.NewProof(), ownership.NewProof(); a == b || len(a) < len("proprio-verification=")+26 {
		t.Errorf("proofs %q and %q", a, b)
	}
}
