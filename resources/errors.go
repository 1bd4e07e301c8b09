package resources

import (
	"errors"
	"fmt"
)

// The closed set of domain errors. Match them with errors.Is; package scim maps each to an HTTP status and a
// scimType in one table (RFC 7644 §3.12).
var (
	ErrNotFound      = errors.New("not found")
	ErrUniqueness    = errors.New("already in use")
	ErrVersion       = errors.New("version does not match")
	ErrInvalidSyntax = errors.New("invalid syntax")
	ErrInvalidValue  = errors.New("invalid value")
	ErrInvalidPath   = errors.New("invalid path")
	ErrInvalidFilter = errors.New("invalid filter")
	ErrNoTarget      = errors.New("no target")
	ErrMutability    = errors.New("not changeable")
	ErrTooMany       = errors.New("too many results")
	// A page's cursor (RFC 9865): not one of this query, too old, or used with another count.
	ErrInvalidCursor = errors.New("invalid cursor")
	ErrExpiredCursor = errors.New("expired cursor")
	ErrInvalidCount  = errors.New("invalid count")
	ErrTooLarge      = errors.New("too large")
	ErrForbidden     = errors.New("forbidden")
	// ErrBusy: the database stayed contended through all retries. The caller may try again.
	ErrBusy = errors.New("busy")
	// ErrFull is an ErrBusy that lasts until somebody makes room: the disk of the database is full.
	ErrFull = fmt.Errorf("no room left: %w", ErrBusy)
)

// Error is a domain error with what a client needs to mend the request.
type Error struct {
	Kind   error  // one of the Err… values above
	Path   string // attribute path or parameter at fault, as the client would write it; may be empty
	Detail string // a sentence for the client: what was wrong, and what would be right
	Cause  error  // for the log, never for the client; may be nil
}

// Errorf makes an Error of a kind at an attribute path.
func Errorf(kind error, path, format string, args ...any) *Error {
	return &Error{Kind: kind, Path: path, Detail: fmt.Sprintf(format, args...)}
}

// Error gives path, detail and cause in one line, for logs.
func (e *Error) Error() string {
	s := e.Detail
	if s == "" {
		s = e.Kind.Error()
	}
	if e.Path != "" {
		s = e.Path + ": " + s
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap lets errors.Is find the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Cause}
}
