package scim_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
)

// patchCase is one PATCH of a User of its own that has given attributes, and what it must come to.
type patchCase struct {
	name     string
	has      object   // attributes of the User before
	ops      []object // or body
	body     string
	status   int    // 0: 200
	scimType string // of an error, after which nothing has changed
	want     object // attributes afterwards; nil: absent
	same     bool   // neither version nor lastModified is another
}

// run makes the PATCH of each case. What the answer shows is what is stored, and it is a new version exactly when
// something is other than it was.
func (c tenant) runPatches(t *testing.T, cases []patchCase) {
	t.Helper()
	for i, p := range cases {
		path := "/Users/" + c.addUser(fmt.Sprintf("patched%d@societe.example", i), p.has)
		before := c.do("GET", path, nil).must(200)
		var body any = p.body
		if p.body == "" {
			body = patch(p.ops...)
		}
		a := c.do("PATCH", path, body)
		after := c.do("GET", path, nil).must(200)
		switch {
		case p.status >= 400:
			if a.status != p.status || a.text("scimType") != p.scimType {
				t.Errorf("%s: %d %s, want %d %s: %s", p.name, a.status, a.text("scimType"), p.status, p.scimType, a.body)
			}
			if after.body != before.body {
				t.Errorf("%s: refused, but it left\n%s\nof\n%s", p.name, after.body, before.body)
			}
			continue
		case a.status != 200:
			t.Errorf("%s: status %d: %s", p.name, a.status, a.body)
			continue
		case !sameJSON(t, a.body, after.body):
			t.Errorf("%s: answered\n%s\nstored\n%s", p.name, a.body, after.body)
		}
		for name, want := range p.want {
			if got := after.at(name); !reflect.DeepEqual(got, plain(want)) {
				t.Errorf("%s: %s is %v, want %v", p.name, name, got, want)
			}
		}
		if isSame := after.text("meta", "version") == before.text("meta", "version"); isSame != p.same {
			t.Errorf("%s: version %s after %s", p.name, after.text("meta", "version"), before.text("meta", "version"))
		}
		if p.same && after.body != before.body {
			t.Errorf("%s: the same version of\n%s\nas of\n%s", p.name, after.body, before.body)
		}
	}
}

// plain is a value as it comes back from JSON.
func plain(v any) any {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	var back any
	if err := json.Unmarshal(data, &back); err != nil {
		panic(err)
	}
	return back
}

