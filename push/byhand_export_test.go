package push_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"proprio/push"
	"proprio/push/manual"
	"proprio/resources"
)

func TestExportsReadBack(t *testing.T) {
	each(t, []scenario{
		anExportOlderThanTheClosingSaysNothing,
		aContradictionIsOnlyNotedAtFirst,
		whatAnExportStillContradictsIsAskedForAgain,
		whatAnExportShowsNeedsNoClick,
		whatWentAfterItWasConfirmedIsAskedForAgain,
		anExportShowsWhichRolesSomebodyHas,
		aSuccessorUnderTheSameAddressIsNoLeaver,
		aListThatCannotBeTheAppsIsRefused,
		aMindChangedMeanwhileCountsMoreThanTheExport,
		whoLeftBeforeTheAccountWasMadeIsFoundThere,
		whoCameBackAndLeftAgainIsFoundThere,
		whatWasRefusedIsNotForgotten,
		aSuccessorDoesNotStandForWhoLeftBefore,
		aListThatLagsUndoesNoChangeOfMind,
	})
}

// The task was withdrawn, and somebody had made the account all the same.
func whoLeftBeforeTheAccountWasMadeIsFoundThere(t *testing.T, w *world) {
	h := byHand(t, w, "jefacture")
	id := w.user("anna")
	w.push()
	w.remove("User", id)
	w.push()
	h.none()
	w.clock.advance(time.Hour)
	if r := h.export(w.clock.Now(), "ben@atelier.fr"); r.Confirmed != 0 {
		t.Errorf("report %+v of an export without the account", r)
	}
	h.none()
	w.clock.advance(time.Hour)
	if r := h.export(w.clock.Now(), "anna@atelier.fr"); r.Confirmed != 1 {
		t.Errorf("report %+v of a leaver's live account", r)
	}
	h.done(h.only(manual.ActionDeactivate))
	w.wantState("User", id, push.StateRemoved)
}

// The task to let somebody in again was withdrawn, and somebody had done it all the same.
func whoCameBackAndLeftAgainIsFoundThere(t *testing.T, w *world) {
	h, id := made(t, w)
	w.set("User", id, "active", false)
	w.push()
	h.done(h.only(manual.ActionDeactivate))
	w.set("User", id, "active", true)
	w.push()
	h.only(manual.ActionReactivate)
	w.set("User", id, "active", false)
	w.push()
	h.none()
	w.clock.advance(10 * day)
	if r := h.export(w.clock.Now(), "-anna@atelier.fr", "ben@atelier.fr"); r.Confirmed != 0 {
		t.Errorf("report %+v of an account that is closed, as it should be", r)
	}
	h.none()
	w.clock.advance(time.Hour)
	if r := h.export(w.clock.Now(), "anna@atelier.fr"); r.Confirmed != 1 {
		t.Errorf("report %+v of a leaver's live account", r)
	}
	h.only(manual.ActionDeactivate)
}

func whatWasRefusedIsNotForgotten(t *testing.T, w *world) {
	h, id := made(t, w)
	w.set("User", id, "active", false)
	w.push()
	task := h.only(manual.ActionDeactivate)
	_, err := h.desk.Refuse(t.Context(), w.caller.Actor, w.caller.Company, task.ID, manual.Closing{By: "karim@atelier.fr", Proof: "the only administrator"})
	must(t, err)
	w.push()
	w.clock.advance(10 * day)
	if r := h.export(w.clock.Now(), "anna@atelier.fr"); r.Refused != 1 || r.Confirmed+r.Reopened != 0 {
		t.Errorf("report %+v of what was refused", r)
	}
	w.wantState("User", id, push.StateFailed)
	w.clock.advance(time.Hour)
	if r := h.export(w.clock.Now(), "-anna@atelier.fr"); r.Confirmed != 1 || r.Refused != 0 {
		t.Errorf("report %+v of what was refused, and done", r)
	}
	w.wantState("User", id, push.StateConfirmed)
	h.none()
}

func aSuccessorDoesNotStandForWhoLeftBefore(t *testing.T, w *world) {
	h := byHand(t, w, "jefacture")
	w.remove("User", w.user("anna"))
	w.push()
	left := w.user("anna")
	w.push()
	w.remove("User", left)
	w.push()
	h.none()
	again := w.user("anna")
	w.push()
	h.done(h.only(manual.ActionCreate))
	w.clock.advance(10 * day)
	if r := h.export(w.clock.Now(), "anna@atelier.fr"); r.Confirmed != 1 {
		t.Errorf("report %+v", r)
	}
	h.none()
	w.wantState("User", again, push.StateConfirmed)
}

