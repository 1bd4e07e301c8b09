package resources

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// node is an object in a definition's JSON. The first thing that is wrong is kept in fault with its place; what is read
// after that is of no use.
type node struct {
	at     string // place of the object; "" for the whole
	fields map[string]any
	fault  *error
}

func (n node) fail(key, format string, args ...any) {
	if *n.fault == nil {
		*n.fault = Errorf(ErrInvalidValue, n.place(key), format, args...)
	}
}

func (n node) place(key string) string {
	if n.at == "" || key == "" {
		return n.at + key
	}
	return n.at + "." + key
}

// only refuses keys that are not known: one that is misspelt would silently mean its default.
func (n node) only(keys ...string) {
	for _, key := range slices.Sorted(maps.Keys(n.fields)) {
		if !slices.Contains(keys, key) {
			n.fail(shorten(key), "The key is not known here; these are: %s.", strings.Join(keys, ", "))
		}
	}
}

// text reads a string; absent when the key is not there.
func (n node) text(key, absent string, limit int) string {
	v, there := n.fields[key]
	if !there {
		return absent
	}
	s, ok := v.(string)
	switch {
	case !ok:
		n.fail(key, "This must be a string, not %s.", describe(v))
	case len(s) > limit:
		n.fail(key, "The text has %d bytes; %d are the limit.", len(s), limit)
	}
	return s
}

// flag reads a boolean.
func (n node) flag(key string, absent bool) bool {
	v, there := n.fields[key]
	if !there {
		return absent
	}
	b, ok := v.(bool)
	if !ok {
		n.fail(key, "This must be true or false, not %s.", describe(v))
	}
	return b
}

// list reads an array; nil when the key is not there.
func (n node) list(key string, most int) []any {
	v, there := n.fields[key]
	if !there {
		return nil
	}
	l, ok := v.([]any)
	switch {
	case !ok:
		n.fail(key, "This must be an array, not %s.", describe(v))
	case len(l) > most:
		n.fail(key, "There are %d entries; %d are the limit.", len(l), most)
	}
	return l
}

func (n node) texts(key string, most int) []string {
	var texts []string
	for i, v := range n.list(key, most) {
		s, ok := v.(string)
		if at := fmt.Sprintf("%s[%d]", key, i); !ok {
			n.fail(at, "This must be a string, not %s.", describe(v))
		} else if s == "" || len(s) > maxURN {
			n.fail(at, "The text must have between 1 and %d bytes.", maxURN)
		}
		texts = append(texts, s)
	}
	return texts
}

func (n node) nodes(key string, most int) []node {
	var nodes []node
	for i, v := range n.list(key, most) {
		nodes = append(nodes, n.child(fmt.Sprintf("%s[%d]", key, i), v))
	}
	return nodes
}

func (n node) child(key string, v any) node {
	fields, ok := v.(map[string]any)
	if !ok {
		n.fail(key, "This must be an object, not %s.", describe(v))
	}
	return node{n.place(key), fields, n.fault}
}

func readDefinition(n node) *Definition {
	n.only("schemas", "resourceType")
	d := &Definition{ResourceType: readType(n.child("resourceType", n.fields["resourceType"]))}
	for _, s := range n.nodes("schemas", maxSchemas) {
		d.Schemas = append(d.Schemas, readSchema(s))
	}
	return d
}

func readType(n node) TypeDocument {
	n.only("schemas", "id", "name", "endpoint", "description", "schema", "schemaExtensions", "meta")
	t := TypeDocument{
		Name: n.text("name", "", maxDefinitionName), Endpoint: n.text("endpoint", "", maxDefinitionName+1),
		Description: n.text("description", "", maxDefinitionText), Schema: n.text("schema", "", maxURN),
	}
	if id := n.text("id", t.Name, maxDefinitionName); id != t.Name {
		n.fail("id", "The id of a resource type is its name, %q.", t.Name)
	}
	for _, e := range n.nodes("schemaExtensions", maxSchemas) {
		e.only("schema", "required")
		t.Extensions = append(t.Extensions, ExtensionDocument{e.text("schema", "", maxURN), e.flag("required", false)})
	}
	return t
}

func readSchema(n node) SchemaDocument {
	n.only("schemas", "id", "name", "description", "attributes", "meta")
	s := SchemaDocument{
		ID: n.text("id", "", maxURN), Name: n.text("name", "", maxDefinitionName),
		Description: n.text("description", "", maxDefinitionText),
	}
	for _, a := range n.nodes("attributes", maxAttributes) {
		s.Attributes = append(s.Attributes, readAttribute(a, false))
	}
	return s
}

// readAttribute fills in the defaults of RFC 7643 §2.2, and those of its kind: a reference and binary data are compared
// exactly (§2.3.6, erratum 6001), and what is write-only is never returned (§7).
func readAttribute(n node, sub bool) AttributeDocument {
	n.only("name", "type", "description", "multiValued", "required", "caseExact", "mutability", "returned", "uniqueness",
		"pattern", "canonicalValues", "referenceTypes", "subAttributes")
	a := AttributeDocument{
		Name: n.text("name", "", maxURN), Type: n.text("type", "string", maxDefinitionName),
		Description: n.text("description", "", maxDefinitionText),
		MultiValued: n.flag("multiValued", false), Required: n.flag("required", false),
		CaseExact:  n.flag("caseExact", false),
		Mutability: n.text("mutability", "readWrite", maxDefinitionName), Uniqueness: n.text("uniqueness", "none", maxDefinitionName),
		Pattern: n.text("pattern", "", maxPattern), CanonicalValues: n.texts("canonicalValues", maxCanonicalValues),
		ReferenceTypes: n.texts("referenceTypes", maxCanonicalValues),
	}
	returned := "default"
	if a.Mutability == "writeOnly" {
		returned = "never"
	}
	a.Returned = n.text("returned", returned, maxDefinitionName)
	if a.Uniqueness == "Manufacturer" { // RFC 9944: no two devices of a maker share the value, so none here do
		a.Uniqueness = "server"
	}
	if kind := Kind(a.Type); kind == KindReference || kind == KindBinary {
		a.CaseExact = true
	}
	if _, there := n.fields["subAttributes"]; there && sub {
		n.fail("subAttributes", "A sub-attribute has no sub-attributes of its own (RFC 7643 §2.3.8).")
		return a
	}
	for _, s := range n.nodes("subAttributes", maxSubAttributes) {
		a.SubAttributes = append(a.SubAttributes, readAttribute(s, true))
	}
	return a
}
