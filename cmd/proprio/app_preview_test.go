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

// ruled is a running installation with an app, whose company knows on which floor somebody works.
type ruled struct {
	*installation
	source, target *caller
}

func newRuled(t *testing.T) *ruled {
	t.Helper()
	app, err := demo.NewApp(appToken)
	if err != nil {
		t.Fatal(err)
	}
	downstream := httptest.NewServer(app)
	t.Cleanup(downstream.Close)
	r := &ruled{installation: newInstallation(t, "")}
	r.command("company", "create", "Rules", "--domain", "rules.example", "--assume-verified")
	r.command("type", "add", r.file(`{"resourceType": {"name": "User", "endpoint": "/Users", "schema": "`+resources.SchemaUser+`",
		"schemaExtensions": [{"schema": "urn:rules:2.0:User", "required": false}]}, "schemas": [{"id": "urn:rules:2.0:User", "name": "Rules",
		"attributes": [{"name": "floor", "type": "integer"}]}]}`), "--company", "Rules")
	r.serve()
	r.source = newCaller(r.url+"/scim/v2", r.command("token", "create", "--company", "Rules", "--connection", "idp"))
	r.target = newCaller(downstream.URL+"/scim/v2", appToken)
	r.addApp("Rules", "crm", r.target.base, appToken)
	for name, floor := range map[string]int{"anne": 3, "bruno": 2} {
		p := person(name + "@rules.example")
		p["title"] = "Comptable"
		p["schemas"] = []string{resources.SchemaUser, "urn:rules:2.0:User"}
		p["urn:rules:2.0:User"] = object{"floor": floor}
		r.source.must(t, "POST", "/Users", p, 201)
	}
	return r
}

// file is a file with a text.
func (r *ruled) file(text string) string {
	r.t.Helper()
	path := filepath.Join(r.t.TempDir(), "file.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

// An app's rules are tried on a person, refused with the place of a mistake, stored, and in force in the running server, also
// where they are about an attribute of the company's own.
func TestAppRules(t *testing.T) {
	t.Parallel()
	i := newRuled(t)
	rules := i.file(`{"scope": "floor >= 3", "mapping": [{"target": "title", "expression": "upper(title)"}]}`)
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

	_, err := i.try("app", "settings", "crm", "--file", i.file(`{"scope": "flor >= 3"}`))
	if err == nil || !strings.Contains(err.Error(), "scope: 1:1: unknown name flor; did you mean floor?") || !strings.Contains(err.Error(), "| flor >= 3") {
		t.Errorf("a wrong expression: %v", err)
	}
	i.command("app", "settings", "crm", "--file", rules)
	eventually(t, func() bool {
		anne, err := i.target.find("/Users", "userName", "anne@rules.example")
		if err != nil {
			t.Fatal(err)
		}
		bruno, err := i.target.find("/Users", "userName", "bruno@rules.example")
		if err != nil {
			t.Fatal(err)
		}
		return anne["title"] == "COMPTABLE" && bruno["active"] == false
	})
	var stored push.Settings
	if err := json.Unmarshal([]byte(i.command("app", "settings", "crm")), &stored); err != nil || stored.Scope != "floor >= 3" {
		t.Errorf("settings %+v, %v", stored, err)
	}

	i.command("app", "settings", "crm", "--file", i.file(`{"mapping": [{"target": "userName", "expression": "displayName + \"@elsewhere.example\""}]}`))
	if said := i.command("app", "preview", "crm", "anne@rules.example"); !strings.Contains(said, "none of the company's domains (rules.example)") {
		t.Errorf("an address elsewhere: %q", said)
	}
	if _, err := i.try("app", "preview", "crm", "nobody@rules.example"); err == nil || !strings.Contains(err.Error(), `there is no User "nobody@rules.example"`) {
		t.Errorf("%v", err)
	}
}
