package db

import "proprio/resources"

// valueTable is a table that holds the values of a multi-valued attribute, named e in a query.
type valueTable struct {
	from    string // the table, and what its columns need
	owner   string // column of the resource that the value belongs to
	order   string // in which the values stand, the primary one first
	columns map[string]operand
}

// operand is the SQL of an attribute's value. It is null, or ”, where there is none.
type operand struct {
	written fragment // as written; a dateTime as microseconds, a boolean as the database has it
	folded  fragment // as compared by operators in any letter case; empty: to be computed
	whole   fragment // as compared by eq; empty: like the others
	given   fragment // null where the document has none; empty: like written
	never   bool     // never null
}

// valueTable finds the table of a multi-valued attribute; nil when its values are in the document.
func (c *compiler) valueTable(list *resources.Attribute, at place) *valueTable {
	if at.element != nil {
		return nil
	}
	named := "case when m.display_name <> '' then m.display_name else m.user_name end"
	switch c.typ + " " + list.String() {
	case "User emails":
		return &valueTable{from: "emails e", owner: "e.user_id", order: "e.is_primary desc, e.position", columns: map[string]operand{
			"value":   {written: raw("e.value"), whole: raw("e.folded"), never: true},
			"type":    {written: raw("e.type"), never: true},
			"primary": {written: raw("e.is_primary"), given: c.jsonListed("emails", "e.position", "primary"), never: true},
			"display": {written: c.jsonListed("emails", "e.position", "display")},
		}}
	case "User groups":
		return &valueTable{owner: "e.member_id", order: "e.group_id", columns: map[string]operand{
			"value":   {written: raw("e.group_id"), never: true},
			"type":    {written: raw("'direct'"), never: true},
			"display": {written: raw("m.display_name"), never: true},
		}, from: "members e join resources m on m.company_id = e.company_id and m.id = e.group_id"}
	case "Group members":
		return &valueTable{owner: "e.group_id", order: "e.member_id", columns: map[string]operand{
			"value":   {written: raw("e.member_id"), never: true},
			"type":    {written: raw("e.member_type"), never: true},
			"display": {written: raw(named), never: true},
		}, from: "members e join resources m on m.company_id = e.company_id and m.id = e.member_id"}
	}
	return nil
}

// operand finds where an attribute's value is: in a column, else in the document.
func (c *compiler) operand(a *resources.Attribute, at place) operand {
	switch {
	case at.table != nil:
		return at.table.columns[a.Name]
	case at.element == nil:
		if o, ok := c.column(a); ok {
			return o
		}
	}
	base, keys := at.document(a)
	return operand{written: c.jsonValue(a.Kind, base, keys)}
}

// column finds the column of a resource that holds an attribute.
func (c *compiler) column(a *resources.Attribute) (operand, bool) {
	switch a.String() {
	case "id":
		return operand{written: raw("r.id"), never: true}, true
	case "externalId":
		return operand{written: sqlf(`(select x.external_id from external_ids x
			where x.company_id = %s and x.connection_id = %s and x.type = r.type and x.resource_id = r.id)`,
			param(c.caller.Company), param(c.caller.Connection))}, true
	case "meta.resourceType":
		return operand{written: raw("r.type"), never: true}, true
	case "meta.created":
		return operand{written: raw("r.created"), never: true}, true
	case "meta.lastModified":
		return operand{written: raw("r.modified"), never: true}, true
	case "meta.version":
		return operand{written: raw(`'W/"' || r.version || '"'`), never: true}, true
	case "displayName":
		if a.Kind != resources.KindString || a.Multi { // of a company's own schema
			break
		}
		return operand{written: raw("r.display_name"), folded: raw("r.name_folded"), never: true}, true
	}
	if c.typ != resources.TypeUser {
		return operand{}, false
	}
	switch a.String() {
	case "userName":
		return operand{written: raw("r.user_name"), folded: raw("r.user_name_folded"), never: true}, true
	case "active":
		given := c.jsonValue(a.Kind, "r.body", a.Keys())
		return operand{written: raw("r.active"), given: given, never: true}, true
	case resources.SchemaOwnership + ":hold":
		return operand{written: raw("r.hold"), never: true}, true
	case managerValue:
		return operand{written: raw("r.manager")}, true
	}
	return operand{}, false
}

// document says where in a JSON text an attribute is: in the resource's body, or inside an Element, in the value.
func (at place) document(a *resources.Attribute) (base string, keys []string) {
	switch {
	case at.element == nil:
		return "r.body", a.Keys()
	case a == at.element:
		return at.alias + ".value", nil // a list of simple values
	}
	return at.alias + ".value", []string{a.Name}
}
