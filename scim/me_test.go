package scim_test

import (
	"context"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
)

// RFC 7644 §3.11: /Me is the User bound to the connection, and the answer names its own URI. A connection without one says
// 501; a User that is gone is 404.
func TestRFC7644Section311Me(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c, none := w.tenant("Société", ""), w.tenant("Sans", "")
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			none.do(method, "/Me", nil).scimError(501, "", "connection set --me")
		}
		id := c.addUser("me@societe.example")
		bound := c.connection
		bound.Me = id
		if err := d.SetConnection(context.Background(), system, bound); err != nil {
			t.Fatal(err)
		}
		a := c.do("GET", "/me/?attributes=userName", nil).must(200)
		if a.text("id") != id || a.header.Get("Location") != base+"/Users/"+id || a.text("userName") != "me@societe.example" || a.at("meta") != nil {
			t.Errorf("%v %s", a.header, a.body)
		}
		c.do("GET", "/Me", nil, "If-None-Match", a.header.Get("ETag")).must(304)
		if a := c.do("PATCH", "/Me", patch(op("add", "title", "T"))).must(200); a.text("meta", "location") != base+"/Users/"+id || a.at("title") != "T" {
			t.Errorf("PATCH: %s", a.body)
		}
		if a := c.do("PUT", "/Me", user("me@societe.example"), "If-Match", `W/"2"`).must(200); a.at("title") != nil {
			t.Errorf("PUT: %s", a.body)
		}
		c.do("POST", "/Me", user("other@societe.example")).must(501)
		c.do("DELETE", "/Me", nil).must(204)
		c.do("GET", "/Me", nil).must(404)
		c.do("GET", "/Users/"+id, nil).must(404)
	})
}
