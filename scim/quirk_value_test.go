package scim_test

import (
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"proprio/audit"
	"proprio/scim"
)

// Q10: the texts true and false, in any letter case, are booleans where the schema has one, on every path that writes;
// other texts are refused, and a text attribute stays text. With strictBooleans no text is a boolean.
func TestQ10_BooleansAsTexts(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		n := 0
		writes := map[string]func(v any) answer{
			"POST": func(v any) answer {
				n++
				return c.do("POST", "/Users", user(fmt.Sprintf("q10-%d@societe.example", n), object{"active": v}))
			},
			"PUT": func(v any) answer {
				return c.do("PUT", "/Users/"+c.firstUser(), user("q10@societe.example", object{"active": v}))
			},
			"PATCH with path": func(v any) answer {
				return c.do("PATCH", "/Users/"+c.firstUser(), patch(op("replace", "active", v)))
			},
			"PATCH without path": func(v any) answer {
				return c.do("PATCH", "/Users/"+c.firstUser(), patch(object{"op": "add", "value": object{"active": v}}))
			},
			"bulk": func(v any) answer {
				a := c.do("POST", "/Bulk", object{"Operations": []object{{"method": "PATCH", "path": "/Users/" + c.firstUser(), "data": patch(op("replace", "active", v))}}})
				a.status = map[string]int{"200": 200, "400": 400}[a.text("Operations", 0, "status")]
				return a
			},
		}
		c.addUser("q10@societe.example")
		for name, write := range writes {
			for text, want := range map[string]any{"True": true, "FALSE": false, "true": true, "False": false} {
				a := write(text).must(200, 201)
				if name != "bulk" && a.at("active") != want {
					t.Errorf("%s %q became %v", name, text, a.at("active"))
				}
			}
			for _, text := range []any{"yes", "1", "", 1} {
				if a := write(text).must(400); name != "bulk" {
					a.scimError(400, "invalidValue", "active")
				}
			}
		}
		if a := c.do("PATCH", "/Users/"+c.firstUser(), patch(op("replace", "displayName", "True"))).must(200); a.at("displayName") != "True" {
			t.Errorf("the displayName became %v", a.at("displayName"))
		}
		c.turn("strictBooleans", "on")
		for name, write := range writes {
			if a := write("True"); a.status != 400 {
				t.Errorf("strict %s: status %d", name, a.status)
			}
			write(true).must(200, 201)
		}
	})
}

// firstUser is the id of the User that was made first.
func (c tenant) firstUser() string {
	c.t.Helper()
	return c.do("GET", "/Users?count=1", nil).must(200).text("Resources", 0, "id")
}

// Q11: of several values sent as primary the last is it; with singlePrimary that is refused. One that is added later takes
// over in both.
func TestQ11_SeveralPrimaryValues(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "ping")
		both := object{"emails": []object{
			{"value": "a@societe.example", "type": "work", "primary": true}, {"value": "b@societe.example", "type": "home", "primary": "true"},
		}}
		primary := func(a answer) string {
			var found []string
			list, _ := a.at("emails").([]any)
			for _, e := range list {
				if e := e.(map[string]any); e["primary"] == true {
					found = append(found, e["value"].(string))
				}
			}
			return strings.Join(found, " ")
		}
		a := c.do("POST", "/Users", user("q11@societe.example", both)).must(201)
		if got := primary(a); got != "b@societe.example" {
			t.Errorf("primary: %s", got)
		}
		path := "/Users/" + a.text("id")
		third := patch(op("add", "emails", []object{{"value": "c@societe.example", "primary": true}}))
		if got := primary(c.do("PATCH", path, third).must(200)); got != "c@societe.example" {
			t.Errorf("primary after an add: %s", got)
		}
		c.turn("singlePrimary", "on")
		c.do("POST", "/Users", user("q11b@societe.example", both)).scimError(400, "invalidValue", "primary")
		fourth := patch(op("add", "emails", []object{{"value": "d@societe.example", "primary": true}}))
		if got := primary(c.do("PATCH", path, fourth).must(200)); got != "d@societe.example" {
			t.Errorf("strict, primary after an add: %s", got)
		}
	})
}

// Q12: a role whose value is JSON in a text is returned as it came, so that Entra can compare; with decodeRoles it is the
// role that the JSON describes, and the same text sent again changes nothing and takes the role away.
func TestQ12_RolesAsJSONInAText(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "entra")
		role := object{"value": `{"id":"18d1","value":"Admin","displayName":"Administrator"}`, "primary": "True"}
		add := patch(op("Add", "roles", []object{role}))
		path := "/Users/" + c.addUser("q12@societe.example")
		if got := c.do("PATCH", path, add).must(200).text("roles", 0, "value"); got != role["value"] {
			t.Errorf("the role came back as %s", got)
		}
		c.turn("decodeRoles", "on")
		path = "/Users/" + c.addUser("q12b@societe.example", object{"roles": []object{{"value": "{no json"}}})
		first := c.do("PATCH", path, add).must(200)
		if first.text("roles", 0, "value") != "{no json" || first.text("roles", 1, "value") != "Admin" ||
			first.text("roles", 1, "display") != "Administrator" || first.at("roles", 1, "primary") != true {
			t.Errorf("decoded: %s", first.body)
		}
		if again := c.do("PATCH", path, add).must(200); again.text("meta", "version") != first.text("meta", "version") {
			t.Errorf("the same role again made version %s of %s", again.text("meta", "version"), first.text("meta", "version"))
		}
		left := c.do("PATCH", path, patch(op("Remove", "roles", []object{role}))).must(200)
		if roles, _ := left.at("roles").([]any); len(roles) != 1 {
			t.Errorf("after the remove: %s", left.body)
		}
	})
}

