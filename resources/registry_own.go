package resources

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

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
	patterns := map[string]string{} // by lower-case schema URN and attribute path
	for _, d := range definitions {
		own, err := d.resourceType(patterns)
		if err != nil {
			return nil, err
		}
		at := slices.IndexFunc(types, func(rt *ResourceType) bool { return rt.Name == d.Name() })
		if at < 0 {
			types = append(types, own)
			continue
		}
		types[at].Extensions = append(types[at].Extensions, own.Extensions...)
		types[at].required, types[at].definition = own.required, own.definition
	}
	for _, rt := range types {
		r.add(rt)
		if err := rt.setPatterns(patterns); err != nil {
			return nil, err
		}
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
			if twin != nil && string(twin.document()) != string(s.document()) {
				return Errorf(ErrUniqueness, fmt.Sprintf("schemas[%d].id", i),
					"Another resource type has a schema %s that says something else.", s.ID)
			}
			schemas[strings.ToLower(s.ID)] = s
		}
	}
	return nil
}

// resourceType is the type that a definition describes, not compiled yet. Patterns, which elimity-com/scim does not
// know, are added to patterns.
func (d *Definition) resourceType(patterns map[string]string) (*ResourceType, error) {
	t := d.ResourceType
	rt := &ResourceType{Name: t.Name, Endpoint: t.Endpoint, Description: t.Description, definition: d.Revision}
	for i := range d.Schemas {
		s := &d.Schemas[i]
		var compiled schema.Schema
		if err := json.Unmarshal(s.document(), &compiled); err != nil {
			return nil, &Error{Kind: ErrInvalidValue, Path: fmt.Sprintf("schemas[%d]", i), Detail: "The schema cannot be used.", Cause: err}
		}
		s.collectPatterns(patterns)
		if s.ID == t.Schema {
			rt.Schema = compiled
		}
	}
	for _, e := range t.Extensions {
		var compiled schema.Schema
		if err := json.Unmarshal(d.schema(e.Schema).document(), &compiled); err != nil {
			return nil, err // was read above
		}
		rt.Extensions = append(rt.Extensions, compiled)
		if e.Required {
			rt.required = append(rt.required, e.Schema)
		}
	}
	return rt, nil
}

func (s *SchemaDocument) collectPatterns(patterns map[string]string) {
	for _, a := range s.Attributes {
		if a.Pattern != "" {
			patterns[s.ID+":"+a.Name] = a.Pattern
		}
		for _, sub := range a.SubAttributes {
			if sub.Pattern != "" {
				patterns[s.ID+":"+a.Name+"."+sub.Name] = sub.Pattern
			}
		}
	}
}

// setPatterns compiles the patterns of a type's attributes.
func (rt *ResourceType) setPatterns(patterns map[string]string) error {
	for _, a := range rt.all() {
		for _, a := range append([]*Attribute{a}, a.Sub...) {
			place := a.Schema + ":" + a.Name
			if a.Parent != nil {
				place = a.Schema + ":" + a.Parent.Name + "." + a.Name
			}
			if patterns[place] == "" {
				continue
			}
			var err error
			if a.Pattern, err = compilePattern(patterns[place]); err != nil {
				return Errorf(ErrInvalidValue, place, "%v.", err)
			}
		}
	}
	return nil
}

// SchemaDocument is a schema as it is published (RFC 7643 §7): what is enforced, and nothing else.
func (r *Registry) SchemaDocument(s schema.Schema) map[string]any {
	document := s.ToMap()
	for _, rt := range r.types {
		urn := rt.URN(s.ID)
		if urn == "" {
			continue
		}
		attributes := rt.Extension(urn)
		if urn == rt.Schema.ID {
			attributes = rt.attributes
		}
		published, _ := document["attributes"].([]map[string]any)
		publishPatterns(attributes, published)
		break
	}
	return document
}

// publishPatterns writes the patterns of attributes into their documents.
func publishPatterns(attributes []*Attribute, documents []map[string]any) {
	for _, document := range documents {
		i := slices.IndexFunc(attributes, func(a *Attribute) bool { return a.Name == document["name"] })
		if i < 0 {
			continue
		}
		if p := attributes[i].Pattern; p != nil {
			document["pattern"] = patternText(p)
		}
		sub, _ := document["subAttributes"].([]map[string]any)
		publishPatterns(attributes[i].Sub, sub)
	}
}
