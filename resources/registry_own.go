package resources

import (
	"fmt"
	"slices"
	"strings"

	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"
)

// CompileRegistry compiles the schemas of User and Group and a company's own definitions, in that order. It refuses
// definitions that contradict each other: two of one name, one endpoint, or one schema that says two things.
func CompileRegistry(definitions ...*Definition) (*Registry, error) {
	if len(definitions) > MaxDefinitions {
		return nil, Errorf(ErrTooMany, "", "There are %d resource types; %d are the limit.", len(definitions), MaxDefinitions)
	}
	if err := checkTogether(definitions); err != nil {
		return nil, err
	}
	r, types := newRegistry(), builtIn()
	for _, d := range definitions {
		own := d.resourceType()
		at := slices.IndexFunc(types, func(rt *ResourceType) bool { return rt.Name == d.Name() })
		if at < 0 {
			types = append(types, own)
			continue
		}
		types[at].Extensions = append(types[at].Extensions, own.Extensions...)
		types[at].required, types[at].definition, types[at].documents = own.required, own.definition, own.documents
	}
	for _, rt := range types {
		r.add(rt)
	}
	return r, nil
}

// checkTogether compares definitions with each other.
func checkTogether(definitions []*Definition) error {
	names, endpoints := map[string]string{}, map[string]string{}
	schemas := map[string]*SchemaDocument{}
	for _, d := range definitions {
		t := d.ResourceType
		if twin, twice := names[strings.ToLower(t.Name)]; twice {
			return Errorf(ErrUniqueness, "resourceType.name", "There is a resource type %q already; letter case makes no difference.", twin)
		}
		if twin, twice := endpoints[strings.ToLower(t.Endpoint)]; twice {
			return Errorf(ErrUniqueness, "resourceType.endpoint", "The resource type %s has the endpoint %s already.", twin, t.Endpoint)
		}
		names[strings.ToLower(t.Name)], endpoints[strings.ToLower(t.Endpoint)] = t.Name, t.Name
		for i := range d.Schemas {
			s := &d.Schemas[i]
			twin := schemas[strings.ToLower(s.ID)]
			if twin != nil && string(encode(twin)) != string(encode(s)) {
				return Errorf(ErrUniqueness, fmt.Sprintf("schemas[%d].id", i),
					"Another resource type has a schema %s that says something else.", s.ID)
			}
			schemas[strings.ToLower(s.ID)] = s
		}
	}
	return nil
}

// resourceType is the type that a definition describes, not compiled yet.
func (d *Definition) resourceType() *ResourceType {
	t := d.ResourceType
	rt := &ResourceType{
		Name: t.Name, Endpoint: t.Endpoint, Description: t.Description, definition: d.Revision,
		documents: map[string]*SchemaDocument{},
	}
	for i := range d.Schemas {
		s := &d.Schemas[i]
		rt.documents[s.ID] = s
		if s.ID == t.Schema {
			rt.Schema = s.schema()
		}
	}
	for _, e := range t.Extensions {
		rt.Extensions = append(rt.Extensions, d.schema(e.Schema).schema())
		if e.Required {
			rt.required = append(rt.required, e.Schema)
		}
	}
	return rt
}

// schema is what elimity-com/scim can hold of a document. The attributes are not part of it: its rules for their names
// are narrower, and it knows no patterns.
func (s *SchemaDocument) schema() schema.Schema {
	return schema.Schema{ID: s.ID, Name: optional.NewString(s.Name), Description: optional.NewString(s.Description)}
}

// Own says whether a definition of the company brought the resource type.
func (rt *ResourceType) Own() bool { return rt.documents[rt.Schema.ID] != nil }

// attributesOf are the attributes of one of the type's schemas.
func (rt *ResourceType) attributesOf(s schema.Schema) []AttributeDocument {
	if own := rt.documents[s.ID]; own != nil {
		return own.Attributes
	}
	return documentsOf(s.Attributes)
}

// documentsOf are attributes of elimity-com/scim as documents.
func documentsOf(attributes []schema.CoreAttribute) []AttributeDocument {
	var documents []AttributeDocument
	for _, a := range attributes {
		d := AttributeDocument{
			Name: a.Name(), Type: a.AttributeType(), Description: a.Description(), MultiValued: a.MultiValued(),
			Required: a.Required(), CaseExact: a.CaseExact(), Mutability: a.Mutability(), Returned: a.Returned(),
			Uniqueness: a.Uniqueness(), CanonicalValues: a.CanonicalValues(), SubAttributes: documentsOf(a.SubAttributes()),
		}
		for _, t := range a.ReferenceTypes() {
			d.ReferenceTypes = append(d.ReferenceTypes, string(t))
		}
		documents = append(documents, d)
	}
	return documents
}

// SchemaDocument is a schema as it is published (RFC 7643 §7): what is enforced, and nothing else.
func (r *Registry) SchemaDocument(s schema.Schema) map[string]any {
	for _, rt := range r.types {
		if own := rt.documents[s.ID]; own != nil {
			return own.published()
		}
	}
	document := s.ToMap()
	if s.ID == SchemaRole || s.ID == SchemaEntitlement { // no client writes them
		attributes, _ := document["attributes"].([]map[string]any)
		publishReadOnly(attributes)
	}
	return document
}

// publishReadOnly says of attributes that a client cannot write them.
func publishReadOnly(documents []map[string]any) {
	for _, document := range documents {
		document["mutability"] = "readOnly"
		sub, _ := document["subAttributes"].([]map[string]any)
		publishReadOnly(sub)
	}
}

func (s *SchemaDocument) published() map[string]any {
	return map[string]any{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Schema"}, "id": s.ID, "name": s.Name,
		"description": s.Description, "attributes": publish(s.Attributes),
	}
}

func publish(attributes []AttributeDocument) []map[string]any {
	published := []map[string]any{}
	for _, a := range attributes {
		p := map[string]any{
			"name": a.Name, "type": a.Type, "description": a.Description, "multiValued": a.MultiValued, "required": a.Required,
			"mutability": a.Mutability, "returned": a.Returned,
		}
		if kind := Kind(a.Type); kind != KindComplex && kind != KindBoolean { // they have no letter case and are never unique
			p["caseExact"], p["uniqueness"] = a.CaseExact, a.Uniqueness
		}
		if a.Pattern != "" {
			p["pattern"] = a.Pattern
		}
		if a.CanonicalValues != nil {
			p["canonicalValues"] = a.CanonicalValues
		}
		if a.ReferenceTypes != nil {
			p["referenceTypes"] = a.ReferenceTypes
		}
		if a.SubAttributes != nil {
			p["subAttributes"] = publish(a.SubAttributes)
		}
		published = append(published, p)
	}
	return published
}
