package scim

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	scimerrors "github.com/elimity-com/scim/errors"

	"proprio/audit"
	"proprio/resources"
)

// Scope is what a token must be for to be used here.
const Scope = "scim"

// Bounds of a bearer token's length. They keep an empty or guessable secret from ever reaching the database, whatever
// is stored there.
const (
	shortestToken = 32
	longestToken  = 256
)

type callerKey struct{}

// callerFrom is who asks: whom authenticate found, unless one who acts for them was put into the context.
func callerFrom(ctx context.Context) resources.Caller {
	if c, ok := ctx.Value(callerKey{}).(resources.Caller); ok {
		return c
	}
	return eventFrom(ctx).caller
}

// authenticate lets nobody past without a bearer token in force (RFC 6750).
func (s *Server) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, err := s.identify(w, r)
		if err != nil {
			s.writeError(w, r, err)
			return
		}
		e := eventFrom(r.Context())
		e.caller, e.company, e.connection = caller, caller.Company, caller.Connection
		next.ServeHTTP(w, r)
	})
}

// identify finds whose token it is. The token is looked up by its hash, so comparison time tells nothing about it.
func (s *Server) identify(w http.ResponseWriter, r *http.Request) (resources.Caller, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		s.challenge(w, "")
		return resources.Caller{}, unauthorized("The request carries no bearer token: send the header Authorization: Bearer <token>.")
	}
	if len(token) < shortestToken || len(token) > longestToken {
		return resources.Caller{}, s.badToken(w, token, "")
	}
	t, connection, err := s.Connections.Authenticate(r.Context(), resources.HashToken(token), s.Now())
	if errors.Is(err, resources.ErrNotFound) {
		detail := ""
		if why := new(resources.Error); errors.As(err, &why) {
			detail = why.Detail
		}
		return resources.Caller{}, s.badToken(w, token, detail)
	}
	if err != nil {
		return resources.Caller{}, err // a suspended company or a disabled connection is 403: Entra takes 404 for a broken service
	}
	if !slices.Contains(t.Scopes, Scope) {
		s.challenge(w, `, error="insufficient_scope", scope="scim"`)
		return resources.Caller{}, resources.Errorf(resources.ErrForbidden, "", "The token is not for SCIM.")
	}
	return callerOf(connection, eventFrom(r.Context()).id), nil
}

// callerOf is who a connection is to the directory; txn is the transaction that its request makes.
func callerOf(connection resources.Connection, txn string) resources.Caller {
	return resources.Caller{
		Company:    connection.Company,
		Connection: connection.ID,
		Actor:      audit.Actor{Kind: audit.ActorConnection, ID: connection.ID, Name: connection.Name},
		Switches:   connection.Switches,
		Features:   connection.Features,
		Me:         connection.Me,
		Txn:        txn,
	}
}

// challenge says which scheme is wanted, and where a client learns how to get a token (RFC 6750 §3, RFC 9728 §5.1).
func (s *Server) challenge(w http.ResponseWriter, more string) {
	if s.ResourceMetadata != "" {
		more += `, resource_metadata="` + s.ResourceMetadata + `"`
	}
	w.Header().Set("WWW-Authenticate", `Bearer realm="scim"`+more)
}

func (s *Server) badToken(w http.ResponseWriter, token, detail string) error {
	s.challenge(w, `, error="invalid_token"`)
	switch {
	case detail != "":
	case strings.Count(token, ".") == 2: // Entra signs a JWT for everybody where its token field is blank (clients.md 2.8)
		detail = "The bearer token is a JWT that this server did not issue. Where the identity provider's token field was left " +
			"blank, enter a token, or set up OAuth."
	default:
		detail = "The bearer token is not known, or was revoked. An administrator can issue a new one."
	}
	return unauthorized(detail)
}

func unauthorized(detail string) error {
	return scimerrors.ScimError{Status: http.StatusUnauthorized, Detail: detail}
}
