package push_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"proprio/push"
	"proprio/push/standin"
	"proprio/resources"
)

// Somebody is removed, and somebody with the same userName comes: the app's account is taken up again, without what was
// written for the former person, and with what others wrote there.
func nobodyInheritsWhatAnotherWasWritten(t *testing.T, w *world) {
	for _, profile := range []string{"generic", "object", "put"} {
		w.again(t, func(t *testing.T, w *world) {
			w.change(func(a *push.App) { a.Profile = profile })
			first := w.user("marie", input{"title": "Acheteuse", "schemas": []any{resources.SchemaUser, resources.SchemaEnterprise},
				"name":                     map[string]any{"givenName": "marie", "middleName": "Zoé", "familyName": "Martin"},
				"phoneNumbers":             []any{map[string]any{"value": "+33 6 12 34 56 78", "type": "mobile"}},
				resources.SchemaEnterprise: map[string]any{"employeeNumber": "0042", "department": "Achats"}})
			w.push()
			remote := w.account("User", first).RemoteID
			w.stand.Change(remote, func(u map[string]any) { u["nickName"] = "by hand" })
			w.remove("User", first)
			w.push()
			second := w.user("marie", input{"title": "Acheteuse", "schemas": []any{resources.SchemaUser, resources.SchemaEnterprise},
				resources.SchemaEnterprise: map[string]any{"department": "Vente"}})
			w.push()
			a := w.wantState("User", second, push.StateConfirmed)
			if a.RemoteID != remote || a.Origin != push.OriginCreated {
				t.Errorf("%s: account %+v, want the one of id %s", profile, a, remote)
			}
			got := w.stand.User("marie@atelier.fr")
			delete(got, "schemas")
			want := map[string]any{"id": remote, "externalId": second, "userName": "marie@atelier.fr", "active": true, "nickName": "by hand",
				"displayName": "marie", "title": "Acheteuse", "name": map[string]any{"givenName": "marie", "familyName": "Martin"},
				"emails":                   []any{map[string]any{"value": "marie@atelier.fr", "type": "work", "primary": true}},
				resources.SchemaEnterprise: map[string]any{"department": "Vente"}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: the app's account (-want +got):\n%s", profile, diff)
			}
			w.stand.Heard()
			w.resync()
			w.push()
			for _, r := range w.stand.Heard() {
				t.Errorf("%s: once taken over, nothing is left to say: %s %s", profile, r, r.Body)
			}
		})
	}
}

// What a former person left is cleared, too, when the app was down in between, and after the reactivation by hand that
// some products ask for.
func anAccountThatMustBeReactivatedByHandWaitsForItsNewUserToo(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "one-way" })
	first := w.user("marie", input{"title": "Acheteuse"})
	w.push()
	w.remove("User", first)
	w.push()
	second := w.user("marie")
	w.push()
	if a := w.wantState("User", second, push.StateFailed); a.Class != push.ClassNeedsAdmin || !strings.Contains(a.Error, "reactivate") {
		t.Errorf("class %s, error %q", a.Class, a.Error)
	}
	for _, u := range w.stand.Users() {
		w.stand.Change(u["id"].(string), func(u map[string]any) { u["active"] = true })
	}
	must(t, w.db.RetryAccount(t.Context(), w.caller.Actor, w.app.Company, w.account("User", second).ID, w.clock.Now()))
	w.push()
	w.wantState("User", second, push.StateConfirmed)
	if u := w.stand.User("marie@atelier.fr"); u["title"] != nil || u["externalId"] != second || u["active"] != true {
		t.Errorf("the app holds %v", u)
	}
}

// A Group comes again under its name while the members of the former one could not be taken out: they leave with the
// take-over, those that others put in stay.
func aGroupInheritsNoMembersOfAFormerOne(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "emptied" })
	hand := w.stand.Add(map[string]any{"userName": "hand@atelier.fr", "active": true})
	a, b := w.user("a"), w.user("b")
	first := w.group("Vente", a)
	w.push()
	remote := w.account("Group", first).RemoteID
	w.stand.Change(remote, func(g map[string]any) {
		list, _ := g["members"].([]any)
		g["members"] = append(list, map[string]any{"value": hand})
	})
	w.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if r.Method == http.MethodPatch {
			return &standin.Fault{Status: http.StatusInternalServerError}
		}
		return nil
	})
	w.remove("Group", first)
	w.push()
	w.wantState("Group", first, push.StateFailed)
	second := w.group("Vente", b)
	w.push()
	w.stand.SetFault(nil)
	w.later(time.Hour)
	w.wantMembers("Vente", "b", "hand")
	w.wantState("Group", first, push.StateRemoved)
	if g := w.wantState("Group", second, push.StateConfirmed); g.RemoteID != remote || w.stand.Resource(remote)["externalId"] != second {
		t.Errorf("account %+v, the app holds %v", g, w.stand.Resource(remote))
	}
}
