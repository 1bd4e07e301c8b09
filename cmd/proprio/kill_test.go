package main_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
)

// TestCampaignKill kills the server at random moments while four clients write and a downstream app fails three requests
// in ten, in every way there is. Afterwards every acknowledged write is there, none twice, and the app has converged to the
// same state: nobody has two accounts, nobody who left has access, and what people made there themselves was not touched. In
// a plain run the app is well again when the writing ends: what failed often is tried again after minutes.
func TestCampaignKill(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, c db.Config) {
		t.Parallel()
		if full() {
			runKillCampaign(t, c.URL, 50, 1200, 7) // ten thousand changes
		} else {
			runKillCampaign(t, c.URL, 4, 80, 1)
		}
	})
}

// runKillCampaign has people made, each with so many titles one after the other.
func runKillCampaign(t *testing.T, dsn string, kills, people, titles int) {
	i := newInstallation(t, dsn)
	i.command("company", "create", "Kill", "--domain", "kill.example", "--assume-verified")
	token := i.command("token", "create", "--company", "Kill", "--connection", "idp")
	downstream, calm := newFlakyApp(t)
	i.hurried(32) // each 429 stops all calls for a moment, and there are hundreds
	i.addApp("Kill", "target", downstream.url, appToken, "--profile", "fast")
	i.unguarded("target")

	c := newCaller(i.url+"/scim/v2", token)
	running := i.serve()
	writers := make([]*writer, 4)
	var done sync.WaitGroup
	var writing atomic.Int32
	for n := range writers {
		writers[n] = &writer{caller: c, name: fmt.Sprintf("w%d", n), people: people / len(writers), titles: titles}
		done.Add(1)
		writing.Add(1)
		go func(w *writer) { defer done.Done(); defer writing.Add(-1); w.run() }(writers[n])
	}
	for k := 0; k < kills || writing.Load() > 0; k++ {
		time.Sleep(time.Duration(20+rand.IntN(400)) * time.Millisecond)
		if k < kills {
			running.kill()
			running = i.serve()
		}
	}
	done.Wait()
	if !full() {
		downstream.awaitTrouble(t)
		calm.Store(true)
	}
	for _, w := range writers {
		if w.err != nil {
			t.Fatal(w.err)
		}
	}
	t.Logf("%d kills during the writing of %d people and %d groups; all is acknowledged", kills, people, (people+crew-1)/crew)
	checkSource(t, c, writers)
	checkDownstream(t, newCaller(downstream.url, appToken), writers)
	downstream.checkOthers(t)
}

// writer is one client: it creates people and a group, changes them, and repeats each request until it is acknowledged,
// looking up first what may have been done without an answer, as identity providers do.
type writer struct {
	caller *caller
	name   string
	people int
	titles int    // that each person gets, one after the other; 0: one
	crew   string // id of the group that people join
	err    error
	// What was acknowledged, by userName: the title, whether the User is active, the group it is in. A removed one is in gone.
	title  map[string]string
	active map[string]bool
	group  map[string]string
	gone   map[string]bool
}

// crew is how many people share a group.
const crew = 20

func (w *writer) run() {
	w.begin()
	for n := 0; n < w.people && w.err == nil; n++ {
		w.step(n)
	}
}

func (w *writer) begin() {
	w.title, w.active, w.group, w.gone = map[string]string{}, map[string]bool{}, map[string]string{}, map[string]bool{}
}

// step creates and changes one person, and before the first of a crew its group.
func (w *writer) step(n int) {
	if n%crew == 0 {
		name := w.groupName(n)
		w.crew, w.err = w.create("/Groups", "displayName", name, object{
			"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "displayName": name,
		})
	}
	if w.err == nil {
		w.err = w.person(n, w.crew)
	}
}

func (w *writer) groupName(n int) string { return fmt.Sprintf("%s crew %d", w.name, n/crew) }

func (w *writer) person(n int, group string) error {
	name := fmt.Sprintf("%s.user%d@kill.example", w.name, n)
	id, err := w.create("/Users", "userName", name, object{
		"schemas":  []string{"urn:ietf:params:scim:schemas:core:2.0:User"},
		"userName": name, "active": true, "displayName": fmt.Sprintf("User %d of %s", n, w.name),
		"name":   object{"givenName": w.name, "familyName": fmt.Sprintf("User %d", n)},
		"emails": []object{{"value": name, "type": "work", "primary": true}},
	})
	if err != nil {
		return err
	}
	w.active[name] = true
	for k := range max(w.titles, 1) {
		title := fmt.Sprintf("Title %d of %s", k, name)
		if err := w.patch("/Users/"+id, object{"op": "replace", "path": "title", "value": title}); err != nil {
			return err
		}
		w.title[name] = title
	}
	if n%2 == 0 {
		if err := w.patch("/Groups/"+group, object{"op": "add", "path": "members", "value": []object{{"value": id}}}); err != nil {
			return err
		}
		w.group[name] = w.groupName(n)
	}
	switch {
	case n%7 == 3:
		w.active[name] = false
		return w.patch("/Users/"+id, object{"op": "replace", "path": "active", "value": false})
	case n%11 == 4:
		w.gone[name], w.active[name] = true, false
		delete(w.group, name)
		return w.remove("/Users/" + id)
	}
	return nil
}

// remove deletes a resource. After an answer that was never heard, 404 says that it was done.
func (w *writer) remove(path string) error {
	for try := range 2000 {
		status, answer, err := w.caller.do("DELETE", path, nil)
		if err == nil && (status == 204 || status == 404 && try > 0) {
			return nil
		}
		if err == nil && status < 500 && status != 429 {
			return fmt.Errorf("DELETE %s: %d %v", path, status, answer)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("DELETE %s: never acknowledged", path)
}

func (w *writer) create(endpoint, key, name string, body object) (string, error) {
	for range 2000 {
		if have, err := w.caller.find(endpoint, key, name); err == nil && have != nil {
			return have["id"].(string), nil
		} else if err == nil {
			status, made, err := w.caller.do("POST", endpoint, body)
			if err == nil && status == 201 {
				return made["id"].(string), nil
			}
			if err == nil && status < 500 && status != 409 && status != 429 {
				return "", fmt.Errorf("POST %s %s: %d %v", endpoint, name, status, made)
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	return "", fmt.Errorf("POST %s %s: never acknowledged", endpoint, name)
}

func (w *writer) patch(path string, op object) error {
	body := object{
		"schemas":    []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"},
		"Operations": []object{op},
	}
	for range 2000 {
		status, answer, err := w.caller.do("PATCH", path, body)
		if err == nil && (status == 200 || status == 204) {
			return nil
		}
		if err == nil && status < 500 && status != 429 {
			return fmt.Errorf("PATCH %s: %d %v", path, status, answer)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("PATCH %s: never acknowledged", path)
}
