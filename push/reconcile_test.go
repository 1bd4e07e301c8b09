package push_test

import (
	"errors"
	"testing"
	"time"

	"proprio/db/dbtest"
	"proprio/push"
	"proprio/push/standin"
	"proprio/resources"
)

// apps.md 4a, 11: nightly and on demand; report-only unless the app's settings say otherwise.
func TestReconcile(t *testing.T) {
	each(t, []scenario{
		aNightTellsAndChangesNothing,
		aNightRepairsWhereTheAppAsksForIt,
		anAppIsComparedOnceANight,
		aBrokenReadIsToldAndTheOthersHaveTheirTurn,
	})
}

// night moves the clock to two o'clock, a day or more later.
func (w *world) night() {
	now := w.clock.Now().UTC()
	w.clock.advance(now.Truncate(24 * time.Hour).Add(50 * time.Hour).Sub(now))
}

func (w *world) last() push.Reconciliation {
	w.t.Helper()
	r, err := w.db.LastReconciliation(w.t.Context(), w.app.Company, w.app.ID)
	must(w.t, err)
	return r
}

// drifted is an app in which somebody changed a title by hand.
func (w *world) drifted() {
	w.t.Helper()
	id := w.user("marie", input{"title": "Comptable"})
	w.push()
	w.stand.Change(w.account("User", id).RemoteID, func(u map[string]any) { u["title"] = "Chef" })
	w.night()
}

func aNightTellsAndChangesNothing(t *testing.T, w *world) {
	if _, err := w.db.LastReconciliation(t.Context(), w.app.Company, w.app.ID); !errors.Is(err, resources.ErrNotFound) {
		t.Errorf("before any: %v", err)
	}
	w.drifted()
	must(t, w.engine.Nightly(t.Context()))
	w.push()
	if got := w.stand.User("marie@atelier.fr")["title"]; got != "Chef" {
		t.Errorf("the title became %v", got)
	}
	r := w.last()
	if r.Finished.IsZero() || r.Error != "" || r.Repaired != 0 || r.Tally.Verdicts[push.Different] != 1 || len(r.Lines) != 1 ||
		r.Lines[0].Name != "marie@atelier.fr" || r.Lines[0].Attributes[0] != "title" {
		t.Errorf("%+v", r)
	}
}

func aNightRepairsWhereTheAppAsksForIt(t *testing.T, w *world) {
	w.app.Settings.Repair = true
	must(t, dbtest.UpdateApp(t.Context(), w.db, w.caller.Actor, w.app))
	w.drifted()
	must(t, w.engine.Nightly(t.Context()))
	w.push()
	if got := w.stand.User("marie@atelier.fr")["title"]; got != "Comptable" || w.last().Repaired != 1 {
		t.Errorf("the title is %v; %+v", got, w.last())
	}
}

func anAppIsComparedOnceANight(t *testing.T, w *world) {
	w.drifted()
	must(t, w.engine.Nightly(t.Context()))
	w.stand.Heard()
	w.clock.advance(time.Hour)
	must(t, w.engine.Nightly(t.Context()))
	w.clock.advance(12 * time.Hour) // the next afternoon
	must(t, w.engine.Nightly(t.Context()))
	if heard := w.stand.Heard(); len(heard) != 0 {
		t.Errorf("it was read again: %v", heard)
	}
	w.night()
	must(t, w.engine.Nightly(t.Context()))
	w.clock.advance(60 * time.Hour) // nights in which the server was off
	w.stand.Heard()
	must(t, w.engine.Nightly(t.Context()))
	if heard := w.stand.Heard(); len(heard) == 0 {
		t.Error("an overdue app was not read by day")
	}
}

func aBrokenReadIsToldAndTheOthersHaveTheirTurn(t *testing.T, w *world) {
	first := w.app
	w.drifted()
	other := newStand(t, w.clock.Now)
	w.app = w.addApp(push.App{Name: "Other", Profile: "generic", URL: other.URL})
	w.push()
	w.stand.SetFault(func(int, standin.Request) *standin.Fault { return &standin.Fault{Status: 500} })
	w.night()
	must(t, w.engine.Nightly(t.Context()))
	if r := w.last(); r.Error != "" || r.Finished.IsZero() {
		t.Errorf("the other app: %+v", r)
	}
	w.app = first
	if r := w.last(); r.Error == "" || len(r.Lines) != 0 || len(r.Tally.Verdicts) != 0 {
		t.Errorf("the broken one: %+v", r)
	}
}
