package main

import (
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"proprio/scim"
	"proprio/scim/gate"
)

// mostRequests is how many requests of the main listener may be under way, working or waiting. What comes beyond that is
// refused before its token is looked at: so many goroutines and headers are what the process has memory for.
const mostRequests = 4096

// refusedFull is the reason of a request refused because of mostRequests.
const refusedFull = "full"

// entrance is what each request of the main listener passes first. Pages and polls have slots of their own, so that no
// number of SCIM requests keeps an administrator from seeing what is going on.
type entrance struct {
	scim     *gate.Gate // inside the SCIM server; a line for each connection
	pages    *gate.Gate // the console and the token endpoint, a line for each
	uploads  *gate.Gate // of files in the console: their bodies come while they have a slot, and are kept in memory
	polls    *gate.Gate // of event streams: nearly all of them wait for something to happen
	most     int64
	inFlight atomic.Int64
	awaiting atomic.Int64  // of them, those of pages whose body has not come yet
	formTime time.Duration // how long it may take
	metrics  *metrics
}

func newEntrance(l limits, m *metrics) *entrance {
	polls := mostRequests / 4
	return &entrance{
		scim: l.gate(), pages: gate.New(gate.Config{Slots: 16}), uploads: gate.New(gate.Config{Slots: 2}), polls: gate.New(gate.Config{Slots: polls, Share: polls}),
		most: mostRequests, formTime: formTime, metrics: m,
	}
}

// bounded lets only so many requests be under way.
func (e *entrance) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer e.inFlight.Add(-1)
		if e.inFlight.Add(1) > e.most {
			e.refuse(w, r, time.Second, refusedFull)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// complete makes requests wait for their turn when their body has come, in one line.
func (e *entrance) complete(through *gate.Gate, line string, next http.Handler) http.Handler {
	admitted := e.admitted(through, line, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !e.awaited(w, r) {
			e.refuse(w, r, time.Second, refusedFull)
			return
		}
		admitted.ServeHTTP(w, r)
	})
}

// admitted makes requests wait for their turn, in one line.
func (e *entrance) admitted(through *gate.Gate, line string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pass, err := through.Enter(r.Context(), line, line)
		var refused *gate.Refused
		switch {
		case errors.As(err, &refused):
			e.refuse(w, r, refused.RetryAfter, refused.Reason())
		case err == nil:
			defer pass.Leave()
			next.ServeHTTP(w, r)
		}
	})
}

// refuse answers a request for which there is no room.
func (e *entrance) refuse(w http.ResponseWriter, r *http.Request, after time.Duration, reason string) {
	e.metrics.refuse(reason)
	if scim.Concerns(r.URL.Path) {
		scim.Overloaded(w, after)
		return
	}
	w.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())))
	http.Error(w, "The server has more requests than it can work on at present. Try again in a moment.", http.StatusServiceUnavailable)
}
