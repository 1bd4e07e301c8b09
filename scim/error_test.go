package scim_test

import (
	"fmt"
	"strings"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
)

// bad is a request that must be refused with a SCIM error that names the fault.
type bad struct {
	name     string
	method   string
	path     string // {user} and {group} are ids that exist
	body     any
	headers  []string
	status   int
	scimType string
	mentions string
}

const unknownID = "01890000-0000-7000-8000-000000000000"

func badRequests() []bad {
	const create, modify, list = "/Users", "/Users/{user}", "/Users?filter="
	pad := func(n int, s string) string { return strings.Repeat(s, n) }
	return []bad{
		// RFC 7644 §3.3, §3.5.1: bodies
		{"POST no body", "POST", create, "", nil, 400, "invalidSyntax", "JSON"},
		{"POST malformed JSON", "POST", create, `{"userName": "x"`, nil, 400, "invalidSyntax", "JSON"},
		{"POST an array", "POST", create, `[]`, nil, 400, "invalidSyntax", "object"},
		{"POST null", "POST", create, `null`, nil, 400, "invalidSyntax", "object"},
		{"POST two objects", "POST", create, `{"userName":"a@b.example"}{}`, nil, 400, "invalidSyntax", "byte"},
		{"POST a key twice (Q07)", "POST", create, `{"userName":"a","userName":"b"}`, nil, 400, "invalidSyntax", "userName"},
		{"POST not UTF-8", "POST", create, []byte("{\"userName\":\"caf\xe9\"}"), nil, 400, "invalidSyntax", "UTF-8"},
		{"POST a NUL character", "POST", create, `{"schemas":["` + userURN + `"],"userName":"a\u0000b"}`, nil, 400, "invalidSyntax", "userName"},
		{"POST too deep", "POST", create, pad(200, `{"name":`) + "1" + pad(200, "}"), nil, 400, "invalidSyntax", "deep"},
		{"POST too large", "POST", create, `{"userName":"` + pad(1<<20, "x") + `"}`, nil, 413, "", "1048576"},
		{"POST wrong schemas", "POST", create, object{"schemas": []string{groupURN}, "userName": "a@b.example"}, nil, 400, "invalidSyntax", "schemas"},
		{"POST without userName", "POST", create, object{"schemas": []string{userURN}}, nil, 400, "invalidValue", "userName"},
		{"POST an empty userName", "POST", create, user(""), nil, 400, "invalidValue", "userName"},
		{"POST a number as userName", "POST", create, object{"schemas": []string{userURN}, "userName": 7}, nil, 400, "invalidValue", "userName"},
		{"POST a text that is no boolean", "POST", create, user("a@b.example", object{"active": "perhaps"}), nil, 400, "invalidValue", "active"},
		{"POST a text as complex", "POST", create, user("a@b.example", object{"name": "Alice"}), nil, 400, "invalidValue", "name"},
		{"POST a userName that is taken", "POST", create, user("PRESENT@societe.example"), nil, 409, "uniqueness", "userName"},
		{"POST a Group without displayName", "POST", "/Groups", object{"schemas": []string{groupURN}}, nil, 400, "invalidValue", "displayName"},
		{"POST a Group with an unknown member", "POST", "/Groups", object{"schemas": []string{groupURN}, "displayName": "g", "members": []object{{"value": unknownID}}}, nil, 400, "invalidValue", unknownID},
		{"POST a Group whose name is taken", "POST", "/Groups", object{"schemas": []string{groupURN}, "displayName": "Present"}, nil, 409, "uniqueness", "displayName"},
		{"PUT malformed JSON", "PUT", modify, `{`, nil, 400, "invalidSyntax", "JSON"},
		{"PUT without userName", "PUT", modify, object{"schemas": []string{userURN}}, nil, 400, "invalidValue", "userName"},
		{"PUT creates nothing", "PUT", "/Users/" + unknownID, user("a@b.example"), nil, 404, "", unknownID},

		// RFC 7644 §3.5.2: PATCH
		{"PATCH without Operations", "PATCH", modify, object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}}, nil, 400, "invalidSyntax", "Operations"},
		{"PATCH with none", "PATCH", modify, patch(), nil, 400, "invalidSyntax", "Operations"},
		{"PATCH with an object of Operations", "PATCH", modify, `{"Operations":{"op":"add"}}`, nil, 400, "invalidSyntax", "Operations"},
		{"PATCH with another schema", "PATCH", modify, object{"schemas": []string{userURN}, "Operations": []object{op("add", "title", "x")}}, nil, 400, "invalidSyntax", "PatchOp"},
		{"PATCH an unknown op", "PATCH", modify, patch(op("increase", "title", "x")), nil, 400, "invalidSyntax", "increase"},
		{"PATCH op missing", "PATCH", modify, patch(object{"path": "title", "value": "x"}), nil, 400, "invalidSyntax", "op"},
		{"PATCH a key in two spellings", "PATCH", modify, `{"Operations":[{"op":"add","Op":"remove","path":"title"}]}`, nil, 400, "invalidSyntax", "twice"},
		{"PATCH add without value", "PATCH", modify, patch(object{"op": "add", "path": "title"}), nil, 400, "invalidValue", "value"},
		{"PATCH remove without path", "PATCH", modify, patch(object{"op": "remove"}), nil, 400, "noTarget", "path"},
		{"PATCH a path that is a number", "PATCH", modify, patch(object{"op": "add", "path": 3, "value": "x"}), nil, 400, "invalidPath", "path"},
		{"PATCH a malformed path", "PATCH", modify, patch(op("replace", "emails[type eq", "x")), nil, 400, "invalidPath", "emails[type eq"},
		{"PATCH an unknown attribute", "PATCH", modify, patch(op("replace", "shoeSize", 44)), nil, 400, "invalidPath", "shoeSize"},
		{"PATCH an unknown sub-attribute", "PATCH", modify, patch(op("replace", "name.nick", "x")), nil, 400, "invalidPath", "nick"},
		{"PATCH a text without path", "PATCH", modify, patch(object{"op": "replace", "value": "x"}), nil, 400, "invalidValue", "object"},
		{"PATCH a broken value path as a key (Q30)", "PATCH", modify, patch(object{"op": "replace", "value": object{"title": "x", `emails[type eq "work"`: "y@z.example"}}), nil, 400, "invalidPath", "emails"},
		{"PATCH an empty key", "PATCH", modify, patch(object{"op": "replace", "value": object{"title": "x", "": "y"}}), nil, 400, "invalidPath", "path"},
		{"PATCH id", "PATCH", modify, patch(op("replace", "id", "x")), nil, 400, "mutability", "id"},
		{"PATCH meta", "PATCH", modify, patch(op("replace", "meta.version", "x")), nil, 400, "mutability", "meta"},
		{"PATCH remove userName", "PATCH", modify, patch(object{"op": "remove", "path": "userName"}), nil, 400, "mutability", "userName"},
		{"PATCH a filter that creates nothing", "PATCH", modify, patch(op("replace", `emails[type ne "work"].value`, "x@y.example")), nil, 400, "noTarget", "emails"},
		{"PATCH takes none when one is wrong", "PATCH", modify, patch(op("replace", "title", "changed"), op("replace", "active", "perhaps")), nil, 400, "invalidValue", "active"},
		{"PATCH a userName that is taken", "PATCH", modify, patch(op("replace", "userName", "Other@societe.example")), nil, 409, "uniqueness", "userName"},
		{"PATCH over 1000 operations (Q42)", "PATCH", modify, patch(many(1001)...), nil, 413, "", "1000"},
		{"PATCH a very long path", "PATCH", modify, patch(op("replace", pad(100<<10, "a"), "x")), nil, 400, "invalidPath", "path"},
		{"PATCH a deep path", "PATCH", modify, patch(op("replace", "emails["+pad(100, "(")+`type eq "x"`+pad(100, ")")+"]", "x")), nil, 400, "invalidPath", "path"},
		{"PATCH an unknown member", "PATCH", "/Groups/{group}", patch(op("add", "members", []object{{"value": unknownID}})), nil, 400, "invalidValue", unknownID},
		{"PATCH a member that is a number", "PATCH", "/Groups/{group}", patch(op("add", "members", []any{7})), nil, 400, "invalidValue", "members"},
		{"PATCH an unknown id", "PATCH", "/Users/" + unknownID, patch(op("replace", "title", "x")), nil, 404, "", unknownID},

		// RFC 7644 §3.6 and §3.4.1: ids
		{"GET an unknown id", "GET", "/Users/" + unknownID, nil, nil, 404, "", unknownID},
		{"GET a very long id", "GET", "/Users/" + pad(9000, "x"), nil, nil, 404, "", "xxx…"},
		{"PUT to a very long id", "PUT", "/Users/" + pad(3000, "é"), user("a@b.example"), nil, 404, "", "éé…"},
		{"PATCH of a very long id", "PATCH", "/Groups/" + pad(9000, "x"), patch(op("replace", "displayName", "x")), nil, 404, "", "xxx…"},
		{"DELETE of a very long id", "DELETE", "/Users/" + pad(9000, "x"), nil, []string{"If-Match", "*"}, 404, "", "xxx…"},
		{"DELETE of a very long id in some version", "DELETE", "/Users/" + pad(9000, "x"), nil, []string{"If-None-Match", `W/"1"`}, 404, "", "xxx…"},
		{"GET an id that is no UUID", "GET", "/Users/1", nil, nil, 404, "", `"1"`},
		{"GET an id with a NUL", "GET", "/Users/a%00b", nil, nil, 404, "", "User"},
		{"GET an id that is not UTF-8", "GET", "/Users/%ff", nil, nil, 404, "", "User"},
		{"GET an id with quotes", "GET", "/Users/'%22;--", nil, nil, 404, "", "User"},
		{"GET a very long id", "GET", "/Users/" + pad(10<<10, "a"), nil, nil, 404, "", "User"},
		{"GET a User as a Group", "GET", "/Groups/{user}", nil, nil, 404, "", "Group"},
		{"DELETE an unknown id", "DELETE", "/Users/" + unknownID, nil, nil, 404, "", unknownID},
		{"an unknown path", "GET", "/Devices", nil, nil, 404, "", "Devices"},
		{"a path behind a resource", "GET", "/Users/{user}/emails", nil, nil, 404, "", "emails"},

		// RFC 7644 §3.4.2: queries
		{"an empty filter (Q24)", "GET", list, nil, nil, 400, "invalidFilter", "filter"},
		{"a malformed filter", "GET", list + `userName eq`, nil, nil, 400, "invalidFilter", "character"},
		{"a bare attribute", "GET", list + `userName`, nil, nil, 400, "invalidFilter", "character"},
		{"an unknown operator", "GET", list + `userName is "x"`, nil, nil, 400, "invalidFilter", "is"},
		{"an unquoted value (Q20)", "GET", list + `userName eq jyoung`, nil, nil, 400, "invalidFilter", "jyoung"},
		{"an unknown attribute", "GET", list + `shoeSize eq 44`, nil, nil, 400, "invalidFilter", "shoeSize"},
		{"gt on a boolean", "GET", list + `active gt true`, nil, nil, 400, "invalidFilter", "active"},
		{"unbalanced parentheses", "GET", list + `(userName pr`, nil, nil, 400, "invalidFilter", "character"},
		{"a deep filter", "GET", list + pad(100, "(") + "userName pr" + pad(100, ")"), nil, nil, 400, "invalidFilter", "deep"},
		{"a 100 kB filter", "GET", list + pad(4000, `userName eq "x" or `) + "userName pr", nil, nil, 400, "invalidFilter", "8 KiB"},
		{"a filter with a NUL", "GET", list + `userName eq "a%00b"`, nil, nil, 400, "invalidValue", "NUL"},
		{"a filter that is not UTF-8", "GET", list + `userName eq "%ff"`, nil, nil, 400, "invalidValue", "UTF-8"},
		{"a filter encoded twice (Q03)", "GET", list + `userName%20eq%20%2522x%2522`, nil, nil, 400, "invalidFilter", "character"},
		{"a filter that cannot be decoded", "GET", list + `userName eq "%zz"`, nil, nil, 400, "invalidValue", "query"},
		{"a filter with a bare semicolon", "GET", list + `userName eq "a;b"`, nil, nil, 400, "invalidValue", "query"},
		{"a filter given twice", "GET", list + `userName pr&filter=title pr`, nil, nil, 400, "invalidValue", "filter"},
		{"startIndex is no number", "GET", "/Users?startIndex=first", nil, nil, 400, "invalidValue", "startIndex"},
		{"count is no number", "GET", "/Users?count=1.5", nil, nil, 400, "invalidValue", "count"},
		{"too many attributes", "GET", "/Users?attributes=" + pad(1001, "x,"), nil, nil, 400, "invalidValue", "1000"},
		{"attributes and excludedAttributes", "GET", "/Users?attributes=id&excludedAttributes=name", nil, nil, 400, "invalidValue", "excludedAttributes"},
		{"attributes that is a filter", "GET", "/Users?attributes=(x", nil, nil, 400, "invalidValue", "attributes"},

		// RFC 7644 §3.1, §3.8, §3.12; RFC 9110: the envelope
		{"a wrong Content-Type", "POST", create, `{}`, []string{"Content-Type", "text/xml"}, 415, "", "text/xml"},
		{"a malformed Content-Type", "POST", create, `{}`, []string{"Content-Type", ";;"}, 415, "", "Content-Type"},
		{"another charset", "POST", create, `{}`, []string{"Content-Type", "application/json; charset=latin1"}, 415, "", "latin1"},
		{"a compressed body", "POST", create, `{}`, []string{"Content-Encoding", "gzip"}, 415, "", "gzip"},
		{"an Accept without JSON", "GET", create, nil, []string{"Accept", "text/html"}, 406, "", "text/html"},
		{"DELETE on a list", "DELETE", create, nil, nil, 405, "", "DELETE"},
		{"POST on a resource", "POST", modify, `{}`, nil, 405, "", "POST"},
		{"PATCH on discovery", "PATCH", "/Schemas", `{}`, nil, 405, "", "PATCH"},
		{"a method that does not exist", "BREW", create, nil, nil, 405, "", "BREW"},
		{"a filter on Schemas", "GET", "/Schemas?filter=id pr", nil, nil, 403, "", "filter"},
		{"a filter on ResourceTypes", "GET", "/ResourceTypes?filter=id pr", nil, nil, 403, "", "filter"},
		{"an unknown schema", "GET", "/Schemas/urn:x:y", nil, nil, 404, "", "urn:x:y"},
		{"an unknown resource type", "GET", "/ResourceTypes/Device", nil, nil, 404, "", "Device"},

		// RFC 7644 §3.7: bulk requests of which nothing is processed; for those with faulty operations see bulk_test.go
		{"bulk of nothing", "POST", "/Bulk", `{}`, nil, 400, "invalidSyntax", "Operations"},
		{"bulk of no operations", "POST", "/Bulk", bulk(), nil, 400, "invalidSyntax", "Operations"},
		{"bulk with an object of operations", "POST", "/Bulk", object{"Operations": operation("DELETE", modify, "", nil)}, nil, 400, "invalidSyntax", "Operations"},
		{"bulk with another schema", "POST", "/Bulk", object{"schemas": []string{userURN}, "Operations": []object{operation("POST", create, "u", user("new@societe.example"))}}, nil, 400, "invalidSyntax", "BulkRequest"},
		{"bulk malformed JSON", "POST", "/Bulk", `{"Operations":[{"method":"POST","path":"/Users","bulkId":"u","data":{"userName":"new@societe.example"}}`, nil, 400, "invalidSyntax", "JSON"},
		{"bulk with Operations twice", "POST", "/Bulk", `{"Operations":[],"operations":[{"method":"POST","path":"/Users","bulkId":"u","data":{"userName":"n@b.example"}}]}`, nil, 400, "invalidSyntax", "twice"},
		{"bulk with a failOnErrors that is a text", "POST", "/Bulk", failOn("1"), nil, 400, "invalidSyntax", "failOnErrors"},
		{"bulk with a negative failOnErrors", "POST", "/Bulk", failOn(-1), nil, 400, "invalidSyntax", "failOnErrors"},
		{"bulk with half a failOnErrors", "POST", "/Bulk", failOn(1.5), nil, 400, "invalidSyntax", "failOnErrors"},
		{"bulk over maxOperations", "POST", "/Bulk", overBulk(), nil, 413, "", "maxOperations is 1000"},
		{"bulk over maxPayloadSize", "POST", "/Bulk", bulk(operation("POST", create, "u", user("new@societe.example", object{"title": pad(1<<20, "x")}))), nil, 413, "", "maxPayloadSize, 1048576"},
		{"bulk as a form", "POST", "/Bulk", bulk(operation("POST", create, "u", user("new@societe.example"))), []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "", "x-www-form-urlencoded"},
		{"GET of bulk", "GET", "/Bulk", nil, nil, 405, "", "GET"},

		{"me", "GET", "/Me", nil, nil, 501, "", "connection set --me"},
		{"a stale version (§3.14)", "PUT", modify, user("a@b.example"), []string{"If-Match", `W/"99"`}, 412, "", "version"},
		{"a version that is not ours", "DELETE", modify, nil, []string{"If-Match", `"abc"`}, 412, "", "version"},
		{"a version that must not be", "PATCH", modify, patch(op("replace", "title", "x")), []string{"If-None-Match", "*"}, 412, "", "version"},
	}
}

