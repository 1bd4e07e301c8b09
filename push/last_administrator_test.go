package push_test

import (
	"context"
	"strings"
	"testing"

	"proprio/ownership"
	"proprio/push"
)

// apps.md 4a, 7; complaint 11: the last owner or administrator is not locked out.
func TestLastAdministrator(t *testing.T) {
	each(t, []scenario{
		theLastAdministratorKeepsTheAccess,
		ofTwoLastAdministratorsOneStays,
		whoIsNoAdministratorLeaves,
	})
}

// shows has the app's list read: these people are its active administrators.
func (w *world) shows(administrators ...string) {
	w.t.Helper()
	ref := ownership.AppRef{Company: w.app.Company, ID: w.app.ID, Name: w.app.Name}
	must(w.t, w.db.Observe(w.t.Context(), ref, func(ctx context.Context, o ownership.Observation) error {
		c := ownership.Conclusions{ReadAt: w.clock.Now()}
		for _, id := range administrators {
			a := w.account("User", id)
			c.Accounts = append(c.Accounts, ownership.ObservedAccount{Company: w.app.Company, App: w.app.ID, RemoteID: a.RemoteID,
				UserName: a.ObjectName, Emails: []string{a.ObjectName}, Logins: []string{}, Roles: []string{}, Reasons: []ownership.Reason{},
				Active: true, Administrator: true, Verdict: ownership.Green})
		}
		return o.Save(ctx, c)
	}))
}

func theLastAdministratorKeepsTheAccess(t *testing.T, w *world) {
	ids := w.staff(4)
	w.shows(ids[0])
	w.leave(ids[0])
	a := w.wantState("User", ids[0], push.StateFailed)
	if w.shut() != 0 || a.Class != push.ClassNeedsAdmin || !strings.Contains(a.Error, "last administrator") {
		t.Errorf("%d shut; class %s: %s", w.shut(), a.Class, a.Error)
	}
	w.remove("User", ids[0])
	w.push()
	if w.wantState("User", ids[0], push.StateFailed); w.shut() != 0 {
		t.Error("neither does a removal lock everybody out")
	}
	w.shows(ids[0], ids[1])
	must(t, w.db.RetryAccount(t.Context(), w.caller.Actor, w.caller.Company, a.ID, w.clock.Now()))
	w.push()
	if w.wantState("User", ids[0], push.StateRemoved); w.shut() != 1 {
		t.Error("with another administrator the access ends")
	}
}

func ofTwoLastAdministratorsOneStays(t *testing.T, w *world) {
	ids := w.staff(4)
	w.shows(ids[0], ids[1])
	w.leave(ids[:3]...)
	if n := w.shut(); n != 2 || w.states()[push.StateFailed] != 1 {
		t.Errorf("%d shut, states %v: want one administrator and the third person shut", n, w.states())
	}
}

func whoIsNoAdministratorLeaves(t *testing.T, w *world) {
	ids := w.staff(4)
	w.shows(ids[0])
	w.leave(ids[1])
	w.wantState("User", ids[1], push.StateConfirmed)
	if w.shut() != 1 {
		t.Error("the access did not end")
	}
}
