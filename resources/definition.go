package resources

// Definition is a resource type of a company's own with the schemas that it needs: the documents of RFC 7643 §6 and §7.
// One that names User or Group adds extensions to it. [ParseDefinition] makes one from JSON and fills in what the JSON
// leaves to its default, so that the JSON of a Definition says all of it.
type Definition struct {
	Schemas      []SchemaDocument `json:"schemas"`
	ResourceType TypeDocument     `json:"resourceType"`

	// Revision tells this version of a stored definition from others; 0 when it is not stored.
	Revision int64 `json:"-"`
}

// TypeDocument is RFC 7643 §6. Its id is its name.
type TypeDocument struct {
	Name        string              `json:"name"`
	Endpoint    string              `json:"endpoint"`
	Description string              `json:"description,omitempty"`
	Schema      string              `json:"schema"`
	Extensions  []ExtensionDocument `json:"schemaExtensions,omitempty"`
}

// ExtensionDocument says that a resource may hold the attributes of a further schema, or must.
type ExtensionDocument struct {
	Schema   string `json:"schema"`
	Required bool   `json:"required"`
}

// SchemaDocument is RFC 7643 §7.
type SchemaDocument struct {
	ID          string              `json:"id"`
	Name        string              `json:"name,omitempty"`
	Description string              `json:"description,omitempty"`
	Attributes  []AttributeDocument `json:"attributes"`
}

// AttributeDocument is one attribute of a schema (RFC 7643 §7). One of an extension may have a URN for a name: RFC 9944
// has extensions in extensions. Pattern is RFC 9944's: a regular expression that the
// whole of a text must match.
type AttributeDocument struct {
	Name            string              `json:"name"`
	Type            string              `json:"type"`
	Description     string              `json:"description,omitempty"`
	MultiValued     bool                `json:"multiValued"`
	Required        bool                `json:"required"`
	CaseExact       bool                `json:"caseExact"`
	Mutability      string              `json:"mutability"`
	Returned        string              `json:"returned"`
	Uniqueness      string              `json:"uniqueness"`
	Pattern         string              `json:"pattern,omitempty"`
	CanonicalValues []string            `json:"canonicalValues,omitempty"`
	ReferenceTypes  []string            `json:"referenceTypes,omitempty"`
	SubAttributes   []AttributeDocument `json:"subAttributes,omitempty"`
}

// Limits on one definition: a registry is compiled per company and kept in memory.
const (
	maxDefinition      = 256 << 10 // bytes of JSON
	maxSchemas         = 16
	maxAttributes      = 200 // of one schema
	maxSubAttributes   = 50
	maxAllAttributes   = 1000 // of a definition, sub-attributes included
	maxCanonicalValues = 200
	maxDefinitionName  = 64
	maxDefinitionText  = 2000
	maxURN             = 250
	maxPattern         = 500
)

// MaxDefinitions is how many definitions a company may have.
const MaxDefinitions = 30

// ParseDefinition reads a definition and checks it. The error names the place, such as schemas[0].attributes[2].type,
// and what would be right there.
func ParseDefinition(data []byte) (*Definition, error) {
	if len(data) > maxDefinition {
		return nil, Errorf(ErrTooLarge, "", "The definition has %d bytes; %d are the limit.", len(data), maxDefinition)
	}
	input, err := DecodeObject(data)
	if err != nil {
		return nil, err
	}
	var fault error
	d := readDefinition(node{fields: input, fault: &fault})
	if fault != nil {
		return nil, fault
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	return d, nil
}

// Name is the name of the resource type that is defined or extended.
func (d *Definition) Name() string { return d.ResourceType.Name }

// Extends says whether the definition adds to a resource type that every company has.
func (d *Definition) Extends() bool { return d.Name() == TypeUser || d.Name() == TypeGroup }

// JSON is the whole definition, every characteristic spelt out. ParseDefinition reads it back.
func (d *Definition) JSON() []byte { return encode(d) }

// schema finds one of the definition's schemas.
func (d *Definition) schema(urn string) *SchemaDocument {
	for i := range d.Schemas {
		if d.Schemas[i].ID == urn {
			return &d.Schemas[i]
		}
	}
	return nil
}
