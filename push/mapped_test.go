package push_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"proprio/push"
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
