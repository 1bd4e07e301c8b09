package push_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"proprio/push"
	"proprio/push/manual"
	"proprio/push/mapping"
	"proprio/push/standin"
	"proprio/resources"
)

func TestMapping(t *testing.T) {
	each(t, []scenario{
		anExpressionLimitsTheScopeAndLetsIn,
		aGroupsNameInAnExpressionFollowsItsMembers,
		aScopeThatFailsTakesNothingAway,
		aScopeThatFailsKeepsNoLeaversAccessOpen,
		emptyRulesChangeNothing,
		whatIsMappedIsSentAndFollows,
		atCreationOnlyIsTheAppsAfterwards,
		atCreationOnlyIsNotWrittenToALinkedAccount,
		whatIsRequiredMayBeForTheCreationOnly,
		whoTakesAnAccountOverGetsWhatANewOneWould,
		anEmptyValueLeavesAloneOrClears,
		clearingWhereThereIsNothingIsDone,
		aMappingThatFailsLeavesTheAccountAsItIs,
		noMappingMakesAnAddressElsewhere,
		aNewRuleIsSentToThoseWhoAreThere,
		oneRoleIsTheFirstThatApplies,
		severalRolesAreAllThatApply,
		rulesAreInTheTasksOfWhoWorksByHand,
		wrongRulesAreNotStored,
		aPreviewSendsNothing,
	})
}

// rules has the app's rules stored, as the command line does, and everything looked at anew.
func (w *world) rules(text string) {
	w.t.Helper()
	app, err := w.settle(text)
	must(w.t, err)
	w.change(func(a *push.App) { a.Settings = app.Settings })
}

func (w *world) settle(text string) (push.App, error) {
	w.t.Helper()
	app := w.app
	app.Settings.Rules = mapping.Rules{}
	must(w.t, json.Unmarshal([]byte(text), &app.Settings))
	return w.engine.Settle(w.t.Context(), app)
}

// altered changes an account in the app, as somebody does there.
func (w *world) altered(remote string, change map[string]any) {
	w.t.Helper()
	if !w.stand.Change(remote, func(u map[string]any) { maps.Copy(u, change) }) {
		w.t.Fatalf("the app has no account %s", remote)
	}
}

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

func emptyRulesChangeNothing(t *testing.T, w *world) {
	w.user("marie", input{"title": "Comptable"})
	w.push()
	before := w.stand.User("marie@atelier.fr")
	w.rules(`{"scope": "true", "mapping": [{"target": "title", "from": "title"}, {"target": "userName", "from": "userName"},
		{"target": "emails", "from": "emails"}, {"target": "name.givenName", "expression": "name.givenName"}]}`)
	w.stand.Heard()
	w.push()
	if r := w.stand.Heard(); len(r) != 0 {
		t.Errorf("requests %v, want none: %v", r, before)
	}
}

func whatIsMappedIsSentAndFollows(t *testing.T, w *world) {
	w.rules(`{"mapping": [
		{"target": "userName", "expression": "lower(ascii(name.givenName + \".\" + name.familyName))"},
		{"target": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter", "constant": "4711"},
		{"target": "nickName", "from": "displayName"},
		{"target": "phoneNumbers", "expression": "title != \"\" ? [\"+33 1 \" + title] : []"},
		{"target": "urn:cadence:2.0:User:badge", "expression": "[name.familyName, userName]"}]}`)
	id := w.user("Hélène", input{"title": "12"})
	w.push()
	w.wantState("User", id, push.StateConfirmed)
	u := w.stand.User("helene.martin")
	if u == nil || u["nickName"] != "Hélène" {
		t.Fatalf("the app holds %v", w.stand.Users())
	}
	ext, _ := u[resources.SchemaEnterprise].(map[string]any)
	own, _ := u["urn:cadence:2.0:User"].(map[string]any)
	phones, _ := json.Marshal(u["phoneNumbers"])
	schemas, _ := u["schemas"].([]any)
	if ext["costCenter"] != "4711" || own["badge"] == nil || string(phones) != `[{"value":"+33 1 12"}]` || !slices.Contains(schemas, any("urn:cadence:2.0:User")) {
		t.Errorf("the app holds %v", u)
	}
	w.stand.Heard()
	w.set("User", id, "name.familyName", "Durand")
	w.push()
	if r := w.stand.Heard(); len(r) != 1 || r[0].Method != "PATCH" || strings.Contains(r[0].Body, "4711") || w.stand.User("helene.durand") == nil {
		t.Errorf("requests %v, the app holds %v", r, w.stand.Users())
	}
}

