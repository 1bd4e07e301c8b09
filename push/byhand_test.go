package push_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/push"
	"proprio/push/manual"
	"proprio/resources"
)

const day = 24 * time.Hour

// hands is a world whose only app has no interface, and the people who work for it.
type hands struct {
	*world
	desk *manual.Desk
}

// byHand takes the world's app away and gives it one without an interface.
func byHand(t *testing.T, w *world, profile string) *hands {
	t.Helper()
	w.app.Paused = true
	must(t, dbtest.UpdateApp(t.Context(), w.db, w.caller.Actor, w.app))
	w.app = w.addApp(push.App{Name: profile, Profile: profile, Responsible: "karim@atelier.fr"})
	h := &hands{world: w}
	h.desk = &manual.Desk{Store: w.db, Now: w.clock.Now, Log: slog.New(slog.DiscardHandler),
		Terms: func(context.Context, string, string) (manual.Terms, error) {
			return manual.Terms{Grace: 3 * day, Escalate: 2 * day}, nil
		},
		Admins: func(context.Context, string) ([]string, error) {
			return []string{"claire@atelier.fr", "louis@atelier.fr"}, nil
		}}
	return h
}

// tasks lists the app's tasks in a state; empty: all.
func (h *hands) tasks(state manual.State) []manual.Task {
	h.t.Helper()
	list, err := h.db.Tasks(h.t.Context(), h.caller.Company, manual.Query{App: h.app.ID, State: state, Now: h.clock.Now()})
	must(h.t, err)
	return list
}

// only is the one open task.
func (h *hands) only(action manual.Action) manual.Task {
	h.t.Helper()
	open := h.tasks(manual.StateOpen)
	if len(open) != 1 || open[0].Action != action {
		h.t.Fatalf("open tasks %+v, want one to %s", open, action)
	}
	return open[0]
}

func (h *hands) none() {
	h.t.Helper()
	if open := h.tasks(manual.StateOpen); len(open) != 0 {
		h.t.Fatalf("open tasks %+v, want none", open)
	}
}

// done closes a task as the one who did it, and lets the engine take note.
func (h *hands) done(t manual.Task) manual.Task {
	h.t.Helper()
	h.clock.advance(time.Hour)
	closed, err := h.desk.Done(h.t.Context(), h.caller.Actor, h.caller.Company, t.ID,
		manual.Closing{By: "karim@atelier.fr", Revision: t.Revision, Proof: "seen in the list", Reference: "list.png"})
	must(h.t, err)
	h.push()
	return closed
}

// export reads back a list of active accounts, by userName; one that begins with "-" is inactive.
func (h *hands) export(at time.Time, names ...string) manual.Report {
	h.t.Helper()
	r, err := h.desk.Confirm(h.t.Context(), h.caller.Actor, h.caller.Company, h.app.ID, listOf(at, names...))
	must(h.t, err)
	h.push()
	return r
}

func listOf(at time.Time, names ...string) manual.Export {
	e := manual.Export{At: at}
	for _, name := range names {
		active := !strings.HasPrefix(name, "-")
		name = strings.TrimPrefix(name, "-")
		e.Accounts = append(e.Accounts, ownership.RemoteAccount{RemoteID: name, UserName: name, Active: active})
	}
	return e
}

func line(t manual.Task, attribute string) manual.Line {
	i := slices.IndexFunc(t.Lines, func(l manual.Line) bool { return l.Attribute == attribute })
	if i < 0 {
		return manual.Line{}
	}
	return t.Lines[i]
}

func TestByHand(t *testing.T) {
	each(t, []scenario{
		aNewAccountIsATaskAndNoCall,
		tenEditsAreOneTaskWithTheWholeDifference,
		whatNobodyEntersThereIsNobodysWork,
		hiredAndGoneBeforeAnythingWasDoneIsNoWork,
		aChangeOfMindChangesTheTask,
		aLeaversTaskIsUrgentAndOutlivesTheUser,
		whoWasRenamedIsFoundUnderTheOldName,
		whatComesBackIsAskedForWithEverything,
	})
}

func aNewAccountIsATaskAndNoCall(t *testing.T, w *world) {
	h := byHand(t, w, "jefacture")
	id := w.user("anna")
	w.push()
	a := w.wantState("User", id, push.StateWaiting)
	task := h.only(manual.ActionCreate)
	if task.ObjectName != "anna@atelier.fr" || task.Responsible != "karim@atelier.fr" || !task.Due.Equal(w.clock.Now().AddDate(0, 0, 5).Truncate(time.Microsecond)) {
		t.Errorf("task %+v", task)
	}
	if l := line(task, "userName"); l.After != "anna@atelier.fr" || line(task, "name.familyName").After != "Martin" {
		t.Errorf("lines %+v", task.Lines)
	}
	status, err := push.StatusOf(t.Context(), w.db, w.app, w.clock.Now())
	must(t, err)
	if status.States[push.StateWaiting] != 1 || status.Due != 0 || status.InSync {
		t.Errorf("status %+v, want one waiting, none due, not in sync", status)
	}
	w.later(30 * day)
	if again := w.wantState("User", id, push.StateWaiting); again.WantedGen != a.WantedGen || again.Attempts != 0 || h.only(manual.ActionCreate).Revision != task.Revision {
		t.Errorf("account %+v: a task that waits is tried again", again)
	}
}

