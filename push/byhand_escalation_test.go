package push_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"proprio/audit"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/push/manual"
)

func TestEscalation(t *testing.T) {
	each(t, []scenario{
		whatIsLateIsToldOnceToEach,
		whatNobodyAnswersForIsToldToTheAdministrators,
		twoReplicasTellOnce,
		anAppIsAskedForItsTermsOnce,
	})
}

func anAppIsAskedForItsTermsOnce(t *testing.T, w *world) {
	h := byHand(t, w, "jefacture")
	for _, name := range []string{"anna", "ben", "carla"} {
		w.user(name)
	}
	w.push()
	w.clock.advance(6 * day)
	asked, terms := 0, h.desk.Terms
	h.desk.Terms = func(ctx context.Context, company, app string) (manual.Terms, error) {
		if app == h.app.ID {
			asked++
		}
		return terms(ctx, company, app)
	}
	h.escalate()
	if asked != 1 || len(h.late()) != 3 {
		t.Errorf("asked %d times for the terms of an app with %d late tasks", asked, len(h.late()))
	}
}

// late are the findings that a task is late.
func (h *hands) late() []ownership.Finding {
	h.t.Helper()
	all, err := h.db.Findings(h.t.Context(), h.caller.Company)
	must(h.t, err)
	var out []ownership.Finding
	for _, f := range all {
		if f.Kind == ownership.FindingLateTask {
			out = append(out, f)
		}
	}
	return out
}

func (h *hands) escalate() { h.t.Helper(); must(h.t, h.desk.Escalate(h.t.Context())) }

// told are the entries of the record that say whom was told of a task.
func (h *hands) told(id string) (n int) {
	h.t.Helper()
	entries, err := h.db.Entries(h.t.Context(), h.caller.Company, audit.Query{ObjectType: "task", ObjectID: id, Limit: 50})
	must(h.t, err)
	for _, e := range entries {
		if strings.HasPrefix(e.Reason, "late; told to ") {
			n++
		}
	}
	return n
}

func whatIsLateIsToldOnceToEach(t *testing.T, w *world) {
	h, id := made(t, w)
	w.remove("User", id)
	w.push()
	task := h.only(manual.ActionDeactivate)
	h.escalate()
	if f := h.late(); len(f) != 0 {
		t.Fatalf("findings %+v before it is late", f)
	}
	w.clock.advance(day)
	for range 3 {
		h.escalate()
	}
	f := h.late()
	if len(f) != 1 || f[0].Owner != "karim@atelier.fr" || f[0].Severity != ownership.High || f[0].ObjectName != "anna@atelier.fr (jefacture)" || h.told(task.ID) != 1 {
		t.Fatalf("findings %+v, told %d times; want the responsible person told once", f, h.told(task.ID))
	}
	w.clock.advance(2 * day)
	for range 3 {
		h.escalate()
	}
	again := h.late()
	if len(again) != 1 || again[0].ID != f[0].ID || again[0].Owner != "claire@atelier.fr, louis@atelier.fr" || again[0].Severity != ownership.Critical || h.told(task.ID) != 2 {
		t.Errorf("findings %+v, told %d times; want the administrators told, once", again, h.told(task.ID))
	}
	w.clock.advance(30 * day)
	h.escalate()
	if h.told(task.ID) != 2 {
		t.Errorf("told %d times", h.told(task.ID))
	}
	task = h.only(manual.ActionDeactivate)
	if task.StateAt(w.clock.Now()) != manual.StateLate || task.Step != manual.StepAdmins || len(h.tasks(manual.StateLate)) != 1 {
		t.Errorf("task %+v", task)
	}
	h.done(task)
	if f := h.late(); len(f) != 0 {
		t.Errorf("findings %+v of a task that was done", f)
	}
}

func whatNobodyAnswersForIsToldToTheAdministrators(t *testing.T, w *world) {
	h := byHand(t, w, "jefacture")
	h.app.Responsible = ""
	must(t, dbtest.UpdateApp(t.Context(), w.db, w.caller.Actor, h.app))
	w.user("anna")
	w.push()
	w.clock.advance(6 * day)
	h.escalate()
	if f := h.late(); len(f) != 1 || f[0].Owner != "claire@atelier.fr, louis@atelier.fr" || f[0].Severity != ownership.High {
		t.Errorf("findings %+v", f)
	}
	h.desk.Admins = func(context.Context, string) ([]string, error) { return nil, nil }
	w.user("ben")
	w.push()
	w.clock.advance(6 * day)
	h.escalate()
	if f := h.late(); len(f) != 2 {
		t.Errorf("findings %+v, want one also where there is nobody to tell", f)
	}
}

func twoReplicasTellOnce(t *testing.T, w *world) {
	h, id := made(t, w)
	w.remove("User", id)
	w.push()
	w.clock.advance(day)
	var both sync.WaitGroup
	for range 4 {
		both.Go(func() {
			if err := h.desk.Escalate(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if task := h.only(manual.ActionDeactivate); h.told(task.ID) != 1 || len(h.late()) != 1 {
		t.Errorf("told %d times, findings %+v", h.told(task.ID), h.late())
	}
}
