package push_test

import (
	"net/http"
	"testing"
	"time"

	"proprio/db/dbtest"
	"proprio/push"
)

// apps.md 4a, 6: DELETE only where the app's settings say so, after a delay.
func TestDelete(t *testing.T) {
	each(t, []scenario{
		nobodyIsDeletedUnlessTheAppAsksForIt,
		whoLeftLongAgoIsDeleted,
		whoIsOnlyInactiveIsNotDeleted,
		whoCameBackAndLeavesAgainIsNotDeletedAtOnce,
		whatWasLinkedIsNotDeleted,
		whoIsGoneThereAlreadyIsDone,
		whereNothingIsDeletedNobodyIsLookedAt,
	})
}

func (w *world) deleteAfter(days int) {
	w.t.Helper()
	w.app.Settings.DeleteAfterDays = days
	must(w.t, dbtest.UpdateApp(w.t.Context(), w.db, w.caller.Actor, w.app))
}

// expire looks for what is to be deleted some days later.
func (w *world) expire(days int) {
	w.t.Helper()
	w.clock.advance(time.Duration(days) * 24 * time.Hour)
	w.stand.Heard()
	_, err := w.engine.Expire(w.t.Context(), w.app)
	must(w.t, err)
	w.push()
}

func nobodyIsDeletedUnlessTheAppAsksForIt(t *testing.T, w *world) {
	id := w.user("marie")
	w.push()
	w.remove("User", id)
	w.push()
	w.expire(4000)
	if heard := w.stand.Heard(); w.stand.User("marie@atelier.fr") == nil || len(heard) != 0 {
		t.Errorf("it heard %v", heard)
	}
}

func whoLeftLongAgoIsDeleted(t *testing.T, w *world) {
	w.deleteAfter(30)
	id := w.user("marie")
	w.push()
	w.remove("User", id)
	w.push()
	w.expire(29)
	if u := w.stand.User("marie@atelier.fr"); u == nil || u["active"] != false {
		t.Errorf("after 29 days the app holds %v", u)
	}
	w.expire(1)
	if u := w.stand.User("marie@atelier.fr"); u != nil {
		t.Errorf("after 30 days the app holds %v", u)
	}
	if a := w.wantState("User", id, push.StateRemoved); a.RemoteID != "" {
		t.Errorf("the row still names %s", a.RemoteID)
	}
	w.expire(1)
	if heard := w.stand.Heard(); len(heard) != 0 {
		t.Errorf("once is enough: %v", heard)
	}
	w.user("marie")
	w.push()
	if w.stand.User("marie@atelier.fr") == nil {
		t.Error("a new person of that name has no account")
	}
}

func whoIsOnlyInactiveIsNotDeleted(t *testing.T, w *world) {
	w.deleteAfter(30)
	id := w.user("marie")
	w.push()
	w.leave(id)
	w.expire(60)
	if w.stand.User("marie@atelier.fr") == nil {
		t.Error("who is in the directory, inactive, keeps the account")
	}
}

func whoCameBackAndLeavesAgainIsNotDeletedAtOnce(t *testing.T, w *world) {
	w.deleteAfter(30)
	id := w.user("marie")
	w.push()
	w.leave(id)
	w.clock.advance(20 * 24 * time.Hour)
	w.set("User", id, "active", true)
	w.push()
	w.clock.advance(20 * 24 * time.Hour)
	w.remove("User", id)
	w.push()
	w.expire(29)
	if u := w.stand.User("marie@atelier.fr"); u == nil || u["active"] != false {
		t.Errorf("the days count from when the access ended: %v", u)
	}
	w.expire(1)
	if w.stand.User("marie@atelier.fr") != nil {
		t.Error("it was not deleted")
	}
}

func whatWasLinkedIsNotDeleted(t *testing.T, w *world) {
	w.deleteAfter(1)
	w.stand.Add(map[string]any{"userName": "marie@atelier.fr", "active": true})
	w.change(func(a *push.App) { a.LinkExisting = true })
	id := w.user("marie")
	w.push()
	w.remove("User", id)
	w.push()
	w.expire(100)
	if u := w.stand.User("marie@atelier.fr"); u == nil || u["active"] != false {
		t.Errorf("the app holds %v", u)
	}
}

func whoIsGoneThereAlreadyIsDone(t *testing.T, w *world) {
	w.deleteAfter(1)
	id := w.user("marie")
	w.push()
	w.remove("User", id)
	w.push()
	w.stand.Remove(w.account("User", id).RemoteID)
	w.expire(2)
	if a := w.wantState("User", id, push.StateRemoved); a.RemoteID != "" || count(w.stand.Heard(), http.MethodDelete, "/Users") != 1 {
		t.Errorf("%+v", a)
	}
}

func whereNothingIsDeletedNobodyIsLookedAt(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "delete" })
	w.deleteAfter(1)
	id := w.user("marie")
	w.push()
	w.remove("User", id)
	w.push()
	w.clock.advance(48 * time.Hour)
	if n, err := w.engine.Expire(t.Context(), w.app); err != nil || n != 0 {
		t.Errorf("%d are due, %v", n, err)
	}
}
