package scim_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// model is RFC 7644 in memory, as one identity provider of one company sees it. It is written for being read beside the
// RFC: documents are flat maps, everything is looked for from the first to the last, and nothing is shared with the
// packages under test.
type model struct {
	users, groups []*modelResource // in the order in which they were created
	clock         *time.Time
}

// modelResource is one User or Group.
type modelResource struct {
	typ               string
	id                string // of a resource whose answer has not come yet: what stands for it
	version           int
	created, modified time.Time
	attributes        object   // by name, those of the enterprise extension too; manager is an id
	members           []string // ids
}

// names of attributes, by what they are. What is in none of these lists is unknown.
var (
	modelTexts     = []string{"userName", "displayName", "nickName", "title", "externalId", "department", "employeeNumber"}
	modelLists     = []string{"emails", "roles"}
	modelReadOnly  = []string{"id", "meta", "groups"}
	modelExtension = []string{"department", "employeeNumber", "manager"}
	modelGroupHas  = []string{"displayName", "externalId", "members"}
)

func (m *model) all() []*modelResource { return slices.Concat(m.users, m.groups) }

func (m *model) of(typ string) []*modelResource {
	if typ == "User" {
		return m.users
	}
	return m.groups
}

func (m *model) find(id string) *modelResource {
	for _, r := range m.all() {
		if r.id == id {
			return r
		}
	}
	return nil
}

func (r *modelResource) clone() *modelResource {
	c := *r
	c.attributes = plain(r.attributes).(object)
	c.members = slices.Clone(r.members)
	return &c
}

func (r *modelResource) text(name string) string {
	s, _ := r.attributes[name].(string)
	return s
}

// name is what tells a resource from the others of its type, without regard to letter case.
func (r *modelResource) name() string {
	if r.typ == "User" {
		return strings.ToLower(r.text("userName"))
	}
	return strings.ToLower(r.text("displayName"))
}

// active is true unless it says otherwise.
func (r *modelResource) active() bool { return r.attributes["active"] != false }

func (r *modelResource) values(name string) []object {
	var values []object
	list, _ := r.attributes[name].([]any)
	for _, v := range list {
		values = append(values, v.(object))
	}
	return values
}

// set writes an attribute; nil and an empty list mean that it has no value (RFC 7643 §2.5).
func (r *modelResource) set(name string, value any) {
	value = plain(value)
	if list, ok := value.([]any); value == nil || ok && len(list) == 0 {
		delete(r.attributes, name)
		return
	}
	r.attributes[name] = value
}

// faults are the scimTypes of what keeps a resource from being written in the place of old (nil: of none).
func (m *model) faults(old, next *modelResource) []string {
	var faults []string
	if strings.TrimSpace(next.name()) == "" {
		faults = append(faults, "invalidValue") // RFC 7643 §4.1, §4.2 with erratum 5368
	}
	for _, r := range m.of(next.typ) {
		if (old == nil || r.id != old.id) && r.name() == next.name() {
			faults = append(faults, "uniqueness")
		}
	}
	if manager := next.text("manager"); manager != "" && (old == nil || manager != old.text("manager")) {
		if r := m.find(manager); r == nil || r.typ != "User" {
			faults = append(faults, "invalidValue")
		}
	}
	for _, id := range next.members {
		if m.find(id) == nil || id == next.id {
			faults = append(faults, "invalidValue")
		}
	}
	return faults
}

// create is RFC 7644 §3.3. The id is not known yet: `as` stands for it until [model.rename].
func (m *model) create(next *modelResource, as string) []string {
	if faults := m.faults(nil, next); faults != nil {
		return faults
	}
	next.id, next.version, next.created, next.modified = as, 1, *m.clock, *m.clock
	if next.typ == "User" {
		m.users = append(m.users, next)
	} else {
		m.groups = append(m.groups, next)
	}
	return nil
}

// rename puts the id that the server has chosen in the place of what stood for it.
func (m *model) rename(from, to string) {
	for _, r := range m.all() {
		if r.id == from {
			r.id = to
		}
		for i, id := range r.members {
			if id == from {
				r.members[i] = to
			}
		}
		if r.text("manager") == from {
			r.attributes["manager"] = to
		}
	}
}

// update writes a resource in the place of old. What changes nothing is no new version (RFC 7644 §3.5.2.1).
func (m *model) update(old, next *modelResource) []string {
	if faults := m.faults(old, next); faults != nil {
		return faults
	}
	if sameValue(old.attributes, next.attributes) && sameSet(old.members, next.members) {
		return nil
	}
	next.version, next.modified = old.version+1, *m.clock
	*old = *next
	return nil
}

