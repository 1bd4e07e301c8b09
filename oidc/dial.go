package oidc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

const (
	callTimeout = 10 * time.Second
	maxAnswer   = 1 << 20 // of discovery, keys, token or userinfo endpoint
)

var errPrivateAddress = errors.New("the address is not public, and the issuer is not allowed a private one")

// newClient makes the HTTP client for one issuer. It refuses to connect to this machine and to private networks unless
// the issuer is Private; the check is on the address that is dialled, after name resolution, so that a name cannot
// change its meaning in between. It uses no proxy and follows no redirect: an issuer's documents have one place.
func newClient(private bool) *http.Client {
	dialer := &net.Dialer{Timeout: callTimeout, ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
		return checkDial(address, private)
	}}
	return &http.Client{
		Timeout: callTimeout,
		Transport: boundedTransport{&http.Transport{
			DialContext:           dialer.DialContext,
			ForceAttemptHTTP2:     true,
			TLSHandshakeTimeout:   callTimeout,
			ResponseHeaderTimeout: callTimeout,
			IdleConnTimeout:       time.Minute,
			MaxIdleConnsPerHost:   2,
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// nat64 embeds IPv4 addresses (RFC 6052), cloud metadata among them.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// notPublic are the blocks that netip's own predicates leave out: shared and reserved IPv4 space, and IPv6 forms that
// carry an IPv4 address: local NAT64 (RFC 8215), 6to4, Teredo, IPv4-compatible.
var notPublic = [...]netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("2001::/32"),
	netip.MustParsePrefix("::/96"),
	netip.MustParsePrefix("fec0::/10"),
}

func checkDial(address string, private bool) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dial %q: %w", address, err)
	}
	ip := at.Addr().Unmap().WithZone("")
	switch {
	case ip.IsUnspecified(), ip.IsMulticast(), ip.IsLinkLocalUnicast(), nat64.Contains(ip), ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return fmt.Errorf("dial %s: %w", ip, errPrivateAddress) // cloud metadata lives on link-local: never
	case private:
		return nil
	case ip.IsLoopback(), ip.IsPrivate(), !ip.IsGlobalUnicast(),
		slices.ContainsFunc(notPublic[:], func(p netip.Prefix) bool { return p.Contains(ip) }):
		return fmt.Errorf("dial %s: %w", ip, errPrivateAddress)
	}
	return nil
}

// boundedTransport cuts an answer off past maxAnswer.
type boundedTransport struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t boundedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(r)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	}
	return resp, err
}

// CloseIdleConnections lets http.Client close what it keeps open.
func (t boundedTransport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