// failOn is a bulk request that would create a User, were its failOnErrors a number.
func failOn(errors any) object {
	o := bulk(operation("POST", "/Users", "u", user("new@societe.example")))
	o["failOnErrors"] = errors
	return o
}

func overBulk() object {
	ops := make([]object, 1001)
	for i := range ops {
		ops[i] = operation("POST", "/Users", fmt.Sprint(i), user(fmt.Sprintf("new%d@societe.example", i)))
	}
	return bulk(ops...)
}

func many(n int) []object {
	ops := make([]object, n)
	for i := range ops {
		ops[i] = op("replace", "title", fmt.Sprint(i))
	}
	return ops
}

// Bad data is a 4xx that names the fault (clients.md section 7), and changes nothing.
func TestBadInputIsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		userID := c.addUser("present@societe.example", object{"title": "before", "emails": []object{{"value": "p@societe.example", "type": "work"}}})
		c.addUser("other@societe.example")
		groupID := c.addGroup("Present", userID)
		before := c.everything()
		for _, b := range badRequests() {
			t.Run(b.name, func(t *testing.T) {
				c := tenant{c.on(t), c.company, c.connection, c.token}
				path := strings.NewReplacer("{user}", userID, "{group}", groupID).Replace(b.path)
				c.do(b.method, path, b.body, b.headers...).scimError(b.status, b.scimType, b.mentions)
				if after := c.everything(); after != before {
					t.Errorf("something changed:\n%s\nbefore:\n%s", after, before)
				}
			})
		}
	})
}

// A 405 says what is possible (RFC 9110 §15.5.6).
func TestRFC9110AllowListsTheMethods(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		for path, want := range map[string]string{
			"/Users": "GET, HEAD, POST", "/Users/x": "DELETE, GET, HEAD, PATCH, PUT", "/Schemas": "GET, HEAD",
			"/ServiceProviderConfig": "GET, HEAD", "/Users/.search": "POST", "/Bulk": "POST",
		} {
			if got := c.do("OPTIONS", path, nil).must(405).header.Get("Allow"); got != want {
				t.Errorf("%s: Allow %q, want %q", path, got, want)
			}
		}
	})
}
