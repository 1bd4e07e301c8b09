package scim_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"proprio/audit"
	"proprio/resources"
)

const (
	everythingURN = "urn:example:scim:schemas:core:2.0:Everything"
	mustURN       = "urn:example:scim:schemas:extension:must:2.0:Everything"
	mayURN        = "urn:example:scim:schemas:extension:may:2.0:Everything"
)

// define gives a company resource types: shipped ones by name, or Everything.
func (c tenant) define(names ...string) {
	c.t.Helper()
	for _, name := range names {
		d, err := definition(name)
		if err != nil {
			c.t.Fatal(err)
		}
		if _, err := c.db.SetDefinition(context.Background(), system, c.company, d, true); err != nil {
			c.t.Fatal(err)
		}
	}
}

func definition(name string) (*resources.Definition, error) {
	if name != "everything" {
		return resources.ShippedDefinition(name)
	}
	data, err := os.ReadFile("../testdata/types/everything.json")
	if err != nil {
		return nil, err
	}
	return resources.ParseDefinition(data)
}

// eachEverything runs f for a company that has the resource type Everything, on each database.
func eachEverything(t *testing.T, f func(t *testing.T, c tenant)) {
	t.Helper()
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		c.define("everything")
		f(t, c)
	})
}

// everything is a resource with what it must have.
func everything(label string, more ...object) object {
	o := object{"schemas": []string{everythingURN, mustURN}, "label": label, mustURN: object{"site": "Lyon"}}
	for _, m := range more {
		for k, v := range m {
			o[k] = v
		}
	}
	return o
}

func (c tenant) addThing(label string, more ...object) string {
	c.t.Helper()
	return c.do("POST", "/Everything", everything(label, more...)).must(201).text("id")
}

// protocol.md section 4: discovery lists a company's own resource types to that company, and to no other; elsewhere its
// endpoint does not exist.
func TestOwnTypes_areTheCompanys(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		with, without := w.tenant(t.Name()+" with", ""), w.tenant(t.Name()+" without", "")
		with.define("everything", "device", "endpoint-app")
		for _, path := range []string{"/ResourceTypes/Everything", "/Schemas/" + everythingURN, "/ResourceTypes/Device", "/Everything", "/Devices", "/devices/"} {
			with.do("GET", path, nil).must(200)
			without.do("GET", path, nil).must(404)
		}
		if n := with.do("GET", "/ResourceTypes", nil).must(200).at("totalResults"); n != 5.0 {
			t.Errorf("%v resource types, want 5", n)
		}
		if n := without.do("GET", "/ResourceTypes", nil).must(200).at("totalResults"); n != 2.0 {
			t.Errorf("%v resource types elsewhere, want 2", n)
		}
		o := with.do("GET", "/ResourceTypes/Everything", nil).must(200)
		if o.text("endpoint") != "/Everything" || o.text("schema") != everythingURN || o.text("schemaExtensions", 0, "schema") != mustURN ||
			o.at("schemaExtensions", 0, "required") != true || o.at("schemaExtensions", 1, "required") != false {
			t.Errorf("resource type: %s", o.body)
		}
		id := with.addThing("one")
		without.define("everything")
		without.do("GET", "/Everything/"+id, nil).must(404)
		if n := without.do("GET", "/Everything", nil).must(200).at("totalResults"); n != 0.0 {
			t.Errorf("another company sees %v resources", n)
		}
	})
}

// RFC 7643 §7: what is published of a schema is what its definition says, every characteristic of it.
func TestOwnTypes_publishedSchema(t *testing.T) {
	eachEverything(t, func(t *testing.T, c tenant) {
		published := c.do("GET", "/Schemas/"+everythingURN, nil).must(200)
		want, err := definition("everything")
		if err != nil {
			t.Fatal(err)
		}
		list, _ := published.at("attributes").([]any)
		for i, a := range want.Schemas[0].Attributes {
			got, _ := list[i].(map[string]any)
			for key, value := range map[string]any{
				"name": a.Name, "type": a.Type, "multiValued": a.MultiValued, "required": a.Required, "mutability": a.Mutability, "returned": a.Returned,
			} {
				if got[key] != value {
					t.Errorf("%s: %s is published as %v, want %v", a.Name, key, got[key], value)
				}
			}
			if subs, _ := got["subAttributes"].([]any); len(subs) != len(a.SubAttributes) {
				t.Errorf("%s: %d sub-attributes are published, want %d", a.Name, len(subs), len(a.SubAttributes))
			}
			if pattern, _ := got["pattern"].(string); pattern != a.Pattern {
				t.Errorf("%s: pattern %q is published, want %q", a.Name, pattern, a.Pattern)
			}
			if a.Type == "string" && (got["uniqueness"] != a.Uniqueness || got["caseExact"] != a.CaseExact) {
				t.Errorf("%s: published as %v", a.Name, got)
			}
		}
	})
}

