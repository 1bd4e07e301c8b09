package scim

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	scimerrors "github.com/elimity-com/scim/errors"

	"proprio/resources"
	"proprio/scim/gate"
)

// Reasons for which a request is refused before anything is done for it.
const (
	RefusedRate  = "rate"  // more requests per second than the connection may send
	RefusedQueue = "queue" // as many requests of the connection wait as may
	RefusedWait  = "wait"  // it would have waited for too long
)

// admit makes requests wait for their turn, or refuses them, when more come than can be worked on at once.
func (s *Server) admit(next http.Handler) http.Handler {
	if s.Gate == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := eventFrom(r.Context())
		pass, err := s.Gate.Enter(r.Context(), e.connection)
		if err != nil {
			s.refuseEntry(w, r, err)
			return
		}
		e.pass = pass
		defer e.pass.Leave()
		next.ServeHTTP(w, r)
	})
}

// refuseEntry answers who was not let in (RFC 9110 §15.6.4).
func (s *Server) refuseEntry(w http.ResponseWriter, r *http.Request, err error) {
	var refused *gate.Refused
	if !errors.As(err, &refused) {
		s.writeError(w, r, err)
		return
	}
	reason := RefusedWait
	if refused.Full {
		reason = RefusedQueue
	}
	s.refuse(reason)
	setRetryAfter(w, refused.RetryAfter)
	s.writeError(w, r, fmt.Errorf("%w (%w)", scimerrors.ScimError{
		Status: http.StatusServiceUnavailable,
		Detail: "The server has more requests than it can work on at present. Repeat this one when Retry-After has passed.",
	}, resources.ErrBusy))
}

// refuse tells of a refusal.
func (s *Server) refuse(reason string) {
	if s.Refused != nil {
		s.Refused(reason)
	}
}

// setRetryAfter says when to come again, in whole seconds: the only form Okta understands.
func setRetryAfter(w http.ResponseWriter, d time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(max(1, int((d+time.Second-1)/time.Second))))
}
