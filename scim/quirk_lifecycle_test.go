package scim_test

import (
	"testing"
)

// Q50: active=false keeps the record, its memberships and its externalId.
func TestQ50_InactiveKeepsEverything(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "entra")
		id := c.addUser("q50@societe.example", object{"externalId": "e50", "title": "T"})
		group := c.addGroup("Q50", id)
		c.do("PATCH", "/Users/"+id, patch(op("Replace", "active", "False"))).must(200)
		a := c.do("GET", "/Users/"+id, nil).must(200)
		if a.at("active") != false || a.text("externalId") != "e50" || a.text("title") != "T" || a.text("groups", 0, "value") != group {
			t.Errorf("inactive: %s", a.body)
		}
		if got := c.members(group); !sameIDs(got, []string{id}) {
			t.Errorf("members: %v", got)
		}
		if a := c.do("PATCH", "/Users/"+id, patch(op("Replace", "active", "True"))).must(200); a.at("active") != true {
			t.Errorf("active again: %s", a.body)
		}
	})
}

// Q51: a POST of a userName that exists inactive is 409 and says what is the matter; with reviveInactive it is that User
// again, with id and memberships. One who is active is 409 in both.
func TestQ51_PostOfAnInactiveUser(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		id := c.addUser("q51@societe.example", object{"externalId": "old"})
		group := c.addGroup("Q51", id)
		again := user("Q51@societe.example", object{"externalId": "new", "displayName": "Back"})
		c.do("POST", "/Users", again).scimError(409, "uniqueness", "in use")
		c.do("PATCH", "/Users/"+id, patch(op("replace", "active", false))).must(200)
		c.do("POST", "/Users", again).scimError(409, "uniqueness", "inactive")
		c.turn("reviveInactive", "on")
		a := c.do("POST", "/Users", again).must(201)
		if a.text("id") != id || a.at("active") != true || a.text("externalId") != "new" || a.text("displayName") != "Back" || a.text("groups", 0, "value") != group {
			t.Errorf("revived: %s", a.body)
		}
		c.do("POST", "/Users", again).scimError(409, "uniqueness", "in use")
	})
}

// Q52: a deleted User is gone everywhere, and its userName is free again.
func TestQ52_DeletedIsGone(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		id, other := c.addUser("q52@societe.example"), c.addUser("q52b@societe.example")
		group := c.addGroup("Q52", id, other)
		if a := c.do("DELETE", "/Users/"+id, nil).must(204); a.body != "" {
			t.Errorf("204 with a body: %s", a.body)
		}
		c.do("DELETE", "/Users/"+id, nil).scimError(404, "", id)
		c.do("GET", "/Users/"+id, nil).scimError(404, "", id)
		c.wantFound(t, map[string]float64{`userName eq "q52@societe.example"`: 0, `id eq "` + id + `"`: 0})
		if got := c.members(group); !sameIDs(got, []string{other}) {
			t.Errorf("members: %v", got)
		}
		if again := c.addUser("q52@societe.example"); again == id {
			t.Error("the id is used again")
		}
	})
}

// Q53: a second Group with the displayName of another is 409; with duplicateGroupNames it is not.
func TestQ53_GroupsOfOneName(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "entra")
		c.addGroup("Q53")
		other := c.addGroup("Other")
		second := object{"schemas": []string{groupURN}, "displayName": "q53"}
		rename := patch(op("replace", "displayName", "Q53"))
		c.do("POST", "/Groups", second).scimError(409, "uniqueness", "displayName")
		c.do("PATCH", "/Groups/"+other, rename).scimError(409, "uniqueness", "displayName")
		c.turn("duplicateGroupNames", "on")
		c.do("POST", "/Groups", second).must(201)
		c.do("PATCH", "/Groups/"+other, rename).must(200)
	})
}

// Q54: a PUT clears what it does not name, but active is neither set nor unset.
func TestQ54_PutWithoutActive(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		for _, active := range []bool{true, false} {
			id := c.addUser("q54-"+asJSON(t, active)+"@societe.example", object{"active": active, "title": "T", "externalId": "e"})
			a := c.do("PUT", "/Users/"+id, user("q54-"+asJSON(t, active)+"@societe.example", object{"displayName": "D"})).must(200)
			if a.at("active") != active || a.at("title") != nil || a.text("displayName") != "D" || a.at("externalId") != nil {
				t.Errorf("active %v: %s", active, a.body)
			}
		}
	})
}

