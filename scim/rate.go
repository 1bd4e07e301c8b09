package scim

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	scimerrors "github.com/elimity-com/scim/errors"
	"golang.org/x/time/rate"
)

// rates holds each connection to its share, so that one identity provider in a loop does not slow the others. It is
// asked behind authentication, so there are never more entries than connections.
type rates struct {
	perSecond rate.Limit
	burst     int
	now       func() time.Time

	mu   sync.Mutex
	each map[string]*rate.Limiter
}

// newRates takes a whole second's requests at once.
func newRates(perSecond int, now func() time.Time) *rates {
	return &rates{perSecond: rate.Limit(perSecond), burst: perSecond, now: now, each: map[string]*rate.Limiter{}}
}

// wait is how long a connection must hold back; zero when its request may pass.
func (r *rates) wait(connection string) time.Duration {
	r.mu.Lock()
	limiter := r.each[connection]
	if limiter == nil {
		limiter = rate.NewLimiter(r.perSecond, r.burst)
		r.each[connection] = limiter
	}
	r.mu.Unlock()
	now := r.now()
	reservation := limiter.ReserveN(now, 1)
	delay := reservation.DelayFrom(now)
	if delay > 0 {
		reservation.CancelAt(now)
	}
	return delay
}

// ipsieRate is what a connection under the IPSIE profile may always send per second (protocol.md 1.7).
const ipsieRate = 25

// throttle refuses what comes too fast (RFC 6585 §4). Retry-After is in whole seconds: the only form Okta understands.
func (s *Server) throttle(next http.Handler) http.Handler {
	if s.Limits.Rate <= 0 {
		return next
	}
	rates, guaranteed := newRates(s.Limits.Rate, s.Now), newRates(ipsieRate, s.Now)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller := callerFrom(r.Context())
		allowed := rates
		if caller.Switches.IPSIE && s.Limits.Rate < ipsieRate {
			allowed = guaranteed
		}
		delay := allowed.wait(caller.Connection)
		if delay == 0 {
			next.ServeHTTP(w, r)
			return
		}
		s.refuse(RefusedRate)
		setRetryAfter(w, delay)
		s.writeError(w, r, scimerrors.ScimError{
			Status: http.StatusTooManyRequests,
			Detail: "The connection sends more requests per second than it may: " + strconv.Itoa(allowed.burst) + ".",
		})
	})
}
