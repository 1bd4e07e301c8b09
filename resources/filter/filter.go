package filter

import (
	"fmt"

	parser "github.com/scim2/filter-parser/v2"
)

// The syntax tree is the one of scim2/filter-parser; only the parser is ours. A value is a string with its escapes
// decoded, a bool, a json.Number exactly as written, nil for null, or a [Bare] word.
type (
	Expression          = parser.Expression
	AttributeExpression = parser.AttributeExpression
	LogicalExpression   = parser.LogicalExpression
	NotExpression       = parser.NotExpression
	ValuePath           = parser.ValuePath
	AttributePath       = parser.AttributePath
	Path                = parser.Path
)

// Caps on what is parsed at all. A client that needs more is told so; nothing it sends can exhaust the stack, and
// nothing it sends becomes a query that no database would plan (protocol.md 2.5, 58).
const (
	MaxLength = 8 << 10 // bytes
	MaxDepth  = 32      // parentheses and brackets inside each other
	MaxTerms  = 500     // comparisons
)

// Bare is a value written without quotes, read with [Options.Unquoted]: `externalId eq 0042`. What it is, a string,
// a number or a boolean, depends on the attribute it is compared with, so it is kept as it was written.
type Bare string

// Options are the forms outside the grammar that a connection may allow. The zero value is RFC 7644.
type Options struct {
	Unquoted bool // values without quotes: `externalId eq jyoung` (clients.md Q20)
}

// Parse parses a filter (RFC 7644 §3.4.2.2). Its errors are all of type [*Error].
func Parse(s string) (Expression, error) { return Options{}.Parse(s) }

// ParsePath parses a PATCH path (RFC 7644 §3.5.2) or the name of an attribute (§3.10). Its errors are all of type
// [*Error].
func ParsePath(s string) (Path, error) { return Options{}.ParsePath(s) }

// Parse is [Parse] with options.
func (o Options) Parse(s string) (Expression, error) {
	p := state{in: s, unquoted: o.Unquoted}
	e, err := p.filter()
	if err != nil {
		return nil, err // an untyped nil must not become a typed one
	}
	return e, nil
}

// ParsePath is [ParsePath] with options.
func (o Options) ParsePath(s string) (Path, error) {
	p := state{in: s, unquoted: o.Unquoted}
	path, err := p.path()
	if err != nil {
		return Path{}, err
	}
	return path, nil
}

// URN gives the whole URN that a path spells when it is nothing but a URN, and "" when it is anything more.
//
// A path that names an extension as a whole cannot be told from one that names an attribute by its syntax: in both the
// part after the last colon is read as the attribute, so urn:…:enterprise:2.0:User is the attribute "User" of
// urn:…:enterprise:2.0. The resource type decides: where it knows the schema that URN returns, the path means the
// schema's whole object.
func URN(p Path) string {
	a := p.AttributePath
	if a.URIPrefix == nil || a.SubAttribute != nil || p.ValueExpression != nil || p.SubAttribute != nil {
		return ""
	}
	return *a.URIPrefix + ":" + a.AttributeName
}

// Error says what is wrong with a filter or a path, and where.
type Error struct {
	Offset  int    // characters before the fault
	Message string // a clause without full stop
}

// Error gives the message with the place, counted from 1 as people do.
func (e *Error) Error() string { return fmt.Sprintf("character %d: %s", e.Offset+1, e.Message) }