// Q13: a password is accepted on every path and dropped: never stored, returned, logged, on record, found by a filter, or
// counted.
func TestQ13_PasswordIsDropped(t *testing.T) {
	eachCommon(t, func(t *testing.T, shared *world) {
		var log safeBuffer
		debug := &slog.HandlerOptions{Level: slog.LevelDebug}
		w := newWorld(t, shared.db, func(s *scim.Server) { s.Log = slog.New(slog.NewTextHandler(&log, debug)) })
		c := w.tenant(t.Name(), "okta")
		const secret = "correct-horse-7"
		id := c.addUser("q13@societe.example", object{"password": secret})
		path := "/Users/" + id
		version := c.do("GET", path, nil).text("meta", "version")
		c.do("PATCH", path, patch(object{"op": "replace", "value": object{"password": secret}})).must(200)
		c.do("PATCH", path, patch(op("replace", "password", secret))).must(200)
		c.do("PATCH", path, patch(op("replace", userURN+":password", secret))).must(200)
		c.do("PUT", path, user("q13@societe.example", object{"PASSWORD": secret})).must(200)
		a := c.do("GET", path+"?attributes=password,userName", nil).must(200)
		if strings.Contains(c.everything()+c.stored("User", id)+a.body, secret) {
			t.Error("the password is kept")
		}
		entries, err := c.db.Entries(t.Context(), c.company, audit.Query{Limit: 100})
		if err != nil || len(entries) == 0 || log.String() == "" {
			t.Fatalf("%d entries of the record, %v; log %q", len(entries), err, log.String())
		}
		if strings.Contains(asJSON(t, entries)+log.String(), secret) {
			t.Error("the password is on record or logged")
		}
		if got := c.do("GET", path, nil).text("meta", "version"); got != version {
			t.Errorf("a password made version %s of %s", got, version)
		}
		c.do("GET", `/Users?filter=password eq "`+secret+`"`, nil).scimError(400, "invalidFilter", "password")
		c.do("GET", "/Users?filter=password pr", nil).scimError(400, "invalidFilter", "password")
		c.turn("strictAttributes", "on") // not even then is it an attribute that somebody must hear of
		c.do("PUT", path, user("q13@societe.example", object{"password": secret})).must(200)
	})
}

// Q14: text comes back as it was sent; only comparisons fold it.
func TestQ14_TextIsKeptAsItIs(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		sent := object{
			"displayName": "  Ærøskøbing É ", "phoneNumbers": []object{{"value": "+33 (0)1.23", "type": "Work"}},
			"emails": []object{{"value": "Q14.Case@Societe.Example", "type": "WORK"}}, "externalId": "AbC", "locale": "FR_fr",
			"addresses": []object{{"country": "fr", "type": "work"}},
		}
		a := c.do("POST", "/Users", user("Q14@Societe.Example", sent)).must(201)
		for key, want := range sent {
			if !sameJSON(t, asJSON(t, a.at(key)), asJSON(t, want)) {
				t.Errorf("%s came back as %v", key, a.at(key))
			}
		}
		if got := a.text("userName"); got != "Q14@Societe.Example" {
			t.Errorf("userName came back as %s", got)
		}
		for filter, want := range map[string]float64{
			`userName eq "q14@societe.example"`: 1, `emails.value eq "q14.case@SOCIETE.example"`: 1, `externalId eq "abc"`: 0, `externalId eq "AbC"`: 1,
		} {
			if got := c.do("GET", "/Users?filter="+filter, nil).must(200).at("totalResults"); got != want {
				t.Errorf("%s finds %v, want %v", filter, got, want)
			}
		}
	})
}

// Q15: members come without type, display or $ref, with a $ref of null, and twice in one list.
func TestQ15_MembersInManyForms(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		a, b := c.addUser("q15a@societe.example"), c.addUser("q15b@societe.example")
		made := c.do("POST", "/Groups", object{"displayName": "Q15", "members": []any{
			object{"value": a}, object{"value": a, "$ref": nil, "display": "A", "type": "Group"}, object{"VALUE": b, "mail": "x"}, b,
		}}).must(201)
		members, _ := made.at("members").([]any)
		if len(members) != 2 || made.text("members", 0, "type") != "User" || made.text("members", 0, "$ref") != base+"/Users/"+a {
			t.Errorf("members: %s", made.body)
		}
	})
}

// Q16: a userName of 256 characters and more, with signs that URLs and filters escape, is kept, found and unique.
func TestQ16_OddUserNames(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		for _, name := range []string{
			"a+b@societe.example", "o'brien@societe.example", "gu#est%41@societe.example", "名前@societe.example", "élodie@societe.example",
			`q"uote\@societe.example`, strings.Repeat("x", 290) + "@societe.example",
		} {
			id := c.addUser(name)
			quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name)
			a := c.do("GET", "/Users?filter="+url.QueryEscape(`userName eq "`+quoted+`"`), nil).must(200)
			if a.text("Resources", 0, "id") != id || a.text("Resources", 0, "userName") != name {
				t.Errorf("%s: %.300s", name, a.body)
			}
			c.do("POST", "/Users", user(name)).scimError(409, "uniqueness", "userName")
		}
	})
}
