package scim_test

import (
	"net/url"
	"strings"
	"testing"

	"proprio/audit"
	"proprio/scim"
)

// The tests TestIPSIE_… are the IPSIE AL SCIM profile (protocol.md 1.7), under the switch ipsie, which includes the
// interoperability profile.

func (w *world) ipsie(name string) tenant {
	w.t.Helper()
	return w.tenant(name, "").turn("ipsie", "on")
}

func TestIPSIE_IncludesTheInteropProfile(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.ipsie(t.Name())
		c.do("POST", "/Users", user("ipsie@societe.example", object{"shoeSize": 1})).scimError(400, "invalidSyntax", "shoeSize")
		c.patched(nil, object{"op": "add", "value": object{"title": "T"}}).scimError(400, "invalidSyntax", "path")
		c.patched(object{"roles": []object{{"value": "a"}}}, op("replace", `roles[value eq "a"]`, object{})).scimError(400, "invalidPath", "")
	})
}

func TestIPSIE_TwentyFiveRequestsASecond(t *testing.T) {
	eachCommon(t, func(t *testing.T, shared *world) {
		w := newWorld(t, shared.db, func(s *scim.Server) { s.Limits.Rate = 5 })
		c := w.ipsie(t.Name())
		for range 25 {
			c.do("GET", "/ServiceProviderConfig", nil).must(200)
		}
		other := w.on(t).tenant(t.Name()+" other", "")
		limited := false
		for range 25 {
			a := other.do("GET", "/ServiceProviderConfig", nil)
			limited = limited || a.status == 429
		}
		if !limited {
			t.Error("a connection that is not held to the profile was not limited either, so the test shows nothing")
		}
	})
}

func TestIPSIE_BulkIsThere(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.ipsie(t.Name())
		if c.do("GET", "/ServiceProviderConfig", nil).must(200).at("bulk", "supported") != true {
			t.Error("bulk is not announced")
		}
		c.do("POST", "/Bulk", bulk(operation("POST", "/Users", "a", user("ipsie@societe.example")))).mustStatuses("a 201")
	})
}

func TestIPSIE_PatchWithManyAttributes(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.ipsie(t.Name())
		a := c.patched(nil, op("replace", "displayName", "D"), op("replace", "title", "T"), op("add", "name.givenName", "G"), op("add", enterpriseURN+":department", "X")).must(200)
		if a.text("displayName") != "D" || a.text("title") != "T" || a.text("name", "givenName") != "G" || a.text(enterpriseURN, "department") != "X" {
			t.Errorf("PATCH: %s", a.body)
		}
	})
}

func TestIPSIE_AL1_DeactivationAndReactivation(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.ipsie(t.Name())
		path := "/Users/" + c.addUser("ipsie@societe.example")
		for _, active := range []bool{false, true, false} {
			if a := c.do("PATCH", path, patch(op("replace", "active", active))).must(200); a.at("active") != active {
				t.Errorf("active %v: %s", active, a.body)
			}
		}
		if a := c.do("GET", path, nil).must(200); a.at("active") != false {
			t.Errorf("read back: %s", a.body)
		}
	})
}

func TestIPSIE_AL1_DeleteFreesTheUserName(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.ipsie(t.Name())
		id := c.addUser("ipsie@societe.example")
		c.do("DELETE", "/Users/"+id, nil).must(204)
		c.do("GET", "/Users/"+id, nil).must(404)
		c.addUser("ipsie@societe.example")
	})
}

func TestIPSIE_AL1_Filters(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.ipsie(t.Name())
		c.addUser("ipsie@societe.example", object{"externalId": "e", "emails": []object{{"value": "w@societe.example", "type": "work"}}})
		c.wantFound(t, map[string]float64{
			`userName eq "ipsie@societe.example"`: 1, `externalId eq "e"`: 1, `emails[value eq "w@societe.example"]`: 1,
			`emails[type eq "work" and value eq "w@societe.example"]`: 1, `emails[type eq "home" and value eq "w@societe.example"]`: 0, `externalId eq "x"`: 0,
		})
	})
}

func TestIPSIE_AL2_NoCredentialInTheSchema(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.ipsie(t.Name())
		if a := c.do("GET", "/Schemas", nil).must(200); strings.Contains(strings.ToLower(a.body), "password") || strings.Contains(strings.ToLower(a.body), "secret") {
			t.Error("a schema has a credential")
		}
		const secret = "correct-horse-9"
		c.addUser("ipsie@societe.example", object{"password": secret}) // dropped, not refused: Okta sends one always
		if strings.Contains(c.everything(), secret) {
			t.Error("the password was kept")
		}
	})
}

func TestIPSIE_AL2_UsersAndPages(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.ipsie(t.Name())
		a := c.do("POST", "/Users", user("ipsie@societe.example", object{"displayName": "D", "active": true, "externalId": "e"})).must(201)
		if a.text("userName") != "ipsie@societe.example" || a.text("displayName") != "D" || a.at("active") != true || a.text("externalId") != "e" {
			t.Errorf("POST: %s", a.body)
		}
		if got := c.do("GET", "/ServiceProviderConfig", nil).must(200).at("filter", "maxResults"); got != 1000.0 {
			t.Errorf("a page holds %v at most", got)
		}
		c.do("GET", "/Users?count=1000", nil).must(200)
	})
}

func TestIPSIE_AL2_Groups(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.ipsie(t.Name())
		group := c.do("POST", "/Groups", object{"schemas": []string{groupURN}, "displayName": "IPSIE", "externalId": "g"}).must(201).text("id")
		c.do("POST", "/Groups", object{"schemas": []string{groupURN}, "displayName": "IPSIE"}).scimError(409, "uniqueness", "displayName")
		var users, adds, removes []object
		for i := range 60 {
			users = append(users, operation("POST", "/Users", "b"+itoa(i), user("ipsie-"+itoa(i)+"@societe.example")))
		}
		made := c.do("POST", "/Bulk", bulk(users...)).must(200)
		for i := range users {
			adds = append(adds, op("add", "members", []object{{"value": made.id(i)}}))
			removes = append(removes, object{"op": "remove", "path": `members[value eq "` + made.id(i) + `"]`})
		}
		c.do("PATCH", "/Groups/"+group, patch(adds...)).must(200, 204)
		if got := len(c.members(group)); got != 60 {
			t.Errorf("%d members after 60 operations", got)
		}
		for _, filter := range []string{`displayName eq "IPSIE"`, `externalId eq "g"`, `members[value eq "` + made.id(7) + `"]`} {
			if got := c.do("GET", "/Groups?excludedAttributes=members&filter="+url.QueryEscape(filter), nil).must(200).at("totalResults"); got != 1.0 {
				t.Errorf("%s selects %v", filter, got)
			}
		}
		c.do("PATCH", "/Groups/"+group, patch(removes[:50]...)).must(200, 204)
		if got := len(c.members(group)); got != 10 {
			t.Errorf("%d members after 50 removals", got)
		}
	})
}

func TestIPSIE_EveryChangeIsOnRecord(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.ipsie(t.Name())
		id := c.addUser("ipsie@societe.example")
		c.do("PATCH", "/Users/"+id, patch(op("replace", "title", "T"))).must(200)
		c.do("DELETE", "/Users/"+id, nil).must(204)
		for _, action := range []audit.Action{audit.ActionCreate, audit.ActionModify, audit.ActionRemove} {
			c.wantEntry(t, action, "User")
		}
	})
}
