package mapping

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"proprio/push/profiles"
	"proprio/resources"
)

// userType is the User of a company that has added an extension of its own.
func userType(t testing.TB) *resources.ResourceType {
	t.Helper()
	definition, err := resources.ParseDefinition([]byte(`{"resourceType": {"name": "User", "endpoint": "/Users",
		"schema": "urn:ietf:params:scim:schemas:core:2.0:User",
		"schemaExtensions": [{"schema": "urn:atelier:2.0:User", "required": false}]},
		"schemas": [{"id": "urn:atelier:2.0:User", "name": "Atelier", "attributes": [
			{"name": "badge", "type": "string"}, {"name": "floor", "type": "integer"}, {"name": "sites", "type": "string", "multiValued": true}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	registry, err := resources.CompileRegistry(definition)
	if err != nil {
		t.Fatal(err)
	}
	return registry.Type(resources.TypeUser)
}

func object(t testing.TB, text string) Object {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	var doc Object
	if err := decoder.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

const helene = `{"userName": "Helene.LeBras@atelier.fr", "displayName": "Hélène Le Bras", "active": true, "title": "Chef d'équipe",
	"name": {"givenName": "Hélène", "familyName": "Le Bras"}, "userType": "Employee",
	"emails": [{"value": "h@atelier.fr", "type": "other"}, {"value": "helene@atelier.fr", "type": "work", "primary": true}],
	"roles": [{"value": "buyer"}],
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Vente", "costCenter": "4711", "manager": {"value": "42"}},
	"urn:atelier:2.0:User": {"badge": "B-7", "floor": 3, "sites": ["Lyon", "Brest"]}}`

func person(t testing.TB) *Person {
	t.Helper()
	return &Person{ID: "0199", Doc: object(t, helene), Groups: []resources.Ref{{ID: "g1", Display: "Direction"}, {ID: "g2", Display: "Vente"}}}
}

func profile(t testing.TB, text string) profiles.Profile {
	t.Helper()
	p, err := profiles.Parse([]byte(`{"name": "t", "title": "The product"` + text + `}`))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func rulesOf(t testing.TB, text string) Rules {
	t.Helper()
	var r Rules
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestScope(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`department == "Vente"`:                               true,
		`department in ["Achat", "Atelier"]`:                  false,
		`"Direction" in groups and userType != "Intern"`:      true,
		`any(groups, # startsWith "Ven")`:                     true,
		`extension["urn:atelier:2.0:User"].floor >= 3`:        true,
		`badge matches "^B-[0-9]+$"`:                          true,
		`"Lyon" in sites`:                                     true,
		`"Paris" not in sites`:                                true,
		`organization == ""`:                                  true,
		`nickName != "" or any(emails, .type == "home")`:      false,
		`any(roles, .value == "buyer")`:                       true,
		`manager.value == "42" and active`:                    true,
		`email endsWith "@atelier.fr" && len(emails) == 2`:    true,
		`sites == ["Lyon", "Brest"]`:                          true,
		`let t = lower(title); t contains "chef" && t != "x"`: true,
		`badge in {"B-7": true} and floor == 3.0`:             true,
	} {
		c, err := ViewOf(userType(t)).Compile(Rules{Scope: text}, profile(t, ""))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		in, why, err := c.InScope(person(t))
		if err != nil || in != want || why == "" {
			t.Errorf("%s: %v, %q, %v; want %v", text, in, why, err, want)
		}
	}
}

func TestWrongRules(t *testing.T) {
	t.Parallel()
	roles := `, "grants": {"values": ["admin", "member"], "single": true}`
	for rules, want := range map[string]string{
		`{"scope": "departement == \"Vente\""}`:                                                                            "scope: 1:1: unknown name departement; did you mean department?\n  | departement == \"Vente\"\n  | ^",
		`{"scope": "active and\n  titel == \"\""}`:                                                                         "scope: 2:3: unknown name titel; did you mean title?\n  |   titel == \"\"\n  | ..^",
		`{"scope": "title"}`:                                                                                               "scope: 1:1: the scope must be true or false, and this is a text",
		`{"scope": "title == 3"}`:                                                                                          "scope: 1:7: invalid operation",
		`{"scope": "now() > 1"}`:                                                                                           "scope: 1:1: unknown name now",
		`{"scope": "len(1..1000000) > 1"}`:                                                                                 "scope: 1:6: ranges",
		`{"scope": "reduce(groups, #acc + #, \"\") == \"\""}`:                                                              "scope: 1:1: unknown name reduce",
		`{"scope": "title matches nickName"}`:                                                                              "the pattern",
		`{"scope": "title matches \"(\""}`:                                                                                 "missing closing )",
		`{"scope": "$env[\"title\"] == \"\""}`:                                                                             "$env",
		`{"scope": "title() == 1"}`:                                                                                        "1:1",
		`{"scope": "active =="}`:                                                                                           "scope: 1:",
		`{"scope": "password == \"\""}`:                                                                                    "unknown name password",
		`{"mapping": [{"target": "title", "expression": "lower(active)"}]}`:                                                "mapping[0].expression: 1:",
		`{"mapping": [{"target": "title", "expression": "active"}]}`:                                                       "mapping[0].expression: 1:1: title takes a text, not true or false",
		`{"mapping": [{"target": "title", "expression": "groups"}]}`:                                                       "title takes one value, not a list",
		`{"mapping": [{"target": "emails", "expression": "[1, 2]"}]}`:                                                      "emails takes an object or a text",
		`{"mapping": [{"target": "titel", "constant": "x"}]}`:                                                              `mapping[0].target: there is no attribute "titel"; did you mean title?`,
		`{"mapping": [{"target": "name.givenname2", "constant": "x"}]}`:                                                    "did you mean name.givenName?",
		`{"mapping": [{"target": "colour", "constant": "x"}]}`:                                                             "is named with its URN",
		`{"mapping": [{"target": "active", "constant": true}]}`:                                                            "active cannot be set",
		`{"mapping": [{"target": "emails.value", "constant": "x"}]}`:                                                       "set emails as a whole",
		`{"mapping": [{"target": "manager", "constant": {"value": "x"}}]}`:                                                 "the manager is sent by",
		`{"mapping": [{"target": "title", "constant": 3}]}`:                                                                "mapping[0].constant: title takes a text, not a whole number",
		`{"mapping": [{"target": "title", "constant": null}]}`:                                                             "it is empty",
		`{"mapping": [{"target": "name", "constant": {"nick": "x"}}]}`:                                                     "name has no sub-attribute nick",
		`{"mapping": [{"target": "title"}]}`:                                                                               "mapping[0]: one of from, constant and expression",
		`{"mapping": [{"target": "title", "from": "nickName", "constant": "x"}]}`:                                          "one of from",
		`{"mapping": [{"target": "title", "from": "emails"}]}`:                                                             "takes one: choose it",
		`{"mapping": [{"target": "title", "from": "active"}]}`:                                                             "active is true or false, and title takes a text",
		`{"mapping": [{"target": "title", "from": "password"}]}`:                                                           `there is no attribute "password"`,
		`{"mapping": [{"target": "title", "from": "nickname2"}]}`:                                                          "mapping[0].from: there is no attribute",
		`{"mapping": [{"target": "title", "from": "nickName", "when": "sometimes"}]}`:                                      `mapping[0].when: "sometimes" is neither`,
		`{"mapping": [{"target": "title", "constant": "x", "when": "creation", "clear": true}]}`:                           "mapping[0].clear",
		`{"mapping": [{"target": "title", "constant": "x"}, {"target": "title", "constant": "y"}]}`:                        "mapping[1].target: title is set by mapping[0] already",
		`{"mapping": [{"target": "name", "constant": {"givenName": "x"}}, {"target": "name.givenName", "constant": "y"}]}`: "name.givenName is set by mapping[0] already",
		`{"mapping": [{"target": "photos", "constant": [{"value": "x"}]}]}`:                                                "takes no photos",
		`{"mapping": [{"target": "Photos", "constant": [{"value": "x"}]}]}`:                                                "mapping[0].target: The product takes no photos",
		`{"mapping": [{"target": "urn:ietf:params:scim:schemas:core:2.0:User:photos", "constant": [{"value": "x"}]}]}`:     "takes no photos",
		`{"mapping": [{"target": "roles", "constant": [{"value": "x"}]}], "roles": [{"value": "member"}]}`:                 "roles is set by roles already",
		`{"mapping": [{"target": "urn:atelier:2.0:User:nothing", "constant": "x"}]}`:                                       "the schema urn:atelier:2.0:User has no attribute nothing",
		`{"roles": [{"value": "owner"}]}`:                                                                                  `roles[0].value: The product has no role "owner"; it takes admin, member`,
		`{"roles": [{"value": "member"}, {"value": "admin", "group": "g1"}]}`:                                              "roles[0]: it gives everybody",
		`{"roles": [{"value": "admin", "expression": "title"}]}`:                                                           "roles[0].expression: 1:1:",
		`{"roles": [{"value": "admin", "group": "g1", "expression": "active"}]}`:                                           "not both",
	} {
		_, err := ViewOf(userType(t)).Compile(rulesOf(t, rules), profile(t, roles+`, "users": {"omit": ["photos"]}`))
		if !errors.Is(err, resources.ErrInvalidValue) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", rules, err, want)
		}
	}
}

// A copy of each attribute onto itself is no change, whatever the attribute: so it is without rules.
func TestCopiesChangeNothing(t *testing.T) {
	t.Parallel()
	user, p := userType(t), profile(t, "")
	rules := Rules{}
	for _, a := range append(user.Attributes(), user.Extension("urn:atelier:2.0:User")...) {
		rule := Attribute{Target: a.String(), From: a.String()}
		if _, err := ViewOf(user).Compile(Rules{Mapping: []Attribute{rule}}, p); err == nil {
			rules.Mapping = append(rules.Mapping, rule)
		}
	}
	if len(rules.Mapping) < 15 {
		t.Fatalf("only %v can be copied", rules.Mapping)
	}
	c, err := ViewOf(user).Compile(rules, p)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{helene, `{"userName": "x"}`, `{"userName": "x", "emails": [{"value": "x@atelier.fr", "primary": false}], "active": false,
		"addresses": [{"type": "work", "locality": "Lyon", "primary": true}], "urn:atelier:2.0:User": {"floor": 0, "sites": ["a"]}}`} {
		who := &Person{ID: "1", Doc: object(t, text)}
		doc := object(t, text)
		if _, err := c.Apply(doc, who, true); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(who.Doc, doc); diff != "" {
			t.Errorf("(-person +document)\n%s", diff)
		}
		none, err := ViewOf(user).Compile(Rules{}, p)
		if err != nil || none.Maps() {
			t.Errorf("no rules map: %v", err)
		}
	}
}

func TestShape(t *testing.T) {
	t.Parallel()
	user := userType(t)
	for _, c := range []struct{ path, value, want, fault string }{
		{path: "emails", value: `"a@b.fr"`, want: `[{"primary": true, "type": "work", "value": "a@b.fr"}]`},
		{path: "emails", value: `["a@b.fr", "", "c@b.fr"]`, want: `[{"type": "work", "value": "a@b.fr"}, {"type": "work", "value": "c@b.fr"}]`},
		{path: "phoneNumbers", value: `[{"value": "1", "type": ""}, {"value": ""}]`, want: `[{"value": "1"}]`},
		{path: "phoneNumbers", value: `[]`},
		{path: "title", value: `""`},
		{path: "name", value: `{"GivenName": "A", "familyName": ""}`, want: `{"givenName": "A"}`},
		{path: "floor", value: `3`, want: `3`},
		{path: "floor", value: `3.5`, fault: "urn:atelier:2.0:User:floor takes a whole number, not a number"},
		{path: "sites", value: `"Lyon"`, want: `["Lyon"]`},
		{path: "sites", value: `[1]`, fault: "takes a text, not a whole number"},
		{path: "urn:app:1.0:User:x", value: `{"a": [1, ""], "b": {}}`, want: `{"a": [1]}`},
		{path: "urn:app:1.0:User:x.y", value: `false`, want: `false`},
	} {
		to, fault := targetOf(c.path, user, profile(t, ""))
		if fault != "" {
			t.Fatal(fault)
		}
		in := object(t, `{"v": `+c.value+`}`)["v"]
		got, err := to.shape(in)
		if c.fault != "" {
			if err == nil || !strings.Contains(err.Error(), c.fault) {
				t.Errorf("%s of %s: %v, want %s", c.value, c.path, err, c.fault)
			}
			continue
		}
		var want any
		if c.want != "" {
			want = object(t, `{"v": `+c.want+`}`)["v"]
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s of %s: %v (-want +got)\n%s", c.value, c.path, err, diff)
		}
	}
}
