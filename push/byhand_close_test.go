package push_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"proprio/audit"
	"proprio/push"
	"proprio/push/manual"
	"proprio/resources"
)

func TestByHandClosing(t *testing.T) {
	each(t, []scenario{
		aProofIsRequiredAndSaidOnce,
		whoReadAnOlderTaskDoesNotCloseIt,
		whatIsSaidToBeDoneCountsProvisionally,
		aRefusalWaitsForADecision,
	})
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