// RFC 7643 §7 `uniqueness`: on POST, PUT and PATCH, by the form in which the attribute is compared; the error names it.
// A value is free again when it is changed, cleared, or its resource is deleted.
func TestOwnTypes_uniqueness(t *testing.T) {
	eachEverything(t, func(t *testing.T, c tenant) {
		values := map[string]struct{ path, a, same, other string }{
			"text in any case": {"serial", `"Ab1"`, `"aB1"`, `"Ab2"`},
			"a number":         {"number", `7`, `7.0`, `8`},
			"an instant":       {"moment", `"2026-01-31T08:00:00Z"`, `"2026-01-31T09:00:00+01:00"`, `"2026-01-31T08:00:01Z"`},
			"one of several":   {"aliases", `["x", "y"]`, `["z", "y"]`, `["Y"]`},
			"hidden":           {"buried", `"K"`, `"k"`, `"l"`},
			"a sub-attribute":  {"parts", `[{"code": "p1"}, {"code": "p2"}]`, `[{"code": "P2"}]`, `[{"code": "p3"}]`},
			"of an extension":  {mustURN, `{"site": "Lyon", "code": "c"}`, `{"site": "Nice", "code": "C"}`, `{"site": "Nice", "code": "d"}`},
		}
		for name, v := range values {
			body := func(label, value string) string {
				must := `"` + mustURN + `": {"site": "Lyon"}`
				if v.path == mustURN {
					must = `"` + mustURN + `": ` + value
				} else {
					must += `, "` + v.path + `": ` + value
				}
				return fmt.Sprintf(`{"schemas": [%q, %q], "label": %q, %s}`, everythingURN, mustURN, label, must)
			}
			at := map[string]string{"parts": "parts.code", mustURN: mustURN + ":code"}[v.path]
			if at == "" {
				at = v.path
			}
			first := c.do("POST", "/Everything", body("first", v.a)).must(201).text("id")
			c.do("POST", "/Everything", body("second", v.same)).scimError(409, "uniqueness", at)
			second := c.do("POST", "/Everything", body("second", v.other)).must(201).text("id")
			c.do("PUT", "/Everything/"+second, body("second", v.same)).scimError(409, "uniqueness", at)
			change := fmt.Sprintf(`{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{"op": "replace", "path": %q, "value": %s}]}`, v.path, v.same)
			c.do("PATCH", "/Everything/"+second, change).scimError(409, "uniqueness", at)
			c.do("PUT", "/Everything/"+first, body("first", v.a)).must(200) // its own value is no rival
			c.do("DELETE", "/Everything/"+first, nil).must(204)
			c.do("PATCH", "/Everything/"+second, change).must(200)
			c.do("POST", "/Everything", body("third", v.other)).must(201) // let go by the change
			if t.Failed() {
				t.Fatalf("in %s", name)
			}
		}
		holder := c.addThing("holder", object{"serial": "freed"})
		c.do("PATCH", "/Everything/"+holder, patch(object{"op": "remove", "path": "serial"})).must(200)
		c.addThing("next", object{"serial": "freed"})
	})
}

// Of several that claim one value at once, one gets it, whatever the database.
func TestOwnTypes_uniqueUnderContention(t *testing.T) {
	eachEverything(t, func(t *testing.T, c tenant) {
		const rivals = 12
		var wg sync.WaitGroup
		statuses := make([]int, rivals)
		for i := range rivals {
			wg.Go(func() {
				statuses[i] = c.do("POST", "/Everything", everything("rival", object{"serial": "one", "aliases": []string{fmt.Sprint("a", i), "all"}})).status
			})
		}
		wg.Wait()
		won := 0
		for _, status := range statuses {
			switch status {
			case 201:
				won++
			case 409:
			default:
				t.Errorf("status %d, want 201 or 409", status)
			}
		}
		if won != 1 {
			t.Errorf("%d of %d got the value", won, rivals)
		}
	})
}

