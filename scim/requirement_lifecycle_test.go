package scim_test

import (
	"strings"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
)

func groupOf(name string, members ...string) object {
	list := []object{}
	for _, id := range members {
		list = append(list, object{"value": id})
	}
	return object{"schemas": []string{groupURN}, "displayName": name, "members": list}
}

// A POST answers 201 with the whole new resource and its address (RFC 7644 §3.3).
func TestRequirement14_CreateAnswersWithTheResourceAndItsAddress(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		for endpoint, body := range map[string]object{"/Users": user("anne@societe.example", object{"title": "T"}), "/Groups": groupOf("Bureau")} {
			a := c.do("POST", endpoint, body).must(201)
			want := base + endpoint + "/" + a.text("id")
			if a.text("id") == "" || a.header.Get("Location") != want || a.text("meta", "location") != want {
				t.Errorf("%s: id %q, Location %q, meta.location %q", a.call, a.text("id"), a.header.Get("Location"), a.text("meta", "location"))
			}
			if again := c.do("GET", endpoint+"/"+a.text("id"), nil).must(200); !sameJSON(t, a.body, again.body) {
				t.Errorf("answered\n%s\nstored\n%s", a.body, again.body)
			}
		}
	})
}

// A userName that another User has is 409 uniqueness, whatever its letter case, width and composition, and whichever
// way it comes (RFC 7644 §3.3, §5; RFC 8265).
func TestRequirement15_ATakenUserNameIsAConflict(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		first := c.addUser("Zoé@societe.example")
		second := c.addUser("bruno@societe.example")
		before := c.everything()
		for _, name := range []string{"Zoé@societe.example", "ZOÉ@SOCIETE.EXAMPLE", "Zoe\u0301@societe.example", "ｚｏé@societe.example"} {
			c.do("POST", "/Users", user(name)).scimError(409, "uniqueness", "userName")
			c.do("PUT", "/Users/"+second, user(name)).scimError(409, "uniqueness", "userName")
			c.do("PATCH", "/Users/"+second, patch(op("replace", "userName", name))).scimError(409, "uniqueness", "userName")
			c.do("PATCH", "/Users/"+second, patch(object{"op": "replace", "value": object{"userName": name}})).scimError(409, "uniqueness", "userName")
			if a := c.do("POST", "/Bulk", bulk(operation("PUT", "/Users/"+second, "", user(name)))); a.text("Operations", 0, "status") != "409" {
				t.Errorf("in bulk: %s", a.body)
			}
		}
		if after := c.everything(); after != before {
			t.Errorf("something changed:\n%s", after)
		}
		c.do("PUT", "/Users/"+first, user("ZOÉ@societe.example")).must(200) // its own, spelt otherwise
	})
}

// What a client must not set is not taken from it: nothing fails, and the server's own values stand (RFC 7644 §3.3,
// §3.5.1; RFC 7643 §3.1).
func TestRequirement16_ReadOnlyAttributesAreIgnoredInABody(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		anne := c.addUser("anne@societe.example", object{"displayName": "Anne"})
		forged := object{
			"id": unknownID, "groups": []object{{"value": unknownID, "display": "Admins"}},
			"meta": object{"resourceType": "Robot", "created": "1999-01-01T00:00:00Z", "lastModified": "1999-01-01T00:00:00Z",
				"location": "https://evil.example/1", "version": `W/"999"`},
		}
		made := c.do("POST", "/Users", user("bruno@societe.example", forged)).must(201)
		id := made.text("id")
		put := c.do("PUT", "/Users/"+id, user("bruno@societe.example", forged)).must(200)
		for _, a := range []answer{made, put, c.do("GET", "/Users/"+id, nil)} {
			if a.text("id") != id || id == unknownID || a.at("groups") != nil || strings.Contains(a.body, "1999") ||
				strings.Contains(a.body, "evil") || a.text("meta", "resourceType") != "User" || a.text("meta", "version") == `W/"999"` {
				t.Errorf("%s took what is not the client's: %s", a.call, a.body)
			}
		}
		group := c.do("POST", "/Groups", object{"schemas": []string{groupURN}, "displayName": "G", "id": unknownID, "members": []object{
			{"value": anne, "$ref": "https://evil.example/x", "display": "Somebody else"},
		}}).must(201)
		if group.text("id") == unknownID || group.text("members", 0, "$ref") != base+"/Users/"+anne || group.text("members", 0, "display") != "Anne" {
			t.Errorf("the Group: %s", group.body)
		}
		a := c.do("POST", "/Bulk", bulk(operation("POST", "/Users", "made-up", user("chloe@societe.example", object{"id": "bulkId:made-up"})))).must(200)
		if location := a.text("Operations", 0, "location"); !strings.HasPrefix(location, base+"/Users/") || strings.Contains(location, "made-up") {
			t.Errorf("bulk: %s", a.body)
		}
		if all := c.everything(); strings.Contains(all, "made-up") {
			t.Errorf("a bulkId is in an id: %s", all)
		}
	})
}