// That an account is not listed yet does not say that its access was ended, as somebody had asked for an hour.
func aListThatLagsUndoesNoChangeOfMind(t *testing.T, w *world) {
	h, id := made(t, w)
	w.set("User", id, "active", false)
	w.push()
	w.set("User", id, "active", true)
	w.push()
	h.none()
	w.clock.advance(day)
	if r := h.export(w.clock.Now(), "ben@atelier.fr"); r.Confirmed != 0 {
		t.Errorf("report %+v", r)
	}
	h.none()
	w.clock.advance(10 * day)
	if r := h.export(w.clock.Now(), "-anna@atelier.fr"); r.Confirmed != 1 {
		t.Errorf("report %+v of an account that was closed all the same", r)
	}
	h.only(manual.ActionReactivate)
}

// made is anna with an account that was said to be made.
func made(t *testing.T, w *world) (*hands, string) {
	t.Helper()
	h := byHand(t, w, "jefacture")
	id := w.user("anna")
	w.push()
	h.done(h.only(manual.ActionCreate))
	return h, id
}

func anExportOlderThanTheClosingSaysNothing(t *testing.T, w *world) {
	h, id := made(t, w)
	closed := h.tasks(manual.StateDone)[0]
	w.clock.advance(10 * day)
	if r := h.export(closed.Closed.Add(-time.Minute), "ben@atelier.fr"); r.Older != 1 || r.Reopened+r.Noted+r.Confirmed != 0 {
		t.Errorf("report %+v", r)
	}
	if now := h.tasks(manual.StateDone)[0]; now.Revision != closed.Revision || now.Noted != "" {
		t.Errorf("task %+v has changed", now)
	}
	w.wantState("User", id, push.StateConfirmed)
}

func aContradictionIsOnlyNotedAtFirst(t *testing.T, w *world) {
	h, id := made(t, w)
	closed := h.tasks(manual.StateDone)[0]
	w.clock.advance(10 * day)
	if r := h.export(closed.Closed.Add(2*day), "ben@atelier.fr"); r.Noted != 1 || r.Reopened != 0 {
		t.Errorf("report %+v: an export may lag for three days", r)
	}
	task := h.tasks(manual.StateDone)[0]
	if !strings.Contains(task.Noted, "anna@atelier.fr is not listed") {
		t.Errorf("noted %q", task.Noted)
	}
	w.wantState("User", id, push.StateConfirmed)
	h.export(closed.Closed.Add(4*day), "anna@atelier.fr")
	if task = h.tasks(manual.StateConfirmed)[0]; task.Noted != "" {
		t.Errorf("noted %q, though a later export shows it", task.Noted)
	}
}

func whatAnExportStillContradictsIsAskedForAgain(t *testing.T, w *world) {
	h, id := made(t, w)
	w.set("User", id, "active", false)
	w.push()
	h.done(h.only(manual.ActionDeactivate))
	w.wantState("User", id, push.StateConfirmed)
	w.clock.advance(4 * day)
	if r := h.export(w.clock.Now(), "anna@atelier.fr"); r.Reopened != 1 {
		t.Fatalf("report %+v", r)
	}
	task := h.only(manual.ActionDeactivate)
	if !strings.Contains(task.Noted, "is still active") || !task.Due.Equal(w.clock.Now().Add(day).Truncate(time.Microsecond)) || task.Proof != "" {
		t.Errorf("task %+v, want it open with what the export showed, due within a day", task)
	}
	if a := w.wantState("User", id, push.StateWaiting); !strings.Contains(a.Error, "still active") {
		t.Errorf("account says %q", a.Error)
	}
	h.done(task)
	w.clock.advance(day)
	if r := h.export(w.clock.Now(), "-anna@atelier.fr"); r.Confirmed != 1 {
		t.Errorf("report %+v", r)
	}
	w.wantState("User", id, push.StateConfirmed)
	h.none()
}

func whatAnExportShowsNeedsNoClick(t *testing.T, w *world) {
	h := byHand(t, w, "jefacture")
	id := w.user("anna")
	w.user("ben")
	w.push()
	opened := w.clock.Now()
	w.clock.advance(time.Hour)
	if r := h.export(opened.Add(-time.Minute), "anna@atelier.fr"); r.Confirmed != 0 || r.Open != 2 {
		t.Errorf("report %+v: the export is older than what is asked for", r)
	}
	if r := h.export(w.clock.Now(), "anna@atelier.fr"); r.Confirmed != 1 || r.Open != 1 {
		t.Errorf("report %+v", r)
	}
	w.wantState("User", id, push.StateConfirmed)
	if open := h.only(manual.ActionCreate); open.ObjectName != "ben@atelier.fr" {
		t.Errorf("open task %+v", open)
	}
}

