package scim_test

import (
	"net/http"
	"strings"
	"testing"

	"proprio/scim"
)

// The tests TestQ01 to TestQ57 are the tolerance catalogue: what identity providers send, one test per rule. Where a
// switch of the connection changes the answer, both are asked for. docs/connections.md documents the switches.

// Q01: op, the keys of the envelope, attribute names and URNs are taken in any letter case.
func TestQ01_NamesInAnyLetterCase(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		id := c.addUser("q01@societe.example")
		for _, body := range []string{
			`{"schemas":["URN:IETF:params:scim:api:messages:2.0:patchop"],"Operations":[{"op":"Replace","path":"DISPLAYNAME","value":"%"}]}`,
			`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"operations":[{"OP":"REPLACE","Path":"displayname","Value":"%"}]}`,
			`{"SCHEMAS":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"OPERATIONS":[{"Op":"aDd","VALUE":{"DisplayName":"%"}}]}`,
			`{"Operations":[{"op":"replace","path":"URN:IETF:PARAMS:SCIM:schemas:core:2.0:user:displayName","value":"%"}]}`,
		} {
			want := "name " + itoa(len(body))
			a := c.do("PATCH", "/Users/"+id, strings.Replace(body, "%", want, 1)).must(200)
			if got := a.text("displayName"); got != want {
				t.Errorf("%s: displayName %q", body, got)
			}
		}
		made := c.do("POST", "/Users", `{"SCHEMAS":["`+strings.ToUpper(userURN)+`"],"USERNAME":"q01b@societe.example","Name":{"GIVENNAME":"A"},
			"`+strings.ToUpper(enterpriseURN)+`":{"Department":"D"}}`).must(201)
		if made.text("name", "givenName") != "A" || made.text(enterpriseURN, "department") != "D" {
			t.Errorf("POST in capitals: %s", made.body)
		}
	})
}

// Q02: SCIM's media type and plain JSON, with and without charset, and none at all; any Accept that takes JSON.
func TestQ02_MediaTypes(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		id := c.addUser("q02@societe.example")
		rename := patch(op("replace", "title", "T"))
		for _, media := range []string{
			"application/scim+json", "application/json", "application/scim+json; charset=utf-8", `application/json;charset="UTF-8"`, "",
		} {
			c.do("PATCH", "/Users/"+id, rename, "Content-Type", media).must(200)
		}
		for _, accept := range []string{"", " ", "*/*", "application/json", "application/scim+json, */*;q=0.1", "text/html, application/*"} {
			a := c.do("GET", "/Users/"+id, nil, "Accept", accept).must(200)
			if got := a.header.Get("Content-Type"); got != "application/scim+json;charset=utf-8" {
				t.Errorf("Accept %q is answered with %q", accept, got)
			}
		}
		for _, media := range []string{"text/xml", "application/scim+json; charset=latin1"} {
			c.do("PATCH", "/Users/"+id, rename, "Content-Type", media).scimError(415, "", "application/scim+json")
		}
		c.do("GET", "/Users/"+id, nil, "Accept", "text/html").must(406)
		c.do("GET", "/Users/"+id, nil, "Accept", "application/scim+json;q=0, text/html").must(406)
		c.do("GET", "/Users/"+id, nil, "Accept", "application/scim+json; q=0.1, text/html").must(200)
	})
}

// Q03: no User-Agent, odd headers, unknown parameters, a trailing slash, blanks as %20 and as +. What was encoded twice
// is not decoded twice.
func TestQ03_UrlsAndHeaders(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		c.addUser("q03 x@societe.example")
		for _, path := range []string{
			"/Users?filter=userName%20eq%20%22q03%20x@societe.example%22", "/Users?filter=userName+eq+%22q03+x@societe.example%22",
			"/Users/?aadOptscim062020&filter=userName%20eq%20%22q03%20x@societe.example%22&feature=x&_=1",
			"/users//?FILTER=userName%20eq%20%22q03%20x@societe.example%22",
		} {
			a := c.do("GET", path, nil, "User-Agent", "", "ADSCIMVersion", "3.0", "Accept-Charset", "utf-8", "X-Odd", "\"").must(200)
			if got := a.at("totalResults"); got != 1.0 {
				t.Errorf("%s finds %v", path, got)
			}
		}
		c.do("GET", "/Users?filter=userName%20eq%20%2522q03%2520x@societe.example%2522", nil).scimError(400, "invalidFilter", "filter")
	})
}

// Q04: schemas that lack the URN of an extension, hold unknown URNs, are in another letter case, of SCIM 1.1, or are
// missing are accepted as long as the resource can be told; with requireSchemas they are not.
func TestQ04_Schemas(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		n := 0
		body := func(schemas any) object {
			n++
			o := object{"userName": "q04-" + itoa(n) + "@societe.example", enterpriseURN: object{"department": "D"}}
			if schemas != nil {
				o["schemas"] = schemas
			}
			return o
		}
		tolerated := []any{
			nil, []string{}, []string{userURN}, []string{strings.ToUpper(userURN)}, []string{userURN, "urn:made:up:1.0:User"},
			[]string{"urn:scim:schemas:core:1.0"}, userURN,
		}
		for _, schemas := range tolerated {
			a := c.do("POST", "/Users", body(schemas)).must(201)
			if a.text(enterpriseURN, "department") != "D" || a.text("schemas", 1) != enterpriseURN {
				t.Errorf("schemas %v: %s", schemas, a.body)
			}
		}
		c.do("POST", "/Users", body([]string{groupURN})).scimError(400, "invalidSyntax", userURN)
		c.do("POST", "/Users", body([]any{7})).scimError(400, "invalidSyntax", "URN")
		id := c.addUser("q04@societe.example")
		c.do("PATCH", "/Users/"+id, object{"Operations": []object{op("replace", "title", "T")}}).must(200)

		c.turn("requireSchemas", "on")
		for _, schemas := range tolerated {
			c.do("POST", "/Users", body(schemas)).scimError(400, "invalidSyntax", "schemas")
		}
		c.do("POST", "/Users", body([]string{enterpriseURN, userURN})).must(201)
		c.do("PATCH", "/Users/"+id, object{"Operations": []object{op("replace", "title", "U")}}).scimError(400, "invalidSyntax", "PatchOp")
		c.do("PATCH", "/Users/"+id, patch(op("replace", "title", "U"))).must(200)
	})
}

