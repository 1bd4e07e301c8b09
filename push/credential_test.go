package push_test

import (
	"fmt"
	"testing"
	"time"

	"proprio/db/dbtest"
	"proprio/push"
)

// apps.md 1c, 5: whose token is this, and when does it end?
func TestAlarms(t *testing.T) {
	each(t, []scenario{aCredentialThatEndsIsTold, aCredentialWhoseOwnerLeftIsTold})
}

func (w *world) alarms(c push.Credential) string {
	w.t.Helper()
	w.app.Settings.Credential = c
	must(w.t, dbtest.UpdateApp(w.t.Context(), w.db, w.caller.Actor, w.app))
	app, err := w.db.App(w.t.Context(), w.app.Company, w.app.ID)
	must(w.t, err)
	s, err := push.StatusOf(w.t.Context(), w.db, app, w.clock.Now())
	must(w.t, err)
	said := ""
	for _, a := range s.Alarms {
		said += fmt.Sprintf("%s %d;", a.Kind, a.Days)
	}
	return said
}

func aCredentialThatEndsIsTold(t *testing.T, w *world) {
	day := func(n int) string { return w.clock.Now().UTC().AddDate(0, 0, n).Format(time.DateOnly) }
	for expires, want := range map[string]string{"": "", day(31): "", day(30): "expires 30;", day(0): "expires 0;", day(-1): "expired 0;"} {
		if got := w.alarms(push.Credential{Expires: expires}); got != want {
			t.Errorf("%s: %q, want %q", expires, got, want)
		}
	}
	for _, wrong := range []push.Credential{{Expires: "31.12.2027"}, {Expires: "2027-02-30"}, {Owner: "Marie"}} {
		if err := (push.Settings{Credential: wrong}).Check(); err == nil {
			t.Errorf("%+v is taken", wrong)
		}
	}
}

func aCredentialWhoseOwnerLeftIsTold(t *testing.T, w *world) {
	id := w.user("marie")
	mine := push.Credential{Owner: "Marie@atelier.fr"}
	if got := w.alarms(mine); got != "" {
		t.Errorf("while she is there: %q", got)
	}
	w.set("User", id, "active", false)
	if got := w.alarms(mine); got != "owner 0;" {
		t.Errorf("when she left: %q", got)
	}
	if got := w.alarms(push.Credential{Owner: "it@atelier.fr"}); got != "" {
		t.Errorf("an address that is no person's: %q", got)
	}
}
