package scim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
)

// characteristics are what a published attribute says of itself (RFC 7643 §7).
type characteristics struct {
	object
	path   string // as in filters and PATCH paths
	parent *characteristics
	subs   []*characteristics
}

func (a *characteristics) is(name string) bool     { yes, _ := a.object[name].(bool); return yes }
func (a *characteristics) says(name string) string { s, _ := a.object[name].(string); return s }

// published reads the attributes of a schema. prefix is the URN and a colon for an extension.
func published(t *testing.T, list any, prefix string, parent *characteristics) []*characteristics {
	t.Helper()
	var all []*characteristics
	rows, _ := list.([]any)
	for _, row := range rows {
		a := &characteristics{object: row.(object), parent: parent}
		a.path = prefix + a.says("name")
		if parent != nil {
			a.path = parent.path + "." + a.says("name")
		}
		a.wellFormed(t)
		a.subs = published(t, a.object["subAttributes"], prefix, a)
		all = append(all, a)
	}
	return all
}

// wellFormed checks that an attribute says all of RFC 7643 §7, with the errata: no complex in a complex (8415), no
// uniqueness of a complex one (6004), references and binaries are caseExact.
func (a *characteristics) wellFormed(t *testing.T) {
	t.Helper()
	legal := map[string][]string{
		"type":       {"string", "boolean", "decimal", "integer", "dateTime", "reference", "binary", "complex"},
		"mutability": {"readOnly", "readWrite", "immutable", "writeOnly"}, "returned": {"always", "never", "default", "request"},
		"uniqueness": {"none", "server", "global"},
	}
	for name, values := range legal {
		has := a.object[name] != nil
		if name == "uniqueness" && (a.says("type") == "complex" || a.says("type") == "boolean") {
			continue
		}
		if !has || !slices.Contains(values, a.says(name)) {
			t.Errorf("%s: %s is %v", a.path, name, a.object[name])
		}
	}
	for _, name := range []string{"multiValued", "required"} {
		if _, ok := a.object[name].(bool); !ok {
			t.Errorf("%s: %s is %v", a.path, name, a.object[name])
		}
	}
	if a.says("description") == "" {
		t.Errorf("%s is not described", a.path)
	}
	subs, _ := a.object["subAttributes"].([]any)
	switch kind := a.says("type"); {
	case (kind == "complex") != (len(subs) > 0), kind == "complex" && a.parent != nil:
		t.Errorf("%s is %s with %d sub-attributes", a.path, kind, len(subs))
	case kind == "complex" && a.object["uniqueness"] != nil:
		t.Errorf("%s is complex and has a uniqueness", a.path)
	case (kind == "reference") != (a.object["referenceTypes"] != nil):
		t.Errorf("%s is %s with referenceTypes %v", a.path, kind, a.object["referenceTypes"])
	case (kind == "reference" || kind == "binary") && !a.is("caseExact"):
		t.Errorf("%s is %s and not caseExact", a.path, kind)
	}
}

// schemaWalk holds what a walk over the schemas of one resource type needs.
type schemaWalk struct {
	tenant
	endpoint string
	required []*characteristics
	person   string // a User to refer to
	n        int
}

// value is one that fits an attribute, with letters of both cases.
func (s *schemaWalk) value(a *characteristics) any {
	if canonical, _ := a.object["canonicalValues"].([]any); len(canonical) > 0 {
		return canonical[0]
	}
	s.n++
	switch a.says("type") {
	case "boolean":
		return true
	case "dateTime":
		return "2030-01-02T03:04:05Z"
	case "binary":
		return "QWJj"
	case "reference":
		if a.says("name") == "$ref" {
			return "../Users/" + s.person
		}
		return fmt.Sprintf("https://x.example/Ab%d", s.n)
	case "complex":
		o := object{}
		for _, sub := range a.subs {
			if sub.says("mutability") != "readOnly" {
				o[sub.says("name")] = s.value(sub)
			}
		}
		return o
	}
	if a.refersToUsers() {
		return s.person
	}
	return fmt.Sprintf("Ab-%d", s.n)
}

