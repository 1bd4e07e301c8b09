package rest

import (
	"reflect"
	"strings"
	"testing"

	"proprio/scim/client"
)

func TestAPatchAsAChange(t *testing.T) {
	t.Parallel()
	got, err := changeOf([]client.Operation{
		{Op: "remove", Path: "title"},
		{Op: "remove", Path: "name.middleName"},
		{Op: "remove", Path: schemaEnterprise + ":department"},
		{Op: "replace", Value: fields{"active": false, "name": fields{"givenName": "Anna"}, schemaEnterprise: fields{"costCenter": "7"}}},
		{Op: "remove", Path: `members[value eq "a\"b"]`},
		{Op: "remove", Path: "members", Value: []any{fields{"value": "c"}}},
		{Op: "add", Path: "members", Value: []any{fields{"value": "d"}, fields{"value": "e"}}},
	})
	want := change{set: fields{"title": nil, "department": nil, "active": false, "name": fields{"givenName": "Anna"}, "costCenter": "7"},
		drop: []string{`a"b`, "c"}, add: []string{"d", "e"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v (%v), want %+v", got, err, want)
	}
	if _, err := changeOf([]client.Operation{{Op: "add", Path: "members", Value: []any{fields{}}}}); err == nil {
		t.Error("a member without an id is taken")
	}
}

func TestNamesAsAddresses(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"L'Équipe": "l-equipe", " Vente & Achats ": "vente-achats", "R&D 2": "r-d-2", "東京": "", "--": "", "Œuvres": "oeuvres",
		strings.Repeat("a", 80): strings.Repeat("a", 60),
	} {
		if got := slug(name); got != want {
			t.Errorf("slug(%q) = %q, want %q", name, got, want)
		}
	}
	if got := nickname("anna (é)@x"); got != "annax" {
		t.Errorf("nickname %q", got)
	}
}

func TestRolesOfAppsAndBack(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"sales", "sales:admin", "global:62cc4d7f"} {
		if got := accessRole(client.Document(access(role))); got != role {
			t.Errorf("%s becomes %s", role, got)
		}
	}
	if got := staffRole([]string{"agent", "agent:12"}); got["custom_role_id"] == nil || got["role"] != "agent" {
		t.Errorf("a custom role is lost: %v", got)
	}
	if got := staffRole([]string{"end-user"}); got["role"] != "agent" {
		t.Errorf("somebody who is to be active stays %v", got["role"])
	}
}
