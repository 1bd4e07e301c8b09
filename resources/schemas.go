package resources

import (
	"slices"

	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"
)

// userSchema is RFC 7643 §4.1 with erratum 8471 (groups.$ref refers to Groups only). It has no password: one that
// arrives is dropped before it is looked at (Q13; protocol.md section 3, row 14).
func userSchema() schema.Schema {
	s := schema.CoreUserSchema()
	s.Attributes = slices.DeleteFunc(s.Attributes, func(a schema.CoreAttribute) bool { return a.Name() == "password" })
	replaceAttribute(s, schema.ComplexCoreAttribute(schema.ComplexParams{
		Name:        "groups",
		Description: optional.NewString("The groups that hold the User directly."),
		MultiValued: true,
		Mutability:  schema.AttributeMutabilityReadOnly(),
		SubAttributes: []schema.SimpleParams{
			identifier("value", "The id of the Group.", schema.AttributeMutabilityReadOnly()),
			reference("$ref", "The URI of the Group.", "Group"),
			readOnlyText("display", "The Group's displayName."),
			schema.SimpleStringParams(schema.StringParams{
				Name:            "type",
				Description:     optional.NewString("Whether the membership is direct."),
				CanonicalValues: []string{"direct", "indirect"},
				Mutability:      schema.AttributeMutabilityReadOnly(),
			}),
		},
	}))
	text := func(description string) schema.SimpleParams {
		return schema.SimpleStringParams(schema.StringParams{Name: "value", Description: optional.NewString(description)})
	}
	replaceAttribute(s, labelled("entitlements", "What the User is entitled to.", text("An entitlement.")))
	replaceAttribute(s, labelled("roles", "What the User is, such as Student.", text("A role.")))
	replaceAttribute(s, labelled("x509Certificates", "The User's certificates.", schema.SimpleBinaryParams(schema.BinaryParams{
		Name: "value", Description: optional.NewString("A certificate in DER, as base64."),
	})))
	return s
}

// labelled is a multi-valued attribute whose values have a type. RFC 7643 §4.1.2 suggests no types for it; the
// interoperability profile wants some for every `type`, so they are the labels of RFC 7643 §2.4. They are suggestions.
func labelled(name, description string, value schema.SimpleParams) schema.CoreAttribute {
	return schema.ComplexCoreAttribute(schema.ComplexParams{
		Name: name, Description: optional.NewString(description), MultiValued: true,
		SubAttributes: []schema.SimpleParams{
			value,
			schema.SimpleStringParams(schema.StringParams{Name: "display", Description: optional.NewString("A name to show.")}),
			schema.SimpleStringParams(schema.StringParams{
				Name: "type", Description: optional.NewString("What the value is for."), CanonicalValues: []string{"work", "home", "other"},
			}),
			schema.SimpleBooleanParams(schema.BooleanParams{
				Name: "primary", Description: optional.NewString("Whether this is the preferred value; one is at most."),
			}),
		},
	})
}

// groupSchema is RFC 7643 §4.2 with errata 5368 (displayName is required) and 6011 (members have display). The server
// fills $ref, type and display of a member itself; displayName is unique unless a connection allows otherwise (Q53).
func groupSchema() schema.Schema {
	s := schema.CoreGroupSchema()
	replaceAttribute(s, schema.SimpleCoreAttribute(schema.SimpleStringParams(schema.StringParams{
		Name:        "displayName",
		Description: optional.NewString("A human-readable name for the Group."),
		Required:    true,
		Uniqueness:  schema.AttributeUniquenessServer(),
	})))
	replaceAttribute(s, schema.ComplexCoreAttribute(schema.ComplexParams{
		Name:        "members",
		Description: optional.NewString("The members of the Group: Users and Groups."),
		MultiValued: true,
		SubAttributes: []schema.SimpleParams{
			identifier("value", "The id of the member.", schema.AttributeMutabilityImmutable()),
			reference("$ref", "The URI of the member.", "User", "Group"),
			schema.SimpleStringParams(schema.StringParams{
				Name:            "type",
				Description:     optional.NewString("The member's resource type."),
				CanonicalValues: []string{TypeUser, TypeGroup},
				Mutability:      schema.AttributeMutabilityImmutable(),
			}),
			readOnlyText("display", "The member's displayName, else its userName."),
		},
	}))
	return s
}

// enterpriseSchema is RFC 7643 §4.3 with erratum 8472 (manager.value is caseExact).
func enterpriseSchema() schema.Schema {
	s := schema.ExtensionEnterpriseUser()
	replaceAttribute(s, userReference("manager", "The User's manager."))
	return s
}

