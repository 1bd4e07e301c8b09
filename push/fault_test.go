package push_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"proprio/db/dbtest"
	"proprio/push"
	"proprio/push/standin"
)

func TestFaults(t *testing.T) {
	each(t, []scenario{
		aDownAppGetsOneCallPerObjectWhenItReturns,
		aDownAppIsNotHammered,
		retryAfterInBothFormsHoldsTheWholeApp,
		aRefusedTokenQuarantinesUntilANewOneIsSet,
		anAppThatMovesWhileItIsTakenUpGetsNoOtherAddressesToken,
		a403OfOneObjectDoesNotStopTheApp,
		aPoisonedObjectDoesNotBlockTheOthers,
	})
}

// Issue 2: a stopped app for the length of 500 changes to 50 users; one call per object once it returns.
func aDownAppGetsOneCallPerObjectWhenItReturns(t *testing.T, w *world) {
	var ids []string
	for i := range 50 {
		ids = append(ids, w.user(fmt.Sprintf("u%02d", i)))
	}
	w.push()
	w.stand.SetFault(func(int, standin.Request) *standin.Fault { return &standin.Fault{Drop: true} })
	for round := range 10 {
		for i, id := range ids {
			w.set("User", id, "title", fmt.Sprintf("title %d of %d", round, i))
		}
		w.later(time.Second)
	}
	w.stand.SetFault(nil)
	w.stand.Heard()
	w.later(15 * time.Minute)
	r := w.stand.Heard()
	if len(r) != 50 || count(r, "PATCH", "/Users") != 50 {
		t.Errorf("%d requests, %d of them PATCHes; want exactly one PATCH for each of 50", len(r), count(r, "PATCH", "/Users"))
	}
	for i, id := range ids {
		if got := w.stand.Resource(w.account("User", id).RemoteID)["title"]; got != fmt.Sprintf("title 9 of %d", i) {
			t.Errorf("user %d has title %v", i, got)
		}
	}
}

func aDownAppIsNotHammered(t *testing.T, w *world) {
	w.stand.SetFault(func(int, standin.Request) *standin.Fault { return &standin.Fault{Status: 500} })
	for i := range 40 {
		w.user(fmt.Sprintf("u%02d", i))
	}
	w.push()
	if n := len(w.stand.Heard()); n > 12 {
		t.Errorf("%d calls to an app that answers 500, want it left alone after a few", n)
	}
	app, err := w.db.App(t.Context(), w.app.Company, w.app.ID)
	must(t, err)
	if !app.BlockedUntil.After(w.clock.Now()) || app.BlockedReason == "" {
		t.Errorf("app %+v: the block is not stored", app)
	}
	w.push()
	if n := len(w.stand.Heard()); n != 0 {
		t.Errorf("%d calls to a blocked app", n)
	}
	w.stand.SetFault(nil)
	w.later(time.Hour)
	s, err := push.StatusOf(t.Context(), w.db, w.app, w.clock.Now())
	must(t, err)
	if !s.InSync || s.States[push.StateConfirmed] != 40 {
		t.Errorf("status %+v", s)
	}
}

func retryAfterInBothFormsHoldsTheWholeApp(t *testing.T, w *world) {
	for _, form := range []string{"seconds", "date"} {
		t.Run(form, func(t *testing.T) {
			w.again(t, func(t *testing.T, w *world) {
				id := w.user("marie")
				w.user("jean")
				w.stand.Profile.Answers.RetryAfter = form
				w.stand.SetFault(func(int, standin.Request) *standin.Fault {
					return &standin.Fault{Status: 429, RetryAfter: 2 * time.Minute}
				})
				w.push()
				w.stand.SetFault(nil)
				w.stand.Heard()
				w.later(110 * time.Second)
				if r := w.stand.Heard(); len(r) != 0 {
					t.Fatalf("requests %v before the app's time is over", r)
				}
				w.later(15 * time.Second)
				w.wantState("User", id, push.StateConfirmed)
			})
		})
	}
}

