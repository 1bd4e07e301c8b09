package scim_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
)

func asJSON(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// empties lists where a decoded response holds null, an empty text, an empty array or an empty object.
func empties(at string, v any) []string {
	var found []string
	switch v := v.(type) {
	case nil:
		return []string{at}
	case string:
		if v == "" {
			return []string{at}
		}
	case map[string]any:
		if len(v) == 0 {
			return []string{at}
		}
		for key, inner := range v {
			found = append(found, empties(at+"."+key, inner)...)
		}
	case []any:
		if len(v) == 0 && !strings.HasSuffix(at, ".Resources") {
			return []string{at}
		}
		for i, inner := range v {
			found = append(found, empties(fmt.Sprintf("%s[%d]", at, i), inner)...)
		}
	}
	return found
}

// What has no value is not in a response: no null, no "" where a URI belongs, no empty extension; and the URN of an
// extension of which nothing is shown is not in `schemas` (RFC 7643 §2.5, §3).
func TestRequirement08_NothingEmptyIsReturned(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		none := object{
			"schemas": []string{userURN, enterpriseURN}, "profileUrl": "", "name": object{}, "emails": []object{}, "photos": []object{{"value": ""}},
			"title": nil, "addresses": nil, enterpriseURN: object{"department": nil, "manager": object{}},
		}
		id := c.addUser("anne@societe.example", none)
		full := c.addUser("bruno@societe.example", object{
			"schemas": []string{userURN, enterpriseURN}, "profileUrl": "https://societe.example/b", enterpriseURN: object{"department": "D", "manager": object{"value": id}},
		})
		c.do("PATCH", "/Users/"+full, patch(object{"op": "remove", "path": enterpriseURN + ":department"}, object{"op": "remove", "path": enterpriseURN + ":manager"},
			op("replace", "profileUrl", ""))).must(200)
		group := c.addGroup("Bureau")
		for _, path := range []string{"/Users/" + id, "/Users/" + full, "/Groups/" + group, "/Users", "/Groups", "/Users?filter=title pr",
			"/Users/" + id + "?attributes=" + enterpriseURN, "/Schemas", "/ResourceTypes", "/ServiceProviderConfig"} {
			a := c.do("GET", path, nil).must(200)
			if found := empties("", a.at()); found != nil {
				t.Errorf("%s shows nothing at %v: %s", path, found, a.body)
			}
			if !strings.HasPrefix(path, "/Schemas") && !strings.HasPrefix(path, "/ResourceTypes") && strings.Contains(a.body, enterpriseURN) {
				t.Errorf("%s names the extension of which it shows nothing: %s", path, a.body)
			}
		}
	})
}

// A list is an array even when nothing is in it, and counts in whole numbers (RFC 7644 §3.4.2).
func TestRequirement09_ListsAreArraysAndCountsAreIntegers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		check := func(path string, rows, total float64) {
			t.Helper()
			a := c.do("GET", path, nil).must(200)
			list, isList := a.at("Resources").([]any)
			if !isList || float64(len(list)) != rows || a.at("totalResults") != total || a.at("itemsPerPage") != rows || a.at("startIndex") != 1.0 ||
				a.text("schemas", 0) != listURN {
				t.Errorf("%s: %s", path, a.body)
			}
			for _, member := range []string{`"totalResults":` + fmt.Sprint(total), `"itemsPerPage":` + fmt.Sprint(rows), `"startIndex":1`} {
				if !strings.Contains(a.body, member+",") && !strings.Contains(a.body, member+"}") {
					t.Errorf("%s: no %s: %s", path, member, a.body)
				}
			}
		}
		for _, path := range []string{"/Users", "/Groups", "/Users?filter=userName pr"} {
			check(path, 0, 0)
		}
		c.addUser("anne@societe.example")
		check("/Users", 1, 1)
		check("/Users?count=0", 0, 1)
		check(`/Users?filter=userName eq "nobody"`, 0, 0)
	})
}

// Endpoint names in any letter case, with a slash too many, are the same endpoint; ids are not touched.
func TestRequirement11_PathsInAnyCaseWithTrailingSlash(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		id := c.addUser("anne@societe.example")
		for path, like := range map[string]string{
			"/users": "/Users", "/USERS/": "/Users", "//Users//": "/Users", "/users/" + id: "/Users/" + id, "/Users/" + id + "/": "/Users/" + id,
			"/groups/": "/Groups", "/SCHEMAS/": "/Schemas", "/schemas/" + userURN + "/": "/Schemas/" + userURN, "/resourcetypes": "/ResourceTypes",
			"/resourceTypes/User/": "/ResourceTypes/User", "/serviceproviderconfig/": "/ServiceProviderConfig",
		} {
			a, b := c.do("GET", path, nil).must(200), c.do("GET", like, nil).must(200)
			if a.body != b.body {
				t.Errorf("GET %s: %.200s, not as %s: %.200s", path, a.body, like, b.body)
			}
		}
		made := c.do("POST", "/uSeRs/", user("bruno@societe.example")).must(201)
		c.do("PATCH", "/users/"+made.text("id")+"/", patch(op("replace", "title", "x"))).must(200)
		if got := made.header.Get("Location"); got != base+"/Users/"+made.text("id") {
			t.Errorf("Location %q", got)
		}
		c.do("DELETE", "/USERS/"+made.text("id")+"/", nil).must(204)
	})
}

