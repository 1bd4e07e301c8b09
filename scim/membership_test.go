package scim_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

const membershipURN = resources.SchemaMembership

// with turns a feature on for the company.
func (c tenant) with(feature string) tenant {
	c.t.Helper()
	_, err := c.db.SetFeatures(context.Background(), system, c.company, func(f *resources.Features) error { return f.Set(feature, true) })
	if err != nil {
		c.t.Fatal(err)
	}
	return c
}

func membership(group, member string) object {
	return object{"schemas": []string{membershipURN}, "group": object{"value": group}, "member": object{"value": member}}
}

// draft-zollner-scim-group-members: a membership is a resource of its own that always agrees with Group.members and
// User.groups, whichever way it came.
func TestGroupMembership_agreesWithMembersAndGroups(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "").with("memberships")
		anne, paul := c.addUser("anne@societe.example", object{"displayName": "Anne"}), c.addUser("paul@societe.example")
		inner := c.addGroup("Inner", paul)
		outer := c.addGroup("Outer")
		made := c.do("POST", "/GroupMemberships", membership(outer, anne)).must(201)
		path := strings.TrimPrefix(made.header.Get("Location"), base)
		if made.header.Get("Location") != made.text("meta", "location") || made.text("meta", "resourceType") != "GroupMembership" ||
			made.text("group", "display") != "Outer" || made.text("group", "$ref") != base+"/Groups/"+outer || made.text("group", "value") != outer ||
			made.text("member", "display") != "Anne" || made.text("member", "type") != "User" || made.text("member", "$ref") != base+"/Users/"+anne ||
			made.text("schemas", 0) != membershipURN || made.text("meta", "created") != made.text("meta", "lastModified") {
			t.Errorf("%s", made.body)
		}
		if got := c.do("GET", path, nil).must(200); got.body != made.body {
			t.Errorf("GET %s\nPOST %s", got.body, made.body)
		}
		if got := c.do("GET", "/Users/"+anne, nil); got.text("groups", 0, "value") != outer {
			t.Errorf("User.groups: %s", got.body)
		}
		nested := c.do("POST", "/GroupMemberships", object{"Group": object{"VALUE": outer}, "member": inner}).must(201)
		if nested.text("member", "type") != "Group" || !slices.Contains(c.members(outer), inner) {
			t.Errorf("%s", nested.body)
		}
		c.do("GET", "/GroupMemberships/"+inner+"."+paul, nil).must(200) // made by POST of the Group
		c.do("PATCH", "/Groups/"+inner, patch(object{"op": "remove", "path": `members[value eq "` + paul + `"]`})).must(200)
		c.do("GET", "/GroupMemberships/"+inner+"."+paul, nil).must(404)
		version := c.do("GET", "/Groups/"+outer, nil).text("meta", "version")
		c.do("DELETE", path, nil).must(204)
		c.do("DELETE", path, nil).must(404)
		if after := c.do("GET", "/Groups/"+outer, nil); slices.Contains(c.members(outer), anne) || after.text("meta", "version") == version {
			t.Errorf("Group after DELETE: %s", after.body)
		}
		c.do("DELETE", "/Groups/"+outer, nil).must(204)
		if got := c.do("GET", "/GroupMemberships", nil).at("totalResults"); got != 0.0 {
			t.Errorf("%v memberships of a Group that is gone", got)
		}
	})
}