func (a *characteristics) refersToUsers() bool {
	return a.says("name") == "value" && a.parent != nil && slices.ContainsFunc(a.parent.object["subAttributes"].([]any), func(sub any) bool {
		return sub.(object)["name"] == "$ref"
	})
}

// body is a resource with the required attributes and some more, each given by its path.
func (s *schemaWalk) body(more ...any) object {
	o := object{}
	set := func(path string, value any) {
		if i := strings.LastIndex(path, ":"); i > 0 {
			extension, _ := o[path[:i]].(object)
			if extension == nil {
				extension = object{}
			}
			extension[path[i+1:]] = value
			o[path[:i]] = extension
			return
		}
		o[path] = value
	}
	for _, a := range s.required {
		set(a.path, s.value(a))
	}
	for i := 0; i < len(more); i += 2 {
		set(more[i].(string), more[i+1])
	}
	return o
}

// shown is the value at an attribute's path in a response.
func shown(a answer, path string) any {
	if i := strings.LastIndex(path, ":"); i > 0 {
		return a.at(path[:i], path[i+1:])
	}
	return a.at(path)
}

// What /Schemas says of an attribute is what the server does with it (RFC 7643 §7): every attribute of every schema is
// tried for type, multiValued, required, mutability, returned, caseExact and uniqueness.
func TestRequirement10_PublishedSchemasAreEnforced(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		person := c.addUser("referred to")
		types := c.do("GET", "/ResourceTypes", nil).must(200)
		tried := 0
		for i := 0; types.at("Resources", i) != nil; i++ {
			s := &schemaWalk{tenant: c, endpoint: types.text("Resources", i, "endpoint"), person: person}
			core := types.text("Resources", i, "schema")
			all := published(t, c.do("GET", "/Schemas/"+core, nil).must(200).at("attributes"), "", nil)
			for j := 0; types.at("Resources", i, "schemaExtensions", j) != nil; j++ {
				urn := types.text("Resources", i, "schemaExtensions", j, "schema")
				all = append(all, published(t, c.do("GET", "/Schemas/"+urn, nil).must(200).at("attributes"), urn+":", nil)...)
			}
			for _, a := range all {
				if a.is("required") {
					s.required = append(s.required, a)
				}
			}
			for _, a := range all {
				s.required = slices.Clone(s.required)
				s.try(t, a)
				tried += 1 + len(a.subs)
			}
		}
		if tried < 80 {
			t.Errorf("only %d attributes were tried", tried)
		}
	})
}

func (s *schemaWalk) try(t *testing.T, a *characteristics) {
	t.Helper()
	if a.says("mutability") == "readOnly" {
		s.tryReadOnly(t, a)
		return
	}
	s.tryRequired(t, a)
	value := s.value(a)
	if a.is("multiValued") {
		value = []any{value}
	}
	made := s.do("POST", s.endpoint, s.body(a.path, value)).must(201)
	if got := shown(made, a.path); (got != nil) != (a.says("returned") == "default" || a.says("returned") == "always") {
		t.Errorf("%s: returned %s, and a POST shows %v", a.path, a.says("returned"), got)
	}
	s.tryTypes(t, a)
	for _, sub := range append(a.subs, a) {
		if sub.says("mutability") == "readOnly" {
			s.do("PATCH", s.endpoint+"/"+made.text("id"), patch(op("replace", sub.path, s.value(sub)))).scimError(400, "mutability", "")
		}
		s.tryCase(t, sub, made)
	}
	if a.says("uniqueness") == "server" {
		s.do("POST", s.endpoint, s.body(a.path, value)).scimError(409, "uniqueness", "")
	} else if !a.is("required") {
		s.do("POST", s.endpoint, s.body(a.path, value)).must(201)
	}
}

