package client

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// Transport makes the connection pool for services. With guarded set it refuses every address that is not public.
// Without, it still refuses those where no service of a company is, but a cloud's metadata may be: see Reachable.
//
// The guard looks at the resolved address of each connection as it is dialled, so a name that resolves to something
// else the second time (DNS rebinding) is caught. No proxy is used: behind one the address could not be seen.
func Transport(guarded bool) *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	dialer.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
		return checkAddress(address, guarded)
	}
	return &http.Transport{
		DialContext: dialer.DialContext, ForceAttemptHTTP2: true, MaxIdleConns: 100, MaxIdleConnsPerHost: 16,
		IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second, ExpectContinueTimeout: time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// PrivateAddressError means that the dial guard refused an address.
type PrivateAddressError struct {
	Address netip.Addr
	Always  bool // it is refused for apps in the own network, too
}

func (e *PrivateAddressError) Error() string {
	if e.Always {
		return fmt.Sprintf("address %s is one where no app can be (link-local, cloud metadata, unspecified or multicast); "+
			"set the app's address to where it lives", e.Address)
	}
	return fmt.Sprintf("address %s is not a public one; whoever runs the server can allow it for this app (proprio app add --allow-private) or its host (--private-apps)", e.Address)
}

// reserved are the blocks that netip's own predicates leave out (IANA special-purpose registries).
var reserved = [...]netip.Prefix{
	thisNetwork,
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/32"), // Teredo: a tunnel to an address of anybody's choice
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

// metadata are the addresses outside the link-local blocks where clouds answer any program with its credentials: AWS over
// IPv6, Google over IPv6, Alibaba, Oracle.
var metadata = [...]netip.Addr{
	netip.MustParseAddr("fd00:ec2::254"),
	netip.MustParseAddr("fd20:ce::254"),
	netip.MustParseAddr("100.100.100.200"),
	netip.MustParseAddr("192.0.0.192"),
}

func checkAddress(hostport string, guarded bool) error {
	ap, err := netip.ParseAddrPort(hostport)
	if err != nil {
		return fmt.Errorf("address %q: %w", hostport, err)
	}
	switch {
	case !Reachable(ap.Addr()):
		return &PrivateAddressError{Address: ap.Addr(), Always: true}
	case guarded && !Public(ap.Addr()):
		return &PrivateAddressError{Address: ap.Addr()}
	}
	return nil
}

// Reachable says whether an app may be at an address at all, if only in the own network: it is not link-local,
// unspecified, multicast, broadcast or a cloud's metadata service, and not an IPv6 form of such an IPv4 address.
func Reachable(a netip.Addr) bool {
	a = a.WithZone("").Unmap()
	if a.IsLoopback() {
		return true // ::1 looks like an IPv4-compatible 0.0.0.1
	}
	if !a.IsGlobalUnicast() || slices.Contains(metadata[:], a) || thisNetwork.Contains(a) {
		return false
	}
	inner, ok := embeddedIn(a)
	return !ok || Reachable(inner)
}

// thisNetwork is the rest of the unspecified address's block (RFC 1122 §3.2.1.3).
var thisNetwork = netip.MustParsePrefix("0.0.0.0/8")

// embeddedIn is the IPv4 address that an IPv6 address carries.
func embeddedIn(a netip.Addr) (inner netip.Addr, ok bool) {
	for _, e := range embedded {
		if e.prefix.Contains(a) {
			b := a.As16()
			return netip.AddrFrom4([4]byte(b[e.at : e.at+4])), true
		}
	}
	return inner, false
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
	inner, ok := embeddedIn(a)
	return !ok || Public(inner)
}
