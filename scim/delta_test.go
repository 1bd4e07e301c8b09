package scim_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/scim"
)

const deltaURN = "urn:ietf:params:scim:api:messages:2.0:delta:"

func deltaWorld(t *testing.T, d *db.DB) tenant {
	return newWorld(t, d, func(s *scim.Server) { s.Record = d }).tenant("Société", "").with("delta")
}

// deltaToken asks for a token of a collection ("" is the root).
func (c tenant) deltaToken(path string) string {
	c.t.Helper()
	c.settled()
	a := c.do("GET", path+"/.deltaToken", nil).must(200)
	if a.text("schemas", 0) != deltaURN+"token" || a.text("value") == "" || a.text("expiry") == "" {
		c.t.Errorf("%s", a.body)
	}
	return a.text("value")
}

func (c tenant) delta(path, token string, more ...object) answer {
	c.t.Helper()
	c.settled()
	request := object{"schemas": []string{deltaURN + "request"}, "deltaToken": token}
	for _, o := range more {
		for k, v := range o {
			request[k] = v
		}
	}
	return c.do("POST", path+"/.delta", request)
}

// settled waits until the record of changes is complete up to now: a transaction of another test may hold it back.
func (c tenant) settled() {
	c.t.Helper()
	ctx := context.Background()
	newest, err := c.db.Entries(ctx, c.company, audit.Query{Limit: 1})
	for position := int64(0); err == nil && len(newest) > 0 && position < newest[0].Seq; time.Sleep(5 * time.Millisecond) {
		position, err = c.db.Position(ctx, c.company)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// told is what a delta answer says, in its order: "create User anne@…", "delete User".
func (a answer) told() (all []string) {
	a.must(200)
	list, _ := a.at("Resources").([]any)
	for i := range list {
		if a.text("Resources", i, "schemas", 0) != deltaURN+"response" {
			a.t.Errorf("%s", a.body)
		}
		name := a.text("Resources", i, "data", "userName") + a.text("Resources", i, "data", "displayName")
		all = append(all, strings.TrimSpace(a.text("Resources", i, "changeType")+" "+a.text("Resources", i, "resourceType")+" "+name))
	}
	return all
}

// draft-sehgal-scim-delta-query: each resource that changed since the token is told once, as it is now; what came and
// went meanwhile is not; the last page has the token for the next time.
func TestDeltaQuery_tellsEachResourceOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := deltaWorld(t, d)
		old, gone := c.addUser("old@societe.example"), c.addUser("gone@societe.example")
		group := c.addGroup("G", gone)
		c.addUser("still@societe.example")
		root, users := c.deltaToken(""), c.deltaToken("/Users")
		if got := c.delta("", root).told(); len(got) != 0 {
			t.Errorf("nothing changed, and %v is told", got)
		}
		made := c.addUser("new@societe.example")
		c.do("PATCH", "/Users/"+made, patch(op("add", "title", "T"))).must(200)
		c.do("PATCH", "/Users/"+old, patch(op("add", "title", "T"))).must(200)
		c.do("DELETE", "/Users/"+c.addUser("brief@societe.example"), nil).must(204)
		c.do("DELETE", "/Users/"+gone, nil).must(204) // and G has changed by it
		c.do("PATCH", "/Users/"+old, patch(op("add", "title", "U"))).must(200)
		a := c.delta("", root)
		if got, want := a.told(), []string{"create User new@societe.example", "delete User", "update Group G", "update User old@societe.example"}; !equalUnordered(got, want) {
			t.Errorf("told %v, want %v", got, want)
		}
		if a.at("totalResults") != 4.0 || a.at("itemsPerPage") != 4.0 || a.text("nextDeltaToken", "value") == "" || a.text("nextDeltaToken", "expiry") == "" {
			t.Errorf("%s", a.body)
		}
		for i := range 4 {
			id, data := a.text("Resources", i, "changedResourceId"), a.at("Resources", i, "data")
			if (data == nil) != (a.text("Resources", i, "changeType") == "delete") || data != nil && a.text("Resources", i, "data", "id") != id {
				t.Errorf("%d: %v", i, a.at("Resources", i))
			}
		}
		if got := c.delta("/users", users).told(); slices.Contains(got, "update Group G") || len(got) != 3 {
			t.Errorf("of Users: %v", got)
		}
		next := a.text("nextDeltaToken", "value")
		c.do("DELETE", "/Groups/"+group, nil).must(204)
		if got := c.delta("", next).told(); !slices.Equal(got, []string{"delete Group"}) {
			t.Errorf("since the last answer: %v", got)
		}
	})
}