// Q05: id, meta and groups of a body are ignored; null is absent; an empty text stays one, but clears a reference.
func TestQ05_WhatIsIgnoredAndWhatIsNothing(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		boss := c.addUser("boss@societe.example")
		a := c.do("POST", "/Users", user("q05@societe.example", object{
			"id": "mine", "meta": object{"resourceType": "Car", "created": "2001-01-01T00:00:00Z"}, "groups": []object{{"value": "g"}},
			"title": nil, "addresses": nil, "roles": []any{}, "nickName": "",
			enterpriseURN: object{"department": nil, "manager": object{"value": boss}},
		})).must(201)
		id := a.text("id")
		if id == "mine" || a.text("meta", "resourceType") != "User" || a.at("groups") != nil {
			t.Errorf("the client's id, meta or groups won: %s", a.body)
		}
		for _, name := range []string{"title", "addresses", "roles"} {
			if _, there := a.json()[name]; there {
				t.Errorf("%s is returned: %s", name, a.body)
			}
		}
		if got, there := a.json()["nickName"]; !there || got != "" {
			t.Errorf("the empty text became %v", got)
		}
		a = c.do("PATCH", "/Users/"+id, patch(op("replace", enterpriseURN+":manager", ""))).must(200)
		if a.at(enterpriseURN) != nil {
			t.Errorf("the manager is still there: %s", a.body)
		}
	})
}

// Q06: what the schemas do not know is ignored, counted per connection and shown to the administrator; with
// strictAttributes it is refused.
func TestQ06_UnknownAttributes(t *testing.T) {
	eachCommon(t, func(t *testing.T, shared *world) {
		w, stop := shared.recorded()
		c := w.tenant(t.Name(), "")
		odd := object{"shoeSize": 44, "name": object{"givenName": "A", "nick": "N"}, "urn:made:up:1.0:User": object{"x": 1}}
		a := c.do("POST", "/Users", user("q06@societe.example", odd)).must(201)
		if strings.Contains(a.body, "shoe") || a.text("name", "givenName") != "A" {
			t.Errorf("POST: %s", a.body)
		}
		c.do("PUT", "/Users/"+a.text("id"), user("q06@societe.example", odd)).must(200)
		stop()
		unknown, err := c.db.Unknowns(t.Context(), c.company, c.connection.ID)
		if err != nil {
			t.Fatal(err)
		}
		count := map[string]int{}
		for _, u := range unknown {
			count[u.Path] = u.Requests
		}
		if count["shoeSize"] != 2 || count["name.nick"] != 2 || len(count) != 3 {
			t.Errorf("counted %v", count)
		}

		c.world = shared // the recording server is closed
		c.turn("strictAttributes", "on")
		c.do("POST", "/Users", user("q06b@societe.example", object{"shoeSize": 44})).scimError(400, "invalidSyntax", "shoeSize")
		c.do("POST", "/Users", user("q06b@societe.example", object{"name": object{"nick": "N"}})).scimError(400, "invalidSyntax", "name.nick")
		c.do("POST", "/Users", user("q06b@societe.example", object{"schemas": []string{userURN, "urn:made:up:1.0:User"}})).
			scimError(400, "invalidSyntax", "urn:made:up")
		c.do("PATCH", "/Users/"+a.text("id"), patch(object{"op": "add", "value": object{"shoeSize": 44}})).scimError(400, "invalidSyntax", "shoeSize")
	})
}

// Q07: a body over the limit is 413, one that nests too deep or names a key twice is 400 invalidSyntax: never the last
// of two values, which would be a guess.
func TestQ07_BodiesThatAreRefused(t *testing.T) {
	eachCommon(t, func(t *testing.T, shared *world) {
		c := newWorld(t, shared.db, func(s *scim.Server) { s.Limits.Body = 10_000 }).tenant(t.Name(), "")
		c.do("POST", "/Users", user("q07@societe.example", object{"title": strings.Repeat("x", 10_000)})).scimError(413, "", "10000")
		deep := strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)
		c.do("POST", "/Users", `{"userName":"q07@societe.example","x":`+deep+`}`).scimError(400, "invalidSyntax", "32 levels")
		c.do("POST", "/Users", `{"userName":"q07@societe.example","userName":"q07b@societe.example"}`).scimError(400, "invalidSyntax", "twice")
		c.do("POST", "/Users", `{"userName":"q07@societe.example","USERNAME":"q07b@societe.example"}`).scimError(400, "invalidSyntax", "twice")
		if got := c.do("GET", "/Users", nil).must(http.StatusOK).at("totalResults"); got != 0.0 {
			t.Errorf("%v Users were made", got)
		}
	})
}
