package scim_test

import (
	"net/url"
	"strings"
	"testing"

	"proprio/scim"
)

// finds is how many Users a filter selects.
func (c tenant) finds(filter string) any {
	c.t.Helper()
	return c.do("GET", "/Users?filter="+url.QueryEscape(filter), nil).must(200).at("totalResults")
}

// wantFound compares what filters select with numbers.
func (c tenant) wantFound(t *testing.T, want map[string]float64) {
	t.Helper()
	for filter, n := range want {
		if got := c.finds(filter); got != n {
			t.Errorf("%s selects %v, want %v", filter, got, n)
		}
	}
}

// Q20: eq and and; a text for a boolean; and with unquotedValues a value without quotation marks.
func TestQ20_FilterValues(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		c.addUser("q20@societe.example", object{"externalId": "jyoung", "active": true, "title": "T"})
		c.addUser("q20b@societe.example", object{"externalId": "other", "active": false})
		c.wantFound(t, map[string]float64{
			`userName eq "q20@societe.example" and externalId eq "jyoung"`: 1, `userName eq "q20@societe.example" and externalId eq "other"`: 0,
			`active eq true`: 1, `active eq "True"`: 1, `active eq "false"`: 1, `title eq "T" and active eq "TRUE"`: 1,
		})
		for _, filter := range []string{`externalId eq jyoung`, `userName eq q20@societe.example`} {
			c.do("GET", "/Users?filter="+url.QueryEscape(filter), nil).scimError(400, "invalidFilter", "filter")
		}
		c.turn("unquotedValues", "on")
		c.wantFound(t, map[string]float64{
			`externalId eq jyoung`: 1, `userName eq q20@societe.example`: 1, `externalId eq jyoung and active eq true`: 1, `externalId eq "jyoung"`: 1,
		})
	})
}

// Q21: an address is found in every form in which clients ask for it.
func TestQ21_FiltersOnAddresses(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		c.addUser("q21@societe.example", object{"emails": []object{{"value": "w@societe.example", "type": "work"}, {"value": "h@home.example", "type": "home"}}})
		c.wantFound(t, map[string]float64{
			`emails[type eq "work"].value eq "w@societe.example"`: 1, `emails[type eq "work"].value eq "h@home.example"`: 0,
			`emails.value eq "h@home.example"`: 1, `emails eq "w@societe.example"`: 1, `emails[value eq "h@home.example"]`: 1,
			`emails[type eq "work" and value eq "w@societe.example"]`: 1, `emails[type eq "untyped"].value eq "x"`: 0, `emails.type eq "HOME"`: 1,
		})
	})
}

// Q22: userName and addresses are compared in any letter case, id and externalId exactly.
func TestQ22_LetterCaseInFilters(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		id := c.addUser("Q22@Societe.example", object{"externalId": "Ex-A", "emails": []object{{"value": "Mail@Societe.example"}}})
		c.wantFound(t, map[string]float64{
			`userName eq "q22@SOCIETE.EXAMPLE"`: 1, `emails.value eq "MAIL@societe.example"`: 1, `externalId eq "EX-A"`: 0, `externalId eq "Ex-A"`: 1,
			`id eq "` + id + `"`: 1,
		})
		if upper := strings.ToUpper(id); upper != id && c.finds(`id eq "`+upper+`"`) != 0.0 {
			t.Error("an id in capitals is found")
		}
	})
}

// Q23: attributes with their URN, with a colon or a dot behind it, and enterprise attributes without, unless requireURNs
// is on.
func TestQ23_NamesWithAndWithoutURN(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		c.addUser("q23@societe.example", object{enterpriseURN: object{"department": "Éclairage", "employeeNumber": "7"}})
		c.wantFound(t, map[string]float64{
			enterpriseURN + `:department eq "éclairage"`: 1, userURN + `:userName eq "q23@societe.example"`: 1, `department eq "Éclairage"`: 1,
			enterpriseURN + `.employeeNumber eq "7"`: 1, `employeeNumber eq "8"`: 0, `manager pr`: 0,
		})
		c.turn("requireURNs", "on")
		for _, filter := range []string{`department eq "Éclairage"`, `userName pr and employeeNumber eq "7"`, `manager pr`, `manager.value eq "x"`} {
			c.do("GET", "/Users?filter="+url.QueryEscape(filter), nil).scimError(400, "invalidFilter", enterpriseURN)
		}
		c.wantFound(t, map[string]float64{enterpriseURN + `:department eq "éclairage"`: 1, enterpriseURN + `.employeeNumber eq "7"`: 1, `userName pr`: 1})
		c.patched(nil, op("add", "department", "D")).scimError(400, "invalidPath", enterpriseURN)
		c.patched(nil, op("add", enterpriseURN+":department", "D")).must(200)
		loose := user("q23b@societe.example", object{"department": "D"})
		if a := c.do("POST", "/Users", loose).must(201); a.at(enterpriseURN) != nil {
			t.Errorf("a department without URN is taken: %s", a.body)
		}
		c.turn("requireURNs", "on", "strictAttributes", "on").do("POST", "/Users", loose).scimError(400, "invalidSyntax", "department")
	})
}

// Q24: a filter that is not understood is refused; a client that got everybody would link its first person to whoever
// comes first.
func TestQ24_NoFilterIsAnsweredWithEverybody(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "entra")
		c.addUser("q24@societe.example")
		for _, filter := range []string{
			"", " ", "userName", "userName eq", `userName is "x"`, `userName eq "x`, `shoeSize eq "x"`, `(userName eq "x"`, `userName eq "x" and`,
			`emails[type eq "work"`, `userName eq "a" userName eq "b"`, `name eq "x"`, `active gt true`,
		} {
			c.do("GET", "/Users?filter="+url.QueryEscape(filter), nil).scimError(400, "invalidFilter", "")
		}
		c.do("GET", "/Users?filter=%zz", nil).must(400)
		c.do("GET", `/Users?filter=userName eq "a"&filter=userName eq "b"`, nil).must(400)
	})
}

