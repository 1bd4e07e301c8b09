package scim_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"proprio/db"
	"proprio/db/dbtest"
)

// Plain CRUD means the same on our server and on elimity's over the same store: status, ETag, Location, scimType, and
// every attribute that both must agree on. Left out, because one of the two is known to deviate (style.md 4.1):
//
//   - itemsPerPage (elimity echoes the count that was asked for), `schemas` (it always lists every extension), the texts
//     of errors, and the scimType of a wrong count, a wrong startIndex (none) and an unknown op (invalidValue; RFC 7644
//     table 9 has invalidSyntax)
//   - what ours tolerates from clients and elimity refuses: one value in an array and an array of one value, two
//     primary values (Q11), URNs in another letter case, a PATCH without path on an extension
//   - a method that a path does not have (elimity: 404), filters over two schemas, filters with a value of a wrong type,
//     \" and \\ in a filter (its parser leaves them escaped), meta as the path of a PATCH (invalidPath)
//   - what it has not: attributes and excludedAttributes, sorting, preconditions, bulk, content negotiation, body limits
func TestOracle_plainCRUD(t *testing.T) {
	t.Parallel()
	const first, second, group = "019a0000-0000-7000-8000-000000000001", "019a0000-0000-7000-8000-000000000002", "019a0000-0000-7000-8000-000000000003"
	const nobody = "019a0000-0000-7000-8000-00000000ffff"
	anne := user("anne@company.fr", object{
		"externalId": "e-1", "displayName": "Anne", "title": "Gérante", "active": true, "name": object{"givenName": "Anne", "familyName": "Le Gall"},
		"emails": []object{{"value": "anne@company.fr", "type": "work", "primary": true}, {"value": "anne@home.fr", "type": "home"}},
	})
	steps := []oracleStep{
		{"POST", "/Users", anne, 201},
		{"POST", "/Users", user("bruno@company.fr", object{
			"schemas": []string{userURN, enterpriseURN}, enterpriseURN: object{"department": "Atelier", "employeeNumber": "7"},
		}), 201},
		{"POST", "/Groups", object{"schemas": []string{groupURN}, "displayName": "Bureau", "members": []object{{"value": first}}}, 201},
		{"GET", "/Users/" + first, nil, 200},
		{"GET", "/Groups/" + group, nil, 200},
		{"GET", "/Users/" + group, nil, 404}, // of another type
		{"GET", "/Users/" + nobody, nil, 404},
		{"GET", "/Users/no-uuid", nil, 404},
		{"GET", "/Things", nil, 404},

		{"POST", "/Users", user("ANNE@company.fr"), 409},
		{"POST", "/Users", user("", object{"userName": nil}), 400},
		{"POST", "/Users", `{"schemas":["` + userURN + `"],"userName":"x@company.fr"`, 400},
		{"POST", "/Users", `[]`, 400},
		{"POST", "/Users", user("x@company.fr", object{"active": object{}}), 400},
		{"POST", "/Users", user("x@company.fr", object{"displayName": []string{"x", "y"}}), 400},
		{"POST", "/Users", user("x@company.fr", object{"emails": []any{7}}), 400},
		{"POST", "/Groups", object{"schemas": []string{groupURN}}, 400},

		{"GET", "/Users", nil, 200},
		{"GET", "/Users?startIndex=2", nil, 200},
		{"GET", "/Users?startIndex=1&count=1", nil, 200},
		{"GET", "/Users?startIndex=2&count=1", nil, 200},
		{"GET", "/Users?startIndex=3&count=1", nil, 200},
		{"GET", "/Users?startIndex=0&count=1", nil, 200},
		{"GET", "/Users?startIndex=-5&count=-5", nil, 200},
		{"GET", "/Users?count=0", nil, 200},
		{"GET", "/Groups", nil, 200},
		{"GET", `/Users?filter=userName eq "Bruno@Company.FR"`, nil, 200},
		{"GET", `/Users?filter=USERNAME EQ "bruno@company.fr"`, nil, 200},
		{"GET", `/Users?filter=userName eq "nobody@company.fr"`, nil, 200},
		{"GET", `/Users?filter=userName sw "a" and active eq true`, nil, 200},
		{"GET", `/Users?filter=not (userName eq "anne@company.fr")`, nil, 200},
		{"GET", `/Users?filter=emails[type eq "home"]`, nil, 200},
		{"GET", `/Users?filter=externalId eq "e-1"`, nil, 200},
		{"GET", `/Groups?filter=displayName eq "bureau"`, nil, 200},
		{"GET", `/Users?filter=userName eq`, nil, 400},
		{"GET", `/Users?filter=userName is "x"`, nil, 400},
		{"GET", `/Users?filter=nonsense eq "x"`, nil, 400},

		{"PUT", "/Users/" + first, user("anne@company.fr", object{"displayName": "Anne L.", "active": true}), 200},
		{"PUT", "/Users/" + first, user("bruno@company.fr"), 409},
		{"PUT", "/Users/" + nobody, user("x@company.fr"), 404},
		{"PUT", "/Users/" + first, object{"schemas": []string{userURN}}, 400},
		{"GET", "/Users/" + first, nil, 200},
		{"PUT", "/Groups/" + group, object{"schemas": []string{groupURN}, "displayName": "Bureaux", "members": []object{{"value": second}}}, 200},

		{"PATCH", "/Users/" + first, patch(op("replace", "displayName", "Anne Le Gall")), 200},
		{"PATCH", "/Users/" + first, patch(op("add", "nickName", "Nanou"), op("add", "title", "PDG")), 200},
		{"PATCH", "/Users/" + first, patch(op("replace", "name.familyName", "Kerbrat")), 200},
		{"PATCH", "/Users/" + first, patch(object{"op": "remove", "path": "nickName"}), 200},
		{"PATCH", "/Users/" + first, patch(object{"op": "replace", "value": object{"displayName": "A. K.", "active": false}}), 200},
		{"PATCH", "/Users/" + second, patch(op("replace", enterpriseURN+":department", "Chantiers")), 200},
		{"PATCH", "/Users/" + first, patch(op("replace", "userName", "bruno@company.fr")), 409},
		{"PATCH", "/Users/" + first, patch(op("replace", "userName", 7)), 400},
		{"PATCH", "/Users/" + first, patch(op("replace", "nonsense", "x")), 400},
		{"PATCH", "/Users/" + first, patch(object{"op": "remove"}), 400},
		{"PATCH", "/Users/" + nobody, patch(op("replace", "displayName", "x")), 404},
		{"PATCH", "/Groups/" + group, patch(op("replace", "displayName", "Atelier")), 200},
		{"GET", "/Users/" + first, nil, 200},
		{"GET", "/Users/" + second, nil, 200},
		{"GET", "/Groups/" + group, nil, 200},

		{"DELETE", "/Users/" + second, nil, 204},
		{"DELETE", "/Users/" + second, nil, 404},
		{"GET", "/Users/" + second, nil, 404},
		{"GET", "/Groups/" + group, nil, 200}, // its member went with the User
		{"DELETE", "/Groups/" + group, nil, 204},
		{"GET", "/Users", nil, 200},
		{"GET", "/Groups", nil, 200},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) { agree(t, d, steps) })
}

