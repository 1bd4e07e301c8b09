package push_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"proprio/push"
	"proprio/push/profiles"
	"proprio/push/standin"
	"proprio/scim/client"
)

func TestCompare(t *testing.T) {
	each(t, []scenario{
		whatWasPushedIsMatched,
		whatSomebodyChangedInTheAppIsSeenAndRepaired,
		whatIsThereUnderTheSameNameWaitsForADecision,
		aListThatIsNotWholeIsNoComparison,
		membersThatAreNotShownAreNotCalledEqual,
		whoCannotBeMadeIsSaidBeforeAnythingIsSent,
		whoIsFoundByAnotherAttributeIsNotCalledExtra,
		whatIsSentWhileTheAppIsReadIsNotCalledMissing,
		letterCaseMattersInWordsAndNotInAddresses,
		anAppThatIsToBeLeftAloneIsNotRead,
		whatAListLeavesOutIsNotForgotten,
	})
}

// compared is the comparison's lines by "type name", and how many of each verdict there are. It sends nothing but reads.
func (w *world) compared() (map[string]push.Comparison, push.Tally) {
	w.t.Helper()
	w.stand.Heard()
	w.clock.advance(time.Second)
	lines, tally := map[string]push.Comparison{}, push.Tally{}
	must(w.t, w.engine.Compare(w.t.Context(), w.app, func(c push.Comparison) error {
		lines[c.ObjectType+" "+strings.TrimSuffix(c.Name, "@atelier.fr")] = c
		tally.Add(c)
		return nil
	}))
	for _, r := range w.stand.Heard() {
		if r.Method != http.MethodGet {
			w.t.Errorf("a comparison sent %s", r)
		}
	}
	return lines, tally
}

func (w *world) wantLine(lines map[string]push.Comparison, key string, verdict push.Verdict, action push.Action, attributes ...string) {
	w.t.Helper()
	c, ok := lines[key]
	if !ok || c.Verdict != verdict || c.Action != action || !slices.Equal(c.Attributes, attributes) || c.Why == "" {
		w.t.Errorf("%s is %+v, want %s, %q, %v", key, c, verdict, action, attributes)
	}
}

func whatWasPushedIsMatched(t *testing.T, w *world) {
	boss := w.user("boss")
	a := w.user("a", input{"title": "Comptable", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": map[string]any{
		"department": "Vente", "manager": map[string]any{"value": boss}}})
	w.user("away", input{"active": false})
	w.group("Vente", a, boss)
	lines, tally := w.compared()
	if !maps.Equal(tally.Actions, map[push.Action]int{push.ActionCreate: 3}) {
		t.Errorf("before the first push: %+v", lines)
	}
	w.push()
	lines, tally = w.compared()
	if !maps.Equal(tally.Verdicts, map[push.Verdict]int{push.Matched: 3}) || len(tally.Actions) != 0 {
		t.Errorf("after it: %+v", lines)
	}
}

func whatSomebodyChangedInTheAppIsSeenAndRepaired(t *testing.T, w *world) {
	titled, lost, leaver, member := w.user("titled", input{"title": "Comptable"}), w.user("lost"), w.user("leaver"), w.user("member")
	w.user("untouched")
	group := w.group("Vente", member, titled)
	w.push()
	w.set("User", leaver, "active", false)
	w.push()
	remote := func(typ, id string) string { return w.account(typ, id).RemoteID }
	hand := w.stand.Add(map[string]any{"userName": "hand@atelier.fr", "active": true})
	w.stand.Change(remote("User", titled), func(u map[string]any) { u["title"], u["nickName"] = "Chef", "T" })
	w.stand.Remove(remote("User", lost))
	w.stand.Change(remote("User", leaver), func(u map[string]any) { u["active"] = true })
	w.stand.Change(remote("Group", group), func(g map[string]any) {
		g["members"] = []any{map[string]any{"value": remote("User", titled)}, map[string]any{"value": hand}}
	})
	lines, tally := w.compared()
	w.wantLine(lines, "User titled", push.Different, push.ActionChange, "title")
	w.wantLine(lines, "User lost", push.Missing, push.ActionCreate)
	w.wantLine(lines, "User leaver", push.Different, push.ActionDeactivate, "active")
	w.wantLine(lines, "User untouched", push.Matched, push.ActionNone)
	w.wantLine(lines, "User hand", push.Extra, push.ActionNone)
	w.wantLine(lines, "Group Vente", push.Different, push.ActionChange, "members")
	if len(lines) != 7 || tally.Verdicts[push.Matched] != 2 {
		t.Errorf("lines %+v", lines)
	}

	w.resync()
	w.push()
	if w.stand.User("titled@atelier.fr")["title"] != "Chef" {
		t.Error("a sync sends what the directory changed; what the app changed by itself is a repair's")
	}
	w.clock.advance(time.Second)
	r, err := w.engine.Reconcile(t.Context(), w.caller.Actor, w.app, true)
	must(t, err)
	if r.Repaired != 4 || r.Tally.Verdicts[push.Different] != 3 {
		t.Errorf("%+v", r)
	}
	w.push()
	if u := w.stand.User("titled@atelier.fr"); u["title"] != "Comptable" || u["nickName"] != "T" {
		t.Errorf("the app holds %v", u)
	}
	if w.stand.User("lost@atelier.fr") == nil || w.stand.User("leaver@atelier.fr")["active"] != false {
		t.Errorf("the app holds %v", w.stand.Users())
	}
	w.wantMembers("Vente", "hand", "member", "titled")
	if u := w.stand.User("hand@atelier.fr"); u == nil || u["active"] != true {
		t.Errorf("an account that did not come from here was touched: %v", u)
	}
	if _, tally := w.compared(); tally.Verdicts[push.Different]+tally.Verdicts[push.Missing] != 0 {
		t.Errorf("after the repair: %+v", tally)
	}
}

