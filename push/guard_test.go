package push_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"proprio/audit"
	"proprio/db/dbtest"
	"proprio/push"
	"proprio/push/standin"
	"proprio/resources"
)

// apps.md 4a, 7; complaint 1: a source that goes wrong must not empty an app.
func TestGuard(t *testing.T) {
	each(t, []scenario{
		aFewLeaversGoAtOnce,
		tooManyLeaversWaitForADecision,
		whatIsAllowedIsSentAndDoesNotHoldTheNextLeaver,
		whatIsRejectedStaysUntilItChanges,
		leaversOfADayAreCountedTogether,
		whoComesBackIsNotHeldAnyMore,
		whoHasNoAccessIsNotCounted,
		theGuardIsOffWhereTheAdminSaysSo,
		groupsCountToo,
		aRepairDecidesNothing,
		whoIsNamedIsAllowed,
		anAccessThatEndsWithAnErrorCounts,
		aManagerWhoComesDecidesNothing,
		whatNoDatabaseKeepsDoesNotStopTheGuard,
	})
}

// staff makes n people who are in the app.
func (w *world) staff(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = w.user(fmt.Sprintf("p%d", i))
	}
	w.push()
	return ids
}

func (w *world) leave(ids ...string) {
	for _, id := range ids {
		w.set("User", id, "active", false)
	}
	w.push()
}

// shut counts who has no access in the app any more.
func (w *world) shut() int {
	n := 0
	for _, u := range w.stand.Users() {
		if u["active"] == false {
			n++
		}
	}
	return n
}

func (w *world) states() map[push.State]int {
	w.t.Helper()
	s, err := push.StatusOf(w.t.Context(), w.db, w.app, w.clock.Now())
	must(w.t, err)
	return s.States
}

func aFewLeaversGoAtOnce(t *testing.T, w *world) {
	w.leave(w.staff(10)[:5]...)
	if n := w.shut(); n != 5 {
		t.Errorf("%d shut, want 5", n)
	}
}

func tooManyLeaversWaitForADecision(t *testing.T, w *world) {
	ids := w.staff(20)
	for _, id := range ids[:3] {
		w.set("User", id, "active", false)
	}
	for _, id := range ids[3:6] {
		w.remove("User", id)
	}
	w.set("User", ids[10], "title", "Chef")
	w.push()
	if n := w.shut(); n != 0 || w.states()[push.StateHeld] != 6 {
		t.Errorf("%d shut, states %v: want nobody, and 6 held", n, w.states())
	}
	if w.stand.User("p10@atelier.fr")["title"] != "Chef" {
		t.Error("what takes nothing away goes on")
	}
	w.leave(ids[6])
	if n := w.shut(); n != 0 || w.states()[push.StateHeld] != 7 {
		t.Errorf("%d shut, states %v: want a further one held", n, w.states())
	}
	entries, err := w.db.Entries(t.Context(), w.caller.Company, audit.Query{Limit: 100})
	must(t, err)
	said := 0
	for _, e := range entries {
		if e.Action == audit.ActionHold && e.ObjectType == "app" && e.ObjectID == w.app.ID {
			said++
		}
	}
	if said == 0 || said > 2 {
		t.Errorf("%d entries tell that removals are held", said)
	}
	w.resync()
	w.clock.advance(48 * time.Hour)
	w.push()
	if n := w.shut(); n != 0 {
		t.Errorf("%d shut: time decides nothing", n)
	}
}

func whatIsAllowedIsSentAndDoesNotHoldTheNextLeaver(t *testing.T, w *world) {
	ids := w.staff(20)
	w.leave(ids[:8]...)
	one := w.account("User", ids[0]).ID
	if n, err := w.engine.Decide(t.Context(), w.caller.Actor, w.app, true, one); err != nil || n != 1 {
		t.Errorf("%d %v", n, err)
	}
	w.push()
	if n := w.shut(); n != 1 {
		t.Errorf("%d shut, want the one that was allowed", n)
	}
	if n, err := w.engine.Decide(t.Context(), w.caller.Actor, w.app, true); err != nil || n != 7 {
		t.Errorf("%d %v", n, err)
	}
	w.push()
	w.leave(ids[8])
	if n := w.shut(); n != 9 || w.states()[push.StateHeld] != 0 {
		t.Errorf("%d shut, states %v", n, w.states())
	}
}