// oracleStep is one request that both servers are sent, and the status that both must answer with.
type oracleStep struct {
	method, path string
	body         any
	want         int
}

// agree sends the steps to both servers, in order, and compares what they answer.
func agree(t *testing.T, d *db.DB, steps []oracleStep) {
	t.Helper()
	ours, theirs := twins(t, d)
	for i, s := range steps {
		a, b := ours.do(s.method, s.path, s.body), theirs.do(s.method, s.path, s.body)
		name := fmt.Sprintf("step %d, %s", i+1, a.call)
		if a.status != s.want || b.status != s.want {
			t.Errorf("%s: ours %d, elimity's %d, want %d\nours     %.300s\nelimity's %.300s", name, a.status, b.status, s.want, a.body, b.body)
			continue
		}
		if diff := cmp.Diff(agreed(t, s.method, s.path, b), agreed(t, s.method, s.path, a)); diff != "" {
			t.Errorf("%s: (-elimity's +ours)\n%s", name, diff)
		}
	}
}

// agreed is the part of an answer in which the two servers must be equal.
func agreed(t *testing.T, method, path string, a answer) object {
	t.Helper()
	out := object{}
	if a.status < 300 && method != "DELETE" && !strings.Contains(path, "?") {
		out["ETag"] = a.header.Get("ETag")
	}
	if a.status == http.StatusCreated {
		out["Location"] = a.header.Get("Location")
	}
	if a.body == "" {
		return out
	}
	body := a.json()
	out["body"] = body
	if a.status >= 400 {
		delete(body, "detail")
		return out
	}
	rows, isList := body["Resources"].([]any)
	if !isList {
		rows = []any{body}
	}
	delete(body, "itemsPerPage")
	for _, row := range rows {
		agreedResource(t, method, row.(object))
	}
	return out
}

func agreedResource(t *testing.T, method string, r object) {
	t.Helper()
	delete(r, "schemas")
	delete(r, "groups") // the adapter does not read them, nor where a manager is found
	if enterprise, ok := r[enterpriseURN].(object); ok {
		if manager, ok := enterprise["manager"].(object); ok {
			delete(manager, "$ref")
			delete(manager, "displayName")
		}
	}
	meta, _ := r["meta"].(object)
	for _, name := range []string{"created", "lastModified"} { // the library writes whole seconds
		at, err := time.Parse(time.RFC3339, fmt.Sprint(meta[name]))
		if err != nil {
			t.Errorf("meta.%s: %v", name, err)
		}
		meta[name] = at.UTC()
	}
	if method == "PATCH" {
		delete(r, "members") // ours are shown after a PATCH when they are asked for (protocol.md section 3, row 1)
	}
	members, _ := r["members"].([]any)
	for i, m := range members {
		members[i] = m.(object)["value"]
	}
}
