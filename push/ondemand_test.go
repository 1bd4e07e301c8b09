package push_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"proprio/db/dbtest"
	"proprio/push"
	"proprio/push/standin"
	"proprio/resources"
)

// apps.md 4a, 12: provision on demand, five steps with their data.
func TestProvision(t *testing.T) {
	each(t, []scenario{
		aPersonIsMadeInFiveSteps,
		aRehearsalSendsAndKeepsNothing,
		aStepThatFailsSaysWhy,
		whoIsNotInScopeIsLeftWhereNobodyIs,
		onePersonDoesNotWaitForThousands,
		aBusyAppDoesTheNamedOneNext,
		aPausedAppIsNotCalled,
		aGroupComesWithItsMembers,
		aLargeGroupComesToo,
	})
}

func steps(p *push.Provisioning) string {
	var names []string
	for _, s := range p.Steps {
		if !s.Done {
			s.Name = "!" + s.Name
		}
		names = append(names, s.Name)
	}
	return strings.Join(names, " ")
}

func (w *world) provision(typ, id string) *push.Provisioning {
	w.t.Helper()
	p, err := w.engine.Provision(w.t.Context(), w.caller.Actor, w.app, typ, id)
	must(w.t, err)
	return p
}

func aPersonIsMadeInFiveSteps(t *testing.T, w *world) {
	id := w.user("marie", input{"title": "Comptable"})
	p := w.provision("User", id)
	if steps(p) != "read scope match decide send" || p.State != push.StateConfirmed || p.Name != "marie@atelier.fr" || p.Error != "" {
		t.Errorf("%+v", p)
	}
	if w.stand.User("marie@atelier.fr")["title"] != "Comptable" {
		t.Errorf("the app holds %v", w.stand.Users())
	}
	calls := p.Steps[3].Detail.([]push.Call)
	if len(calls) != 1 || calls[0].Action != "create" {
		t.Errorf("decided: %+v", calls)
	}
	w.set("User", id, "title", "Directrice")
	p = w.provision("User", id)
	if p.Steps[2].Words != "known as "+w.account("User", id).RemoteID || w.stand.User("marie@atelier.fr")["title"] != "Directrice" {
		t.Errorf("%+v", p)
	}
	w.push()
	if n := len(w.stand.Users()); n != 1 {
		t.Errorf("%d accounts", n)
	}
}

func aRehearsalSendsAndKeepsNothing(t *testing.T, w *world) {
	group := w.group("Vente", w.user("marie"))
	w.push()
	before := w.account("Group", group)
	paul := w.user("paul")
	w.set("Group", group, "displayName", "Ventes")
	for typ, id := range map[string]string{"User": paul, "Group": group} {
		w.stand.Heard()
		p, err := w.engine.Rehearse(t.Context(), w.app, typ, id)
		must(t, err)
		if calls := p.Steps[3].Detail.([]push.Call); steps(p) != "read scope match decide" || p.State != "" || len(calls) != 1 {
			t.Errorf("%s: %+v", typ, p)
		}
		for _, r := range w.stand.Heard() {
			if r.Method != http.MethodGet {
				t.Errorf("it heard %s", r)
			}
		}
	}
	if after := w.account("Group", group); after.Begun != before.Begun || after.WantedGen != before.WantedGen {
		t.Errorf("the row became %+v", after)
	}
}

func aStepThatFailsSaysWhy(t *testing.T, w *world) {
	w.stand.Add(map[string]any{"userName": "marie@atelier.fr", "active": true})
	id := w.user("marie")
	p := w.provision("User", id)
	if steps(p) != "read scope match !decide" || !strings.Contains(p.Error, "not made here") {
		t.Errorf("%s: %s", steps(p), p.Error)
	}
	other := w.user("paul")
	w.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if r.Method == http.MethodPost {
			return &standin.Fault{Status: 400, ScimType: "invalidValue"}
		}
		return nil
	})
	p = w.provision("User", other)
	if steps(p) != "read scope match decide !send" || p.State != push.StateFailed || p.Error == "" {
		t.Errorf("%+v", p)
	}
	if _, err := w.engine.Provision(t.Context(), w.caller.Actor, w.app, "User", "nobody"); !errors.Is(err, resources.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
}

func whoIsNotInScopeIsLeftWhereNobodyIs(t *testing.T, w *world) {
	in, out := w.user("in"), w.user("out")
	group := w.group("Vente", in)
	w.change(func(a *push.App) { a.ScopeGroups = []string{group} })
	p := w.provision("User", out)
	if steps(p) != "read scope match decide" || !strings.Contains(p.Steps[1].Words, "none of the groups") || w.stand.User("out@atelier.fr") != nil {
		t.Errorf("%+v", p)
	}
	w.provision("User", in)
	w.modify("Group", group, resources.OpRemove, `members[value eq "`+in+`"]`, nil)
	p = w.provision("User", in)
	if p.State != push.StateRemoved || w.stand.User("in@atelier.fr")["active"] != false {
		t.Errorf("%+v", p)
	}
}

func onePersonDoesNotWaitForThousands(t *testing.T, w *world) {
	for range 100 {
		w.user(newID())
	}
	id := w.user("marie")
	w.resync()
	w.stand.Heard()
	w.provision("User", id)
	if w.stand.User("marie@atelier.fr") == nil || len(w.stand.Users()) != 1 {
		t.Errorf("%d accounts, want one", len(w.stand.Users()))
	}
}

// Another engine holds the app: it takes the named one before the rest.
func aBusyAppDoesTheNamedOneNext(t *testing.T, w *world) {
	for range 80 {
		w.user(newID())
	}
	id := w.user("marie")
	other := w.newEngine(w.db, "two")
	asked, answered := make(chan struct{}), make(chan *push.Provisioning)
	w.stand.SetFault(func(n int, r standin.Request) *standin.Fault {
		if n == 1 {
			close(asked)
			for { // until it is asked for by name
				rows, err := w.db.AccountsIn(context.Background(), w.app.Company, w.app.ID, "User", []string{id})
				if err != nil || rows[id].Rank == push.RankNow {
					return nil
				}
				time.Sleep(time.Millisecond)
			}
		}
		return nil
	})
	go func() {
		<-asked
		p, err := other.Provision(context.Background(), w.caller.Actor, w.app, "User", id)
		if err != nil {
			t.Error(err)
		}
		answered <- p
	}()
	w.push()
	if p := <-answered; p == nil || p.State != push.StateConfirmed {
		t.Errorf("%+v", p)
	}
	if n := len(w.stand.Users()); n != 81 {
		t.Errorf("%d accounts", n)
	}
}

func aPausedAppIsNotCalled(t *testing.T, w *world) {
	id := w.user("marie")
	w.app.Paused = true
	must(t, dbtest.UpdateApp(t.Context(), w.db, w.caller.Actor, w.app))
	w.stand.Heard()
	_, err := w.engine.Provision(t.Context(), w.caller.Actor, w.app, "User", id)
	if err == nil || !strings.Contains(err.Error(), "paused") || len(w.stand.Heard()) != 0 {
		t.Errorf("%v", err)
	}
}

func aGroupComesWithItsMembers(t *testing.T, w *world) {
	marie := w.user("marie")
	w.push()
	p := w.provision("Group", w.group("Vente", marie))
	if p.State != push.StateConfirmed {
		t.Errorf("%+v", p)
	}
	w.wantMembers("Vente", "marie")
}

func aLargeGroupComesToo(t *testing.T, w *world) {
	ids := w.staff(120)
	if p := w.provision("Group", w.group("Tous", ids...)); p.State != push.StateConfirmed {
		t.Errorf("%+v", p)
	}
}
