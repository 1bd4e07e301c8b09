package main_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"proprio/cmd/proprio/demo"
	"proprio/db"
	"proprio/db/dbtest"
)

// TestCampaignKill kills the server at random moments while four clients write and a downstream app fails one request
// in five. Afterwards every acknowledged write is there, none twice, and the app has converged to the same state.
func TestCampaignKill(t *testing.T) {
	dbtest.EachConfig(t, func(t *testing.T, c db.Config) {
		t.Parallel()
		kills, people := 5, 80
		if full() {
			kills, people = 50, 2000
		}
		runKillCampaign(t, c.URL, kills, people)
	})
}

func runKillCampaign(t *testing.T, dsn string, kills, people int) {
	i := newInstallation(t, dsn)
	i.command("company", "create", "Kill", "--domain", "kill.example", "--assume-verified")
	token := i.command("token", "create", "--company", "Kill", "--connection", "idp")
	app, downstream := flakyApp(t)
	i.addApp("Kill", "target", downstream.URL+"/scim/v2", appToken)

	c := newCaller(i.url+"/scim/v2", token)
	running := i.serve()
	writers := make([]*writer, 4)
	var done sync.WaitGroup
	var writing atomic.Int32
	for n := range writers {
		writers[n] = &writer{caller: c, name: fmt.Sprintf("w%d", n), people: people / len(writers)}
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
	for _, w := range writers {
		if w.err != nil {
			t.Fatal(w.err)
		}
	}
	t.Logf("%d kills during the writing of %d people and %d groups; all is acknowledged", kills, people, len(writers))
	checkSource(t, c, writers)
	checkDownstream(t, newCaller(downstream.URL+"/scim/v2", appToken), app, writers)
}

const appToken = "token-of-the-downstream-app"

// flakyApp is a downstream app that fails one request in five: half of those before doing the work, half after.
func flakyApp(t *testing.T) (*demo.App, *httptest.Server) {
	t.Helper()
	app, err := demo.NewApp(appToken)
	if err != nil {
		t.Fatal(err)
	}
	var calm atomic.Bool
	t.Cleanup(func() { calm.Store(true) })
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		outsider := r.Header.Get("User-Agent") == "" || strings.HasPrefix(r.Header.Get("User-Agent"), "Go-http-client")
		switch {
		case calm.Load() || outsider || rand.IntN(5) != 0:
			app.ServeHTTP(w, r)
		case rand.IntN(2) == 0:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			app.ServeHTTP(httptest.NewRecorder(), r)
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	t.Cleanup(s.Close)
	return app, s
}

// writer is one client: it creates people and a group, changes them, and repeats each request until it is acknowledged,
// looking up first what may have been done without an answer, as identity providers do.
type writer struct {
	caller *caller
	name   string
	people int
	group  string
	err    error
	title  map[string]string // userName → title of the last acknowledged PATCH
	active map[string]bool
	member map[string]bool
}

func (w *writer) run() {
	w.title, w.active, w.member = map[string]string{}, map[string]bool{}, map[string]bool{}
	groupID, err := w.create("/Groups", "displayName", w.name, object{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "displayName": w.name,
	})
	w.group = groupID
	for n := 0; n < w.people && err == nil; n++ {
		err = w.person(n)
	}
	w.err = err
}

func (w *writer) person(n int) error {
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
	if err := w.patch("/Users/"+id, object{"op": "replace", "path": "title", "value": "Title " + name}); err != nil {
		return err
	}
	w.title[name] = "Title " + name
	if n%2 == 0 {
		if err := w.patch("/Groups/"+w.group, object{"op": "add", "path": "members", "value": []object{{"value": id}}}); err != nil {
			return err
		}
		w.member[name] = true
	}
	if n%7 == 3 {
		if err := w.patch("/Users/"+id, object{"op": "replace", "path": "active", "value": false}); err != nil {
			return err
		}
		w.active[name] = false
	}
	return nil
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

// checkSource compares what the server holds with what it acknowledged.
func checkSource(t *testing.T, c *caller, writers []*writer) {
	t.Helper()
	users, ids := byKey(t, c.all(t, "/Users"), "userName"), map[string]string{}
	groups := byKey(t, c.all(t, "/Groups"), "displayName")
	total := 0
	for _, w := range writers {
		total += w.people
		for name, title := range w.title {
			u := users[name]
			if u == nil {
				t.Errorf("%s: acknowledged, but not there", name)
				continue
			}
			ids[u["id"].(string)] = name
			if u["title"] != title || u["active"] != w.active[name] {
				t.Errorf("%s: title %v, active %v; acknowledged %q, %v", name, u["title"], u["active"], title, w.active[name])
			}
		}
	}
	if len(users) != total || len(groups) != len(writers) {
		t.Errorf("%d users and %d groups, want %d and %d", len(users), len(groups), total, len(writers))
	}
	for _, w := range writers {
		if got := memberNames(groups[w.name], ids); !equalSets(got, w.member) {
			t.Errorf("group %s has %d members, %d were acknowledged", w.name, len(got), len(w.member))
		}
	}
}

// checkDownstream waits until the app holds the same state as the server.
func checkDownstream(t *testing.T, c *caller, app *demo.App, writers []*writer) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Minute)
	for {
		differences := compareDownstream(t, c, writers)
		if len(differences) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the app did not converge; %d differences, such as %v", len(differences), differences[:min(5, len(differences))])
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func compareDownstream(t *testing.T, c *caller, writers []*writer) (differences []string) {
	t.Helper()
	users, ids := byKey(t, c.all(t, "/Users"), "userName"), map[string]string{}
	groups := byKey(t, c.all(t, "/Groups"), "displayName")
	for name, u := range users {
		ids[u["id"].(string)] = name
	}
	for _, w := range writers {
		inForce := map[string]bool{}
		for name, active := range w.active {
			u := users[name]
			switch {
			case active && u == nil:
				differences = append(differences, name+" is missing")
			case u != nil && u["active"] != active:
				differences = append(differences, fmt.Sprintf("%s: active is %v", name, u["active"]))
			case active && u["title"] != w.title[name]:
				differences = append(differences, fmt.Sprintf("%s: title is %v", name, u["title"]))
			}
			if active && w.member[name] {
				inForce[name] = true
			}
		}
		got := memberNames(groups[w.name], ids)
		for name := range inForce {
			if !got[name] {
				differences = append(differences, name+" is not in "+w.name)
			}
		}
		for name := range got {
			if !w.member[name] {
				differences = append(differences, name+" must not be in "+w.name)
			}
		}
	}
	return differences
}

// byKey indexes a list by a name, and fails when a name is there twice.
func byKey(t *testing.T, list []object, key string) map[string]object {
	t.Helper()
	out := map[string]object{}
	for _, r := range list {
		name, _ := r[key].(string)
		if out[name] != nil {
			t.Fatalf("%s %q is there twice", key, name)
		}
		out[name] = r
	}
	return out
}

func memberNames(group object, ids map[string]string) map[string]bool {
	out := map[string]bool{}
	members, _ := group["members"].([]any)
	for _, m := range members {
		id, _ := m.(object)["value"].(string)
		out[ids[id]] = true
	}
	return out
}

func equalSets(a, b map[string]bool) bool {
	for k := range a {
		if !b[k] {
			return false
		}
	}
	return len(a) == len(b)
}
