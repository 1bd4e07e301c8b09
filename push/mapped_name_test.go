package push_test

import (
	"testing"

	"proprio/push"
)

// Asana takes a changed name as name.formatted alone: what is written there is the name as the app has it, and no half of it.
func TestWholeNames(t *testing.T) {
	each(t, []scenario{aNameOfWhichTheAppKeepsAPartIsWrittenWhole, aNameThatIsToBeClearedIsNotWritten, aLinkedAccountsOwnPartOfTheNameIsInTheWhole})
}

func (w *world) wantName(remote, want string) {
	w.t.Helper()
	name, _ := w.stand.Resource(remote)["name"].(map[string]any)
	got, _ := name["formatted"].(string)
	if got != want {
		w.t.Errorf("the app has the name %q, want %q", got, want)
	}
}

func aNameOfWhichTheAppKeepsAPartIsWrittenWhole(_ *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "whole-names" })
	w.rules(`{"mapping": [{"target": "name.familyName", "expression": "upper(name.familyName)", "when": "creation"}]}`)
	id := w.user("marie")
	w.push()
	a := w.wantState("User", id, push.StateConfirmed)
	w.wantName(a.RemoteID, "marie MARTIN")
	w.set("User", id, "name.givenName", "Marie-Anne")
	w.push()
	w.wantState("User", id, push.StateConfirmed)
	w.wantName(a.RemoteID, "Marie-Anne MARTIN")
	if lines, _ := w.compared(); lines["User marie"].Verdict != push.Matched {
		w.t.Errorf("compared: %+v", lines["User marie"])
	}
}

func aNameThatIsToBeClearedIsNotWritten(_ *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "whole-names" })
	id := w.user("marie")
	w.push()
	a := w.wantState("User", id, push.StateConfirmed)
	w.wantName(a.RemoteID, "marie Martin")
	w.rules(`{"mapping": [{"target": "name.formatted", "expression": "nickName", "clear": true}]}`)
	w.push()
	w.wantState("User", id, push.StateConfirmed)
	w.wantName(a.RemoteID, "")
}

func aLinkedAccountsOwnPartOfTheNameIsInTheWhole(_ *testing.T, w *world) {
	w.ours(w.domain())
	w.change(func(a *push.App) { a.Profile = "whole-names" })
	w.rules(`{"mapping": [{"target": "name.familyName", "constant": "X", "when": "creation"}]}`)
	id := w.there("anne@"+w.domain(), map[string]any{"name": map[string]any{"givenName": "A.", "familyName": "Le Bras", "formatted": "A. Le Bras"}})
	anne := w.person("anne")
	must(w.t, w.engine.Link(w.t.Context(), w.caller.Actor, w.app, w.found(id), anne, ""))
	w.push()
	w.wantState("User", anne, push.StateConfirmed)
	w.wantName(id, "anne Le Bras")
}
