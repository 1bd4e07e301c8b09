package mapping

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"

	"proprio/resources"
)

// shape gives a value the form that the target wants. Nil: it is empty.
func (t target) shape(value any) (any, error) {
	value = decoded(value)
	if t.attribute == nil {
		return filled(value), nil
	}
	if !t.attribute.Multi {
		if _, ok := value.([]any); ok {
			return nil, fmt.Errorf("%s takes one value, not a list", t.path)
		}
		return t.one(t.attribute, value)
	}
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	out := []any{}
	for _, v := range list {
		v, err := t.one(t.attribute, v)
		if err != nil {
			return nil, err
		}
		if v != nil {
			out = append(out, v)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	if made, isObject := out[0].(Object); isObject && !ok && t.attribute.SubAttribute("primary") != nil {
		if _, given := value.(string); given {
			made["primary"] = true
		}
	}
	return out, nil
}

// one is a single value of an attribute, or of a sub-attribute.
func (t target) one(a *resources.Attribute, value any) (any, error) {
	if filled(value) == nil {
		return nil, nil
	}
	kind := reflect.TypeOf(value).Kind()
	if n, ok := value.(json.Number); ok {
		kind = reflect.Float64
		if _, err := n.Int64(); err == nil {
			kind = reflect.Int
		}
	}
	if !slices.Contains(kinds(a), kind) {
		return nil, fmt.Errorf("%s takes %s, not %s", a, wants(a), kindWords(kind))
	}
	switch v := value.(type) {
	case string:
		if a.Kind == resources.KindComplex {
			made := Object{"value": v}
			if a.Name == "emails" {
				made["type"] = "work"
			}
			return made, nil
		}
		if _, err := time.Parse(time.RFC3339, v); err != nil && a.Kind == resources.KindDateTime {
			return nil, fmt.Errorf("%s takes a date and time such as 2026-01-31T00:00:00Z, not %q", a, v)
		}
	case Object:
		return t.object(a, v)
	}
	return value, nil
}

func (t target) object(a *resources.Attribute, value Object) (any, error) {
	out := Object{}
	for name, v := range value {
		sub := a.SubAttribute(name)
		if sub == nil {
			return nil, fmt.Errorf("%s has no sub-attribute %s", a, name)
		}
		shaped, err := t.one(sub, v)
		if err != nil {
			return nil, err
		}
		if shaped != nil {
			out[sub.Name] = shaped
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// decoded is a value as JSON would have it, with numbers as json.Number.
func decoded(value any) any {
	switch v := value.(type) {
	case int:
		return json.Number(strconv.Itoa(v))
	case float64:
		text, err := json.Marshal(v)
		if err != nil {
			return nil // not a number, or without end
		}
		return json.Number(text)
	case []string:
		out := make([]any, len(v))
		for i := range v {
			out[i] = v[i]
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = decoded(v[i])
		}
		return out
	case Object:
		out := make(Object, len(v))
		for key := range v {
			out[key] = decoded(v[key])
		}
		return out
	}
	return value
}

// filled is a value without its empty parts; nil: nothing is left. False and 0 are values.
func filled(value any) any {
	switch v := value.(type) {
	case string:
		if v == "" {
			return nil
		}
	case []any:
		var out []any
		for _, one := range v {
			if one = filled(one); one != nil {
				out = append(out, one)
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case Object:
		out := Object{}
		for key, one := range v {
			if one = filled(one); one != nil {
				out[key] = one
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	}
	return value
}
