package oidc

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How many sign-ins may be started: each one writes a row that lives for AttemptLife. Whoever starts too many keeps out
// the neighbours at one address, then the admins of one company, and all companies together only at a rate that no
// server meets in good faith.
const (
	addressBeginsPerSecond, addressBeginsAtOnce = 2, 30 // of one network address
	companyBeginsPerSecond, companyBeginsAtOnce = 20, 200
	allBeginsPerSecond, allBeginsAtOnce         = 200, 2000
)

// begins says whether a sign-in may be started.
type begins struct {
	byAddress, byCompany *buckets
	all                  *rate.Limiter
}

func newBegins() *begins {
	return &begins{
		byAddress: newBuckets(addressBeginsPerSecond, addressBeginsAtOnce),
		byCompany: newBuckets(companyBeginsPerSecond, companyBeginsAtOnce),
		all:       rate.NewLimiter(allBeginsPerSecond, allBeginsAtOnce),
	}
}

// maxBuckets bounds the memory. Past it every key starts anew: whoever has so many addresses gains nothing by that.
const maxBuckets = 10_000

// buckets are rates of their own for each key.
type buckets struct {
	perSecond rate.Limit
	atOnce    int

	mu   sync.Mutex
	each map[string]*rate.Limiter
}

func newBuckets(perSecond rate.Limit, atOnce int) *buckets {
	return &buckets{perSecond: perSecond, atOnce: atOnce, each: map[string]*rate.Limiter{}}
}

func (b *buckets) allow(key string, now time.Time) bool {
	b.mu.Lock()
	limiter := b.each[key]
	if limiter == nil {
		if len(b.each) >= maxBuckets {
			clear(b.each)
		}
		limiter = rate.NewLimiter(b.perSecond, b.atOnce)
		b.each[key] = limiter
	}
	b.mu.Unlock()
	return limiter.AllowN(now, 1)
}

// ClientAddress is the address that a request counts for: of IPv6 the /64, which is what one customer has. Behind a proxy,
// which is on this machine or in its private network, it is the one that the proxy wrote last into X-Forwarded-For. A
// client in that network could write it itself; what a company and the server take in all still holds.
func ClientAddress(r *http.Request) string {
	host := remoteHost(r)
	near, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	far := near
	if near.IsLoopback() || near.IsPrivate() {
		forwarded := r.Header.Values("X-Forwarded-For")
		if n := len(forwarded); n > 0 {
			last := forwarded[n-1]
			last = strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
			if told, err := netip.ParseAddr(last); err == nil {
				far = told
			}
		}
	}
	far = far.Unmap().WithZone("")
	if far.Is6() {
		return netip.PrefixFrom(far, 64).Masked().String()
	}
	return far.String()
}

// remoteHost is the network address of whoever is at the other end of the connection.
func remoteHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
