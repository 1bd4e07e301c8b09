package scim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
)

// RFC 7644 §3.7.2: bulkIds stand for ids, in data and in paths, before and after the POST that they name.
func TestRFC7644Section372References(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		a := c.do("POST", "/Bulk", bulk(
			operation("POST", "/Groups", "outer", group("Outer", "bulkId:inner", "bulkId:anne")), // all of them come later
			operation("PATCH", "/Groups/bulkId:inner", "", patch(op("add", "members", []string{"bulkId:anne"}))),
			operation("POST", "/Groups", "inner", group("Inner", "bulkId:paul")),
			operation("POST", "/Users", "paul", user("paul@societe.example", object{enterpriseURN: object{"manager": object{"value": "bulkId:anne"}}})),
			operation("POST", "/Users", "anne", user("anne@societe.example")),
			operation("POST", "/Users", "zoe", user("zoe@societe.example")),
			operation("PATCH", "/Groups/bulkId:outer", "", patch(op("add", `members[value eq "bulkId:zoe"]`, object{}))),
			operation("PUT", "/Users/bulkId:anne", "", user("anne@societe.example", object{"title": "T"})),
			operation("PATCH", "/Users/bulkId:zoe", "", patch(object{"op": "add", "value": object{enterpriseURN + ":manager": "bulkId:anne"}})),
			operation("POST", "/Users", "temp", user("temp@societe.example")),
			operation("DELETE", "/Users/bulkId%3Atemp", "", nil),
		)).mustStatuses("outer 201", "200", "inner 201", "paul 201", "anne 201", "zoe 201", "200", "200", "200", "temp 201", "204")
		outer, inner, paul, anne, zoe := a.id(0), a.id(2), a.id(3), a.id(4), a.id(5)
		for i, want := range map[int]string{1: "/Groups/" + inner, 6: "/Groups/" + outer, 7: "/Users/" + anne, 8: "/Users/" + zoe, 10: "/Users/" + a.id(9)} {
			if got := a.text("Operations", i, "location"); got != base+want {
				t.Errorf("operation %d: location %s, want %s", i, got, want)
			}
		}
		sorted := func(ids ...string) []string { slices.Sort(ids); return ids }
		if got := c.members(outer); !slices.Equal(sorted(got...), sorted(inner, anne, zoe)) {
			t.Errorf("outer has %v", got)
		}
		if got := c.members(inner); !slices.Equal(sorted(got...), sorted(paul, anne)) {
			t.Errorf("inner has %v", got)
		}
		for _, id := range []string{paul, zoe} {
			if got := c.do("GET", "/Users/"+id, nil).must(200).text(enterpriseURN, "manager", "value"); got != anne {
				t.Errorf("manager %q, want %s", got, anne)
			}
		}
		if got := c.do("GET", "/Users/"+anne, nil).must(200); got.at("title") != "T" {
			t.Errorf("PUT left %s", got.body)
		}
		if c.do("GET", "/Users/"+a.id(9), nil).must(404); strings.Contains(c.everything(), "bulkId") {
			t.Error("a bulkId was stored") // protocol.md 2.2, 16
		}
	})
}

// RFC 7644 §3.7.2: an operation waits for what it refers to; all others are made in the order of the request.
func TestRFC7644Section372OnlyReferencesChangeTheOrder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		old := c.addUser("anne@societe.example")
		a := c.do("POST", "/Bulk", bulk(
			operation("POST", "/Groups", "g", group("G", "bulkId:anne")),
			operation("DELETE", "/Users/"+old, "", nil),
			operation("POST", "/Users", "anne", user("anne@societe.example")), // possible only when the old one is gone
			operation("POST", "/Groups", "h", group("G")),                     // the name is taken, for g stands before it
		)).mustStatuses("g 201", "204", "anne 201", "h 409")
		if got := c.members(a.id(0)); !slices.Equal(got, []string{a.id(2)}) {
			t.Errorf("members %v", got)
		}
	})
}

// RFC 7644 §3.7.1, §3.7.3: a reference that cannot be resolved fails its operation, and no other.
func TestRFC7644Section371ReferencesThatLeadNowhere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		c.addUser("taken@societe.example")
		before := c.everything()
		for name, f := range map[string]struct {
			ops      []object
			statuses []string
			details  []string
		}{
			"nobody has the bulkId": {
				[]object{operation("POST", "/Groups", "g", group("G", "bulkId:nobody")), operation("DELETE", "/Users/bulkId:nobody", "", nil)},
				[]string{"g 400", "400"}, []string{"nobody", "nobody"},
			},
			"only a POST gives a bulkId its meaning": {
				[]object{operation("PATCH", "/Users/"+unknownID, "p", patch(op("add", "title", "x"))), operation("POST", "/Groups", "g", group("G", "bulkId:p"))},
				[]string{"p 404", "g 400"}, []string{unknownID, "bulkId"},
			},
			"the POST failed": {
				[]object{operation("POST", "/Groups", "g", group("G", "bulkId:u")), operation("POST", "/Users", "u", user("taken@societe.example"))},
				[]string{"g 409", "u 409"}, []string{"failed", "userName"},
			},
			"a circle through a POST that fails": {
				[]object{
					operation("POST", "/Groups", "a", group("A", "bulkId:b")),
					operation("POST", "/Groups", "b", group("", "bulkId:a")),
				}, []string{"a 409", "b 400"}, []string{"failed", "displayName"},
			},
			"a Group within itself": {
				[]object{operation("POST", "/Groups", "a", group("A", "bulkId:a"))}, []string{"a 400"}, []string{"member of itself"},
			},
			"two POST operations with one bulkId": {
				[]object{
					operation("POST", "/Users", "u", user("u1@societe.example")), operation("POST", "/Users", "u", user("u2@societe.example")),
					operation("POST", "/Groups", "g", group("G", "bulkId:u")),
				}, []string{"u 400", "u 400", "g 409"}, []string{"bulkId", "bulkId", "failed"},
			},
		} {
			t.Run(name, func(t *testing.T) {
				c := tenant{c.on(t), c.company, c.connection, c.token}
				a := c.do("POST", "/Bulk", bulk(f.ops...)).mustStatuses(f.statuses...)
				for i, mentions := range f.details {
					if detail := a.text("Operations", i, "response", "detail"); !strings.Contains(detail, mentions) {
						t.Errorf("operation %d: detail %q does not mention %q", i, detail, mentions)
					}
					if strings.Contains(a.text("Operations", i, "location"), "bulkId") {
						t.Errorf("operation %d: location %s", i, a.text("Operations", i, "location"))
					}
				}
				if after := c.everything(); after != before {
					t.Errorf("something changed:\n%s\nbefore:\n%s", after, before)
				}
			})
		}
	})
}

