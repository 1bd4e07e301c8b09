package main_test

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"proprio/cmd/proprio/demo"
	"proprio/push"
	"proprio/resources"
)

// An app's rules are tried on a person, refused with the place of a mistake, stored, and in force in the running server, also
// where they are about an attribute of the company's own.
func TestAppRules(t *testing.T) {
	t.Parallel()
	app, err := demo.NewApp(appToken)
	if err != nil {
		t.Fatal(err)
	}
	downstream := httptest.NewServer(app)
	t.Cleanup(downstream.Close)
	i := newInstallation(t, "")
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "file.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	i.command("company", "create", "Rules", "--domain", "rules.example", "--assume-verified")
	i.command("type", "add", file(`{"resourceType": {"name": "User", "endpoint": "/Users", "schema": "`+resources.SchemaUser+`",
		"schemaExtensions": [{"schema": "urn:rules:2.0:User", "required": false}]}, "schemas": [{"id": "urn:rules:2.0:User", "name": "Rules",
		"attributes": [{"name": "floor", "type": "integer"}]}]}`), "--company", "Rules")
	i.serve()
	source := newCaller(i.url+"/scim/v2", i.command("token", "create", "--company", "Rules", "--connection", "idp"))
	target := newCaller(downstream.URL+"/scim/v2", appToken)
	i.addApp("Rules", "crm", target.base, appToken)
	on := func(name string, floor int) {
		p := person(name + "@rules.example")
		p["title"] = "Comptable"
		p["schemas"] = []string{resources.SchemaUser, "urn:rules:2.0:User"}
		p["urn:rules:2.0:User"] = object{"floor": floor}
		source.must(t, "POST", "/Users", p, 201)
	}
	rules := file(`{"scope": "floor >= 3", "mapping": [{"target": "title", "expression": "upper(title)"}]}`)
	on("anne", 3)
	on("bruno", 2)

	var preview push.PersonPreview
	if err := json.Unmarshal([]byte(i.command("app", "preview", "crm", "anne@rules.example", "--settings", rules, "--json")), &preview); err != nil {
		t.Fatal(err)
	}
	if !preview.InScope || !strings.Contains(string(preview.Creation), `"COMPTABLE"`) || len(preview.Steps) != 1 {
		t.Errorf("preview %+v", preview)
	}
	if said := i.command("app", "preview", "crm", "bruno@rules.example", "--settings", rules); !strings.Contains(said, "not in the app") || !strings.Contains(said, "floor >= 3") {
		t.Errorf("preview says %q", said)
	}
	if said := i.command("app", "settings", "crm"); strings.Contains(said, "floor") {
		t.Errorf("a preview is stored: %s", said)
	}

	_, err = i.try("app", "settings", "crm", "--file", file(`{"scope": "flor >= 3"}`))
	if err == nil || !strings.Contains(err.Error(), "scope: 1:1: unknown name flor; did you mean floor?") || !strings.Contains(err.Error(), "| flor >= 3") {
		t.Errorf("a wrong expression: %v", err)
	}
	i.command("app", "settings", "crm", "--file", rules)
	eventually(t, func() bool {
		anne, err := target.find("/Users", "userName", "anne@rules.example")
		if err != nil {
			t.Fatal(err)
		}
		bruno, err := target.find("/Users", "userName", "bruno@rules.example")
		if err != nil {
			t.Fatal(err)
		}
		return anne["title"] == "COMPTABLE" && bruno["active"] == false
	})
	var stored push.Settings
	if err := json.Unmarshal([]byte(i.command("app", "settings", "crm")), &stored); err != nil || stored.Scope != "floor >= 3" {
		t.Errorf("settings %+v, %v", stored, err)
	}

	i.command("app", "settings", "crm", "--file", file(`{"mapping": [{"target": "userName", "expression": "displayName + \"@elsewhere.example\""}]}`))
	if said := i.command("app", "preview", "crm", "anne@rules.example"); !strings.Contains(said, "none of the company's domains (rules.example)") {
		t.Errorf("an address elsewhere: %q", said)
	}
	if _, err := i.try("app", "preview", "crm", "nobody@rules.example"); err == nil || !strings.Contains(err.Error(), `there is no User "nobody@rules.example"`) {
		t.Errorf("%v", err)
	}
}
