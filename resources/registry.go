package resources

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/elimity-com/scim/schema"

	"proprio/resources/filter"
)

// Registries finds what the directory of a company can hold. A [Registry] is one too: the same for every company.
type Registries interface {
	// Registry returns the company's registry: the same value each time, until its resource types change.
	Registry(ctx context.Context, company string) (*Registry, error)
}

// Registry is every schema and resource type of a company, compiled once.
type Registry struct {
	types   []*ResourceType
	byName  map[string]*ResourceType
	schemas []schema.Schema
}

// ResourceType is one kind of resource (RFC 7643 §6) with its attributes compiled.
type ResourceType struct {
	Name        string // "User"
	Endpoint    string // "/Users"
	Description string
	Schema      schema.Schema
	Extensions  []schema.Schema
	ReadOnly    bool // over SCIM; the company's administrators change its resources

	optional   func(Features) bool        // whether the type is served; nil: always
	attributes []*Attribute               // core and common ones, in order
	extended   map[string][]*Attribute    // lower-cased extension URN → its attributes
	lookup     map[string]*Attribute      // "name", "urn:name", as the schema spells it and in lower case → attribute
	every      []*Attribute               // see all
	required   []string                   // URNs of the extensions that every resource has
	definition int64                      // revision of the company's definition that it was made from; 0: of none
	documents  map[string]*SchemaDocument // of the schemas that the definition brings, by URN
	registry   *Registry
	traits     traits
}

// NewRegistry compiles the schemas of User and Group.
func NewRegistry() *Registry {
	r := newRegistry()
	for _, rt := range builtIn() {
		r.add(rt)
	}
	return r
}

func newRegistry() *Registry { return &Registry{byName: map[string]*ResourceType{}} }

// builtIn are the resource types of every company, not compiled yet.
func builtIn() []*ResourceType {
	return append([]*ResourceType{
		{
			Name: TypeUser, Endpoint: "/Users", Description: "A person's account",
			Schema: userSchema(), Extensions: []schema.Schema{enterpriseSchema(), ownershipSchema()},
		},
		{Name: TypeGroup, Endpoint: "/Groups", Description: "A group of users", Schema: groupSchema()},
	}, grantTypes()...)
}

// Registry implements Registries.
func (r *Registry) Registry(context.Context, string) (*Registry, error) { return r, nil }

// Types returns the resource types in a fixed order.
func (r *Registry) Types() []*ResourceType { return r.types }

// Type returns a resource type by its exact name; nil when there is none.
func (r *Registry) Type(name string) *ResourceType { return r.byName[name] }

// Schemas returns every schema that a resource type uses, core ones first.
func (r *Registry) Schemas() []schema.Schema { return r.schemas }

// add compiles a resource type and takes it in.
func (r *Registry) add(rt *ResourceType) {
	rt.registry = r
	rt.extended, rt.lookup = map[string][]*Attribute{}, map[string]*Attribute{}
	for _, a := range append(documentsOf(commonAttributes()), rt.attributesOf(rt.Schema)...) {
		c := compile(a, rt.Schema.ID, nil, false)
		rt.attributes = append(rt.attributes, c)
		rt.lookup[c.Name], rt.lookup[strings.ToLower(c.Name)] = c, c
		rt.lookup[strings.ToLower(rt.Schema.ID+":"+c.Name)] = c
	}
	for _, ext := range rt.Extensions {
		urn := strings.ToLower(ext.ID)
		for _, a := range rt.attributesOf(ext) {
			c := compile(a, ext.ID, nil, true)
			rt.extended[urn] = append(rt.extended[urn], c)
			rt.lookup[ext.ID+":"+c.Name], rt.lookup[urn+":"+strings.ToLower(c.Name)] = c, c
		}
	}
	rt.every = slices.Clone(rt.attributes)
	for _, ext := range rt.Extensions {
		rt.every = append(rt.every, rt.Extension(ext.ID)...)
	}
	rt.setTraits()
	r.types = append(r.types, rt)
	r.byName[rt.Name] = rt
	for _, s := range append([]schema.Schema{rt.Schema}, rt.Extensions...) {
		if !slices.ContainsFunc(r.schemas, func(have schema.Schema) bool { return have.ID == s.ID }) {
			r.schemas = append(r.schemas, s)
		}
	}
}

