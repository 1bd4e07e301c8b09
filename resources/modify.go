package resources

import (
	"maps"
	"strings"

	parser "github.com/scim2/filter-parser/v2"

	"proprio/resources/filter"
)

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
	// (Okta sends id) instead of refused, and so is an attribute that the schemas do not know.
	Lenient bool
}

// OperationOn changes a whole attribute of the core schema.
func OperationOn(op Op, attribute string, value any) Operation {
	return Operation{Op: op, Path: filter.Path{AttributePath: filter.AttributePath{AttributeName: attribute}}, Value: value}
}

// target is what an operation's path means.
type target struct {
	attribute *Attribute        // of the top level or of an extension
	where     filter.Expression // which of its values; nil: all
	sub       *Attribute        // one of its sub-attributes; nil: all of it
}

// apply makes one operation (RFC 7644 §3.5.2). On an error the draft is of no more use.
func (d *draft) apply(op Operation) error {
	switch op.Op {
	case OpAdd, OpRemove, OpReplace:
	default:
		return Errorf(ErrInvalidSyntax, "op", "op must be add, remove or replace, not %q.", shorten(string(op.Op)))
	}
	if urn := d.rt.URN(filter.URN(op.Path)); urn != "" {
		return d.applySchema(urn, op)
	}
	if d.drops(op.Path.AttributePath) {
		return nil
	}
	t, err := d.target(op.Path)
	if err != nil {
		if op.Lenient {
			return d.ignore(op.Path.String())
		}
		return err
	}
	switch a := t.attribute; {
	case a.Name == "schemas" && !a.extension:
		return nil // computed from what is there
	case a.Mutability == "readOnly" || t.sub != nil && t.sub.Mutability == "readOnly":
		if op.Lenient {
			return nil
		}
		return Errorf(ErrMutability, op.Path.String(), "%s is read-only.", op.Path.String())
	case op.Op == OpRemove && t.where == nil && (a.Required && t.sub == nil || t.sub != nil && t.sub.Required):
		return Errorf(ErrMutability, op.Path.String(), "%s is required, so it cannot be removed.", op.Path.String())
	case a.Name == "externalId" && !a.extension:
		return d.applyExternalID(op)
	case d.rt.Name == TypeGroup && a.Name == "members":
		return d.applyMembers(op, t)
	case a.Multi:
		return d.applyMulti(op, t)
	case t.where != nil:
		return Errorf(ErrInvalidPath, op.Path.String(), "%s has one value, so it takes no filter in [ ].", a)
	case a.Kind == KindComplex:
		return d.applyComplex(op, t)
	}
	return d.applySimple(op, t.attribute)
}

// target ties a path to attributes.
func (d *draft) target(p filter.Path) (target, error) {
	a, err := d.rt.Resolve(p.AttributePath)
	if err == nil && d.switches.NeedURNs() {
		err = needsURN(p.AttributePath, a)
	}
	if err != nil {
		return target{}, err
	}
	t := target{attribute: a, where: p.ValueExpression}
	if a.Parent != nil {
		t.attribute, t.sub = a.Parent, a
	}
	if p.SubAttribute != nil {
		if t.sub = d.accepts(t.attribute, *p.SubAttribute); t.sub == nil {
			return target{}, Errorf(ErrInvalidPath, p.String(), "%s has no sub-attribute %q.", a, *p.SubAttribute)
		}
	}
	return t, nil
}

// applySchema takes a schema's URN as the path of all of its attributes: for an extension, the whole of it.
func (d *draft) applySchema(urn string, op Operation) error {
	extension := d.rt.Extension(urn)
	cleared := op.Op == OpReplace && (op.Value == nil || op.Value == "")
	switch {
	case op.Op != OpRemove && !cleared:
		return d.assignSchema(urn, op.Value)
	case extension == nil, d.rt.Requires(urn):
		return Errorf(ErrMutability, urn, "%s holds required attributes, so it cannot be removed.", urn)
	}
	for _, a := range extension {
		if a.Mutability != "readOnly" {
			d.doc.set(a, nil)
		}
	}
	return nil
}

func (d *draft) applyExternalID(op Operation) error {
	value, err := d.value(d.rt.Attribute("externalId"), op.Value)
	if err != nil {
		return err
	}
	text, _ := value.(string)
	if op.Op == OpRemove {
		text = ""
	}
	if op.Op == OpAdd && op.Value == nil {
		return nil // "externalId": null in a whole resource is an absent one (Q05)
	}
	d.externalID = &text
	return nil
}

func (d *draft) applySimple(op Operation, a *Attribute) error {
	var value any
	if op.Op != OpRemove {
		if op.Op == OpAdd && op.Value == nil {
			return nil
		}
		var err error
		if value, err = d.value(a, op.Value); err != nil {
			return err
		}
	}
	if have := d.doc.get(a); a.Mutability == "immutable" && have != nil && have != value {
		return Errorf(ErrMutability, a.String(), "%s cannot be changed once it is set.", a)
	}
	d.doc.set(a, value)
	return nil
}

// applyComplex changes a complex attribute with one value. add and replace both leave what they do not name
// (RFC 7644 §3.5.2.3; Q38, Q41); under the interoperability profile a replace puts a new object in the place of the old.
func (d *draft) applyComplex(op Operation, t target) error {
	a := t.attribute
	d.refers = d.refers || a.refers()
	have, _ := d.doc.get(a).(map[string]any)
	object := map[string]any{}
	if whole := op.Op == OpReplace && t.sub == nil; !whole || !d.switches.Profile() {
		maps.Copy(object, have)
	}
	op, err := d.within(op, t.sub, object)
	if err != nil {
		return err
	}
	v := op.Value
	if list, ok := v.([]any); ok && len(list) == 0 {
		v = nil
	}
	if object, ok := v.(map[string]any); ok && len(object) == 0 && a.refers() {
		v = nil // Q36: manager {}
	}
	if t.sub != nil && v != nil && op.Op != OpRemove {
		v = map[string]any{t.sub.Name: v}
	}
	switch {
	case v == nil && op.Op == OpAdd:
		return nil
	case op.Op == OpRemove || v == nil || v == "":
		if t.sub == nil {
			d.doc.set(a, nil)
			return nil
		}
		if err := put(t.sub, object, nil); err != nil {
			return err
		}
	default:
		if err := d.merge(a, object, v); err != nil {
			return err
		}
	}
	d.doc.set(a, settle(a, object))
	return nil
}

// equalities reads a filter as the sub-attributes of a value that satisfies it (Q31). ok is false when it is anything
// but comparisons by eq joined by and, for then there is no telling.
func (d *draft) equalities(a *Attribute, e filter.Expression, into map[string]any) (ok bool) {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		return e.Operator == parser.AND && d.equalities(a, e.Left, into) && d.equalities(a, e.Right, into)
	case *filter.AttributeExpression:
		sub := a.SubAttribute(e.AttributePath.AttributeName)
		if e.Operator != parser.EQ || sub == nil || sub.Mutability == "readOnly" || e.CompareValue == nil {
			return false
		}
		raw := e.CompareValue
		if bare, isBare := raw.(filter.Bare); isBare {
			raw = strings.TrimSpace(string(bare))
		}
		value, err := d.value(sub, raw)
		if have, twice := into[sub.Name]; err != nil || value == nil || twice && !equal(have, value) {
			return false
		}
		into[sub.Name] = value
		return true
	}
	return false
}
