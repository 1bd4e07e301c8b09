package resources

import (
	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"
)

// The resource types of the values that roles and entitlements of Users may have (draft-ietf-scim-roles-entitlements).
// The company's administrators keep them; over SCIM they are read.
const (
	TypeRole        = "Role"
	TypeEntitlement = "Entitlement"
)

// Schema URNs of the draft.
const (
	SchemaRole        = "urn:ietf:params:scim:schemas:core:2.0:Role"
	SchemaEntitlement = "urn:ietf:params:scim:schemas:core:2.0:Entitlement"
)

// AttributeUsed is the attribute of a role or an entitlement that says how many Users in force hold it. It is counted
// when it is asked for by name, for that looks at every User.
const AttributeUsed = "totalAssignmentsUsed"

// grantTypes are the types Role and Entitlement, not compiled yet.
func grantTypes() []*ResourceType {
	roles := func(f Features) bool { return f.Roles }
	return []*ResourceType{
		{
			Name: TypeRole, Endpoint: "/Roles", Description: "A role that a User may have", Schema: grantSchema(SchemaRole, TypeRole, "role"),
			ReadOnly: true, optional: roles,
		},
		{
			Name: TypeEntitlement, Endpoint: "/Entitlements", Description: "An entitlement that a User may have",
			Schema: grantSchema(SchemaEntitlement, TypeEntitlement, "entitlement"), ReadOnly: true, optional: roles,
		},
	}
}

func grantSchema(urn, name, word string) schema.Schema {
	text := func(p schema.StringParams, description string) schema.CoreAttribute {
		p.Description = optional.NewString(description)
		return schema.SimpleCoreAttribute(schema.SimpleStringParams(p))
	}
	yes := func(name, description string) schema.CoreAttribute {
		return schema.SimpleCoreAttribute(schema.SimpleBooleanParams(schema.BooleanParams{
			Name: name, Description: optional.NewString(description), Required: name == "supported",
		}))
	}
	number := func(p schema.NumberParams, description string) schema.CoreAttribute {
		p.Description, p.Type = optional.NewString(description), schema.AttributeTypeInteger()
		return schema.SimpleCoreAttribute(schema.SimpleNumberParams(p))
	}
	list := func(name, description string) schema.CoreAttribute {
		return schema.ComplexCoreAttribute(schema.ComplexParams{
			Name: name, Description: optional.NewString(description), MultiValued: true,
			SubAttributes: []schema.SimpleParams{identifier("value", "The value of the other "+word+".", schema.AttributeMutabilityReadWrite())},
		})
	}
	return schema.Schema{
		ID: urn, Name: optional.NewString(name), Description: optional.NewString("A value of the attribute " + word + "s of a User"),
		Attributes: schema.Attributes{
			text(schema.StringParams{Name: "value", Required: true, Uniqueness: schema.AttributeUniquenessServer()}, "The "+word+", as Users have it."),
			text(schema.StringParams{Name: "display"}, "A human-readable name."),
			text(schema.StringParams{Name: "type"}, "What the "+word+" is for."),
			yes("supported", "Whether the "+word+" is in use."),
			yes("limitedAssignmentsPermitted", "Whether only a number of Users may have it."),
			number(schema.NumberParams{Name: "totalAssignmentsPermitted"}, "How many Users may have it."),
			number(schema.NumberParams{
				Name: AttributeUsed, Mutability: schema.AttributeMutabilityReadOnly(), Returned: schema.AttributeReturnedRequest(),
			}, "How many Users in force have it."),
			list("containedBy", "The "+word+"s that grant what this one grants, and more."),
			list("contains", "The "+word+"s that this one grants the rights of."),
		},
	}
}

// GrantedAs is the attribute of a User that holds the values of a type: roles or entitlements; "" for other types.
func (rt *ResourceType) GrantedAs() string { return GrantedAs(rt.Name) }

// GrantedAs is that of a resource type's name.
func GrantedAs(typ string) string {
	switch typ {
	case TypeRole:
		return "roles"
	case TypeEntitlement:
		return "entitlements"
	}
	return ""
}

// Served says whether a company that turned those features on has the type.
func (rt *ResourceType) Served(f Features) bool { return rt.optional == nil || rt.optional(f) }
