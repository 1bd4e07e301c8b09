package scim_test

import (
	"net/url"
	"strings"
	"testing"
)

// The tests TestInterop_… are what draft-zollner-scim-interop-profile asks of a service provider (protocol.md 1.6), under
// the switch interop.

func (w *world) interop(name string) tenant {
	w.t.Helper()
	return w.tenant(name, "").turn("interop", "on")
}

func TestInterop_TheProfileIsAnnounced(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		plain := c.do("GET", "/ServiceProviderConfig", nil).must(200)
		if _, there := plain.json()["interopProfileConformant"]; there {
			t.Error("a connection that is not held to the profile is told that it is")
		}
		for _, name := range []string{"interop", "ipsie"} {
			a := c.turn("interop", "off", "ipsie", "off", name, "on").do("GET", "/ServiceProviderConfig", nil).must(200)
			if a.at("interopProfileConformant") != true || a.at("patch", "supported") != true || a.header.Get("ETag") == plain.header.Get("ETag") {
				t.Errorf("%s: %s", name, a.body)
			}
		}
	})
}

func TestInterop_Discovery(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.interop(t.Name())
		schemas := map[string]bool{}
		list, _ := c.do("GET", "/Schemas", nil).must(200).at("Resources").([]any)
		for _, s := range list {
			urn := s.(map[string]any)["id"].(string)
			schemas[urn] = true
			c.do("GET", "/Schemas/"+urn, nil).must(200)
		}
		types, _ := c.do("GET", "/ResourceTypes", nil).must(200).at("Resources").([]any)
		for _, rt := range types {
			rt := rt.(map[string]any)
			if rt["id"] != rt["name"] || !schemas[rt["schema"].(string)] {
				t.Errorf("resource type %v", rt)
			}
			extensions, _ := rt["schemaExtensions"].([]any)
			for _, e := range extensions {
				if urn := e.(map[string]any)["schema"].(string); !schemas[urn] {
					t.Errorf("the schema %s is not listed", urn)
				}
			}
		}
	})
}

func TestInterop_Characteristics(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.interop(t.Name())
		id := c.addUser("Case@societe.example", object{"externalId": "Ex"})
		c.wantFound(t, map[string]float64{
			`userName eq "CASE@societe.example"`: 1, `externalId eq "EX"`: 0, `externalId eq "Ex"`: 1, `id eq "` + strings.ToUpper(id) + `x"`: 0,
			`userName eq "case@societe.example" and externalId eq "Ex"`: 1,
		})
		c.do("POST", "/Users", user("CASE@societe.example")).scimError(409, "uniqueness", "userName")
		if got := attributeOf(c, userURN, "userName")["caseExact"]; got != false {
			t.Errorf("userName.caseExact is %v", got)
		}
	})
}

// attributeOf is what /Schemas says of an attribute.
func attributeOf(c tenant, urn, name string) map[string]any {
	list, _ := c.do("GET", "/Schemas/"+urn, nil).must(200).at("attributes").([]any)
	for _, a := range list {
		if a := a.(map[string]any); a["name"] == name {
			return a
		}
	}
	return nil
}

func TestInterop_EveryTypeHasCanonicalValues(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.interop(t.Name())
		seen := 0
		for _, urn := range []string{userURN, groupURN} {
			list, _ := c.do("GET", "/Schemas/"+urn, nil).must(200).at("attributes").([]any)
			for _, a := range list {
				subs, _ := a.(map[string]any)["subAttributes"].([]any)
				for _, s := range subs {
					if s := s.(map[string]any); s["name"] == "type" {
						seen++
						if values, _ := s["canonicalValues"].([]any); len(values) == 0 {
							t.Errorf("%s of %s has a type without canonicalValues", a.(map[string]any)["name"], urn)
						}
					}
				}
			}
		}
		if seen < 10 {
			t.Errorf("only %d attributes with a type were seen", seen)
		}
	})
}

func TestInterop_WhatIsUnknownIsInvalidSyntax(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.interop(t.Name())
		for name, body := range map[string]object{
			"attribute": {"shoeSize": 44}, "sub-attribute": {"name": object{"nick": "N"}}, "of an extension": {enterpriseURN: object{"shoe": 1}},
			"extension": {"urn:made:up:1.0:User": object{"a": 1}}, "schema": {"schemas": []string{userURN, "urn:made:up:1.0:User"}},
			"of a value": {"emails": []object{{"value": "a@societe.example", "colour": "red"}}}, "alias": {"roles": []object{{"value": "r", "displayName": "R"}}},
			"of an extension, without its URN": {"department": "D"},
		} {
			c.do("POST", "/Users", user("interop@societe.example", body)).scimError(400, "invalidSyntax", "")
			if c.finds(`userName eq "interop@societe.example"`) != 0.0 {
				t.Fatalf("%s: the User was made all the same", name)
			}
		}
		id := c.addUser("interop@societe.example")
		c.do("PUT", "/Users/"+id, user("interop@societe.example", object{"shoeSize": 44})).scimError(400, "invalidSyntax", "shoeSize")
		c.do("PUT", "/Users/"+id, user("interop@societe.example", object{"id": id, "meta": object{"version": "x"}, "groups": []any{}})).must(200)
	})
}

func TestInterop_AddressesAndMediaType(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.interop(t.Name())
		a := c.do("POST", "/Users", user("interop@societe.example")).must(201)
		if a.text("meta", "location") != base+"/Users/"+a.text("id") || a.header.Get("Content-Type") != "application/scim+json;charset=utf-8" {
			t.Errorf("%v %s", a.header, a.body)
		}
	})
}