func atCreationOnlyIsTheAppsAfterwards(t *testing.T, w *world) {
	for _, profile := range []string{"generic", "put", "object"} {
		t.Run(profile, func(t *testing.T) {
			w.again(t, func(t *testing.T, w *world) {
				w.change(func(a *push.App) { a.Profile = profile })
				w.rules(`{"mapping": [{"target": "userType", "constant": "Member", "when": "creation"},
					{"target": "name.honorificPrefix", "expression": "\"Mme\"", "when": "creation"}]}`)
				id := w.user("marie", input{"userType": "Employee"})
				w.push()
				remote := w.account("User", id).RemoteID
				u := w.stand.Resource(remote)
				if name, _ := u["name"].(map[string]any); u["userType"] != "Member" || name["honorificPrefix"] != "Mme" {
					t.Fatalf("the app holds %v", u)
				}
				w.altered(remote, map[string]any{"userType": "Owner", "name": map[string]any{"givenName": "marie", "familyName": "Martin", "honorificPrefix": "Dr"}})
				if lines, _ := w.compared(); lines["User marie"].Verdict != push.Matched {
					t.Errorf("what is the app's is compared: %+v", lines)
				}
				w.set("User", id, "userType", "Guest")
				w.set("User", id, "title", "Comptable")
				w.set("User", id, "name.familyName", "Durand")
				w.push()
				w.wantState("User", id, push.StateConfirmed)
				u = w.stand.Resource(remote)
				name, _ := u["name"].(map[string]any)
				if u["userType"] != "Owner" || u["title"] != "Comptable" || name["familyName"] != "Durand" || name["honorificPrefix"] != "Dr" {
					t.Errorf("the app holds %v", u)
				}
			})
		})
	}
}

func atCreationOnlyIsNotWrittenToALinkedAccount(t *testing.T, w *world) {
	w.stand.Add(map[string]any{"userName": "marie@atelier.fr", "active": true, "userType": "Owner"})
	w.rules(`{"mapping": [{"target": "userType", "constant": "Member", "when": "creation"}]}`)
	w.change(func(a *push.App) { a.LinkExisting = true })
	id := w.user("marie")
	w.push()
	w.wantState("User", id, push.StateConfirmed)
	w.set("User", id, "title", "x")
	w.push()
	if u := w.stand.User("marie@atelier.fr"); u["userType"] != "Owner" || u["title"] != "x" {
		t.Errorf("the app holds %v", u)
	}
}

func whatIsRequiredMayBeForTheCreationOnly(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "single" })
	w.rules(`{"mapping": [{"target": "name.familyName", "expression": "upper(name.familyName)", "when": "creation"}]}`)
	id := w.user("marie")
	w.push()
	w.set("User", id, "title", "Comptable")
	w.push()
	w.wantState("User", id, push.StateConfirmed)
	u := w.stand.User("marie@atelier.fr")
	if name, _ := u["name"].(map[string]any); name["familyName"] != "MARTIN" || u["title"] != "Comptable" {
		t.Errorf("the app holds %v", u)
	}
	w.set("User", id, "name.familyName", nil)
	other := w.user("jean", input{"name": map[string]any{"givenName": "jean"}})
	w.push()
	w.wantState("User", id, push.StateConfirmed)
	if a := w.wantState("User", other, push.StateFailed); !strings.Contains(a.Error, "name.familyName") {
		t.Errorf("a new account without what is required: %q", a.Error)
	}
}

func whoTakesAnAccountOverGetsWhatANewOneWould(t *testing.T, w *world) {
	w.rules(`{"mapping": [{"target": "userType", "expression": "title == \"\" ? \"Member\" : title", "when": "creation"},
		{"target": "nickName", "expression": "title"}]}`)
	first := w.user("marie", input{"title": "Admin"})
	w.push()
	w.remove("User", first)
	w.push()
	second := w.user("marie")
	w.push()
	w.wantState("User", second, push.StateConfirmed)
	if u := w.stand.User("marie@atelier.fr"); len(w.stand.Users()) != 1 || u["userType"] != "Member" || u["nickName"] != nil {
		t.Errorf("the app holds %v: want nothing of the former person", w.stand.Users())
	}
}

func anEmptyValueLeavesAloneOrClears(t *testing.T, w *world) {
	for _, profile := range []string{"generic", "put", "object"} {
		t.Run(profile, func(t *testing.T) {
			w.again(t, func(t *testing.T, w *world) {
				w.change(func(a *push.App) { a.Profile = profile })
				id := w.user("marie")
				w.push()
				remote := w.account("User", id).RemoteID
				w.altered(remote, map[string]any{"title": "theirs", "nickName": "theirs", "name": map[string]any{
					"givenName": "marie", "familyName": "Martin", "middleName": "theirs"}})
				w.rules(`{"mapping": [{"target": "title", "from": "locale"}, {"target": "nickName", "from": "locale", "clear": true},
					{"target": "name.middleName", "expression": "locale", "clear": true}]}`)
				w.push()
				w.wantState("User", id, push.StateConfirmed)
				u := w.stand.Resource(remote)
				name, _ := u["name"].(map[string]any)
				if u["title"] != "theirs" || u["nickName"] != nil || name["middleName"] != nil {
					t.Errorf("the app holds %v: want the title alone", u)
				}
				w.stand.Heard()
				w.resync()
				w.push()
				if r := w.stand.Heard(); len(r) != 0 {
					t.Errorf("it is cleared again: %v", r)
				}
				w.set("User", id, "locale", "fr-FR")
				w.push()
				u = w.stand.Resource(remote)
				name, _ = u["name"].(map[string]any)
				if u["title"] != "fr-FR" || u["nickName"] != "fr-FR" || name["middleName"] != "fr-FR" {
					t.Errorf("the app holds %v", u)
				}
				w.set("User", id, "locale", nil)
				w.push()
				u = w.stand.Resource(remote)
				name, _ = u["name"].(map[string]any)
				if u["title"] != "fr-FR" || u["nickName"] != nil || name["middleName"] != nil || name["givenName"] != "marie" {
					t.Errorf("the app holds %v", u)
				}
				fresh := w.user("jean")
				w.push()
				w.wantState("User", fresh, push.StateConfirmed)
			})
		})
	}
}

