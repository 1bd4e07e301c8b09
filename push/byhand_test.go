package push_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"proprio/audit"
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
	must(t, w.db.UpdateApp(t.Context(), w.caller.Actor, w.app))
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
		aProofIsRequiredAndSaidOnce,
		whoReadAnOlderTaskDoesNotCloseIt,
		whatIsSaidToBeDoneCountsProvisionally,
		aRefusalWaitsForADecision,
		groupsAreKeptByHandToo,
		aRoleTakenAwayIsNotJustAChange,
		twoReplicasMakeOneTask,
		anAppWithoutInterfaceIsNeverCalled,
		whoeverWasLinkedIsAskedForWhatDiffers,
		aRehearsalTellsTheTask,
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

func aProofIsRequiredAndSaidOnce(t *testing.T, w *world) {
	h := byHand(t, w, "jefacture")
	w.user("anna")
	w.push()
	task := h.only(manual.ActionCreate)
	for _, c := range []manual.Closing{{By: "k"}, {By: "k", Proof: " \n"}, {By: "k", Proof: strings.Repeat("x", 5000)}, {By: "k", Proof: "x", Reference: strings.Repeat("x", 500)}} {
		if _, err := h.desk.Done(t.Context(), w.caller.Actor, w.caller.Company, task.ID, c); !errors.Is(err, resources.ErrInvalidValue) {
			t.Errorf("closing with %.20q: %v", c.Proof, err)
		}
		if _, err := h.desk.Refuse(t.Context(), w.caller.Actor, w.caller.Company, task.ID, c); !errors.Is(err, resources.ErrInvalidValue) {
			t.Errorf("refusing with %.20q: %v", c.Proof, err)
		}
	}
	closed := h.done(h.only(manual.ActionCreate))
	if closed.State != manual.StateDone || closed.Proof != "seen in the list" || closed.Reference != "list.png" || closed.ClosedBy != "karim@atelier.fr" {
		t.Errorf("closed task %+v", closed)
	}
	if _, err := h.desk.Done(t.Context(), w.caller.Actor, w.caller.Company, task.ID, manual.Closing{By: "louis", Proof: "again"}); !errors.Is(err, resources.ErrVersion) {
		t.Errorf("closing twice: %v", err)
	}
	if _, err := h.desk.Done(t.Context(), w.caller.Actor, newID(), task.ID, manual.Closing{By: "k", Proof: "x"}); !errors.Is(err, resources.ErrNotFound) {
		t.Errorf("closing another company's task: %v", err)
	}
	entries, err := w.db.Entries(t.Context(), w.caller.Company, audit.Query{ObjectType: "task", ObjectID: task.ID, Limit: 10})
	must(t, err)
	if len(entries) != 2 || entries[0].Reason != "said to be done: seen in the list" || entries[1].Action != audit.ActionCreate {
		t.Errorf("audit entries %+v", entries)
	}
}

func whoReadAnOlderTaskDoesNotCloseIt(t *testing.T, w *world) {
	h := byHand(t, w, "jefacture")
	id := w.user("anna")
	w.push()
	read := h.only(manual.ActionCreate)
	w.set("User", id, "name.familyName", "Dupont")
	w.push()
	_, err := h.desk.Done(t.Context(), w.caller.Actor, w.caller.Company, read.ID, manual.Closing{By: "k", Proof: "done", Revision: read.Revision})
	if !errors.Is(err, resources.ErrVersion) || !strings.Contains(err.Error(), "changed") {
		t.Errorf("closing what was read before it changed: %v", err)
	}
	h.done(h.only(manual.ActionCreate))
	h.none()
}

func whatIsSaidToBeDoneCountsProvisionally(t *testing.T, w *world) {
	h := byHand(t, w, "jefacture")
	id := w.user("anna")
	w.push()
	h.done(h.only(manual.ActionCreate))
	a := w.wantState("User", id, push.StateConfirmed)
	if !strings.Contains(a.Error, "said to be done by karim@atelier.fr") || !a.ConfirmedAt.IsZero() || a.Origin != push.OriginCreated {
		t.Errorf("account %+v, want it said and not seen", a)
	}
	exported := w.clock.Now().Add(time.Hour)
	w.clock.advance(2 * time.Hour)
	h.export(exported, "Anna@Atelier.fr ")
	if a = w.wantState("User", id, push.StateConfirmed); a.Error != "" || !a.ConfirmedAt.Equal(exported.Truncate(time.Microsecond)) {
		t.Errorf("account %+v, want it seen at %s", a, exported)
	}
}

