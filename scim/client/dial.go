package client

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// Transport makes the connection pool for services. With guarded set it refuses every address that is not public.
//
// The guard looks at the resolved address of each connection as it is dialled, so a name that resolves to something
// else the second time (DNS rebinding) is caught. No proxy is used: behind one the address could not be seen.
func Transport(guarded bool) *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	if guarded {
		dialer.ControlContext = func(_ context.Context, network, address string, _ syscall.RawConn) error {
			return checkAddress(address)
		}
	}
	return &http.Transport{
		DialContext: dialer.DialContext, ForceAttemptHTTP2: true, MaxIdleConns: 100, MaxIdleConnsPerHost: 16,
		IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second, ExpectContinueTimeout: time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// PrivateAddressError means that the dial guard refused an address.
type PrivateAddressError struct{ Address netip.Addr }

func (e *PrivateAddressError) Error() string {
	return fmt.Sprintf("address %s is not a public one; allow private addresses for this app if it is meant", e.Address)
}

// reserved are the blocks that netip's own predicates leave out (IANA special-purpose registries).
var reserved = [...]netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("fec0::/10"),
}

// embedded are prefixes of IPv6 addresses that carry an IPv4 address from the given byte on: NAT64, 6to4, and the old
// IPv4-compatible form.
var embedded = [...]struct {
	prefix netip.Prefix
	at     int
}{
	{netip.MustParsePrefix("64:ff9b::/96"), 12},
	{netip.MustParsePrefix("64:ff9b:1::/48"), 12},
	{netip.MustParsePrefix("2002::/16"), 2},
	{netip.MustParsePrefix("::/96"), 12},
}

func checkAddress(hostport string) error {
	ap, err := netip.ParseAddrPort(hostport)
	if err != nil {
		return fmt.Errorf("address %q: %w", hostport, err)
	}
	if !Public(ap.Addr()) {
		return &PrivateAddressError{Address: ap.Addr()}
	}
	return nil
}

// Public says whether an address is on the public Internet: not private, loopback, link-local, multicast or reserved,
// and not an IPv6 form of such an IPv4 address.
func Public(a netip.Addr) bool {
	a = a.WithZone("").Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range reserved {
		if p.Contains(a) {
			return false
		}
	}
	for _, e := range embedded {
		if e.prefix.Contains(a) {
			b := a.As16()
			return Public(netip.AddrFrom4([4]byte(b[e.at : e.at+4])))
		}
	}
	return true
}
