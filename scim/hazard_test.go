package scim_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"proprio/audit"
	"proprio/oidc"
	"proprio/scim"
)

// The tests TestH01 to TestH16 are the ways in which directories lost data or accounts, one test per hazard. H03 is
// in members_test.go.

// H01: a remove of members with a list of one takes one, in either dialect, and never all.
func TestH01_ARemoveWithAListIsNoRemoveOfAll(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "entra")
		u, v, x := c.addUser("h01u@societe.example"), c.addUser("h01v@societe.example"), c.addUser("h01x@societe.example")
		group := c.addGroup("H01", u, v, x)
		c.do("PATCH", "/Groups/"+group, patch(op("Remove", "members", []object{{"$ref": nil, "value": u}}))).must(200)
		c.do("PATCH", "/Groups/"+group, patch(op("Remove", "members", []object{{"value": "nobody"}}))).must(200)
		c.do("PATCH", "/Groups/"+group, patch(op("Remove", "members", []object{{"display": "h01v"}}))).scimError(400, "invalidValue", "members")
		if got := c.members(group); !sameIDs(got, []string{v, x}) {
			t.Errorf("left are %v", got)
		}
	})
}

// H02: one request that names only whom to keep does not empty a large Group, unless the connection may.
func TestH02_OneRequestDoesNotEmptyAGroup(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "okta").turn("massRemovalCount", "2", "massRemovalShare", "50")
		var ids []string
		for i := range 6 {
			ids = append(ids, c.addUser("h02-"+itoa(i)+"@societe.example"))
		}
		group := c.addGroup("H02", ids...)
		keep := func(n int) []object {
			list := []object{}
			for _, id := range ids[:n] {
				list = append(list, object{"value": id})
			}
			return list
		}
		path, before := "/Groups/"+group, c.everything()
		c.do("PATCH", path, patch(op("replace", "members", keep(1)))).scimError(403, "", "5 of the Group's 6 members")
		c.do("PUT", path, object{"displayName": "H02", "members": keep(2)}).scimError(403, "", "allowMassRemoval")
		c.do("PATCH", path, patch(object{"op": "remove", "path": "members"})).scimError(403, "", "6 of the Group's 6")
		if c.everything() != before {
			t.Error("a refused request changed something")
		}
		c.do("PATCH", path, patch(op("replace", "members", keep(3)))).must(200) // half is no more than half
		c.do("PATCH", path, patch(op("replace", "members", keep(1)))).must(200) // two is no more than two
		c.do("PATCH", path, patch(op("add", "members", keep(6)))).must(200)
		c.do("PATCH", path, patch(op("remove", "members", keep(6)[1:]))).must(200) // they are named, so they are meant
		c.do("PATCH", path, patch(op("add", "members", keep(6)))).must(200)
		c.turn("allowMassRemoval", "on").do("PATCH", path, patch(op("replace", "members", keep(1)))).must(200)
		if got := c.members(group); len(got) != 1 {
			t.Errorf("with the switch: %v", got)
		}
	})
}

// owner makes an admin of the company whom a sign-in has tied to a User.
func (c tenant) owner(address, user string) oidc.Admin {
	c.t.Helper()
	by := oidc.Actor{}
	a, err := c.db.CreateAdmin(context.Background(), by, oidc.Admin{
		ID: uuid.Must(uuid.NewV7()).String(), Company: c.company, Address: address, Role: oidc.RoleAdmin, Created: time.Now(),
	})
	if err == nil {
		err = c.db.NoteAdmin(context.Background(), c.company, a.ID, address, user)
	}
	if err != nil {
		c.t.Fatalf("create admin: %v", err)
	}
	return a
}