// A required attribute that is missing or blank is 400 invalidValue that names it (RFC 7644 §3.12, table 9).
func TestRequirement17_AMissingRequiredAttributeIsInvalidValue(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		userID, groupID := c.addUser("anne@societe.example"), c.addGroup("Bureau")
		for _, value := range []any{nil, "", "  "} {
			c.do("POST", "/Users", user("", object{"userName": value})).scimError(400, "invalidValue", "userName")
			c.do("PUT", "/Users/"+userID, user("", object{"userName": value})).scimError(400, "invalidValue", "userName")
			c.do("POST", "/Groups", object{"schemas": []string{groupURN}, "displayName": value}).scimError(400, "invalidValue", "displayName")
			c.do("PUT", "/Groups/"+groupID, object{"schemas": []string{groupURN}, "displayName": value}).scimError(400, "invalidValue", "displayName")
		}
		c.do("POST", "/Users", object{"schemas": []string{userURN}, "displayName": "Nobody"}).scimError(400, "invalidValue", "userName")
		c.do("POST", "/Groups", object{"schemas": []string{groupURN}}).scimError(400, "invalidValue", "displayName")
		c.do("PUT", "/Groups/"+groupID, object{"schemas": []string{groupURN}}).scimError(400, "invalidValue", "displayName")
		a := c.do("POST", "/Bulk", bulk(operation("POST", "/Users", "b", object{"schemas": []string{userURN}}))).must(200)
		if a.text("Operations", 0, "response", "scimType") != "invalidValue" {
			t.Errorf("bulk: %s", a.body)
		}
	})
}

// The least that the schemas require is enough (RFC 7643 §4.1, §4.2).
func TestRequirement18_TheLeastIsEnough(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		for _, body := range []any{user("anne@societe.example"), `{"userName":"bruno"}`, `{"schemas":[],"userName":"C 3"}`} {
			c.do("POST", "/Users", body).must(201)
		}
		for _, body := range []any{object{"schemas": []string{groupURN}, "displayName": "Bureau"}, `{"displayName":"Atelier"}`, groupOf("Empty"),
			`{"displayName":"Null","members":null}`} {
			a := c.do("POST", "/Groups", body).must(201)
			if a.at("members") != nil {
				t.Errorf("members of nobody: %s", a.body)
			}
		}
	})
}

// PUT replaces: what it leaves out, nulls or empties is gone, what is immutable must match, and nothing is ever created
// (RFC 7644 §3.5.1). A Group's members and a User's active are rows 18 and 19.
func TestRequirement19_PutReplaces(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		rich := object{
			"schemas": []string{userURN, enterpriseURN}, "externalId": "e-1", "displayName": "Anne", "title": "T", "nickName": "N",
			"name":   object{"givenName": "Anne", "familyName": "Roux"},
			"emails": []object{{"value": "anne@societe.example", "type": "work", "primary": true}, {"value": "a@home.example", "type": "home"}},
			"roles":  []object{{"value": "r"}}, enterpriseURN: object{"department": "D", "costCenter": "C"},
		}
		for name, put := range map[string]object{
			"left out": {}, "null": {"displayName": nil, "title": nil, "nickName": nil, "name": nil, "emails": nil, "roles": nil, "externalId": nil, enterpriseURN: nil},
			"emptied": {"emails": []object{}, "roles": []object{}, "name": object{}, enterpriseURN: object{}},
		} {
			id := c.addUser("anne@societe.example", rich)
			a := c.do("PUT", "/Users/"+id, user("anne@societe.example", put)).must(200)
			for _, key := range []string{"displayName", "title", "nickName", "name", "emails", "roles", "externalId", enterpriseURN} {
				if a.at(key) != nil {
					t.Errorf("%s: %s is still there: %s", name, key, a.body)
				}
			}
			if again := c.do("GET", "/Users/"+id, nil).must(200); !sameJSON(t, again.body, a.body) {
				t.Errorf("%s: stored\n%s", name, again.body)
			}
			c.do("DELETE", "/Users/"+id, nil).must(204)
		}
		id := c.addUser("anne@societe.example", rich)
		a := c.do("PUT", "/Users/"+id, user("anne@societe.example", object{"name": object{"givenName": "A"}, "emails": []object{{"value": "x@societe.example"}}})).must(200)
		if a.at("name", "familyName") != nil || a.at("emails", 1) != nil || a.at("emails", 0, "type") != nil {
			t.Errorf("parts of what was replaced are still there: %s", a.body)
		}
		before := c.everything()
		c.do("PUT", "/Users/"+unknownID, user("new@societe.example")).scimError(404, "", unknownID)
		c.do("PUT", "/Groups/"+unknownID, groupOf("New")).scimError(404, "", unknownID)
		c.do("PUT", "/Users/new", user("new@societe.example")).scimError(404, "", "new")
		if after := c.everything(); after != before {
			t.Errorf("PUT created something:\n%s", after)
		}
	})
}

