package push_test

import (
	"strings"
	"testing"
	"time"

	"proprio/push"
	"proprio/push/standin"
	"proprio/resources"
)

func TestUsers(t *testing.T) {
	each(t, []scenario{
		userIsCreatedAfterALookUpAndConfirmed,
		privateAddressesAreNoAppsBusiness,
		nothingIsSentWhenNothingTheAppHoldsChanged,
		anUpdateSendsOnlyTheDifference,
		deactivationAndReactivationAreOnePatchEach,
		anInactiveUserIsNeverCreated,
		everyWayOutDeactivates,
		oneWhoComesBackIntoTheScopeIsReactivated,
		aNewUserTakesOverTheTombstonesAccount,
		nobodyInheritsWhatAnotherWasWritten,
		anAccountThatMustBeReactivatedByHandWaitsForItsNewUserToo,
		anUnmanagedAccountIsNotTouched,
		linkingAnExistingAccountIsADecisionThenKeepsTheDirectorysCase,
		a409OfAnotherLetterCaseIsFoundAndDecided,
		a409WithoutAVisibleAccountSaysSoAndDoesNotLoop,
		anAccountDeletedInTheAppIsMadeAgainOnce,
		a404OnDeactivationIsDone,
		aWrongAddressIsNotTakenForADeletedAccount,
		anotherAddressMayHoldSomebodyElseUnderTheSameID,
		theManagerFollowsWhenItsAccountAppears,
		twoWhoManageEachOther,
	})
}

func userIsCreatedAfterALookUpAndConfirmed(t *testing.T, w *world) {
	id := w.user("marie")
	w.push()
	a := w.wantState("User", id, push.StateConfirmed)
	u := w.stand.User("marie@atelier.fr")
	if u == nil || u["id"] != a.RemoteID || u["externalId"] != id || a.Origin != push.OriginCreated {
		t.Fatalf("app holds %v for account %+v", u, a)
	}
	r := w.stand.Heard()
	if len(r) != 2 || !strings.Contains(r[0].Path, "userName+eq+%22marie%40atelier.fr%22") || r[1].Method != "POST" {
		t.Errorf("requests %v, want a look-up and a creation", r)
	}
	for _, own := range []string{resources.SchemaOwnership, "meta", "groups", "password"} {
		if _, ok := u[own]; ok {
			t.Errorf("%s was sent to the app", own)
		}
	}
}

func nothingIsSentWhenNothingTheAppHoldsChanged(t *testing.T, w *world) {
	id := w.user("marie")
	w.push()
	w.stand.Heard()
	w.resync()
	w.push()
	w.wantState("User", id, push.StateConfirmed)
	if r := w.stand.Heard(); len(r) != 0 {
		t.Errorf("requests %v, want none", r)
	}
}

func anUpdateSendsOnlyTheDifference(t *testing.T, w *world) {
	id := w.user("marie", input{"title": "Comptable", "name": map[string]any{"givenName": "Marie", "familyName": "Martin", "middleName": "L."}})
	w.push()
	w.stand.Heard()
	w.set("User", id, "userName", "marie.martin@atelier.fr")
	w.set("User", id, "name.familyName", "Durand")
	w.set("User", id, "name.middleName", nil)
	w.set("User", id, "title", nil)
	w.push()
	r := w.stand.Heard()
	if len(r) != 1 || r[0].Method != "PATCH" {
		t.Fatalf("requests %v, want one PATCH", r)
	}
	if strings.Contains(r[0].Body, "givenName") || strings.Contains(r[0].Body, "emails") {
		t.Errorf("PATCH %s repeats what did not change", r[0].Body)
	}
	u := w.stand.User("marie.martin@atelier.fr")
	name, _ := u["name"].(map[string]any)
	if u == nil || name["familyName"] != "Durand" || name["middleName"] != nil || name["givenName"] != "Marie" || u["title"] != nil {
		t.Errorf("the app holds %v", u)
	}
}

func deactivationAndReactivationAreOnePatchEach(t *testing.T, w *world) {
	id := w.user("marie")
	w.push()
	for _, active := range []bool{false, true} {
		w.stand.Heard()
		w.set("User", id, "active", active)
		w.push()
		if r := w.stand.Heard(); len(r) != 1 || r[0].Method != "PATCH" {
			t.Errorf("active=%v: requests %v, want one PATCH", active, r)
		}
		if got := w.stand.User("marie@atelier.fr")["active"]; got != active {
			t.Errorf("the app holds active=%v, want %v", got, active)
		}
		w.wantState("User", id, push.StateConfirmed)
	}
}