func whatIsRejectedStaysUntilItChanges(t *testing.T, w *world) {
	ids := w.staff(20)
	w.leave(ids[:7]...)
	if n, err := w.engine.Decide(t.Context(), w.caller.Actor, w.app, false); err != nil || n != 7 {
		t.Errorf("%d %v", n, err)
	}
	w.push()
	if n := w.shut(); n != 0 || w.states()[push.StateKept] != 7 {
		t.Errorf("%d shut, states %v", n, w.states())
	}
	w.set("User", ids[0], "title", "Parti")
	w.push()
	if n := w.shut(); n != 1 || w.wantState("User", ids[0], push.StateConfirmed).RetiredAt.IsZero() {
		t.Errorf("%d shut: one that changes again is judged again", n)
	}
}

func leaversOfADayAreCountedTogether(t *testing.T, w *world) {
	ids := w.staff(20)
	for i := range 6 {
		w.leave(ids[i])
		w.clock.advance(time.Hour)
	}
	if n := w.shut(); n != 5 {
		t.Errorf("%d shut within a day, want 5", n)
	}
	_, err := w.engine.Decide(t.Context(), w.caller.Actor, w.app, true)
	must(t, err)
	w.push()
	w.clock.advance(24 * time.Hour)
	w.leave(ids[6:11]...)
	if n := w.shut(); n != 11 {
		t.Errorf("%d shut, want 11: another day", n)
	}
}

func whoComesBackIsNotHeldAnyMore(t *testing.T, w *world) {
	ids := w.staff(20)
	w.leave(ids[:7]...)
	for _, id := range ids[:7] {
		w.set("User", id, "active", true)
	}
	w.push()
	if s := w.states(); s[push.StateHeld] != 0 || s[push.StateConfirmed] != 20 || w.shut() != 0 {
		t.Errorf("states %v", s)
	}
}

func whoHasNoAccessIsNotCounted(t *testing.T, w *world) {
	w.app.Settings.Guard.Off = true
	must(t, dbtest.UpdateApp(t.Context(), w.db, w.caller.Actor, w.app))
	ids := w.staff(20)
	w.leave(ids[:10]...)
	w.app.Settings.Guard.Off = false
	must(t, dbtest.UpdateApp(t.Context(), w.db, w.caller.Actor, w.app))
	w.clock.advance(25 * time.Hour)
	w.resync()
	w.push()
	if s := w.states(); s[push.StateHeld] != 0 || s[push.StateConfirmed] != 20 {
		t.Errorf("states %v after a sync that takes nothing away", s)
	}
}

func theGuardIsOffWhereTheAdminSaysSo(t *testing.T, w *world) {
	w.app.Settings.Guard.Off = true
	must(t, dbtest.UpdateApp(t.Context(), w.db, w.caller.Actor, w.app))
	w.leave(w.staff(12)...)
	if n := w.shut(); n != 12 {
		t.Errorf("%d shut, want 12", n)
	}
}

func groupsCountToo(t *testing.T, w *world) {
	ids := w.staff(3)
	groups := make([]string, 6)
	for i := range groups {
		groups[i] = w.group(fmt.Sprintf("G%d", i), ids...)
	}
	w.push()
	for _, g := range groups {
		w.remove("Group", g)
	}
	w.push()
	if n := len(w.stand.Groups()); n != 6 || w.states()[push.StateHeld] != 6 {
		t.Errorf("%d groups there, states %v", n, w.states())
	}
	_, err := w.engine.Decide(t.Context(), w.caller.Actor, w.app, true)
	must(t, err)
	w.push()
	if n := len(w.stand.Groups()); n != 0 {
		t.Errorf("%d groups there after they were allowed to go", n)
	}
}

