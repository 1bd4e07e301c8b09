package scim_test

import (
	"net/url"
	"strings"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// Whatever is read, Postgres is asked once: what a resource points to, is a member of or has as members comes with it. The
// exceptions stand at the end: a Group of more members than are kept in memory is counted, and its members are read in parts.
func TestAReadWaitsForPostgresOnce(t *testing.T) {
	t.Parallel()
	var c trips
	d := dbtest.Open(t, db.Config{Data: t.TempDir(), URL: dbtest.PostgresURL(t), Connections: 8, Trace: c.hear})
	idp := newWorld(t, d).tenant("Firm", "")
	boss := idp.addUser("boss@firm.example")
	reference := object{"value": boss}
	user := idp.addUser("anna@firm.example", object{"externalId": "x-anna", "emails": []object{{"value": "anna@firm.example", "type": "work"}},
		"schemas": []string{userURN, enterpriseURN}, enterpriseURN: object{"manager": reference}})
	outside := idp.addUser("client@firm.example", object{"schemas": []string{userURN, resources.SchemaOwnership},
		resources.SchemaOwnership: object{"kind": "contractor", "endDate": "2099-01-01T00:00:00Z", "sponsor": reference}})
	group, empty := idp.addGroup("Staff", user, boss), idp.addGroup("Nobody")
	crowd, large := idp.crowd(1001)
	small := idp.addGroup("Most", crowd[:1000]...)
	cursor := idp.do("GET", "/Users?count=1&cursor", nil).must(200).text("nextCursor")

	find := func(path, filter string) string { return path + "?count=100&filter=" + url.QueryEscape(filter) }
	for _, r := range []struct {
		what, path string
		want       int
	}{
		{"User with a manager and Groups", "/Users/" + user, 1},
		{"User with a sponsor", "/Users/" + outside, 1},
		{"list of Users, with managers", "/Users?count=100", 1},
		{"the next page, by cursor", "/Users?count=1&cursor=" + url.QueryEscape(cursor), 1},
		{"look-up by userName", find("/Users", `userName eq "anna@firm.example"`), 1},
		{"look-up by userName, one wanted", "/Users?count=1&filter=" + url.QueryEscape(`userName eq "anna@firm.example"`), 1},
		{"look-up by externalId", find("/Users", `externalId eq "x-anna"`), 1},
		{"look-up by e-mail", find("/Users", `emails.value eq "anna@firm.example"`), 1},
		{"who is managed by somebody", find("/Users", enterpriseURN+`:manager.value eq "`+boss+`"`), 1},
		{"Group", "/Groups/" + group, 1},
		{"Group without members", "/Groups/" + empty, 1},
		{"Group whose members are not shown", "/Groups/" + group + "?excludedAttributes=members", 1},
		{"Group of a thousand members", "/Groups/" + small, 1},
		{"look-up of a Group", find("/Groups", `displayName eq "Staff"`), 1},
		{"Groups of somebody", find("/Groups", `members.value eq "`+user+`"`), 1},
		{"list of Groups", "/Groups?count=2", 1},
		{"list of both", "/?count=3", 1},
		{"list of Groups, of whom one is large", "/Groups?count=100", 4},
		{"Group of more members", "/Groups/" + large, 4},
	} {
		var said []string
		for range 2 { // the first prepares statements
			said = c.of(func() { idp.do("GET", r.path, nil).must(200) })
		}
		if len(said) != r.want {
			t.Errorf("%s: waits %d times, want %d\n\t%s", r.what, len(said), r.want, strings.Join(said, "\n\t"))
		}
	}
}