// RFC 7643 §2.3.7: what points to resources of this server points to some that exist and are of a type that the schema
// names; when they are deleted, the references go (protocol.md 2.2, 21).
func TestOwnTypes_references(t *testing.T) {
	eachEverything(t, func(t *testing.T, c tenant) {
		user, group := c.addUser("ada@example.com"), c.addGroup("team")
		friend := c.addThing("friend")
		for name, bad := range map[string]object{
			"nobody":            {"owner": object{"value": "00000000-0000-7000-8000-000000000000"}},
			"of another type":   {"owner": object{"value": group}},
			"a User's friend":   {"friends": []object{{"value": user}}},
			"a URI of nobody":   {"holder": "Users/00000000-0000-7000-8000-000000000000"},
			"a URI of no type":  {"holder": "Everything/" + friend},
			"another's URI":     {"holder": "https://elsewhere.example/"},
			"not a URI":         {"holder": "a b"},
			"a link, not a URI": {"link": "a b"},
		} {
			a := c.do("POST", "/Everything", everything("x", bad))
			if a.status != 400 || a.text("scimType") != "invalidValue" {
				t.Errorf("%s: %d %s", name, a.status, a.body)
			}
		}
		id := c.addThing("x", object{
			"owner": object{"value": user}, "holder": base + "/Groups/" + group, "link": "https://elsewhere.example/",
			"friends": []object{{"value": friend, "type": "near"}},
		})
		got := c.do("GET", "/Everything/"+id, nil).must(200)
		if ref := got.text("owner", "$ref"); ref != base+"/Users/"+user {
			t.Errorf("owner.$ref %q", ref)
		}
		if ref := got.text("friends", 0, "$ref"); ref != base+"/Everything/"+friend {
			t.Errorf("friends.$ref %q", ref)
		}
		c.do("DELETE", "/Users/"+user, nil).must(204)
		c.do("DELETE", "/Groups/"+group, nil).must(204)
		c.do("DELETE", "/Everything/"+friend, nil).must(204)
		after := c.do("GET", "/Everything/"+id, nil).must(200)
		if strings.Contains(after.body, user) || strings.Contains(after.body, group) || strings.Contains(after.body, friend) {
			t.Errorf("references to what is gone are left: %s", after.body)
		}
		if after.text("link") == "" {
			t.Error("a link elsewhere is gone too")
		}
	})
}

// A Group's members are Users and Groups; and changes of other resources are recorded, but no app hears of them.
func TestOwnTypes_leaveTheRestAlone(t *testing.T) {
	eachEverything(t, func(t *testing.T, c tenant) {
		marks := func() (n int) {
			all, err := c.db.DirtyMarks(context.Background(), 100_000)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range all {
				if m.Company == c.company {
					n++
				}
			}
			return n
		}
		before := marks()
		id := c.addThing("thing", object{"members": []string{"a"}, "userName": 3})
		c.do("PATCH", "/Everything/"+id, patch(op("replace", "label", "other"))).must(200)
		if after := marks(); after != before {
			t.Errorf("%d marks, want the %d from before", after, before)
		}
		o := object{"schemas": []string{groupURN}, "displayName": "team", "members": []object{{"value": id}}}
		c.do("POST", "/Groups", o).scimError(400, "invalidValue", "no User or Group")
		entries, err := c.db.Entries(context.Background(), c.company, audit.Query{ObjectType: "Everything", ObjectID: id, Limit: 10})
		if err != nil || len(entries) != 2 || entries[0].Action != audit.ActionModify || len(entries[0].Changed) != 1 || entries[0].Changed[0] != "label" {
			t.Errorf("audit: %+v, %v", entries, err)
		}
		c.do("GET", "/Everything?filter=members eq \"A\"", nil).must(200)
	})
}

// verdictOnType is what became of a definition.
type verdictOnType struct {
	t   testing.TB
	err error
}

// defineJSON gives a company a definition in JSON.
func (c tenant) defineJSON(text string) verdictOnType {
	c.t.Helper()
	d, err := resources.ParseDefinition([]byte(text))
	if err == nil {
		_, err = c.db.SetDefinition(context.Background(), system, c.company, d, true)
	}
	return verdictOnType{c.t, err}
}

func (o verdictOnType) taken() {
	o.t.Helper()
	if o.err != nil {
		o.t.Fatal(o.err)
	}
}

func (o verdictOnType) refused(says string) {
	o.t.Helper()
	if o.err == nil || !strings.Contains(o.err.Error(), says) {
		o.t.Fatalf("%v, want an error that says %q", o.err, says)
	}
}
