package scim_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// search is a SearchRequest: names and values in turn.
func search(members ...any) object {
	o := object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:SearchRequest"}}
	for i := 0; i < len(members); i += 2 {
		o[members[i].(string)] = members[i+1]
	}
	return o
}

// Sorted results are in any letter case or not, as caseExact says; what has no value comes last, or descending, first;
// of several values the primary one counts, else the first; and the order is the same on every page
// (RFC 7644 §3.4.2.3).
func TestRequirement48_SortedAndStable(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := cast(w)
		for _, s := range []struct{ path, by, order, want string }{
			{"/Users", "userName", "", "aBc"}, {"/Users", "userName", "descending", "cBa"}, {"/Users", "USERNAME", "Descending", "cBa"},
			{"/Users", userURN + ":userName", "ASCENDING", "aBc"}, {"/Users", "displayName", "ascending", "aBc"}, {"/Users", "displayName", "descending", "cBa"},
			{"/Users", "title", "", "Bac"}, {"/Users", "title", "descending", "caB"}, {"/Users", "name.familyName", "", "aBc"}, {"/Users", "externalId", "", "aBc"},
			{"/Users", "emails", "", "aBc"}, {"/Users", "emails.value", "descending", "cBa"}, {"/Users", "emails.type", "", "aBc"}, {"/Users", "active", "", "Bac"},
			{"/Users", enterpriseURN + ":department", "", "Bac"}, {"/Users", "department", "descending", "caB"}, {"/Users", "manager", "", "Bac"},
			{"/Users", "meta.created", "descending", "cBa"}, {"/Users", "meta.lastModified", "", "aBc"}, {"/Users", "id", "descending", "cBa"}, {"/Users", "groups.display", "", "acB"},
			{"/Users", "", "descending", "aBc"}, {"/Groups", "displayName", "descending", "hg"}, {"/Groups", "members", "descending", "hg"},
			{"/", "displayName", "", "aBghc"}, {"/", "userName", "descending", "hgcBa"}, {"/", "meta.resourceType", "", "ghaBc"}, {"/", "id", "descending", "hgcBa"},
		} {
			a := c.ask(s.path, "sortBy", s.by, "sortOrder", s.order)
			if got := a.names(); got != s.want {
				t.Errorf("%s by %q %s: %s, want %s", s.path, s.by, s.order, got, s.want)
			}
			paged := ""
			for i := range s.want {
				paged += c.ask(s.path, "sortBy", s.by, "sortOrder", s.order, "count", "1", "startIndex", itoa(i+1)).names()
			}
			if paged != s.want {
				t.Errorf("%s by %q %s, page by page: %s, want %s", s.path, s.by, s.order, paged, s.want)
			}
		}
		for by, mentions := range map[string]string{
			"shoeSize": "shoeSize", "name": "name.formatted", "meta": "sub-attributes", "emails[type eq \"work\"]": "name of an attribute", "meta.location": "cannot be sorted",
			"emails.shoe": "emails.shoe", "a b": "name of an attribute", "password": "password", strings.Repeat("x", 2000): "xxx",
		} {
			c.ask("/Users", "sortBy", by).scimError(400, "invalidValue", mentions)
			c.ask("/", "sortBy", by).scimError(400, "invalidValue", mentions)
		}
		c.ask("/Users", "sortBy", "userName", "sortOrder", "upward").scimError(400, "invalidValue", "sortOrder")
		c.do("GET", "/Users?sortBy=userName&sortBy=title", nil).scimError(400, "invalidValue", "sortBy")
	})
}

