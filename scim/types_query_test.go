package scim_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// things are what the queries below select from, by label.
var things = map[string]object{
	"a": {"exact": "Abc", "flag": true, "count": 1, "ratio": 0.5, "at": "2026-01-01T00:00:00Z", "blob": "AAEC", "link": "https://a.example/",
		"serial": "S1", "numbers": []int{1, 2}, "displayName": object{"fr": "Un"}, "userName": 1, "members": []string{"Ada"},
		"box": object{"width": 1, "labels": []string{"red", "Blue"}}, mayURN: object{"level": 1, "note": "Note"},
		"parts": []object{{"value": 1, "type": "x", "tags": []string{"t1"}, "weight": 1.5, "since": "2026-01-01T00:00:00Z", "image": "AA==", "primary": true}}},
	"b": {"exact": "abc", "flag": false, "count": -2, "ratio": 1.25, "at": "2026-01-01T01:00:00+01:00", "serial": "S2",
		"parts": []object{{"value": 2, "type": "y"}, {"value": 3, "type": "X", "tags": []string{"T1", "t2"}}}},
	"c": {"count": 30, "ratio": -7, "at": "2027-01-01T00:00:00.5Z", "link": "urn:a:b"},
	"d": {},
}

// RFC 7644 table 3: every operator on every type of attribute, at every depth that there is.
func TestOwnTypes_filters(t *testing.T) {
	eachEverything(t, func(t *testing.T, c tenant) {
		for _, label := range []string{"a", "b", "c", "d"} {
			c.addThing(label, things[label])
		}
		for filter, want := range map[string]string{
			`label eq "A"`: "a", `label ne "a"`: "bcd", `label gt "a" and label lt "D"`: "bc", `LABEL PR`: "abcd",
			`exact eq "abc"`: "b", `exact co "b"`: "ab", `exact sw "A"`: "a", `exact ew "bc"`: "ab", `exact ge "a"`: "b", `exact lt "a"`: "a", `exact le "abc"`: "ab",
			`not (exact pr)`: "cd", `exact eq null`: "cd", `exact ne null`: "ab", `exact ne "abc"`: "acd",
			`flag eq true`: "a", `flag eq false`: "b", `flag ne true`: "bcd", `flag pr`: "ab",
			`count eq 1`: "a", `count gt -2`: "ac", `count ge -2`: "abc", `count lt 30`: "ab", `count le 30`: "abc", `count ne 30`: "abd", `count pr`: "abc",
			`ratio eq 0.5`: "a", `ratio gt 0`: "ab", `ratio ge 1.25`: "b", `ratio lt 0.5`: "c", `ratio le 0.50`: "ac", `ratio ne -7.0`: "abd", `ratio pr`: "abc",
			`at eq "2026-01-01T00:00:00Z"`: "ab", `at gt "2026-01-01T00:00:00.000Z"`: "c", `at ge "2026-01-01T00:00:00Z"`: "abc",
			`at lt "2027-01-01T00:00:00.5Z"`: "ab", `at le "2027-01-01T00:00:00.500Z"`: "abc", `at ne "2026-01-01T00:00:00Z"`: "cd", `at pr`: "abc",
			`blob eq "AAEC"`: "a", `blob ne "AAEC"`: "bcd", `blob pr`: "a",
			`link eq "https://a.example/"`: "a", `link eq "HTTPS://A.EXAMPLE/"`: "", `link sw "urn"`: "c", `link co "example"`: "a", `link ew "b"`: "c", `link gt "i"`: "c", `link pr`: "ac",
			`serial eq "s1"`: "a", `serial ne "S1"`: "bcd", `serial sw "s"`: "ab", `not (serial eq "s2")`: "acd", `serial eq ""`: "",
			`numbers eq 2`: "a", `numbers gt 1`: "a", `numbers[value lt 2]`: "a", `numbers pr`: "a", `not (numbers pr)`: "bcd",
			`members eq "ADA"`: "a", `members[value sw "a"]`: "a", `userName eq 1`: "a", `userName gt 1`: "",
			`displayName.fr eq "un"`: "a", `displayName pr`: "a", `displayName.en pr`: "",
			`box.width eq 1`: "a", `box.labels eq "blue"`: "a", `box.labels co "e"`: "a", `box[width eq 1 and labels eq "red"]`: "a", `box.labels ne "red"`: "bcd",
			`parts.value eq 2`: "b", `parts eq 3`: "b", `parts[type eq "x" and value gt 1]`: "b", `parts[type eq "x"]`: "ab", `parts.tags eq "t1"`: "ab",
			`parts[tags eq "T2"]`: "b", `parts[not (tags pr)]`: "b", `parts.weight gt 1.4`: "a", `parts[weight lt 2 and since pr]`: "a",
			`parts.since le "2026-01-01T00:00:00Z"`: "a", `parts.image eq "AA=="`: "a", `parts[primary eq false]`: "b", `parts.primary eq true`: "a", `parts pr`: "ab",
			mayURN + `:level eq 1`: "a", `level eq 1`: "a", mayURN + `:note co "OT"`: "a", mustURN + `:site eq "lyon"`: "abcd", mayURN + `:level pr`: "a",
			`(count gt 0 or flag eq false) and not (ratio lt 0)`: "ab", `meta.resourceType eq "Everything"`: "abcd", `schemas eq "` + mayURN + `"`: "a",
			`id pr and externalId eq null`: "abcd",
		} {
			a := c.do("GET", "/Everything?filter="+url.QueryEscape(filter), nil).must(200)
			if got := labels(a); got != want {
				t.Errorf("%s: %q, want %q", filter, got, want)
			}
		}
		for _, bad := range []string{`flag gt true`, `blob gt "A"`, `blob co "A"`, `count co 1`, `count eq "1"`, `at co "2"`, `at eq "soon"`, `ratio eq "x"`,
			`box eq 1`, `displayName eq "Un"`, `nothing eq 1`, `parts.nothing pr`, `parts[nothing eq 1]`, `owner.$ref co "x"`, `members.value.x eq 1`} {
			c.do("GET", "/Everything?filter="+url.QueryEscape(bad), nil).scimError(400, "invalidFilter", "")
		}
	})
}

