package scim_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/scim"
)

// sibling is another identity provider of the same company.
func (c tenant) sibling(name string) tenant {
	c.t.Helper()
	connection, err := c.db.CreateConnection(context.Background(), system, resources.Connection{
		ID: uuid.Must(uuid.NewV7()).String(), Company: c.company, Name: name,
	})
	if err != nil {
		c.t.Fatalf("create connection: %v", err)
	}
	return tenant{c.world, c.company, connection, c.issue(connection, time.Time{}, scim.Scope)}
}

// stored is a resource's body as the database holds it.
func (c tenant) stored(typ, id string) string {
	c.t.Helper()
	r, err := c.db.Get(context.Background(), resources.Caller{Company: c.company, Connection: c.connection.ID}, typ, id, resources.With{})
	if err != nil {
		c.t.Fatalf("read %s %s: %v", typ, id, err)
	}
	return string(r.Body)
}

// DELETE is 204, and then nothing is left: 404 everywhere, in no list and in no Group; nobody refers to it any more;
// its names are free (RFC 7644 §3.6).
func TestRequirement21_DeletedIsGoneEverywhere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		id := c.addUser("anne@societe.example", object{"externalId": "e-1"})
		report := c.addUser("bruno@societe.example", object{"schemas": []string{userURN, enterpriseURN}, enterpriseURN: object{"manager": object{"value": id}}})
		group := c.addGroup("Bureau", id, report)
		outer := c.addGroup("Outer", group)
		remove := func(path string) {
			t.Helper()
			if a := c.do("DELETE", path, nil).must(204); a.body != "" {
				t.Errorf("%s: %s", a.call, a.body)
			}
			c.do("DELETE", path, nil).scimError(404, "", "")
			c.do("GET", path, nil).scimError(404, "", "")
			c.do("PUT", path, user("anne@societe.example")).scimError(404, "", "")
			c.do("PATCH", path, patch(op("replace", "displayName", "x"))).scimError(404, "", "")
		}
		remove("/Users/" + id)
		for _, filter := range []string{`userName eq "anne@societe.example"`, `externalId eq "e-1"`, `id eq "` + id + `"`} {
			if a := c.do("GET", "/Users?filter="+filter, nil).must(200); a.at("totalResults") != 0.0 {
				t.Errorf("%s finds %s", filter, a.body)
			}
		}
		if a := c.do("GET", `/Groups?filter=members.value eq "`+id+`"`, nil).must(200); a.at("totalResults") != 0.0 {
			t.Errorf("a Group still has it: %s", a.body)
		}
		if all := c.everything(); strings.Contains(all, id) {
			t.Errorf("something still refers to it: %s", all)
		}
		remove("/Groups/" + group)
		if a := c.do("GET", "/Groups/"+outer, nil).must(200); a.at("members") != nil {
			t.Errorf("the outer Group: %s", a.body)
		}
		if a := c.do("GET", "/Users/"+report, nil).must(200); a.at("groups") != nil {
			t.Errorf("a former member: %s", a.body)
		}
		if again := c.addUser("anne@societe.example", object{"externalId": "e-1"}); again == id {
			t.Error("the id came back")
		}
		c.addGroup("Bureau")
	})
}