func anInactiveUserIsNeverCreated(t *testing.T, w *world) {
	id := w.user("marie", input{"active": false})
	w.push()
	if r := w.stand.Heard(); len(r) != 0 {
		t.Fatalf("requests %v, want none", r)
	}
	w.set("User", id, "active", true)
	w.push()
	w.wantState("User", id, push.StateConfirmed)
}

// Every way out of an app ends in a deactivation, not in a deletion, and is kept until the app has confirmed.
func everyWayOutDeactivates(t *testing.T, w *world) {
	ways := map[string]func(w *world, user, group string){
		"removed":             func(w *world, user, _ string) { w.remove("User", user) },
		"left the scope":      func(w *world, user, group string) { w.modify("Group", group, resources.OpRemove, "members", nil) },
		"scope group removed": func(w *world, _, group string) { w.remove("Group", group) },
		"held": func(w *world, user, _ string) {
			w.policy.held.Store("marie@atelier.fr", "outside-domain")
			w.set("User", user, "title", "x")
		},
	}
	for name, out := range ways {
		t.Run(name, func(t *testing.T) {
			w.again(t, func(t *testing.T, w *world) {
				user := w.user("marie")
				group := w.group("Vente", user)
				w.change(func(a *push.App) { a.ScopeGroups = []string{group} })
				w.push()
				w.wantState("User", user, push.StateConfirmed)
				w.stand.SetFault(func(int, standin.Request) *standin.Fault { return &standin.Fault{Status: 503} })
				out(w, user, group)
				w.push()
				w.wantState("User", user, push.StateFailed)
				w.stand.SetFault(nil)
				w.stand.Heard()
				w.later(time.Hour)
				a := w.wantState("User", user, push.StateRemoved)
				if a.Wish != push.WishInactive || w.stand.User("marie@atelier.fr")["active"] != false {
					t.Errorf("account %+v, the app holds %v", a, w.stand.User("marie@atelier.fr"))
				}
				if r := w.stand.Heard(); count(r, "DELETE", "/Users") != 0 {
					t.Errorf("requests %v, want no deletion of a User", r)
				}
			})
		})
	}
}

func oneWhoComesBackIntoTheScopeIsReactivated(t *testing.T, w *world) {
	user := w.user("marie")
	group := w.group("Vente", user)
	w.change(func(a *push.App) { a.ScopeGroups = []string{group} })
	w.push()
	w.modify("Group", group, resources.OpRemove, "members", nil)
	w.push()
	w.wantState("User", user, push.StateRemoved)
	w.modify("Group", group, resources.OpAdd, "members", refs([]string{user}))
	w.push()
	w.wantState("User", user, push.StateConfirmed)
	if w.stand.User("marie@atelier.fr")["active"] != true || len(w.stand.Users()) != 1 {
		t.Errorf("the app holds %v", w.stand.Users())
	}
	if m, _ := w.stand.Members("Vente"); len(m) != 1 {
		t.Errorf("members %v, want marie again", m)
	}
}

// A person is removed and comes again under a new id: the account made from here is taken up again, without a decision.
func aNewUserTakesOverTheTombstonesAccount(t *testing.T, w *world) {
	first := w.user("marie")
	w.push()
	w.remove("User", first)
	w.push()
	second := w.user("marie")
	w.push()
	a := w.wantState("User", second, push.StateConfirmed)
	u := w.stand.User("marie@atelier.fr")
	if len(w.stand.Users()) != 1 || u["active"] != true || u["externalId"] != second || a.Origin != push.OriginCreated {
		t.Errorf("account %+v, the app holds %v", a, w.stand.Users())
	}
	w.resync()
	w.push()
	if w.stand.User("marie@atelier.fr")["active"] != true {
		t.Error("the old tombstone deactivated the new person")
	}
}

