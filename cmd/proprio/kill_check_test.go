package main_test

import (
	"fmt"
	"testing"
	"time"
)

// checkSource compares what the server holds with what it acknowledged.
func checkSource(t *testing.T, c *caller, writers []*writer) {
	t.Helper()
	users, ids := byKey(t, c.all(t, "/Users"), "userName"), map[string]string{}
	groups := byKey(t, c.all(t, "/Groups"), "displayName")
	total, crews := 0, 0
	for _, w := range writers {
		total += w.people - len(w.gone)
		crews += (w.people + crew - 1) / crew
		for name, title := range w.title {
			u := users[name]
			switch {
			case w.gone[name] && u != nil:
				t.Errorf("%s: its removal was acknowledged, but it is there", name)
			case w.gone[name]:
			case u == nil:
				t.Errorf("%s: acknowledged, but not there", name)
			case u["title"] != title || u["active"] != w.active[name]:
				t.Errorf("%s: title %v, active %v; acknowledged %q, %v", name, u["title"], u["active"], title, w.active[name])
			}
			if u != nil {
				ids[u["id"].(string)] = name
			}
		}
	}
	if len(users) != total || len(groups) != crews {
		t.Errorf("%d users and %d groups, want %d and %d", len(users), len(groups), total, crews)
	}
	for _, w := range writers {
		for n := 0; n < w.people; n += crew {
			want := w.members(w.groupName(n), func(string) bool { return true })
			if got := memberNames(groups[w.groupName(n)], ids); !equalSets(got, want) {
				t.Errorf("group %s has %d members, %d were acknowledged", w.groupName(n), len(got), len(want))
			}
		}
	}
}

// members are those of a group that are wanted.
func (w *writer) members(group string, wanted func(userName string) bool) map[string]bool {
	out := map[string]bool{}
	for name, of := range w.group {
		if of == group && wanted(name) {
			out[name] = true
		}
	}
	return out
}

// checkDownstream waits until the app holds the same state as the server.
func checkDownstream(t *testing.T, c *caller, writers []*writer) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Minute) // what failed often is tried again after minutes
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
		}
		for n := 0; n < w.people; n += crew {
			group := w.groupName(n)
			got := memberNames(groups[group], ids)
			for name := range w.members(group, func(name string) bool { return w.active[name] }) {
				if !got[name] {
					differences = append(differences, name+" is not in "+group)
				}
			}
			for name := range got {
				if w.group[name] != group {
					differences = append(differences, name+" must not be in "+group)
				}
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
