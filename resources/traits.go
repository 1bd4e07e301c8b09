package resources

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// traits are what a compiled resource type has that the directory must tend to.
type traits struct {
	hidden bool         // some attribute is never returned
	name   *Attribute   // what a reader recognises a resource by; nil: nothing
	active *Attribute   // whether it is in force; nil: it always is
	unique []*Attribute // values that no two resources of the type have
	refers []*Attribute // references to other resources: complex ones, by id, and simple ones, by URI
	others []string     // see References
}

// names are the attributes that may name a resource, the best first.
var names = []string{"displayName", "userName", "name", "title", "applicationName", "agentUserName", "display", "value"}

func (rt *ResourceType) setTraits() {
	t := &rt.traits
	for _, a := range rt.all() {
		plain := !a.Multi && a.Parent == nil && !a.Hidden && !a.extension
		switch {
		case plain && a.Name == "active" && a.Kind == KindBoolean:
			t.active = a
		case plain && a.Kind == KindString && slices.Contains(names, a.Name):
			if t.name == nil || slices.Index(names, a.Name) < slices.Index(names, t.name.Name) {
				t.name = a
			}
		}
		for _, each := range append([]*Attribute{a}, a.Sub...) {
			t.hidden = t.hidden || each.Hidden
			if each.Uniqueness != "none" && each.isOwn() {
				t.unique = append(t.unique, each)
			}
		}
		if a.isOwn() && a.pointsToResources() {
			t.refers = append(t.refers, a)
		}
	}
	for _, a := range rt.References() {
		t.others = append(t.others, a.Name)
	}
}

// isOwn says whether a definition of the company brought the attribute. What the built-in schemas ask is seen to in
// columns of their own.
func (a *Attribute) isOwn() bool {
	switch a.Schema {
	case SchemaUser, SchemaGroup, SchemaEnterprise, SchemaOwnership:
		return false
	}
	return a.extension || a.Parent != nil && a.Parent.Name != "meta" || !slices.Contains(commonNames, strings.ToLower(a.Name))
}

// pointsToResources says whether an attribute refers to resources of this server: a complex one by `value` and `$ref`, a
// simple one by a URI.
func (a *Attribute) pointsToResources() bool {
	reference := a
	if a.Kind == KindComplex {
		value := a.SubAttribute("value")
		if reference = a.SubAttribute("$ref"); reference == nil || value == nil || value.Kind != KindString {
			return false
		}
	}
	types, _ := reference.Refers()
	return reference.Kind == KindReference && len(types) > 0
}

// Key is a value of an attribute in a form of fixed length, by which the store finds resources.
type Key struct {
	Path   string // of the attribute
	Value  string // by HashKey
	Unique bool   // no two resources of the type have it; else it is the id of a resource that is referred to
}

// KeyedText says whether the value of an attribute, which is a single text at the top of its schema, is among the keys: so
// the store finds a resource by HashKey of the text's comparable form.
func (a *Attribute) KeyedText() bool {
	return a.isOwn() && a.Uniqueness != "none" && a.Parent == nil && !a.Multi && a.Kind == KindString
}

// HashKey is the form in which the store keeps a key: it is short whatever the value is, and tells nothing of a value
// that is never returned to whoever reads the database.
func HashKey(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])
}

// keys lists a document's keys, each once; nil where the type's resources never have any.
func (rt *ResourceType) keys(doc Document) []Key {
	if len(rt.traits.unique) == 0 && len(rt.traits.refers) == 0 {
		return nil
	}
	keys := []Key{}
	seen := map[Key]bool{}
	add := func(k Key) {
		if !seen[k] {
			seen[k] = true
			keys = append(keys, k)
		}
	}
	for _, a := range rt.traits.unique {
		for _, v := range doc.values(a) {
			if text := keyText(a, v); text != "" {
				add(Key{a.String(), HashKey(text), true})
			}
		}
	}
	for _, a := range rt.traits.refers {
		for _, id := range rt.referredBy(doc, a) {
			add(Key{a.String(), HashKey(id), false})
		}
	}
	return keys
}

// keyText is a value in the form in which it is compared.
func keyText(a *Attribute, v any) string {
	switch v := v.(type) {
	case string:
		if t, ok := Instant(v); ok && a.Kind == KindDateTime {
			return strconv.FormatInt(t.UnixMicro(), 10)
		}
		return a.Comparable("eq", v)
	case json.Number:
		return string(v)
	}
	return ""
}

// values lists the simple values that an attribute has in a document, wherever they stand.
func (d Document) values(a *Attribute) []any {
	if a.Parent == nil {
		return each(d.get(a))
	}
	var values []any
	for _, object := range each(d.get(a.Parent)) {
		if object, ok := object.(map[string]any); ok {
			values = append(values, each(object[a.Name])...)
		}
	}
	return values
}

// each lists one value or several.
func each(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}