func aRefusalWaitsForADecision(t *testing.T, w *world) {
	h := byHand(t, w, "jefacture")
	id := w.user("anna")
	w.push()
	task := h.only(manual.ActionCreate)
	_, err := h.desk.Refuse(t.Context(), w.caller.Actor, w.caller.Company, task.ID, manual.Closing{By: "karim@atelier.fr", Proof: "no seat left"})
	must(t, err)
	w.push()
	a := w.wantState("User", id, push.StateFailed)
	if a.Class != push.ClassNeedsAdmin || !strings.Contains(a.Error, "no seat left") {
		t.Errorf("class %s, error %q", a.Class, a.Error)
	}
	w.set("User", id, "nickName", "Nana") // nothing that anybody was asked for
	w.later(2 * day)
	h.none()
	must(t, w.db.RetryAccount(t.Context(), w.caller.Actor, w.caller.Company, a.ID, w.clock.Now()))
	w.push()
	again := h.only(manual.ActionCreate)
	w.wantState("User", id, push.StateWaiting)
	_, err = h.desk.Refuse(t.Context(), w.caller.Actor, w.caller.Company, again.ID, manual.Closing{By: "karim@atelier.fr", Proof: "still none"})
	must(t, err)
	w.push()
	n, err := w.db.RetryFailed(t.Context(), w.caller.Actor, w.caller.Company, w.app.ID, push.ClassNeedsAdmin, w.clock.Now())
	must(t, err)
	w.push()
	if n != 1 || h.only(manual.ActionCreate).ID == again.ID {
		t.Errorf("%d accounts are tried again; want one, with a task of its own", n)
	}
}

func groupsAreKeptByHandToo(t *testing.T, w *world) {
	h := byHand(t, w, "eko-crm")
	anna, ben := w.user("anna"), w.user("ben")
	group := w.group("Vente", anna, ben)
	w.push()
	of := func(object string, action manual.Action) manual.Task {
		t.Helper()
		for _, task := range h.tasks(manual.StateOpen) {
			if task.ObjectID == object {
				if task.Action != action {
					t.Fatalf("task %+v, want one to %s", task, action)
				}
				return task
			}
		}
		t.Fatalf("no open task about %s", object)
		return manual.Task{}
	}
	if task := of(group, manual.ActionCreate); line(task, "members") != (manual.Line{}) {
		t.Errorf("lines %+v: nobody is in the app yet", task.Lines)
	}
	h.done(of(anna, manual.ActionCreate))
	if task := of(group, manual.ActionCreate); line(task, "members").After != "anna@atelier.fr" || len(task.Lines) != 2 {
		t.Errorf("lines %+v, want the group and its first member", task.Lines)
	}
	h.done(of(group, manual.ActionCreate))
	w.wantState("Group", group, push.StatePartial)
	h.done(of(ben, manual.ActionCreate))
	h.done(of(group, manual.ActionChange))
	w.wantState("Group", group, push.StateConfirmed)
	w.modify("Group", group, resources.OpRemove, `members[value eq "`+anna+`"]`, nil)
	w.push()
	if task := of(group, manual.ActionRemove); line(task, "members").Before != "anna@atelier.fr" || !task.Due.Equal(w.clock.Now().AddDate(0, 0, 2).Truncate(time.Microsecond)) {
		t.Errorf("task %+v", task)
	}
	h.done(of(group, manual.ActionRemove))
	w.remove("User", ben)
	w.push()
	h.done(h.only(manual.ActionDeactivate)) // and nobody is asked to take the blocked account out of the group as well
	h.none()
	w.remove("Group", group)
	w.push()
	h.done(of(group, manual.ActionRemove))
	w.wantState("Group", group, push.StateRemoved)
}

