package scim_test

import (
	"fmt"
	"slices"
	"strings"
)

// change makes one operation of a PATCH up.
func (s *steps) change(typ string) modelChange {
	names := slices.Concat(modelTexts, modelLists, modelLists, modelLists, []string{"active", "name", "name", "manager", "userName"})
	if typ == "Group" {
		names = []string{"displayName", "externalId", "members", "members", "members", "members"}
	}
	if s.oneIn(15) {
		names = []string{"shoeSize", "id", "meta"}
	}
	c := modelChange{op: pick(s, "add", "replace", "remove"), name: pick(s, names...)}
	c.value = s.value(typ, c.name)
	switch {
	case c.op == "remove" && c.name == "members":
		s.removeMembers(&c)
		return c
	case c.name == "members" && s.oneIn(15):
		c.sub, c.value = "value", unknownID
		return c
	case c.name == "name" && s.oneIn(2):
		c.sub, c.value = pick(s, "givenName", "familyName"), s.text()
	case slices.Contains(modelLists, c.name) && s.oneIn(2):
		s.reachIn(&c)
	}
	switch {
	case c.op == "remove":
		c.value = nil
	case c.op == "replace" && c.where == nil && c.name != "members" && s.oneIn(8) && !(slices.Contains(modelLists, c.name) && c.sub != ""):
		c.value = nil
	case s.oneIn(4):
		c.lenient = true
	}
	return c
}

// reachIn makes a change of a list one of some of its values.
func (s *steps) reachIn(c *modelChange) {
	if !s.oneIn(6) {
		c.where = s.where()
	}
	c.sub = pick(s, "value", "display", "type", "primary")
	switch c.sub {
	case "value":
		c.value = s.address()
	case "display":
		c.value = s.text()
	case "type":
		c.value = s.kind()
	case "primary":
		c.value = s.oneIn(2)
	}
	if c.where != nil && s.oneIn(3) {
		c.sub, c.value = "", s.element()
	}
}

func (s *steps) removeMembers(c *modelChange) {
	switch ids := c.value.([]string); s.IntN(4) {
	case 0:
		c.value = nil
	case 1:
		c.value, c.where = nil, &modelWhere{"value", "eq", s.someID(s.model.all())}
	default:
		c.value = ids
	}
}

// value makes a value of an attribute up.
func (s *steps) value(typ, name string) any {
	switch {
	case name == "userName":
		return s.userName()
	case name == "displayName" && typ == "Group":
		return s.groupName()
	case name == "active":
		return pick[any](s, true, false, false, "True", "FALSE", pick[any](s, "perhaps", true))
	case name == "name":
		return pick(s, object{"givenName": s.text()}, object{"givenName": s.text(), "familyName": s.text()})
	case name == "manager":
		return s.someID(s.model.users)
	case name == "members":
		ids := []string{}
		for range s.IntN(4) {
			ids = append(ids, s.someID(s.model.all()))
		}
		return ids
	case slices.Contains(modelLists, name):
		values := []object{}
		for range 1 + s.IntN(3) {
			values = append(values, s.element())
		}
		return values
	}
	return s.text()
}

func (s *steps) element() object {
	v := object{"value": s.address()}
	if s.oneIn(2) {
		v["type"] = s.kind()
	}
	if s.oneIn(4) {
		v["display"] = s.text()
	}
	if s.oneIn(3) {
		v["primary"] = s.oneIn(2)
	}
	return v
}

// wire writes changes as the operations of a request, in one of the ways in which identity providers do.
func (s *steps) wire(typ string, changes []modelChange) []object {
	var ops []object
	for _, c := range changes {
		o := object{s.anyCase("op"): s.anyCase(c.op)}
		switch path := s.path(typ, c); {
		case c.lenient:
			o["value"] = object{path: s.form(c)}
		case c.op == "remove" && c.value == nil:
			o["path"] = path
		default:
			o["path"], o["value"] = path, s.form(c)
		}
		ops = append(ops, o)
	}
	return ops
}

func (s *steps) path(typ string, c modelChange) string {
	path := s.anyCase(c.name)
	switch {
	case slices.Contains(modelExtension, c.name):
		path = s.anyCase(enterpriseURN) + ":" + path
	case s.oneIn(6) && c.name != "id" && c.name != "meta" && c.name != "externalId":
		path = map[string]string{"User": userURN, "Group": groupURN}[typ] + ":" + path
	}
	if c.where != nil {
		path += "[" + c.where.String() + "]"
	}
	if c.sub != "" {
		path += "." + c.sub
	}
	return path
}

// form writes the value of a change.
func (s *steps) form(c modelChange) any {
	switch v := c.value.(type) {
	case bool:
		if s.oneIn(3) {
			return pick(s, fmt.Sprint(v), strings.ToUpper(fmt.Sprint(v)))
		}
	case []string: // members
		var list []any
		for _, id := range v {
			list = append(list, pick[any](s, id, object{"value": id}, object{"value": id, "$ref": nil}))
		}
		if list == nil {
			return []any{}
		}
		return list
	case string:
		if c.name == "manager" {
			return pick[any](s, v, object{"value": v}, []object{{"value": v}})
		}
	}
	return c.value
}

// document writes changes as a whole resource.
func (s *steps) document(typ string, changes []modelChange) object {
	urn := map[string]string{"User": userURN, "Group": groupURN}[typ]
	doc, extension := object{"schemas": []string{urn}}, object{}
	for _, c := range changes {
		parts, isName := c.value.(object)
		switch {
		case slices.Contains(modelExtension, c.name) && s.oneIn(2):
			doc[enterpriseURN+":"+c.name] = s.form(c)
		case slices.Contains(modelExtension, c.name):
			extension[c.name] = s.form(c)
		case isName && s.oneIn(3):
			for part, text := range parts {
				doc["name."+part] = text
			}
		default:
			doc[s.anyCase(c.name)] = s.form(c)
		}
	}
	if len(extension) > 0 {
		doc[enterpriseURN] = extension
	}
	if s.oneIn(2) {
		doc["schemas"] = []string{urn, enterpriseURN}
	}
	return doc
}
