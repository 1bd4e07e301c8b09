package scim_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/resources"
	"proprio/scim"
)

// bound is a company with the real policy, which owns company.fr and société.fr.
func bound(t *testing.T, d *db.DB) tenant {
	t.Helper()
	c := newWorld(t, d, func(s *scim.Server) {
		s.Directory.Policy = &ownership.Policy{Companies: d, Now: time.Now}
	}).tenant("Company", "")
	for _, name := range []string{"company.fr", normalized(t, "société.fr")} {
		if err := d.PutDomain(t.Context(), system, ownership.Domain{Company: c.company, Name: name, Verified: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	c.outside(ownership.OutsideReject)
	return c
}

func (c tenant) outside(mode ownership.OutsideMode) {
	c.t.Helper()
	if err := c.db.SetOutsideDomain(c.t.Context(), system, c.company, mode); err != nil {
		c.t.Fatal(err)
	}
}

func normalized(t *testing.T, domain string) string {
	t.Helper()
	name, err := ownership.NormalizeDomain(domain)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// addresses are tried everywhere. domain is that of an outside address as messages name it; ambiguous ones could be
// read as an inside address too.
var addresses = []struct {
	address   string
	domain    string // "": inside
	ambiguous bool
}{
	{"user@company.fr", "", false}, {"User@COMPANY.Fr", "", false}, {"user@company.fr.", "", false},
	{"user@société.fr", "", false}, {"user@SOCIÉTÉ.fr.", "", false}, {"user@xn--socit-esab.fr", "", false},
	{"user@evil-company.fr", "evil-company.fr", false}, {"user@Evil-Company.FR.", "evil-company.fr", false},
	{"user@company.fr.evil.com", "company.fr.evil.com", false}, {"user@COMPANY.FR.Evil.com", "company.fr.evil.com", false},
	{"a@company.fr@evil.com", "evil.com", true}, {"a@evil.com@company.fr", "company.fr", true},
	{"user@societé.fr", "societé.fr", false}, {"user@sub.company.fr", "sub.company.fr", false}, {"user@cоmpany.fr", "cоmpany.fr", false}, // Cyrillic о
}

// place is where an address may stand in a User.
type place struct {
	path  string
	whole func(address string) object // of a User, but for active
	read  func(u answer) string
}

var places = []place{
	{"userName", func(address string) object { return user(address) }, func(u answer) string { return u.text("Resources", 0, "userName") }},
	{`emails[type eq "work"].value`, func(address string) object {
		return user("person@company.fr", object{"emails": []object{{"value": address, "type": "work"}}})
	}, func(u answer) string { return u.text("Resources", 0, "emails", 0, "value") }},
}

// ways are all the ways on which an address can come in over SCIM: method, and the body for a place. POST has no User
// before.
var ways = []struct {
	name, method string
	body         func(p place, address string, active bool) object
}{
	{"POST", "POST", wholeUser}, {"PUT", "PUT", wholeUser},
	{"PATCH with path", "PATCH", func(p place, address string, active bool) object {
		return patch(op("replace", "active", active), op("replace", p.path, address))
	}},
	{"PATCH without path", "PATCH", func(p place, address string, active bool) object {
		return patch(object{"op": "replace", "value": object{"active": active, p.path: address}})
	}},
}

func wholeUser(p place, address string, active bool) object {
	o := p.whole(address)
	o["active"] = active
	return o
}

// outcome is what became of a change, alone or in a bulk request.
type outcome struct {
	status           int
	scimType, detail string
}

func (c tenant) change(inBulk bool, method, path string, body object) outcome {
	c.t.Helper()
	if !inBulk {
		a := c.do(method, path, body)
		return outcome{a.status, a.text("scimType"), a.text("detail")}
	}
	a := c.do("POST", "/Bulk", bulk(operation(method, path, "one", body))).must(200)
	status, err := strconv.Atoi(a.text("Operations", 0, "status"))
	if err != nil {
		c.t.Fatalf("status: %s", a.body)
	}
	return outcome{status, a.text("Operations", 0, "response", "scimType"), a.text("Operations", 0, "response", "detail")}
}

// everyChange tries every address in every place on every way, alone and as a bulk of one.
func everyChange(t *testing.T, c tenant, f func(t *testing.T, c tenant, p place, i int, change func(active bool) outcome)) {
	for _, w := range ways {
		for _, inBulk := range []bool{false, true} {
			name := w.name
			if inBulk {
				name = "bulk of one " + name
			}
			t.Run(name, func(t *testing.T) {
				c := tenant{c.on(t), c.company, c.connection, c.token}
				for _, p := range places {
					for i, a := range addresses {
						path := "/Users"
						if w.method != "POST" {
							path += "/" + c.addUser("before@company.fr", object{"emails": []object{{"value": "before@company.fr", "type": "work"}}})
						}
						f(t, c, p, i, func(active bool) outcome {
							return c.change(inBulk, w.method, path, w.body(p, a.address, active))
						})
						if list := c.do("GET", "/Users", nil).must(200); list.text("Resources", 0, "id") != "" {
							c.do("DELETE", "/Users/"+list.text("Resources", 0, "id"), nil).must(204)
						}
					}
				}
			})
		}
	}
}

// Domain policy, reject: 400 invalidValue naming the attribute, the value's domain and the allowed ones; nothing changes.
func TestOutsideAddressesAreRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := bound(t, d)
		everyChange(t, c, func(t *testing.T, c tenant, p place, i int, change func(bool) outcome) {
			a, before := addresses[i], c.everything()
			got := change(true)
			after := c.do("GET", "/Users", nil).must(200)
			if a.domain == "" {
				if got.status/100 != 2 || p.read(after) != a.address || after.at("Resources", 0, resources.SchemaOwnership) != nil {
					t.Errorf("%s %q is inside, but: %+v\n%s", p.path, a.address, got, after.body)
				}
				return
			}
			domain := normalized(t, a.domain)
			if got.status != 400 || got.scimType != "invalidValue" || !strings.HasPrefix(got.detail, p.path+": ") ||
				!strings.Contains(got.detail, domain) || !strings.Contains(got.detail, "allowed: company.fr, xn--socit-esab.fr") {
				t.Errorf("%s %q: %+v", p.path, a.address, got)
			}
			if now := c.everything(); now != before {
				t.Errorf("%s %q changed something:\n%s\nbefore:\n%s", p.path, a.address, now, before)
			}
		})
	})
}

// Domain policy, hold: stored exactly as sent, active included; the ownership extension says why it is not in force.
func TestOutsideAddressesAreHeld(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := bound(t, d)
		c.outside(ownership.OutsideHold)
		everyChange(t, c, func(t *testing.T, c tenant, p place, i int, change func(bool) outcome) {
			a, active := addresses[i], i%2 == 0
			if got := change(active); got.status/100 != 2 {
				t.Errorf("%s %q: %+v", p.path, a.address, got)
				return
			}
			u := c.do("GET", "/Users", nil).must(200)
			if p.read(u) != a.address || u.at("Resources", 0, "active") != active || u.at("totalResults") != 1.0 {
				t.Errorf("%s %q, active %v is not stored as sent: %s", p.path, a.address, active, u.body)
			}
			hold, mentions := u.text("Resources", 0, resources.SchemaOwnership, "hold"), ""
			switch {
			case a.ambiguous:
				mentions = p.path + " is no plain address"
			case a.domain != "":
				mentions = normalized(t, a.domain)
			}
			if (hold != "") != (a.domain != "") || !strings.Contains(hold, mentions) {
				t.Errorf("%s %q: hold %q, want it to mention %q", p.path, a.address, hold, mentions)
			}
		})
	})
}

