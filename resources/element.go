package resources

import (
	"maps"
	"strings"
)

// element is one value of a multi-valued attribute while it is being changed. Fresh ones were written by the change in
// hand: where two values cannot stand side by side, they win.
type element struct {
	value any
	fresh bool
}

// settle returns a complex value, or nil when nothing is left that says anything: an empty object, a reference without
// the id it refers to, or one of several values of which only the labels remain.
func settle(a *Attribute, object map[string]any) any {
	value := a.SubAttribute("value")
	if value == nil {
		if len(object) == 0 {
			return nil
		}
		return object
	}
	if v, there := object["value"]; there && v != "" {
		return object
	}
	if a.refers() {
		return nil
	}
	for name, v := range object {
		if name != "type" && name != "primary" && name != "value" && v != "" {
			return object
		}
	}
	return nil
}

// refers says whether an attribute points to another resource by its id: manager, sponsor.
func (a *Attribute) refers() bool {
	return a.Kind == KindComplex && !a.Multi && a.pointsToResources()
}

// gather puts values side by side as RFC 7643 §2.4 asks: what a type and value pair says twice is said once, at its first
// place, with what was written last; and the last value written as primary is the only primary one (Q11).
func gather(a *Attribute, elements []element) []any {
	var kept []element
	at := map[string]int{}
	for _, e := range elements {
		id := identity(a, e.value)
		i, twice := at[id]
		if !twice {
			at[id] = len(kept)
			kept = append(kept, e)
			continue
		}
		if have, ok := kept[i].value.(map[string]any); ok {
			have = maps.Clone(have)
			maps.Copy(have, e.value.(map[string]any))
			kept[i].value = have
		}
		kept[i].fresh = kept[i].fresh || e.fresh
	}
	return handOver(kept)
}

// handOver leaves one primary value: the last fresh one, else the last.
func handOver(elements []element) []any {
	heir := -1
	for _, i := range primaries(elements) {
		if heir < 0 || elements[i].fresh || !elements[heir].fresh {
			heir = i
		}
	}
	var values []any
	for i, e := range elements {
		if object, ok := e.value.(map[string]any); ok && object["primary"] == true && i != heir {
			object = maps.Clone(object)
			object["primary"] = false
			e.value = object
		}
		values = append(values, e.value)
	}
	return values
}

// primaries are the places of the values that say they are primary.
func primaries(elements []element) []int {
	var places []int
	for i, e := range elements {
		if object, ok := e.value.(map[string]any); ok && object["primary"] == true {
			places = append(places, i)
		}
	}
	return places
}

// identity is what makes a value the same as another: its type and value, or all of it when it has no value.
func identity(a *Attribute, v any) string {
	object, ok := v.(map[string]any)
	if !ok {
		return string(encode(v))
	}
	value, _ := object["value"].(string)
	if value == "" {
		return string(encode(v))
	}
	kind, _ := object["type"].(string)
	return Fold(kind) + "\x00" + a.SubAttribute("value").Comparable("eq", value)
}

// coveredBy says of a value whether it has every sub-attribute that one of the patterns has, as comparisons see them. It
// looks each value up, once per shape of a pattern, instead of comparing it with every pattern.
func coveredBy(a *Attribute, patterns []any) (covered func(v any) bool, shapes int) {
	named := map[string][]string{} // the names of a shape
	wanted := map[string]bool{}
	for _, p := range patterns {
		object, ok := p.(map[string]any)
		if ok && len(object) == 0 {
			continue
		}
		names := sortedKeys(object)
		named[strings.Join(names, ",")] = names
		wanted[likeness(a, p, names)] = true
	}
	return func(v any) bool {
		for _, names := range named {
			if wanted[likeness(a, v, names)] {
				return true
			}
		}
		return false
	}, len(named)
}

// likeness is what two values have in common exactly when they have the same in sub-attributes of those names; without
// names, when they are the same simple value.
func likeness(a *Attribute, v any, names []string) string {
	object, ok := v.(map[string]any)
	if !ok {
		return likenessOf(a, v)
	}
	var b strings.Builder
	for _, name := range names {
		b.WriteString(name + "=" + likenessOf(a.SubAttribute(name), object[name]) + ",")
	}
	return b.String()
}

func likenessOf(a *Attribute, v any) string {
	if text, ok := v.(string); ok {
		v = a.Comparable("eq", text)
	}
	return string(encode(v))
}
