package push_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"proprio/push"
	"proprio/push/manual"
	"proprio/resources"
)

func TestByHandTogether(t *testing.T) {
	each(t, []scenario{
		groupsAreKeptByHandToo,
		aRoleTakenAwayIsNotJustAChange,
		twoReplicasMakeOneTask,
		anAppWithoutInterfaceIsNeverCalled,
		whoeverWasLinkedIsAskedForWhatDiffers,
		aRehearsalTellsTheTask,
	})
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
