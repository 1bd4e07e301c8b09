package push_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"proprio/audit"
	"proprio/push"
	"proprio/push/profiles"
	"proprio/push/standin"
	"proprio/scim/client"
)

// Products answer in odd ways. Each is a switch of the stand-in; the ways of members are in group_test.go, of Retry-After in
// fault_test.go, of letter case in user_test.go, and an answer that is lost after the work in engine_test.go.
func TestQuirks(t *testing.T) {
	each(t, []scenario{
		aRefusalInsideASuccessIsARefusal,
		aPatchIsDoneWithoutABody,
		aTakenNameIsSaidInEitherStyle,
		whoIsNotThereIsToldByAPageOfHTML,
		aListWithoutPagesIsReadOnce,
		anEmptyListTakesNothingAway,
		aTokenThatEndsStopsTheAppUntilItIsTakenAgain,
	})
}

// LastPass, apps.md 1a: 200 even when it failed.
func aRefusalInsideASuccessIsARefusal(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "inside" })
	w.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if strings.Contains(r.Body, "Retraitée") {
			return &standin.Fault{Status: http.StatusBadRequest, ScimType: "invalidValue"}
		}
		return nil
	})
	id, other := w.user("marie"), w.user("jean", input{"title": "Retraitée"})
	w.push()
	if a := w.wantState("User", other, push.StateFailed); a.Class != push.ClassNeedsData || a.RemoteID != "" {
		t.Errorf("a creation that was refused: class %s, remote id %q", a.Class, a.RemoteID)
	}
	w.set("User", id, "title", "Retraitée")
	w.push()
	if a := w.wantState("User", id, push.StateFailed); a.Class != push.ClassNeedsData {
		t.Errorf("a change that was refused: class %s", a.Class)
	}
	w.stand.SetFault(nil)
	w.stand.Remove(w.account("User", id).RemoteID) // 404, inside
	w.set("User", id, "title", "Chef")
	w.push()
	w.wantState("User", id, push.StateConfirmed)
	if u := w.stand.User("marie@atelier.fr"); u["title"] != "Chef" {
		t.Errorf("the app holds %v", u)
	}
}

func aPatchIsDoneWithoutABody(t *testing.T, w *world) {
	w.stand.Profile.Answers.Patch = http.StatusNoContent
	id := w.user("marie")
	group := w.group("Vente", id)
	w.push()
	w.set("User", id, "title", "Chef")
	w.set("Group", group, "displayName", "Ventes")
	w.push()
	w.wantState("User", id, push.StateConfirmed)
	w.wantState("Group", group, push.StateConfirmed)
	w.wantMembers("Ventes", "marie")
	if u := w.stand.User("marie@atelier.fr"); u["title"] != "Chef" {
		t.Errorf("the app holds %v", u)
	}
}

// With or without scimType, a conflict means that the name is taken: by an account that an admin may link.
func aTakenNameIsSaidInEitherStyle(t *testing.T, w *world) {
	for _, style := range []string{"uniqueness", "plain"} {
		t.Run(style, func(t *testing.T) {
			w.again(t, func(t *testing.T, w *world) {
				w.stand.Profile.Answers.Conflict, w.stand.Profile.Answers.ExactFilter = style, true
				w.stand.Add(map[string]any{"userName": "marie@atelier.fr", "active": true})
				id := w.user("Marie", input{"userName": "Marie@Atelier.FR"})
				w.push()
				if a := w.wantState("User", id, push.StateFailed); a.Class != push.ClassNeedsAdmin || len(w.stand.Users()) != 1 {
					t.Errorf("class %s, error %q; %d accounts", a.Class, a.Error, len(w.stand.Users()))
				}
				w.change(func(a *push.App) { a.LinkExisting = true })
				w.push()
				w.wantState("User", id, push.StateConfirmed)
			})
		})
	}
}

func whoIsNotThereIsToldByAPageOfHTML(t *testing.T, w *world) {
	w.stand.Profile.Answers.NotFound = "html"
	id, leaver := w.user("marie"), w.user("jean")
	w.push()
	for _, one := range []string{id, leaver} {
		w.stand.Remove(w.account("User", one).RemoteID)
	}
	w.set("User", id, "title", "Chef")
	w.remove("User", leaver)
	w.push()
	w.wantState("User", id, push.StateConfirmed)
	w.wantState("User", leaver, push.StateRemoved)
	if u := w.stand.Users(); len(u) != 1 || u[0]["title"] != "Chef" {
		t.Errorf("the app holds %v, want her account made again", u)
	}
}

