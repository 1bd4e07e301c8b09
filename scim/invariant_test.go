package scim_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
)

// What holds for every resource and every change, whatever they are made of. Beside the model, which says what each
// answer is, these are the properties that clients build on; requests are those of the model, and only the answers are
// looked at.
func TestInvariants(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		s := &steps{Rand: rand.New(rand.NewPCG(1, 0)), model: &model{}}
		var members []string
		for i := range 4 {
			members = append(members, c.addUser(fmt.Sprintf("member%d@societe.example", i)))
		}
		s.model.users = []*modelResource{{id: members[0], typ: "User"}, {id: members[1], typ: "User"}}
		for _, path := range []string{"/Users/" + c.addUser("anne@societe.example"), "/Groups/" + c.addGroup("G")} {
			typ := path[1 : len(path)-len(unknownID)-2]
			for range 40 {
				before := c.do("GET", path, nil).must(200)
				changes := []modelChange{s.change(typ), s.change(typ)}
				body := patch(s.wire(typ, changes)...)
				a := c.do("PATCH", path, body)
				after := c.do("GET", path, nil).must(200)
				c.checkVersion(before, after)
				c.checkPrimaries(after)
				if a.status != 200 {
					if after.body != before.body {
						t.Fatalf("%v is refused with %d, and leaves\n%s\nof\n%s", body, a.status, after.body, before.body)
					}
					continue
				}
				if typ == "User" && !sameJSON(t, a.body, after.body) {
					t.Fatalf("%v is answered\n%s\nand stored\n%s", body, a.body, after.body)
				}
				if put := c.do("PUT", path, after.body).must(200); !sameJSON(t, put.body, after.body) {
					t.Fatalf("PUT of what GET shows makes\n%s\nof\n%s", put.body, after.body)
				}
				c.checkAddTwice(path, s, typ)
			}
		}
	})
}

// checkVersion: a version rises by one with a change, and not at all without one; so does lastModified.
func (c tenant) checkVersion(before, after answer) {
	c.t.Helper()
	was, is := before.version(), after.version()
	changed := without(c.t, before.body) != without(c.t, after.body)
	touched := before.text("meta", "lastModified") != after.text("meta", "lastModified")
	if changed && is != was+1 || !changed && is != was || changed != touched {
		c.t.Fatalf("version %d of\n%s\nafter %d of\n%s", is, after.body, was, before.body)
	}
}

// version is the number in the version of a resource.
func (a answer) version() int {
	a.t.Helper()
	var n int
	if _, err := fmt.Sscanf(a.text("meta", "version"), `W/"%d"`, &n); err != nil {
		a.t.Fatalf("%s: version: %v", a.call, err)
	}
	return n
}

// checkPrimaries: no list has two values that are primary (RFC 7643 §2.4).
func (c tenant) checkPrimaries(a answer) {
	c.t.Helper()
	for _, name := range modelLists {
		values, _ := a.at(name).([]any)
		primary := func(v any) bool { return v.(object)["primary"] == true }
		if i := slices.IndexFunc(values, primary); i >= 0 && slices.ContainsFunc(values[i+1:], primary) {
			c.t.Fatalf("%s has two primary values: %s", name, a.body)
		}
	}
}

// checkAddTwice: what is added twice is there as if it had been added once (RFC 7644 §3.5.2.1).
func (c tenant) checkAddTwice(path string, s *steps, typ string) {
	c.t.Helper()
	name := pick(s, "emails", "roles", "name", "title")
	if typ == "Group" {
		name = "members"
	}
	add := patch(op("add", name, s.form(modelChange{name: name, value: s.value(typ, name)})))
	if c.do("PATCH", path, add).status != 200 {
		return
	}
	once := c.do("GET", path, nil).must(200)
	c.do("PATCH", path, add).must(200)
	if twice := c.do("GET", path, nil).must(200); twice.body != once.body {
		c.t.Fatalf("%v twice makes\n%s\nonce\n%s", add, twice.body, once.body)
	}
}