// H04: a connection that finds the User of an administrator, whom another one made, cannot rename them: adoption is not
// take-over. The one that made them can, and so can one that may.
func TestH04_AdoptionIsNoTakeOver(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "entra")
		boss, other := c.addUser("boss@societe.example"), c.addUser("other@societe.example")
		c.owner("boss@societe.example", boss)
		c.owner("second@societe.example", "")
		thief := c.another("thief")
		for _, change := range []object{
			op("replace", "userName", "thief@societe.example"), op("add", "emails", []object{{"value": "thief@societe.example", "type": "work"}}),
		} {
			thief.do("PATCH", "/Users/"+boss, patch(change)).scimError(403, "", "renameAdmins")
		}
		thief.do("PUT", "/Users/"+boss, user("thief@societe.example")).scimError(403, "", "userName")
		thief.do("PATCH", "/Users/"+boss, patch(op("replace", "title", "Boss"))).must(200) // the rest of the profile is
		thief.do("PATCH", "/Users/"+other, patch(op("replace", "userName", "renamed@societe.example"))).must(200)
		c.do("PATCH", "/Users/"+boss, patch(op("replace", "userName", "chief@societe.example"))).must(200)
		thief.turn("renameAdmins", "on").do("PATCH", "/Users/"+boss, patch(op("replace", "userName", "leader@societe.example"))).must(200)
	})
}

// H05: an externalId is never an id, not even when it looks like one, and means nothing outside its connection.
func TestH05_ExternalIDsAreNoIDs(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		victim := c.addUser("h05@societe.example", object{"externalId": "1"})
		c.addUser("h05b@societe.example", object{"externalId": victim})
		c.do("GET", "/Users/1", nil).must(404)
		c.do("DELETE", "/Users/1", nil).must(404)
		if got := c.do("GET", "/Users/"+victim, nil).must(200).text("userName"); got != "h05@societe.example" {
			t.Errorf("the id leads to %s", got)
		}
		second := c.another("second")
		if got := second.finds(`externalId eq "1"`); got != 0.0 {
			t.Error("another connection's externalId is found")
		}
		if a := second.do("GET", "/Users/"+victim, nil).must(200); a.at("externalId") != nil {
			t.Errorf("another connection's externalId is shown: %s", a.body)
		}
		second.addUser("h05c@societe.example", object{"externalId": "1"}) // the same value, its own space
	})
}

// H06: without a token in force nothing is answered, at any address, and an empty token matches nothing.
func TestH06_NothingWithoutAToken(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		id := c.addUser("h06@societe.example")
		for _, authorization := range []string{"", "Bearer", "Bearer ", "Bearer null", "Basic " + c.token, "Bearer " + strings.Repeat("x", 43), "Bearer " + c.token + "x"} {
			for _, call := range [][2]string{{"GET", "/Users"}, {"GET", "/Users/" + id}, {"DELETE", "/Users/" + id}, {"POST", "/Bulk"}, {"GET", "/nowhere"}, {"PUT", "/Schemas"}} {
				a := c.do(call[0], call[1], nil, "Authorization", authorization).must(401)
				if a.header.Get("WWW-Authenticate") == "" || strings.Contains(a.body, "h06") {
					t.Errorf("%q %v: %s", authorization, call, a.body)
				}
			}
		}
		c.do("GET", "/Users/"+id, nil).must(200)
	})
}

// H07: another company's resources are not there, by id, filter, member, manager or reference.
func TestH07_AnotherCompanyIsNotThere(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c, foreign := w.tenant(t.Name()+" one", ""), w.tenant(t.Name()+" two", "")
		id, group := foreign.addUser("h07@societe.example"), foreign.addGroup("H07")
		mine := c.addUser("mine@societe.example")
		before := foreign.everything()
		for _, call := range [][2]string{{"GET", "/Users/" + id}, {"DELETE", "/Users/" + id}, {"GET", "/Groups/" + group}} {
			c.do(call[0], call[1], nil).must(404)
		}
		c.do("PATCH", "/Users/"+id, patch(op("replace", "title", "T"))).must(404)
		c.do("PUT", "/Users/"+id, user("x@societe.example")).must(404)
		c.do("POST", "/Groups", object{"displayName": "G", "members": []object{{"value": id}}}).scimError(400, "invalidValue", id)
		c.do("PATCH", "/Users/"+mine, patch(op("add", "manager", id))).scimError(400, "invalidValue", id)
		c.wantFound(t, map[string]float64{`userName eq "h07@societe.example"`: 0, `id eq "` + id + `"`: 0})
		c.addUser("h07@societe.example") // the name is free here
		if foreign.everything() != before {
			t.Error("the other company changed")
		}
	})
}

