package scim_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/scim"
)

// ask sends a GET with parameters: name and value in turn.
func (c tenant) ask(path string, parameters ...string) answer {
	c.t.Helper()
	query := url.Values{}
	for i := 0; i < len(parameters); i += 2 {
		query.Set(parameters[i], parameters[i+1])
	}
	return c.do("GET", path+"?"+query.Encode(), nil)
}

// names are the first letters of the userNames or displayNames on a page, in its order.
func (a answer) names() string {
	a.t.Helper()
	names := ""
	for i := 0; a.must(200).at("Resources", i) != nil; i++ {
		name := a.text("Resources", i, "userName")
		if name == "" {
			name = a.text("Resources", i, "displayName")
		}
		names += name[:1]
	}
	return names
}

// cast is a company for queries: the Users a, b and c, and the Groups g (of a and c) and h. c has nothing but a userName.
func cast(w *world) tenant {
	w.t.Helper()
	c := w.tenant(w.t.Name(), "")
	anne := c.addUser("anne@societe.example", object{
		"schemas": []string{userURN, enterpriseURN}, "externalId": "E-1", "displayName": "Anne", "title": "Chef \"à\" 100%", "active": true,
		"name":             object{"givenName": "Anne", "familyName": "ROUX"},
		"emails":           []object{{"value": "home@anne.example", "type": "home"}, {"value": "anne@societe.example", "type": "work", "primary": true}},
		"x509Certificates": []object{{"value": "AAEC"}}, enterpriseURN: object{"department": "Compta", "employeeNumber": "7"},
	})
	c.addUser("Bob@societe.example", object{
		"schemas": []string{userURN, enterpriseURN}, "externalId": "e-1", "displayName": "bob", "title": "Assistant", "active": false,
		"emails": []object{{"value": "Bob@societe.example", "type": "work"}}, enterpriseURN: object{"department": "achats", "manager": object{"value": anne}},
	})
	carl := c.addUser("carl@societe.example")
	c.addGroup("g", anne, carl)
	c.addGroup("h")
	return c
}

// selects checks which resources filters select, by the first letters of their names.
func (c tenant) selects(path string, cases map[string]string) {
	c.t.Helper()
	for filter, want := range cases {
		if got := strings.ToLower(c.ask(path, "filter", filter).names()); got != want {
			c.t.Errorf("%s: %s selects %q, want %q", path, filter, got, want)
		}
	}
}

// Names of attributes, operators and logical words are the same in any letter case (RFC 7644 §3.4.2.2).
func TestRequirement39_NamesAndOperatorsInAnyCase(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		cast(w).selects("/Users", map[string]string{
			`username EQ "bob@societe.example"`: "b", `USERNAME Sw "ANNE"`: "a", `TITLE PR And ACTIVE Eq TRUE`: "a",
			`NOT (Title pR) OR nAmE.gIvEnNaMe eQ "anne"`: "ac", `EMAILS[TYPE eq "work" AND VALUE Co "anne"]`: "a",
			strings.ToUpper(enterpriseURN) + `:DEPARTMENT eq "compta"`: "a",
		})
	})
}

// Text is compared in any letter case or exactly, as caseExact says, and by the same rule by which it is unique
// (RFC 7643 §2.2, §7).
func TestRequirement40_ComparisonIsThatOfUniqueness(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := cast(w)
		c.selects("/Users", map[string]string{
			`userName eq "BOB@SOCIETE.example"`: "b", `externalId eq "E-1"`: "a", `externalId eq "e-1"`: "b", `displayName eq "BOB"`: "b",
		})
		c.do("POST", "/Users", user("BOB@SOCIETE.example")).scimError(409, "uniqueness", "")
		c.selects("/Groups", map[string]string{`displayName eq "G"`: "g"})
		c.do("POST", "/Groups", object{"schemas": []string{groupURN}, "displayName": "G"}).scimError(409, "uniqueness", "")
		id := c.ask("/Users", "filter", `userName eq "carl@societe.example"`).text("Resources", 0, "id")
		c.selects("/Users", map[string]string{`id eq "` + id + `"`: "c", `id eq "` + strings.ToUpper(id) + `"`: ""})
	})
}

