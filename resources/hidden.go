package resources

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// What is never returned (`returned` never, `mutability` writeOnly) is kept apart from the rest of a resource: the store
// seals it, and no Body holds it, so nothing that reads a Body can show it.

// split writes a document as a Body and what is hidden of it; that is nil when the type has nothing to hide.
func (rt *ResourceType) split(doc Document) (body, hidden json.RawMessage) {
	if !rt.traits.hidden {
		return marshal(doc), nil
	}
	shown, secret := Document(Clone(map[string]any(doc)).(map[string]any)), Document{}
	for _, a := range rt.all() {
		v := shown.get(a)
		switch {
		case v == nil:
		case a.Hidden:
			secret.set(a, v)
			shown.set(a, nil)
		case slices.ContainsFunc(a.Sub, func(sub *Attribute) bool { return sub.Hidden }):
			if part := splitValue(a, v); part != nil {
				secret.set(a, part)
			}
		}
	}
	return marshal(shown), marshal(secret)
}

// splitValue takes the hidden sub-attributes out of a complex value, or out of each of several, and returns them in the
// same places; nil when there are none.
func splitValue(a *Attribute, v any) any {
	if values, ok := v.([]any); ok {
		parts, some := make([]any, len(values)), false
		for i, e := range values {
			parts[i] = splitValue(a, e)
			some = some || parts[i] != nil
		}
		if !some {
			return nil
		}
		return parts
	}
	object, _ := v.(map[string]any)
	part := map[string]any{}
	for _, sub := range a.Sub {
		if e, there := object[sub.Name]; there && sub.Hidden {
			part[sub.Name] = e
			delete(object, sub.Name)
		}
	}
	if len(part) == 0 {
		return nil
	}
	return part
}

// reveal puts what is hidden back into a document.
func (d Document) reveal(hidden json.RawMessage) error {
	if len(hidden) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(hidden))
	decoder.UseNumber()
	var secret map[string]any
	if err := decoder.Decode(&secret); err != nil {
		return fmt.Errorf("decode what is hidden: %w", err)
	}
	overlay(d, secret)
	return nil
}

// overlay writes the values of one object into another, in the same places.
func overlay(into, from map[string]any) {
	for key, v := range from {
		switch v := v.(type) {
		case map[string]any:
			if object, ok := into[key].(map[string]any); ok {
				overlay(object, v)
				continue
			}
		case []any:
			if values, ok := into[key].([]any); ok && len(values) == len(v) {
				overlayValues(values, v)
				continue
			}
		}
		into[key] = v
	}
}

func overlayValues(into, from []any) {
	for i, v := range from {
		object, ok := into[i].(map[string]any)
		part, some := v.(map[string]any)
		if ok && some {
			overlay(object, part)
		}
	}
}

// keepHidden carries over what a replacement does not name because no client could read it (RFC 7644 §3.5.1 clears what
// is readWrite and left out; to clear what is hidden, a client sends null in a PATCH).
func (d *draft) keepHidden(old Document) {
	if !d.rt.traits.hidden {
		return
	}
	for _, a := range d.rt.all() {
		have, now := old.get(a), d.doc.get(a)
		before, one := have.(map[string]any)
		after, still := now.(map[string]any)
		switch {
		case have == nil:
		case a.Hidden && now == nil && (!a.extension || d.doc[a.Schema] != nil || d.rt.Requires(a.Schema)):
			d.doc.set(a, Clone(have))
		case one && still && !a.Hidden:
			kept := maps.Clone(after)
			for _, sub := range a.Sub {
				if v, there := before[sub.Name]; there && sub.Hidden && kept[sub.Name] == nil {
					kept[sub.Name] = v
				}
			}
			d.doc.set(a, kept)
		}
	}
}

// isUniqueOwn says whether a path is that of a unique attribute of the company's own.
func (rt *ResourceType) isUniqueOwn(path string) bool {
	return slices.ContainsFunc(rt.traits.unique, func(a *Attribute) bool { return a.String() == path })
}
