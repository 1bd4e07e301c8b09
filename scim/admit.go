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

// RefusedRate is the reason of a request refused because its connection sends more in a second than it may. The others
// are those of [gate.Refused].
const RefusedRate = "rate"

// errOverload is what a request hears for which there is no room (RFC 9110 §15.6.4).
var errOverload = scimerrors.ScimError{
	Status: http.StatusServiceUnavailable,
	Detail: "The server has more requests than it can work on at present. Repeat this one when Retry-After has passed.",
}

// Overloaded refuses a request before it reaches the server: a program that serves more besides may have no room for it.
func Overloaded(w http.ResponseWriter, after time.Duration) {
	setRetryAfter(w, after)
	write(w, errOverload.Status, errorBody(errOverload))
}

// admit makes requests wait for their turn, or refuses them, when more come than can be worked on at once.
func (s *Server) admit(next http.Handler) http.Handler {
	if s.Gate == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := eventFrom(r.Context())
		pass, err := s.Gate.Enter(r.Context(), e.company, e.connection)
		if err != nil {
			s.refuseEntry(w, r, err)
			return
		}
		e.pass = pass
		defer e.pass.Leave()
		next.ServeHTTP(w, r)
	})
}

// refuseEntry answers who was not let in.
func (s *Server) refuseEntry(w http.ResponseWriter, r *http.Request, err error) {
	var refused *gate.Refused
	if !errors.As(err, &refused) {
		s.writeError(w, r, err)
		return
	}
	s.refuse(refused.Reason())
	setRetryAfter(w, refused.RetryAfter)
	s.writeError(w, r, fmt.Errorf("%w (%w)", errOverload, resources.ErrBusy))
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
