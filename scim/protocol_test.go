package scim_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/scim"
)

// RFC 7644 §3.3: 201 with Location and the resource; what a client must not set is not taken from it (protocol.md 16).
func TestRFC7644Section33Create(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		a := c.do("POST", "/Users", user("anne@societe.example", object{
			"id": "mine", "externalId": "X", "meta": object{"resourceType": "Robot", "version": "mine", "location": "http://evil.example"},
			"groups": []object{{"value": "x"}}, "password": "pw-secret", "title": nil, "emails": []object{}, "shoeSize": 44,
		})).must(201)
		id := a.text("id")
		if id == "mine" || id == "" {
			t.Errorf("id %q", id)
		}
		location := base + "/Users/" + id
		for name, want := range map[string]string{"Location": location, "Content-Location": location, "ETag": `W/"1"`,
			"Content-Type": "application/scim+json;charset=utf-8"} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s %q, want %q", name, got, want)
			}
		}
		for _, key := range []string{"groups", "password", "title", "emails", "shoeSize"} {
			if a.at(key) != nil {
				t.Errorf("%s is in the response: %s", key, a.body)
			}
		}
		if a.text("meta", "resourceType") != "User" || a.text("meta", "location") != location || a.text("meta", "version") != `W/"1"` ||
			a.text("meta", "created") == "" || a.text("meta", "created") != a.text("meta", "lastModified") {
			t.Errorf("meta %v", a.at("meta"))
		}
		if again := c.do("GET", "/Users/"+id, nil).must(200); !sameJSON(t, again.body, a.body) {
			t.Errorf("read back\n%s\ninstead of\n%s", again.body, a.body)
		}
	})
}

// RFC 7644 §3.4.2.4 and Q26: index paging.
func TestRFC7644Section3424Paging(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d, func(s *scim.Server) { s.Limits = scim.Limits{PageSize: 3, MaxPage: 5} }).tenant("Société", "")
		var all []string
		for i := range 7 {
			all = append(all, c.addUser(fmt.Sprintf("u%d@societe.example", i)))
		}
		for _, p := range []struct {
			query      string
			startIndex float64
			ids        []string
		}{
			{"", 1, all[:3]}, {"?count=2", 1, all[:2]}, {"?startIndex=3&count=2", 3, all[2:4]}, {"?startIndex=6&count=5", 6, all[5:]},
			{"?startIndex=0&count=1", 1, all[:1]}, {"?startIndex=-5&count=1", 1, all[:1]}, {"?startIndex=8", 8, nil},
			{"?startIndex=99999999999999999999", 9223372036854775807, nil}, {"?count=0", 1, nil}, {"?count=-1", 1, nil},
			{"?count=99", 1, all[:5]}, {"?count=99999999999999999999", 1, all[:5]}, {"?STARTINDEX=2&Count=1&unknown=1", 2, all[1:2]},
		} {
			a := c.do("GET", "/Users"+p.query, nil).must(200)
			var ids []string
			for i := range 10 {
				if id := a.text("Resources", i, "id"); id != "" {
					ids = append(ids, id)
				}
			}
			if !slices.Equal(ids, p.ids) || a.at("totalResults") != 7.0 || a.at("itemsPerPage") != float64(len(p.ids)) ||
				a.at("startIndex") != p.startIndex {
				t.Errorf("%s: %s\nwant %v", p.query, a.body, p.ids)
			}
			if !strings.Contains(a.body, `"Resources":[`) {
				t.Errorf("%s: Resources is not an array: %s", p.query, a.body)
			}
		}
	})
}