func TestInterop_FilterOnAnUndefinedAttribute(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.interop(t.Name())
		for _, filter := range []string{`shoeSize eq "44"`, `name.nick eq "x"`, `urn:made:up:a eq "x"`, `emails[colour eq "red"]`, `department eq "x"`} {
			c.do("GET", "/Users?filter="+url.QueryEscape(filter), nil).scimError(400, "invalidFilter", "")
		}
	})
}

func TestInterop_PagesOfAHundredAndMore(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.interop(t.Name())
		var ops []object
		for i := range 120 {
			ops = append(ops, operation("POST", "/Users", "b"+itoa(i), user("page-"+itoa(i)+"@societe.example")))
		}
		c.do("POST", "/Bulk", bulk(ops...)).must(200)
		for query, want := range map[string]float64{"": 100, "?count=110": 110, "?startIndex=101": 20} {
			if got := c.do("GET", "/Users"+query, nil).must(200).at("itemsPerPage"); got != want {
				t.Errorf("%s: %v on the page, want %v", query, got, want)
			}
		}
	})
}

func TestInterop_PatchNeedsAPath(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.interop(t.Name())
		path := "/Users/" + c.addUser("interop@societe.example")
		for _, o := range []object{
			{"op": "add", "value": object{"title": "T"}}, {"op": "replace", "path": "", "value": object{"title": "T"}}, {"op": "remove"},
			{"op": "replace", "path": nil, "value": object{"title": "T"}},
		} {
			c.do("PATCH", path, patch(o)).scimError(400, "invalidSyntax", "path")
		}
	})
}

func TestInterop_AddAndReplaceOfOneValueAreTheSame(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.interop(t.Name())
		for _, kind := range []string{"add", "replace"} {
			for _, has := range []object{nil, {"title": "before"}} {
				if a := c.patched(has, op(kind, "title", "after")).must(200); a.text("title") != "after" {
					t.Errorf("%s on %v: %s", kind, has, a.body)
				}
			}
		}
	})
}

func TestInterop_ReplaceOfAComplexAttributeReplacesIt(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.interop(t.Name())
		has := object{"name": object{"givenName": "G", "familyName": "F"}}
		if a := c.patched(has, op("replace", "name", object{"givenName": "H"})).must(200); asJSON(t, a.at("name")) != `{"givenName":"H"}` {
			t.Errorf("replace: %v", a.at("name"))
		}
		if a := c.patched(has, op("add", "name", object{"givenName": "H"})).must(200); asJSON(t, a.at("name")) != `{"familyName":"F","givenName":"H"}` {
			t.Errorf("add: %v", a.at("name"))
		}
		if a := c.patched(has, op("replace", "name.givenName", "H")).must(200); asJSON(t, a.at("name")) != `{"familyName":"F","givenName":"H"}` {
			t.Errorf("replace of a sub-attribute: %v", a.at("name"))
		}
	})
}

func TestInterop_ReplaceAndAddOfSeveralValues(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.interop(t.Name())
		has := object{"phoneNumbers": []object{{"value": "1", "type": "work"}, {"value": "2", "type": "home"}}}
		for kind, want := range map[string]int{"replace": 1, "add": 3} {
			a := c.patched(has, op(kind, "phoneNumbers", []object{{"value": "3", "type": "mobile"}})).must(200)
			if list, _ := a.at("phoneNumbers").([]any); len(list) != want {
				t.Errorf("%s: %v", kind, list)
			}
		}
	})
}

func TestInterop_AValuePathNamesASubAttribute(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.interop(t.Name())
		has := object{"emails": []object{{"value": "a@societe.example", "type": "work"}}}
		for _, o := range []object{
			op("replace", `emails[type eq "work"]`, object{"value": "b@societe.example"}), op("add", `emails[type eq "work"]`, object{"value": "b@societe.example"}),
			{"op": "remove", "path": `emails[type eq "work"]`},
		} {
			c.patched(has, o).scimError(400, "invalidPath", "sub-attribute")
		}
		if a := c.patched(has, op("replace", `emails[type eq "work"].value`, "b@societe.example")).must(200); a.text("emails", 0, "value") != "b@societe.example" {
			t.Errorf("with a sub-attribute: %s", a.body)
		}
		u := c.addUser("member@societe.example")
		group := c.addGroup("Interop", u)
		c.do("PATCH", "/Groups/"+group, patch(object{"op": "remove", "path": `members[value eq "` + u + `"]`})).must(200)
		if got := c.members(group); len(got) != 0 {
			t.Errorf("members: %v", got)
		}
	})
}

func TestInterop_AFilterFitsOneValue(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.interop(t.Name())
		has := object{"phoneNumbers": []object{{"value": "1", "type": "work"}, {"value": "2", "type": "work"}, {"value": "3", "type": "home"}}}
		for _, kind := range []string{"add", "replace", "remove"} {
			c.patched(has, op(kind, `phoneNumbers[type eq "work"].display`, "D")).scimError(400, "invalidFilter", "2 values")
			c.patched(has, op(kind, `phoneNumbers[type eq "home"].display`, "D")).must(200)
		}
	})
}

func TestInterop_DeleteDeletes(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.interop(t.Name())
		id := c.addUser("interop@societe.example")
		c.do("DELETE", "/Users/"+id, nil).must(204)
		c.do("GET", "/Users/"+id, nil).must(404)
		c.wantFound(t, map[string]float64{`userName eq "interop@societe.example"`: 0})
		if c.addUser("interop@societe.example") == id {
			t.Error("the id is used again")
		}
	})
}

func TestInterop_PatchDeletesNobody(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.interop(t.Name())
		id := c.addUser("interop@societe.example")
		c.do("PATCH", "/Users/"+id, patch(op("replace", "active", false))).must(200)
		if a := c.do("GET", "/Users/"+id, nil).must(200); a.at("active") != false {
			t.Errorf("inactive: %s", a.body)
		}
	})
}
