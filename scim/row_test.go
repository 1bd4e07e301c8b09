package scim_test

import (
	"net/url"
	"testing"
)

// The tests TestRow01 to TestRow20 are the points where sources disagree (protocol.md section 3), one test per row: what
// is chosen, and what the switch of a connection makes of it.

// Row 1: a successful PATCH is 200 with the resource, a Group's without its members unless they are asked for; 204 where
// the request or the connection prefers that.
func TestRow01_StatusOfAPatch(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		u := c.addUser("row01@societe.example")
		group := c.addGroup("Row01", u)
		title, name := patch(op("replace", "title", "T")), patch(op("replace", "displayName", "Row01b"))
		if a := c.do("PATCH", "/Users/"+u, title).must(200); a.text("title") != "T" {
			t.Errorf("a User: %s", a.body)
		}
		if a := c.do("PATCH", "/Groups/"+group, name).must(200); a.text("displayName") != "Row01b" || a.at("members") != nil {
			t.Errorf("a Group: %s", a.body)
		}
		if a := c.do("PATCH", "/Groups/"+group+"?attributes=members", name).must(200); a.text("members", 0, "value") != u {
			t.Errorf("a Group with members asked for: %s", a.body)
		}
		if a := c.do("PATCH", "/Users/"+u, title, "Prefer", "return=minimal").must(204); a.body != "" || a.header.Get("Preference-Applied") != "return=minimal" {
			t.Errorf("minimal: %q, %v", a.body, a.header)
		}
		c.turn("patchNoContent", "on")
		if a := c.do("PATCH", "/Groups/"+group, name).must(204); a.header.Get("Location") != base+"/Groups/"+group || a.header.Get("ETag") == "" {
			t.Errorf("204: %v", a.header)
		}
		c.do("PATCH", "/Users/"+u+"?attributes=title", title).must(200) // RFC 7644 §3.5.2: asked for, so shown
	})
}

// Row 2: a member who does not exist is 400; with allowUnknownMembers one may be named by externalId, and waits until the
// connection sends it.
func TestRow02_MembersWhoComeLater(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		member := func(names ...string) []object {
			list := []object{}
			for _, n := range names {
				list = append(list, object{"value": n})
			}
			return list
		}
		here := c.addUser("here@societe.example", object{"externalId": "e-here"})
		group := c.addGroup("Row02")
		path := "/Groups/" + group
		c.do("PATCH", path, patch(op("add", "members", member(here, "e-later")))).scimError(400, "invalidValue", "e-later")
		c.do("PATCH", path, patch(op("add", "members", member("e-here")))).scimError(400, "invalidValue", "e-here")

		c.turn("allowUnknownMembers", "on")
		c.do("PATCH", path, patch(op("add", "members", member("e-here", "e-later", "e-group", "e-never", "e-dropped")))).must(200)
		if got := c.members(group); !sameIDs(got, []string{here}) {
			t.Errorf("members %v, want the one who is here", got)
		}
		c.do("PATCH", path, patch(op("remove", "members", member("e-dropped")))).must(200)
		second := c.another("second")
		second.turn("allowUnknownMembers", "on").addUser("second@societe.example", object{"externalId": "e-never"})
		later := c.addUser("later@societe.example", object{"externalId": "e-later"})
		dropped := c.addUser("dropped@societe.example", object{"externalId": "e-dropped"})
		inner := c.do("POST", "/Groups", object{"displayName": "Inner", "externalId": "e-group"}).must(201).text("id")
		if got := c.members(group); !sameIDs(got, []string{here, later, inner}) {
			t.Errorf("members %v, want %v (dropped is %s)", got, []string{here, later, inner}, dropped)
		}
		renamed := c.addUser("renamed@societe.example")
		c.do("PATCH", "/Users/"+renamed, patch(op("add", "externalId", "e-never"))).must(200) // the externalId comes later than the User
		if got := c.members(group); !sameIDs(got, []string{here, later, inner, renamed}) {
			t.Errorf("members %v after the externalId came", got)
		}
		c.do("PATCH", path, patch(op("remove", "members", member("e-later", "e-here")))).must(200)
		if got := c.members(group); !sameIDs(got, []string{inner, renamed}) {
			t.Errorf("members %v after a remove by externalId", got)
		}
		c.do("PATCH", path, patch(op("add", "members", member("e-cleared")))).must(200)
		c.do("PUT", path, object{"displayName": "Row02", "members": member(here)}).must(200)
		c.addUser("cleared@societe.example", object{"externalId": "e-cleared"})
		if got := c.members(group); !sameIDs(got, []string{here}) {
			t.Errorf("members %v after a PUT that named one", got)
		}
	})
}