func aRefusedTokenQuarantinesUntilANewOneIsSet(t *testing.T, w *world) {
	must(t, dbtest.ReplaceApp(t.Context(), w.db, w.caller.Actor, w.app, []byte("old-token")))
	var ids []string
	for i := range 20 {
		ids = append(ids, w.user(fmt.Sprintf("u%02d", i)))
	}
	w.push()
	if n := len(w.stand.Heard()); n > 4 {
		t.Errorf("%d calls with a refused token, want no more than were under way", n)
	}
	app, err := w.db.App(t.Context(), w.app.Company, w.app.ID)
	must(t, err)
	if app.BlockedUntil.Sub(w.clock.Now()) < time.Minute || !strings.Contains(app.BlockedReason, "token") {
		t.Errorf("app %+v", app)
	}
	must(t, dbtest.ReplaceApp(t.Context(), w.db, w.caller.Actor, w.app, []byte(w.stand.Token)))
	w.push()
	for _, id := range ids {
		w.wantState("User", id, push.StateConfirmed)
	}
}

// One protected account is that account's matter; several in a row are the token's.
func a403OfOneObjectDoesNotStopTheApp(t *testing.T, w *world) {
	boss, clerk := w.user("boss"), w.user("clerk")
	w.push()
	protected := "/Users/" + w.account("User", boss).RemoteID
	w.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if r.Path == protected && r.Method == "PATCH" {
			return &standin.Fault{Status: 403}
		}
		return nil
	})
	w.set("User", boss, "title", "x")
	w.push()
	if a := w.wantState("User", boss, push.StateFailed); a.Class != push.ClassNeedsAdmin {
		t.Errorf("class %s", a.Class)
	}
	w.set("User", clerk, "title", "x")
	w.push()
	w.wantState("User", clerk, push.StateConfirmed)
}

func aPoisonedObjectDoesNotBlockTheOthers(t *testing.T, w *world) {
	w.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if r.Method == "POST" && strings.Contains(r.Body, "poison") {
			return &standin.Fault{Status: 500}
		}
		return nil
	})
	poison := w.user("poison")
	var ids []string
	for i := range 60 {
		ids = append(ids, w.user(fmt.Sprintf("u%02d", i)))
	}
	group := w.group("Vente", append(ids, poison)...)
	w.push()
	for _, id := range ids {
		w.wantState("User", id, push.StateConfirmed)
	}
	w.wantState("User", poison, push.StateFailed)
	w.wantState("Group", group, push.StatePartial)
	if m, _ := w.stand.Members("Vente"); len(m) != 60 {
		t.Errorf("%d members, want 60", len(m))
	}
}

// moving is a store in which the app gets another address, with a token of its own, just before the token is read.
type moving struct {
	push.Store
	move func()
}

func (m *moving) AppCredential(ctx context.Context, a push.App) ([]byte, error) {
	if m.move != nil {
		m.move()
		m.move = nil
	}
	return m.Store.AppCredential(ctx, a)
}

func anAppThatMovesWhileItIsTakenUpGetsNoOtherAddressesToken(t *testing.T, w *world) {
	other := newStand(t, w.clock.Now)
	other.Token = "token-of-the-new-address"
	store := &moving{Store: w.db, move: func() {
		w.app.URL = other.URL
		must(t, dbtest.ReplaceApp(t.Context(), w.db, w.caller.Actor, w.app, []byte(other.Token)))
	}}
	id := w.user("marie")
	must(t, w.newEngine(store, "two").RunOnce(t.Context()))
	w.wantState("User", id, push.StateConfirmed)
	if r := w.stand.Heard(); len(r) != 0 || other.User("marie@atelier.fr") == nil {
		t.Errorf("the old address got %v, the new one holds %v", r, other.Users())
	}
}