// attributes and excludedAttributes say what is shown, on every answer that shows a resource; what is always returned
// stays; both together are refused (RFC 7644 §3.4.2.5, §3.9).
func TestRequirement49_ProjectionEverywhere(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := cast(w)
		id := c.ask("/Users", "filter", `userName sw "anne"`).text("Resources", 0, "id")
		put := user("anne@societe.example", object{"title": "T", "displayName": "Anne"})
		for call, shown := range map[string]func(parameters string) map[string]any{
			"GET":        func(p string) map[string]any { return c.do("GET", "/Users/"+id+"?"+p, nil).must(200).json() },
			"GET list":   func(p string) map[string]any { return first(c.do("GET", "/Users?"+p, nil)) },
			"GET root":   func(p string) map[string]any { return first(c.do("GET", "/?"+p, nil)) },
			"GET cursor": func(p string) map[string]any { return first(c.do("GET", "/Users?cursor&"+p, nil)) },
			"PUT":        func(p string) map[string]any { return c.do("PUT", "/Users/"+id+"?"+p, put).must(200).json() },
			"PATCH": func(p string) map[string]any {
				return c.do("PATCH", "/Users/"+id+"?"+p, patch(op("add", "title", "T"))).must(200).json()
			},
			"POST .search": func(p string) map[string]any { return first(c.do("POST", "/Users/.search", searchOf(p))) },
			"POST root":    func(p string) map[string]any { return first(c.do("POST", "/.search", searchOf(p))) },
			"POST": func(p string) map[string]any {
				return c.do("POST", "/Users?"+p, user(strings.Repeat("x", len(p))+itoa(len(c.everything()))+"@societe.example", object{"title": "T", "displayName": "D"})).must(201).json()
			},
		} {
			for parameters, want := range map[string]string{
				"attributes=title": "id,schemas,title", "attributes=" + userURN + ":TITLE,displayname": "displayName,id,schemas,title",
				"attributes=meta.version": "id,meta,schemas", "attributes=unknown": "id,schemas",
				"excludedAttributes=id,schemas,meta,groups,emails,name,userName,active,externalId,x509Certificates," + enterpriseURN: "displayName,id,schemas,title",
			} {
				if got := strings.Join(keysOf(shown(parameters)), ","); got != want {
					t.Errorf("%s with %s shows %s, want %s", call, parameters, got, want)
				}
			}
		}
		for _, path := range []string{"/Users", "/", "/Users/" + id} {
			c.ask(path, "attributes", "title", "excludedAttributes", "title").scimError(400, "invalidValue", "excludedAttributes")
		}
		c.do("POST", "/.search", search("attributes", []string{"a"}, "excludedAttributes", []string{"b"})).scimError(400, "invalidValue", "excludedAttributes")
	})
}

func keysOf(object map[string]any) []string { return slices.Sorted(maps.Keys(object)) }

func first(a answer) map[string]any {
	a.t.Helper()
	resource, _ := a.must(200).at("Resources", 0).(map[string]any)
	return resource
}

// searchOf makes name=a,b a SearchRequest.
func searchOf(parameter string) object {
	name, list, _ := strings.Cut(parameter, "=")
	return search(name, strings.Split(list, ","))
}

// A query can be sent as a body, so that what it looks for is in no URL: for one type or, at the root, for all. It is
// the same query, in any spelling of its members; what it is not is refused with the name of the member
// (RFC 7644 §3.4.3).
func TestRequirement50_SearchByPost(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := cast(w)
		for _, s := range []struct {
			path string
			body object
			want string
		}{
			{"/Users/.search", search(), "aBc"}, {"/Groups/.search", search(), "gh"}, {"/.search", search(), "aBcgh"}, {"/users/.SEARCH/", search(), "aBc"},
			{"/Users/.search", search("filter", `title pr`, "sortBy", "title", "sortOrder", "descending"), "aB"},
			{"/.search", search("Filter", `meta.resourceType eq "Group"`, "SORTBY", "displayName", "sortorder", "descending", "Count", 1, "STARTINDEX", 2), "g"},
			{"/.search", search("filter", nil, "count", "2", "startIndex", nil, "attributes", nil, "shoeSize", 44), "aB"},
			{"/Users/.search", object{"SCHEMAS": []string{"URN:ietf:params:scim:api:messages:2.0:searchrequest"}, "count": 1}, "a"},
			{"/Users/.search", search("cursor", "", "count", 2), "aB"},
		} {
			a := c.do("POST", s.path, s.body).must(200)
			if got := a.names(); got != s.want {
				t.Errorf("%s %v: %q, want %q", s.path, s.body, got, s.want)
			}
			if a.text("schemas", 0) != "urn:ietf:params:scim:api:messages:2.0:ListResponse" {
				t.Errorf("%s: %s", s.path, a.body)
			}
		}
		listed := c.do("POST", "/Users/.search", search("attributes", "title, displayName", "filter", `title pr`, "count", 1))
		if got := strings.Join(keysOf(first(listed)), ","); got != "displayName,id,schemas,title" {
			t.Errorf("attributes as one text: %s", got)
		}
		for _, path := range []string{"/.search", "/Users/.search"} {
			for _, s := range []struct {
				body     any
				scimType string
				mentions string
			}{
				{object{"schemas": []string{userURN}}, "invalidSyntax", "schemas"}, {object{"schemas": "x"}, "invalidSyntax", "schemas"}, {object{"schemas": []string{}}, "invalidSyntax", "schemas"},
				{search("filter", 5), "invalidSyntax", "filter"}, {search("sortBy", []string{"title"}), "invalidSyntax", "sortBy"}, {search("sortOrder", true), "invalidSyntax", "sortOrder"},
				{search("startIndex", object{}), "invalidSyntax", "startIndex"}, {search("count", []int{1}), "invalidSyntax", "count"}, {search("count", 1.5), "invalidValue", "count"},
				{search("attributes", 7), "invalidSyntax", "attributes"}, {search("excludedAttributes", []any{"a", 1}), "invalidSyntax", "excludedAttributes"}, {search("cursor", 1), "invalidSyntax", "cursor"},
				{search("filter", "a", "FILTER", "b"), "invalidSyntax", "twice"}, {search("filter", "title eq \"a\x00b\""), "invalidSyntax", "filter"}, {`[]`, "invalidSyntax", ""}, {`{`, "invalidSyntax", ""},
			} {
				c.do("POST", path, s.body).scimError(400, s.scimType, s.mentions)
			}
			a := c.do("GET", path, nil)
			a.scimError(405, "", "GET")
			if a.header.Get("Allow") != "POST" {
				t.Errorf("Allow %q", a.header.Get("Allow"))
			}
		}
	})
}