func aRoleTakenAwayIsNotJustAChange(t *testing.T, w *world) {
	h := byHand(t, w, "jefacture")
	roles := func(names ...string) []any {
		var list []any
		for _, n := range names {
			list = append(list, map[string]any{"value": n})
		}
		return list
	}
	id := w.user("anna", input{"roles": roles("Comptable", "Administrateur")})
	w.push()
	h.done(h.only(manual.ActionCreate))
	w.set("User", id, "roles", roles("Administrateur", "Comptable"))
	w.push()
	h.none() // another order is no difference
	w.set("User", id, "roles", roles("Comptable"))
	w.push()
	if task := h.only(manual.ActionRemove); line(task, "roles") != (manual.Line{Attribute: "roles", Before: "Administrateur, Comptable", After: "Comptable"}) {
		t.Errorf("lines %+v", task.Lines)
	}
}

func twoReplicasMakeOneTask(t *testing.T, w *world) {
	h := byHand(t, w, "jefacture")
	var ids []string
	for i := range 12 {
		ids = append(ids, w.user(fmt.Sprintf("p%d", i)))
	}
	other := w.newEngine(w.db, "two")
	for range 3 {
		for _, id := range ids {
			w.set("User", id, "name.familyName", newID())
		}
		var both sync.WaitGroup
		for _, e := range []*push.Engine{w.engine, other} {
			both.Go(func() {
				if err := e.RunOnce(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		w.push()
		if all := h.tasks(""); len(all) != len(ids) {
			t.Fatalf("%d tasks for %d people", len(all), len(ids))
		}
	}
}

func anAppWithoutInterfaceIsNeverCalled(t *testing.T, w *world) {
	byHand(t, w, "jefacture")
	w.user("anna")
	w.push()
	err := w.engine.Compare(t.Context(), w.app, func(push.Comparison) error { return nil })
	if !errors.Is(err, resources.ErrInvalidValue) || !strings.Contains(err.Error(), "no interface") {
		t.Errorf("comparing: %v", err)
	}
	attempts, err := w.db.Attempts(t.Context(), w.caller.Company, w.app.ID, push.AttemptQuery{Limit: 10})
	must(t, err)
	if len(attempts) != 0 {
		t.Errorf("attempts %+v", attempts)
	}
}

// An account that was there before, and that an admin linked: what nobody knows of it is nobody's work, what is known to be
// different is, and so is its end.
func whoeverWasLinkedIsAskedForWhatDiffers(t *testing.T, w *world) {
	h := byHand(t, w, "jefacture")
	link := func(name, written string) string {
		t.Helper()
		id := w.user(name)
		d := push.Decision{Company: w.caller.Company, App: w.app.ID, Account: name + "@atelier.fr", Name: name, Verb: push.VerbLink, User: id, UserName: name + "@atelier.fr", At: w.clock.Now()}
		if written != "" {
			d.Written = []byte(written)
		}
		must(t, w.db.LinkAccounts(t.Context(), w.clock.Now(), []push.Decision{d}))
		w.push()
		return id
	}
	anna := link("anna", "")
	h.none()
	w.wantState("User", anna, push.StateConfirmed)
	w.set("User", anna, "name.familyName", "Dupont")
	w.push()
	h.done(h.only(manual.ActionChange))
	link("ben", `{"userName":"ben@atelier.fr","name":{"familyName":"Ancien"}}`)
	if task := h.only(manual.ActionChange); len(task.Lines) != 1 || line(task, "name.familyName") != (manual.Line{Attribute: "name.familyName", Before: "Ancien", After: "Martin"}) {
		t.Errorf("lines %+v", task.Lines)
	}
	h.done(h.only(manual.ActionChange))
	w.remove("User", anna)
	w.push()
	h.only(manual.ActionDeactivate)
}

// Provisioning on demand tells which task there would be, and makes none.
func aRehearsalTellsTheTask(t *testing.T, w *world) {
	h := byHand(t, w, "jefacture")
	id := w.user("anna")
	p, err := w.engine.Rehearse(t.Context(), w.app, resources.TypeUser, id)
	must(t, err)
	if last := p.Steps[len(p.Steps)-1]; p.Error != "" || last.Words != "a task for a person: create" {
		t.Errorf("steps %+v, error %q", p.Steps, p.Error)
	}
	if all := h.tasks(""); len(all) != 0 {
		t.Errorf("a rehearsal made %+v", all)
	}
}
