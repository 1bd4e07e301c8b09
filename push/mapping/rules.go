package mapping

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Rules are an administrator's wishes for one app, in its settings. The zero value wishes nothing.
type Rules struct {
	// Scope is an expression that is true of those Users who belong in the app, among those whom the app's groups let in;
	// empty: of all of them.
	Scope string `json:"scope,omitempty"`
	// Mapping says what the app is sent instead of, or besides, the User's own attributes.
	Mapping []Attribute `json:"mapping,omitempty"`
	// Roles say who gets which role of the product. With any of them the product's role attribute is set by them alone.
	Roles []Role `json:"roles,omitempty"`
}

// Empty says whether there is nothing to do.
func (r Rules) Empty() bool { return r.Scope == "" && len(r.Mapping) == 0 && len(r.Roles) == 0 }

// Equal says whether two are the same, written the same way.
func (r Rules) Equal(other Rules) bool {
	return r.Scope == other.Scope && slices.Equal(r.Roles, other.Roles) && slices.EqualFunc(r.Mapping, other.Mapping, Attribute.equal)
}

func (a Attribute) equal(b Attribute) bool {
	return a.Target == b.Target && a.From == b.From && bytes.Equal(a.Constant, b.Constant) && a.Expression == b.Expression &&
		a.When == b.When && a.Clear == b.Clear
}

// Attribute is the rule of one attribute in the app. It has one of From, Constant and Expression.
type Attribute struct {
	// Target is the attribute's path: userName, name.givenName, urn:…:User:department.
	Target string `json:"target"`
	// From is the path of the User's attribute that is copied.
	From string `json:"from,omitempty"`
	// Constant is a value as JSON, the same for everybody.
	Constant json.RawMessage `json:"constant,omitempty"`
	// Expression makes the value.
	Expression string `json:"expression,omitempty"`
	// When is WhenAlways (default) or WhenCreation.
	When string `json:"when,omitempty"`
	// Clear removes the attribute in the app where the value is empty. Without it, what the app has then stays.
	Clear bool `json:"clear,omitempty"`
}

// When an attribute is sent.
const (
	WhenAlways   = "always"   // whenever it differs from what was sent
	WhenCreation = "creation" // with a new account; what the app makes of it afterwards is the app's
)

// Role gives a role to those to whom it applies: the members of a Group, those of whom an expression is true, or, with
// neither, everybody. Where the product takes one role, it is that of the first rule that applies.
type Role struct {
	Group      string `json:"group,omitempty"` // id; when settings are saved, a displayName will do
	Expression string `json:"expression,omitempty"`
	Value      string `json:"value"`
}

// The most that one app may have.
const (
	maxAttributes = 100
	maxRoles      = 100
	maxLength     = 2000 // characters of an expression
	maxNodes      = 400  // of an expression: names, values, operators, calls
)
