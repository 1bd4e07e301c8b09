package resources

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"proprio/resources/filter"
)

// filterable refuses attributes that are never shown, which a filter would show after all, and those that are not
// stored because the server makes them up for each answer.
func filterable(a *Attribute) error {
	switch {
	case a.Hidden:
		return Errorf(ErrInvalidFilter, a.String(), "%s is never returned, so it cannot be filtered on.", a)
	case a.String() == "meta.location":
		return Errorf(ErrInvalidFilter, a.String(), "%s takes eq, ne and pr alone: it is made from the id; filter on id.", a)
	case a.madeUp() && a.Name == "$ref":
		return Errorf(ErrInvalidFilter, a.String(), "%s takes eq, ne and pr alone: it is made from %s.value; filter on that.", a, a.Parent)
	case a.madeUp():
		return Errorf(ErrInvalidFilter, a.String(), "%s cannot be filtered on: it is made from %s.value; filter on that.", a, a.Parent)
	}
	return nil
}

// identified is the attribute that holds the id of the resource at whose address an attribute points; nil for one that
// points at none.
func (rt *ResourceType) identified(a *Attribute) *Attribute {
	switch {
	case a == nil || a.Hidden || a.Parent == nil:
		return nil
	case a.String() == "meta.location":
		return rt.Attribute("id")
	case a.Name == "$ref" && a.madeUp():
		return a.Parent.SubAttribute("value")
	}
	return nil
}

// madeUp says whether the server makes a sub-attribute from its neighbours, as it does with each $ref and with
// manager.displayName. Those of members, groups and meta are read from where they come from.
func (a *Attribute) madeUp() bool {
	if a.Parent == nil || a.Mutability != "readOnly" && !(a.Name == "$ref" && a.Parent.refers()) {
		return false
	}
	if a.isOwn() {
		return a.Name == "$ref" && a.Parent.pointsToResources()
	}
	switch a.Parent.Name {
	case "meta":
		return a.Name == "location"
	case "groups", "members":
		return a.Name == "$ref"
	}
	return true
}

// operand checks that the operator and the value fit the attribute, and returns the value in the form of [Compare].
func operand(a *Attribute, op string, v any) (any, error) {
	if !strings.Contains(operatorsOf(a.Kind), op) {
		return nil, Errorf(ErrInvalidFilter, a.String(), "%s is of type %s, which has no operator %s; it has %s.",
			a, a.Kind, op, operatorsOf(a.Kind))
	}
	word, isText := v.(string)
	if bare, ok := v.(filter.Bare); ok {
		word, isText = string(bare), true
		v = json.Number(word)
	}
	number, isNumber := v.(json.Number)
	switch a.Kind {
	case KindBoolean:
		if truth, ok := v.(bool); ok {
			return truth, nil
		}
		if truth, ok := truthOf(word); isText && ok { // "True": Entra (protocol.md 2.3, 34)
			return truth, nil
		}
	case KindInteger:
		if n, err := strconv.ParseInt(string(number), 10, 64); isNumber && err == nil {
			return n, nil
		}
	case KindDecimal:
		if f, err := strconv.ParseFloat(string(number), 64); isNumber && err == nil {
			return f, nil
		}
	case KindDateTime:
		if t, ok := Instant(word); isText && ok {
			return t, nil
		}
	default:
		if isText && strings.ContainsRune(word, 0) {
			return nil, Errorf(ErrInvalidFilter, a.String(), "The value compared with %s holds the character U+0000, which no value has.", a)
		}
		if isText {
			return a.Comparable(op, word), nil
		}
	}
	return nil, Errorf(ErrInvalidFilter, a.String(), "%s cannot be compared with %s; it takes %s.", a, literal(v), example(a.Kind))
}

// operatorsOf lists the operators of a type (RFC 7644 table 3). Booleans and binaries have no order; only text has
// parts.
func operatorsOf(k Kind) string {
	switch k {
	case KindBoolean, KindBinary:
		return "eq ne pr"
	case KindInteger, KindDecimal, KindDateTime:
		return "eq ne pr gt ge lt le"
	}
	return "eq ne pr co sw ew gt ge lt le"
}

func truthOf(s string) (truth, ok bool) {
	return strings.EqualFold(s, "true"), strings.EqualFold(s, "true") || strings.EqualFold(s, "false")
}

// Instant reads a dateTime (RFC 7643 §2.3.5), cut to the microsecond, which is how fine databases keep it. Without a time
// zone it is UTC. No zone is further from UTC than 14 hours (XML Schema part 2, §3.2.7.3), and Postgres takes none
// beyond 16.
func Instant(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t, err = time.Parse("2006-01-02T15:04:05", s)
	}
	_, offset := t.Zone()
	ok := err == nil && max(offset, -offset) <= 14*60*60 && !strings.HasSuffix(s, ":60")
	return t.UTC().Truncate(time.Microsecond), ok
}

// literal is a value as the client wrote it. What is inside an object or an array stays there: it may be a password.
func literal(v any) string {
	switch v.(type) {
	case map[string]any, []any:
		return describe(v)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v) // a bare word that is no number
	}
	return string(b)
}

// example says what a type's values look like.
func example(k Kind) string {
	switch k {
	case KindBoolean:
		return "true or false"
	case KindInteger:
		return "a whole number, such as 42"
	case KindDecimal:
		return "a number, such as 4.2"
	case KindDateTime:
		return `a date and time, such as "2026-01-31T08:00:00Z"`
	}
	return "a string in double quotes"
}
