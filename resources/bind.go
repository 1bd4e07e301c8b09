package resources

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	parser "github.com/scim2/filter-parser/v2"

	"proprio/resources/filter"
)

// Bind ties a filter to the type's attributes. A name that the type does not have, an operator that its kind does not
// have, or a value of another kind is ErrInvalidFilter naming it: what cannot be answered is never answered with
// everything (Q24).
func (rt *ResourceType) Bind(e filter.Expression) (Condition, error) {
	return binder{rt: rt}.bind(e)
}

// BindElement ties the filter of a value path to the multi-valued or complex attribute that it stands behind. The
// condition is for [MatchElement].
func (rt *ResourceType) BindElement(a *Attribute, e filter.Expression) (Condition, error) {
	if a.Parent != nil || a.Kind != KindComplex && !a.Multi {
		return nil, Errorf(ErrInvalidFilter, a.String(), "%s is neither complex nor multi-valued, so it takes no filter in [ ].", a)
	}
	return binder{rt: rt, within: a}.bind(e)
}

// binder binds one expression: a filter, or with within set, what stands in the brackets of a value path.
type binder struct {
	rt     *ResourceType
	within *Attribute
}

func (b binder) bind(e filter.Expression) (Condition, error) {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		return b.logical(e)
	case *filter.NotExpression:
		term, err := b.bind(e.Expression)
		if err != nil {
			return nil, err
		}
		return Not{term}, nil
	case *filter.ValuePath:
		return b.valuePath(e)
	case *filter.AttributeExpression:
		return b.comparison(e)
	}
	return nil, Errorf(ErrInvalidFilter, "", "The filter is empty.")
}

// logical binds a chain of one operator as one list of terms. The parser builds it to the left, so the chain is
// walked, not descended into.
func (b binder) logical(e *filter.LogicalExpression) (Condition, error) {
	var chain []filter.Expression
	op := e.Operator
	for {
		chain = append(chain, e.Right)
		left, ok := e.Left.(*filter.LogicalExpression)
		if !ok || left.Operator != op {
			chain = append(chain, e.Left)
			break
		}
		e = left
	}
	terms := make([]Condition, len(chain))
	for i, e := range chain {
		term, err := b.bind(e)
		if err != nil {
			return nil, err
		}
		terms[len(chain)-1-i] = term
	}
	if op == parser.OR {
		return Or{terms}, nil
	}
	return And{terms}, nil
}

func (b binder) valuePath(e *filter.ValuePath) (Condition, error) {
	if b.within != nil {
		return nil, Errorf(ErrInvalidFilter, e.AttributePath.String(), "A value path cannot stand inside another one.")
	}
	a, err := b.resolve(e.AttributePath)
	if err != nil {
		return nil, err
	}
	where, err := b.rt.BindElement(a, e.ValueFilter)
	if err != nil {
		return nil, err
	}
	if a.Multi {
		return Element{a, where}, nil
	}
	present, err := b.present(a) // one value, or none
	return And{[]Condition{present, where}}, err
}

func (b binder) comparison(e *filter.AttributeExpression) (Condition, error) {
	a, err := b.resolve(e.AttributePath)
	if err != nil {
		return nil, err
	}
	switch {
	case e.Operator == parser.PR:
		return b.present(a)
	case e.Operator == parser.NE:
		eq := *e
		eq.Operator = parser.EQ
		term, err := b.comparison(&eq)
		return Not{term}, err
	case e.CompareValue == nil && e.Operator == parser.EQ:
		term, err := b.present(a)
		return Not{term}, err
	}
	if a.Kind == KindComplex {
		value := a.SubAttribute("value")
		if value == nil {
			return nil, Errorf(ErrInvalidFilter, a.String(),
				"%s is complex: compare one of its sub-attributes, such as %s.", a, a.Sub[0])
		}
		a = value
	}
	if err := filterable(a); err != nil {
		return nil, err
	}
	value, err := operand(a, string(e.Operator), e.CompareValue)
	if err != nil {
		return nil, err
	}
	return b.wrap(a, Compare{a, string(e.Operator), value}), nil
}

// present binds pr: for a complex attribute, that one of its sub-attributes is present (RFC 7644 table 3).
func (b binder) present(a *Attribute) (Condition, error) {
	if a.Kind != KindComplex {
		if err := filterable(a); err != nil {
			return nil, err
		}
		return b.wrap(a, Present{a}), nil
	}
	var subs []Condition
	for _, s := range a.Sub {
		switch {
		case filterable(s) != nil:
		case s.Multi:
			subs = append(subs, Element{s, Present{s}})
		default:
			subs = append(subs, Present{s})
		}
	}
	if len(subs) == 0 {
		return nil, Errorf(ErrInvalidFilter, a.String(), "%s cannot be filtered on.", a)
	}
	return b.wrap(a, Or{subs}), nil
}

// wrap puts a condition about an attribute's values inside the Elements that lead to them from where the binder
// stands.
func (b binder) wrap(a *Attribute, c Condition) Condition {
	if a == b.within {
		return c
	}
	if a.Multi {
		c = Element{a, c}
	}
	if b.within == nil && a.Parent != nil && a.Parent.Multi {
		c = Element{a.Parent, c}
	}
	return c
}

// resolve finds the attribute of a comparison. Inside a value path names are those of the sub-attributes; `value` of a
// multi-valued attribute without any is the value itself.
func (b binder) resolve(p filter.AttributePath) (*Attribute, error) {
	if b.within == nil {
		a, err := b.rt.Resolve(p)
		var e *Error
		if errors.As(err, &e) {
			return nil, Errorf(ErrInvalidFilter, e.Path, "%s", e.Detail)
		}
		return a, err
	}
	if p.URIPrefix == nil && p.SubAttribute == nil {
		if sub := b.within.SubAttribute(p.AttributeName); sub != nil {
			return sub, nil
		}
		if b.within.Kind != KindComplex && strings.EqualFold(p.AttributeName, "value") {
			return b.within, nil
		}
	}
	return nil, Errorf(ErrInvalidFilter, b.within.String()+"["+p.String()+"]", "%s has no sub-attribute %q.", b.within, p.String())
}

// filterable refuses attributes that are never shown, which a filter would show after all, and those that are not
// stored because the server makes them up for each answer.
func filterable(a *Attribute) error {
	switch {
	case a.Returned == "never" || a.Mutability == "writeOnly":
		return Errorf(ErrInvalidFilter, a.String(), "%s is never returned, so it cannot be filtered on.", a)
	case a.String() == "meta.location":
		return Errorf(ErrInvalidFilter, a.String(), "%s cannot be filtered on: it is made from the id; filter on id.", a)
	case a.madeUp():
		return Errorf(ErrInvalidFilter, a.String(), "%s cannot be filtered on: it is made from %s.value; filter on that.", a, a.Parent)
	}
	return nil
}

// madeUp says whether the server makes a sub-attribute from its neighbours, as it does with each $ref and with
// manager.displayName. Those of members, groups and meta are read from where they come from.
func (a *Attribute) madeUp() bool {
	if a.Parent == nil || a.Mutability != "readOnly" {
		return false
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

// literal is a value as the client wrote it.
func literal(v any) string {
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