// remove is RFC 7644 §3.6: references to the resource go with it, and what held them has changed.
func (m *model) remove(gone *modelResource) {
	keep := func(r *modelResource) bool { return r != gone }
	m.users, m.groups = only(m.users, keep), only(m.groups, keep)
	for _, r := range m.all() {
		left := only(r.members, func(id string) bool { return id != gone.id })
		if len(left) != len(r.members) || r.text("manager") == gone.id {
			r.version, r.modified, r.members = r.version+1, *m.clock, left
			if r.text("manager") == gone.id {
				delete(r.attributes, "manager")
			}
		}
	}
}

// show is the resource as a response shows it (RFC 7643 §3.1, §4).
func (m *model) show(r *modelResource) object {
	urn := map[string]string{"User": userURN, "Group": groupURN}[r.typ]
	schemas, extension := []string{urn}, object{}
	location := fmt.Sprintf("%s/%ss/%s", base, r.typ, r.id)
	const micro = "2006-01-02T15:04:05.000000Z"
	doc := object{"id": r.id, "meta": object{
		"resourceType": r.typ, "location": location, "version": r.etag(), "created": r.created.UTC().Format(micro),
		"lastModified": r.modified.UTC().Format(micro),
	}}
	for name, value := range r.attributes {
		switch {
		case name == "manager":
			extension[name] = m.manager(m.find(value.(string)))
		case slices.Contains(modelExtension, name):
			extension[name] = value
		default:
			doc[name] = value
		}
	}
	if len(extension) > 0 {
		schemas, doc[enterpriseURN] = append(schemas, enterpriseURN), extension
	}
	doc["schemas"] = schemas
	var members, groups []object
	for _, id := range r.members {
		members = append(members, m.reference(m.find(id)))
	}
	for _, g := range m.groups {
		if slices.Contains(g.members, r.id) && r.typ == "User" {
			ref := m.reference(g)
			ref["type"] = "direct"
			groups = append(groups, ref)
		}
	}
	if members != nil {
		doc["members"] = members
	}
	if groups != nil {
		doc["groups"] = groups
	}
	return inOrder(plain(doc).(object))
}

func (r *modelResource) etag() string { return fmt.Sprintf(`W/"%d"`, r.version) }

// manager is a User as those who report to it show it (RFC 7643 §4.3).
func (m *model) manager(r *modelResource) object {
	ref := object{"value": r.id, "$ref": fmt.Sprintf("%s/Users/%s", base, r.id)}
	if name := r.text("displayName"); name != "" {
		ref["displayName"] = name
	}
	return ref
}

// reference is a member as its Group shows it, or a Group as a member shows it.
func (m *model) reference(r *modelResource) object {
	display := r.text("displayName")
	if display == "" {
		display = r.text("userName")
	}
	return object{"value": r.id, "$ref": fmt.Sprintf("%s/%ss/%s", base, r.typ, r.id), "display": display, "type": r.typ}
}

// inOrder sorts members and groups, which have no order of their own.
func inOrder(doc object) object {
	for _, name := range []string{"members", "groups"} {
		if list, ok := doc[name].([]any); ok {
			slices.SortFunc(list, func(a, b any) int {
				return strings.Compare(a.(object)["value"].(string), b.(object)["value"].(string))
			})
		}
	}
	return doc
}

// project leaves of a document what RFC 7644 §3.9 shows when these attributes, or all but these, are asked for.
func project(doc object, attributes, excluded []string) object {
	if attributes == nil && excluded == nil {
		return doc
	}
	shown := func(name string) bool {
		return attributes == nil && !slices.Contains(excluded, name) || slices.Contains(attributes, name)
	}
	out := object{"id": doc["id"]}
	extension := object{}
	inner, _ := doc[enterpriseURN].(object)
	for name, value := range inner {
		if shown(name) {
			extension[name] = value
		}
	}
	for name, value := range doc {
		if name != enterpriseURN && shown(name) {
			out[name] = value
		}
	}
	out["schemas"] = doc["schemas"].([]any)[:1]
	if len(extension) > 0 {
		out["schemas"], out[enterpriseURN] = doc["schemas"], extension
	}
	return out
}

func sameValue(a, b any) bool {
	x, _ := json.Marshal(a) // sorts the keys
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

func only[T any](list []T, keep func(T) bool) []T {
	var kept []T
	for _, v := range list {
		if keep(v) {
			kept = append(kept, v)
		}
	}
	return kept
}

// merged is a with what b names written over it.
func merged(a, b object) object {
	c := maps.Clone(a)
	maps.Copy(c, b)
	return c
}
