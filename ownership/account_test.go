package ownership_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"proprio/ownership"
	"proprio/resources"
)

func decode(t *testing.T, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// What apps send for a SCIM User, in the shapes they really have.
func TestAccountFromSCIM(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, json string
		admins     []string
		want       ownership.RemoteAccount
	}{
		{"RFC 7643", `{"id":"7","userName":"a@b.fr","displayName":"Anna","active":true,
			"emails":[{"value":"a@b.fr","type":"work","primary":true},{"value":"a@gmail.com","type":"home"}],
			"roles":[{"value":"editor"},{"value":"super_admin","primary":true}]}`, nil,
			ownership.RemoteAccount{RemoteID: "7", UserName: "a@b.fr", DisplayName: "Anna", Active: true, Administrator: true,
				Emails: []resources.Email{{Value: "a@b.fr", Type: "work", Primary: true}, {Value: "a@gmail.com", Type: "home"}},
				Roles:  []string{"super_admin", "editor"}}},
		{"other letter case, numeric id, names apart", `{"ID":7,"username":"anna","name":{"givenName":"Anna","familyName":"Dupont"},"Active":"False"}`, nil,
			ownership.RemoteAccount{RemoteID: "7", UserName: "anna", DisplayName: "Anna Dupont"}},
		{"no active attribute", `{"id":"7","userName":"anna"}`, nil, ownership.RemoteAccount{RemoteID: "7", UserName: "anna", Active: true}},
		{"roles as strings, e-mail as one string", `{"id":"7","roles":["Owner","Owner"],"emails":"a@b.fr"}`, nil,
			ownership.RemoteAccount{RemoteID: "7", Active: true, Administrator: true, Roles: []string{"Owner"}, Emails: []resources.Email{{Value: "a@b.fr"}}}},
		{"display names", `{"id":"7","roles":[{"value":"12","display":"Super Administrateur"}]}`, nil,
			ownership.RemoteAccount{RemoteID: "7", Active: true, Administrator: true, Roles: []string{"12"}}},
		{"entitlements", `{"id":"7","entitlements":[{"value":"System Administrator"}]}`, nil,
			ownership.RemoteAccount{RemoteID: "7", Active: true, Administrator: true, Roles: []string{"System Administrator"}}},
		{"not an administrator by a part of the name", `{"id":"7","roles":["administrative assistant","coowner"]}`, nil,
			ownership.RemoteAccount{RemoteID: "7", Active: true, Roles: []string{"administrative assistant", "coowner"}}},
		{"the profile's own values count alone", `{"id":"7","roles":["admin"]}`, []string{"Chef"},
			ownership.RemoteAccount{RemoteID: "7", Active: true, Roles: []string{"admin"}}},
		{"the profile's own value", `{"id":"7","roles":[{"value":"chef"}]}`, []string{"Chef"},
			ownership.RemoteAccount{RemoteID: "7", Active: true, Administrator: true, Roles: []string{"chef"}}},
		{"characters that no database keeps", `{"id":"7","userName":"a\u0000b"}`, nil,
			ownership.RemoteAccount{RemoteID: "7", UserName: "a\uFFFDb", Active: true}},
		{"nonsense types", `{"id":"7","emails":[1,null,{"value":{}}],"roles":{"value":true},"name":"x"}`, nil,
			ownership.RemoteAccount{RemoteID: "7", Active: true}},
	} {
		got, err := ownership.AccountFromSCIM(decode(t, tt.json), tt.admins)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	for _, text := range []string{`{}`, `{"id":""}`, `{"id":null,"userName":"a"}`} {
		if _, err := ownership.AccountFromSCIM(decode(t, text), nil); !errors.Is(err, ownership.ErrIncomplete) {
			t.Errorf("%s: %v, want ErrIncomplete", text, err)
		}
	}
}

// Administrators' role names, whatever their spelling.
func TestAccountFromSCIM_administrators(t *testing.T) {
	t.Parallel()
	for _, role := range []string{
		"admin", "ADMIN", "Administrator", "super admin", "Super Admin", "super_admin", "SUPER-ADMIN", "superadmin", "super.admin",
		"Owner", "Primary Owner", "org_admin", "workspace owner", "Propriétaire", "PROPRIE\u0301TAIRE", "Administrateur",
	} {
		a, err := ownership.AccountFromSCIM(map[string]any{"id": "1", "roles": []any{map[string]any{"value": role}}}, nil)
		if err != nil || !a.Administrator {
			t.Errorf("%q is no administrator (%v)", role, err)
		}
	}
}