// tryReadOnly: ignored in a body, refused by path.
func (s *schemaWalk) tryReadOnly(t *testing.T, a *characteristics) {
	t.Helper()
	made := s.do("POST", s.endpoint, s.body(a.path, "forged")).must(201)
	if strings.Contains(made.body, "forged") {
		t.Errorf("%s is readOnly, and was taken: %s", a.path, made.body)
	}
	for _, path := range append([]*characteristics{a}, a.subs...) {
		s.do("PATCH", s.endpoint+"/"+made.text("id"), patch(op("replace", path.path, "forged"))).scimError(400, "mutability", "")
	}
}

// tryRequired: what is required cannot be left out, nulled or removed; everything else can.
func (s *schemaWalk) tryRequired(t *testing.T, a *characteristics) {
	t.Helper()
	if !a.is("required") {
		s.do("POST", s.endpoint, s.body(a.path, nil)).must(201)
		return
	}
	s.do("POST", s.endpoint, s.body(a.path, nil)).scimError(400, "invalidValue", a.says("name"))
	made := s.do("POST", s.endpoint, s.body()).must(201)
	s.do("PATCH", s.endpoint+"/"+made.text("id"), patch(object{"op": "remove", "path": a.path})).scimError(400, "mutability", a.says("name"))
}

// tryTypes: a value of another type, and more values than one, are refused; several values of a multi-valued attribute
// are kept.
func (s *schemaWalk) tryTypes(t *testing.T, a *characteristics) {
	t.Helper()
	wrong := map[string]any{"string": 7, "boolean": "perhaps", "dateTime": "yesterday", "reference": 7, "binary": "!", "complex": 7}
	s.do("POST", s.endpoint, s.body(a.path, wrong[a.says("type")])).scimError(400, "invalidValue", a.says("name"))
	for _, sub := range a.subs {
		if sub.says("mutability") == "readOnly" || sub.says("name") == "$ref" || a.says("name") == "members" && sub.says("name") != "value" {
			continue // of a reference only the value counts
		}
		bad := s.value(a).(object)
		bad[sub.says("name")] = wrong[sub.says("type")]
		s.do("POST", s.endpoint, s.body(a.path, bad)).scimError(400, "invalidValue", a.says("name"))
	}
	one, two := s.value(a), s.value(a)
	switch {
	case a.says("name") == "members":
	case a.is("multiValued"):
		two.(object)["type"] = "another"
		a2 := s.do("POST", s.endpoint, s.body(a.path, []any{one, two})).must(201)
		if list, _ := shown(a2, a.path).([]any); len(list) != 2 {
			t.Errorf("%s is multi-valued, and holds %v of two", a.path, shown(a2, a.path))
		}
	default:
		s.do("POST", s.endpoint, s.body(a.path, []any{one, two})).scimError(400, "invalidValue", a.says("name"))
	}
}

// tryCase: a filter tells letter cases apart exactly where the attribute is caseExact.
func (s *schemaWalk) tryCase(t *testing.T, a *characteristics, made answer) {
	t.Helper()
	top := a
	if a.parent != nil {
		top = a.parent
	}
	holder := shown(made, top.path)
	if list, ok := holder.([]any); ok {
		holder = list[0]
	}
	if a.parent != nil {
		holder = holder.(object)[a.says("name")]
	}
	text, ok := holder.(string)
	other := strings.ToUpper(text)
	if !ok || other == text || a.says("name") == "$ref" || a.says("type") == "dateTime" || a.says("type") == "binary" {
		return
	}
	find := func(value string) bool {
		list := s.do("GET", s.endpoint+"?filter="+a.path+" eq "+quoted(value)+` and id eq "`+made.text("id")+`"`, nil).must(200)
		return list.at("totalResults") == 1.0
	}
	if !find(text) || find(other) == a.is("caseExact") {
		t.Errorf("%s: caseExact %v, but %q is found %v, %q %v", a.path, a.is("caseExact"), text, find(text), other, find(other))
	}
}