// Every operator and grouping; not binds closer than and, and closer than or; value paths, with not and ne inside
// (RFC 7644 §3.4.2.2).
func TestRequirement41_EveryOperatorAndGrouping(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := cast(w)
		c.selects("/Users", map[string]string{
			`displayName eq "anne"`: "a", `displayName ne "anne"`: "bc", `displayName co "N"`: "a", `displayName sw "B"`: "b", `displayName ew "OB"`: "b",
			`displayName pr`: "ab", `displayName gt "anne"`: "b", `displayName ge "anne"`: "ab", `displayName lt "bob"`: "a", `displayName le "bob"`: "ab",
			`active eq false`: "b", `active ne false`: "ac", `x509Certificates.value eq "AAEC"`: "a", `x509Certificates.value ne "AAEC"`: "bc",
			`title pr and active eq true or userName sw "carl"`: "ac", `userName sw "carl" or title pr and active eq true`: "ac",
			`(userName sw "carl" or title pr) and active eq true`: "ac", `not (title pr) and active eq true`: "c", `not (title pr and active eq true)`: "bc",
			`not (not (title pr))`: "ab", `emails[type eq "work" and value co "@societe"]`: "ab", `emails[type ne "work"]`: "a",
			`emails[not (type eq "home") and value sw "anne"]`: "a", `not (emails[type eq "home"])`: "bc", `emails[type eq "home" or primary eq true]`: "a",
			`meta.created gt "2020-01-01T00:00:00Z" and meta.lastModified lt "2999-01-01T00:00:00Z"`: "abc", `groups.display eq "G"`: "ac",
		})
		c.selects("/Groups", map[string]string{`members pr`: "g", `members[type eq "User" and display sw "anne"]`: "g", `not (members pr)`: "h"})
	})
}

// What has no meaning is refused as invalidFilter, and never answered with everybody: an order where there is none, an
// unknown operator, a bare attribute, parentheses that do not match, text without quotes (RFC 7644 §3.4.2.2, §3.12).
func TestRequirement42_WhatHasNoMeaningIsInvalidFilter(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := cast(w)
		for _, filter := range []string{
			`active gt true`, `active ge false`, `active lt true`, `active le true`, `active co "t"`, `emails.primary gt true`, `x509Certificates.value gt "AAEC"`,
			`x509Certificates.value co "A"`, `meta.created co "2020"`, `meta.created gt "yesterday"`, `active eq "maybe"`, `userName eq 5`, `userName xx "a"`, `userName`, `userName eq`, `eq "a"`,
			`userName eq "a" and`, `(userName eq "a"`, `userName eq "a")`, `emails[type eq "work"`, `emails[type eq "work"]]`, `userName eq anne`, `userName eq "a" userName eq "b"`,
			`not`, `not title pr`, ``, ` `, `userName eq 'a'`, `userName eq "a`, `emails[emails[type eq "a"]]`, `userName[type eq "a"]`, `password eq "x"`, `password pr`,
		} {
			c.ask("/Users", "filter", filter).scimError(400, "invalidFilter", "")
			c.do("POST", "/Users/.search", search("filter", filter)).scimError(400, "invalidFilter", "")
		}
	})
}

// pr is false where there is nothing, eq null is where nothing is assigned, and ne holds for what is not assigned
// (RFC 7644 §3.4.2.2; RFC 7643 §2.5).
func TestRequirement43_PresenceAndNull(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := cast(w)
		c.addUser("dora@societe.example", object{"title": "", "emails": []object{}, "name": object{}})
		c.selects("/Users", map[string]string{
			`title pr`: "ab", `title eq null`: "cd", `title ne null`: "ab", `title ne "Assistant"`: "acd", `emails pr`: "ab", `emails eq null`: "cd",
			`name pr`: "a", `name eq null`: "bcd", `name.familyName eq null`: "bcd", enterpriseURN + `:manager eq null`: "acd", `title eq ""`: "",
			`not (title eq null)`: "ab", `emails.display eq null`: "abcd",
		})
	})
}

