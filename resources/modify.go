package resources

import "proprio/resources/filter"

// Op is what an operation does (RFC 7644 §3.5.2).
type Op string

// The operations.
const (
	OpAdd     Op = "add"
	OpRemove  Op = "remove"
	OpReplace Op = "replace"
)

// Operation is one change of one attribute. Package scim turns a PATCH body, in any dialect, into operations that all
// have a path; a console form makes them directly.
type Operation struct {
	Op    Op
	Path  filter.Path
	Value any // decoded JSON (json.Number for numbers); nil when absent or null
	// Lenient is set where the path came from a key of a path-less value object: a read-only target is then ignored
	// (Okta sends id) instead of refused.
	Lenient bool
}
