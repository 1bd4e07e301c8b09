package resources

import (
	"context"
	"strings"

	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"
)

// TypeMembership is a direct membership of a Group, as a resource of its own (draft-zollner-scim-group-members). It is
// another view of the same rows as Group.members and User.groups, so they always agree. A [Resource] of this type has
// its Group as the one of Groups and its member as the one of Members.
const TypeMembership = "GroupMembership"

// SchemaMembership is its schema.
const SchemaMembership = "urn:ietf:params:scim:schemas:core:2.0:GroupMembership"

// membershipSeparator stands between the ids of the Group and of the member in the id of a membership.
const membershipSeparator = "."

// MembershipID is the id of the membership of a member in a Group.
func MembershipID(group, member string) string { return group + membershipSeparator + member }

// SplitMembershipID is the reverse of [MembershipID].
func SplitMembershipID(id string) (group, member string, ok bool) {
	group, member, ok = strings.Cut(id, membershipSeparator)
	return group, member, ok && group != "" && member != ""
}

// NewMembershipType compiles the resource type.
func NewMembershipType() *ResourceType {
	rt := &ResourceType{
		Name: TypeMembership, Endpoint: "/GroupMemberships", Description: "A direct membership of a group",
		Schema: schema.Schema{
			ID: SchemaMembership, Name: optional.NewString(TypeMembership),
			Description: optional.NewString("A direct membership of a User or a Group in a Group"),
			Attributes: schema.Attributes{
				membershipEnd("group", "The Group.", TypeGroup),
				membershipEnd("member", "The member: a User or a Group.", TypeUser, TypeGroup),
			},
		},
	}
	newRegistry().add(rt)
	return rt
}

func membershipEnd(name, description string, types ...schema.AttributeReferenceType) schema.CoreAttribute {
	value := schema.SimpleStringParams(schema.StringParams{
		Name: "value", Description: optional.NewString("Its id."), CaseExact: true, Required: true,
		Mutability: schema.AttributeMutabilityImmutable(),
	})
	sub := []schema.SimpleParams{value, reference("$ref", "Its URI.", types...), readOnlyText("display", "Its displayName, else its userName.")}
	if len(types) > 1 {
		sub = append(sub, schema.SimpleStringParams(schema.StringParams{
			Name: "type", Description: optional.NewString("Its resource type."), CanonicalValues: []string{TypeUser, TypeGroup},
			Mutability: schema.AttributeMutabilityImmutable(),
		}))
	}
	return schema.ComplexCoreAttribute(schema.ComplexParams{
		Name: name, Description: optional.NewString(description), Required: true,
		Mutability: schema.AttributeMutabilityImmutable(), SubAttributes: sub,
	})
}

// createMembership adds the member to the Group. One that is there already is ErrUniqueness.
func (d *Directory) createMembership(ctx context.Context, c Caller, in Input) (*Result, error) {
	group, _, err := membershipReference(in, "group")
	if err != nil {
		return nil, err
	}
	member, kind, err := membershipReference(in, "member")
	if err != nil {
		return nil, err
	}
	types, err := d.Store.Types(ctx, c, []string{group, member})
	switch {
	case err != nil:
		return nil, err
	case types[group] != TypeGroup:
		return nil, Errorf(ErrInvalidValue, "group.value", "There is no Group with the id %q.", shorten(group))
	case types[member] != TypeUser && types[member] != TypeGroup:
		return nil, Errorf(ErrInvalidValue, "member.value", "There is no User or Group with the id %q.", shorten(member))
	case kind != "" && !strings.EqualFold(kind, types[member]):
		return nil, Errorf(ErrInvalidValue, "member.type", "The resource %q is a %s.", shorten(member), types[member])
	}
	changed, err := d.changeMembership(ctx, c, OpAdd, group, member)
	if err != nil {
		return nil, err
	}
	if !changed {
		return nil, Errorf(ErrUniqueness, "member.value", "The member is in the Group already.")
	}
	made, err := d.Store.Get(ctx, c, TypeMembership, MembershipID(group, member), With{})
	if err != nil {
		return nil, err
	}
	return &Result{Resource: made, Changed: true, Created: true}, nil
}

// removeMembership takes the member out of the Group.
func (d *Directory) removeMembership(ctx context.Context, c Caller, id string, pre Precondition) error {
	group, member, ok := SplitMembershipID(id)
	if !ok {
		return ErrNotFound
	}
	if pre.Version > 1 {
		return Errorf(ErrVersion, "meta.version", "A membership never changes: its version is 1.")
	}
	changed, err := d.changeMembership(ctx, c, OpRemove, group, member)
	if err == nil && !changed {
		return ErrNotFound
	}
	return err
}

func (d *Directory) changeMembership(ctx context.Context, c Caller, op Op, group, member string) (changed bool, err error) {
	result, err := d.Modify(ctx, c, TypeGroup, group, Precondition{}, []Operation{
		OperationOn(op, "members", []any{map[string]any{"value": member}}),
	})
	if err != nil {
		return false, err
	}
	return result.Changed, nil
}

// membershipReference reads group or member of a body, in any letter case: an object with value, or the id alone.
func membershipReference(in Input, name string) (id, kind string, err error) {
	for key, value := range in {
		if !strings.EqualFold(key, name) {
			continue
		}
		if text, ok := value.(string); ok {
			return text, "", nil
		}
		object, _ := value.(map[string]any)
		for key, inner := range object {
			text, _ := inner.(string)
			switch strings.ToLower(key) {
			case "value":
				id = text
			case "type":
				kind = text
			}
		}
	}
	if id == "" {
		return "", "", Errorf(ErrInvalidValue, name+".value", "A membership needs the id of its %s.", name)
	}
	return id, kind, nil
}

// MembershipQuery is what a filter on memberships may ask: each field that is not empty must be equal.
type MembershipQuery struct{ Group, Member, Type string }

// ReadMembershipQuery reads a condition. It may hold eq on id, group.value, member.value and member.type, joined by and;
// none tells that it can match nothing. Anything else is ErrInvalidFilter.
func ReadMembershipQuery(where Condition) (q MembershipQuery, none bool, err error) {
	set := func(field *string, value string) {
		none = none || *field != "" && *field != value
		*field = value
	}
	var read func(Condition) error
	read = func(c Condition) error {
		switch c := c.(type) {
		case nil:
			return nil
		case And:
			for _, t := range c.Terms {
				if err := read(t); err != nil {
					return err
				}
			}
			return nil
		case Compare:
			text, _ := c.Value.(string)
			if c.Op != "eq" || text == "" {
				break
			}
			switch c.Attribute.String() {
			case "id":
				group, member, ok := SplitMembershipID(text)
				none = none || !ok
				set(&q.Group, group)
				set(&q.Member, member)
				return nil
			case "group.value":
				set(&q.Group, text)
				return nil
			case "member.value":
				set(&q.Member, text)
				return nil
			case "member.type":
				set(&q.Type, text)
				for _, typ := range []string{TypeUser, TypeGroup} {
					if Fold(typ) == text {
						q.Type = typ
					}
				}
				return nil
			}
		}
		return Errorf(ErrInvalidFilter, "filter",
			"Memberships are filtered by group.value eq, member.value eq, member.type eq and id eq, joined by and.")
	}
	return q, none, read(where)
}