// labels are those of a list, sorted.
func labels(a answer) string {
	return strings.Join(slices.Sorted(slices.Values(listed(a))), "")
}

func listed(a answer) []string {
	var labels []string
	list, _ := a.at("Resources").([]any)
	for i := range list {
		labels = append(labels, a.text("Resources", i, "label"))
	}
	return labels
}

// RFC 7644 §3.4.2.3 and RFC 9865: a company's own types are sorted by their attributes, paged, walked, and found at the
// root beside the others.
func TestOwnTypes_queries(t *testing.T) {
	eachEverything(t, func(t *testing.T, c tenant) {
		for _, label := range []string{"a", "b", "c", "d"} {
			c.addThing(label, things[label])
		}
		user := c.addUser("ada@example.com")
		for by, want := range map[string]string{
			"label&sortOrder=descending": "dcba", "count": "bacd", "ratio": "cabd", "at": "abcd", "exact": "abcd", "flag": "bacd",
			mayURN + ":level": "abcd", "box.width": "abcd", "parts.value": "abcd", "displayName.fr": "abcd", "meta.created": "abcd",
		} {
			a := c.do("GET", "/Everything?sortBy="+by, nil).must(200)
			if got := strings.Join(listed(a), ""); got != want {
				t.Errorf("by %s: %s, want %s", by, got, want)
			}
		}
		page := c.do("GET", "/Everything?startIndex=2&count=2", nil).must(200)
		if got := strings.Join(listed(page), ""); got != "bc" || page.at("totalResults") != 4.0 {
			t.Errorf("page: %s", page.body)
		}
		var walked []string
		for cursor, n := "", 0; n < 10; n++ {
			a := c.do("GET", "/Everything?count=1&cursor="+cursor, nil).must(200)
			walked = append(walked, listed(a)...)
			if cursor = a.text("nextCursor"); cursor == "" {
				break
			}
		}
		if strings.Join(walked, "") != "abcd" {
			t.Errorf("walked %v", walked)
		}
		search := object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:SearchRequest"}, "filter": `count gt 0`, "attributes": []string{"label"}}
		if got := labels(c.do("POST", "/Everything/.search", search).must(200)); got != "ac" {
			t.Errorf(".search: %s", got)
		}
		root := c.do("GET", "/?filter="+url.QueryEscape(`meta.resourceType eq "Everything" or userName pr`), nil).must(200)
		if root.at("totalResults") != 5.0 || !strings.Contains(root.body, user) {
			t.Errorf("root: %s", root.body)
		}
	})
}

// RFC 7644 §3.7: resources of a company's own types in bulk requests, referring to each other and to Users.
func TestOwnTypes_bulk(t *testing.T) {
	eachEverything(t, func(t *testing.T, c tenant) {
		c.define("device", "endpoint-app")
		operation := func(method, path, id string, data object) object {
			return object{"method": method, "path": path, "bulkId": id, "data": data}
		}
		a := c.do("POST", "/Bulk", object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:BulkRequest"}, "Operations": []object{
			operation("POST", "/Everything", "e", everything("x", object{"owner": object{"value": "bulkId:u"}, "friends": []object{{"value": "bulkId:f"}}})),
			operation("POST", "/Users", "u", user("ada@example.com")),
			operation("POST", "/Everything", "f", everything("y")),
			operation("POST", "/Devices", "d", object{"schemas": []string{deviceURN}, "active": true, endpointAppsURN: object{"applications": []object{{"value": "bulkId:app"}}}}),
			operation("POST", "/EndpointApps", "app", object{"schemas": []string{endpointAppURN}, "applicationType": "telemetry", "applicationName": "T"}),
			operation("POST", "/Everything", "bad", object{"schemas": []string{everythingURN}}),
		}}).must(200)
		list, _ := a.at("Operations").([]any)
		ids := map[string]string{}
		for i := range list {
			want := "201"
			if a.text("Operations", i, "bulkId") == "bad" {
				want = "400"
			}
			if got := a.text("Operations", i, "status"); got != want {
				t.Fatalf("%s: %s, want %s\n%s", a.text("Operations", i, "bulkId"), got, want, a.body)
			}
			location := a.text("Operations", i, "location")
			ids[a.text("Operations", i, "bulkId")] = location[strings.LastIndex(location, "/")+1:]
		}
		thing := c.do("GET", "/Everything/"+ids["e"], nil).must(200)
		if thing.text("owner", "value") != ids["u"] || thing.text("friends", 0, "value") != ids["f"] {
			t.Errorf("references: %s, ids %v", thing.body, ids)
		}
		device := c.do("GET", "/Devices/"+ids["d"], nil).must(200)
		if got := device.text(endpointAppsURN, "applications", 0, "$ref"); got != fmt.Sprint(base, "/EndpointApps/", ids["app"]) {
			t.Errorf("application: %s", device.body)
		}
	})
}
