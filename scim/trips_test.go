package scim_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
)

// trips counts how often requests wait for the database: each statement, and the begin and the end of each transaction. What
// is done beside requests, such as recording them, is not counted, nor what is known for a second afterwards.
type trips struct {
	mu   sync.Mutex
	said []string
}

type tripSpan struct{}

func (tripSpan) Fail(error) {}
func (tripSpan) End()       {}

func (c *trips) hear(ctx context.Context, what string) (context.Context, db.Span) {
	if ctx.Value(http.ServerContextKey) == nil || strings.Contains(what, "exchanges") || knownForASecond(what) {
		return ctx, tripSpan{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said = append(c.said, strings.Join(strings.Fields(what), " "))
	if what == db.TransactionSpan {
		c.said = append(c.said, "its end")
	}
	return ctx, tripSpan{}
}

// knownForASecond says that a statement is asked once a second at most, for all requests of a connection.
func knownForASecond(what string) bool {
	return strings.Contains(what, "token.company_id") || strings.Contains(what, "resource_type_revisions")
}

// of is what a request waits for.
func (c *trips) of(request func()) []string {
	c.mu.Lock()
	c.said = nil
	c.mu.Unlock()
	request()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.said
}

// A database may be a millisecond away, so what a request costs there is how often it waits for an answer. Each may only
// become fewer; docs/performance.md has the table.
func TestARequestWaitsForPostgresSoOften(t *testing.T) {
	t.Parallel()
	var c trips
	d := dbtest.Open(t, db.Config{Data: t.TempDir(), URL: dbtest.PostgresURL(t), Connections: 8, Trace: c.hear})
	idp := newWorld(t, d).tenant("Firm", "")
	for _, name := range []string{"anna", "ben", "carla"} { // the first two prepare statements and attribute sets
		idp.countTrips(name, func(what string, want int, request func()) {
			said := c.of(request)
			if len(said) != want && name == "carla" {
				t.Errorf("%s: waits %d times, want %d\n\t%s", what, len(said), want, strings.Join(said, "\n\t"))
			}
		})
	}
}

// countTrips makes the requests of a directory's life, about things of that name.
func (c tenant) countTrips(name string, count func(what string, want int, request func())) {
	userName, externalID := name+"@firm.example", "x-"+name
	boss := c.addUser("boss." + userName)
	var id, group, full string
	call := func(what string, want int, method, path string, body any, status int) {
		count(what, want, func() { c.do(method, path, body).must(status) })
	}
	change := func(what string, want int, path string, ops ...object) {
		call(what, want, "PATCH", path, patch(ops...), 200)
	}
	managed := object{"schemas": []string{userURN, enterpriseURN}, enterpriseURN: object{"manager": object{"value": boss}}}
	members := func(ids ...string) []object {
		list := []object{}
		for _, id := range ids {
			list = append(list, object{"value": id})
		}
		return list
	}
	groupOf := func(name string, more object) object {
		o := object{"schemas": []string{groupURN}, "displayName": name}
		for k, v := range more {
			o[k] = v
		}
		return o
	}

	emails := object{"emails": []object{{"value": userName, "type": "work"}}}
	count("POST User", 1, func() { id = c.addUser(userName, emails, object{"externalId": externalID}) })
	call("POST User with a manager", 2, "POST", "/Users", user("m."+userName, managed), 201)
	call("POST User, userName taken", 2, "POST", "/Users", user(userName), 409)
	call("GET User", 1, "GET", "/Users/"+id, nil, 200)
	call("look-up", 1, "GET", "/Users?filter=userName+eq+%22"+userName+"%22", nil, 200)
	call("list, with managers", 1, "GET", "/Users?count=100", nil, 200)
	person := "/Users/" + id
	change("PATCH User", 2, person, op("Replace", "title", "x"))
	change("PATCH User, nothing new", 1, person, op("Replace", "title", "x"))
	change("PATCH active", 3, person, op("Replace", "active", false))
	change("PATCH externalId", 2, person, op("Replace", "externalId", "y-"+name))
	change("PATCH externalId and more", 2, person, op("Replace", "title", "y"), op("Replace", "externalId", externalID))
	change("PATCH manager", 3, person, op("Replace", enterpriseURN+":manager", boss))
	change("PATCH User with a manager", 2, person, op("Replace", "title", "a"))
	change("PATCH User with a manager, nothing new", 1, person, op("Replace", "title", "a"))
	call("PUT User", 2, "PUT", person, user(userName, emails, object{"title": "z", "externalId": externalID}), 200)
	change("PATCH User, remove externalId", 2, person, op("Remove", "externalId", nil))
	change("PATCH User, add externalId", 2, person, op("Add", "externalId", externalID))
	call("PUT User without its externalId", 2, "PUT", person, user(userName, emails, object{"title": "w"}), 200)
	call("PUT User without its e-mails", 3, "PUT", person, user(userName, object{"title": "v"}), 200)

	count("POST Group", 1, func() { group = c.do("POST", "/Groups", groupOf("G "+name, nil)).must(201).text("id") })
	call("POST Group, no members", 1, "POST", "/Groups", groupOf("N "+name, object{"members": []object{}}), 201)
	count("POST Group with members", 2, func() { full = c.addGroup("H "+name, id, boss) })
	call("POST Group, name taken", 1, "POST", "/Groups", groupOf("G "+name, nil), 409)
	group = "/Groups/" + group
	change("add a member", 1, group, op("Add", "members", members(id)))
	change("add a member who is there", 2, group, op("Add", "members", members(id)))
	change("add two members", 1, group, op("Add", "members", members(id, boss)))
	change("remove a member", 1, group, op("Remove", `members[value eq "`+id+`"]`, nil))
	change("remove a member who is not there", 2, group, op("Remove", `members[value eq "`+id+`"]`, nil))
	change("replace members", 3, group, op("Replace", "members", members(id)))
	change("rename a Group", 2, group, op("Replace", "displayName", "K "+name))
	call("PUT Group", 3, "PUT", group, groupOf("K "+name, object{"members": members(boss)}), 200)
	call("PUT Group, nothing new", 2, "PUT", group, groupOf("K "+name, object{"members": members(boss)}), 200)
	call("PUT Group with another name", 3, "PUT", group, groupOf("L "+name, object{"members": members(id, boss)}), 200)
	call("PUT Group, name taken", 3, "PUT", group, groupOf("N "+name, object{"members": members(boss)}), 409)
	call("PATCH Group, name taken", 2, "PATCH", group, patch(op("Replace", "displayName", "N "+name)), 409)
	call("DELETE Group", 3, "DELETE", "/Groups/"+full, nil, 204)
	call("DELETE User", 3, "DELETE", "/Users/"+id, nil, 204)
}