// H08: a password that arrives is no credential of anything: it is in no schema, no record and no exchange.
func TestH08_APasswordIsNoCredential(t *testing.T) {
	eachCommon(t, func(t *testing.T, shared *world) {
		w, stop := shared.recorded()
		c := w.tenant(t.Name(), "okta")
		const secret = "correct-horse-8"
		c.addUser("h08@societe.example", object{"password": secret})
		misplaced := object{"password": secret}
		for _, value := range []any{misplaced, []any{misplaced}} { // an error repeats nothing of what stands in the wrong place
			c.do("POST", "/Users", object{"userName": value}).must(400)
			c.do("POST", "/Groups", object{"displayName": "h08", "members": []any{object{"value": value}}}).must(400)
			c.do("POST", "/Users", user("wrong@societe.example", object{"emails": value, "nickName": value})).must(400)
		}
		if a := c.do("GET", "/Schemas", nil).must(200); strings.Contains(strings.ToLower(a.body), "password") {
			t.Error("a schema has a password")
		}
		stop()
		exchanges, err := c.db.Exchanges(t.Context(), c.company, c.connection.ID, 10)
		if err != nil || len(exchanges) == 0 {
			t.Fatalf("%d exchanges, %v", len(exchanges), err)
		}
		for _, e := range exchanges {
			if strings.Contains(string(e.Request)+string(e.Response), secret) {
				t.Errorf("%s %s was kept with the password", e.Method, e.Path)
			}
		}
	})
}

// H09: the last who can administer Proprio is not shut out by an identity provider; one who is not in the directory, or
// somebody else in force, stands in.
func TestH09_TheLastAdminStays(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		boss, deputy := c.addUser("boss@societe.example"), c.addUser("deputy@societe.example")
		c.owner("boss@societe.example", boss)
		off := patch(op("replace", "active", false))
		c.do("PATCH", "/Users/"+boss, off).scimError(403, "", "proprio admin add")
		c.do("PUT", "/Users/"+boss, user("boss@societe.example", object{"active": false})).must(403)
		c.do("DELETE", "/Users/"+boss, nil).must(403)
		if c.do("GET", "/Users/"+boss, nil).must(200).at("active") == false {
			t.Error("the last admin is inactive")
		}
		c.owner("deputy@societe.example", deputy)
		c.do("PATCH", "/Users/"+boss, off).must(200)
		c.do("DELETE", "/Users/"+deputy, nil).must(403) // now it is the deputy
		c.owner("glass@societe.example", "")            // break glass: never in the directory
		c.do("DELETE", "/Users/"+deputy, nil).must(204)
	})
}

// H10: with the person the sessions end, in the same transaction, and a sign-in finds somebody who is not in force.
func TestH10_SessionsEndWithThePerson(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		for name, end := range map[string]func(id string){
			"inactive": func(id string) { c.do("PATCH", "/Users/"+id, patch(op("Replace", "active", "False"))).must(200) },
			"deleted":  func(id string) { c.do("DELETE", "/Users/"+id, nil).must(204) },
		} {
			address := name + "@societe.example"
			id := c.addUser(address)
			admin := c.owner(address, id)
			c.owner("other-"+address, "")
			hash := [32]byte{}
			copy(hash[:], uuid.NewString())
			now := time.Now()
			session := oidc.Session{Company: c.company, Admin: admin, User: id, Created: now, Seen: now, Expires: now.Add(time.Hour)}
			if err := c.db.CreateSession(t.Context(), session, hash, [32]byte{}); err != nil {
				t.Fatal(err)
			}
			if _, err := c.db.SessionByHash(t.Context(), hash); err != nil {
				t.Fatalf("the session is not there: %v", err)
			}
			end(id)
			if _, err := c.db.SessionByHash(t.Context(), hash); err == nil {
				t.Errorf("%s: the session is still there", name)
			}
			if p, err := c.db.PersonOf(t.Context(), c.company, id, address); err == nil && p.Active {
				t.Errorf("%s: the person is in force", name)
			}
		}
	})
}