// The hold is the company's: whatever a client sends, it neither makes nor ends one; a good address does.
func TestHoldIsNotForClientsToWrite(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := bound(t, d)
		c.outside(ownership.OutsideHold)
		const path = resources.SchemaOwnership + ":hold"
		extension := func(hold any) object { return object{resources.SchemaOwnership: object{"hold": hold}} }
		for _, f := range []struct {
			userName string
			held     bool
		}{{"anne@company.fr", false}, {"anne@evil-company.fr", true}} {
			for _, sent := range []any{"because I say so", "", nil} {
				id := c.addUser(f.userName, extension(sent))
				hold := func() string {
					return c.do("GET", "/Users/"+id, nil).must(200).text(resources.SchemaOwnership, "hold")
				}
				why := hold()
				if (why != "") != f.held || why == "because I say so" {
					t.Fatalf("POST of hold %v with %s leaves %q", sent, f.userName, why)
				}
				for name, change := range map[string]func(inBulk bool) int{
					"PUT": func(b bool) int { return c.change(b, "PUT", "/Users/"+id, user(f.userName, extension(sent))).status },
					"PATCH without path": func(b bool) int {
						return c.change(b, "PATCH", "/Users/"+id, patch(object{"op": "replace", "value": extension(sent)})).status
					},
					"PATCH of the extension": func(b bool) int {
						return c.change(b, "PATCH", "/Users/"+id, patch(op("replace", resources.SchemaOwnership, object{"hold": sent}))).status
					},
					"remove of the extension": func(b bool) int {
						return c.change(b, "PATCH", "/Users/"+id, patch(object{"op": "remove", "path": resources.SchemaOwnership})).status
					},
				} {
					for _, inBulk := range []bool{false, true} {
						if status := change(inBulk); status != 200 || hold() != why {
							t.Errorf("%s of hold %v with %s: %d, and the hold is %q instead of %q", name, sent, f.userName, status, hold(), why)
						}
					}
				}
				c.do("PATCH", "/Users/"+id, patch(op("replace", path, sent))).scimError(400, "mutability", "hold")
				c.do("PATCH", "/Users/"+id, patch(object{"op": "remove", "path": path})).scimError(400, "mutability", "hold")
				if hold() != why {
					t.Errorf("PATCH of hold %v leaves %q", sent, hold())
				}
				if c.do("PATCH", "/Users/"+id, patch(op("replace", "userName", "anne.roux@company.fr"))).must(200); hold() != "" {
					t.Errorf("a good address leaves the hold %q", hold())
				}
				c.do("DELETE", "/Users/"+id, nil).must(204)
			}
		}
	})
}