// RFC 7644 §3.9 and §3.4.2.5: attributes and excludedAttributes.
func TestRFC7644Section39Projection(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		id := c.addUser("anne@societe.example", object{
			"schemas": []string{userURN, enterpriseURN}, "title": "T", "name": object{"givenName": "Anne", "familyName": "Roux"},
			"emails":      []object{{"value": "anne@societe.example", "type": "work", "primary": true}, {"value": "a@home.example", "type": "home"}},
			enterpriseURN: object{"department": "D", "costCenter": "C"},
		})
		c.addGroup("G", id)
		const core = `["` + userURN + `"]`
		for query, want := range map[string]string{
			"attributes=userName":                                         `{"id":"ID","userName":"anne@societe.example","schemas":` + core + `}`,
			"attributes=USERNAME,%20title":                                `{"id":"ID","userName":"anne@societe.example","title":"T","schemas":` + core + `}`,
			"attributes=unknown":                                          `{"id":"ID","schemas":` + core + `}`,
			"attributes=name.givenName":                                   `{"id":"ID","name":{"givenName":"Anne"},"schemas":` + core + `}`,
			"attributes=emails.type":                                      `{"id":"ID","emails":[{"type":"work"},{"type":"home"}],"schemas":` + core + `}`,
			"attributes=emails.primary":                                   `{"id":"ID","emails":[{"primary":true}],"schemas":` + core + `}`,
			"attributes=meta.version":                                     `{"id":"ID","meta":{"version":"W/\"1\""},"schemas":` + core + `}`,
			"attributes=groups.display":                                   `{"id":"ID","groups":[{"display":"G"}],"schemas":` + core + `}`,
			"attributes=" + userURN + ":title":                            `{"id":"ID","title":"T","schemas":` + core + `}`,
			"attributes=" + enterpriseURN + ":department":                 `{"id":"ID","` + enterpriseURN + `":{"department":"D"},"schemas":["` + userURN + `","` + enterpriseURN + `"]}`,
			"attributes=" + strings.ToUpper(enterpriseURN):                `{"id":"ID","` + enterpriseURN + `":{"department":"D","costCenter":"C"},"schemas":["` + userURN + `","` + enterpriseURN + `"]}`,
			"excludedAttributes=meta,groups,emails,name," + enterpriseURN: `{"id":"ID","userName":"anne@societe.example","title":"T","schemas":` + core + `}`,
			"excludedAttributes=id,schemas,meta,groups,emails.value,emails.primary,name.givenName,title," + enterpriseURN + ":costCenter": `{"id":"ID","userName":"anne@societe.example","name":{"familyName":"Roux"},"emails":[{"type":"work"},{"type":"home"}],"` +
				enterpriseURN + `":{"department":"D"},"schemas":["` + userURN + `","` + enterpriseURN + `"]}`,
		} {
			want = strings.ReplaceAll(want, "ID", id)
			if got := c.do("GET", "/Users/"+id+"?"+query, nil).must(200); !sameJSON(t, got.body, want) {
				t.Errorf("%s:\n%s\nwant\n%s", query, got.body, want)
			}
			list := c.do("GET", "/Users?"+query, nil).must(200)
			if !strings.Contains(list.body, `"Resources":[`+c.do("GET", "/Users/"+id+"?"+query, nil).body+`]`) {
				t.Errorf("%s: the list shows it otherwise: %s", query, list.body)
			}
		}
		if got := c.do("GET", "/Users/"+id+"?attributes=", nil).must(200); got.at("userName") == nil {
			t.Errorf("an empty parameter is none: %s", got.body)
		}
		only := c.do("POST", "/Users?attributes=title", user("b@societe.example", object{"title": "T"})).must(201)
		if only.at("userName") != nil || only.at("title") == nil {
			t.Errorf("POST with attributes: %s", only.body)
		}
		changed := c.do("PATCH", "/Users/"+id+"?attributes=title", patch(op("replace", "title", "U")), "Prefer", "return=minimal").must(200)
		if changed.at("userName") != nil || changed.at("title") != "U" {
			t.Errorf("PATCH with attributes is 200 with just these (RFC 7644 §3.5.2): %s", changed.body)
		}
	})
}

