package scim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// RFC 7644 §3.5.2.2, §3.5.2: what is required cannot be removed, and what is read-only cannot be written.
func TestRequirement31_RequiredAndReadOnlyStay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		var cases []patchCase
		for _, path := range []string{"userName", "USERNAME", userURN + ":userName", "id", "meta", "meta.version", "groups", "groups.value", `groups[value eq "x"]`} {
			cases = append(cases, patchCase{name: "remove " + path, ops: []object{op("replace", "title", "T"), {"op": "remove", "path": path}}, status: 400, scimType: "mutability"})
		}
		for _, path := range []string{"id", "meta.created", "groups", "groups.display", enterpriseURN + ":manager.displayName"} {
			for _, kind := range []string{"add", "replace"} {
				cases = append(cases, patchCase{name: kind + " " + path, ops: []object{op(kind, path, "x")}, status: 400, scimType: "mutability"})
			}
		}
		c.runPatches(t, cases)
		path := "/Groups/" + c.addGroup("G")
		c.do("PATCH", path, patch(object{"op": "remove", "path": "displayName"})).scimError(400, "mutability", "displayName")
		if a := c.do("GET", path, nil).must(200); a.at("displayName") != "G" || a.text("meta", "version") != `W/"1"` {
			t.Errorf("left %s", a.body)
		}
	})
}

// RFC 7644 §3.5.2.3: a replace whose filter matches nothing has no target. add makes the value that the filter
// describes (Entra's validator). So does replace, where the filter says by eq what the value is: erratum 8097, Q31.
func TestRequirement32_ValueFiltersWithoutAMatch(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		home := object{"value": "h@x.example", "type": "home"}
		has := object{"emails": []object{home}}
		newWorld(t, d).tenant("Société", "").runPatches(t, []patchCase{
			{name: "replace of what no eq describes", has: has, ops: []object{op("replace", `emails[type ne "home"].value`, "w@x.example")}, status: 400, scimType: "noTarget"},
			{name: "replace of a whole value", has: has, ops: []object{op("replace", `emails[value sw "w"]`, object{"display": "W"})}, status: 400, scimType: "noTarget"},
			{name: "replace of one or the other", has: has, ops: []object{op("replace", `emails[type eq "work" or type eq "other"].value`, "w@x.example")}, status: 400, scimType: "noTarget"},
			{name: "add to what no eq describes", has: has, ops: []object{op("add", `emails[not (type eq "home")].value`, "w@x.example")}, status: 400, scimType: "noTarget"},
			{name: "add creates", has: has, ops: []object{op("add", `emails[type eq "work"].value`, "w@x.example")},
				want: object{"emails": []object{home, {"type": "work", "value": "w@x.example"}}}},
			{name: "replace creates (Q31)", has: has, ops: []object{op("replace", `emails[type eq "work"].value`, "w@x.example")},
				want: object{"emails": []object{home, {"type": "work", "value": "w@x.example"}}}},
			{name: "add creates with all terms", ops: []object{op("add", `emails[type eq "work" and primary eq true].value`, "w@x.example")},
				want: object{"emails": []object{{"type": "work", "primary": true, "value": "w@x.example"}}}},
			{name: "Entra's validator", ops: []object{op("add", `roles[primary eq "True"].display`, "R")},
				want: object{"roles": []object{{"primary": true, "display": "R"}}}},
			{name: "a match is changed, not doubled", has: has, ops: []object{op("add", `emails[type eq "home"].value`, "n@x.example")},
				want: object{"emails": []object{{"value": "n@x.example", "type": "home"}}}},
			{name: "remove without a match (Q41)", has: has, ops: []object{{"op": "remove", "path": `emails[type eq "work"]`}}, same: true},
		})
	})
}

