package scim

import (
	"context"
	"maps"
	"slices"

	"proprio/resources"
)

// referenceNames are the attributes of a type that point to one other resource and are shown.
func (e *endpoint) referenceNames(p projection) []string {
	var names []string
	for _, a := range e.renderer.references {
		if p.shows(a) {
			names = append(names, a.Name)
		}
	}
	return names
}

// nameReferences brings what the references of a resource just written are called, as a read does. Those that the change
// named are known.
func (e *endpoint) nameReferences(ctx context.Context, res *resources.Resource) error {
	var ids []string
	for _, a := range e.renderer.references {
		r, ok := resources.FindReference(res.Body, a.Name)
		if _, known := res.Names[r.ID]; ok && !known {
			ids = append(ids, r.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	named, err := e.Store.Named(ctx, callerFrom(ctx), ids)
	names := maps.Clone(res.Names)
	if names == nil {
		names = make(map[string]string, len(named))
	}
	for id, n := range named {
		names[id] = n.DisplayName
	}
	res.Names = names
	return err
}

// place is where in a Body, without its braces, a reference is to be completed.
type place struct {
	end int
	ref resources.Reference
	typ string
}

// findPlaces finds the references to resources that have names. Where one is not as references are stored, it decodes.
func (d renderer) findPlaces(places []place, body []byte, names map[string]string) []place {
	add := func(a *resources.Attribute, r resources.Reference) {
		places = append(places, place{r.End - 1, r, a.SubAttribute("$ref").References[0]})
	}
	all := true
	for id := range names {
		before := len(places)
		resources.FindReferencesTo(body, id, func(name []byte, r resources.Reference) {
			for _, a := range d.references {
				if string(name) == a.Name {
					add(a, r)
				}
			}
		})
		all = all && len(places) > before
	}
	if all {
		return places
	}
	places = places[:0]
	for _, a := range d.references {
		r, ok := resources.FindReference(body, a.Name)
		if _, there := names[r.ID]; ok && there {
			add(a, r)
		}
	}
	return places
}

// appendBody writes the attributes of a Body, without its braces, and completes the references in it: where a manager is
// found, and what the manager is called (RFC 7643 §4.3). One that is gone has neither.
func (d renderer) appendBody(out, body []byte, names map[string]string) []byte {
	inner := body[1 : len(body)-1]
	if len(names) == 0 {
		return append(out, inner...)
	}
	places := d.findPlaces(make([]place, 0, 4), body, names)
	slices.SortFunc(places, func(a, b place) int { return a.end - b.end })
	from := 0
	for _, p := range places {
		out = append(append(out, inner[from:p.end]...), `,"$ref":`...)
		out = d.appendURI(out, p.typ, p.ref.ID)
		if name := names[p.ref.ID]; name != "" {
			out = appendText(append(out, `,"displayName":`...), name)
		}
		from = p.end
	}
	return append(out, inner[from:]...)
}
