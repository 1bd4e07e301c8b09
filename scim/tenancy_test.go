package scim_test

import (
	"fmt"
	"strings"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
)

// Two companies on one server: no id, filter, ETag, error text or list of one shows in the other
// (protocol.md 2.5, 55; H7). The two are given different marks; whatever one asks, the other's marks never come back,
// and what is asked about the other's ids is answered like what is asked about ids that nobody has.
func TestTwoCompaniesNeverSeeEachOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		ours, theirs := w.tenant("Ours", ""), w.tenant("Theirs", "")
		ourUser := ours.addUser("claire@ours.example", object{"externalId": "shared"})
		ourGroup := ours.addGroup("Shared name", ourUser)
		theirUser := theirs.addUser("secret-mark@theirs.example", object{"externalId": "secret-mark", "title": "secret-mark"})
		theirGroup := theirs.addGroup("secret-mark", theirUser)
		theirs.do("PATCH", "/Users/"+theirUser, patch(op("replace", "nickName", "secret-mark"))).must(200) // version 2

		// The same names and externalIds are free in both.
		theirs.addUser("claire@ours.example", object{"externalId": "shared"})
		theirs.addGroup("Shared name")
		theirBefore := theirs.everything()

		probes := func(userID, groupID, mark string) []probe {
			return []probe{
				{"GET", "/Users/" + userID, nil, ""}, {"GET", "/Groups/" + groupID, nil, ""},
				{"GET", "/Users/" + userID, nil, `W/"2"`},
				{"PUT", "/Users/" + userID, user("new@ours.example"), ""}, {"PUT", "/Users/" + userID, user("new@ours.example"), `W/"2"`},
				{"PUT", "/Groups/" + groupID, object{"schemas": []string{groupURN}, "displayName": "n"}, ""},
				{"PATCH", "/Users/" + userID, patch(op("replace", "title", "taken")), ""},
				{"PATCH", "/Users/" + userID, patch(op("replace", "title", "taken")), `W/"1"`},
				{"PATCH", "/Groups/" + groupID, patch(op("add", "members", []object{{"value": ourUser}})), ""},
				{"DELETE", "/Users/" + userID, nil, ""}, {"DELETE", "/Users/" + userID, nil, `W/"2"`}, {"DELETE", "/Groups/" + groupID, nil, ""},
				{"POST", "/Groups", object{"schemas": []string{groupURN}, "displayName": "x", "members": []object{{"value": userID}}}, ""},
				{"PATCH", "/Groups/" + ourGroup, patch(op("add", "members", []object{{"value": userID}})), ""},
				{"PATCH", "/Groups/" + ourGroup, patch(op("add", "members", []object{{"value": groupID}})), ""},
				{"PATCH", "/Groups/" + ourGroup, patch(op("remove", "members", []object{{"value": userID}})), ""},
				{"PATCH", "/Users/" + ourUser, patch(op("add", enterpriseURN+":manager", userID)), ""},
				{"POST", "/Bulk", bulk(
					operation("PUT", "/Users/"+userID, "", user("new@ours.example")),
					operation("PATCH", "/Users/"+userID, "", patch(op("replace", "title", "taken")), object{"version": `W/"2"`}),
					operation("DELETE", "/Groups/"+groupID, "", nil, object{"version": "*"}),
					operation("POST", "/Groups", "x", group("x", userID)),
					operation("PATCH", "/Groups/"+ourGroup, "", patch(op("remove", "members", []object{{"value": userID}}))),
				), ""},
				{"GET", `/Users?filter=id eq "` + userID + `"`, nil, ""}, {"GET", `/Groups?filter=id eq "` + groupID + `"`, nil, ""},
				{"GET", `/Groups?filter=members eq "` + userID + `"`, nil, ""}, {"GET", `/Groups?filter=members[value eq "` + userID + `"]`, nil, ""},
				{"GET", `/Users?filter=groups.value eq "` + groupID + `"`, nil, ""},
				{"GET", `/Users?filter=userName sw "` + mark + `"`, nil, ""}, {"GET", `/Users?filter=title eq "` + mark + `"`, nil, ""},
				{"GET", `/Users?filter=externalId eq "` + mark + `"`, nil, ""}, {"GET", `/Groups?filter=displayName eq "` + mark + `"`, nil, ""},
				{"GET", `/Users?filter=not (userName sw "` + mark + `") or userName sw "` + mark + `"`, nil, ""},
			}
		}
		foreign, unknown := probes(theirUser, theirGroup, "secret-mark"), probes(unknownID, unknownID, "unknown-mk")
		for i := range foreign {
			t.Run(fmt.Sprintf("%02d %s %s", i, foreign[i].method, strings.ReplaceAll(foreign[i].path, "/", " ")), func(t *testing.T) {
				c := tenant{ours.on(t), ours.company, ours.connection, ours.token}
				a, b := foreign[i].send(c), unknown[i].send(c)
				same := strings.NewReplacer(theirUser, unknownID, theirGroup, unknownID, "secret-mark", "unknown-mk").Replace(a.body)
				if a.status != b.status || withoutVersion(same) != withoutVersion(b.body) {
					t.Errorf("answered %d %s\nfor an id that nobody has: %d %s", a.status, a.body, b.status, b.body)
				}
				for name := range a.header {
					if _, ok := b.header[name]; !ok {
						t.Errorf("header %s only for the other company's id", name)
					}
				}
			})
		}
		for _, path := range []string{"/Users?count=1000", "/Groups?count=1000", "/Users/" + ourUser, "/Groups/" + ourGroup, "/Schemas", "/ResourceTypes"} {
			body := ours.do("GET", path, nil).must(200).body
			for _, mark := range []string{"secret-mark", theirUser, theirGroup, "theirs"} {
				if strings.Contains(body, mark) {
					t.Errorf("%s shows %q", path, mark)
				}
			}
		}
		if after := theirs.everything(); after != theirBefore {
			t.Errorf("the other company changed:\n%s\nbefore:\n%s", after, theirBefore)
		}
		if n := ours.do("GET", "/Users?count=0", nil).at("totalResults"); n != 1.0 {
			t.Errorf("totalResults %v, want 1", n)
		}
	})
}

type probe struct {
	method, path string
	body         any
	ifMatch      string
}

func (p probe) send(c tenant) answer {
	if p.ifMatch != "" {
		return c.do(p.method, p.path, p.body, "If-Match", p.ifMatch)
	}
	return c.do(p.method, p.path, p.body)
}

// withoutVersion leaves out what counts our own successful changes.
func withoutVersion(body string) string {
	body, _, _ = strings.Cut(body, `"lastModified"`)
	return body
}