// What a response shows is what is stored, whichever attribute it is and whichever way it came (RFC 7644 §3.5.1).
func TestRequirement20_EverythingEchoedIsPersisted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		boss := c.addUser("boss@societe.example")
		full := object{
			"schemas": []string{userURN, enterpriseURN, "urn:made:up"}, "externalId": "e", "displayName": "D", "nickName": "N", "profileUrl": "https://x.example/p",
			"title": "T", "userType": "U", "preferredLanguage": "fr-FR", "locale": "fr-FR", "timezone": "Europe/Paris", "active": true,
			"name":         object{"formatted": "F", "familyName": "F", "givenName": "G", "middleName": "M", "honorificPrefix": "P", "honorificSuffix": "S"},
			"emails":       []object{{"value": "e@societe.example", "type": "work", "primary": true, "display": "D"}},
			"phoneNumbers": []object{{"value": "+33 1 23 45", "type": "work"}}, "ims": []object{{"value": "i", "type": "xmpp"}},
			"photos":           []object{{"value": "https://x.example/p.png", "type": "photo"}},
			"addresses":        []object{{"streetAddress": "1 rue", "locality": "Brest", "postalCode": "29200", "region": "BZH", "country": "FR", "type": "work", "formatted": "1 rue\nBrest"}},
			"entitlements":     []object{{"value": "e"}},
			"roles":            []object{{"value": "r", "primary": true}},
			"x509Certificates": []object{{"value": "YWJj"}}, "unknownThing": "x",
			enterpriseURN: object{"employeeNumber": "1", "costCenter": "C", "organization": "O", "division": "V", "department": "D", "manager": object{"value": boss}},
		}
		made := c.do("POST", "/Users", user("anne@societe.example", full)).must(201)
		path := "/Users/" + made.text("id")
		for key, want := range full {
			if key != "schemas" && key != "unknownThing" && !sameJSON(t, asJSON(t, lessKey(lessKey(made.at(key), "$ref"), "displayName")), asJSON(t, want)) {
				t.Errorf("%s is %v, sent %v", key, made.at(key), want)
			}
		}
		put := c.do("PUT", path, user("anne@societe.example", full, object{"title": "U"})).must(200)
		patched := c.do("PATCH", path, patch(op("replace", "title", "V"), op("add", "unknownThing2", "x"))) // invalidPath: nothing of it is kept
		patched.scimError(400, "invalidPath", "unknownThing2")
		if again := c.do("GET", path, nil).must(200); !sameJSON(t, again.body, put.body) {
			t.Errorf("answered\n%s\nstored\n%s", put.body, again.body)
		}
		lone := c.do("PATCH", path, patch(op("replace", "title", "V"))).must(200)
		if again := c.do("GET", path, nil).must(200); !sameJSON(t, again.body, lone.body) || again.text("title") != "V" {
			t.Errorf("answered\n%s\nstored\n%s", lone.body, again.body)
		}
	})
}

// lessKey is a decoded value less one key, at any depth.
func lessKey(v any, key string) any {
	switch v := v.(type) {
	case map[string]any:
		out := object{}
		for k, inner := range v {
			if k != key {
				out[k] = lessKey(inner, key)
			}
		}
		return out
	case []any:
		out := []any{}
		for _, inner := range v {
			out = append(out, lessKey(inner, key))
		}
		return out
	}
	return v
}
