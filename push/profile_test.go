package push_test

import (
	"net/http"
	"strings"
	"testing"

	"proprio/push"
	"proprio/push/standin"
	"proprio/resources"
)

func TestProfiles(t *testing.T) {
	each(t, []scenario{
		profilesThroughTheLifeOfAnAccount,
		aRequiredAttributeIsAskedForWithoutACallButALeaverIsStillDeactivated,
		aRefusedChangeDoesNotKeepALeaversAccessOpen,
		whereReactivationIsAHandsWorkItIsAskedForAndThenNoticed,
		deactivationByDeleteWhereThatIsWhatItMeans,
		aLinkedAccountIsNeverDeleted,
	})
}

// The profiles' switches, each through the life of one account.
func profilesThroughTheLifeOfAnAccount(t *testing.T, w *world) {
	for _, profile := range []string{"object", "put", "single"} {
		t.Run(profile, func(t *testing.T) {
			w.again(t, func(t *testing.T, w *world) {
				w.change(func(a *push.App) { a.Profile = profile })
				id := w.user("marie", input{"title": "Comptable", "emails": []any{
					map[string]any{"value": "old@atelier.fr", "type": "other"},
					map[string]any{"value": "marie@atelier.fr", "type": "work", "primary": true}},
					resources.SchemaEnterprise: map[string]any{"department": "Vente", "costCenter": "7"}})
				w.push()
				w.wantState("User", id, push.StateConfirmed)
				w.set("User", id, "title", nil)
				w.set("User", id, resources.SchemaEnterprise+":department", "Achats")
				w.set("User", id, "active", false)
				w.push()
				w.wantState("User", id, push.StateConfirmed)
				u := w.stand.User("marie@atelier.fr")
				ext, _ := u[resources.SchemaEnterprise].(map[string]any)
				if u["title"] != nil || ext["department"] != "Achats" || ext["costCenter"] != "7" || u["active"] != false {
					t.Errorf("the app holds %v", u)
				}
				if list := u["emails"].([]any); profile == "single" && (len(list) != 1 || list[0].(map[string]any)["value"] != "marie@atelier.fr") {
					t.Errorf("emails %v, want the primary one", list)
				}
				w.remove("User", id)
				w.push()
				w.wantState("User", id, push.StateRemoved)
			})
		})
	}
}

func aRequiredAttributeIsAskedForWithoutACallButALeaverIsStillDeactivated(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "single" })
	id := w.user("marie")
	w.push()
	w.set("User", id, "name.familyName", nil)
	w.stand.Heard()
	w.push()
	a := w.wantState("User", id, push.StateFailed)
	if a.Class != push.ClassNeedsData || !strings.Contains(a.Error, "name.familyName") || len(w.stand.Heard()) != 0 {
		t.Errorf("class %s, error %q", a.Class, a.Error)
	}
	w.set("User", id, "active", false)
	w.push()
	if w.stand.User("marie@atelier.fr")["active"] != false {
		t.Error("a missing attribute kept a leaver's access open")
	}
}

func aRefusedChangeDoesNotKeepALeaversAccessOpen(t *testing.T, w *world) {
	id := w.user("marie")
	w.push()
	w.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if strings.Contains(r.Body, "Retraitée") {
			return &standin.Fault{Status: 400, ScimType: "invalidValue"}
		}
		return nil
	})
	w.set("User", id, "title", "Retraitée")
	w.set("User", id, "active", false)
	w.push()
	a := w.wantState("User", id, push.StateFailed)
	if w.stand.User("marie@atelier.fr")["active"] != false || !strings.Contains(a.Error, "is deactivated") {
		t.Errorf("error %q, the app holds %v", a.Error, w.stand.User("marie@atelier.fr"))
	}
}

func whereReactivationIsAHandsWorkItIsAskedForAndThenNoticed(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "one-way" })
	id := w.user("marie")
	w.push()
	w.set("User", id, "active", false)
	w.push()
	w.set("User", id, "active", true)
	w.push()
	a := w.wantState("User", id, push.StateFailed)
	if a.Class != push.ClassNeedsAdmin || !strings.Contains(a.Error, "reactivate") {
		t.Errorf("class %s, error %q", a.Class, a.Error)
	}
	w.stand.Change(a.RemoteID, func(u map[string]any) { u["active"] = true })
	must(t, w.db.RetryAccount(t.Context(), w.caller.Actor, w.app.Company, a.ID, w.clock.Now()))
	w.push()
	w.wantState("User", id, push.StateConfirmed)
}

func deactivationByDeleteWhereThatIsWhatItMeans(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "delete" })
	id := w.user("marie")
	w.push()
	w.remove("User", id)
	w.push()
	w.wantState("User", id, push.StateRemoved)
	if r := w.stand.Heard(); count(r, "DELETE", "/Users/") != 1 {
		t.Errorf("requests %v", r)
	}
}

// What was there before it was linked is not the engine's to delete, whatever the product's way.
func aLinkedAccountIsNeverDeleted(t *testing.T, w *world) {
	refuse := func(_ int, r standin.Request) *standin.Fault {
		if r.Method == http.MethodPatch {
			return &standin.Fault{Status: http.StatusNotImplemented}
		}
		return nil
	}
	ignore := func(_ int, r standin.Request) *standin.Fault {
		if r.Method == http.MethodPatch {
			return &standin.Fault{Status: http.StatusNoContent}
		}
		return nil
	}
	for name, product := range map[string]func(int, standin.Request) *standin.Fault{
		"can be made inactive": nil, "refuses active": refuse, "ignores active": ignore,
	} {
		w.again(t, func(t *testing.T, w *world) {
			remote := w.stand.Add(map[string]any{"userName": "marie@atelier.fr", "active": true})
			w.change(func(a *push.App) { a.Profile, a.LinkExisting = "delete", true })
			id := w.user("marie")
			w.push()
			if a := w.wantState("User", id, push.StateConfirmed); a.Origin != push.OriginLinked || a.RemoteID != remote {
				t.Fatalf("%s: account %+v", name, a)
			}
			w.stand.SetFault(product)
			w.remove("User", id)
			w.push()
			if product != nil {
				a := w.wantState("User", id, push.StateFailed)
				if a.Class != push.ClassNeedsAdmin || !strings.Contains(a.Error, "by hand") {
					t.Errorf("%s: class %s, error %q; want to be told what to do", name, a.Class, a.Error)
				}
				w.stand.Change(remote, func(u map[string]any) { u["active"] = false })
				must(t, w.db.RetryAccount(t.Context(), w.caller.Actor, w.app.Company, a.ID, w.clock.Now()))
				w.push()
			}
			w.wantState("User", id, push.StateRemoved)
			if u := w.stand.User("marie@atelier.fr"); u == nil || u["active"] != false {
				t.Errorf("%s: the app holds %v, want the account there and inactive", name, u)
			}
			if r := w.stand.Heard(); count(r, http.MethodDelete, "/Users") != 0 {
				t.Errorf("%s: requests %v, want no deletion", name, r)
			}
		})
	}
}