// RFC 7644 §3.5.2.1: to add a value that is there is a success that changes nothing, lastModified included. A type and
// value pair is stored once (RFC 7643 §2.4).
func TestRequirement33_AddOfWhatIsThere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		work := object{"value": "a@x.example", "type": "work"}
		has := object{"emails": []object{work}, "title": "T"}
		c.runPatches(t, []patchCase{
			{name: "the same text", has: has, ops: []object{op("add", "title", "T")}, same: true},
			{name: "the same value", has: has, ops: []object{op("add", "emails", []object{work})}, same: true},
			{name: "twice in one add", has: has, ops: []object{op("add", "emails", []object{work, work})}, same: true},
			{name: "new ones, twice in one add", has: has, ops: []object{op("add", "emails", []object{{"value": "b@x.example"}, {"value": "b@x.example"}})},
				want: object{"emails": []object{work, {"value": "b@x.example"}}}},
			{name: "the same value of another type is another", has: has, ops: []object{op("add", "emails", []object{{"value": "a@x.example", "type": "home"}})},
				want: object{"emails": []object{work, {"value": "a@x.example", "type": "home"}}}},
			{name: "without a path", has: has, ops: []object{{"op": "add", "value": object{"emails": []object{work}, "title": "T"}}}, same: true},
		})
		member := c.addUser("member@societe.example")
		path := "/Groups/" + c.addGroup("G", member)
		before := c.do("GET", path, nil).must(200)
		c.do("PATCH", path, patch(op("add", "members", []object{{"value": member}, {"value": member}}))).must(200)
		if after := c.do("GET", path, nil).must(200); after.body != before.body {
			t.Errorf("add of a member left\n%s\nof\n%s", after.body, before.body)
		}
	})
}

// Entra writes booleans as texts, in values and in filters. Text attributes are never made of another type (Q10).
func TestRequirement34_BooleansAsTexts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "entra")
		var cases []patchCase
		for text, want := range map[string]bool{"True": true, "true": true, "TRUE": true, "False": false, "false": false, "FALSE": false} {
			cases = append(cases, patchCase{name: "active " + text, has: object{"active": !want}, ops: []object{op("Replace", "active", text)}, want: object{"active": want}})
		}
		roles := object{"roles": []object{{"value": "a"}, {"value": "b", "primary": true}}}
		cases = append(cases,
			patchCase{name: "no boolean", ops: []object{op("replace", "active", "yes")}, status: 400, scimType: "invalidValue"},
			patchCase{name: "a number", ops: []object{op("replace", "active", 1)}, status: 400, scimType: "invalidValue"},
			patchCase{name: "primary of a value", ops: []object{op("add", "roles", []object{{"value": "a", "primary": "True"}})},
				want: object{"roles": []object{{"value": "a", "primary": true}}}},
			patchCase{name: "in a filter", has: roles, ops: []object{op("replace", `roles[primary eq "True"].value`, "c")},
				want: object{"roles": []object{{"value": "a"}, {"value": "c", "primary": true}}}},
			patchCase{name: "a text stays one", ops: []object{op("replace", "displayName", "True")}, want: object{"displayName": "True"}},
		)
		c.runPatches(t, cases)
	})
}