func anUnmanagedAccountIsNotTouched(t *testing.T, w *world) {
	w.stand.Add(map[string]any{"userName": "Marie@Atelier.fr", "active": true, "title": "hers"})
	w.stand.Add(map[string]any{"userName": "other@gmail.com", "active": true})
	id := w.user("marie")
	w.push()
	a := w.wantState("User", id, push.StateFailed)
	if a.Class != push.ClassNeedsAdmin || !strings.Contains(a.Error, "link existing accounts") {
		t.Errorf("class %s, error %q: want words that say what to decide", a.Class, a.Error)
	}
	w.set("User", id, "active", false)
	w.push()
	w.remove("User", id)
	w.push()
	for _, r := range w.stand.Heard() {
		if r.Method != "GET" {
			t.Errorf("%s %s: an account that is not ours was written to", r, r.Body)
		}
	}
	if w.stand.User("marie@atelier.fr")["active"] != true || w.stand.User("other@gmail.com")["active"] != true {
		t.Errorf("the app holds %v", w.stand.Users())
	}
}

func linkingAnExistingAccountIsADecisionThenKeepsTheDirectorysCase(t *testing.T, w *world) {
	remote := w.stand.Add(map[string]any{"userName": "MARIE@atelier.fr", "active": true, "nickName": "hers"})
	id := w.user("Marie")
	w.push()
	w.wantState("User", id, push.StateFailed)
	w.change(func(a *push.App) { a.LinkExisting = true })
	w.push()
	a := w.wantState("User", id, push.StateConfirmed)
	u := w.stand.User("marie@atelier.fr")
	if a.RemoteID != remote || a.Origin != push.OriginLinked || u["userName"] != "Marie@atelier.fr" || u["nickName"] != "hers" {
		t.Errorf("account %+v, the app holds %v", a, u)
	}
}

// apps.md 5, complaint 5: the app searches with letter case and is unique without.
func a409OfAnotherLetterCaseIsFoundAndDecided(t *testing.T, w *world) {
	w.stand.Profile.Answers.ExactFilter = true
	w.stand.Add(map[string]any{"userName": "marie@atelier.fr", "active": true})
	id := w.user("Marie", input{"userName": "Marie@Atelier.FR"})
	w.push()
	a := w.wantState("User", id, push.StateFailed)
	if a.Class != push.ClassNeedsAdmin || len(w.stand.Users()) != 1 {
		t.Errorf("class %s, error %q, users %v", a.Class, a.Error, w.stand.Users())
	}
	w.change(func(a *push.App) { a.LinkExisting = true })
	w.push()
	w.wantState("User", id, push.StateConfirmed)
	if u := w.stand.User("marie@atelier.fr"); u["userName"] != "Marie@Atelier.FR" || len(w.stand.Users()) != 1 {
		t.Errorf("the app holds %v", w.stand.Users())
	}
}

func a409WithoutAVisibleAccountSaysSoAndDoesNotLoop(t *testing.T, w *world) {
	w.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if r.Method == "POST" {
			return &standin.Fault{Status: 409, ScimType: "uniqueness"}
		}
		return nil
	})
	id := w.user("marie")
	w.push()
	a := w.wantState("User", id, push.StateFailed)
	if a.Class != push.ClassNeedsData || !strings.Contains(a.Error, "does not show it") {
		t.Errorf("class %s, error %q", a.Class, a.Error)
	}
	w.stand.Heard()
	w.later(time.Minute)
	if r := w.stand.Heard(); len(r) != 0 {
		t.Errorf("requests %v a minute later, want none", r)
	}
}

func anAccountDeletedInTheAppIsMadeAgainOnce(t *testing.T, w *world) {
	id := w.user("marie")
	group := w.group("Vente", id)
	w.push()
	old := w.account("User", id).RemoteID
	w.stand.Remove(old)
	w.set("User", id, "title", "Comptable")
	w.push()
	a := w.wantState("User", id, push.StateConfirmed)
	if a.RemoteID == old || w.stand.User("marie@atelier.fr")["title"] != "Comptable" {
		t.Errorf("account %+v, the app holds %v", a, w.stand.Users())
	}
	w.wantState("Group", group, push.StateConfirmed)
	if m, _ := w.stand.Members("Vente"); len(m) != 1 {
		t.Errorf("members %v: the new account is not in the Group", m)
	}
}

