package scim_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// grant adds a role or an entitlement as an administrator does.
func (c tenant) grant(typ string, in resources.Input) string {
	c.t.Helper()
	result, err := c.server.Directory.Create(context.Background(), resources.Caller{Company: c.company, Actor: system}, typ, in)
	if err != nil {
		c.t.Fatal(err)
	}
	return result.Resource.ID
}

// draft-ietf-scim-roles-entitlements: the values that roles and entitlements may have are read at /Roles and
// /Entitlements, filtered, sorted and paged like any resource, and written by nobody.
func TestRolesAndEntitlements_areRead(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c, off := w.tenant("Société", "").with("roles"), w.tenant("Sans", "")
		editor := c.grant("Role", resources.Input{"value": "editor", "supported": true})
		admin := c.grant("Role", resources.Input{
			"value": "admin", "display": "Administrator", "type": "it", "supported": true, "limitedAssignmentsPermitted": true,
			"totalAssignmentsPermitted": json.Number("2"), "contains": []any{map[string]any{"value": "editor"}},
		})
		c.grant("Entitlement", resources.Input{"value": "seat", "supported": false})
		c.addUser("anne@societe.example", object{"roles": []object{{"value": "Admin"}, {"value": "editor"}}})
		c.addUser("paul@societe.example", object{"roles": []object{{"value": "admin"}}})
		c.addUser("gone@societe.example", object{"roles": []object{{"value": "admin"}}, "active": false})

		one := c.do("GET", "/Roles/"+admin, nil).must(200)
		for path, want := range map[string]any{"display": "Administrator", "type": "it", "supported": true, "limitedAssignmentsPermitted": true, "totalAssignmentsPermitted": 2.0} {
			if one.at(path) != want {
				t.Errorf("%s is %v, want %v", path, one.at(path), want)
			}
		}
		if one.text("contains", 0, "value") != "editor" || one.at("totalAssignmentsUsed") != nil || one.text("meta", "resourceType") != "Role" {
			t.Errorf("%s", one.body)
		}
		if got := c.do("GET", "/Roles?attributes=value,totalAssignmentsUsed&filter=value eq \"ADMIN\"", nil).must(200); got.at("Resources", 0, "totalAssignmentsUsed") != 2.0 {
			t.Errorf("used: %s", got.body)
		}
		if got := c.do("GET", "/Roles?count=1&startIndex=1", nil).must(200); got.at("itemsPerPage") != 1.0 || got.at("startIndex") != 1.0 || got.at("totalResults") != 2.0 { // Okta's test
			t.Errorf("%s", got.body)
		}
		if got := c.do("GET", "/Roles?sortBy=value", nil).must(200); got.text("Resources", 0, "id") != admin || got.text("Resources", 1, "id") != editor {
			t.Errorf("sorted: %s", got.body)
		}
		if got := c.do("GET", `/?filter=meta.resourceType eq "Entitlement"`, nil).must(200); got.at("totalResults") != 1.0 {
			t.Errorf("at the root: %s", got.body)
		}
		for _, f := range []struct {
			method, path string
			body         any
		}{
			{"POST", "/Roles", object{"value": "x", "supported": true}}, {"PUT", "/Roles/" + admin, object{"value": "x"}},
			{"PATCH", "/Roles/" + admin, patch(op("replace", "display", "x"))}, {"DELETE", "/Roles/" + admin, nil}, {"POST", "/Entitlements", object{}},
		} {
			if a := c.do(f.method, f.path, f.body).must(405); !strings.Contains(a.header.Get("Allow"), "GET") {
				t.Errorf("%s %s: Allow %q", f.method, f.path, a.header.Get("Allow"))
			}
		}
		c.do("POST", "/Bulk", bulk(operation("DELETE", "/Roles/"+admin, "", nil))).mustStatuses("400")
		off.do("GET", "/Roles", nil).must(404)
		if a := off.do("GET", `/?filter=meta.resourceType eq "Role"`, nil).must(200); a.at("totalResults") != 0.0 {
			t.Errorf("off, and at the root: %s", a.body)
		}
		if strings.Contains(off.do("GET", "/Schemas", nil).body, resources.SchemaRole) || off.do("GET", "/ServiceProviderConfig", nil).at("RolesAndEntitlements") != nil {
			t.Error("published though it is off")
		}
	})
}

// draft-ietf-scim-roles-entitlements: ServiceProviderConfig says what is supported; the schemas say that all is read-only.
func TestRolesAndEntitlements_discovery(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "").with("roles")
		config := c.do("GET", "/ServiceProviderConfig", nil).must(200)
		if config.at("RolesAndEntitlements", "roles", "supported") != true || config.at("RolesAndEntitlements", "entitlements", "multipleEntitlementsSupported") != true {
			t.Errorf("%v", config.at("RolesAndEntitlements"))
		}
		for _, urn := range []string{resources.SchemaRole, resources.SchemaEntitlement} {
			schema := c.do("GET", "/Schemas/"+urn, nil).must(200)
			attributes, _ := schema.at("attributes").([]any)
			for i := range attributes {
				if got := schema.text("attributes", i, "mutability"); got != "readOnly" {
					t.Errorf("%s %s is %s", urn, schema.text("attributes", i, "name"), got)
				}
			}
			if len(attributes) != 9 {
				t.Errorf("%s has %d attributes", urn, len(attributes))
			}
		}
	})
}
