package scim_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// H12: what was deleted is gone for SCIM, and kept for a while: an administrator brings it back under its id, with its
// memberships and its externalId, as far as they are still there.
func TestRemoved_isBroughtBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		w := newWorld(t, d)
		c, other := w.tenant("Société", ""), w.tenant("Autre", "")
		admin := resources.Caller{Company: c.company, Actor: system}
		boss := c.addUser("boss@societe.example")
		anne := c.addUser("anne@societe.example", object{
			"externalId": "x-1", "title": "T", "emails": []object{{"value": "anne@societe.example", "type": "work", "primary": true}},
			enterpriseURN: object{"manager": object{"value": boss}, "department": "D"},
		})
		staff, gone := c.addGroup("Staff", anne, boss), c.addGroup("Gone", anne)
		before := c.do("GET", "/Users/"+anne, nil).json()
		for _, path := range []string{"/Users/" + anne, "/Groups/" + gone, "/Groups/" + staff, "/Users/" + boss} {
			c.do("DELETE", path, nil).must(204)
		}
		c.do("GET", "/Users/"+anne, nil).must(404)
		list, err := d.ListRemoved(ctx, c.company, 10)
		if err != nil || len(list) != 4 {
			t.Fatalf("%v, %v", list, err)
		}
		if theirs, err := d.ListRemoved(ctx, other.company, 10); err != nil || len(theirs) != 0 {
			t.Errorf("another company sees %v, %v", theirs, err)
		}
		_, err = w.server.Directory.Restore(ctx, resources.Caller{Company: other.company, Actor: system}, d, anne)
		if !errors.Is(err, resources.ErrNotFound) {
			t.Errorf("another company restores: %v", err)
		}
		for _, id := range []string{staff, anne} { // Groups come before their members; boss and Gone stay away
			if _, err := w.server.Directory.Restore(ctx, admin, d, id); err != nil {
				t.Fatal(err)
			}
		}
		a := c.do("GET", "/Users/"+anne, nil).must(200)
		for _, key := range []string{"userName", "title", "externalId"} {
			if a.at(key) != before[key] {
				t.Errorf("%s is %v, was %v", key, a.at(key), before[key])
			}
		}
		if a.text(enterpriseURN, "department") != "D" || a.at(enterpriseURN, "manager") != nil || a.text("emails", 0, "value") != "anne@societe.example" {
			t.Errorf("%s", a.body)
		}
		if got := c.members(staff); !slices.Equal(got, []string{anne}) {
			t.Errorf("Staff has %v", got)
		}
		if got := c.do("GET", `/Users?filter=externalId eq "x-1"`, nil).at("totalResults"); got != 1.0 {
			t.Errorf("found %v by externalId", got)
		}
		// A restoring that was broken off after the User was made is gone on with.
		zoe := c.addUser("zoe@societe.example")
		team := c.addGroup("Team", zoe)
		c.do("DELETE", "/Users/"+zoe, nil).must(204)
		half := *w.server.Directory
		half.NewID = func() string { return zoe }
		if _, err := half.Create(ctx, admin, "User", resources.Input{"userName": "zoe@societe.example"}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.server.Directory.Restore(ctx, admin, d, zoe); err != nil || !slices.Equal(c.members(team), []string{zoe}) {
			t.Errorf("gone on with: %v, Team has %v", err, c.members(team))
		}
		if _, err := w.server.Directory.Restore(ctx, admin, d, anne); !errors.Is(err, resources.ErrNotFound) {
			t.Errorf("twice: %v", err)
		}
		c.addUser("boss@societe.example")
		if _, err := w.server.Directory.Restore(ctx, admin, d, boss); !errors.Is(err, resources.ErrUniqueness) {
			t.Errorf("a name that is in use: %v", err)
		}
		if err := d.PurgeRemoved(ctx, time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if list, err := d.ListRemoved(ctx, c.company, 10); err != nil || len(list) != 0 {
			t.Errorf("after the purge %v, %v", list, err)
		}
	})
}