// Some apps answer noTarget to the removal of what is not there.
func clearingWhereThereIsNothingIsDone(t *testing.T, w *world) {
	id := w.user("marie")
	w.push()
	w.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if r.Method == "PATCH" && strings.Contains(r.Body, `"remove"`) {
			return &standin.Fault{Status: 400, ScimType: "noTarget"}
		}
		return nil
	})
	w.rules(`{"mapping": [{"target": "title", "from": "locale", "clear": true}, {"target": "nickName", "from": "displayName"},
		{"target": "urn:cadence:2.0:User:badge", "from": "locale", "clear": true}]}`)
	w.push()
	w.wantState("User", id, push.StateConfirmed)
	if u := w.stand.User("marie@atelier.fr"); u["nickName"] != "marie" {
		t.Errorf("the app holds %v", u)
	}
	w.stand.Heard()
	w.resync()
	w.push()
	if r := w.stand.Heard(); len(r) != 0 {
		t.Errorf("requests %v, want none", r)
	}
}

func aMappingThatFailsLeavesTheAccountAsItIs(t *testing.T, w *world) {
	w.rules(`{"mapping": [{"target": "title", "expression": "split(userName, \"@\")[int(nickName)]"}]}`)
	id := w.user("marie", input{"nickName": "0"})
	w.push()
	w.wantState("User", id, push.StateConfirmed)
	w.stand.Heard()
	w.set("User", id, "nickName", "seven")
	w.push()
	a := w.wantState("User", id, push.StateFailed)
	if a.Class != push.ClassNeedsData || !strings.Contains(a.Error, "the mapping of title (mapping[0]) failed at 1:") {
		t.Errorf("class %s, error %q", a.Class, a.Error)
	}
	if r := w.stand.Heard(); len(r) != 0 {
		t.Errorf("requests %v", r)
	}
	w.set("User", id, "active", false)
	w.push()
	if w.stand.User("marie@atelier.fr")["active"] != false {
		t.Error("what failed keeps a leaver's access open")
	}
}

func noMappingMakesAnAddressElsewhere(t *testing.T, w *world) {
	engine, err := push.NewEngine(push.Config{Store: w.db, Resources: w.db, Profiles: w.engine.Profiles, Now: w.clock.Now, Owner: "two",
		Log: w.engine.Log, Domains: func(context.Context, string) ([]string, error) { return []string{"atelier.fr"}, nil }})
	must(t, err)
	w.engine = engine
	w.rules(`{"mapping": [{"target": "emails", "expression": "split(email, \"@\")[0] + (title == \"\" ? \"@atelier.fr\" : \"@gmail.com\")"}]}`)
	good, bad := w.user("marie"), w.user("jean", input{"title": "x"})
	w.push()
	w.wantState("User", good, push.StateConfirmed)
	if emails, _ := json.Marshal(w.stand.User("marie@atelier.fr")["emails"]); string(emails) != `[{"primary":true,"type":"work","value":"marie@atelier.fr"}]` {
		t.Errorf("e-mails %s", emails)
	}
	if a := w.wantState("User", bad, push.StateFailed); a.Class != push.ClassNeedsData || !strings.Contains(a.Error, `"jean@gmail.com"`) {
		t.Errorf("class %s, error %q", a.Class, a.Error)
	}
	if len(w.stand.Users()) != 1 {
		t.Errorf("the app holds %v", w.stand.Users())
	}
}

func aNewRuleIsSentToThoseWhoAreThere(t *testing.T, w *world) {
	id := w.user("marie", input{"title": "Comptable"})
	w.push()
	w.stand.Heard()
	w.rules(`{"mapping": [{"target": "title", "expression": "upper(title)"}]}`)
	w.push()
	w.wantState("User", id, push.StateConfirmed)
	if r := w.stand.Heard(); len(r) != 1 || w.stand.User("marie@atelier.fr")["title"] != "COMPTABLE" {
		t.Errorf("requests %v", r)
	}
	w.rules(`{}`)
	w.push()
	if w.stand.User("marie@atelier.fr")["title"] != "Comptable" {
		t.Errorf("the app holds %v", w.stand.Users())
	}
}

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
