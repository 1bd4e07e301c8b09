package push_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"proprio/push"
	"proprio/resources"
)

func TestRenamedGroups(t *testing.T) {
	each(t, []scenario{
		aNewNameReachesEveryKindOfRule,
		onlyAppsThatReadNamesHearOfOne,
		aNameThatNobodyReadsCostsNothing,
		aLargeGroupIsRaisedInParts,
		twoNewNamesOfOnePersonsGroups,
		aGroupThatIsGoneIsForgotten,
	})
}

func aNewNameReachesEveryKindOfRule(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "one-role" })
	w.rules(`{"scope": "\"Vente\" in groups or \"Ventes\" in groups", "mapping": [{"target": "title", "expression": "join(groups, \", \")"}],
		"roles": [{"expression": "\"Ventes\" in groups", "value": "manager"}, {"value": "member"}]}`)
	id := w.user("marie")
	group := w.group("Vente", id)
	w.push()
	remote := w.wantState("User", id, push.StateConfirmed).RemoteID
	role := func() any {
		own, _ := w.stand.Resource(remote)["urn:cadence:2.0:User"].(map[string]any)
		return own["role"]
	}
	if u := w.stand.Resource(remote); u["title"] != "Vente" || role() != "member" {
		t.Fatalf("the app holds %v", u)
	}
	w.set("Group", group, "displayName", "Ventes")
	w.push()
	w.wantState("User", id, push.StateConfirmed)
	if u := w.stand.Resource(remote); u["title"] != "Ventes" || role() != "manager" {
		t.Errorf("the app holds %v", u)
	}
	w.set("Group", group, "displayName", "Achat")
	w.push()
	w.wantState("User", id, push.StateRemoved)
	w.set("Group", group, "displayName", "Vente")
	w.push()
	w.wantState("User", id, push.StateConfirmed)
	w.stand.Heard()
	w.modify("Group", group, resources.OpRemove, "members", nil)
	w.modify("Group", group, resources.OpAdd, "members", refs([]string{id}))
	w.push()
	for _, r := range w.stand.Heard() {
		if strings.HasPrefix(r.Path, "/Users") && r.Method != "GET" {
			t.Errorf("the name is the same, and yet: %s", r)
		}
	}
}

func onlyAppsThatReadNamesHearOfOne(t *testing.T, w *world) {
	other := w.addApp(push.App{Name: "Other", Profile: "generic", URL: w.stand.URL, Paused: true})
	w.rules(`{"scope": "\"Vente\" in groups"}`)
	id := w.user("marie")
	group := w.group("Vente", id)
	w.push()
	gen := func(app string) int64 {
		list, err := w.db.AccountsOf(t.Context(), w.caller.Company, "User", id)
		must(t, err)
		for _, a := range list {
			if a.App == app {
				return a.WantedGen
			}
		}
		return 0
	}
	reads, does := gen(w.app.ID), gen(other.ID)
	w.set("Group", group, "displayName", "Ventes")
	w.push()
	if gen(w.app.ID) == reads || gen(other.ID) != does {
		t.Errorf("the app that reads names went from %d to %d, the other from %d to %d", reads, gen(w.app.ID), does, gen(other.ID))
	}
}

// incurious is a store that is not asked for names and members.
type incurious struct {
	push.Store
	t *testing.T
}

func (s incurious) ToldNames(context.Context, string, []string) (map[string]push.ToldName, error) {
	s.t.Error("names were looked up")
	return nil, nil
}

func (s incurious) Members(context.Context, resources.Caller, string, string, int) ([]resources.Member, error) {
	s.t.Error("members were read")
	return nil, nil
}

func aNameThatNobodyReadsCostsNothing(t *testing.T, w *world) {
	id := w.user("marie")
	group := w.group("Vente", id)
	w.rules(`{"scope": "title == \"\"", "mapping": [{"target": "title", "expression": "nickName"}]}`)
	w.push()
	before := w.account("User", id)
	w.set("Group", group, "displayName", "Ventes")
	planner := w.planner()
	planner.Store = incurious{w.db, t}
	_, err := planner.Step(t.Context())
	must(t, err)
	if after := w.account("User", id); after.WantedGen != before.WantedGen {
		t.Errorf("it was raised from %d to %d", before.WantedGen, after.WantedGen)
	}
}

func aLargeGroupIsRaisedInParts(t *testing.T, w *world) {
	var ids []string
	for i := range 250 {
		ids = append(ids, w.user(fmt.Sprintf("u%03d", i)))
	}
	w.rules(`{"mapping": [{"target": "title", "expression": "join(groups, \", \")"}]}`)
	group := w.group("Vente", ids...)
	w.push()
	w.set("Group", group, "displayName", "Ventes")
	due := func() (users, groups int) {
		list, err := w.db.PushAccounts(t.Context(), w.caller.Company, w.app.ID, push.AccountQuery{})
		must(t, err)
		for _, a := range list {
			switch {
			case a.DoneGen >= a.WantedGen:
			case a.ObjectType == "User":
				users++
			default:
				groups++
			}
		}
		return users, groups
	}
	for step, want := range []int{200, 250} {
		more, err := w.planner().Step(t.Context())
		must(t, err)
		if users, groups := due(); users != want || groups != 1 || more != (step == 0) {
			t.Errorf("after step %d: %d Users and %d Groups are due, more to do: %v; want %d", step, users, groups, more, want)
		}
		if step == 0 { // somebody who leaves meanwhile does not wait for the rest
			w.set("User", ids[249], "active", false)
		}
	}
	w.push()
	for _, id := range []string{ids[0], ids[248]} {
		if u := w.stand.Resource(w.wantState("User", id, push.StateConfirmed).RemoteID); u["title"] != "Ventes" {
			t.Errorf("the app holds %v", u)
		}
	}
	if users, groups := due(); users+groups != 0 {
		t.Errorf("%d Users and %d Groups are due for ever", users, groups)
	}
}

func twoNewNamesOfOnePersonsGroups(t *testing.T, w *world) {
	w.rules(`{"mapping": [{"target": "title", "expression": "join(groups, \", \")"}]}`)
	id := w.user("marie")
	var groups []string
	for _, name := range []string{"A", "B", "C", "D", "E", "F"} { // more than are looked at together
		groups = append(groups, w.group(name, id))
	}
	w.push()
	for i, g := range groups {
		w.set("Group", g, "displayName", fmt.Sprint("G", i))
	}
	w.push()
	if u := w.stand.Resource(w.wantState("User", id, push.StateConfirmed).RemoteID); u["title"] != "G0, G1, G2, G3, G4, G5" {
		t.Errorf("the app holds %v", u)
	}
}

func aGroupThatIsGoneIsForgotten(t *testing.T, w *world) {
	w.rules(`{"scope": "\"Vente\" in groups"}`)
	id := w.user("marie")
	group := w.group("Vente", id)
	w.push()
	w.remove("Group", group)
	w.push()
	w.wantState("User", id, push.StateRemoved)
	if told, err := w.db.ToldNames(t.Context(), w.caller.Company, []string{group}); err != nil || len(told) != 0 {
		t.Errorf("%v, %v", told, err)
	}
}
