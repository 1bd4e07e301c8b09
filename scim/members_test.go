package scim_test

import (
	"fmt"
	"sync"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
)

// H3: Entra sends one PATCH per member, many at once. None may be lost, whatever the others do.
func TestH03_ParallelPatchesOfOneGroupLoseNoMember(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const clients, each = 32, 3
		c := newWorld(t, d).tenant("Société", "")
		users := make([]string, clients*each)
		for i := range users {
			users[i] = c.addUser(fmt.Sprintf("u%d@societe.example", i))
		}
		leaving := c.addUser("leaving@societe.example")
		group := "/Groups/" + c.addGroup("G", leaving)

		var wait sync.WaitGroup
		for client := range clients {
			wait.Go(func() {
				for i := range each {
					id := users[client*each+i]
					a := c.do("PATCH", group, patch(op("Add", "members", []object{{"$ref": nil, "value": id}})))
					if a.status != 200 {
						t.Errorf("add: %d %s", a.status, a.body)
					}
				}
				if client%8 == 0 { // beside them the name changes, and somebody is removed again and again
					c.do("PATCH", group, patch(op("Replace", "displayName", fmt.Sprint("G", client)))).must(200)
					c.do("PATCH", group, patch(op("Remove", "members", []object{{"value": leaving}}))).must(200)
				}
			})
		}
		wait.Wait()

		a := c.do("GET", group, nil).must(200)
		members, _ := a.at("members").([]any)
		have := map[any]int{}
		for _, m := range members {
			have[m.(map[string]any)["value"]]++
		}
		for _, id := range users {
			if have[id] != 1 {
				t.Errorf("%s is a member %d times", id, have[id])
			}
		}
		if len(members) != len(users) {
			t.Errorf("%d members, want %d", len(members), len(users))
		}
	})
}

// A Group whose members are just being sent can be renamed meanwhile: who loses to others a few times holds the Group.
func TestAGroupIsRenamedWhileItsMembersAreSent(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		member := c.addUser("u@societe.example")
		group := "/Groups/" + c.addGroup("G")
		done := make(chan struct{})
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-done:
						return
					default:
					}
					name := []string{"Add", "Remove"}[i%2]
					c.do("PATCH", group, patch(op(name, "members", []object{{"value": member}}))).must(200)
				}
			})
		}
		for i := range 20 {
			c.do("PATCH", group, patch(op("Replace", "displayName", fmt.Sprint("G", i)))).must(200)
		}
		close(done)
		wait.Wait()
		if name := c.do("GET", group, nil).must(200).at("displayName"); name != "G19" {
			t.Errorf("the Group is called %v, want G19", name)
		}
	})
}