// Row 3: two Groups of one name are 409, by every way to a name; the switch allows them.
func TestRow03_GroupsOfOneName(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		c.addGroup("Row 03")
		other := c.addGroup("Other")
		c.do("PUT", "/Groups/"+other, object{"displayName": "ROW 03"}).scimError(409, "uniqueness", "displayName")
		c.turn("duplicateGroupNames", "on").do("PUT", "/Groups/"+other, object{"displayName": "ROW 03"}).must(200)
	})
}

// Row 4: an unknown attribute is ignored; in interop mode it is 400 invalidSyntax.
func TestRow04_UnknownAttributes(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		c.do("POST", "/Users", user("row04@societe.example", object{"shoeSize": 44})).must(201)
		c.turn("interop", "on").do("POST", "/Users", user("row04b@societe.example", object{"shoeSize": 44})).scimError(400, "invalidSyntax", "shoeSize")
	})
}

// Row 5: a PATCH operation without path is accepted; in interop mode it is 400 invalidSyntax.
func TestRow05_PatchWithoutPath(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		path, body := "/Users/"+c.addUser("row05@societe.example"), patch(object{"op": "replace", "value": object{"title": "T"}})
		c.do("PATCH", path, body).must(200)
		c.turn("interop", "on").do("PATCH", path, body).scimError(400, "invalidSyntax", "path")
	})
}

// Row 6: a replace of a whole complex attribute keeps what it does not name (RFC 7644 §3.5.2.3); in interop mode it
// replaces the object.
func TestRow06_ReplaceOfAComplexAttribute(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		has := object{"name": object{"givenName": "G", "familyName": "F"}}
		if a := c.patched(has, op("replace", "name", object{"givenName": "H"})).must(200); a.text("name", "familyName") != "F" {
			t.Errorf("RFC: %s", a.body)
		}
		if a := c.turn("interop", "on").patched(has, op("replace", "name", object{"givenName": "H"})).must(200); a.at("name", "familyName") != nil {
			t.Errorf("interop: %s", a.body)
		}
	})
}

// Row 8: a country is kept as it came; with strictCountry it is one of ISO 3166-1, in its canonical form.
func TestRow08_Country(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		in := func(country string) object {
			return object{"addresses": []object{{"type": "work", "country": country}}}
		}
		n := 0
		post := func(country string) answer {
			n++
			return c.do("POST", "/Users", user("row08-"+itoa(n)+"@societe.example", in(country)))
		}
		for _, sent := range []string{"fr", "FRA", "France", "Atlantis", "USA"} {
			if got := post(sent).must(201).text("addresses", 0, "country"); got != sent {
				t.Errorf("%s became %s", sent, got)
			}
		}
		c.turn("strictCountry", "on")
		for sent, want := range map[string]string{"fr": "FR", "FRA": "FR", "US": "US", "usa": "US", "de": "DE"} {
			if got := post(sent).must(201).text("addresses", 0, "country"); got != want {
				t.Errorf("strict: %s became %s", sent, got)
			}
		}
		for _, sent := range []string{"France", "Atlantis", "EU", "XX", "419"} {
			post(sent).scimError(400, "invalidValue", "ISO 3166-1")
		}
		c.patched(nil, op("add", `addresses[type eq "work"].country`, "Atlantis")).scimError(400, "invalidValue", "country")
	})
}

// Row 9: ServiceProviderConfig ignores a filter; Schemas and ResourceTypes answer it with 403 (RFC 7644 §4).
func TestRow09_FilterOnDiscovery(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		filter := "?filter=" + url.QueryEscape(`name eq "User"`)
		c.do("GET", "/ServiceProviderConfig"+filter, nil).must(200)
		c.do("GET", "/Schemas"+filter, nil).scimError(403, "", "filter")
		c.do("GET", "/ResourceTypes"+filter, nil).scimError(403, "", "filter")
	})
}

// Row 10: a text is a boolean only where the schema has one, and not even there with strictBooleans.
func TestRow10_BooleansAsTexts(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		if a := c.patched(nil, op("replace", "active", "FALSE"), op("replace", "title", "True")).must(200); a.at("active") != false || a.at("title") != "True" {
			t.Errorf("tolerant: %s", a.body)
		}
		c.turn("strictBooleans", "on").patched(nil, op("replace", "active", "FALSE")).scimError(400, "invalidValue", "active")
	})
}

