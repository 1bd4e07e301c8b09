package push_test

import (
	"testing"
	"time"

	"proprio/push"
	"proprio/push/standin"
	"proprio/resources"
)

func TestDoubt(t *testing.T) {
	each(t, []scenario{
		anUnheardChangeIsTakenBack,
		accessThatADyingServerGaveBackIsTakenAway,
		anUnheardChangeOfAGroupIsTakenBack,
	})
}

// Whose access was given back without the answer being heard, or before the server died, is in when it is taken away again: what
// was written last before says nothing then.
func anUnheardChangeIsTakenBack(t *testing.T, w *world) {
	const title = "Directrice"
	for name, c := range map[string]struct {
		path           string
		first, unheard any
	}{
		"access":       {"active", false, true},
		"an attribute": {"title", "", title},
	} {
		t.Run(name, func(t *testing.T) {
			w.again(t, func(t *testing.T, w *world) {
				id := w.user("marie")
				w.push()
				if c.first != "" {
					w.set("User", id, c.path, c.first)
					w.push()
				}
				before := w.stand.User("marie@atelier.fr")[c.path]
				w.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
					return &standin.Fault{Drop: true, Commit: r.Method == "PATCH"}
				})
				w.set("User", id, c.path, c.unheard)
				w.push()
				w.stand.SetFault(nil)
				if got := w.stand.User("marie@atelier.fr")[c.path]; got != c.unheard {
					t.Fatalf("the change was not made: %v", got)
				}
				if c.first == "" {
					w.set("User", id, c.path, nil)
				} else {
					w.set("User", id, c.path, c.first)
				}
				w.later(time.Minute)
				w.wantState("User", id, push.StateConfirmed)
				if got := w.stand.User("marie@atelier.fr")[c.path]; got != before {
					t.Errorf("the app holds %v, want %v as before", got, before)
				}
			})
		})
	}
}

// The server dies when the app has given the access back, and before it says so; then the person leaves.
func accessThatADyingServerGaveBackIsTakenAway(t *testing.T, w *world) {
	id := w.user("marie")
	w.push()
	w.set("User", id, "active", false)
	w.push()
	w.set("User", id, "active", true)
	dying := w.newEngine(killed{w.db, func(push.Result) bool { return true }}, "dying")
	if err := dying.RunOnce(t.Context()); err == nil {
		t.Fatal("the engine did not notice that nothing was recorded")
	}
	if w.stand.User("marie@atelier.fr")["active"] != true {
		t.Fatal("the access was not given back")
	}
	w.set("User", id, "active", false)
	w.push()
	if a := w.wantState("User", id, push.StateConfirmed); w.stand.User("marie@atelier.fr")["active"] != false || a.Begun != "" {
		t.Errorf("the app holds %v, account %+v", w.stand.User("marie@atelier.fr"), a)
	}
}

// What a Group gave without the answer being heard goes when it is no longer wanted, and its name is written again.
func anUnheardChangeOfAGroupIsTakenBack(t *testing.T, w *world) {
	anna, ben := w.user("anna"), w.user("ben")
	group := w.group("Vente", anna)
	w.push()
	w.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
		return &standin.Fault{Drop: true, Commit: r.Method == "PATCH"}
	})
	w.modify("Group", group, resources.OpReplace, "members", refs([]string{anna, ben}))
	w.set("Group", group, "displayName", "Achats")
	w.push()
	w.stand.SetFault(nil)
	g := w.stand.Groups()[0]
	if members, _ := g["members"].([]any); len(members) != 2 || g["displayName"] != "Achats" {
		t.Fatalf("the changes were not made: %v", g)
	}
	w.modify("Group", group, resources.OpReplace, "members", refs([]string{anna}))
	w.set("Group", group, "displayName", "Vente")
	w.later(time.Hour)
	w.wantState("Group", group, push.StateConfirmed)
	g = w.stand.Groups()[0]
	if members, _ := g["members"].([]any); len(members) != 1 || g["displayName"] != "Vente" {
		t.Errorf("the app holds %v, want it as before", g)
	}
}
