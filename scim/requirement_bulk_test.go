package scim_test

import (
	"fmt"
	"strings"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/scim"
)

// RFC 7644 §3.7: a bulk request is 200 as a whole and answers each operation that it processed; failOnErrors stops it;
// bulkId: is resolved in data and in paths, forward and in circles; there is a location for all but a failed POST, a
// status as text and a response with each failure; limits are 413 and named; what is unknown fails its operation alone.
func TestRequirement52_Bulk(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d, func(s *scim.Server) { s.Limits = scim.Limits{Bulk: 8} }).tenant("Société", "")
		a := c.do("POST", "/Bulk", bulk(
			operation("POST", "/Groups", "g", group("G", "bulkId:u")),                                                    // forward
			operation("POST", "/Users", "u", user("u@societe.example", object{enterpriseURN + ":manager": "bulkId:u2"})), // in a circle
			operation("POST", "/Users", "u2", user("u2@societe.example", object{enterpriseURN + ":manager": "bulkId:u"})),
			operation("PATCH", "/Users/bulkId:u", "", object{"Operations": []object{op("add", "title", "T")}}), // in a path; without schemas (erratum 5050)
			operation("POST", "/Users", "twin", user("U@societe.example")),
			operation("BREW", "/Users", "b", object{}),
			operation("DELETE", "/Nowhere/1", "", nil),
		)).mustStatuses("g 201", "u 201", "u2 201", "200", "twin 409", "b 400", "404")
		for i := range 7 {
			failed, location := i > 3, a.text("Operations", i, "location")
			if (a.at("Operations", i, "response") != nil) != failed || (location == "") != failed {
				t.Errorf("operation %d: %v", i, a.at("Operations", i))
			}
		}
		u := c.do("GET", strings.TrimPrefix(a.text("Operations", 3, "location"), base), nil).must(200)
		if u.at("title") != "T" || u.text(enterpriseURN, "manager", "value") != a.id(2) || u.text("groups", 0, "value") != a.id(0) {
			t.Errorf("u is %s", u.body)
		}
		request := bulk(
			operation("DELETE", "/Users/"+unknownID, "", nil), operation("DELETE", "/Users/"+a.id(1), "", nil),
		)
		request["failOnErrors"] = 1
		c.do("POST", "/Bulk", request).mustStatuses("404")
		c.do("GET", "/Users/"+a.id(1), nil).must(200)

		var many []object
		for i := range 9 {
			many = append(many, operation("DELETE", fmt.Sprint("/Users/", i), "", nil))
		}
		c.do("POST", "/Bulk", bulk(many...)).scimError(413, "", "maxOperations is 8")
	})
}
