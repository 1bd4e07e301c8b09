package manual

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Flat is what a document says of some attributes, as text by path, with active besides. It reads documents that are flat
// already as well as nested ones. Nil: there is no document.
func Flat(doc map[string]any, attributes []string) map[string]any {
	if doc == nil {
		return nil
	}
	out := map[string]any{"active": doc["active"] != false}
	for _, path := range attributes {
		value, ok := doc[path]
		if !ok {
			value = at(doc, path)
		}
		if s := text(value); s != "" {
			out[path] = s
		}
	}
	return out
}

// at is the value at a path "a.b".
func at(doc map[string]any, path string) any {
	name, sub, deeper := strings.Cut(path, ".")
	if !deeper {
		return doc[name]
	}
	switch v := doc[name].(type) {
	case map[string]any:
		return v[sub]
	case []any:
		var all []any
		for _, one := range v {
			if m, ok := one.(map[string]any); ok && m[sub] != nil {
				all = append(all, m[sub])
			}
		}
		return all
	}
	return nil
}

// text is a value as somebody would enter it. Values of a list are sorted: their order is no difference.
func text(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case map[string]any:
		for _, key := range []string{"value", "formatted", "display"} {
			if s := text(v[key]); s != "" {
				return s
			}
		}
		return ""
	case []any:
		var all []string
		for _, one := range v {
			if s := text(one); s != "" {
				all = append(all, s)
			}
		}
		slices.Sort(all)
		return strings.Join(slices.Compact(all), ", ")
	case bool, json.Number, float64:
		return fmt.Sprint(v)
	}
	return ""
}

// Difference is what turns one flat document into another, in the order of the attributes.
func Difference(before, after map[string]any, attributes []string) []Line {
	var lines []Line
	for _, path := range attributes {
		b, _ := before[path].(string)
		a, _ := after[path].(string)
		if a != b {
			lines = append(lines, Line{Attribute: path, Before: b, After: a})
		}
	}
	return lines
}

// Loses says whether a difference takes a role away: of roles and entitlements, one that was there is not any more.
func Loses(lines []Line) bool {
	return slices.ContainsFunc(lines, func(l Line) bool {
		if l.Attribute != "roles" && l.Attribute != "entitlements" {
			return false
		}
		after := values(l.After)
		return slices.ContainsFunc(values(l.Before), func(v string) bool { return !slices.Contains(after, v) })
	})
}

// values are the values of a text that [Flat] made of a list.
func values(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ", ")
}

// Members are the lines that put people into a Group and take them out of it: from ids to names.
func Members(before, after map[string]string) []Line {
	var lines []Line
	for _, id := range byName(before) {
		if _, stays := after[id]; !stays {
			lines = append(lines, Line{Attribute: "members", Before: before[id]})
		}
	}
	for _, id := range byName(after) {
		if _, was := before[id]; !was {
			lines = append(lines, Line{Attribute: "members", After: after[id]})
		}
	}
	return lines
}

// byName are ids in the order of their names.
func byName(names map[string]string) []string {
	return slices.SortedFunc(maps.Keys(names), func(a, b string) int {
		if c := strings.Compare(names[a], names[b]); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
}