func equalUnordered(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// draft-sehgal-scim-delta-query: pages by cursor, and nextDeltaToken on the last page alone; a change between the pages
// is in this answer or in the next.
func TestDeltaQuery_pages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := deltaWorld(t, d)
		token := c.deltaToken("/Users")
		var want []string
		for i := range 5 {
			c.addUser(fmt.Sprintf("u%d@societe.example", i))
			want = append(want, fmt.Sprintf("create User u%d@societe.example", i))
		}
		none := object{"count": 0} // asked for again and again it tells nothing, and passes nothing over
		for range 2 {
			a := c.delta("/Users", token, none).must(200)
			if len(a.told()) != 0 || a.text("nextCursor") == "" || a.at("nextDeltaToken") != nil {
				t.Fatalf("no resources asked for: %s", a.body)
			}
			none["cursor"] = a.text("nextCursor")
		}
		var got []string
		page := object{"count": 2, "attributes": []string{"userName"}}
		for n := 1; ; n++ {
			a := c.delta("/Users", token, page).must(200)
			got = append(got, a.told()...)
			if strings.Contains(a.body, "emails") || a.at("totalResults") != 5.0 {
				t.Errorf("page %d: %s", n, a.body)
			}
			if n == 1 {
				c.addUser("between@societe.example")
			}
			if cursor := a.text("nextCursor"); cursor != "" {
				if a.at("nextDeltaToken") != nil {
					t.Errorf("page %d has a token already: %s", n, a.body)
				}
				page["cursor"] = cursor
				continue
			}
			if n != 3 || !slices.Equal(got, want) {
				t.Errorf("%d pages: %v", n, got)
			}
			if more := c.delta("/Users", a.text("nextDeltaToken", "value")).told(); !slices.Equal(more, []string{"create User between@societe.example"}) {
				t.Errorf("then %v", more)
			}
			return
		}
	})
}

// What a filter does not select any more is told as deleted: for this client it is.
func TestDeltaQuery_filter(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := deltaWorld(t, d)
		anne := c.addUser("anne@societe.example", object{"title": "T"})
		token := c.deltaToken("/Users")
		c.do("PATCH", "/Users/"+anne, patch(op("replace", "title", "U"))).must(200)
		c.addUser("paul@societe.example", object{"title": "U"})
		c.addUser("zoe@societe.example", object{"title": "T"})
		got := c.delta("/Users", token, object{"filter": `title eq "T"`}).told()
		if !slices.Equal(got, []string{"delete User", "create User zoe@societe.example"}) {
			t.Errorf("told %v", got)
		}
	})
}

// A token is good for its collection and its connection alone; what is wrong with a request is said.
func TestDeltaQuery_refuses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := deltaWorld(t, d)
		other := c.world.tenant("Autre", "").with("delta")
		token := c.deltaToken("/Users")
		c.addUser("anne@societe.example")
		c.addUser("paul@societe.example")
		other.delta("/Users", token).scimError(400, "invalidCursor", ".deltaToken")
		c.delta("", token).scimError(400, "invalidCursor", ".deltaToken")
		c.delta("/Users", "nonsense").scimError(400, "invalidCursor", ".deltaToken")
		c.delta("/Users", token, object{"cursor": "nonsense"}).scimError(400, "invalidCursor", "cursor")
		c.delta("/Users", token, object{"startIndex": 2}).scimError(400, "invalidValue", "nextCursor")
		c.delta("/Users", token, object{"filter": "nope eq 1"}).scimError(400, "invalidFilter", "nope")
		c.delta("/Users", token, object{"schemas": []string{userURN}}).scimError(400, "invalidSyntax", "delta:request")
		c.do("POST", "/Users/.delta", object{}).scimError(400, "invalidValue", "deltaToken")
		cursor := c.delta("/Users", token, object{"count": 1}).must(200).text("nextCursor")
		c.delta("/Users", token, object{"count": 1, "cursor": cursor, "filter": `title pr`}).scimError(400, "invalidCursor", "cursor")
		off := c.world.tenant("Sans", "")
		off.do("GET", "/Users/.deltaToken", nil).must(404)
		if off.do("GET", "/ServiceProviderConfig", nil).at("DeltaQuery") != nil {
			t.Error("published though it is off")
		}
		if got := c.do("GET", "/ServiceProviderConfig", nil).at("DeltaQuery", "supportedResources", 1); got != "User" {
			t.Errorf("DeltaQuery lists %v", got)
		}
	})
}