// A password is taken and thrown away: shown to nobody, not even on request, and no filter can feel for it; it is
// stored nowhere, so there is nothing to hash (RFC 7643 §4.1.1; row 14).
func TestRequirement22_APasswordIsNeverKeptOrShown(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		const secret = "t1meMa$heen-secret"
		made := c.do("POST", "/Users", user("anne@societe.example", object{"password": secret})).must(201)
		path := "/Users/" + made.text("id")
		version := made.text("meta", "version")
		answers := []answer{made, c.do("PUT", path, user("anne@societe.example", object{"password": secret})).must(200)}
		for _, o := range []object{op("replace", "password", secret), op("add", userURN+":password", secret), {"op": "replace", "value": object{"password": secret}}} {
			a := c.do("PATCH", path, patch(o)).must(200)
			if a.text("meta", "version") != version {
				t.Errorf("a password made a new version: %s", a.body)
			}
			answers = append(answers, a)
		}
		for _, query := range []string{"", "?attributes=password", "?attributes=userName,password", "?attributes=" + userURN + ":password"} {
			answers = append(answers, c.do("GET", path+query, nil).must(200), c.do("GET", "/Users"+query, nil).must(200))
		}
		for _, filter := range []string{`password pr`, `password eq "` + secret + `"`, `password sw "t"`, `not (password pr)`, userURN + `:password pr`} {
			a := c.do("GET", "/Users?filter="+filter, nil)
			a.scimError(400, "invalidFilter", "password")
			answers = append(answers, c.do("GET", "/Users?filter=password pr", nil))
		}
		for _, a := range answers {
			if strings.Contains(a.body, secret) || a.at("password") != nil {
				t.Errorf("%s shows a password: %s", a.call, a.body)
			}
		}
		if body := c.stored("User", made.text("id")); strings.Contains(body, secret) || strings.Contains(strings.ToLower(body), "password") {
			t.Errorf("stored: %s", body)
		}
	})
}

// An externalId is the client's own: told apart by letter case, shown to the connection that set it and to no other,
// and free for each connection to use (RFC 7643 §3.1).
func TestRequirement23_AnExternalIdBelongsToItsClient(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		one := w.tenant("Société", "")
		two := one.sibling("another identity provider")
		anne := one.addUser("anne@societe.example", object{"externalId": "Key-1"})
		bruno := two.addUser("bruno@societe.example", object{"externalId": "Key-1"})
		find := func(c tenant, filter, want string) {
			t.Helper()
			a := c.do("GET", "/Users?filter="+filter, nil).must(200)
			if got := a.text("Resources", 0, "id"); got != want || a.at("Resources", 1) != nil {
				t.Errorf("%s of %s: %s", filter, c.connection.Name, a.body)
			}
		}
		find(one, `externalId eq "Key-1"`, anne)
		find(two, `externalId eq "Key-1"`, bruno)
		find(one, `externalId eq "key-1"`, "")
		find(one, `externalId eq "`+anne+`"`, "") // no key of ours either
		if a := two.do("GET", "/Users/"+anne, nil).must(200); a.at("externalId") != nil {
			t.Errorf("the other connection sees %s", a.body)
		}
		two.do("PATCH", "/Users/"+anne, patch(op("add", "externalId", "Key-2"))).must(200)
		if a := one.do("GET", "/Users/"+anne, nil).must(200); a.text("externalId") != "Key-1" {
			t.Errorf("the other connection changed %s", a.body)
		}
		one.addUser("chloe@societe.example", object{"externalId": "KEY-1"})
	})
}

// At most one value of an attribute is primary; a new one takes it from the others (RFC 7643 §2.4, RFC 7644 §3.5.2).
func TestRequirement24_OnePrimaryAtMost(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		mail := func(name string, primary bool) object {
			return object{"value": name + "@societe.example", "type": name, "primary": primary}
		}
		path := "/Users/" + c.addUser("anne@societe.example", object{"emails": []object{mail("work", true), mail("home", false)}})
		for _, step := range []struct {
			body object
			want string
		}{
			{patch(op("add", "emails", []object{mail("other", true)})), "other"},
			{patch(op("replace", `emails[type eq "home"].primary`, true)), "home"},
			{patch(op("add", `emails[type eq "work"]`, object{"primary": true})), "work"},
			{patch(op("replace", "emails", []object{mail("work", true), mail("home", true), mail("other", false)})), "home"}, // Q11: the last wins
			{user("anne@societe.example", object{"emails": []object{mail("other", true), mail("work", true)}}), "work"},
		} {
			method := "PATCH"
			if step.body["Operations"] == nil {
				method = "PUT"
			}
			c.do(method, path, step.body).must(200)
			a := c.do("GET", path, nil).must(200)
			var primary []string
			for i := 0; a.at("emails", i) != nil; i++ {
				if a.at("emails", i, "primary") == true {
					primary = append(primary, a.text("emails", i, "type"))
				}
			}
			if fmt.Sprint(primary) != "["+step.want+"]" {
				t.Errorf("primary are %v, want %s: %s", primary, step.want, a.body)
			}
		}
	})
}
