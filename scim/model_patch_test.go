package scim_test

import (
	"fmt"
	"slices"
	"strings"
)

// modelChange is one operation of a PATCH (RFC 7644 §3.5.2) as the model understands it. How it is written in a request
// is another matter: see [wire].
type modelChange struct {
	op      string // add, replace, remove
	name    string // of the attribute
	where   *modelWhere
	sub     string
	value   any  // of emails and roles: []object; of members: []string; of name: object
	lenient bool // a key of an object without path: what cannot be written is passed over
}

// modelWhere is the filter of a value path.
type modelWhere struct {
	sub, op string // value or type eq or ne is; primary eq is
	is      any
}

func (w *modelWhere) holds(v object) bool {
	have := v[w.sub]
	if w.sub == "primary" && have == nil {
		have = false
	}
	text, _ := have.(string)
	want, isText := w.is.(string)
	equal := isText && text != "" && strings.EqualFold(text, want) || !isText && have == w.is
	return equal == (w.op == "eq")
}

// apply makes the change. It returns the scimType of a fault.
func (r *modelResource) apply(c modelChange) string {
	known := slices.Concat(modelTexts, modelLists, []string{"active", "name", "manager"})
	if r.typ == "Group" {
		known = modelGroupHas
	}
	required := map[string]string{"User": "userName", "Group": "displayName"}[r.typ]
	readOnly := slices.Contains(modelReadOnly, c.name) && (r.typ == "User" || c.name != "groups")
	switch {
	case readOnly && c.lenient, !readOnly && !slices.Contains(known, c.name) && c.lenient:
		return ""
	case readOnly:
		return "mutability"
	case !slices.Contains(known, c.name):
		return "invalidPath"
	case c.op == "remove" && c.name == required:
		return "mutability"
	case c.name == "members":
		return r.applyMembers(c)
	case slices.Contains(modelLists, c.name):
		return r.applyList(c)
	case c.name == "name":
		r.applyName(c)
		return ""
	}
	return r.applyOne(c)
}

// applyOne changes an attribute of one value without parts. add is replace (RFC 7644 §3.5.2.1).
func (r *modelResource) applyOne(c modelChange) string {
	if c.op == "remove" {
		c.value = nil
	}
	if text, ok := c.value.(string); ok && c.name == "active" {
		switch strings.ToLower(text) { // Q10
		case "true":
			c.value = true
		case "false":
			c.value = false
		default:
			return "invalidValue"
		}
	}
	r.set(c.name, c.value)
	return ""
}

// applyName changes the one complex attribute. Parts that are not named stay (RFC 7644 §3.5.2.3).
func (r *modelResource) applyName(c modelChange) {
	have, _ := r.attributes["name"].(object)
	next := merged(object{}, have)
	switch {
	case c.sub == "" && (c.op == "remove" || c.value == nil):
		next = object{}
	case c.sub == "":
		next = merged(next, c.value.(object))
	case c.op == "remove" || c.value == nil:
		delete(next, c.sub)
	default:
		next[c.sub] = c.value
	}
	if len(next) == 0 {
		r.set("name", nil)
		return
	}
	r.set("name", next)
}

// applyList changes an attribute of many values.
func (r *modelResource) applyList(c modelChange) string {
	have := r.values(c.name)
	given, _ := c.value.([]object)
	switch {
	case c.where != nil || c.sub != "":
		return r.applyValues(c)
	case c.op == "add":
		r.set(c.name, sideBySide(have, given))
	case c.op == "replace":
		r.set(c.name, sideBySide(nil, given))
	default:
		r.set(c.name, nil)
	}
	return ""
}

// applyValues changes those values that a filter selects, or a part of them.
func (r *modelResource) applyValues(c modelChange) string {
	var values []object
	fresh, hit := map[int]bool{}, false
	for _, v := range r.values(c.name) {
		if c.where == nil || c.where.holds(v) {
			hit, fresh[len(values)] = true, true
			v = merged(object{}, v)
			switch {
			case c.op == "remove" && c.sub == "":
				continue
			case c.op == "remove":
				delete(v, c.sub)
			case c.sub == "":
				v = merged(v, c.value.(object))
			default:
				v[c.sub] = c.value
			}
		}
		if !hollow(v) {
			values = append(values, v)
		} else {
			delete(fresh, len(values))
		}
	}
	if !hit && c.op != "remove" {
		created := object{}
		if c.where != nil && c.where.op != "eq" {
			return "noTarget" // RFC 7644 §3.5.2.3
		}
		if c.where != nil {
			created[c.where.sub] = c.where.is // Q31
		}
		if c.sub == "" {
			created = merged(created, c.value.(object))
		} else {
			created[c.sub] = c.value
		}
		if !hollow(created) {
			fresh[len(values)] = true
			values = append(values, created)
		}
	}
	r.set(c.name, settled(values, fresh))
	return ""
}

// hollow says whether nothing is left of a value but its labels.
func hollow(v object) bool { return (v["value"] == nil || v["value"] == "") && v["display"] == nil }

// sideBySide puts values that are written beside those that are there. Of the former, the last to say so is primary.
func sideBySide(have, written []object) []object {
	written = settled(written, nil)
	fresh := map[int]bool{}
	for i := range written {
		fresh[len(have)+i] = true
	}
	return settled(slices.Concat(have, written), fresh)
}

// settled holds values to RFC 7643 §2.4: what one type and value pair says is said once, and one value at most is
// primary: the last one written, else the last.
func settled(values []object, fresh map[int]bool) []object {
	var kept []object
	var isFresh []bool
	at := map[string]int{}
	for i, v := range values {
		id := identityOf(v)
		place, twice := at[id]
		if !twice {
			place, at[id] = len(kept), len(kept)
			kept, isFresh = append(kept, object{}), append(isFresh, false)
		}
		kept[place], isFresh[place] = merged(kept[place], v), isFresh[place] || fresh[i]
	}
	var primary, written []int
	for i, v := range kept {
		if v["primary"] == true {
			primary = append(primary, i)
			if isFresh[i] {
				written = append(written, i)
			}
		}
	}
	if written != nil {
		primary = append(primary, written[len(written)-1])
	}
	for _, i := range primary {
		kept[i]["primary"] = i == primary[len(primary)-1]
	}
	return kept
}

func identityOf(v object) string {
	value, _ := v["value"].(string)
	kind, _ := v["type"].(string)
	if value == "" {
		return fmt.Sprint(v) // with sorted keys
	}
	return strings.ToLower(kind) + " " + strings.ToLower(value)
}

// applyMembers changes a Group's members; they are added and removed, never edited (RFC 7643 §4.2).
func (r *modelResource) applyMembers(c modelChange) string {
	ids, _ := c.value.([]string)
	without := func(gone []string) []string {
		return only(r.members, func(id string) bool { return !slices.Contains(gone, id) })
	}
	switch {
	case c.sub != "":
		return "mutability"
	case c.op == "replace":
		r.members = withAll(nil, ids)
	case c.op == "add":
		r.members = withAll(r.members, ids)
	case c.where != nil:
		r.members = without([]string{c.where.is.(string)})
	case c.value == nil:
		r.members = nil
	default:
		r.members = without(ids)
	}
	return ""
}

func withAll(set, more []string) []string {
	set = slices.Clone(set)
	for _, id := range more {
		if !slices.Contains(set, id) {
			set = append(set, id)
		}
	}
	return set
}