// ownershipSchema is Proprio's own extension: what the company's rules need to know of a person (design.md, "Words").
func ownershipSchema() schema.Schema {
	text := func(p schema.StringParams, description string) schema.CoreAttribute {
		p.Description = optional.NewString(description)
		return schema.SimpleCoreAttribute(schema.SimpleStringParams(p))
	}
	date := func(name, description string) schema.CoreAttribute {
		return schema.SimpleCoreAttribute(schema.SimpleDateTimeParams(schema.DateTimeParams{
			Name: name, Description: optional.NewString(description),
		}))
	}
	return schema.Schema{
		ID:          SchemaOwnership,
		Name:        optional.NewString("Ownership"),
		Description: optional.NewString("Whose the account is: what the company's rules need to know of a person"),
		Attributes: schema.Attributes{
			text(schema.StringParams{Name: "kind", CanonicalValues: []string{"employee", "contractor", "client", "service"}},
				"The kind of person. All but employee need a sponsor and an end date."),
			userReference("sponsor", "The User who answers for a person from outside."),
			date("startDate", "When the person's time with the company begins."),
			date("endDate", "When it ends; not before startDate."),
			text(schema.StringParams{Name: "post", Uniqueness: schema.AttributeUniquenessServer()},
				"The generic company address that the person holds. One person in force holds it at a time."),
			text(schema.StringParams{Name: "hold", Mutability: schema.AttributeMutabilityReadOnly()},
				"Why the User is stored but not in force; absent when it is in force."),
		},
	}
}

// commonAttributes are those of RFC 7643 §3.1, which no schema lists.
func commonAttributes() []schema.CoreAttribute {
	return []schema.CoreAttribute{
		schema.SimpleCoreAttribute(schema.SimpleReferenceParams(schema.ReferenceParams{
			Name: "schemas", MultiValued: true, Required: true, Mutability: schema.AttributeMutabilityReadOnly(),
			Returned: schema.AttributeReturnedAlways(), ReferenceTypes: []schema.AttributeReferenceType{schema.AttributeReferenceTypeURI},
		})),
		schema.SimpleCoreAttribute(schema.SimpleStringParams(schema.StringParams{
			Name: "id", CaseExact: true, Required: true, Mutability: schema.AttributeMutabilityReadOnly(),
			Returned: schema.AttributeReturnedAlways(), Uniqueness: schema.AttributeUniquenessServer(),
		})),
		schema.SimpleCoreAttribute(schema.SimpleStringParams(schema.StringParams{Name: "externalId", CaseExact: true})),
		schema.ComplexCoreAttribute(schema.ComplexParams{
			Name: "meta", Mutability: schema.AttributeMutabilityReadOnly(),
			SubAttributes: []schema.SimpleParams{
				identifier("resourceType", "The resource's type.", schema.AttributeMutabilityReadOnly()),
				readOnlyDate("created"),
				readOnlyDate("lastModified"),
				reference("location", "The resource's URI.", schema.AttributeReferenceTypeURI),
				identifier("version", "The resource's version.", schema.AttributeMutabilityReadOnly()),
			},
		}),
	}
}

// userReference is a complex attribute that points to one User, in the shape of the enterprise manager (RFC 7643
// §8.7.1): a client names the User by value or, without it, by $ref. What is shown as $ref and displayName the server
// makes.
func userReference(name, description string) schema.CoreAttribute {
	return schema.ComplexCoreAttribute(schema.ComplexParams{
		Name:        name,
		Description: optional.NewString(description),
		SubAttributes: []schema.SimpleParams{
			identifier("value", "The id of the User.", schema.AttributeMutabilityReadWrite()),
			schema.SimpleReferenceParams(schema.ReferenceParams{
				Name: "$ref", Description: optional.NewString("The URI of the User."), ReferenceTypes: []schema.AttributeReferenceType{"User"},
			}),
			readOnlyText("displayName", "The displayName of the User."),
		},
	})
}

func identifier(name, description string, m schema.AttributeMutability) schema.SimpleParams {
	return schema.SimpleStringParams(schema.StringParams{
		Name: name, Description: optional.NewString(description), CaseExact: true, Mutability: m,
	})
}

func reference(name, description string, types ...schema.AttributeReferenceType) schema.SimpleParams {
	return schema.SimpleReferenceParams(schema.ReferenceParams{
		Name: name, Description: optional.NewString(description), ReferenceTypes: types,
		Mutability: schema.AttributeMutabilityReadOnly(),
	})
}

func readOnlyText(name, description string) schema.SimpleParams {
	return schema.SimpleStringParams(schema.StringParams{
		Name: name, Description: optional.NewString(description), Mutability: schema.AttributeMutabilityReadOnly(),
	})
}

func readOnlyDate(name string) schema.SimpleParams {
	return schema.SimpleDateTimeParams(schema.DateTimeParams{Name: name, Mutability: schema.AttributeMutabilityReadOnly()})
}

// replaceAttribute puts an attribute in the place of the one of that name, in a schema that is this call's own.
func replaceAttribute(s schema.Schema, a schema.CoreAttribute) {
	for i, have := range s.Attributes {
		if have.Name() == a.Name() {
			s.Attributes[i] = a
		}
	}
}
