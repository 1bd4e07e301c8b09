package scim_test

import (
	"strings"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// Values have the form of their type, and every reference that is shown leads somewhere (RFC 7643 §2.3).
func TestRequirement25_ValuesHaveTheFormOfTheirType(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		before := c.everything()
		for attribute, bad := range map[string][]any{
			"x509Certificates":        {[]object{{"value": "not base64!"}}, []object{{"value": "YQ"}}, []object{{"value": 7}}},
			resources.SchemaOwnership: {object{"endDate": "2030-01-01"}, object{"endDate": "tomorrow"}, object{"endDate": "2030-13-01T00:00:00Z"}, object{"endDate": "2030-01-01T00:00"}, object{"endDate": 1893456000}},
			"profileUrl":              {"https://x.example/a b", "http://[::1", 7, []string{"https://a.example", "https://b.example"}},
			"active":                  {"perhaps", 1, object{}},
			"displayName":             {7, true, object{"value": "x"}},
		} {
			for _, value := range bad {
				body := user("anne@societe.example", object{attribute: value})
				a := c.do("POST", "/Users", body)
				name, _, _ := strings.Cut(attribute, "[")
				if a.scimError(400, "invalidValue", ""); !strings.Contains(a.text("detail"), name) {
					t.Errorf("%v: %s", value, a.body)
				}
			}
		}
		if after := c.everything(); after != before {
			t.Errorf("something was stored: %s", after)
		}
		anne := c.addUser("anne@societe.example", object{resources.SchemaOwnership: object{"endDate": "2030-01-01T00:00:00.5+01:00"}, "x509Certificates": []object{{"value": "YQ=="}}})
		bruno := c.addUser("bruno@societe.example", object{enterpriseURN: object{"manager": object{"value": anne}}})
		group := c.addGroup("Bureau", anne)
		outer := c.addGroup("Outer", group, bruno)
		for path, references := range map[string]int{"/Users/" + anne: 2, "/Users/" + bruno: 3, "/Groups/" + group: 2, "/Groups/" + outer: 3} {
			found := linksIn(c.do("GET", path, nil).must(200).at())
			if len(found) != references {
				t.Errorf("%s shows %d references, want %d: %v", path, len(found), references, found)
			}
			for _, address := range found {
				path, ours := strings.CutPrefix(address, base)
				if !ours {
					t.Errorf("%s leads elsewhere", address)
				}
				if a := c.do("GET", path, nil).must(200); !strings.HasSuffix(address, "/"+a.text("id")) {
					t.Errorf("%s leads to %s", address, a.text("id"))
				}
			}
		}
	})
}

// linksIn lists the values of $ref and location in a decoded response.
func linksIn(v any) []string {
	var found []string
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			if text, ok := inner.(string); ok && (key == "$ref" || key == "location") {
				found = append(found, text)
			}
			found = append(found, linksIn(inner)...)
		}
	case []any:
		for _, inner := range v {
			found = append(found, linksIn(inner)...)
		}
	}
	return found
}

// A reference to a User may be given by its address alone, as RFC 7643 §8.7.1 has manager.$ref readWrite; only the id in
// it counts, and a value beside it decides.
func TestRequirement25_AReferenceMayBeGivenByItsAddress(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		anne, bruno := c.addUser("anne@societe.example"), c.addUser("bruno@societe.example", object{"displayName": "Bruno"})
		path := "/Users/" + c.addUser("chloe@societe.example")
		manager := enterpriseURN + ":manager"
		for _, step := range []struct {
			body object
			want string
		}{
			{user("chloe@societe.example", object{enterpriseURN: object{"manager": object{"$ref": base + "/Users/" + anne}}}), anne},
			{user("chloe@societe.example", object{enterpriseURN: object{"manager": object{"$ref": "../Users/" + bruno}}}), bruno},
			{patch(op("replace", manager, object{"$ref": "/scim/v2/Users/" + anne + "/"})), anne},
			{patch(op("replace", manager+".$ref", "https://elsewhere.example/Users/"+bruno)), bruno},
			{patch(op("add", manager, object{"value": anne, "$ref": base + "/Users/" + bruno})), anne},
			{patch(op("add", manager, object{"value": bruno, "$ref": "nonsense"})), bruno},
			{patch(op("replace", manager, object{"value": nil, "$ref": nil})), ""},
			{user("chloe@societe.example", object{enterpriseURN: object{"manager": object{"value": "", "$ref": base + "/Users/" + anne}}}), ""},
		} {
			method := "PATCH"
			if step.body["Operations"] == nil {
				method = "PUT"
			}
			a := c.do(method, path, step.body).must(200)
			if got := a.text(enterpriseURN, "manager", "value"); got != step.want {
				t.Errorf("%v: manager %q, want %q", step.body, got, step.want)
			}
			if ref := a.text(enterpriseURN, "manager", "$ref"); step.want != "" && ref != base+"/Users/"+step.want {
				t.Errorf("%v: $ref %q", step.body, ref)
			}
			if name := map[string]any{bruno: "Bruno"}[step.want]; a.at(enterpriseURN, "manager", "displayName") != name {
				t.Errorf("%v: %v; a manager is called by the displayName of the User, if it has one (RFC 7643 §4.3)", step.body, a.at(enterpriseURN, "manager"))
			}
			if strings.Contains(c.stored("User", a.text("id")), "$ref") {
				t.Errorf("an address is stored: %s", c.stored("User", a.text("id")))
			}
		}
		before := c.everything()
		for _, bad := range []any{"nonsense", "../Users/" + unknownID, "../Groups/..", 7, object{}, "http://[::1"} {
			c.do("PATCH", path, patch(op("replace", manager, object{"$ref": bad}))).scimError(400, "invalidValue", "manager")
		}
		c.do("GET", `/Users?filter=manager.$ref co "x"`, nil).scimError(400, "invalidFilter", "manager")
		if after := c.everything(); after != before {
			t.Errorf("something changed: %s", after)
		}
	})
}