// Asana: the whole list comes, whatever page is asked for.
func aListWithoutPagesIsReadOnce(t *testing.T, w *world) {
	const people = 230 // more than two pages of what is asked for
	w.stand.Profile.Paging.Style = "none"
	for i := range people {
		w.stand.Add(map[string]any{"userName": fmt.Sprintf("p%d@atelier.fr", i), "active": true})
	}
	seen := map[string]int{}
	must(t, w.engine.EachUser(t.Context(), w.app, func(d client.Document, _ profiles.Profile) error { seen[d.ID()]++; return nil }))
	if calls := len(w.stand.Heard()); len(seen) != people || calls != 1 {
		t.Errorf("%d accounts in %d calls, want %d in one", len(seen), calls, people)
	}
	for id, times := range seen {
		if times != 1 {
			t.Errorf("%s comes %d times", id, times)
		}
	}
}

// ssosync #194, #278: an app that lists nobody has not lost everybody. Nothing is taken away, nobody is made twice.
func anEmptyListTakesNothingAway(t *testing.T, w *world) {
	ids := []string{w.user("marie"), w.user("jean")}
	w.group("Vente", ids...)
	w.push()
	w.stand.Heard()
	w.stand.ListsNothing = true
	w.clock.advance(time.Hour)
	night := audit.Actor{Kind: audit.ActorSystem, Name: "reconciliation"}
	if r, err := w.engine.Reconcile(t.Context(), night, w.app, true); err == nil || r.Repaired != 0 || !strings.Contains(r.Error, "confirmed 2 of type User") {
		t.Errorf("at night: %+v, %v; want that nothing is concluded", r, err)
	}
	if err := w.engine.Compare(t.Context(), w.app, func(push.Comparison) error { return nil }); err == nil {
		t.Error("a list of nobody is a comparison")
	}
	if err := w.engine.EachUser(t.Context(), w.app, func(client.Document, profiles.Profile) error { return nil }); err == nil {
		t.Error("a list of nobody is believed to be all accounts")
	}
	_, err := w.engine.Reconcile(t.Context(), w.caller.Actor, w.app, true) // somebody asks for it: each is looked at
	must(t, err)
	w.push()
	w.stand.ListsNothing = false
	for _, r := range w.stand.Heard() {
		if r.Method == http.MethodDelete || r.Method == http.MethodPost || strings.Contains(r.Body, `"remove"`) || strings.Contains(r.Body, "false") {
			t.Errorf("%s: %s", r, r.Body)
		}
	}
	w.resync()
	w.push()
	for _, id := range ids {
		w.wantState("User", id, push.StateConfirmed)
	}
	w.wantMembers("Vente", "jean", "marie")
	if n := len(w.stand.Users()); n != 2 || len(w.stand.Groups()) != 1 {
		t.Errorf("the app holds %d accounts and %d groups", n, len(w.stand.Groups()))
	}
}

func aTokenThatEndsStopsTheAppUntilItIsTakenAgain(t *testing.T, w *world) {
	w.stand.Expires = w.clock.Now().Add(time.Hour)
	var ids []string
	for i := range 20 {
		ids = append(ids, w.user(fmt.Sprintf("u%02d", i)))
	}
	w.push()
	w.wantState("User", ids[0], push.StateConfirmed)
	w.stand.Heard()
	w.clock.advance(2 * time.Hour)
	for _, id := range ids {
		w.set("User", id, "title", "Chef")
	}
	w.push()
	app, err := w.db.App(t.Context(), w.app.Company, w.app.ID)
	must(t, err)
	if n := len(w.stand.Heard()); n > 4 || !strings.Contains(app.BlockedReason, "token") || !app.BlockedUntil.After(w.clock.Now()) {
		t.Errorf("%d calls with a token that has ended; blocked until %s: %q", n, app.BlockedUntil, app.BlockedReason)
	}
	w.stand.Expires = time.Time{} // somebody made it last longer
	w.later(25 * time.Hour)
	for _, id := range ids {
		w.wantState("User", id, push.StateConfirmed)
	}
}