// Many operations in one request, each referring to the one behind it, so that all but the last have to wait.
func TestRFC7644Section372AChainOfReferences(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const n = 300
		c := newWorld(t, d).tenant("Société", "")
		var ops []object
		var made []string
		for i := range n {
			g := group(fmt.Sprint("G", i), fmt.Sprint("bulkId:g", i+1))
			if i == n-1 {
				g = group("last")
			}
			ops, made = append(ops, operation("POST", "/Groups", fmt.Sprint("g", i), g)), append(made, fmt.Sprintf("g%d 201", i))
		}
		a := c.do("POST", "/Bulk", bulk(ops...)).mustStatuses(made...)
		if got := c.members(a.id(n / 2)); !slices.Equal(got, []string{a.id(n/2 + 1)}) {
			t.Errorf("the Group in the middle has %v", got)
		}
		if got := c.do("GET", "/Groups?count=0", nil).at("totalResults"); got != float64(n) {
			t.Errorf("%v Groups", got)
		}
	})
}

// RFC 7644 §3.7.1: resources that refer to each other, whichever stands first, all come to be with their references.
func TestRFC7644Section371Circles(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		led := func(name, manager string) object {
			return user(name+"@societe.example", object{"title": "T", enterpriseURN: object{"department": "D", "manager": object{"value": "bulkId:" + manager}}})
		}
		paul := c.addUser("paul@societe.example")
		a := c.do("POST", "/Bulk", bulk(
			operation("PATCH", "/Groups/bulkId:a", "", patch(op("add", "members", []object{{"value": "bulkId:own"}}))), // behind two circles
			operation("POST", "/Groups", "a", group("A", "bulkId:b", paul)),
			operation("POST", "/Groups", "b", group("B", "bulkId:c")),
			operation("POST", "/Groups", "c", group("C", "bulkId:a", "bulkId:x")),
			operation("POST", "/Users", "own", led("own", "own")),
			operation("POST", "/Users", "x", led("x", "y")),
			operation("POST", "/Users", "y", user("y@societe.example", object{enterpriseURN + ":manager": "bulkId:x"})),
		)).mustStatuses("200", "a 201", "b 201", "c 201", "own 201", "x 201", "y 201")
		ga, gb, gc, own, x, y := a.id(1), a.id(2), a.id(3), a.id(4), a.id(5), a.id(6)
		sorted := func(ids ...string) []string { slices.Sort(ids); return ids }
		for id, want := range map[string][]string{ga: {gb, paul, own}, gb: {gc}, gc: {ga, x}} {
			if got := c.members(id); !slices.Equal(sorted(got...), sorted(want...)) {
				t.Errorf("%s has %v, want %v", id, got, want)
			}
		}
		for i, manager := range map[int]string{4: own, 5: y, 6: x} {
			got := c.do("GET", "/Users/"+a.id(i), nil).must(200)
			if got.text(enterpriseURN, "manager", "value") != manager {
				t.Errorf("manager of %d: %s, want %s", i, got.body, manager)
			}
			if tag := a.text("Operations", i, "version"); tag != got.header.Get("ETag") {
				t.Errorf("operation %d answered version %s; it is %s", i, tag, got.header.Get("ETag"))
			}
		}
		if got := c.do("GET", "/Users/"+x, nil); got.at("title") != "T" || got.text(enterpriseURN, "department") != "D" {
			t.Errorf("the rest of x is %s", got.body)
		}
		if strings.Contains(c.everything(), "bulkId") {
			t.Error("a bulkId was stored")
		}
	})
}

// RFC 7644 §3.7.3: when failOnErrors stops a request, what was begun of a circle is completed or taken back.
func TestRFC7644Section371CircleThatIsStopped(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		before := c.everything()
		request := bulk(
			operation("POST", "/Groups", "a", group("A", "bulkId:b")),
			operation("POST", "/Groups", "b", group("B", "bulkId:c")),
			operation("POST", "/Groups", "c", group("", "bulkId:a")), // has no name
		)
		request["failOnErrors"] = 1
		a := c.do("POST", "/Bulk", request).must(200)
		if strings.Contains(a.body, `"201"`) {
			t.Errorf("answered %s", a.body)
		}
		if after := c.everything(); after != before {
			t.Errorf("left behind:\n%s\nbefore:\n%s", after, before)
		}
	})
}