func a404OnDeactivationIsDone(t *testing.T, w *world) {
	id := w.user("marie")
	w.push()
	w.stand.Remove(w.account("User", id).RemoteID)
	w.remove("User", id)
	w.push()
	w.wantState("User", id, push.StateRemoved)
	if len(w.stand.Users()) != 0 {
		t.Errorf("the app holds %v", w.stand.Users())
	}
}

// clients.md 5, rule 2: a 404 that everything answers says nothing about one account.
func aWrongAddressIsNotTakenForADeletedAccount(t *testing.T, w *world) {
	id := w.user("marie")
	w.push()
	w.stand.Profile.Answers.NotFound = "html"
	w.stand.SetFault(func(int, standin.Request) *standin.Fault { return &standin.Fault{Status: 404} })
	w.remove("User", id)
	w.push()
	a := w.wantState("User", id, push.StateFailed)
	app, err := w.db.App(t.Context(), w.app.Company, w.app.ID)
	must(t, err)
	if a.RemoteID == "" || app.BlockedUntil.IsZero() || !strings.Contains(app.BlockedReason, "URL") {
		t.Errorf("account %+v, app %+v", a, app)
	}
	w.stand.SetFault(nil)
	w.later(time.Hour)
	w.wantState("User", id, push.StateRemoved)
	if w.stand.User("marie@atelier.fr")["active"] != false {
		t.Error("the leaver's account is still active")
	}
}

// The app's address is changed to another service that counts its ids the same way.
func anotherAddressMayHoldSomebodyElseUnderTheSameID(t *testing.T, w *world) {
	kept, leaver := w.user("marie"), w.user("jean")
	w.push()
	other := newStand(t, w.clock.Now)
	for _, id := range []string{kept, leaver} {
		remote := w.account("User", id).RemoteID
		other.Add(map[string]any{"id": remote, "userName": remote + "@elsewhere.fr", "active": true})
	}
	w.remove("User", leaver)
	w.change(func(a *push.App) { a.URL = other.URL })
	w.push()
	for _, u := range other.Users() {
		if strings.HasSuffix(u["userName"].(string), "elsewhere.fr") && (u["active"] != true || len(u) != 3) {
			t.Errorf("%s, who is somebody else there, was touched: %v", u["id"], u)
		}
	}
	w.wantState("User", kept, push.StateConfirmed)
	if other.User("marie@atelier.fr") == nil {
		t.Error("marie has no account at the new address")
	}
	moved := w.stand // and back to the first, where both are known
	w.change(func(a *push.App) { a.URL = moved.URL })
	w.push()
	w.wantState("User", kept, push.StateConfirmed)
	if len(moved.Users()) != 2 {
		t.Errorf("the first service holds %v", moved.Users())
	}
}

func theManagerFollowsWhenItsAccountAppears(t *testing.T, w *world) {
	boss := w.user("boss", input{"active": false})
	clerk := w.user("clerk", input{resources.SchemaEnterprise: map[string]any{"department": "Vente", "manager": map[string]any{"value": boss}}})
	w.push()
	ext, _ := w.stand.User("clerk@atelier.fr")[resources.SchemaEnterprise].(map[string]any)
	if ext["manager"] != nil || ext["department"] != "Vente" {
		t.Fatalf("the app holds %v, want no manager yet", ext)
	}
	w.set("User", boss, "active", true)
	w.push()
	w.wantState("User", clerk, push.StateConfirmed)
	ext, _ = w.stand.User("clerk@atelier.fr")[resources.SchemaEnterprise].(map[string]any)
	manager, _ := ext["manager"].(map[string]any)
	if manager["value"] != w.account("User", boss).RemoteID {
		t.Errorf("manager %v, want %s", manager, w.account("User", boss).RemoteID)
	}
}

// Both are new and pushed at once, each the other's manager.
func twoWhoManageEachOther(t *testing.T, w *world) {
	a := w.user("a")
	b := w.user("b", input{resources.SchemaEnterprise: map[string]any{"manager": map[string]any{"value": a}}})
	w.set("User", a, resources.SchemaEnterprise+":manager.value", b)
	w.push()
	for _, id := range []string{a, b} {
		w.wantState("User", id, push.StateConfirmed)
		ext, _ := w.stand.Resource(w.account("User", id).RemoteID)[resources.SchemaEnterprise].(map[string]any)
		if ext["manager"] == nil {
			t.Errorf("%s has no manager in the app", w.account("User", id).ObjectName)
		}
	}
}