func whatIsThereUnderTheSameNameWaitsForADecision(t *testing.T, w *world) {
	w.stand.Add(map[string]any{"userName": "MARIE@atelier.fr", "active": true})
	w.stand.Add(map[string]any{"userName": "double@atelier.fr", "active": true})
	w.stand.Add(map[string]any{"userName": "Double@atelier.fr", "active": true})
	w.user("marie")
	w.user("double")
	lines, _ := w.compared()
	w.wantLine(lines, "User marie", push.Missing, push.ActionDecide)
	w.wantLine(lines, "User double", push.Missing, push.ActionDecide)
	if r, err := w.engine.Reconcile(t.Context(), w.caller.Actor, w.app, true); err != nil || r.Repaired != 0 {
		t.Errorf("%d made due, %v: a decision is nobody's but an admin's", r.Repaired, err)
	}
	w.app.LinkExisting = true
	lines, tally := w.compared()
	w.wantLine(lines, "User marie", push.Missing, push.ActionLink)
	w.wantLine(lines, "User double", push.Missing, push.ActionDecide)
	if tally.Verdicts[push.Extra] != 0 {
		t.Errorf("%+v", lines)
	}
}

// ssosync #194: an empty or broken read must not look like an app that lost everybody.
func aListThatIsNotWholeIsNoComparison(t *testing.T, w *world) {
	for i := range 3 {
		w.user(string(rune('a' + i)))
	}
	w.push()
	w.stand.Profile.Paging.Size = 2
	w.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if strings.Contains(r.Path, "startIndex=3") {
			return &standin.Fault{Drop: true}
		}
		return nil
	})
	r, err := w.engine.Reconcile(t.Context(), w.caller.Actor, w.app, true)
	if err == nil || r.Repaired != 0 {
		t.Errorf("%d made due, error %v", r.Repaired, err)
	}
	w.stand.SetFault(func(int, standin.Request) *standin.Fault { return &standin.Fault{Status: 500} })
	if r, err = w.engine.Reconcile(t.Context(), w.caller.Actor, w.app, true); err == nil || r.Repaired != 0 {
		t.Errorf("%d made due, error %v", r.Repaired, err)
	}
}

func membersThatAreNotShownAreNotCalledEqual(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "values" })
	w.group("Vente", w.user("a"))
	w.push()
	lines, _ := w.compared()
	w.wantLine(lines, "Group Vente", push.Unverifiable, push.ActionNone)
	w.wantLine(lines, "User a", push.Matched, push.ActionNone)
}

func whoCannotBeMadeIsSaidBeforeAnythingIsSent(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "single" })
	id := w.user("marie")
	w.set("User", id, "name.familyName", nil)
	lines, _ := w.compared()
	w.wantLine(lines, "User marie", push.Missing, push.ActionDecide)
	if !strings.Contains(lines["User marie"].Why, "name.familyName") {
		t.Errorf("why: %q", lines["User marie"].Why)
	}
}