// RFC 7644 §3.10: paths into an extension; the manager in every form that clients send (Q36).
func TestRequirement35_ExtensionPaths(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		boss, other := c.addUser("boss@societe.example"), c.addUser("other@societe.example")
		has := object{enterpriseURN: object{"department": "D", "manager": object{"value": other}}}
		manager := func(id string) object { return object{"value": id, "$ref": base + "/Users/" + id} }
		managed := func(id string) object { return object{"department": "D", "manager": manager(id)} }
		var cases []patchCase
		for name, value := range map[string]any{
			"a bare id": boss, "an object": object{"value": boss}, "a list (Entra)": []object{{"$ref": base + "/Users/" + boss, "value": boss}},
		} {
			for _, path := range []string{enterpriseURN + ":manager", "manager"} {
				cases = append(cases, patchCase{name: "manager by " + name, has: has, ops: []object{op("Add", path, value)}, want: object{enterpriseURN: managed(boss)}})
			}
		}
		for _, path := range []string{enterpriseURN + ":manager.value", enterpriseURN + ".manager.value"} {
			cases = append(cases, patchCase{name: path, has: has, ops: []object{op("replace", path, boss)}, want: object{enterpriseURN: managed(boss)}})
		}
		for name, o := range map[string]object{
			"empty text": op("replace", enterpriseURN+":manager", ""), "null": op("replace", enterpriseURN+":manager", nil),
			"an object of nothing": op("replace", enterpriseURN+":manager", object{"value": ""}), "remove": {"op": "remove", "path": enterpriseURN + ":manager"},
		} {
			cases = append(cases, patchCase{name: "manager cleared by " + name, has: has, ops: []object{o}, want: object{enterpriseURN: object{"department": "D"}}})
		}
		cases = append(cases,
			patchCase{name: "a manager who does not exist", has: has, ops: []object{op("replace", enterpriseURN+":manager", unknownID)}, status: 400, scimType: "invalidValue"},
			patchCase{name: "an attribute of an extension, in any letter case", ops: []object{op("add", "URN:ietf:params:scim:schemas:EXTENSION:enterprise:2.0:user:Department", "D")},
				want: object{enterpriseURN: object{"department": "D"}, "schemas": []string{userURN, enterpriseURN}}},
			patchCase{name: "the whole extension", has: has, ops: []object{op("add", enterpriseURN, object{"costCenter": "C"})},
				want: object{enterpriseURN: object{"department": "D", "costCenter": "C", "manager": manager(other)}}},
			patchCase{name: "remove the whole extension", has: has, ops: []object{{"op": "remove", "path": enterpriseURN}}, want: object{enterpriseURN: nil, "schemas": []string{userURN}}},
			patchCase{name: "an extension that nobody knows", ops: []object{op("add", "urn:example:2.0:Shoe:size", 44)}, status: 400, scimType: "invalidPath"},
		)
		c.runPatches(t, cases)
	})
}

// FastFed and IPSIE: many members in one PATCH, one by one and in one list; to add one who is in, or to remove one who
// is not, is a success.
func TestRequirement36_ManyMembersInOnePatch(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const many = 1000
		c := newWorld(t, d).tenant("Société", "")
		ids := c.addUsers(many)
		path := "/Groups/" + c.addGroup("G")
		all := make([]object, many)
		var one []object
		for i, id := range ids {
			all[i] = object{"value": id}
			one = append(one, object{"op": "remove", "path": `members[value eq "` + id + `"]`})
		}
		holds := func(want ...string) {
			t.Helper()
			if got := c.do("GET", path, nil).must(200).memberIDs(); !slices.Equal(got, want) {
				t.Errorf("%d members, want %d", len(got), len(want))
			}
		}
		version := func() string { return c.do("GET", path+"?attributes=meta", nil).must(200).text("meta", "version") }
		c.do("PATCH", path, patch(op("add", "members", all[:600]))).must(200)
		c.do("PATCH", path, patch(op("add", "members", all))).must(200) // 600 of them are in
		holds(ids...)
		before := version()
		c.do("PATCH", path, patch(op("add", "members", all))).must(200)
		if after := version(); after != before {
			t.Errorf("add of members who are in: version %s after %s", after, before)
		}
		c.do("PATCH", path, patch(one[:60]...)).must(200)
		holds(ids[60:]...)
		before = version()
		c.do("PATCH", path, patch(one[:60]...)).must(200)
		if after := version(); after != before {
			t.Errorf("remove of members who are out: version %s after %s", after, before)
		}
		c.do("PATCH", path, patch(op("remove", "members", all[:999]))).must(200)
		holds(ids[999])
	})
}

