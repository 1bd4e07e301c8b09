package resources

import (
	"context"
	"maps"
	"slices"
)

// draft is a resource while a change is made of it. It is a change's own: neither the input nor the stored document is
// written to.
type draft struct {
	rt       *ResourceType
	switches Switches
	doc      Document
	// externalID is what the change writes in the caller's connection; nil: the change does not name it.
	externalID *string
	members    *memberEdit     // nil: the change does not name them
	refers     bool            // the change names a reference to one User, such as the manager
	named      map[string]bool // URNs of the schemas whose object the input holds
	ignored    []string        // paths that the schemas do not know
	work       *work
}

// newDraft begins a change of a document; nil for a new resource.
func newDraft(rt *ResourceType, s Switches, from Document) *draft {
	d := &draft{rt: rt, switches: s, doc: Document{}, named: map[string]bool{}, work: &work{}}
	for k, v := range from {
		d.doc[k] = Clone(v)
	}
	return d
}

// draft begins a change of a document that counts as work of the request.
func (d *Directory) draft(ctx context.Context, rt *ResourceType, c Caller, from Document) *draft {
	next := newDraft(rt, c.Switches, from)
	next.work = workOf(ctx)
	return next
}

// Clone copies a decoded JSON value, so that writing to one does not change the other.
func Clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		c := make(map[string]any, len(v))
		for k, e := range v {
			c[k] = Clone(e)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i, e := range v {
			c[i] = Clone(e)
		}
		return c
	}
	return v
}

// get returns the value of a top-level or extension attribute; nil when there is none.
func (d Document) get(a *Attribute) any {
	if !a.extension {
		return d[a.Name]
	}
	extension, _ := d[a.Schema].(map[string]any)
	return extension[a.Name]
}

// set writes the value of a top-level or extension attribute; nil takes it away, and an extension with nothing in it
// goes too.
func (d Document) set(a *Attribute, v any) {
	object := map[string]any(d)
	if a.extension {
		extension, ok := d[a.Schema].(map[string]any)
		if !ok {
			if v == nil {
				return
			}
			extension = map[string]any{}
			d[a.Schema] = extension
		}
		object = extension
	}
	if v == nil {
		delete(object, a.Name)
	} else {
		object[a.Name] = v
	}
	if a.extension && len(object) == 0 {
		delete(d, a.Schema)
	}
}

// finish brings the whole draft into the schema's form and checks it.
func (d *draft) finish() error {
	if d.externalID != nil {
		if err := checkLength(d.rt.Attribute("externalId"), *d.externalID); err != nil {
			return err
		}
	}
	d.nameSchemas()
	return d.rt.validate(d.doc)
}

// nameSchemas writes `schemas`: the core one, and each extension of which something is there (RFC 7643 §3).
func (d *draft) nameSchemas() {
	schemas := []any{d.rt.Schema.ID}
	for _, e := range d.rt.Extensions {
		if _, there := d.doc[e.ID]; there {
			schemas = append(schemas, e.ID)
		}
	}
	d.doc["schemas"] = schemas
}

// setHold writes why the User is not in force; empty when it is. No client can: the attribute is read-only.
func (d *draft) setHold(reason string) {
	hold := d.rt.Attribute(SchemaOwnership + ":hold")
	if reason == "" && d.doc.get(hold) == nil {
		return
	}
	if reason == "" {
		d.doc.set(hold, nil)
	} else {
		d.doc.set(hold, reason)
	}
	d.nameSchemas()
}

// keep carries over from the stored document what a replacement does not name and may not lose: `active` (Q54), and the
// ownership extension, which the identity providers that send whole Users know nothing of.
func (d *draft) keep(old Document) {
	if _, named := d.doc["active"]; !named && old["active"] != nil && d.rt.Name == TypeUser {
		d.doc["active"] = old["active"]
	}
	d.keepHidden(old)
	if !d.named[SchemaOwnership] && d.doc[SchemaOwnership] == nil && old[SchemaOwnership] != nil {
		d.doc[SchemaOwnership] = Clone(old[SchemaOwnership])
	}
}

// difference lists the paths at which two documents differ, sorted; nil stands for a document with nothing in it. A
// complex attribute with one value is compared by its sub-attributes.
func (rt *ResourceType) difference(old, new Document) []string {
	var paths []string
	for _, a := range rt.all() {
		before, after := old.get(a), new.get(a)
		b, bOK := before.(map[string]any)
		n, nOK := after.(map[string]any)
		switch {
		case a.Name == "schemas" || equal(before, after):
		case bOK && nOK || bOK && after == nil || nOK && before == nil:
			for _, sub := range a.Sub {
				if !equal(b[sub.Name], n[sub.Name]) {
					paths = append(paths, sub.String())
				}
			}
		default:
			paths = append(paths, a.String())
		}
	}
	slices.Sort(paths)
	return paths
}

// all are the common, core and extension attributes, in schema order.
func (rt *ResourceType) all() []*Attribute { return rt.every }

// equal compares decoded JSON values.
func equal(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, equal)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	}
	switch b.(type) {
	case map[string]any, []any:
		return false
	}
	return a == b
}

// checkImmutable refuses a replacement that differs in what cannot be changed once it is set (RFC 7644 §3.5.1).
func (d *draft) checkImmutable(old Document) error {
	for _, a := range d.rt.all() {
		have, now := old.get(a), d.doc.get(a)
		if a.Mutability == "immutable" && have != nil && !equal(have, now) {
			return Errorf(ErrMutability, a.String(), "%s cannot be changed once it is set.", a)
		}
		object, one := have.(map[string]any)
		next, _ := now.(map[string]any)
		for _, sub := range a.Sub {
			if v := object[sub.Name]; one && sub.Mutability == "immutable" && v != nil && !equal(v, next[sub.Name]) {
				return Errorf(ErrMutability, sub.String(), "%s cannot be changed once it is set.", sub)
			}
		}
	}
	return nil
}
