package scim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	scimerrors "github.com/elimity-com/scim/errors"

	"proprio/resources"
)

// wireErrors says what each domain error is on the wire (RFC 7644 §3.12, table 9). The details stand in where the
// error brings none of its own.
var wireErrors = []struct {
	kind error
	wire scimerrors.ScimError
}{
	{resources.ErrNotFound, scimerrors.ScimError{Status: http.StatusNotFound, Detail: "There is no such resource."}},
	{resources.ErrUniqueness, scimerrors.ScimErrorUniqueness},
	{resources.ErrVersion, scimerrors.ScimError{
		Status: http.StatusPreconditionFailed, Detail: "The resource has changed: its version is not the one given in If-Match.",
	}},
	{resources.ErrInvalidSyntax, scimerrors.ScimErrorInvalidSyntax},
	{resources.ErrInvalidValue, scimerrors.ScimErrorInvalidValue},
	{resources.ErrInvalidPath, scimerrors.ScimErrorInvalidPath},
	{resources.ErrInvalidFilter, scimerrors.ScimErrorInvalidFilter},
	{resources.ErrNoTarget, scimerrors.ScimErrorNoTarget},
	{resources.ErrMutability, scimerrors.ScimErrorMutability},
	{resources.ErrTooMany, scimerrors.ScimErrorTooMany},
	// RFC 9865 §2 adds three keywords.
	{resources.ErrInvalidCursor, scimerrors.ScimError{
		Status: http.StatusBadRequest, ScimType: "invalidCursor", Detail: "The cursor is not one of this query.",
	}},
	{resources.ErrExpiredCursor, scimerrors.ScimError{
		Status: http.StatusBadRequest, ScimType: "expiredCursor", Detail: "The cursor is too old.",
	}},
	{resources.ErrInvalidCount, scimerrors.ScimError{
		Status: http.StatusBadRequest, ScimType: "invalidCount", Detail: "The count is not one that this page can have.",
	}},
	{resources.ErrTooLarge, scimerrors.ScimError{
		Status: http.StatusRequestEntityTooLarge, Detail: "The request is larger than the server takes.",
	}},
	{resources.ErrForbidden, scimerrors.ScimError{Status: http.StatusForbidden, Detail: "The token does not allow this."}},
	{resources.ErrFull, scimerrors.ScimError{ // RFC 4918 §11.5; before ErrBusy, which it is too
		Status: http.StatusInsufficientStorage, Detail: "The server's disk is full, so nothing can be written. Its administrator has to make room.",
	}},
	{resources.ErrBusy, scimerrors.ScimError{
		Status: http.StatusServiceUnavailable, Detail: "The database is busy. Repeat the request after a second.",
	}},
	{context.DeadlineExceeded, scimerrors.ScimError{
		Status: http.StatusServiceUnavailable, Detail: "The request took too long. Repeat it later.",
	}},
	// A client that closed its side only does read it.
	{context.Canceled, scimerrors.ScimError{
		Status: http.StatusBadRequest, Detail: "The client closed the connection before it was answered. Keep it open until then.",
	}},
}

// wireError finds what an error is on the wire. What a client reads is either its own fault in the words of a domain
// error, or nothing but a request id.
func wireError(err error, requestID string) scimerrors.ScimError {
	var wire scimerrors.ScimError
	if errors.As(err, &wire) {
		return wire
	}
	for _, e := range wireErrors {
		if !errors.Is(err, e.kind) {
			continue
		}
		wire = e.wire
		var domain *resources.Error
		if errors.As(err, &domain) && wire.Status < 500 && domain.Detail != "" {
			wire.Detail = domain.Detail
			if domain.Path != "" {
				wire.Detail = domain.Path + ": " + domain.Detail
			}
		}
		return wire
	}
	return scimerrors.ScimError{
		Status: http.StatusInternalServerError,
		Detail: fmt.Sprintf("The server could not do this. Its log says why, under request id %s.", requestID),
	}
}

// writeError answers with a SCIM error (RFC 7644 §3.12): the only place that does.
func (s *Server) writeError(w http.ResponseWriter, r *http.Request, err error) {
	e := eventFrom(r.Context())
	e.err = err
	if e.status != 0 {
		s.Log.ErrorContext(r.Context(), "error after the response was begun",
			slog.String("request", e.id), slog.String("error", err.Error()))
		return
	}
	wire := wireError(err, e.id)
	again := wire.Status == http.StatusServiceUnavailable || wire.Status == http.StatusInsufficientStorage
	if again && w.Header().Get("Retry-After") == "" {
		setRetryAfter(w, time.Second)
	}
	write(w, wire.Status, errorBody(wire))
}

func errorBody(wire scimerrors.ScimError) []byte {
	body, err := json.Marshal(wire)
	if err != nil { // three strings and a number
		return []byte(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"500"}`)
	}
	return body
}

// tooManyRequests is for a client that has as much waiting as it may (RFC 6585 §4).
func tooManyRequests(err error) error {
	return scimerrors.ScimError{Status: http.StatusTooManyRequests, Detail: err.Error()}
}

func notImplemented(http.ResponseWriter, *http.Request) error {
	return scimerrors.ScimError{
		Status: http.StatusNotImplemented,
		Detail: "This server does not have this endpoint. See /ServiceProviderConfig for what it has.",
	}
}

func noSuchPath(_ http.ResponseWriter, r *http.Request) error {
	return scimerrors.ScimError{
		Status: http.StatusNotFound,
		Detail: fmt.Sprintf("There is no %s. The endpoints are listed by %s/ResourceTypes.", clip(r.URL.Path), BasePath),
	}
}

func methodNotAllowed(method string) error {
	return scimerrors.ScimError{
		Status: http.StatusMethodNotAllowed,
		Detail: fmt.Sprintf("%s is not possible here; the Allow header lists what is.", clip(method)),
	}
}

// clip shortens what a client sent, for use in an error detail.
func clip(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