// draft-zollner-scim-group-members: filters on group.value and member.value, and paging by index and by cursor, each
// membership once.
func TestGroupMembership_filtersAndPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "").with("memberships")
		var people []string
		for i := range 7 {
			people = append(people, c.addUser(fmt.Sprintf("u%d@societe.example", i)))
		}
		all, few := c.addGroup("All", people...), c.addGroup("Few", people[:2]...)
		for filter, want := range map[string]float64{
			`group.value eq "` + all + `"`: 7, `group.value eq "` + few + `"`: 2, `member.value eq "` + people[1] + `"`: 2,
			`group.value eq "` + few + `" and member.value eq "` + people[5] + `"`: 0, `member.type eq "user"`: 9, `member.type eq "Group"`: 0,
			`id eq "` + few + "." + people[0] + `"`: 1, `id eq "nonsense"`: 0, `group.value eq "` + all + `" and group.value eq "` + few + `"`: 0,
		} {
			if got := c.do("GET", "/GroupMemberships?filter="+filter, nil).must(200).at("totalResults"); got != want {
				t.Errorf("%s: %v, want %v", filter, got, want)
			}
			search := object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:SearchRequest"}, "filter": filter}
			if got := c.do("POST", "/GroupMemberships/.search", search).must(200).at("totalResults"); got != want {
				t.Errorf(".search %s: %v, want %v", filter, got, want)
			}
		}
		for _, filter := range []string{`group.value ne "x"`, `group.display eq "All"`, `group.value eq "x" or member.value eq "y"`, `nope eq "x"`} {
			c.do("GET", "/GroupMemberships?filter="+filter, nil).scimError(400, "invalidFilter", "")
		}
		walk := func(next func(page answer, at int) string) (ids []string) {
			path := next(answer{}, 0)
			for i := 1; path != ""; i++ {
				page := c.do("GET", path, nil).must(200)
				list, _ := page.at("Resources").([]any)
				for j := range list {
					ids = append(ids, page.text("Resources", j, "id"))
				}
				path = next(page, i)
			}
			return ids
		}
		byIndex := walk(func(_ answer, at int) string {
			if at == 5 {
				return ""
			}
			return fmt.Sprintf("/GroupMemberships?count=2&startIndex=%d", 1+2*at)
		})
		byCursor := walk(func(page answer, at int) string {
			if at == 0 {
				return "/GroupMemberships?count=2&cursor"
			}
			if next := page.text("nextCursor"); next != "" {
				return "/GroupMemberships?count=2&cursor=" + next
			}
			return ""
		})
		if len(byIndex) != 9 || !slices.Equal(byIndex, byCursor) || len(slices.Compact(slices.Sorted(slices.Values(byIndex)))) != 9 {
			t.Errorf("by index %v\nby cursor %v", byIndex, byCursor)
		}
		shown := c.do("GET", "/GroupMemberships?attributes=member.value&count=1", nil).must(200)
		if strings.Contains(shown.body, "display") || shown.at("Resources", 0, "group") != nil || shown.text("Resources", 0, "member", "value") == "" {
			t.Errorf("projection: %s", shown.body)
		}
	})
}

// draft-zollner-scim-group-members: an unknown end is 400 invalidValue, one that exists already 409; nothing is changed.
func TestGroupMembership_refuses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c, other := w.tenant("Société", "").with("memberships"), w.tenant("Autre", "").with("memberships")
		anne := c.addUser("anne@societe.example")
		g := c.addGroup("G", anne)
		theirs, theirGroup := other.addUser("x@autre.example"), other.addGroup("H")
		before := c.everything()
		for _, f := range []struct {
			body             any
			status           int
			scimType, detail string
		}{
			{membership(g, anne), 409, "uniqueness", "already"},
			{membership(unknownID, anne), 400, "invalidValue", "group.value"}, {membership(g, unknownID), 400, "invalidValue", "member.value"},
			{membership(theirGroup, anne), 400, "invalidValue", "group.value"}, {membership(g, theirs), 400, "invalidValue", "member.value"},
			{membership(anne, g), 400, "invalidValue", "group.value"}, {membership(g, g), 400, "invalidValue", "itself"},
			{object{"group": object{"value": g}}, 400, "invalidValue", "member.value"}, {object{"group": 7, "member": nil}, 400, "invalidValue", "group.value"},
			{object{"group": g, "member": object{"value": anne, "type": "Group"}}, 400, "invalidValue", "member.type"}, {"[]", 400, "invalidSyntax", ""},
		} {
			c.do("POST", "/GroupMemberships", f.body).scimError(f.status, f.scimType, f.detail)
		}
		path := "/GroupMemberships/" + g + "." + anne
		other.do("GET", path, nil).must(404)
		other.do("DELETE", path, nil).must(404)
		c.do("PUT", path, membership(g, anne)).must(405)
		c.do("PATCH", path, patch(op("replace", "group.value", g))).must(405)
		c.do("DELETE", path, nil, "If-Match", `W/"2"`).must(412)
		c.do("DELETE", "/GroupMemberships/"+g, nil).must(404)
		c.do("POST", "/Bulk", bulk(operation("PUT", path, "", membership(g, anne)))).mustStatuses("400")
		if after := c.everything(); after != before {
			t.Errorf("something changed:\n%s\nbefore:\n%s", after, before)
		}
	})
}

// A draft is off until the company turns it on: without it there is no such path, type or schema.
func TestGroupMembership_offUnlessTurnedOn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		off, on := w.tenant("Sans", ""), w.tenant("Avec", "").with("memberships")
		for _, path := range []string{"/GroupMemberships", "/ResourceTypes/GroupMembership", "/Schemas/" + membershipURN} {
			off.do("GET", path, nil).must(404)
			on.do("GET", path, nil).must(200)
		}
		if strings.Contains(off.do("GET", "/ResourceTypes", nil).body, "Membership") {
			t.Error("listed though it is off")
		}
	})
}
