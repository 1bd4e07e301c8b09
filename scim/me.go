package scim

import (
	"net/http"

	scimerrors "github.com/elimity-com/scim/errors"
)

// me serves /Me: the User that an administrator bound to the connection, as if it had been asked for by its own URI, which
// the answer names (RFC 7644 §3.11). A connection without one has no /Me.
func (s *site) me(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		id := callerFrom(r.Context()).Me
		if id == "" {
			return noMe(w, r)
		}
		eventFrom(r.Context()).pathID = id
		return h(w, r)
	}
}

func noMe(http.ResponseWriter, *http.Request) error {
	return scimerrors.ScimError{
		Status: http.StatusNotImplemented,
		Detail: "No User is bound to this connection, so there is no /Me. An administrator can bind one: proprio connection set --me.",
	}
}