func whoIsFoundByAnotherAttributeIsNotCalledExtra(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "mail" })
	mail := func(address string) input {
		return input{"emails": []any{map[string]any{"value": address, "type": "work", "primary": true}}}
	}
	w.user("marie", mail("m.durand@atelier.fr"))
	remote := w.stand.Add(map[string]any{"userName": "md", "active": true, "emails": []any{
		map[string]any{"value": "md@old.example"}, map[string]any{"value": "M.Durand@atelier.fr"}}})
	lines, tally := w.compared()
	w.wantLine(lines, "User marie", push.Missing, push.ActionDecide)
	if lines["User marie"].RemoteID != remote || len(lines) != 1 || tally.Verdicts[push.Extra] != 0 {
		t.Errorf("%+v", lines)
	}
	w.change(func(a *push.App) { a.LinkExisting = true })
	lines, _ = w.compared()
	w.wantLine(lines, "User marie", push.Missing, push.ActionLink)
	w.push()
	if lines, _ = w.compared(); len(lines) != 1 || lines["User marie"].RemoteID != remote {
		t.Errorf("what was announced is not what was done: %+v", lines)
	}
}

func whatIsSentWhileTheAppIsReadIsNotCalledMissing(t *testing.T, w *world) {
	a := w.user("a", input{"title": "Comptable"})
	w.push()
	w.stand.Change(w.account("User", a).RemoteID, func(u map[string]any) { u["title"] = "Chef" })
	w.clock.advance(time.Second)
	lines := map[string]push.Comparison{}
	must(t, w.engine.Compare(t.Context(), w.app, func(c push.Comparison) error {
		if len(lines) == 0 { // the list is read, the objects are not
			w.user("new")
			w.push()
		}
		lines[c.ObjectType+" "+strings.TrimSuffix(c.Name, "@atelier.fr")] = c
		return nil
	}))
	w.wantLine(lines, "User a", push.Different, push.ActionChange, "title")
	w.wantLine(lines, "User new", push.Unverifiable, push.ActionNone)

	lines = map[string]push.Comparison{}
	w.clock.advance(time.Second)
	w.stand.SetFault(func(int, standin.Request) *standin.Fault { // before anything is answered
		w.stand.SetFault(nil)
		w.set("User", a, "title", "Directrice")
		w.push()
		return nil
	})
	must(t, w.engine.Compare(t.Context(), w.app, func(c push.Comparison) error {
		if c.Verdict != push.Matched {
			t.Errorf("%+v", c)
		}
		return nil
	}))
}

func letterCaseMattersInWordsAndNotInAddresses(t *testing.T, w *world) {
	id := w.user("Marie", input{"title": "Comptable"})
	w.push()
	change := func(attribute, value string) {
		w.stand.Change(w.account("User", id).RemoteID, func(u map[string]any) { u[attribute] = value })
	}
	change("userName", "marie@atelier.fr")
	lines, _ := w.compared()
	w.wantLine(lines, "User Marie", push.Matched, push.ActionNone)
	change("title", "COMPTABLE")
	lines, _ = w.compared()
	w.wantLine(lines, "User Marie", push.Different, push.ActionChange, "title")
}

// An app says by Retry-After that it wants to be left alone, by whomever.
func anAppThatIsToBeLeftAloneIsNotRead(t *testing.T, w *world) {
	must(t, w.db.BlockApp(t.Context(), w.app.Company, w.app.ID, w.clock.Now().Add(time.Minute), "429 of the app", 1))
	app, err := w.db.App(t.Context(), w.app.Company, w.app.ID)
	must(t, err)
	w.stand.Heard()
	for what, read := range map[string]func() error{
		"compare": func() error { return w.engine.Compare(t.Context(), app, func(push.Comparison) error { return nil }) },
		"repair":  func() error { _, err := w.engine.Reconcile(t.Context(), w.caller.Actor, app, true); return err },
		"read": func() error {
			return w.engine.EachUser(t.Context(), app, func(client.Document, profiles.Profile) error { return nil })
		},
		"look up": func() error { _, _, err := w.engine.ReadUser(t.Context(), app, "1"); return err },
	} {
		if err := read(); err == nil || !strings.Contains(err.Error(), "429 of the app") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if heard := w.stand.Heard(); len(heard) != 0 {
		t.Errorf("it heard %v", heard)
	}
}

// A list that skips an account, as pages do when somebody before it goes, is no reason to forget whose the account is.
func whatAListLeavesOutIsNotForgotten(t *testing.T, w *world) {
	id := w.user("marie")
	w.push()
	remote := w.account("User", id).RemoteID
	hidden := w.stand.Resource(remote)
	w.stand.Remove(remote)
	w.clock.advance(time.Second)
	_, err := w.engine.Reconcile(t.Context(), w.caller.Actor, w.app, true)
	must(t, err)
	w.stand.Add(hidden)
	w.remove("User", id)
	w.push()
	if u := w.stand.User("marie@atelier.fr"); u == nil || u["active"] != false {
		t.Errorf("the leaver's account is %v", u)
	}
}