func whatWentAfterItWasConfirmedIsAskedForAgain(t *testing.T, w *world) {
	h, id := made(t, w)
	w.clock.advance(day)
	h.export(w.clock.Now(), "anna@atelier.fr")
	if a := w.wantState("User", id, push.StateConfirmed); a.Error != "" {
		t.Errorf("note %q", a.Error)
	}
	w.clock.advance(10 * day)
	if r := h.export(w.clock.Now(), "ben@atelier.fr"); r.Reopened != 1 {
		t.Errorf("report %+v", r)
	}
	h.only(manual.ActionCreate)
	if a := w.wantState("User", id, push.StateWaiting); a.Origin != "" {
		t.Errorf("account %+v: nothing is there", a)
	}
}

func anExportShowsWhichRolesSomebodyHas(t *testing.T, w *world) {
	h := byHand(t, w, "jefacture")
	roles := func(name string) []any { return []any{map[string]any{"value": name}} }
	id := w.user("anna", input{"roles": roles("Administrateur")})
	w.push()
	h.done(h.only(manual.ActionCreate))
	w.set("User", id, "roles", roles("Comptable"))
	w.push()
	h.done(h.only(manual.ActionRemove))
	read := func(role string) manual.Report {
		t.Helper()
		w.clock.advance(5 * day)
		e := listOf(w.clock.Now(), "anna@atelier.fr")
		if role != "" {
			e.Accounts[0].Roles = []string{role}
		}
		r, err := h.desk.Confirm(t.Context(), w.caller.Actor, w.caller.Company, w.app.ID, e)
		must(t, err)
		w.push()
		return r
	}
	if r := read(""); r.Unseen != 1 {
		t.Errorf("report %+v of an export without roles", r)
	}
	if r := read("Administrateur"); r.Reopened != 1 {
		t.Errorf("report %+v, though the role is still there", r)
	}
	h.done(h.only(manual.ActionRemove))
	if r := read("comptable"); r.Confirmed != 1 {
		t.Errorf("report %+v", r)
	}
}

func aSuccessorUnderTheSameAddressIsNoLeaver(t *testing.T, w *world) {
	h, id := made(t, w)
	w.remove("User", id)
	w.push()
	h.done(h.only(manual.ActionDeactivate))
	again := w.user("anna")
	w.push()
	h.done(h.only(manual.ActionCreate))
	w.clock.advance(10 * day)
	if r := h.export(w.clock.Now(), "anna@atelier.fr"); r.Confirmed != 2 || r.Reopened != 0 {
		t.Errorf("report %+v", r)
	}
	w.wantState("User", id, push.StateRemoved)
	w.wantState("User", again, push.StateConfirmed)
}

func aListThatCannotBeTheAppsIsRefused(t *testing.T, w *world) {
	h := byHand(t, w, "jefacture")
	for _, name := range []string{"anna", "ben", "carla"} {
		w.user(name)
	}
	w.push()
	for _, task := range h.tasks(manual.StateOpen) {
		h.done(task)
	}
	w.clock.advance(10 * day)
	confirm := func(e manual.Export) error {
		_, err := h.desk.Confirm(t.Context(), w.caller.Actor, w.caller.Company, w.app.ID, e)
		return err
	}
	for what, e := range map[string]manual.Export{
		"none of the 3":        listOf(w.clock.Now(), "x@elsewhere.fr", "y@elsewhere.fr"),
		"lists no account":     listOf(w.clock.Now()),
		"time at which":        listOf(time.Time{}, "anna@atelier.fr"),
		"at which it was made": listOf(w.clock.Now().Add(day), "anna@atelier.fr"),
	} {
		if err := confirm(e); !errors.Is(err, resources.ErrInvalidValue) || !strings.Contains(err.Error(), what) {
			t.Errorf("error %v, want one that says %q", err, what)
		}
	}
	if done := h.tasks(manual.StateDone); len(done) != 3 {
		t.Errorf("%d tasks are done, want all three untouched", len(done))
	}
}

// The account is asked for again because an export does not show it; by then the person is gone.
func aMindChangedMeanwhileCountsMoreThanTheExport(t *testing.T, w *world) {
	h, id := made(t, w)
	w.clock.advance(10 * day)
	_, err := h.desk.Confirm(t.Context(), w.caller.Actor, w.caller.Company, w.app.ID, listOf(w.clock.Now(), "ben@atelier.fr"))
	must(t, err)
	w.remove("User", id)
	w.push()
	h.none()
	w.wantState("User", id, push.StateRemoved)
}
