package push_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"proprio/push"
	"proprio/push/manual"
	"proprio/push/mapping"
	"proprio/resources"
)

func oneRoleIsTheFirstThatApplies(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "one-role" })
	boss, clerk := w.user("boss"), w.user("clerk", input{"title": "Chef d'équipe"})
	group := w.group("Direction", boss)
	w.rules(`{"roles": [{"group": "Direction", "value": "admin"}, {"expression": "title startsWith \"Chef\"", "value": "manager"}, {"value": "member"}]}`)
	role := func(name string) any {
		ext, _ := w.stand.User(name + "@atelier.fr")["urn:cadence:2.0:User"].(map[string]any)
		return ext["role"]
	}
	w.push()
	w.wantState("User", boss, push.StateConfirmed)
	if role("boss") != "admin" || role("clerk") != "manager" {
		t.Fatalf("the app holds %v", w.stand.Users())
	}
	w.set("Group", group, "displayName", "Comité de direction") // the rule means the Group, whatever it is called
	w.modify("Group", group, resources.OpAdd, "members", refs([]string{clerk}))
	w.push()
	if role("boss") != "admin" || role("clerk") != "admin" {
		t.Errorf("the app holds %v", w.stand.Users())
	}
	w.modify("Group", group, resources.OpRemove, "members", nil)
	w.push()
	if role("boss") != "member" || role("clerk") != "manager" {
		t.Errorf("the app holds %v", w.stand.Users())
	}
}

func severalRolesAreAllThatApply(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "roles" })
	id := w.user("marie", input{"title": "Chef", "roles": []any{map[string]any{"value": "directory's"}}})
	group := w.group("Direction", id)
	w.rules(`{"roles": [{"group": "` + group + `", "value": "admin"}, {"expression": "title == \"Chef\"", "value": "manager"}]}`)
	roles := func() string {
		text, _ := json.Marshal(w.stand.User("marie@atelier.fr")["roles"])
		return string(text)
	}
	w.push()
	if got := roles(); got != `[{"type":"seat","value":"admin"},{"type":"seat","value":"manager"}]` {
		t.Fatalf("roles %s", got)
	}
	w.modify("Group", group, resources.OpRemove, "members", nil)
	w.push()
	if got := roles(); got != `[{"type":"seat","value":"manager"}]` {
		t.Errorf("roles %s", got)
	}
	w.set("User", id, "title", nil)
	w.push()
	if got := roles(); got != "null" {
		t.Errorf("roles %s: want none, as no rule applies", got)
	}
}

func rulesAreInTheTasksOfWhoWorksByHand(t *testing.T, w *world) {
	h := byHand(t, w, "eko-crm")
	w.rules(`{"scope": "title != \"Stagiaire\"", "mapping": [{"target": "title", "expression": "upper(title)", "when": "creation"}],
		"roles": [{"expression": "name.familyName == \"Martin\"", "value": "Lecture"}, {"value": "Export"}]}`)
	id := w.user("anna", input{"title": "Vendeuse"})
	w.push()
	task := h.only(manual.ActionCreate)
	if line(task, "title").After != "VENDEUSE" || line(task, "roles").After != "Export, Lecture" {
		t.Fatalf("lines %+v", task.Lines)
	}
	h.done(task)
	w.set("User", id, "title", "Cheffe")
	w.push()
	h.none()
	w.set("User", id, "name.familyName", "Dupont")
	w.push()
	task = h.only(manual.ActionRemove)
	if l := line(task, "roles"); l.Before != "Export, Lecture" || l.After != "Export" || line(task, "title").Attribute != "" {
		t.Errorf("lines %+v", task.Lines)
	}
	h.done(task)
	w.set("User", id, "title", "Stagiaire")
	w.push()
	h.only(manual.ActionDeactivate)
}

func wrongRulesAreNotStored(t *testing.T, w *world) {
	w.group("Vente")
	for text, want := range map[string]string{
		`{"scope": "titel == \"\""}`:                                 "scope: 1:1: unknown name titel",
		`{"mapping": [{"target": "title", "expression": "active"}]}`: "mapping[0].expression: 1:1: title takes a text",
		`{"roles": [{"value": "admin"}]}`:                            "T takes no role over this interface",
	} {
		if _, err := w.settle(text); !errors.Is(err, resources.ErrInvalidValue) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	w.app.Profile = "roles"
	if _, err := w.settle(`{"roles": [{"value": "admin", "group": "Achat"}]}`); !errors.Is(err, resources.ErrInvalidValue) ||
		!strings.Contains(err.Error(), `roles[0].group: there is no Group "Achat"`) {
		t.Errorf("%v", err)
	}
	app, err := w.settle(`{"roles": [{"value": "admin", "group": "vente"}]}`)
	must(t, err)
	if again, err := w.engine.Settle(t.Context(), app); err != nil || again.Settings.Roles[0].Group != app.Settings.Roles[0].Group || app.Settings.Roles[0].Group == "vente" {
		t.Errorf("%+v, %v: want the Group's id, and that it stays", again.Settings, err)
	}
	w.app.Profile = "generic"
}

func aPreviewSendsNothing(t *testing.T, w *world) {
	id := w.user("marie", input{"title": "Comptable", "nickName": "M"})
	w.push()
	w.stand.Heard()
	app := w.app
	must(t, json.Unmarshal([]byte(`{"scope": "title != \"Stagiaire\"", "mapping": [
		{"target": "title", "expression": "upper(title)"}, {"target": "userType", "constant": "Member", "when": "creation"},
		{"target": "nickName", "from": "locale", "clear": true}, {"target": "displayName", "expression": "split(title, \" \")[5]"}]}`), &app.Settings))
	p, err := w.engine.Preview(t.Context(), app, "Marie@atelier.fr")
	must(t, err)
	if !p.InScope || !strings.Contains(p.Why, "Stagiaire") || !strings.Contains(p.Problem, "mapping[3]") || p.Creation != nil {
		t.Errorf("%+v: want what fails", p)
	}
	app.Settings.Mapping = app.Settings.Mapping[:3]
	p, err = w.engine.Preview(t.Context(), app, id)
	must(t, err)
	var creation, now map[string]any
	must(t, errors.Join(json.Unmarshal(p.Creation, &creation), json.Unmarshal(p.Now, &now)))
	if creation["title"] != "COMPTABLE" || creation["userType"] != "Member" || creation["nickName"] != nil || now["userType"] != nil || now["title"] != "COMPTABLE" {
		t.Errorf("creation %s, now %s", p.Creation, p.Now)
	}
	if len(p.Steps) != 3 || p.Steps[0].Source != "expression upper(title)" || p.Steps[1].When != mapping.WhenCreation || p.Steps[2].Effect != mapping.EffectCleared {
		t.Errorf("steps %+v", p.Steps)
	}
	w.set("User", id, "title", "Stagiaire")
	if p, err = w.engine.Preview(t.Context(), app, id); err != nil || p.InScope || !strings.Contains(p.Why, "false") {
		t.Errorf("%+v, %v", p, err)
	}
	if r := w.stand.Heard(); len(r) != 0 {
		t.Errorf("requests %v, want none", r)
	}
	if _, err := w.engine.Preview(t.Context(), app, "nobody@atelier.fr"); !errors.Is(err, resources.ErrNotFound) {
		t.Errorf("%v", err)
	}
}