func aRepairDecidesNothing(t *testing.T, w *world) {
	ids := w.staff(20)
	w.leave(ids[:8]...)
	_, err := w.engine.Decide(t.Context(), w.caller.Actor, w.app, false, w.account("User", ids[0]).ID, w.account("User", ids[1]).ID)
	must(t, err)
	w.clock.advance(25 * time.Hour)
	_, err = w.engine.Reconcile(t.Context(), w.caller.Actor, w.app, true)
	must(t, err)
	w.push()
	if s := w.states(); w.shut() != 0 || s[push.StateHeld] != 6 || s[push.StateKept] != 2 {
		t.Errorf("%d shut, states %v", w.shut(), s)
	}
}

func whoIsNamedIsAllowed(t *testing.T, w *world) {
	ids := w.staff(20)
	for _, id := range ids[:8] {
		w.set("User", id, "active", false)
		if p := w.provision("User", id); p.State != push.StateConfirmed {
			t.Errorf("%+v", p)
		}
	}
	w.leave(ids[8])
	if n := w.shut(); n != 9 || w.states()[push.StateHeld] != 0 {
		t.Errorf("%d shut, states %v: what was asked for by name holds nobody else", n, w.states())
	}
}

// A leaver whom the app would not take as a User any more loses the access all the same, and counts.
func anAccessThatEndsWithAnErrorCounts(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "single" })
	ids := w.staff(20)
	for _, id := range ids[:7] {
		w.set("User", id, "name.familyName", nil)
		w.leave(id)
	}
	if n := w.shut(); n != 5 || w.account("User", ids[0]).RetiredAt.IsZero() {
		t.Errorf("%d shut, want 5; retired at %s", n, w.account("User", ids[0]).RetiredAt)
	}
}

// Reports are sent again when their manager appears in the app: not those whose end an administrator refused.
func aManagerWhoComesDecidesNothing(t *testing.T, w *world) {
	away := true
	w.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if away && r.Method == http.MethodPost && strings.Contains(r.Body, "boss@") {
			return &standin.Fault{Status: 400, ScimType: "invalidValue"}
		}
		return nil
	})
	boss := w.user("boss")
	ids := w.staff(20)
	for _, id := range ids[:8] {
		w.set("User", id, resources.SchemaEnterprise+":manager.value", boss)
	}
	w.push()
	w.leave(ids[:8]...)
	_, err := w.engine.Decide(t.Context(), w.caller.Actor, w.app, false, w.account("User", ids[0]).ID, w.account("User", ids[1]).ID)
	must(t, err)
	_, err = w.engine.Decide(t.Context(), w.caller.Actor, w.app, true, w.account("User", ids[2]).ID)
	must(t, err)
	w.push()
	away = false
	w.set("User", boss, "title", "Directrice")
	w.push()
	if s := w.states(); w.shut() != 1 || s[push.StateHeld] != 5 || s[push.StateKept] != 2 {
		t.Errorf("%d shut, states %v", w.shut(), s)
	}
}

// Apps show texts with NUL in them, of which Postgres makes no JSON.
func whatNoDatabaseKeepsDoesNotStopTheGuard(t *testing.T, w *world) {
	ids := w.staff(20)
	w.stand.Change(w.account("User", ids[0]).RemoteID, func(u map[string]any) { u["nickName"] = "a\x00b\\u0000" })
	w.set("User", ids[0], "nickName", "Zed")
	w.push()
	w.stand.Change(w.account("User", ids[1]).RemoteID, func(u map[string]any) { u["displayName"] = "a\x00\x00b\\u0000" })
	w.clock.advance(time.Minute)
	_, err := w.engine.Reconcile(t.Context(), w.caller.Actor, w.app, true)
	must(t, err)
	w.leave(ids[:8]...)
	if n := w.states()[push.StateHeld]; n != 8 {
		t.Errorf("%d held, want 8", n)
	}
}
