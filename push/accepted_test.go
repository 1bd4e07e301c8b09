package push_test

import (
	"net/http"
	"testing"
	"time"

	"proprio/push"
	"proprio/push/standin"
)

// apps.md 4b: a reply of success can be ahead of the truth.
func TestAccepted(t *testing.T) {
	each(t, []scenario{
		whatArrivedIsConfirmedLater,
		aDeactivationThatDidNotArriveIsSentAgain,
		anAccountThatNeverCameIsMadeAgain,
		membersThatNeverCameArePutInAgain,
		aChangeMeanwhileDoesNotWait,
		aProductThatIsNotAheadIsBelieved,
	})
}

// log is what was exchanged about an account, newest first.
func (w *world) log(a push.Account) []push.Attempt {
	w.t.Helper()
	list, err := w.db.Attempts(w.t.Context(), a.Company, a.App, push.AttemptQuery{Account: a.ID})
	must(w.t, err)
	return list
}

func late(w *world) {
	w.change(func(a *push.App) { a.Profile = "late" })
	w.stand.Heard()
}

// forgets has the app say yes to requests of a method, once, and do nothing.
func (w *world) forgets(method string) {
	done := false
	w.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if done || r.Method != method {
			return nil
		}
		done = true
		return &standin.Fault{Forget: true}
	})
}

func whatArrivedIsConfirmedLater(t *testing.T, w *world) {
	late(w)
	id := w.user("marie")
	w.push()
	a := w.wantState("User", id, push.StateAccepted)
	if a.DoneGen == a.WantedGen || !a.NextAttempt.Equal(w.clock.Now().Add(5*time.Minute).Truncate(time.Microsecond)) {
		t.Errorf("%+v: want it due in five minutes", a)
	}
	if log := w.log(a); !log[0].Next.Equal(a.NextAttempt) || log[0].Class != "" {
		t.Errorf("the log says %+v", log[0])
	}
	w.stand.Heard()
	w.later(4 * time.Minute)
	if heard := w.stand.Heard(); len(heard) != 0 {
		t.Errorf("after four minutes it heard %v", heard)
	}
	w.later(time.Minute)
	if heard := w.stand.Heard(); len(heard) != 1 || heard[0].Method != http.MethodGet {
		t.Errorf("after five minutes it heard %v, want one look", heard)
	}
	if a := w.wantState("User", id, push.StateConfirmed); a.DoneGen != a.WantedGen || a.ConfirmedAt.IsZero() {
		t.Errorf("%+v", a)
	}
	w.remove("User", id)
	w.push()
	w.wantState("User", id, push.StateAccepted)
	w.later(5 * time.Minute)
	w.wantState("User", id, push.StateRemoved)
}

func aDeactivationThatDidNotArriveIsSentAgain(t *testing.T, w *world) {
	late(w)
	id := w.user("marie")
	w.push()
	w.later(5 * time.Minute)
	w.forgets(http.MethodPatch)
	w.set("User", id, "active", false)
	w.push()
	w.wantState("User", id, push.StateAccepted)
	w.later(5 * time.Minute)
	a := w.wantState("User", id, push.StateFailed)
	if log := w.log(a); a.Class != push.ClassTransient || a.Attempts != 1 || log[0].Class != a.Class || !log[0].Next.Equal(a.NextAttempt) {
		t.Errorf("%+v, its log says %+v", a, log[0])
	}
	w.later(time.Minute)
	w.wantState("User", id, push.StateAccepted)
	w.later(5 * time.Minute)
	if w.stand.User("marie@atelier.fr")["active"] != false {
		t.Error("the leaver's account is open")
	}
	if a := w.wantState("User", id, push.StateConfirmed); a.Attempts != 0 {
		t.Errorf("%+v", a)
	}
}

func anAccountThatNeverCameIsMadeAgain(t *testing.T, w *world) {
	late(w)
	w.forgets(http.MethodPost)
	id := w.user("marie")
	w.push()
	for range 3 {
		w.later(5 * time.Minute)
	}
	a := w.wantState("User", id, push.StateConfirmed)
	if u := w.stand.User("marie@atelier.fr"); u == nil || u["id"] != a.RemoteID || len(w.stand.Users()) != 1 {
		t.Errorf("%v of %d accounts; the row says %s", u, len(w.stand.Users()), a.RemoteID)
	}
}

func membersThatNeverCameArePutInAgain(t *testing.T, w *world) {
	late(w)
	marie := w.user("marie")
	group := w.group("Vente")
	w.push()
	w.later(5 * time.Minute)
	w.forgets(http.MethodPatch)
	w.modify("Group", group, "add", "members", []any{map[string]any{"value": marie}})
	w.push()
	for range 3 {
		w.later(5 * time.Minute)
	}
	w.wantState("Group", group, push.StateConfirmed)
	w.wantMembers("Vente", "marie")
}

func aChangeMeanwhileDoesNotWait(t *testing.T, w *world) {
	late(w)
	id := w.user("marie")
	w.push()
	w.set("User", id, "active", false)
	w.push()
	if w.stand.User("marie@atelier.fr")["active"] != false {
		t.Error("the leaver waits for the look at the creation")
	}
	w.later(5 * time.Minute)
	w.wantState("User", id, push.StateConfirmed)
}

func aProductThatIsNotAheadIsBelieved(t *testing.T, w *world) {
	id := w.user("marie")
	w.push()
	w.wantState("User", id, push.StateConfirmed)
}
