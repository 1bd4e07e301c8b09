package scim_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/scim"
)

// Row 13 (RFC 9865 §4, RFC 9967 §4): ServiceProviderConfig publishes what finished standards added to it, when the
// server does it; what drafts add is there for the companies and connections that have turned it on, and for no other.
func TestRow13_ProviderConfigPublishesStandardsNotDrafts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const event = "urn:ietf:params:scim:event:prov:create:full"
		w := newWorld(t, d, func(s *scim.Server) { s.EventURIs, s.Record = []string{event}, d })
		c, other := w.tenant("Société", ""), w.tenant("Other", "")
		drafts := func(c tenant, headers ...string) (on []string) {
			a := c.do("GET", "/ServiceProviderConfig", nil, headers...).must(200)
			if a.at("pagination", "index") != true || a.at("pagination", "cursor") != true || a.at("pagination", "defaultPaginationMethod") != "index" {
				t.Errorf("pagination %v", a.at("pagination"))
			}
			for _, name := range []string{"defaultPageSize", "maxPageSize", "cursorTimeout"} {
				if n, _ := a.at("pagination", name).(float64); n < 1 || n != float64(int(n)) {
					t.Errorf("pagination.%s is %v", name, a.at("pagination", name))
				}
			}
			if a.text("securityEvents", "eventUris", 0) != event || a.text("securityEvents", "asyncRequest") != "none" {
				t.Errorf("securityEvents %v", a.at("securityEvents"))
			}
			for name := range a.json() {
				if slices.Contains([]string{"interopProfileConformant", "DeltaQuery", "RolesAndEntitlements", "agentExtension"}, name) {
					on = append(on, name)
				}
			}
			slices.Sort(on)
			return on
		}
		check := func(what string, got []string, want ...string) {
			t.Helper()
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: %v of drafts, want %v", what, got, want)
			}
		}
		check("at first", drafts(c))
		_, err := d.SetFeatures(context.Background(), system, c.company, func(f *resources.Features) error {
			for _, name := range resources.FeatureNames() {
				if err := f.Set(name, true); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		check("turned on", drafts(c), "DeltaQuery", "RolesAndEntitlements")
		check("another company", drafts(other))
		check("without a token", drafts(c, "Authorization", ""))
		c.connection.Switches.Interop = true
		if err := d.SetConnection(context.Background(), system, c.connection); err != nil {
			t.Fatal(err)
		}
		check("in interoperability mode", drafts(c), "DeltaQuery", "RolesAndEntitlements", "interopProfileConformant")
		plain := newWorld(t, d).tenant("Without events", "")
		if a := plain.do("GET", "/ServiceProviderConfig", nil).must(200); a.at("securityEvents") != nil {
			t.Errorf("a server without events publishes %v", a.at("securityEvents"))
		}
	})
}

// Row 13, for clients whose models refuse what they do not know: with plainConfig, ServiceProviderConfig holds what
// RFC 7643 and RFC 9865 name and nothing else.
func TestRow13_PlainConfigLeavesTheRestOut(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, func(s *scim.Server) { s.EventURIs, s.Record = []string{"urn:ietf:params:scim:event:prov:delete"}, d })
		c := w.tenant("Société", "").with("delta").with("roles")
		known := []string{
			"schemas", "documentationUri", "patch", "bulk", "filter", "changePassword", "sort", "etag", "pagination",
			"authenticationSchemes", "meta",
		}
		if c.do("GET", "/ServiceProviderConfig", nil).at("securityEvents") == nil {
			t.Error("no securityEvents while the switch is off")
		}
		c.connection.Switches.PlainConfig = true
		if err := d.SetConnection(context.Background(), system, c.connection); err != nil {
			t.Fatal(err)
		}
		for name := range c.do("GET", "/ServiceProviderConfig", nil).must(200).json() {
			if !slices.Contains(known, name) {
				t.Errorf("%s is shown", name)
			}
		}
	})
}
