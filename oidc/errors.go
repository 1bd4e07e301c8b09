package oidc

import (
	"errors"
	"fmt"
)

// The closed set of errors of this package's stores and settings. Match them with errors.Is. A refused sign-in or
// session is not among them: it is a [*Refusal].
var (
	ErrNotFound = errors.New("not found")
	ErrTaken    = errors.New("already in use")
	ErrInvalid  = errors.New("invalid")
)

// invalid names a setting that cannot be accepted and says what would be right.
func invalid(field, format string, args ...any) error {
	return fmt.Errorf("%w %s: %s", ErrInvalid, field, fmt.Sprintf(format, args...))
}