// addUsers creates many Users at once, past the directory, and returns their ids in order.
func (c tenant) addUsers(n int) []string {
	c.t.Helper()
	rt := resources.NewRegistry().Type(resources.TypeUser)
	ids, changes := make([]string, n), make([]resources.Change, n)
	for i := range n {
		ids[i] = uuid.Must(uuid.NewV7()).String()
		doc := resources.Document{"schemas": []any{userURN}, "userName": fmt.Sprintf("many%d@societe.example", i)}
		body, err := json.Marshal(doc)
		if err != nil {
			c.t.Fatal(err)
		}
		changes[i] = resources.Change{Action: audit.ActionCreate, SetBody: true, Resource: &resources.Resource{
			Type: resources.TypeUser, ID: ids[i], Body: body, Index: rt.Index(doc), LastModified: time.Now(),
		}}
	}
	if _, err := c.db.Apply(context.Background(), resources.Caller{Company: c.company, Actor: system}, changes...); err != nil {
		c.t.Fatalf("add %d users: %v", n, err)
	}
	return ids
}

// RFC 7644 §3.5.2, RFC 7643 §4.2: a member comes and goes, but is not edited into another.
func TestRequirement37_MembersAreNotEdited(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		in, out := c.addUser("in@societe.example"), c.addUser("out@societe.example")
		path := "/Groups/" + c.addGroup("G", in)
		before := c.do("GET", path, nil).must(200)
		which := `members[value eq "` + in + `"]`
		for _, o := range []object{
			op("replace", which+".value", out), op("replace", which+".type", "Group"), op("replace", which, object{"value": out}),
			op("replace", "members.value", out), op("add", which+".value", out),
			{"op": "remove", "path": which + ".value"}, {"op": "remove", "path": "members.type"},
		} {
			c.do("PATCH", path, patch(op("replace", "displayName", "changed"), o)).scimError(400, "mutability", "member")
			if after := c.do("GET", path, nil).must(200); after.body != before.body {
				t.Errorf("%v was refused, but it left %s", o, after.body)
			}
		}
		a := c.do("PATCH", path+"?attributes=members", patch(op("add", "members", []object{{"value": out}}), object{"op": "remove", "path": which})).must(200)
		if got := a.memberIDs(); !reflect.DeepEqual(got, []string{out}) {
			t.Errorf("members %v, want %s alone", got, out)
		}
	})
}

// RFC 7644 §3.5.2.1: a PATCH after which everything is as it was is a success, in the same version.
func TestRequirement38_NothingToChange(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		has := object{
			"title": "T", "active": true, "name": object{"givenName": "A", "familyName": "B"}, "externalId": "x",
			"emails": []object{{"value": "a@x.example", "type": "work", "primary": true}}, enterpriseURN: object{"department": "D"},
		}
		var cases []patchCase
		for name, o := range map[string]object{
			"replace of a text": op("replace", "title", "T"), "replace of a boolean": op("replace", "active", "True"),
			"replace of the externalId": op("replace", "externalId", "x"), "remove of what is not there": {"op": "remove", "path": "nickName"},
			"replace of a complex value": op("replace", "name", object{"givenName": "A"}), "replace of a sub-attribute": op("replace", "name.familyName", "B"),
			"replace of all values": op("replace", "emails", has["emails"]), "replace of one value": op("replace", `emails[type eq "work"].value`, "a@x.example"),
			"replace of an extension": op("replace", enterpriseURN+":department", "D"), "an object of nothing": {"op": "replace", "value": object{}},
			"read-only keys alone": {"op": "replace", "value": object{"id": "x", "meta": object{}}}, "unknown keys alone": {"op": "add", "value": object{"shoeSize": 44}},
			"replace of nothing by nothing": op("replace", "addresses", []object{}),
		} {
			cases = append(cases, patchCase{name: name, has: has, ops: []object{o}, same: true})
		}
		c.runPatches(t, cases)
		path := "/Groups/" + c.addGroup("G", c.addUser("member@societe.example"))
		before := c.do("GET", path, nil).must(200)
		c.do("PATCH", path, patch(op("replace", "members", before.at("members")), op("replace", "displayName", "G"))).must(200)
		c.do("PATCH", path, patch(op("remove", "members", []object{{"value": unknownID}})), "Prefer", "return=minimal").must(204)
		if after := c.do("GET", path, nil).must(200); after.body != before.body {
			t.Errorf("left\n%s\nof\n%s", after.body, before.body)
		}
	})
}
