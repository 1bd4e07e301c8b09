package resources

import (
	"bytes"
	"encoding/json"
	"maps"
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

// covers says whether a value has every sub-attribute that a pattern has, as comparisons see them.
func covers(a *Attribute, v, pattern any) bool {
	want, ok := pattern.(map[string]any)
	if !ok {
		return same(a, v, pattern)
	}
	have, _ := v.(map[string]any)
	for name, w := range want {
		if !same(a.SubAttribute(name), have[name], w) {
			return false
		}
	}
	return len(want) > 0
}

// same says whether two values of an attribute are equal, as comparisons see them.
func same(a *Attribute, v, w any) bool {
	vs, vText := v.(string)
	ws, wText := w.(string)
	if vText && wText {
		return a.Comparable("eq", vs) == a.Comparable("eq", ws)
	}
	return equal(v, w)
}

// encode is the JSON of a value in the schema's form, with sorted keys and text as it is.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("resources: a value in the schema's form is always JSON: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
