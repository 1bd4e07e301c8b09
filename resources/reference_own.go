package resources

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"proprio/audit"
)

// OwnReferences are the complex attributes of a company's own schemas that point to resources by `value` and `$ref`.
func (rt *ResourceType) OwnReferences() []*Attribute {
	var own []*Attribute
	for _, a := range rt.traits.refers {
		if a.Kind == KindComplex {
			own = append(own, a)
		}
	}
	return own
}

// referredBy lists the ids of the resources that an attribute of a company's own points to in a document.
func (rt *ResourceType) referredBy(doc Document, a *Attribute) []string {
	var ids []string
	for _, v := range each(doc.get(a)) {
		if id := rt.pointsTo(a, v); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// pointsTo is the id that one value of a reference leads to; "" when it leads to no resource of this server.
func (rt *ResourceType) pointsTo(a *Attribute, v any) string {
	switch v := v.(type) {
	case map[string]any:
		id, _ := v["value"].(string)
		return id
	case string:
		types, _ := a.Refers()
		return rt.registry.identify(v, types)
	}
	return ""
}

// identify is the id in the URI of a resource of one of those types, absolute or not (RFC 7643 §2.3.7).
func (r *Registry) identify(uri string, types []string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Opaque != "" {
		return ""
	}
	segments := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(segments) < 2 {
		return ""
	}
	endpoint, id := segments[len(segments)-2], segments[len(segments)-1]
	for _, rt := range r.types {
		if slices.Contains(types, rt.Name) && strings.EqualFold(rt.Endpoint[1:], endpoint) {
			return id
		}
	}
	return ""
}

// checkOwnReferences looks up what the attributes of the company's own schemas point to: a reference to a resource type
// must lead to a resource. References that were there before are let be.
func (p *pending) checkOwnReferences(ctx context.Context) error {
	for _, a := range p.next.rt.traits.refers {
		types, others := a.refersTo()
		if others {
			continue
		}
		ids, err := p.newReferences(a, types)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			continue
		}
		found, err := p.Store.Types(ctx, p.caller, ids)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if !slices.Contains(types, found[id]) {
				return Errorf(ErrInvalidValue, a.valuePath(), "There is no %s with the id %q.", strings.Join(types, " or "), shorten(id))
			}
		}
		p.refers = append(p.refers, ids...)
	}
	return nil
}

// newReferences lists the ids that an attribute points to since the change.
func (p *pending) newReferences(a *Attribute, types []string) ([]string, error) {
	rt := p.next.rt
	before := rt.referredBy(p.old, a)
	var ids []string
	for _, v := range each(p.next.doc.get(a)) {
		id := rt.pointsTo(a, v)
		if uri, ok := v.(string); ok && id == "" {
			return nil, Errorf(ErrInvalidValue, a.String(), "%s takes the URI of a %s, not %s.", a, strings.Join(types, " or "), a.echo(uri))
		}
		if id != "" && !slices.Contains(before, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// refersTo is what the reference in an attribute may point to.
func (a *Attribute) refersTo() (types []string, others bool) {
	if a.Kind == KindComplex {
		return a.SubAttribute("$ref").Refers()
	}
	return a.Refers()
}

// valuePath is the path of what a client writes to make an attribute point somewhere.
func (a *Attribute) valuePath() string {
	if a.Kind == KindComplex {
		return a.String() + ".value"
	}
	return a.String()
}

// withoutReferences adds to changes those that take references to a resource away from all that have them. One that its
// owner must have stays: whoever reads it finds nothing, and the next who writes must name another. Those owners are
// the keepers.
func (d *Directory) withoutReferences(ctx context.Context, c Caller, id string, changes []Change) (all []Change, keepers []string, err error) {
	referrers, err := d.Store.Referrers(ctx, c, id)
	if err != nil {
		return nil, nil, err
	}
	for _, ref := range referrers {
		rt, err := d.resourceType(ctx, c, ref.Type)
		if err != nil || ref.ID == id {
			keepers = append(keepers, ref.ID)
			continue // a type that is gone, or the resource itself
		}
		r, err := d.Store.Get(ctx, c, ref.Type, ref.ID, With{Groups: true, Hidden: rt.traits.hidden})
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		keeps := false
		if changes, keeps, err = d.withoutReference(c, rt, r, id, changes); err != nil {
			return nil, nil, err
		}
		if keeps {
			keepers = append(keepers, r.ID)
		}
	}
	return changes, keepers, nil
}

// withoutReference adds the change of one resource, or adds to the one that there is. keeps says that a reference stays.
func (d *Directory) withoutReference(
	c Caller, rt *ResourceType, r *Resource, id string, changes []Change,
) (all []Change, keeps bool, err error) {
	at := slices.IndexFunc(changes, func(ch Change) bool { return ch.Resource.ID == r.ID })
	next := r
	if at >= 0 {
		next = changes[at].Resource
	}
	old, err := r.Document()
	if err != nil {
		return nil, false, err
	}
	doc, err := next.Document()
	if err != nil {
		return nil, false, err
	}
	p := &pending{Directory: d, caller: c, action: audit.ActionModify, id: r.ID, before: r, old: old, next: newDraft(rt, c.Switches, doc)}
	keeps = p.next.unrefer(id)
	p.next.nameSchemas()
	change := p.change(nil)
	switch {
	case at >= 0:
		changes[at] = change
	case change.SetBody:
		changes = append(changes, change)
	}
	return changes, keeps, nil
}

// unrefer takes references to a resource away. keeps says that one stays.
func (d *draft) unrefer(id string) (keeps bool) {
	for _, a := range d.rt.traits.refers {
		points := func(v any) bool { return d.rt.pointsTo(a, v) == id }
		have := d.doc.get(a)
		values, several := have.([]any)
		left := slices.DeleteFunc(slices.Clone(values), points)
		switch {
		case have == nil:
		case a.Required && len(left) == 0:
			keeps = keeps || slices.ContainsFunc(each(have), points)
		case several:
			d.setValues(a, left)
		case points(have):
			d.doc.set(a, nil)
		}
	}
	return keeps
}
