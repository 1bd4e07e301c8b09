package resources

import "slices"

// applyMulti changes a multi-valued attribute.
func (d *draft) applyMulti(op Operation, t target) error {
	switch {
	case t.where != nil || t.sub != nil:
		return d.applyValues(op, t)
	case op.Op == OpRemove && op.Value == nil:
		d.doc.set(t.attribute, nil)
		return nil
	case op.Op == OpRemove:
		return d.removeListed(t.attribute, op.Value)
	}
	values, err := d.list(t.attribute, op.Value)
	if err != nil {
		return err
	}
	if op.Op == OpAdd {
		elements := d.elements(t.attribute)
		for _, v := range values {
			elements = append(elements, element{v, true})
		}
		if err := d.work.spend(t.attribute.String(), len(elements), t.attribute.holding()); err != nil {
			return err
		}
		values = gather(t.attribute, elements)
	}
	d.setValues(t.attribute, values)
	return nil
}

// removeListed takes away the values that the operation lists, and no others (Q32); an empty list takes away nothing
// (Q33).
func (d *draft) removeListed(a *Attribute, v any) error {
	patterns, err := d.list(a, v)
	if err != nil {
		return err
	}
	values, _ := d.doc.get(a).([]any)
	covered, shapes := coveredBy(a, patterns)
	if err := d.work.spend(a.String(), len(values), a.holding()*max(shapes, 1)); err != nil {
		return err
	}
	d.setValues(a, slices.DeleteFunc(slices.Clone(values), covered))
	return nil
}

// applyValues changes those values of a multi-valued attribute that a value path selects, or one sub-attribute of them.
func (d *draft) applyValues(op Operation, t target) error {
	a := t.attribute
	selected, err := d.selector(t)
	if err == nil && d.switches.Profile() {
		err = d.checkProfile(op, t, selected)
	}
	if err != nil {
		return err
	}
	present := d.elements(a)
	if err := d.work.spend(a.String(), len(present), a.looking(t.where)); err != nil {
		return err
	}
	var elements []element
	hit := false
	for _, e := range present {
		if selected(e.value) {
			hit, e.fresh = true, true
			if op.Op == OpRemove && t.sub == nil {
				continue
			}
			if err := d.work.spend(a.String(), 1, changeWork); err != nil {
				return err
			}
			if e.value, err = d.changeValue(op, t, e.value); err != nil {
				return err
			}
		}
		if e.value != nil {
			elements = append(elements, e)
		}
	}
	if !hit && op.Op != OpRemove {
		created, err := d.createValue(op, t)
		if err != nil {
			return err
		}
		if created != nil {
			elements = append(elements, element{created, true})
		}
	}
	d.setValues(a, gather(a, elements))
	return nil
}

// checkProfile is what the interoperability profile asks of a value path (protocol.md 1.6): it names a sub-attribute,
// and its filter means one value.
func (d *draft) checkProfile(op Operation, t target, selected func(any) bool) error {
	if t.where == nil {
		return nil
	}
	if t.sub == nil && t.attribute.Kind == KindComplex {
		return Errorf(ErrInvalidPath, op.Path.String(), "A path with a filter must name a sub-attribute, such as %s[…].value.", t.attribute)
	}
	values, _ := d.doc.get(t.attribute).([]any)
	if err := d.work.spend(t.attribute.String(), len(values), t.attribute.looking(t.where)); err != nil {
		return err
	}
	hits := 0
	for _, v := range values {
		if selected(v) {
			hits++
		}
	}
	if hits > 1 {
		return Errorf(ErrInvalidFilter, op.Path.String(), "The filter fits %d values of %s; it must fit one.", hits, t.attribute)
	}
	return nil
}

// selector says which values a target means.
func (d *draft) selector(t target) (func(any) bool, error) {
	if t.where == nil {
		return func(any) bool { return true }, nil
	}
	condition, err := d.rt.BindElement(t.attribute, t.where)
	if err != nil {
		return nil, err
	}
	return func(v any) bool { return MatchElement(condition, v) }, nil
}

// changeValue makes an operation on one value; nil means that nothing of it is left.
func (d *draft) changeValue(op Operation, t target, value any) (any, error) {
	a := t.attribute
	have, ok := value.(map[string]any)
	if !ok { // values without sub-attributes: one is put in the place of the other
		return d.single(a, op.Value)
	}
	object := make(map[string]any, len(have))
	for k, v := range have {
		object[k] = v
	}
	op, err := d.within(op, t.sub, object)
	if err != nil {
		return nil, err
	}
	v := op.Value
	if op.Op == OpRemove {
		v = nil
	}
	if t.sub != nil {
		if v == nil && op.Op == OpAdd {
			return value, nil
		}
		v = map[string]any{t.sub.Name: v}
	}
	if v == nil {
		if op.Op == OpAdd {
			return value, nil
		}
		return nil, nil
	}
	if err := d.merge(a, object, v); err != nil {
		return nil, err
	}
	return settle(a, object), nil
}

// within turns an operation on a sub-attribute that has several values itself into one that writes all of them: what is
// added joins what is there, and what is removed leaves the rest.
func (d *draft) within(op Operation, sub *Attribute, object map[string]any) (Operation, error) {
	if sub == nil || !sub.Multi || op.Op == OpReplace || op.Value == nil {
		return op, nil
	}
	have := each(object[sub.Name])
	values, err := d.list(sub, op.Value)
	if err == nil {
		err = d.work.spend(sub.String(), len(have)+len(values), valueWork)
	}
	if err != nil {
		return op, err
	}
	if op.Op == OpAdd {
		var elements []element
		for _, v := range slices.Concat(have, values) {
			elements = append(elements, element{value: v})
		}
		op.Value = gather(sub, elements)
	} else {
		covered, _ := coveredBy(sub, values)
		op.Value = slices.DeleteFunc(slices.Clone(have), covered)
	}
	op.Op = OpReplace
	return op, nil
}

// createValue makes the value that a value path describes but does not find: it carries the filter's eq terms and what
// the operation writes (Q31). No value comes of an operation that writes nothing.
func (d *draft) createValue(op Operation, t target) (any, error) {
	a := t.attribute
	if op.Value == nil || op.Value == "" {
		return nil, nil
	}
	object := map[string]any{}
	if t.where != nil && (a.Kind != KindComplex || !d.equalities(a, t.where, object)) {
		return nil, Errorf(ErrNoTarget, op.Path.String(),
			"No value of %s matches the filter, and the filter does not say what a new one would be.", a)
	}
	v := op.Value
	if t.sub != nil {
		v = map[string]any{t.sub.Name: v}
	}
	if err := d.merge(a, object, v); err != nil {
		return nil, err
	}
	return settle(a, object), nil
}

func (d *draft) elements(a *Attribute) []element {
	values, _ := d.doc.get(a).([]any)
	elements := make([]element, 0, len(values)+1)
	for _, v := range values {
		elements = append(elements, element{value: v})
	}
	return elements
}

func (d *draft) setValues(a *Attribute, values []any) {
	if len(values) == 0 {
		d.doc.set(a, nil)
		return
	}
	d.doc.set(a, values)
}
