package resources

import (
	"errors"
	"strings"

	parser "github.com/scim2/filter-parser/v2"

	"proprio/resources/filter"
)

// Bind ties a filter to the type's attributes. A name that the type does not have, an operator that its kind does not
// have, or a value of another kind is ErrInvalidFilter naming it: what cannot be answered is never answered with
// everything (Q24). Neither is what costs too much: more than [MaxScans] comparisons that no index answers.
func (rt *ResourceType) Bind(e filter.Expression) (Condition, error) {
	return binder{rt: rt, scans: new(int)}.whole(e)
}

// Names are how the names of attributes in a filter are taken.
type Names struct {
	// Lenient is for a query over several types: an attribute that this one does not have has no value here, but may have
	// one there (RFC 7644 §3.4.2.1; protocol.md section 3, row 7).
	Lenient bool
	URNs    bool // an attribute of an extension needs the extension's URN (RFC 7644 §3.10; Q23)
}

// BindNames is Bind for names that are taken otherwise.
func (rt *ResourceType) BindNames(e filter.Expression, names Names) (Condition, error) {
	return binder{rt: rt, scans: new(int), names: names}.whole(e)
}

func (b binder) whole(e filter.Expression) (Condition, error) {
	c, err := b.bind(e)
	if scans := *b.scans; err == nil && scans > MaxScans {
		return nil, Errorf(ErrInvalidFilter, "filter", "The filter has %d comparisons that no index answers; %d are the limit. "+
			"Look for values of id, userName, externalId, displayName or emails with eq, or send several filters.", scans, MaxScans)
	}
	return c, err
}

// BindElement ties the filter of a value path to the multi-valued or complex attribute that it stands behind. The
// condition is for [MatchElement].
func (rt *ResourceType) BindElement(a *Attribute, e filter.Expression) (Condition, error) {
	return binder{rt: rt, scans: new(int)}.element(a, e)
}

func (b binder) element(a *Attribute, e filter.Expression) (Condition, error) {
	if a.Parent != nil || a.Kind != KindComplex && !a.Multi {
		return nil, Errorf(ErrInvalidFilter, a.String(), "%s is neither complex nor multi-valued, so it takes no filter in [ ].", a)
	}
	b.within = a
	return b.bind(e)
}

// binder binds one expression: a filter, or with within set, what stands in the brackets of a value path.
type binder struct {
	rt     *ResourceType
	within *Attribute
	scans  *int // comparisons so far that no index answers
	names  Names
}

// nothing is the condition that holds for no resource.
func nothing() Condition { return Or{} }

func (b binder) bind(e filter.Expression) (Condition, error) {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		return b.logical(e)
	case *filter.NotExpression:
		return negated(b.bind(e.Expression))
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
	if a == nil {
		return nothing(), nil
	}
	before := *b.scans
	where, err := b.element(a, e.ValueFilter)
	if err != nil {
		return nil, err
	}
	if findsElement(a, where) {
		*b.scans = before // the look-up leads to few, and the rest is asked of those
	}
	if a.Multi {
		return Element{a, where}, nil
	}
	present, err := b.present(a) // one value, or none
	if err != nil {
		return nil, err
	}
	return And{[]Condition{present, where}}, nil
}

func negated(c Condition, err error) (Condition, error) {
	if err != nil {
		return nil, err
	}
	return Not{c}, nil
}

func (b binder) comparison(e *filter.AttributeExpression) (Condition, error) {
	a, err := b.resolve(e.AttributePath)
	if err != nil {
		return nil, err
	}
	a, e = b.addressed(a, e)
	if a != nil && (b.within != nil || !findsResource(a, e)) {
		*b.scans++
	}
	return b.compare(a, e)
}

// addressed makes of a comparison with an address (a $ref, or meta.location) the one with the id in it: addresses are not
// stored, and as in what clients write, only the id in them counts. An address has no other operators than eq, ne and pr.
func (b binder) addressed(a *Attribute, e *filter.AttributeExpression) (*Attribute, *filter.AttributeExpression) {
	id := b.rt.identified(a)
	if id == nil || e.Operator != parser.PR && e.Operator != parser.EQ && e.Operator != parser.NE {
		return a, e
	}
	if address, isText := e.CompareValue.(string); isText {
		by := *e
		by.CompareValue = idIn(address) // "" is no resource's
		e = &by
	}
	return id, e
}

func (b binder) compare(a *Attribute, e *filter.AttributeExpression) (Condition, error) {
	switch {
	case e.Operator == parser.PR:
		return b.present(a)
	case e.Operator == parser.NE:
		eq := *e
		eq.Operator = parser.EQ
		return negated(b.compare(a, &eq))
	case e.CompareValue == nil && e.Operator == parser.EQ:
		return negated(b.present(a))
	case a == nil:
		return nothing(), nil
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
	if a == nil {
		return nothing(), nil
	}
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
// multi-valued attribute without any is the value itself. A lenient binder gives nil for a name that is unknown.
func (b binder) resolve(p filter.AttributePath) (*Attribute, error) {
	if b.within == nil {
		a, err := b.rt.Resolve(p)
		var e *Error
		if err == nil && b.names.URNs {
			err = needsURN(p, a)
		}
		if b.names.Lenient && errors.Is(err, ErrInvalidPath) {
			return nil, nil
		}
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
	if b.names.Lenient {
		return nil, nil
	}
	return nil, Errorf(ErrInvalidFilter, b.within.String()+"["+p.String()+"]", "%s has no sub-attribute %q.", b.within, p.String())
}