// Q27 and protocol.md section 3, rows 1 and 17: when a Group's members are shown.
func TestQ27MembersAreShownWhereTheyAreWanted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "").turn("largeGroup", "2")
		u1, u2, u3 := c.addUser("u1@societe.example", object{"displayName": "One"}), c.addUser("u2@societe.example"), c.addUser("u3@societe.example")
		inner := c.addGroup("inner")
		small, large := c.addGroup("small", u1, inner), c.addGroup("large", u1, u2, u3)

		a := c.do("GET", "/Groups/"+small, nil).must(200)
		members, _ := a.at("members").([]any)
		if len(members) != 2 || a.header.Get("Member-Count") != "" {
			t.Fatalf("small group: %s", a.body)
		}
		for _, m := range members {
			m := m.(map[string]any)
			want := object{"value": u1, "$ref": base + "/Users/" + u1, "display": "One", "type": "User"}
			if m["value"] == inner {
				want = object{"value": inner, "$ref": base + "/Groups/" + inner, "display": "inner", "type": "Group"}
			}
			if fmt.Sprint(m) != fmt.Sprint(want) {
				t.Errorf("member %v, want %v", m, want)
			}
		}
		for path, want := range map[string]int{
			"/Groups/" + large: 0, "/Groups/" + large + "?attributes=members": 3, "/Groups/" + large + "?attributes=members.value": 3,
			"/Groups/" + small + "?excludedAttributes=members": 0, "/Groups/" + small + "?attributes=displayName": 0,
		} {
			a := c.do("GET", path, nil).must(200)
			if members, _ := a.at("members").([]any); len(members) != want {
				t.Errorf("%s: %d members, want %d", path, len(members), want)
			}
		}
		if got := c.do("GET", "/Groups/"+large, nil).header.Get("Member-Count"); got != "3" {
			t.Errorf("Member-Count %q, want 3", got)
		}
		add := patch(op("add", "members", []object{{"value": u2}}))
		if a := c.do("PATCH", "/Groups/"+inner, add).must(200); a.at("members") != nil || a.at("displayName") != "inner" {
			t.Errorf("PATCH of a group shows members unasked: %s", a.body)
		}
		if a := c.do("PATCH", "/Groups/"+inner+"?attributes=members", add).must(200); a.text("members", 0, "value") != u2 {
			t.Errorf("PATCH of a group does not show members that are asked for: %s", a.body)
		}
	})
}

// RFC 7644 §3.14: versions.
func TestRFC7644Section314Versions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		id := c.addUser("anne@societe.example")
		path := "/Users/" + id
		rename := func(title string) object { return patch(op("replace", "title", title)) }
		for _, s := range []struct {
			method, header, tag string
			body                any
			status              int
			version             string
		}{
			{"GET", "If-None-Match", `W/"1"`, nil, 304, `W/"1"`}, {"GET", "If-None-Match", `"1"`, nil, 304, `W/"1"`},
			{"GET", "If-None-Match", `*`, nil, 304, `W/"1"`}, {"GET", "If-None-Match", `W/"7", W/"1"`, nil, 304, `W/"1"`},
			{"GET", "If-None-Match", `W/"2"`, nil, 200, `W/"1"`}, {"HEAD", "If-None-Match", `W/"1"`, nil, 304, `W/"1"`},
			{"GET", "If-Match", `W/"1"`, nil, 200, `W/"1"`},
			{"PATCH", "If-Match", `W/"1"`, rename("a"), 200, `W/"2"`}, {"PATCH", "If-Match", `W/"1"`, rename("b"), 412, ""},
			{"PATCH", "If-Match", `*`, rename("c"), 200, `W/"3"`}, {"PATCH", "If-Match", `W/"9", "3"`, rename("d"), 200, `W/"4"`},
			{"PATCH", "If-None-Match", `W/"4"`, rename("e"), 412, ""}, {"PATCH", "If-None-Match", `W/"3"`, rename("f"), 200, `W/"5"`},
			{"PATCH", "If-Match", `W/"5"`, rename("f"), 200, `W/"5"`},
			{"PUT", "If-Match", `W/"4"`, user("anne@societe.example"), 412, ""}, {"PUT", "If-Match", `W/"5"`, user("anne@societe.example"), 200, `W/"6"`},
			{"DELETE", "If-Match", `W/"5"`, nil, 412, ""}, {"DELETE", "If-Match", `W/"6"`, nil, 204, ""},
			{"DELETE", "If-Match", `*`, nil, 404, ""},
		} {
			a := c.do(s.method, path, s.body, s.header, s.tag)
			if a.status != s.status || a.header.Get("ETag") != s.version {
				t.Errorf("%s %s: %s: status %d, ETag %s; want %d, %s\n%s", s.method, s.header, s.tag, a.status, a.header.Get("ETag"), s.status, s.version, a.body)
			}
			if s.status == 200 && s.method != "HEAD" && a.text("meta", "version") != s.version {
				t.Errorf("%s %s: meta.version is not the ETag", s.method, s.tag)
			}
			if s.status == 304 && a.body != "" {
				t.Errorf("304 with a body")
			}
		}
	})
}