// JSON escapes and any script in literals; names with the schema's URN; id, meta and schemas can be asked for
// (RFC 7644 §3.4.2.2, §3.10).
func TestRequirement44_LiteralsAndNames(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := cast(w)
		before := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
		c.selects("/Users", map[string]string{
			`title eq "Chef \"à\" 100%"`: "a", `title eq "Chef \"\u00e0\" 100\u0025"`: "a", `title co "\"À\""`: "a", `title co "%"`: "a", `title co "_"`: "",
			userURN + `:userName sw "bob"`: "b", enterpriseURN + `:department eq "ACHATS"`: "b", `department pr`: "ab", `name.familyName eq "roux"`: "a",
			`meta.lastModified gt "` + before + `"`: "abc", `meta.created le "` + before + `"`: "", `meta.version eq "W/\"1\""`: "abc", `meta.resourceType eq "User"`: "abc",
			`schemas eq "` + enterpriseURN + `"`: "ab", `schemas co "enterprise"`: "ab", `id pr`: "abc", `manager.value pr`: "b",
		})
	})
}

// A complex attribute in a comparison stands for its value; one that has none is refused (RFC 7644 §3.4.2.2).
func TestRequirement45_ComplexAttributeStandsForItsValue(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := cast(w)
		c.selects("/Users", map[string]string{`emails co "@anne"`: "a", `emails eq "bob@societe.example"`: "b", `emails[type eq "work"].value ew "example"`: "ab"})
		c.ask("/Users", "filter", `name co "Anne"`).scimError(400, "invalidFilter", "name")
		c.ask("/Users", "filter", `addresses eq "Paris"`).scimError(400, "invalidFilter", "addresses")
	})
}

// A query without a match is 200 with nothing in it, never 404 (RFC 7644 §3.4.2).
func TestRequirement46_NoMatchIsAnEmptyList(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := cast(w)
		for _, a := range []answer{
			c.ask("/Users", "filter", `userName eq "nobody"`), c.ask("/", "filter", `userName eq "nobody"`),
			c.ask("/Users", "filter", `userName eq "nobody"`, "cursor", ""), c.do("POST", "/.search", search("filter", `userName eq "nobody"`)),
		} {
			if a.must(200).at("totalResults") != 0.0 || a.at("itemsPerPage") != 0.0 || !strings.Contains(a.body, `"Resources":[]`) {
				t.Errorf("%s: %s", a.call, a.body)
			}
		}
	})
}

// startIndex before 1 is 1, past the end the page is empty; count below 0 is 0, and with 0 there is the total only; a
// page is never longer than count, and totalResults is always that of the whole result (RFC 7644 §3.4.2.4).
func TestRequirement47_IndexPaging(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := cast(newWorld(t, d, func(s *scim.Server) { s.Limits.MaxPage = 4 }))
		for _, p := range []struct {
			path, start, count, want string
			total                    float64
		}{
			{"/Users", "0", "2", "aB", 3}, {"/Users", "-7", "1", "a", 3}, {"/Users", "2", "1", "B", 3}, {"/Users", "3", "9", "c", 3}, {"/Users", "4", "2", "", 3},
			{"/Users", "1", "0", "", 3}, {"/Users", "1", "-3", "", 3}, {"/", "1", "3", "aBc", 5}, {"/", "4", "2", "gh", 5}, {"/", "1", "99", "aBcg", 5}, {"/", "6", "2", "", 5},
			{"/", "99999999999999999999", "2", "", 5},
		} {
			a := c.ask(p.path, "startIndex", p.start, "count", p.count)
			if got := a.names(); got != p.want || a.at("totalResults") != p.total || a.at("itemsPerPage") != float64(len(p.want)) {
				t.Errorf("%s: %q, want %q: %s", a.call, got, p.want, a.body)
			}
		}
		c.ask("/Users", "count", "many").scimError(400, "invalidValue", "count")
		c.ask("/Users", "startIndex", "1.5").scimError(400, "invalidValue", "startIndex")
	})
}

// A result that would take the server too long is refused as tooMany (RFC 7644 §3.4.2.1, §3.12).
func TestRequirement51_TooManyResults(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, config db.Config) {
		config.FindTime = time.Nanosecond
		c := newWorld(t, dbtest.Open(t, config)).tenant("Société", "")
		c.ask("/Users", "filter", `title co "x"`).scimError(400, "tooMany", "filter")
		c.ask("/", "filter", `title co "x"`).scimError(400, "tooMany", "filter")
		c.ask("/Users", "sortBy", "title").scimError(400, "tooMany", "sortBy")
		c.ask("/Users").must(200)
	})
}