// RFC 7644 §3.5.2: a PATCH is a PatchOp with at least one operation, each with exactly one op, in any letter case.
func TestRequirement26_AMessageOfOperations(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const schemas = `"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]`
		newWorld(t, d).tenant("Société", "").runPatches(t, []patchCase{
			{name: "lower case", ops: []object{op("add", "title", "T")}, want: object{"title": "T"}},
			{name: "Entra's capitals", ops: []object{op("Add", "title", "T"), op("Replace", "nickName", "N")}, want: object{"title": "T", "nickName": "N"}},
			{name: "all capitals", has: object{"title": "T"}, ops: []object{op("REMOVE", "title", nil)}, want: object{"title": nil}},
			{name: "no Operations", body: `{` + schemas + `}`, status: 400, scimType: "invalidSyntax"},
			{name: "empty Operations", body: `{` + schemas + `,"Operations":[]}`, status: 400, scimType: "invalidSyntax"},
			{name: "Operations that are none", body: `{` + schemas + `,"Operations":[7]}`, status: 400, scimType: "invalidSyntax"},
			{name: "another message", body: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{"op":"add","path":"title","value":"T"}]}`, status: 400, scimType: "invalidSyntax"},
			{name: "no op", body: `{` + schemas + `,"Operations":[{"path":"title","value":"T"}]}`, status: 400, scimType: "invalidSyntax"},
			{name: "two ops", body: `{` + schemas + `,"Operations":[{"op":"add","Op":"remove","path":"title","value":"T"}]}`, status: 400, scimType: "invalidSyntax"},
			{name: "an op that is none", ops: []object{op("merge", "title", "T")}, status: 400, scimType: "invalidSyntax"},
			{name: "an op that is no text", body: `{` + schemas + `,"Operations":[{"op":["add"],"path":"title","value":"T"}]}`, status: 400, scimType: "invalidSyntax"},
		})
	})
}

// RFC 7644 §3.5.2: operations are made in order, each on what the one before left, and all of them or none.
func TestRequirement27_AtomicAndInOrder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		c.addUser("taken@societe.example")
		good := op("replace", "title", "changed")
		c.runPatches(t, []patchCase{
			{name: "the last of two counts", ops: []object{op("replace", "title", "1"), op("replace", "title", "2")}, want: object{"title": "2"}},
			{name: "add what the one before removed", has: object{"title": "T"}, ops: []object{op("remove", "title", nil), op("add", "title", "T2")}, want: object{"title": "T2"}},
			{name: "a value path finds what the one before added", ops: []object{
				op("add", "emails", []object{{"value": "a@x.example", "type": "work"}}), op("replace", `emails[type eq "work"].value`, "b@x.example"),
			}, want: object{"emails": []object{{"value": "b@x.example", "type": "work"}}}},
			{name: "there and back again", has: object{"title": "T"}, ops: []object{op("remove", "title", nil), op("add", "title", "T")}, want: object{"title": "T"}, same: true},
			{name: "a fault first", ops: []object{op("replace", "active", "perhaps"), good}, status: 400, scimType: "invalidValue"},
			{name: "a fault last", ops: []object{good, op("add", "emails", []object{{"value": "a@x.example"}}), op("remove", "shoeSize", nil)}, status: 400, scimType: "invalidPath"},
			{name: "a fault that only the end shows", ops: []object{good, op("replace", "userName", nil)}, status: 400, scimType: "invalidValue"},
			{name: "a fault that only the store knows", ops: []object{good, op("replace", "userName", "TAKEN@societe.example")}, status: 409, scimType: "uniqueness"},
		})
	})
}

// RFC 7644 §3.5.2: 200 with the resource or 204 without; 200 whenever attributes are asked for.
func TestRequirement28_200WithTheResourceOr204(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		path := "/Users/" + c.addUser("anne@societe.example")
		title := func(text string) object { return patch(op("replace", "title", text)) }
		if a := c.do("PATCH", path, title("a")).must(200); a.at("title") != "a" || a.header.Get("ETag") != a.text("meta", "version") {
			t.Errorf("200: %v %s", a.header, a.body)
		}
		if a := c.do("PATCH", path, title("b"), "Prefer", "return=minimal").must(204); a.body != "" || a.header.Get("ETag") != `W/"3"` {
			t.Errorf("204: %v %q", a.header, a.body)
		}
		c.connection.Switches.PatchNoContent = true
		if err := d.SetConnection(t.Context(), audit.Actor{}, c.connection); err != nil {
			t.Fatal(err)
		}
		c.do("PATCH", path, title("c")).must(204)
		for _, query := range []string{"?attributes=title", "?excludedAttributes=meta"} {
			if a := c.do("PATCH", path+query, title("d"+query), "Prefer", "return=minimal").must(200); a.at("title") != "d"+query || a.at("meta") != nil {
				t.Errorf("%s: %s", query, a.body)
			}
		}
	})
}

// RFC 7644 §3.5.2.1, §3.5.2.3: without a path the value is an object of attributes; Entra's keys are paths themselves.
func TestRequirement29_ObjectsWithoutPath(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var cases []patchCase
		name := object{"givenName": "Anne", "familyName": "Roux"}
		for _, kind := range []string{"add", "replace"} {
			pathless := func(value object) []object { return []object{{"op": kind, "value": value}} }
			cases = append(cases,
				patchCase{name: kind + " nested", has: object{"name": name}, ops: pathless(object{"title": "T", "name": object{"givenName": "Zoé"}}),
					want: object{"title": "T", "name": object{"givenName": "Zoé", "familyName": "Roux"}}},
				patchCase{name: kind + " dotted keys", has: object{"name": name}, ops: pathless(object{"name.givenName": "Zoé", "displayName": "Z"}),
					want: object{"displayName": "Z", "name": object{"givenName": "Zoé", "familyName": "Roux"}}},
				patchCase{name: kind + " URN and colon", ops: pathless(object{enterpriseURN + ":employeeNumber": "7", userURN + ":title": "T"}),
					want: object{"title": "T", enterpriseURN: object{"employeeNumber": "7"}}},
				patchCase{name: kind + " an extension as a key", ops: pathless(object{enterpriseURN: object{"department": "D"}}),
					want: object{enterpriseURN: object{"department": "D"}, "schemas": []string{userURN, enterpriseURN}}},
				patchCase{name: kind + " value paths as keys", ops: pathless(object{`emails[type eq "work"].value`: "a@x.example", "active": "False"}),
					want: object{"active": false, "emails": []object{{"type": "work", "value": "a@x.example"}}}},
				patchCase{name: kind + " read-only keys are passed over", ops: pathless(object{"id": "x", "meta": object{"version": "9"}, "groups": []any{}, "title": "T"}),
					want: object{"title": "T"}},
				patchCase{name: kind + " a value that is no object", ops: []object{{"op": kind, "value": "T"}}, status: 400, scimType: "invalidValue"},
			)
		}
		cases = append(cases,
			patchCase{name: "add appends", has: object{"emails": []object{{"value": "a@x.example"}}},
				ops:  []object{{"op": "add", "value": object{"emails": []object{{"value": "b@x.example"}}}}},
				want: object{"emails": []object{{"value": "a@x.example"}, {"value": "b@x.example"}}}},
			patchCase{name: "replace replaces", has: object{"emails": []object{{"value": "a@x.example"}}},
				ops:  []object{{"op": "replace", "value": object{"emails": []object{{"value": "b@x.example"}}}}},
				want: object{"emails": []object{{"value": "b@x.example"}}}},
		)
		newWorld(t, d).tenant("Société", "").runPatches(t, cases)
	})
}

// RFC 7644 §3.5.2.2: remove needs a path; it takes what the path means and no more; an attribute of which nothing is
// left is unassigned. Entra names the members to remove in the value.
func TestRequirement30_Remove(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		emails := object{"emails": []object{{"value": "a@x.example", "type": "work"}, {"value": "b@x.example", "type": "home"}}}
		remove := func(path string) object { return object{"op": "remove", "path": path} }
		c.runPatches(t, []patchCase{
			{name: "no path", ops: []object{{"op": "remove"}}, status: 400, scimType: "noTarget"},
			{name: "no path but a value", has: object{"title": "T"}, ops: []object{{"op": "remove", "value": object{"title": "T"}}}, status: 400, scimType: "noTarget"},
			{name: "one value", has: emails, ops: []object{remove(`emails[type eq "work"]`)}, want: object{"emails": []object{{"value": "b@x.example", "type": "home"}}}},
			{name: "all values", has: emails, ops: []object{remove("emails")}, want: object{"emails": nil}},
			{name: "the last value", has: emails, ops: []object{remove(`emails[type eq "work"]`), remove(`emails[type eq "home"]`)}, want: object{"emails": nil}},
			{name: "the last sub-attribute", has: object{"name": object{"givenName": "A"}}, ops: []object{remove("name.givenName")}, want: object{"name": nil}},
			{name: "the last of an extension", has: object{enterpriseURN: object{"department": "D"}}, ops: []object{remove(enterpriseURN + ":department")},
				want: object{enterpriseURN: nil, "schemas": []string{userURN}}},
		})
		u := make([]string, 5)
		for i := range u {
			u[i] = c.addUser(fmt.Sprintf("member%d@societe.example", i))
		}
		path := "/Groups/" + c.addGroup("G", u...)
		for _, s := range []struct {
			op   object
			left []string
		}{
			{op("Remove", "members", []object{{"value": u[0], "$ref": nil}}), u[1:]},
			{remove(`members[value eq "` + u[1] + `"]`), u[2:]},
			{remove(`members[value eq "` + u[2] + `" or value eq "` + u[3] + `"]`), u[4:]},
			{op("remove", "members", []object{}), u[4:]},
			{remove("members"), nil},
		} {
			a := c.do("PATCH", path+"?attributes=members", patch(s.op)).must(200)
			if got := a.memberIDs(); !reflect.DeepEqual(got, s.left) {
				t.Errorf("%v leaves %v, want %v", s.op, got, s.left)
			}
			if len(s.left) == 0 && a.at("members") != nil {
				t.Errorf("no members are shown as %v", a.at("members"))
			}
		}
	})
}

// memberIDs are the ids of the members that an answer shows, in its order, which is that of the ids.
func (a answer) memberIDs() []string {
	a.t.Helper()
	var ids []string
	members, _ := a.at("members").([]any)
	for _, m := range members {
		id, _ := m.(object)["value"].(string)
		ids = append(ids, id)
	}
	return ids
}
