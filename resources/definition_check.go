package resources

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

var (
	typeName      = regexp.MustCompile(`^[A-Z][A-Za-z0-9_-]*$`)
	endpointName  = regexp.MustCompile(`^/[A-Za-z][A-Za-z0-9_-]*$`)
	attributeName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`) // RFC 7643 §2.1
	schemaURN     = regexp.MustCompile(`^(?i:urn):[A-Za-z0-9][A-Za-z0-9-]*(:[A-Za-z0-9._-]+)+$`)
)

// What a definition may not take, in lower case: what the protocol or this server has there already.
var (
	reservedTypes = []string{"user", "group", "schema", "resourcetype", "serviceproviderconfig", "role", "entitlement",
		"groupmembership"}
	reservedEndpoints = []string{"users", "groups", "schemas", "resourcetypes", "serviceproviderconfig", "bulk", "me",
		"roles", "entitlements", "groupmemberships", "async", "events", "streams"}
	reservedURNs = []string{"urn:ietf:params:scim:api:", "urn:proprio:", SchemaUser, SchemaGroup, SchemaEnterprise,
		"urn:ietf:params:scim:schemas:core:2.0:schema", "urn:ietf:params:scim:schemas:core:2.0:resourcetype",
		"urn:ietf:params:scim:schemas:core:2.0:serviceproviderconfig", "urn:ietf:params:scim:schemas:core:2.0:role",
		"urn:ietf:params:scim:schemas:core:2.0:entitlement", "urn:ietf:params:scim:schemas:core:2.0:groupmembership"}
	commonNames = []string{"schemas", "id", "externalid", "meta"} // RFC 7643 §3.1
)

func misdefined(at, format string, args ...any) error {
	return Errorf(ErrInvalidValue, at, format, args...)
}

// check says what is wrong with a definition that has the right shape.
func (d *Definition) check() error {
	if err := d.checkType(); err != nil {
		return err
	}
	count := 0
	seen := map[string]bool{}
	for i, s := range d.Schemas {
		at := fmt.Sprintf("schemas[%d]", i)
		switch {
		case !schemaURN.MatchString(s.ID):
			return misdefined(at+".id", "%q is not a URN such as urn:example:scim:schemas:2.0:Printer.", s.ID)
		case seen[strings.ToLower(s.ID)]:
			return misdefined(at+".id", "The schema %s is there twice.", s.ID)
		case reservedURN(s.ID):
			return misdefined(at+".id", "%s is a schema that this server has, or keeps for itself.", s.ID)
		case s.ID != d.ResourceType.Schema && !slices.ContainsFunc(d.ResourceType.Extensions, func(e ExtensionDocument) bool { return e.Schema == s.ID }):
			return misdefined(at+".id", "The resource type names the schema %s neither as its schema nor as an extension.", s.ID)
		case len(s.Attributes) == 0:
			return misdefined(at+".attributes", "A schema needs at least one attribute.")
		}
		seen[strings.ToLower(s.ID)] = true
		if err := checkAttributes(at+".attributes", s.Attributes, levelOf(s.ID == d.ResourceType.Schema)); err != nil {
			return err
		}
		for _, a := range s.Attributes {
			count += 1 + len(a.SubAttributes)
		}
	}
	if count > maxAllAttributes {
		return misdefined("schemas", "There are %d attributes in all; %d are the limit.", count, maxAllAttributes)
	}
	return nil
}

func reservedURN(urn string) bool {
	urn = strings.ToLower(urn)
	return slices.ContainsFunc(reservedURNs, func(r string) bool {
		r = strings.ToLower(r)
		return urn == r || strings.HasSuffix(r, ":") && strings.HasPrefix(urn, r)
	})
}

func (d *Definition) checkType() error {
	t := &d.ResourceType
	if d.Extends() {
		if err := t.completeBuiltIn(); err != nil {
			return err
		}
	} else if err := t.checkOwn(d); err != nil {
		return err
	}
	seen := map[string]bool{strings.ToLower(t.Schema): true}
	for i, e := range t.Extensions {
		at := fmt.Sprintf("resourceType.schemaExtensions[%d].schema", i)
		if d.schema(e.Schema) == nil {
			return misdefined(at, "There is no schema with the id %q in this definition.", e.Schema)
		}
		if seen[strings.ToLower(e.Schema)] {
			return misdefined(at, "The schema %s is there twice.", e.Schema)
		}
		seen[strings.ToLower(e.Schema)] = true
	}
	return nil
}

// completeBuiltIn checks a definition that extends User or Group.
func (t *TypeDocument) completeBuiltIn() error {
	rt := NewRegistry().Type(t.Name)
	switch {
	case t.Endpoint != "" && t.Endpoint != rt.Endpoint:
		return misdefined("resourceType.endpoint", "The endpoint of %s is %s.", t.Name, rt.Endpoint)
	case t.Schema != "" && t.Schema != rt.Schema.ID:
		return misdefined("resourceType.schema", "The schema of %s is %s.", t.Name, rt.Schema.ID)
	case len(t.Extensions) == 0:
		return misdefined("resourceType.schemaExtensions", "A definition of %s can only add extensions, and names none.", t.Name)
	}
	t.Endpoint, t.Schema, t.Description = rt.Endpoint, rt.Schema.ID, rt.Description
	return nil
}

// checkOwn checks a new resource type.
func (t *TypeDocument) checkOwn(d *Definition) error {
	switch {
	case !typeName.MatchString(t.Name):
		return misdefined("resourceType.name", "%q is not a name such as Printer: a capital letter, then letters, digits, - and _.", t.Name)
	case slices.Contains(reservedTypes, strings.ToLower(t.Name)):
		return misdefined("resourceType.name", "%s is a resource type that this server has, or keeps for itself.", t.Name)
	case !endpointName.MatchString(t.Endpoint):
		return misdefined("resourceType.endpoint", "%q is not an endpoint such as /Printers: a slash and a name.", t.Endpoint)
	case slices.Contains(reservedEndpoints, strings.ToLower(t.Endpoint[1:])):
		return misdefined("resourceType.endpoint", "%s is an endpoint that this server has, or keeps for itself.", t.Endpoint)
	case d.schema(t.Schema) == nil:
		return misdefined("resourceType.schema", "There is no schema with the id %q in this definition.", t.Schema)
	}
	return nil
}

// level is where an attribute stands.
type level int

const (
	inCore level = iota
	inExtension
	inComplex // a sub-attribute
)

func levelOf(core bool) level {
	if core {
		return inCore
	}
	return inExtension
}

// takes says whether an attribute may have its name where it stands.
func (l level) takes(a AttributeDocument) bool {
	return attributeName.MatchString(a.Name) || l == inComplex && a.Name == "$ref" || // erratum 8924
		l == inExtension && a.Type == string(KindComplex) && schemaURN.MatchString(a.Name) // RFC 9944
}

// checkAttributes checks the attributes of a schema, or the sub-attributes of one.
func checkAttributes(at string, attributes []AttributeDocument, where level) error {
	seen := map[string]bool{}
	for i, a := range attributes {
		at := fmt.Sprintf("%s[%d]", at, i)
		name := strings.ToLower(a.Name)
		switch {
		case !where.takes(a):
			return misdefined(at+".name", "%q is not a name: a letter, then letters, digits, - and _ (RFC 7643 §2.1).", a.Name)
		case where != inComplex && slices.Contains(commonNames, name):
			return misdefined(at+".name", "Every resource has %s; leave it out (RFC 7643 §3.1).", a.Name)
		case name == "not", name == "and", name == "or":
			return misdefined(at+".name", "%q is a word of the filter language, so no filter could name the attribute.", a.Name)
		case seen[name]:
			return misdefined(at+".name", "The attribute %s is there twice; letter case makes no difference.", a.Name)
		}
		seen[name] = true
		if err := checkAttribute(at, a, where); err != nil {
			return err
		}
	}
	return nil
}

func checkAttribute(at string, a AttributeDocument, where level) error {
	kinds := []string{"string", "boolean", "decimal", "integer", "dateTime", "binary", "reference", "complex"}
	if where == inComplex {
		kinds = kinds[:len(kinds)-1] // erratum 8415: no complex in complex
	}
	for _, c := range []struct {
		key, value string
		values     []string
	}{
		{"type", a.Type, kinds},
		{"mutability", a.Mutability, []string{"readOnly", "readWrite", "immutable", "writeOnly"}},
		{"returned", a.Returned, []string{"always", "never", "default", "request"}},
		{"uniqueness", a.Uniqueness, []string{"none", "server", "global"}},
	} {
		if !slices.Contains(c.values, c.value) {
			return misdefined(at+"."+c.key, "%q is not one of %s.", c.value, strings.Join(c.values, ", "))
		}
	}
	if a.Type == string(KindComplex) && len(a.SubAttributes) == 0 {
		return misdefined(at+".subAttributes", "A complex attribute needs at least one sub-attribute.")
	}
	if err := checkCharacteristics(at, a); err != nil {
		return err
	}
	return checkAttributes(at+".subAttributes", a.SubAttributes, inComplex)
}

// checkCharacteristics refuses characteristics that mean nothing for the attribute's type, or contradict each other.
func checkCharacteristics(at string, a AttributeDocument) error {
	kind := Kind(a.Type)
	text := kind == KindString || kind == KindReference || kind == KindBinary
	switch {
	case kind != KindComplex && len(a.SubAttributes) > 0:
		return misdefined(at+".subAttributes", "Only a complex attribute has sub-attributes; this one is of type %s.", kind)
	case a.CaseExact && !text:
		return misdefined(at+".caseExact", "Only text has letter case; this attribute is of type %s.", kind)
	case a.Uniqueness != "none" && (kind == KindComplex || kind == KindBoolean):
		return misdefined(at+".uniqueness", "An attribute of type %s cannot be unique (erratum 6004).", kind)
	case len(a.CanonicalValues) > 0 && kind != KindString && kind != KindReference:
		return misdefined(at+".canonicalValues", "Only strings and references have canonical values; this attribute is of type %s.", kind)
	case len(a.ReferenceTypes) > 0 && kind != KindReference:
		return misdefined(at+".referenceTypes", "Only a reference has referenceTypes; this attribute is of type %s.", kind)
	case a.Mutability == "writeOnly" && a.Returned != "never":
		return misdefined(at+".returned", "What is writeOnly is never returned (RFC 7643 §7): set returned to never.")
	case a.Mutability == "readOnly" && a.Returned == "never":
		return misdefined(at+".mutability", "An attribute that no client can write or read is of no use.")
	case a.Pattern != "" && kind != KindString && kind != KindReference:
		return misdefined(at+".pattern", "Only strings and references have a pattern; this attribute is of type %s.", kind)
	case a.Pattern == "":
		return nil
	}
	for _, pattern := range []string{a.Pattern, textStart + a.Pattern + textEnd} { // the first alone, for a lone parenthesis
		if _, err := regexp.Compile(pattern); err != nil {
			return misdefined(at+".pattern", "The pattern cannot be read: %v.", err)
		}
	}
	if size := patternSize(a.Pattern); size > maxPatternSize {
		return misdefined(at+".pattern", "The pattern is too costly: it has %d steps, %d are the limit. Repeat fewer times.", size, maxPatternSize)
	}
	return nil
}

// A match costs at most the steps of the pattern for each character of the text. Both are bounded, so that no value keeps
// a processor busy.
const (
	maxPatternSize = 2000
	maxPatternText = 4096
)

// patternSize is how many steps the machine has that matches a pattern.
func patternSize(pattern string) int {
	tree, err := syntax.Parse(textStart+pattern+textEnd, syntax.Perl)
	if err != nil {
		return 0
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return 0
	}
	return len(program.Inst)
}

// What makes a pattern one for the whole of a text, whether it has ^ and $ or not.
const (
	textStart = `\A(?:`
	textEnd   = `)\z`
)

// compilePattern reads a pattern that was checked. It is matched in time that grows with the text's length alone (RE2).
func compilePattern(pattern string) *regexp.Regexp {
	return regexp.MustCompile(textStart + pattern + textEnd)
}

// patternText is a compiled pattern as it was written.
func patternText(p *regexp.Regexp) string {
	return strings.TrimSuffix(strings.TrimPrefix(p.String(), textStart), textEnd)
}