// H11: a client that deletes whatever it does not know deletes no other connection's resources; with deleteForeign, or
// once it gave an externalId itself, it can.
func TestH11_WhatAnotherConnectionProvisionsStays(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "entra")
		id := c.addUser("h11@societe.example", object{"externalId": "e11"})
		adopted := c.addUser("h11b@societe.example", object{"externalId": "e11b"})
		pocket := c.another("pocket")
		pocket.do("DELETE", "/Users/"+id, nil).scimError(403, "", "deleteForeign")
		c.do("GET", "/Users/"+id, nil).must(200)
		pocket.do("PATCH", "/Users/"+adopted, patch(op("add", "externalId", "p11"))).must(200)
		pocket.do("DELETE", "/Users/"+adopted, nil).must(204)
		own := pocket.addUser("h11c@societe.example")
		pocket.do("DELETE", "/Users/"+own, nil).must(204)
		pocket.turn("deleteForeign", "on").do("DELETE", "/Users/"+id, nil).must(204)
	})
}

// H12: an identity provider that takes away more than a company loses in a day is held until an administrator has looked.
func TestH12_AStormOfLossesIsHeld(t *testing.T) {
	eachCommon(t, func(t *testing.T, shared *world) {
		var ago atomic.Int64 // how far the clock is behind
		ago.Store(int64(48 * time.Hour))
		c := newWorld(t, shared.db, func(s *scim.Server) {
			s.Directory.Now = func() time.Time { return time.Now().Add(-time.Duration(ago.Load())) }
		}).tenant(t.Name(), "entra").turn("massLossCount", "3", "massLossShare", "25")
		var ids []string
		for i := range 16 {
			ids = append(ids, c.addUser("h12-"+itoa(i)+"@societe.example"))
		}
		group := c.addGroup("H12")
		ago.Store(0)
		off := patch(op("Replace", "active", "False"))
		c.do("PATCH", "/Users/"+ids[0], off).must(200)
		c.do("DELETE", "/Users/"+ids[1], nil).must(204)
		c.do("DELETE", "/Groups/"+group, nil).must(204)
		young := c.addUser("young@societe.example")
		c.do("DELETE", "/Users/"+young, nil).must(204) // of today: no loss
		c.do("PATCH", "/Users/"+ids[2], off).must(403) // the fourth of fifteen: more than three, and more than a quarter
		c.do("PATCH", "/Users/"+ids[2], off).scimError(403, "", "proprio connection resume")
		c.do("DELETE", "/Users/"+ids[3], nil).must(403)
		c.do("POST", "/Bulk", object{"Operations": []object{{"method": "DELETE", "path": "/Users/" + ids[4]}}}).mustStatuses("403")
		c.do("PATCH", "/Users/"+ids[5], patch(op("replace", "title", "T"))).must(200) // the rest goes on
		c.addUser("new@societe.example")
		c.another("second").do("DELETE", "/Users/"+ids[6], nil).must(204) // and so do others

		connections, _, err := c.db.ListConnections(t.Context(), c.company)
		if err != nil || connections[0].LossesHeld.IsZero() {
			t.Fatalf("the connection is not held: %+v, %v", connections[0], err)
		}
		c.wantEntry(t, audit.ActionHold, "connection")
		if err := c.db.ResumeLosses(t.Context(), system, c.company, c.connection.ID); err != nil {
			t.Fatal(err)
		}
		c.wantEntry(t, audit.ActionRelease, "connection")
		for _, id := range ids[7:10] {
			c.do("DELETE", "/Users/"+id, nil).must(204)
		}
		c.do("DELETE", "/Users/"+ids[10], nil).must(403)
		c.turn("allowMassLoss", "on").do("DELETE", "/Users/"+ids[10], nil).must(204)
	})
}

// wantEntry looks for an entry of the record.
func (c tenant) wantEntry(t *testing.T, action audit.Action, objectType string) {
	t.Helper()
	entries, err := c.db.Entries(t.Context(), c.company, audit.Query{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Action == action && e.ObjectType == objectType {
			return
		}
	}
	t.Errorf("the record has no %s of a %s", action, objectType)
}
