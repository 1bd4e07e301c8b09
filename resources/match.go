package resources

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// View is a resource as a filter sees it: its document, and what the store keeps beside that. Groups of a User and
// Members of a Group must have been read when the condition is about them.
type View struct {
	Document Document
	Resource *Resource
}

// Match says whether a condition from [ResourceType.Bind] holds for a resource. It is the meaning of conditions; package
// db says the same in SQL.
func Match(c Condition, v View) bool { return match(c, v.top) }

// MatchElement says whether a condition from [ResourceType.BindElement] holds for one value of that attribute: a
// map[string]any, or a simple value.
func MatchElement(c Condition, element any) bool {
	return match(c, func(a *Attribute) any { return within(element, a) })
}

// scope finds an attribute's value: from the top of a resource, or in one value of a multi-valued attribute. It returns
// nil when there is none.
type scope func(*Attribute) any

func match(c Condition, at scope) bool {
	switch c := c.(type) {
	case And:
		for _, t := range c.Terms {
			if !match(t, at) {
				return false
			}
		}
		return true
	case Or:
		for _, t := range c.Terms {
			if match(t, at) {
				return true
			}
		}
		return false
	case Not:
		return !match(c.Term, at)
	case Compare:
		v := at(c.Attribute)
		if v == nil {
			v = c.Attribute.Default()
		}
		return compare(c, v)
	case Present:
		v := at(c.Attribute)
		return v != nil && v != ""
	case Element:
		return matchElement(c, at(c.Attribute))
	}
	panic(fmt.Sprintf("resources: %T is not a condition", c))
}

func matchElement(c Element, v any) bool {
	values, _ := v.([]any)
	return slices.ContainsFunc(values, func(e any) bool { return MatchElement(c.Where, e) })
}

// within reads an attribute from one value. An attribute without parent, or one that the value does not carry as an
// object, is the value itself.
func within(element any, a *Attribute) any {
	if m, ok := element.(map[string]any); ok {
		return m[a.Name]
	}
	return element
}

// top reads an attribute from the top of a resource.
func (v View) top(a *Attribute) any {
	switch a.String() {
	case "id":
		return v.Resource.ID
	case "externalId":
		return text(v.Resource.ExternalID)
	case "meta.resourceType":
		return v.Resource.Type
	case "meta.created":
		return v.Resource.Created
	case "meta.lastModified":
		return v.Resource.LastModified
	case "meta.version":
		return fmt.Sprintf(`W/"%d"`, v.Resource.Version)
	case SchemaOwnership + ":hold":
		return text(v.Resource.Index.Hold)
	}
	switch {
	case a.Name == "groups" && a.Schema == SchemaUser:
		return groupValues(v.Resource.Groups)
	case a.Name == "members" && a.Schema == SchemaGroup:
		return memberValues(v.Resource.Members)
	}
	var at any = map[string]any(v.Document)
	for _, k := range a.Keys() {
		m, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = m[k]
	}
	return at
}

func groupValues(refs []Ref) []any {
	values := make([]any, len(refs))
	for i, r := range refs {
		values[i] = map[string]any{"value": r.ID, "display": r.Display, "type": "direct"}
	}
	return values
}

func memberValues(members []Member) []any {
	values := make([]any, len(members))
	for i, m := range members {
		values[i] = map[string]any{"value": m.ID, "type": m.Type, "display": m.Display}
	}
	return values
}

// text is a string as a value: an empty one is none.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// Default is the value that comparisons take where a document has none, and nil for most attributes: a User without
// `active` is active, and a value without `primary` is not primary (RFC 7643 §2.4).
func (a *Attribute) Default() any {
	switch {
	case a.Kind != KindBoolean:
		return nil
	case a.Parent == nil && a.Schema == SchemaUser && a.Name == "active":
		return true
	case a.Parent != nil && a.Parent.Multi && a.Name == "primary":
		return false
	}
	return nil
}

// Comparable is the form in which an operator compares the attribute's text: as it is when the attribute is caseExact,
// else folded; userNames by [FoldUserName]; e-mail addresses by [FoldEmail] when whole (eq), for a part of an address
// has no domain to bring into its form.
func (a *Attribute) Comparable(op, s string) string {
	switch {
	case a.CaseExact || a.Kind == KindBinary:
		return s
	case a.Schema != SchemaUser:
	case a.String() == "userName":
		return FoldUserName(s)
	case a.String() == "emails.value" && op == "eq":
		return FoldEmail(s)
	}
	return Fold(s)
}

// compare says whether an operator holds between an attribute's value and the condition's.
func compare(c Compare, v any) bool {
	switch want := c.Value.(type) {
	case bool:
		have, ok := v.(bool)
		return ok && have == want
	case string:
		have, ok := v.(string)
		return ok && have != "" && compareText(c.Op, c.Attribute.Comparable(c.Op, have), want)
	case int64:
		n, ok := v.(json.Number)
		have, err := strconv.ParseInt(string(n), 10, 64)
		return ok && err == nil && ordered(c.Op, compareNumbers(have, want))
	case float64:
		n, ok := v.(json.Number)
		have, err := strconv.ParseFloat(string(n), 64)
		return ok && err == nil && ordered(c.Op, compareNumbers(have, want))
	case time.Time:
		have, ok := v.(time.Time)
		if s, isText := v.(string); isText {
			have, ok = Instant(s)
		}
		return ok && ordered(c.Op, have.Truncate(time.Microsecond).Compare(want))
	}
	return false
}

func compareText(op, have, want string) bool {
	switch op {
	case "co":
		return strings.Contains(have, want)
	case "sw":
		return strings.HasPrefix(have, want)
	case "ew":
		return strings.HasSuffix(have, want)
	}
	return ordered(op, strings.Compare(have, want))
}

func compareNumbers[T int64 | float64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func ordered(op string, sign int) bool {
	switch op {
	case "eq":
		return sign == 0
	case "gt":
		return sign > 0
	case "ge":
		return sign >= 0
	case "lt":
		return sign < 0
	case "le":
		return sign <= 0
	}
	return false
}