// meta is complete on every resource in every response: type, times, an absolute address that is the one of the
// headers, and the version that is the ETag; created equals lastModified until something changes (RFC 7643 §3.1).
func TestRequirement12_MetaIsComplete(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		check := func(a answer, typ, endpoint string, changed bool) {
			t.Helper()
			if a.text("meta", "resourceType") != typ || a.text("meta", "location") != base+endpoint+"/"+a.text("id") {
				t.Errorf("%s: meta %v", a.call, a.at("meta"))
			}
			for _, name := range []string{"Location", "Content-Location"} {
				if a.header.Get(name) != a.text("meta", "location") {
					t.Errorf("%s: %s %q", a.call, name, a.header.Get(name))
				}
			}
			if a.text("meta", "version") == "" || a.header.Get("ETag") != a.text("meta", "version") {
				t.Errorf("%s: ETag %q of version %q", a.call, a.header.Get("ETag"), a.text("meta", "version"))
			}
			created, err1 := time.Parse(time.RFC3339Nano, a.text("meta", "created"))
			modified, err2 := time.Parse(time.RFC3339Nano, a.text("meta", "lastModified"))
			if err1 != nil || err2 != nil || math.Abs(time.Since(created).Hours()) > 1 || modified.After(created) != changed || modified.Before(created) {
				t.Errorf("%s: created %s, last modified %s", a.call, a.text("meta", "created"), a.text("meta", "lastModified"))
			}
		}
		for typ, body := range map[string]object{"User": user("anne@societe.example"), "Group": {"schemas": []string{groupURN}, "displayName": "Bureau"}} {
			endpoint := "/" + typ + "s"
			made := c.do("POST", endpoint, body).must(201)
			path := endpoint + "/" + made.text("id")
			check(made, typ, endpoint, false)
			check(c.do("GET", path, nil).must(200), typ, endpoint, false)
			check(c.do("PUT", path, body).must(200), typ, endpoint, false) // nothing is other than it was
			check(c.do("PATCH", path, patch(op("replace", "externalId", "e"))).must(200), typ, endpoint, true)
			check(c.do("GET", path, nil).must(200), typ, endpoint, true)
			list := c.do("GET", endpoint, nil).must(200)
			if !sameJSON(t, asJSON(t, list.at("Resources", 0)), c.do("GET", path, nil).body) {
				t.Errorf("the list shows %v", list.at("Resources", 0))
			}
		}
	})
}

// Query parameters that nobody knows are nobody's business; but a filter on a list of discovery is refused, since a
// client would take everything for its match (RFC 7644 §3.4.2, §4).
func TestRequirement13_UnknownParametersAreIgnoredAFilterOnDiscoveryIsNot(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		id := c.addUser("anne@societe.example")
		for _, path := range []string{"/Users", "/Users/" + id, "/Groups", "/Schemas", "/ResourceTypes", "/ServiceProviderConfig", "/Schemas/" + userURN} {
			plain := c.do("GET", path, nil).must(200)
			odd := c.do("GET", path+"?aadOptscim062020&feature=x&_=1&pageToken=", nil).must(200)
			if odd.body != plain.body {
				t.Errorf("%s: %s", odd.call, odd.body)
			}
		}
		c.do("POST", "/Users?aadOptscim062020", user("bruno@societe.example")).must(201)
		for _, list := range []string{"/Schemas", "/ResourceTypes"} {
			for _, filter := range []string{"filter=id%20pr", "Filter=x", "filter="} {
				c.do("GET", list+"?"+filter, nil).scimError(403, "", "filter")
			}
		}
	})
}

// Row 15 (RFC 7644 §3.1, RFC 9110 §8.7): Location and Content-Location are on every response about one resource, equal
// to meta.location, and made from the public address: what a client sends as Host decides nothing.
func TestRow15_LocationIsMadeFromThePublicAddress(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		id := c.addUser("anne@societe.example")
		want := base + "/Users/" + id
		forged := []string{"Host", "evil.example", "X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "gopher", "Forwarded", "host=evil.example"}
		for _, r := range []struct {
			method string
			body   any
			status int
		}{
			{"GET", nil, 200}, {"PUT", user("anne@societe.example", object{"title": "T"}), 200}, {"PATCH", patch(op("replace", "title", "U")), 200},
			{"PATCH", patch(op("replace", "title", "V")), 204}, {"HEAD", nil, 200},
		} {
			headers := forged
			if r.status == 204 {
				headers = append([]string{"Prefer", "return=minimal"}, forged...)
			}
			a := c.do(r.method, "/Users/"+id, r.body, headers...).must(r.status)
			if a.header.Get("Location") != want || a.header.Get("Content-Location") != want {
				t.Errorf("%s: Location %q, Content-Location %q", a.call, a.header.Get("Location"), a.header.Get("Content-Location"))
			}
			if a.body != "" && a.text("meta", "location") != want {
				t.Errorf("%s: meta.location %q", a.call, a.text("meta", "location"))
			}
			if strings.Contains(a.body, "evil") {
				t.Errorf("%s: the client's host is echoed: %s", a.call, a.body)
			}
		}
	})
}