// Protocol.md 2.1, 11 and Q02, Q03: what a request may look like.
func TestQ02Q03RequestsInManyForms(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		id := c.addUser("anne+x@societe.example")
		for _, path := range []string{"/users", "/USERS/", "//Users//", "/users/" + id, "/Users/" + id + "/", "/Users?aadOptscim062020&feature=x",
			`/Users?filter=userName+eq+"anne%2Bx@societe.example"`, `/Users?filter=USERNAME EQ "ANNE%2Bx@societe.example"`,
			"/serviceproviderconfig", "/resourcetypes/user", "/schemas/" + strings.ToLower(userURN), "/Groups/"} {
			if a := c.do("GET", path, nil).must(200); strings.Contains(path, "filter") && a.at("totalResults") != 1.0 {
				t.Errorf("%s: %s", path, a.body)
			}
		}
		for i, contentType := range []string{"application/scim+json", "application/json", "application/scim+json; charset=utf-8",
			"application/json;charset=UTF-8", ""} {
			c.do("POST", "/Users", user(fmt.Sprintf("ct%d@societe.example", i)), "Content-Type", contentType).must(201)
		}
		for _, accept := range []string{"", "*/*", "application/scim+json", "application/json, text/plain", "text/html;q=0.9, application/*;q=0.1"} {
			c.do("GET", "/Users", nil, "Accept", accept, "User-Agent", "", "X-Odd", "\"").must(200)
		}
		get, head := c.do("GET", "/Users/"+id, nil).must(200), c.do("HEAD", "/Users/"+id, nil).must(200)
		if head.body != "" || head.header.Get("Content-Length") != fmt.Sprint(len(get.body)) || head.header.Get("ETag") != get.header.Get("ETag") {
			t.Errorf("HEAD: %v %q", head.header, head.body)
		}
	})
}

// RFC 7644 §3.5.2: 200 with the resource, or 204 where the client or the connection wants it.
func TestRFC7644Section352PatchStatus(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		path := "/Users/" + c.addUser("anne@societe.example")
		a := c.do("PATCH", path, patch(op("replace", "title", "a")), "Prefer", `respond-async, return="minimal"; x=1`).must(204)
		if a.header.Get("Preference-Applied") != "return=minimal" || a.header.Get("ETag") != `W/"2"` || a.body != "" || a.header.Get("Content-Type") != "" {
			t.Errorf("204: %v %q", a.header, a.body)
		}
		c.do("PATCH", path, patch(op("replace", "title", "b")), "Prefer", "return=representation").must(200)
		c.connection.Switches.PatchNoContent = true
		if err := d.SetConnection(t.Context(), audit.Actor{}, c.connection); err != nil {
			t.Fatal(err)
		}
		c.do("PATCH", path, patch(op("replace", "title", "c"))).must(204)
		c.do("PATCH", path+"?attributes=title", patch(op("replace", "title", "d"))).must(200)
	})
}

// A body of exactly the limit is read.
func TestBodyLimitIsExact(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d, func(s *scim.Server) { s.Limits.Body = 200 }).tenant("Société", "")
		body := `{"schemas":["` + userURN + `"],"userName":"a@societe.example"}`
		body += strings.Repeat(" ", 200-len(body))
		c.do("POST", "/Users", body+" ").scimError(http.StatusRequestEntityTooLarge, "", "200 bytes")
		c.do("POST", "/Users", body).must(201)
	})
}