// A query at the root goes over all types; an attribute that a type does not have has no value there, and one that no
// type has, nowhere. On one type it is invalidFilter (RFC 7644 §3.4.2.1; protocol.md section 3).
func TestRow07_UndefinedAttributeInFilter(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := cast(w)
		c.selects("/", map[string]string{
			`meta.resourceType eq "User"`: "abc", `meta.resourceType eq "Group" and displayName sw "G"`: "g", `displayName pr`: "abgh", `userName pr`: "abc",
			`userName ne "carl@societe.example"`: "abgh", `userName eq null`: "gh", `not (userName sw "anne")`: "bcgh", `members pr or active eq false`: "bg",
			`shoeSize eq 44`: "", `shoeSize pr`: "", `shoeSize ne 44`: "abcgh", `shoeSize eq null`: "abcgh", `not (shoeSize gt 4)`: "abcgh", `shoeSize[type eq "x"]`: "",
			`emails[shoe eq "x"]`: "", `emails[not (shoe eq "x")]`: "ab", `emails.shoe eq "x"`: "", `shoeSize eq 44 or displayName eq "h"`: "h", `urn:example:x:y eq 1`: "",
		})
		for _, filter := range []string{`shoeSize eq 44`, `shoeSize pr`, `members pr`, `emails[shoe eq "x"]`, `emails.shoe eq "x"`, `urn:example:x:y eq 1`} {
			c.ask("/Users", "filter", filter).scimError(400, "invalidFilter", "")
		}
		c.ask("/", "filter", `active gt true`).scimError(400, "invalidFilter", "active")
		a := c.ask("/", "attributes", "userName,members.value", "filter", `displayName sw "G" or userName sw "anne"`)
		if a.text("Resources", 0, "userName") == "" || a.text("Resources", 1, "members", 1, "value") == "" || a.at("Resources", 1, "displayName") != nil {
			t.Errorf("each type is shown by its own attributes: %s", a.body)
		}
	})
}

// Values without quotes are invalidFilter, unless the connection allows for a client that sends them
// (protocol.md section 3; clients.md Q20).
func TestRow12_UnquotedValues(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := cast(w)
		for _, path := range []string{"/Users", "/"} {
			c.ask(path, "filter", `externalId eq E-1`).scimError(400, "invalidFilter", "")
			c.do("POST", strings.TrimSuffix(path, "/")+"/.search", search("filter", `externalId eq E-1`)).scimError(400, "invalidFilter", "")
		}
		c.turn("unquotedValues", "on")
		c.selects("/Users", map[string]string{`externalId eq E-1`: "a", `externalId eq "E-1" and active eq true`: "a", `employeeNumber eq 7`: "a"})
		c.selects("/", map[string]string{`externalId eq E-1`: "a"})
		c.ask("/Users", "filter", `externalId eq E-1)`).scimError(400, "invalidFilter", "")
	})
}
