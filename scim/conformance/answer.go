package conformance

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	schemaError        = "urn:ietf:params:scim:api:messages:2.0:Error"
	schemaListResponse = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	schemaPatchOp      = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	schemaSearch       = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
	schemaBulkRequest  = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
	schemaUser         = "urn:ietf:params:scim:schemas:core:2.0:User"
	schemaGroup        = "urn:ietf:params:scim:schemas:core:2.0:Group"
	schemaEnterprise   = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
)

type object = map[string]any

// is judges the status.
func (a answer) is(statuses ...int) answer {
	a.p.judge(&a, slices.Contains(statuses, a.status), "status %s", alternatives(statuses))
	return a
}

// need judges the status, and ends the check when it is another: what follows would say nothing.
func (a answer) need(statuses ...int) answer {
	a.is(statuses...)
	if !slices.Contains(statuses, a.status) {
		panic(stop{})
	}
	return a
}

// refused judges that a request was refused with a SCIM error of that status and, where it matters, that scimType.
func (a answer) refused(status int, scimTypes ...string) answer {
	a.is(status)
	if a.status == status && len(scimTypes) > 0 {
		got := a.text("scimType")
		a.p.judge(&a, slices.Contains(scimTypes, got), "scimType %s", strings.Join(scimTypes, " or "))
	}
	return a
}

// that judges something else about an answer.
func (a answer) that(right bool, want string, args ...any) answer {
	a.p.judge(&a, right, want, args...)
	return a
}

// equals judges a value in the body.
func (a answer) equals(want any, path ...any) answer {
	got := at(a.value, path...)
	a.p.judge(&a, same(got, want), "%s is %s, not %s", place(path), literal(want), literal(got))
	return a
}

// absent judges that a value is not in the body; null and empty lists are nothing too (RFC 7643 §2.5).
func (a answer) absent(path ...any) answer {
	got := at(a.value, path...)
	a.p.judge(&a, empty(got), "no %s, not %s", place(path), literal(got))
	return a
}

func (a answer) at(path ...any) any { return at(a.value, path...) }

func (a answer) text(path ...any) string {
	s, _ := at(a.value, path...).(string)
	return s
}

// number is an integer of the body; ok is false for anything else.
func (a answer) number(path ...any) (n int, ok bool) { return integer(at(a.value, path...)) }

// resources are those of a list.
func (a answer) resources() (found []object) {
	list, _ := a.at("Resources").([]any)
	for _, r := range list {
		if o, ok := r.(object); ok {
			found = append(found, o)
		}
	}
	return found
}

// at follows keys and positions into a JSON value. Keys are found in any letter case (RFC 7643 §2.1).
func at(v any, path ...any) any {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			o, _ := v.(object)
			v = member(o, s)
		case int:
			l, _ := v.([]any)
			if s >= len(l) {
				return nil
			}
			v = l[s]
		}
	}
	return v
}

func member(o object, name string) any {
	if v, ok := o[name]; ok {
		return v
	}
	for key, v := range o {
		if strings.EqualFold(key, name) {
			return v
		}
	}
	return nil
}

func integer(v any) (int, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := strconv.Atoi(n.String())
	return i, err == nil
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case []any:
		return len(v) == 0
	case object:
		return len(v) == 0
	}
	return false
}

// same compares JSON values by what they say: numbers by value, objects without regard to order.
func same(a, b any) bool { return encode(a) == encode(b) }

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// literal is a value as a report shows it.
func literal(v any) string { return clip(encode(v)) }

func place(path []any) string {
	if len(path) == 0 {
		return "the body"
	}
	var b strings.Builder
	for _, step := range path {
		switch s := step.(type) {
		case string:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(s)
		case int:
			fmt.Fprintf(&b, "[%d]", s)
		}
	}
	return b.String()
}

func alternatives(statuses []int) string {
	var words []string
	for _, s := range statuses {
		words = append(words, strconv.Itoa(s))
	}
	return strings.Join(words, " or ")
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
