package scim_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
)

// failing is an operation that cannot be made, and the error that says so.
type failing struct {
	op       object
	status   int
	scimType string
}

// RFC 7644 §3.5.2: when one operation fails, nothing of the request is made: whatever the error, wherever among the
// operations it stands, and however far the others had come. Nothing at all is another than it was: no resource, version
// or member, no entry of the audit log, and no mark for the apps.
func TestPatch_FailingOperationLeavesNoTrace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		c.addUser("taken@societe.example")
		boss, member, out := c.addUser("boss@societe.example"), c.addUser("member@societe.example"), c.addUser("out@societe.example")
		user := "/Users/" + c.addUser("anne@societe.example", object{
			"title": "T", "externalId": "x", "emails": []object{{"value": "a@x.example", "type": "work", "primary": true}},
			enterpriseURN: object{"manager": object{"value": boss}},
		})
		c.addGroup("Taken")
		group := "/Groups/" + c.addGroup("G", member)

		ofUser := []object{
			op("replace", "title", "changed"), op("add", "emails", []object{{"value": "b@x.example", "primary": true}}),
			{"op": "remove", "path": enterpriseURN + ":manager"}, op("replace", "externalId", "y"), op("replace", "active", false),
		}
		ofGroup := []object{
			op("replace", "displayName", "changed"), op("add", "members", []object{{"value": out}}),
			{"op": "remove", "path": `members[value eq "` + member + `"]`}, op("replace", "externalId", "y"),
		}
		everything := func() string { return c.everything() + "\n" + c.trail(d) }
		before := everything()
		refuse := func(path string, good []object, bad failing) {
			for at := range len(good) + 1 {
				ops := slices.Insert(slices.Clone(good), at, bad.op)
				a := c.do("PATCH", path, patch(ops...))
				if a.status != bad.status || a.text("scimType") != bad.scimType {
					t.Errorf("%v at %d: %d %s, want %d %s: %s", bad.op, at, a.status, a.text("scimType"), bad.status, bad.scimType, a.body)
				}
				if after := everything(); after != before {
					t.Fatalf("%v at %d was refused, and left (-before +after):\n%s", bad.op, at, cmp.Diff(strings.Split(before, "\n"), strings.Split(after, "\n")))
				}
			}
		}
		for _, bad := range []failing{
			{object{"op": "move", "path": "title"}, 400, "invalidSyntax"},
			{op("replace", "title[", "x"), 400, "invalidPath"},
			{op("replace", "shoeSize", 44), 400, "invalidPath"},
			{op("replace", `emails[shoe eq "x"].value`, "x"), 400, "invalidFilter"},
			{op("replace", `emails[type ne "work" and type ne "home" and type pr].value`, "x"), 400, "noTarget"},
			{object{"op": "remove"}, 400, "noTarget"},
			{op("replace", "id", "x"), 400, "mutability"},
			{object{"op": "remove", "path": "userName"}, 400, "mutability"},
			{op("replace", "active", "perhaps"), 400, "invalidValue"},
			{op("replace", "userName", nil), 400, "invalidValue"},
			{op("replace", enterpriseURN+":manager", unknownID), 400, "invalidValue"},
			{op("replace", "userName", "TAKEN@societe.example"), 409, "uniqueness"},
		} {
			if bad.op["path"] == enterpriseURN+":manager" { // else a later operation takes that manager away again
				refuse(user, []object{ofUser[0], ofUser[3]}, bad)
				continue
			}
			refuse(user, ofUser, bad)
		}
		for _, bad := range []failing{
			{op("add", "members", []object{{"value": unknownID}}), 400, "invalidValue"},
			{op("add", "members", []object{{"value": strings.TrimPrefix(group, "/Groups/")}}), 400, "invalidValue"},
			{op("replace", `members[value eq "`+member+`"].value`, out), 400, "mutability"},
			{op("add", `members[display eq "x"]`, object{}), 400, "noTarget"},
			{object{"op": "remove", "path": "displayName"}, 400, "mutability"},
		} {
			refuse(group, ofGroup, bad)
		}
		refuse(group, ofGroup[1:], failing{op("replace", "displayName", "TAKEN"), 409, "uniqueness"})
		c.do("PATCH", user, patch(ofUser...), "If-Match", `W/"7"`).scimError(412, "", "")
		if after := everything(); after != before {
			t.Errorf("a PATCH of another version left\n%s", after)
		}

		c.do("PATCH", user, patch(ofUser...)).must(200) // all of that is possible, and leaves its traces
		c.do("PATCH", group, patch(ofGroup...)).must(200)
		if after := everything(); after == before || strings.Count(after, "modify") == strings.Count(before, "modify") {
			t.Errorf("the operations that were refused above do nothing:\n%s", after)
		}
	})
}

// trail is the audit log and the marks of all companies, as text.
func (c tenant) trail(d *db.DB) string {
	c.t.Helper()
	entries, err := d.Entries(context.Background(), c.company, audit.Query{Limit: 10_000})
	if err != nil {
		c.t.Fatal(err)
	}
	marks, err := d.DirtyMarks(context.Background(), 10_000)
	if err != nil {
		c.t.Fatal(err)
	}
	return fmt.Sprintf("%+v\n%+v", entries, marks)
}

// RFC 7643 §8: a Group that is a member of another one has no attribute groups; Users have. A PATCH that changes what is
// kept beside the document shows none either.
func TestPatch_NestedGroupShowsNoGroups(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		inner := c.addGroup("inner")
		c.addGroup("outer", inner)
		a := c.do("PATCH", "/Groups/"+inner, patch(op("replace", "externalId", "x"))).must(200)
		if a.at("groups") != nil {
			t.Errorf("a Group shows groups: %s", a.body)
		}
		if again := c.do("GET", "/Groups/"+inner, nil).must(200); !sameJSON(t, again.body, a.body) {
			t.Errorf("read back\n%s\ninstead of\n%s", again.body, a.body)
		}
	})
}
