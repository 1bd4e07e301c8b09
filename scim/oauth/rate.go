package oauth

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limits hold back who asks too much. A secret cannot be guessed; but each try costs a look-up or a signature.
type limits struct {
	address *rates // what one network address asks; identity providers share theirs between customers
	failure *rates // what one address gets wrong for one client, so that a guesser does not keep the client itself out
	client  *rates // what one client is granted: each token is a row for an hour
}

func newLimits() limits {
	return limits{address: newRates(20, 200), failure: newRates(0.5, 20), client: newRates(1, 60)}
}

// maxRates bounds the memory. Past it every key starts anew.
const maxRates = 10_000

// rates are token buckets by key.
type rates struct {
	perSecond rate.Limit
	burst     int

	mu   sync.Mutex
	each map[string]*rate.Limiter
}

func newRates(perSecond rate.Limit, burst int) *rates {
	return &rates{perSecond: perSecond, burst: burst, each: map[string]*rate.Limiter{}}
}

func (r *rates) of(key string) *rate.Limiter {
	r.mu.Lock()
	defer r.mu.Unlock()
	limiter := r.each[key]
	if limiter == nil {
		if len(r.each) >= maxRates {
			clear(r.each)
		}
		limiter = rate.NewLimiter(r.perSecond, r.burst)
		r.each[key] = limiter
	}
	return limiter
}

// take counts one, and says how long to hold back when that is too much; zero: go on.
func (r *rates) take(key string, now time.Time) time.Duration {
	if r.of(key).AllowN(now, 1) {
		return 0
	}
	return r.wait(key, now)
}

// wait says how long to hold back before the next one; it counts nothing.
func (r *rates) wait(key string, now time.Time) time.Duration {
	missing := 1 - r.of(key).TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing / float64(r.perSecond) * float64(time.Second))
}
