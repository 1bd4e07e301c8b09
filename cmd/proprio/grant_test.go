package main_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// get reads a path of the running server.
func (i *installation) get(token, path string) (status int, body []byte) {
	i.t.Helper()
	request, err := http.NewRequest(http.MethodGet, i.url+path, nil)
	if err != nil {
		i.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		i.t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err = io.ReadAll(response.Body); err != nil {
		i.t.Fatal(err)
	}
	return response.StatusCode, body
}

// TestFeatureCommands: a company turns optional parts of SCIM on and off, and mistakes are named.
func TestFeatureCommands(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.command("company", "create", "Parts", "--domain", "parts.example", "--assume-verified")
	if said := i.command("company", "set", "Parts", "--feature", "roles=on", "--feature", "delta=on"); !strings.Contains(said, "features=roles,delta") {
		t.Errorf("it says %q", said)
	}
	i.serve()
	token := i.command("token", "create", "--company", "Parts", "--connection", "idp")
	served := func(path string) int {
		t.Helper()
		status, _ := i.get(token, "/scim/v2"+path)
		return status
	}
	for path, want := range map[string]int{"/.deltaToken": 200, "/Users/.deltaToken": 200, "/Roles": 200, "/GroupMemberships": 404} {
		if got := served(path); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	i.command("company", "set", "Parts", "--feature", "delta=off")
	settle()
	if got := served("/.deltaToken"); got != 404 {
		t.Errorf("delta queries after they were turned off: %d", got)
	}
	var companies []struct{ Features []string }
	if err := json.Unmarshal([]byte(i.command("company", "list", "--json")), &companies); err != nil || len(companies) != 1 ||
		strings.Join(companies[0].Features, " ") != "roles" {
		t.Errorf("%v, %v", companies, err)
	}
}

// TestRoleCommands: roles are set, replaced, listed and removed; those that contain each other say so on both sides.
func TestRoleCommands(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.command("company", "create", "Roles", "--domain", "roles.example", "--assume-verified")
	role := func(args ...string) string {
		return i.command(append(append([]string{"role"}, args...), "--company", "Roles")...)
	}
	role("set", "editor", "--display", "Edits")
	role("set", "viewer")
	role("set", "admin", "--display", "Administrator", "--limit", "3", "--contains", "editor", "--contains", "VIEWER")
	role("set", "admin", "--display", "Administration", "--contains", "editor")
	var list []struct {
		Value, Display string
		Supported      bool
		Contains       []string
	}
	if err := json.Unmarshal([]byte(role("list", "--json")), &list); err != nil || len(list) != 3 {
		t.Fatalf("%v, %v", list, err)
	}
	for _, r := range list {
		if r.Value == "admin" && (r.Display != "Administration" || strings.Join(r.Contains, " ") != "editor" || !r.Supported) {
			t.Errorf("%+v", r)
		}
	}
	i.command("company", "set", "Roles", "--feature", "roles=on")
	token := i.command("token", "create", "--company", "Roles", "--connection", "idp")
	i.serve()
	for value, parents := range map[string]int{"editor": 1, "viewer": 0, "admin": 0} { // the viewer was taken out again
		var found struct {
			Resources []struct{ ContainedBy []struct{ Value string } }
		}
		status, body := i.get(token, "/scim/v2/Roles?filter="+url.QueryEscape(`value eq "`+value+`"`))
		if err := json.Unmarshal(body, &found); err != nil || status != http.StatusOK {
			t.Fatalf("%s: %d, %v: %s", value, status, err, body)
		}
		if len(found.Resources) != 1 || len(found.Resources[0].ContainedBy) != parents || parents == 1 && found.Resources[0].ContainedBy[0].Value != "admin" {
			t.Errorf("%s: %+v", value, found.Resources)
		}
	}
	for says, wrong := range map[string][]string{
		"is contained in admin": {"role", "remove", "EDITOR", "--company", "Roles"},
		"--limit -2":            {"role", "set", "viewer", "--limit", "-2", "--company", "Roles"},
	} {
		if _, err := i.try(wrong...); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v, want it to say %q", wrong, err, says)
		}
	}
	role("remove", "ADMIN")
	if said := role("list"); strings.Contains(said, "admin") || !strings.Contains(said, "editor") {
		t.Errorf("after the removal: %q", said)
	}
}
