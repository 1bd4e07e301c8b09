package push_test

import (
	"strings"
	"testing"

	"proprio/push"
	"proprio/resources"
)

func anExpressionLimitsTheScopeAndLetsIn(t *testing.T, w *world) {
	w.rules(`{"scope": "department == \"Vente\""}`)
	in := w.user("marie", input{resources.SchemaEnterprise: map[string]any{"department": "Vente"}})
	out := w.user("jean", input{resources.SchemaEnterprise: map[string]any{"department": "Achat"}})
	w.push()
	w.wantState("User", in, push.StateConfirmed)
	if list, err := w.db.AccountsOf(t.Context(), w.caller.Company, "User", out); err != nil || len(list) != 0 || w.stand.User("jean@atelier.fr") != nil {
		t.Fatalf("jean, outside the scope, has %v (%v), the app %v", list, err, w.stand.Users())
	}
	w.set("User", in, resources.SchemaEnterprise+":department", "Achat")
	w.set("User", out, resources.SchemaEnterprise+":department", "Vente")
	w.push()
	a := w.wantState("User", in, push.StateRemoved)
	w.wantState("User", out, push.StateConfirmed)
	if w.stand.User("marie@atelier.fr")["active"] != false || w.stand.User("jean@atelier.fr")["active"] != true {
		t.Errorf("the app holds %v", w.stand.Users())
	}
	attempts, err := w.db.Attempts(t.Context(), w.caller.Company, w.app.ID, push.AttemptQuery{Account: a.ID, Limit: 1})
	must(t, err)
	if len(attempts) != 1 || !strings.Contains(attempts[0].Why, `department == "Vente"`) {
		t.Errorf("attempts %+v: want the expression that decided as the reason", attempts)
	}
	w.rules(`{}`)
	w.push()
	w.wantState("User", in, push.StateConfirmed)
	if w.stand.User("marie@atelier.fr")["active"] != true {
		t.Error("without the expression marie is not let in again")
	}
}

func aGroupsNameInAnExpressionFollowsItsMembers(t *testing.T, w *world) {
	w.rules(`{"scope": "\"Vente\" in groups and not (\"Stage\" in groups)"}`)
	id := w.user("marie")
	w.push()
	group := w.group("Vente", id)
	w.push()
	w.wantState("User", id, push.StateConfirmed)
	stage := w.group("Stage", id)
	w.push()
	w.wantState("User", id, push.StateRemoved)
	w.remove("Group", stage)
	w.push()
	w.wantState("User", id, push.StateConfirmed)
	w.modify("Group", group, resources.OpRemove, "members", nil)
	w.push()
	w.wantState("User", id, push.StateRemoved)
}

// The expression fails on persons without addresses.
const failing = `{"scope": "emails[0].type == \"work\""}`

func aScopeThatFailsTakesNothingAway(t *testing.T, w *world) {
	id := w.user("marie")
	w.push()
	w.rules(failing)
	w.push()
	w.wantState("User", id, push.StateConfirmed)
	w.stand.Heard()
	w.set("User", id, "emails", nil)
	fresh := w.user("jean", input{"emails": nil})
	w.push()
	for _, who := range []string{id, fresh} {
		a := w.wantState("User", who, push.StateFailed)
		if a.Class != push.ClassNeedsData || !strings.Contains(a.Error, "at 1:7: ") || !strings.Contains(a.Error, `emails[0].type == "work"`) {
			t.Errorf("class %s, error %q: want which expression failed, and where", a.Class, a.Error)
		}
	}
	if r := w.stand.Heard(); len(r) != 0 || w.stand.User("marie@atelier.fr")["active"] != true {
		t.Errorf("requests %v, the app holds %v", r, w.stand.Users())
	}
	lines, _ := w.compared()
	if line := lines["User marie"]; line.Verdict != push.Unverifiable || !strings.Contains(line.Why, "at 1:7") {
		t.Errorf("compared: %+v", line)
	}
	w.rules(`{"scope": "any(emails, .type == \"work\") or emails == []"}`)
	w.push()
	w.wantState("User", id, push.StateConfirmed)
	w.wantState("User", fresh, push.StateConfirmed)
}

func aScopeThatFailsKeepsNoLeaversAccessOpen(t *testing.T, w *world) {
	gone, off := w.user("marie"), w.user("jean")
	w.rules(failing)
	w.push()
	for _, id := range []string{gone, off} {
		w.set("User", id, "emails", nil)
	}
	w.push()
	w.set("User", off, "active", false)
	w.remove("User", gone)
	w.push()
	for _, u := range w.stand.Users() {
		if u["active"] != false {
			t.Errorf("%v still has access", u)
		}
	}
	w.wantState("User", gone, push.StateRemoved)
}