func compile(a AttributeDocument, urn string, parent *Attribute, extension bool) *Attribute {
	c := &Attribute{
		Name: a.Name, Schema: urn, Parent: parent, Kind: Kind(a.Type), Multi: a.MultiValued, Required: a.Required,
		CaseExact: a.CaseExact, Mutability: a.Mutability, Returned: a.Returned, Uniqueness: a.Uniqueness,
		Canonical: a.CanonicalValues, References: a.ReferenceTypes, extension: extension, sub: map[string]*Attribute{},
	}
	c.Hidden = c.Returned == "never" || c.Mutability == "writeOnly" || parent != nil && parent.Hidden
	if a.Pattern != "" {
		c.Pattern = compilePattern(a.Pattern)
	}
	switch {
	case parent != nil:
		c.path, c.name = append(slices.Clone(parent.path), c.Name), parent.name+"."+c.Name
	case extension:
		c.path, c.name = []string{urn, c.Name}, urn+":"+c.Name
	default:
		c.path, c.name = []string{c.Name}, c.Name
	}
	for _, s := range a.SubAttributes {
		sub := compile(s, urn, c, extension)
		c.Sub = append(c.Sub, sub)
		c.sub[sub.Name], c.sub[strings.ToLower(sub.Name)] = sub, sub
	}
	return c
}

// Attributes returns the common and core attributes, in schema order.
func (rt *ResourceType) Attributes() []*Attribute { return rt.attributes }

// Extension returns the attributes of an extension schema, by its URN in any letter case; nil when there is none.
func (rt *ResourceType) Extension(urn string) []*Attribute { return rt.extended[strings.ToLower(urn)] }

// Requires says whether every resource has something of an extension (RFC 7643 §6).
func (rt *ResourceType) Requires(urn string) bool { return slices.Contains(rt.required, urn) }

// URN returns the spelling of a schema URN that the type uses, for any letter case; "" when it does not use it.
func (rt *ResourceType) URN(urn string) string {
	if strings.EqualFold(urn, rt.Schema.ID) {
		return rt.Schema.ID
	}
	for _, e := range rt.Extensions {
		if strings.EqualFold(urn, e.ID) {
			return e.ID
		}
	}
	return ""
}

// Resolve finds the attribute that a path names, in any letter case, with or without URN prefix (RFC 7644 §3.10).
// An attribute of an extension is also found without its URN where no core attribute has that name (Q23). After a URN a
// dot does for the colon: urn:…:2.0:User.manager, as Microsoft writes it.
func (rt *ResourceType) Resolve(p filter.AttributePath) (*Attribute, error) {
	asked := p
	if p.URIPrefix != nil && p.SubAttribute != nil {
		if urn := rt.URN(*p.URIPrefix + ":" + p.AttributeName); urn != "" {
			p = filter.AttributePath{URIPrefix: &urn, AttributeName: *p.SubAttribute}
		}
	}
	name := p.AttributeName
	if p.URIPrefix != nil {
		name = *p.URIPrefix + ":" + name
	}
	a := rt.lookup[name]
	if a == nil { // in another letter case than the schema's
		name = strings.ToLower(name)
		a = rt.lookup[name]
	}
	if a == nil && p.URIPrefix == nil {
		for _, e := range rt.Extensions {
			if a = rt.lookup[strings.ToLower(e.ID)+":"+name]; a != nil {
				break
			}
		}
	}
	if a == nil {
		return nil, Errorf(ErrInvalidPath, asked.String(), "%s has no attribute %q", rt.Name, asked.String())
	}
	if p.SubAttribute == nil {
		return a, nil
	}
	sub := a.SubAttribute(*p.SubAttribute)
	if sub == nil {
		return nil, Errorf(ErrInvalidPath, asked.String(), "%s has no sub-attribute %q", a, *p.SubAttribute)
	}
	return sub, nil
}

// needsURN is what is wrong with a path that leads to an attribute of an extension without the extension's URN, where that
// is not tolerated (RFC 7644 §3.10; Q23).
func needsURN(p filter.AttributePath, a *Attribute) error {
	if p.URIPrefix != nil || !a.extension && (a.Parent == nil || !a.Parent.extension) {
		return nil
	}
	return Errorf(ErrInvalidPath, p.String(), "%s is an attribute of an extension: name it with its URN, %s.", p.String(), a)
}

// Attribute resolves a path given as text, such as "name.givenName"; it panics when there is none, so it is only for
// names written in code.
func (rt *ResourceType) Attribute(path string) *Attribute {
	p, err := filter.ParsePath(path)
	if err != nil {
		panic(fmt.Sprintf("resources: attribute path %q: %v", path, err))
	}
	a, err := rt.Resolve(p.AttributePath)
	if err != nil {
		panic(fmt.Sprintf("resources: attribute path %q: %v", path, err))
	}
	return a
}
