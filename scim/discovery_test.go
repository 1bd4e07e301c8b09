package scim_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
)

func sameJSON(t testing.TB, a, b string) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal([]byte(a), &x); err != nil {
		t.Fatalf("%v: %s", err, a)
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return reflect.DeepEqual(x, y)
}

// RFC 7644 §4, RFC 7643 §5 to §7: what the server says of itself.
func TestRFC7644Section4Discovery(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		config := c.do("GET", "/ServiceProviderConfig", nil).must(200)
		for feature, want := range map[string]bool{"patch": true, "bulk": true, "filter": true, "changePassword": false, "sort": true, "etag": true} {
			if got := config.at(feature, "supported"); got != want {
				t.Errorf("%s.supported %v, want %v", feature, got, want)
			}
		}
		if config.at("bulk", "maxOperations") != 1000.0 || config.at("bulk", "maxPayloadSize") != float64(1<<20) {
			t.Errorf("bulk %v", config.at("bulk"))
		}
		if config.at("filter", "maxResults") != 1000.0 || config.text("authenticationSchemes", 0, "type") != "oauthbearertoken" ||
			config.at("pagination", "index") != true || config.at("pagination", "cursor") != true ||
			config.text("meta", "location") != base+"/ServiceProviderConfig" {
			t.Errorf("ServiceProviderConfig: %s", config.body)
		}
		types, schemas := c.do("GET", "/ResourceTypes", nil).must(200), c.do("GET", "/Schemas", nil).must(200)
		listed := map[string]bool{}
		for i := 0; schemas.at("Resources", i) != nil; i++ {
			urn := schemas.text("Resources", i, "id")
			listed[urn] = true
			if strings.Contains(urn, ":messages:") {
				t.Errorf("the message schema %s is listed", urn)
			}
			one := c.do("GET", "/Schemas/"+urn, nil).must(200)
			if fmt.Sprint(one.at()) != fmt.Sprint(schemas.at("Resources", i)) {
				t.Errorf("/Schemas/%s differs from the list", urn)
			}
		}
		for i := 0; types.at("Resources", i) != nil; i++ {
			name := types.text("Resources", i, "name")
			if types.text("Resources", i, "id") != name {
				t.Errorf("resource type %s has id %s", name, types.text("Resources", i, "id"))
			}
			c.do("GET", "/ResourceTypes/"+name, nil).must(200)
			c.do("GET", types.text("Resources", i, "endpoint"), nil).must(200)
			if urn := types.text("Resources", i, "schema"); !listed[urn] {
				t.Errorf("schema %s is not listed", urn)
			}
			for j := 0; types.at("Resources", i, "schemaExtensions", j) != nil; j++ {
				if urn := types.text("Resources", i, "schemaExtensions", j, "schema"); !listed[urn] {
					t.Errorf("extension %s is not listed", urn)
				}
			}
		}
		if !listed[userURN] || !listed[groupURN] || !listed[enterpriseURN] || types.at("totalResults") != 2.0 {
			t.Errorf("listed: %v", listed)
		}
		for _, a := range []answer{config, types, schemas} {
			if strings.Contains(a.body, `:""`) || strings.Contains(a.body, "null") {
				t.Errorf("%s shows an empty text or null (RFC 7643 §2.5)", a.call)
			}
			c.do("GET", strings.TrimPrefix(a.call, "GET "), nil, "If-None-Match", a.header.Get("ETag")).must(304)
		}
	})
}