// Row 11: displayName inside a value is read as display, other unknown names are ignored; in interop mode both are
// refused.
func TestRow11_NamesInsideValues(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		role := object{"roles": []object{{"value": "r", "displayName": "Role", "colour": "red"}}}
		a := c.do("POST", "/Users", user("row11@societe.example", role)).must(201)
		if a.text("roles", 0, "display") != "Role" || a.at("roles", 0, "colour") != nil {
			t.Errorf("roles: %s", a.body)
		}
		member := []object{{"value": a.text("id"), "displayName": "x", "mail": "y"}}
		group := c.do("POST", "/Groups", object{"displayName": "Row11", "members": member}).must(201)
		if group.text("members", 0, "display") != "row11@societe.example" {
			t.Errorf("members: %s", group.body)
		}
		c.turn("interop", "on").do("POST", "/Users", user("row11b@societe.example", role)).scimError(400, "invalidSyntax", "roles")
		c.do("PATCH", "/Groups/"+group.text("id"), patch(op("add", "members", member))).scimError(400, "invalidSyntax", "members")
	})
}

// Row 16: the display of a member is the displayName, else the userName, of now.
func TestRow16_DisplayOfMembers(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		u := c.addUser("row16@societe.example")
		path := "/Groups/" + c.addGroup("Row16", u)
		if got := c.do("GET", path, nil).text("members", 0, "display"); got != "row16@societe.example" {
			t.Errorf("without displayName: %q", got)
		}
		c.do("PATCH", "/Users/"+u, patch(op("add", "displayName", "Zoé"))).must(200)
		if got := c.do("GET", path, nil).text("members", 0, "display"); got != "Zoé" {
			t.Errorf("with displayName: %q", got)
		}
	})
}

// Row 17: a Group over a size, which is a setting of the connection, comes without members unless they are asked for, and
// a header says how many there are; they can be read page by page.
func TestRow17_MembersOfLargeGroups(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "").turn("largeGroup", "2")
		small := c.addGroup("Small", c.addUser("row17a@societe.example"), c.addUser("row17b@societe.example"))
		large := c.addGroup("Large", append(c.members(small), c.addUser("row17c@societe.example"))...)
		if a := c.do("GET", "/Groups/"+small, nil).must(200); len(a.at("members").([]any)) != 2 || a.header.Get("Member-Count") != "" {
			t.Errorf("small: %s", a.body)
		}
		if a := c.do("GET", "/Groups/"+large, nil).must(200); a.at("members") != nil || a.header.Get("Member-Count") != "3" {
			t.Errorf("large: %s, %v", a.body, a.header)
		}
		if got := c.members(large); len(got) != 3 {
			t.Errorf("asked for: %v", got)
		}
		paged, query := "", []string{"filter", `groups.value eq "` + large + `"`, "count", "1"}
		for _, page := range c.walk("/Users", "nextCursor", c.ask("/Users", append(query, "cursor", "")...), query...) {
			paged += page.text("Resources", 0, "userName") + " "
		}
		if paged != "row17a@societe.example row17b@societe.example row17c@societe.example " {
			t.Errorf("page by page: %s", paged)
		}
		if a := c.another("second").do("GET", "/Groups/"+large, nil).must(200); len(a.at("members").([]any)) != 3 {
			t.Errorf("to a connection with the default: %s", a.body)
		}
	})
}

// Row 18: a PUT of a Group without members keeps them; with none it clears them.
func TestRow18_PutOfAGroup(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		u := c.addUser("row18@societe.example")
		group := c.addGroup("Row18", u)
		c.do("PUT", "/Groups/"+group, object{"displayName": "Row18", "externalId": "e"}).must(200)
		if got := c.members(group); !sameIDs(got, []string{u}) {
			t.Errorf("kept: %v", got)
		}
		c.do("PUT", "/Groups/"+group, object{"displayName": "Row18", "members": []any{}}).must(200)
		if got := c.members(group); len(got) != 0 {
			t.Errorf("cleared: %v", got)
		}
	})
}

// Row 19: a PUT without active neither enables nor disables.
func TestRow19_PutWithoutActive(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		id := c.addUser("row19@societe.example", object{"active": false})
		if a := c.do("PUT", "/Users/"+id, user("row19@societe.example")).must(200); a.at("active") != false {
			t.Errorf("a PUT enabled somebody: %s", a.body)
		}
	})
}

// Row 20: a POST of a userName that exists inactive is 409 and names that state; the preset of Okta revives it.
func TestRow20_PostOfAnInactiveUser(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		for preset, status := range map[string]int{"generic": 409, "entra": 409, "okta": 201} {
			c := w.tenant(t.Name()+preset, preset)
			id := c.addUser("row20@societe.example", object{"active": false})
			a := c.do("POST", "/Users", user("row20@societe.example")).must(status)
			if status == 409 {
				a.scimError(409, "uniqueness", "inactive")
			} else if a.text("id") != id || a.at("active") != true {
				t.Errorf("%s: %s", preset, a.body)
			}
		}
	})
}
