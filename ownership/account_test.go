package ownership_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"proprio/ownership"
	"proprio/push/profiles"
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
		roles      ownership.Roles
		want       ownership.RemoteAccount
	}{
		{"RFC 7643", `{"id":"7","userName":"a@b.fr","displayName":"Anna","active":true,
			"emails":[{"value":"a@b.fr","type":"work","primary":true},{"value":"a@gmail.com","type":"home"}],
			"roles":[{"value":"editor"},{"value":"super_admin","primary":true}]}`, ownership.Roles{},
			ownership.RemoteAccount{RemoteID: "7", UserName: "a@b.fr", DisplayName: "Anna", Active: true, Administrator: true,
				Emails: []resources.Email{{Value: "a@b.fr", Type: "work", Primary: true}, {Value: "a@gmail.com", Type: "home"}},
				Roles:  []string{"super_admin", "editor"}}},
		{"other letter case, numeric id, names apart", `{"ID":7,"username":"anna","name":{"givenName":"Anna","familyName":"Dupont"},"Active":"False"}`, ownership.Roles{},
			ownership.RemoteAccount{RemoteID: "7", UserName: "anna", DisplayName: "Anna Dupont"}},
		{"no active attribute", `{"id":"7","userName":"anna"}`, ownership.Roles{}, ownership.RemoteAccount{RemoteID: "7", UserName: "anna", Active: true}},
		{"roles as strings, e-mail as one string", `{"id":"7","roles":["Owner","Owner"],"emails":"a@b.fr"}`, ownership.Roles{},
			ownership.RemoteAccount{RemoteID: "7", Active: true, Administrator: true, Roles: []string{"Owner"}, Emails: []resources.Email{{Value: "a@b.fr"}}}},
		{"display names", `{"id":"7","roles":[{"value":"12","display":"Super Administrateur"}]}`, ownership.Roles{},
			ownership.RemoteAccount{RemoteID: "7", Active: true, Administrator: true, Roles: []string{"12"}}},
		{"entitlements", `{"id":"7","entitlements":[{"value":"System Administrator"}]}`, ownership.Roles{},
			ownership.RemoteAccount{RemoteID: "7", Active: true, Administrator: true, Roles: []string{"System Administrator"}}},
		{"not an administrator by a part of the name", `{"id":"7","roles":["administrative assistant","coowner"]}`, ownership.Roles{},
			ownership.RemoteAccount{RemoteID: "7", Active: true, Roles: []string{"administrative assistant", "coowner"}}},
		{"a closed list counts alone", `{"id":"7","roles":["admin"]}`, ownership.Roles{Administrators: []string{"Chef"}, Closed: true},
			ownership.RemoteAccount{RemoteID: "7", Active: true, Roles: []string{"admin"}}},
		{"a closed list", `{"id":"7","roles":[{"value":"chef"}]}`, ownership.Roles{Administrators: []string{"Chef"}, Closed: true},
			ownership.RemoteAccount{RemoteID: "7", Active: true, Administrator: true, Roles: []string{"chef"}}},
		{"the profile's own value", `{"id":"7","roles":[{"value":"chef"}]}`, ownership.Roles{Administrators: []string{"Chef"}},
			ownership.RemoteAccount{RemoteID: "7", Active: true, Administrator: true, Roles: []string{"chef"}}},
		{"the common names count besides the profile's own", `{"id":"7","roles":["Workspace Owner"]}`, ownership.Roles{Administrators: []string{"Chef"}},
			ownership.RemoteAccount{RemoteID: "7", Active: true, Administrator: true, Roles: []string{"Workspace Owner"}}},
		{"the profile's attribute", `{"id":"7","userType":"admin"}`, ownership.Roles{Attribute: "userType"},
			ownership.RemoteAccount{RemoteID: "7", Active: true, Administrator: true, Roles: []string{"admin"}}},
		{"an attribute that the profile does not name", `{"id":"7","userType":"admin"}`, ownership.Roles{},
			ownership.RemoteAccount{RemoteID: "7", Active: true}},
		{"the profile's attribute is a standard one", `{"id":"7","entitlements":["Owner"],"roles":["editor"]}`, ownership.Roles{Attribute: "entitlements"},
			ownership.RemoteAccount{RemoteID: "7", Active: true, Administrator: true, Roles: []string{"editor", "Owner"}}},
		{"the profile's attribute in an extension", `{"id":"7","urn:example:scim:schemas:extension:crm:2.0:User":{"Role":"Global Administrator"},"roles":["user"]}`,
			ownership.Roles{Attribute: "urn:example:scim:schemas:extension:crm:2.0:User:role"},
			ownership.RemoteAccount{RemoteID: "7", Active: true, Administrator: true, Roles: []string{"Global Administrator", "user"}}},
		{"the profile's attribute is a sub-attribute", `{"id":"7","urn:x:2.0:User":{"access":{"level":"root"}}}`, ownership.Roles{Attribute: "urn:x:2.0:User:access.level"},
			ownership.RemoteAccount{RemoteID: "7", Active: true, Administrator: true, Roles: []string{"root"}}},
		{"the profile's attribute has another type", `{"id":"7","urn:x:User":"admin","access":[1]}`, ownership.Roles{Attribute: "urn:x:User:role"},
			ownership.RemoteAccount{RemoteID: "7", Active: true}},
		{"characters that no database keeps", `{"id":"7","userName":"a\u0000b"}`, ownership.Roles{},
			ownership.RemoteAccount{RemoteID: "7", UserName: "a\uFFFDb", Active: true}},
		{"nonsense types", `{"id":"7","emails":[1,null,{"value":{}}],"roles":{"value":true},"name":"x"}`, ownership.Roles{},
			ownership.RemoteAccount{RemoteID: "7", Active: true}},
	} {
		got, err := ownership.AccountFromSCIM(decode(t, tt.json), tt.roles)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	for _, text := range []string{`{}`, `{"id":""}`, `{"id":null,"userName":"a"}`} {
		if _, err := ownership.AccountFromSCIM(decode(t, text), ownership.Roles{}); !errors.Is(err, ownership.ErrIncomplete) {
			t.Errorf("%s: %v, want ErrIncomplete", text, err)
		}
	}
}

// Administrators' role names, whatever their spelling, in an app of every known profile.
func TestAccountFromSCIM_administrators(t *testing.T) {
	t.Parallel()
	known, err := profiles.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range known.Names() {
		profile, _ := known.Get(name)
		for _, role := range []string{
			"admin", "ADMIN", "Administrator", "super admin", "Super Admin", "super_admin", "SUPER-ADMIN", "superadmin", "super.admin",
			"Owner", "Primary Owner", "Account Owner", "Workspace Owner", "org_admin", "Global Administrator", "root",
			"Propriétaire", "PROPRIE\u0301TAIRE", "Administrateur", "Administratrice",
		} {
			user := map[string]any{"id": "1", "roles": []any{map[string]any{"value": role}}}
			a, err := ownership.AccountFromSCIM(user, ownership.Roles(profile.Roles))
			if err != nil || !a.Administrator {
				t.Errorf("profile %s: %q is no administrator (%v)", name, role, err)
			}
		}
	}
}
