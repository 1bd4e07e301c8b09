package resources

import (
	"regexp"
	"slices"
	"strings"
)

// Kind is an attribute's data type (RFC 7643 §2.3).
type Kind string

// The data types.
const (
	KindString    Kind = "string"
	KindBoolean   Kind = "boolean"
	KindInteger   Kind = "integer"
	KindDecimal   Kind = "decimal"
	KindDateTime  Kind = "dateTime"
	KindBinary    Kind = "binary"
	KindReference Kind = "reference"
	KindComplex   Kind = "complex"
)

// Attribute is what a schema says of one attribute (RFC 7643 §7), compiled for look-ups. It is shared by all
// goroutines and never changes after the registry is made.
type Attribute struct {
	Name       string // as the schema spells it
	Schema     string // URN of the schema that defines it
	Parent     *Attribute
	Kind       Kind
	Multi      bool
	Required   bool
	CaseExact  bool
	Mutability string         // readOnly, readWrite, immutable, writeOnly
	Returned   string         // always, default, request, never
	Uniqueness string         // none, server, global
	Hidden     bool           // never returned, itself or its parent: neither shown, nor filtered or sorted on, nor logged
	Pattern    *regexp.Regexp // what the whole of a text must match; nil: anything
	Canonical  []string
	References []string
	Sub        []*Attribute

	extension bool                  // defined by an extension schema: nested under its URN in a document
	path      []string              // keys from the document's top
	name      string                // see String
	sub       map[string]*Attribute // by name, as the schema spells it and in lower case
}

// SubAttribute finds a sub-attribute by name, in any letter case; nil when there is none.
func (a *Attribute) SubAttribute(name string) *Attribute {
	if sub := a.sub[name]; sub != nil {
		return sub
	}
	return a.sub[strings.ToLower(name)]
}

// Keys are the object keys from the document's top to the attribute, the extension's URN first where there is one:
// {"name", "givenName"}, {"urn:…:enterprise:2.0:User", "manager", "value"}. Arrays on the way are not counted.
func (a *Attribute) Keys() []string { return a.path }

// String is the attribute's path as a client writes it: name.givenName, urn:…:enterprise:2.0:User:manager.value.
func (a *Attribute) String() string { return a.name }

// Extension says whether an extension schema defines the attribute.
func (a *Attribute) Extension() bool { return a.extension }

// closed says whether the canonical values are the only ones. RFC 7643 §2.4 leaves its own open; those of the ownership
// extension decide what rules apply to a person.
func (a *Attribute) closed() bool { return a.Schema == SchemaOwnership && len(a.Canonical) > 0 }

// Refers lists the names of the resource types that a reference may point to; none when it points elsewhere only. others
// says whether it may also be another URI.
func (a *Attribute) Refers() (types []string, others bool) {
	for _, t := range a.References {
		if t == "uri" || t == "external" {
			others = true
		} else if !slices.Contains(types, t) {
			types = append(types, t)
		}
	}
	return types, others || len(a.References) == 0
}