// Q25: no match is a list with nothing in it, never 404.
func TestQ25_NoMatchIsAnEmptyList(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "entra")
		for _, path := range []string{
			`/Users?filter=userName eq "6f0f4a4e-0b0f-4a52-9d1e-7d3c6c1d7f11"`, `/Groups?excludedAttributes=members&filter=displayName eq "none"`, "/Users", "/Groups",
		} {
			a := c.do("GET", path, nil).must(200)
			list, isList := a.at("Resources").([]any)
			if a.at("totalResults") != 0.0 || !isList || len(list) != 0 {
				t.Errorf("%s: %s", path, a.body)
			}
		}
	})
}

// Q26: a page that begins before the first begins there; a negative count is none; none is the total alone; one over the
// limit is the limit; after the end there is nothing; pages follow the order of creation.
func TestQ26_Pages(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		var ids []string
		for i := range 5 {
			ids = append(ids, c.addUser("q26-"+itoa(i)+"@societe.example"))
		}
		for _, tt := range []struct {
			query        string
			start, items float64
		}{
			{"startIndex=0", 1, 5}, {"startIndex=-3&count=2", 1, 2}, {"count=-1", 1, 0}, {"count=0", 1, 0}, {"count=100000", 1, 5},
			{"startIndex=6", 6, 0}, {"startIndex=4&count=10", 4, 2}, {"startIndex=1&count=2", 1, 2}, {"startIndex=3&count=2", 3, 2},
		} {
			a := c.do("GET", "/Users?"+tt.query, nil).must(200)
			list, _ := a.at("Resources").([]any)
			if a.at("totalResults") != 5.0 || a.at("itemsPerPage") != tt.items || float64(len(list)) != tt.items || a.at("startIndex") != tt.start {
				t.Errorf("%s: %.200s", tt.query, a.body)
			}
			for i := range list {
				if want := ids[int(tt.start)-1+i]; a.text("Resources", i, "id") != want {
					t.Errorf("%s: number %d is not the one made at its place", tt.query, i+1)
				}
			}
		}
		c.do("GET", "/Users?count=ten", nil).scimError(400, "invalidValue", "count")
		few := newWorld(t, w.db, func(s *scim.Server) { s.Limits.MaxPage = 3 })
		for _, query := range []string{"count=4", "count=100000"} {
			a := tenant{few, c.company, c.connection, c.token}.do("GET", "/Users?"+query, nil).must(200)
			if list, _ := a.at("Resources").([]any); len(list) != 3 || a.at("itemsPerPage") != 3.0 || a.at("totalResults") != 5.0 {
				t.Errorf("%s with a limit of 3: %.200s", query, a.body)
			}
		}
	})
}

// Q27: attributes and excludedAttributes, on one resource and on lists. That members which are left out are not read
// either is proved in fault_test.go.
func TestQ27_MembersLeftOut(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "entra")
		id := c.addGroup("Q27", c.addUser("q27@societe.example"))
		for _, path := range []string{"/Groups/" + id + "?excludedAttributes=members", "/Groups/" + id + "?attributes=id,displayName"} {
			if a := c.do("GET", path, nil).must(200); a.at("members") != nil || a.text("displayName") != "Q27" {
				t.Errorf("%s: %s", path, a.body)
			}
		}
		for _, query := range []string{"excludedAttributes=members&", "attributes=id&"} {
			a := c.do("GET", "/Groups?"+query+`filter=displayName eq "Q27"`, nil).must(200)
			if a.text("Resources", 0, "id") != id || a.at("Resources", 0, "members") != nil {
				t.Errorf("%s: %s", query, a.body)
			}
		}
		if c.do("GET", "/Groups/"+id, nil).must(200).at("members", 0) == nil {
			t.Error("without a projection the members are missing")
		}
	})
}

// Q28: whether somebody is a member, in the forms in which clients ask.
func TestQ28_MembershipProbes(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "entra")
		in, out := c.addUser("q28a@societe.example"), c.addUser("q28b@societe.example")
		group := c.addGroup("Q28", in)
		for member, want := range map[string]float64{in: 1, out: 0} {
			for _, filter := range []string{
				`id eq "` + group + `" and members eq "` + member + `"`, `members[value eq "` + member + `"]`, `members.value eq "` + member + `"`,
			} {
				a := c.do("GET", "/Groups?attributes=id&filter="+url.QueryEscape(filter), nil).must(200)
				if a.at("totalResults") != want {
					t.Errorf("%s: %v", filter, a.at("totalResults"))
				}
			}
		}
		boss := c.addUser("boss@societe.example")
		c.do("PATCH", "/Users/"+in, patch(op("Add", enterpriseURN+":manager", boss))).must(200)
		c.wantFound(t, map[string]float64{`id eq "` + in + `" and manager eq "` + boss + `"`: 1, `id eq "` + out + `" and manager eq "` + boss + `"`: 0})
	})
}

// Q29: lists hold inactive Users too.
func TestQ29_ListsHoldInactiveUsers(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "okta")
		c.addUser("q29@societe.example", object{"active": false})
		a := c.do("GET", "/Users", nil).must(200)
		if a.at("totalResults") != 1.0 || a.at("Resources", 0, "active") != false {
			t.Errorf("list: %s", a.body)
		}
		c.wantFound(t, map[string]float64{`userName eq "q29@societe.example"`: 1})
	})
}