// Q55: a PUT of a Group without members keeps them; with an empty list it clears them.
func TestQ55_PutOfAGroupWithoutMembers(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "okta")
		u := c.addUser("q55@societe.example")
		group := c.addGroup("Q55", u)
		c.do("PUT", "/Groups/"+group, object{"displayName": "Q55b"}).must(200)
		if got := c.members(group); !sameIDs(got, []string{u}) {
			t.Errorf("without the key: %v", got)
		}
		c.do("PUT", "/Groups/"+group, object{"displayName": "Q55b", "members": nil}).must(200)
		if got := c.members(group); !sameIDs(got, []string{u}) {
			t.Errorf("with null, which is absent (Q05): %v", got)
		}
		c.do("PUT", "/Groups/"+group, object{"displayName": "Q55b", "members": []any{}}).must(200)
		if got := c.members(group); len(got) != 0 {
			t.Errorf("with an empty list: %v", got)
		}
	})
}

// Q56: a User and a Group of a connection test come and go, again and again, and leave nothing behind: they do not count
// among what the connection takes away either (H12).
func TestQ56_ConnectionTestsComeAndGo(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "jumpcloud").turn("massLossCount", "1", "massLossShare", "1")
		for range 5 {
			id := c.addUser("test@societe.example")
			group := c.addGroup("Test", id)
			c.do("PATCH", "/Users/"+id, patch(op("replace", "active", false))).must(200)
			c.do("DELETE", "/Users/"+id, nil).must(204)
			c.do("DELETE", "/Groups/"+group, nil).must(204)
		}
		for _, path := range []string{"/Users", "/Groups"} {
			if got := c.do("GET", path, nil).must(200).at("totalResults"); got != 0.0 {
				t.Errorf("%s: %v are left", path, got)
			}
		}
	})
}

// Q57: a manager who does not exist is 400; with allowUnknownManagers it waits, named by externalId, until that User
// comes, and is then the manager.
func TestQ57_ManagersWhoComeLater(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		under := func(manager string) object { return object{enterpriseURN: object{"manager": object{"value": manager}}} }
		c.do("POST", "/Users", user("q57@societe.example", under("boss-7"))).scimError(400, "invalidValue", "boss-7")

		c.turn("allowUnknownManagers", "on")
		a := c.do("POST", "/Users", user("q57@societe.example", under("boss-7"))).must(201)
		if a.at(enterpriseURN) != nil {
			t.Errorf("a manager is shown who is not there: %s", a.body)
		}
		path := "/Users/" + a.text("id")
		gone := c.do("POST", "/Users", user("q57b@societe.example", under("boss-7"))).must(201).text("id")
		c.do("PATCH", "/Users/"+gone, patch(object{"op": "remove", "path": enterpriseURN + ":manager"})).must(200) // thinks better of it
		c.another("elsewhere").addUser("elsewhere@societe.example", object{"externalId": "boss-7"})                // another one's externalId
		if a := c.do("GET", path, nil); a.at(enterpriseURN) != nil {
			t.Errorf("another connection's User became the manager: %s", a.body)
		}
		boss := c.addUser("boss@societe.example", object{"externalId": "boss-7", "displayName": "Boss"})
		if a := c.do("GET", path, nil); a.text(enterpriseURN, "manager", "value") != boss || a.text(enterpriseURN, "manager", "displayName") != "Boss" {
			t.Errorf("the manager came and is not it: %s", a.body)
		}
		if a := c.do("GET", "/Users/"+gone, nil); a.at(enterpriseURN) != nil {
			t.Errorf("a manager who was taken away came back: %s", a.body)
		}
		now := c.do("POST", "/Users", user("q57c@societe.example", under("boss-7"))).must(201)
		if now.text(enterpriseURN, "manager", "value") != boss {
			t.Errorf("an externalId that is known by now: %s", now.body)
		}
	})
}