func tenEditsAreOneTaskWithTheWholeDifference(t *testing.T, w *world) {
	h := byHand(t, w, "eko-crm")
	id := w.user("anna")
	w.push()
	first := h.only(manual.ActionCreate)
	for i := range 9 {
		w.set("User", id, "title", fmt.Sprintf("Title %d", i))
		if i%2 == 0 {
			w.push()
		}
	}
	w.set("User", id, "name.familyName", "Dupont")
	w.push()
	task := h.only(manual.ActionCreate)
	if task.ID != first.ID || !task.Due.Equal(first.Due) || len(h.tasks("")) != 1 {
		t.Errorf("task %+v, want the same one, as soon due", task)
	}
	if line(task, "title").After != "Title 8" || line(task, "name.familyName").After != "Dupont" || line(task, "userName").After == "" {
		t.Errorf("lines %+v, want all that is to be entered", task.Lines)
	}
	h.done(task)
	w.set("User", id, "title", "Directrice")
	w.set("User", id, "name.givenName", "Anne")
	w.push()
	if task = h.only(manual.ActionChange); len(task.Lines) != 2 || line(task, "title") != (manual.Line{Attribute: "title", Before: "Title 8", After: "Directrice"}) {
		t.Errorf("lines %+v, want the two that differ", task.Lines)
	}
	w.set("User", id, "title", "Title 8")
	w.set("User", id, "name.givenName", "anna")
	w.push()
	h.none()
	w.wantState("User", id, push.StateConfirmed)
}

func whatNobodyEntersThereIsNobodysWork(t *testing.T, w *world) {
	h := byHand(t, w, "jefacture")
	id := w.user("anna")
	w.push()
	task := h.only(manual.ActionCreate)
	w.set("User", id, "nickName", "Nana")
	w.push()
	if again := h.only(manual.ActionCreate); again.Revision != task.Revision {
		t.Errorf("task %+v has changed", again)
	}
	h.done(task)
	w.set("User", id, "nickName", "Nannette")
	w.push()
	h.none()
	w.wantState("User", id, push.StateConfirmed)
}

func hiredAndGoneBeforeAnythingWasDoneIsNoWork(t *testing.T, w *world) {
	h := byHand(t, w, "jefacture")
	quick := w.user("quick")
	w.remove("User", quick)
	w.push()
	if all := h.tasks(""); len(all) != 0 {
		t.Errorf("tasks %+v, want none at all", all)
	}
	id := w.user("anna")
	w.push()
	task := h.only(manual.ActionCreate)
	w.remove("User", id)
	w.push()
	h.none()
	w.wantState("User", id, push.StateRemoved)
	_, err := h.desk.Done(t.Context(), w.caller.Actor, w.caller.Company, task.ID, manual.Closing{By: "k", Proof: "done"})
	if !errors.Is(err, resources.ErrVersion) || !strings.Contains(err.Error(), "undo it") {
		t.Errorf("closing a withdrawn task: %v", err)
	}
}

func aChangeOfMindChangesTheTask(t *testing.T, w *world) {
	h := byHand(t, w, "jefacture")
	id := w.user("anna")
	w.push()
	h.done(h.only(manual.ActionCreate))
	w.set("User", id, "name.familyName", "Dupont")
	w.push()
	change := h.only(manual.ActionChange)
	w.set("User", id, "active", false)
	w.push()
	task := h.only(manual.ActionDeactivate)
	if task.ID != change.ID || !task.Due.Before(change.Due) {
		t.Errorf("task %+v, want the same one, sooner due than %s", task, change.Due)
	}
	w.set("User", id, "active", true)
	w.push()
	h.only(manual.ActionChange)
	w.set("User", id, "name.familyName", "Martin")
	w.push()
	h.none()
}

func aLeaversTaskIsUrgentAndOutlivesTheUser(t *testing.T, w *world) {
	h := byHand(t, w, "jefacture")
	id := w.user("anna")
	w.push()
	h.done(h.only(manual.ActionCreate))
	w.remove("User", id)
	w.push()
	task := h.only(manual.ActionDeactivate)
	if task.ObjectName != "anna@atelier.fr" || task.ObjectID != id || !task.Due.Equal(w.clock.Now().AddDate(0, 0, 1).Truncate(time.Microsecond)) {
		t.Errorf("task %+v", task)
	}
	w.wantState("User", id, push.StateWaiting)
	h.done(task)
	if a := w.wantState("User", id, push.StateRemoved); !strings.Contains(a.Error, "karim@atelier.fr") {
		t.Errorf("note %q, want who said so", a.Error)
	}
	w.resync()
	w.push()
	h.none()
}

func whoWasRenamedIsFoundUnderTheOldName(t *testing.T, w *world) {
	h := byHand(t, w, "jefacture")
	id := w.user("anna")
	w.push()
	h.done(h.only(manual.ActionCreate))
	w.set("User", id, "userName", "anna.dupont@atelier.fr")
	w.set("User", id, "active", false)
	w.push()
	if task := h.only(manual.ActionDeactivate); line(task, "userName").Before != "anna@atelier.fr" || task.ObjectName != "anna.dupont@atelier.fr" {
		t.Errorf("task %+v, want the name under which the account is there", task)
	}
}

func whatComesBackIsAskedForWithEverything(t *testing.T, w *world) {
	h := byHand(t, w, "jefacture")
	id := w.user("anna")
	w.push()
	h.done(h.only(manual.ActionCreate))
	w.set("User", id, "active", false)
	w.push()
	h.done(h.only(manual.ActionDeactivate))
	w.wantState("User", id, push.StateConfirmed)
	w.set("User", id, "name.familyName", "Dupont") // of somebody who has no access: nobody's work
	w.push()
	h.none()
	w.set("User", id, "active", true)
	w.push()
	if task := h.only(manual.ActionReactivate); line(task, "userName").After == "" || line(task, "name.familyName").After != "Dupont" {
		t.Errorf("lines %+v, want all that an invitation needs", task.Lines)
	}
}
