package push_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"proprio/push"
	"proprio/resources"
)

func TestEngine(t *testing.T) {
	each(t, []scenario{
		aChangeDuringTheCallIsFollowedByASecondCall,
		aKillBetweenPostAndCommitMakesNoSecondAccount,
		anAnswerThatIsLostAfterTheWorkMakesNoSecondAccount,
		anUnheardCreationIsFoundUnderItsOldName,
		aDownAppGetsOneCallPerObjectWhenItReturns,
		aDownAppIsNotHammered,
		retryAfterInBothFormsHoldsTheWholeApp,
		aRefusedTokenQuarantinesUntilANewOneIsSet,
		a403OfOneObjectDoesNotStopTheApp,
		aPoisonedObjectDoesNotBlockTheOthers,
		twoEnginesDoNotOverlap,
		takeOverAfterTheLeaseRunsOut,
		aLeaseLostDuringACreation,
		aPausedAppIsNotCalledAndCatchesUp,
		aPrivateAddressIsRefusedUnlessAllowed,
		profilesThroughTheLifeOfAnAccount,
		aRequiredAttributeIsAskedForWithoutACallButALeaverIsStillDeactivated,
		aRefusedChangeDoesNotKeepALeaversAccessOpen,
		whereReactivationIsAHandsWorkItIsAskedForAndThenNoticed,
		deactivationByDeleteWhereThatIsWhatItMeans,
		attemptsShowTheExchangeWithoutSecrets,
	})
}

func aChangeDuringTheCallIsFollowedByASecondCall(t *testing.T, w *world) {
	id := w.user("marie")
	w.push()
	var once sync.Once
	w.stand.setFault(func(_ int, r *http.Request, _ string) *fault {
		if r.Method == "PATCH" {
			once.Do(func() { // the app is at work on the first change when the second is written and planned
				w.set("User", id, "title", "second")
				p := push.Planner{Store: w.db, Profiles: w.engine.Profiles, Now: w.clock.Now}
				_, err := p.Step(context.Background())
				if err != nil {
					t.Error(err)
				}
			})
		}
		return nil
	})
	w.set("User", id, "title", "first")
	w.stand.heard()
	w.push()
	if r := w.stand.heard(); count(r, "PATCH", "/Users") != 2 {
		t.Errorf("requests %v, want two PATCHes", r)
	}
	a := w.wantState("User", id, push.StateConfirmed)
	if w.stand.user("marie@atelier.fr")["title"] != "second" || a.DoneGen != a.WantedGen {
		t.Errorf("account %+v, the app holds %v", a, w.stand.user("marie@atelier.fr"))
	}
}

// The process dies between the app's commit and its own. What follows knows its own account.
func aKillBetweenPostAndCommitMakesNoSecondAccount(t *testing.T, w *world) {
	for name, echo := range map[string]bool{"app keeps externalId": true, "app keeps none": false} {
		t.Run(name, func(t *testing.T) {
			w.again(t, func(t *testing.T, w *world) {
				id := w.user("marie")
				dying := w.newEngine(killed{w.db, func(push.Result) bool { return true }}, "dying")
				if err := dying.RunOnce(t.Context()); err == nil {
					t.Fatal("the engine did not notice that nothing was recorded")
				}
				if len(w.stand.users) != 1 {
					t.Fatalf("users %v, want one", w.stand.users)
				}
				if !echo {
					for _, u := range w.stand.users {
						delete(u, "externalId")
					}
				}
				w.push()
				a := w.wantState("User", id, push.StateConfirmed)
				if len(w.stand.users) != 1 || a.Origin != push.OriginCreated || a.Begun != "" {
					t.Errorf("account %+v, users %v", a, w.stand.users)
				}
			})
		})
	}
}

func anAnswerThatIsLostAfterTheWorkMakesNoSecondAccount(t *testing.T, w *world) {
	lost := 0
	w.stand.setFault(func(_ int, r *http.Request, _ string) *fault {
		if r.Method == "POST" && lost < 2 {
			lost++
			return &fault{drop: true, commit: true}
		}
		return nil
	})
	user := w.user("marie")
	group := w.group("Vente", user)
	w.push()
	w.later(time.Minute)
	w.later(time.Minute)
	w.wantState("User", user, push.StateConfirmed)
	w.wantState("Group", group, push.StateConfirmed)
	if len(w.stand.users) != 1 || len(w.stand.groups) != 1 {
		t.Errorf("users %v, groups %v", w.stand.users, w.stand.groups)
	}
}

// Created without its answer being heard, then renamed, or gone, before the next attempt.
func anUnheardCreationIsFoundUnderItsOldName(t *testing.T, w *world) {
	for name, then := range map[string]func(w *world, id string){
		"renamed":     func(w *world, id string) { w.set("User", id, "userName", "marie.durand@atelier.fr") },
		"removed":     func(w *world, id string) { w.remove("User", id) },
		"deactivated": func(w *world, id string) { w.set("User", id, "active", false) },
	} {
		t.Run(name, func(t *testing.T) {
			w.again(t, func(t *testing.T, w *world) {
				w.stand.setFault(func(_ int, r *http.Request, _ string) *fault {
					if r.Method == "POST" {
						return &fault{drop: true, commit: true}
					}
					return nil
				})
				id := w.user("marie")
				w.push()
				w.stand.setFault(nil)
				then(w, id)
				w.later(time.Minute)
				a := w.account("User", id)
				if len(w.stand.users) != 1 || a.DoneGen != a.WantedGen {
					t.Fatalf("account %+v, users %v", a, w.stand.users)
				}
				for _, u := range w.stand.users {
					if name == "renamed" && (u["userName"] != "marie.durand@atelier.fr" || u["active"] != true) ||
						name != "renamed" && u["active"] != false {
						t.Errorf("the app holds %v", u)
					}
				}
			})
		})
	}
}

// Issue 2: a stopped app for the length of 500 changes to 50 users; one call per object once it returns.
func aDownAppGetsOneCallPerObjectWhenItReturns(t *testing.T, w *world) {
	var ids []string
	for i := range 50 {
		ids = append(ids, w.user(fmt.Sprintf("u%02d", i)))
	}
	w.push()
	w.stand.setFault(func(int, *http.Request, string) *fault { return &fault{drop: true} })
	for round := range 10 {
		for i, id := range ids {
			w.set("User", id, "title", fmt.Sprintf("title %d of %d", round, i))
		}
		w.later(time.Second)
	}
	w.stand.setFault(nil)
	w.stand.heard()
	w.later(15 * time.Minute)
	r := w.stand.heard()
	if len(r) != 50 || count(r, "PATCH", "/Users") != 50 {
		t.Errorf("%d requests, %d of them PATCHes; want exactly one PATCH for each of 50", len(r), count(r, "PATCH", "/Users"))
	}
	for i, id := range ids {
		if got := w.stand.users[w.account("User", id).RemoteID]["title"]; got != fmt.Sprintf("title 9 of %d", i) {
			t.Errorf("user %d has title %v", i, got)
		}
	}
}

func aDownAppIsNotHammered(t *testing.T, w *world) {
	w.stand.setFault(func(int, *http.Request, string) *fault { return &fault{status: 500} })
	for i := range 40 {
		w.user(fmt.Sprintf("u%02d", i))
	}
	w.push()
	if n := len(w.stand.heard()); n > 12 {
		t.Errorf("%d calls to an app that answers 500, want it left alone after a few", n)
	}
	app, err := w.db.App(t.Context(), w.app.Company, w.app.ID)
	must(t, err)
	if !app.BlockedUntil.After(w.clock.Now()) || app.BlockedReason == "" {
		t.Errorf("app %+v: the block is not stored", app)
	}
	w.push()
	if n := len(w.stand.heard()); n != 0 {
		t.Errorf("%d calls to a blocked app", n)
	}
	w.stand.setFault(nil)
	w.later(time.Hour)
	s, err := push.StatusOf(t.Context(), w.db, w.app, w.clock.Now())
	must(t, err)
	if !s.InSync || s.States[push.StateConfirmed] != 40 {
		t.Errorf("status %+v", s)
	}
}

func retryAfterInBothFormsHoldsTheWholeApp(t *testing.T, w *world) {
	for name, header := range map[string]func(now time.Time) string{
		"seconds":   func(time.Time) string { return "120" },
		"HTTP date": func(now time.Time) string { return now.Add(2 * time.Minute).UTC().Format(http.TimeFormat) },
	} {
		t.Run(name, func(t *testing.T) {
			w.again(t, func(t *testing.T, w *world) {
				id := w.user("marie")
				w.user("jean")
				w.stand.setFault(func(int, *http.Request, string) *fault {
					return &fault{status: 429, retryAfter: header(w.clock.Now())}
				})
				w.push()
				w.stand.setFault(nil)
				w.stand.heard()
				w.later(110 * time.Second)
				if r := w.stand.heard(); len(r) != 0 {
					t.Fatalf("requests %v before the app's time is over", r)
				}
				w.later(15 * time.Second)
				w.wantState("User", id, push.StateConfirmed)
			})
		})
	}
}

func aRefusedTokenQuarantinesUntilANewOneIsSet(t *testing.T, w *world) {
	must(t, w.db.SetAppCredential(t.Context(), w.caller.Actor, w.app.Company, w.app.ID, []byte("old-token")))
	var ids []string
	for i := range 20 {
		ids = append(ids, w.user(fmt.Sprintf("u%02d", i)))
	}
	w.push()
	if n := len(w.stand.heard()); n > 4 {
		t.Errorf("%d calls with a refused token, want no more than were under way", n)
	}
	app, err := w.db.App(t.Context(), w.app.Company, w.app.ID)
	must(t, err)
	if app.BlockedUntil.Sub(w.clock.Now()) < time.Minute || !strings.Contains(app.BlockedReason, "token") {
		t.Errorf("app %+v", app)
	}
	must(t, w.db.SetAppCredential(t.Context(), w.caller.Actor, w.app.Company, w.app.ID, []byte(w.stand.token)))
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
	w.stand.setFault(func(_ int, r *http.Request, _ string) *fault {
		if r.URL.Path == protected && r.Method == "PATCH" {
			return &fault{status: 403}
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
	w.stand.setFault(func(_ int, r *http.Request, body string) *fault {
		if r.Method == "POST" && strings.Contains(body, "poison") {
			return &fault{status: 500}
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
	if m, _ := w.stand.members("Vente"); len(m) != 60 {
		t.Errorf("%d members, want 60", len(m))
	}
}

// Two engines on one store, both running: no object is worked on by both at once, and every account is made once.
func twoEnginesDoNotOverlap(t *testing.T, w *world) {
	var working sync.Map
	var overlaps atomic.Int32
	w.stand.setFault(func(_ int, r *http.Request, body string) *fault {
		key := r.Method + r.URL.RequestURI() + body
		if _, busy := working.LoadOrStore(key, true); busy {
			overlaps.Add(1)
		}
		time.Sleep(time.Millisecond) // makes an overlap likely, were there one
		working.Delete(key)
		return nil
	})
	ctx, stop := context.WithCancel(t.Context())
	var engines sync.WaitGroup
	var all []*push.Engine
	for _, name := range []string{"first", "second"} {
		e := w.newEngine(w.db, name)
		all = append(all, e)
		engines.Go(func() { _ = e.Run(ctx) })
	}
	var ids []string
	for i := range 60 {
		ids = append(ids, w.user(fmt.Sprintf("u%02d", i)))
		all[i%2].Wake()
	}
	deadline := time.Now().Add(20 * time.Second)
	for done := false; !done; {
		s, err := push.StatusOf(t.Context(), w.db, w.app, w.clock.Now())
		must(t, err)
		if done = s.InSync && s.States[push.StateConfirmed] == len(ids); !done && time.Now().After(deadline) {
			t.Fatalf("status %+v", s)
		}
		all[0].Wake()
		all[1].Wake()
		time.Sleep(5 * time.Millisecond)
	}
	stop()
	engines.Wait()
	if r := w.stand.heard(); overlaps.Load() != 0 || count(r, "POST", "/Users") != 60 {
		t.Errorf("%d overlaps, %d creations for 60 users", overlaps.Load(), count(r, "POST", "/Users"))
	}
}

// An engine dies with the lease. Another takes over when it runs out, and the dead one's late result is not recorded.
func takeOverAfterTheLeaseRunsOut(t *testing.T, w *world) {
	id := w.user("marie")
	p := push.Planner{Store: w.db, Profiles: w.engine.Profiles, Now: w.clock.Now}
	_, err := p.Step(t.Context())
	must(t, err)
	dead := push.Lease{Company: w.app.Company, App: w.app.ID, Owner: "dead"}
	held, err := w.db.LeaseApp(t.Context(), dead, w.clock.Now(), w.clock.Now().Add(15*time.Second))
	if err != nil || !held {
		t.Fatalf("lease: %v, %v", held, err)
	}
	late, err := w.db.DueAccounts(t.Context(), dead, w.clock.Now(), 1)
	must(t, err)
	w.later(14 * time.Second)
	if len(w.stand.heard()) != 0 {
		t.Fatal("the app was called while another engine held it")
	}
	w.later(2 * time.Second)
	w.wantState("User", id, push.StateConfirmed)
	// The lease was taken and given back since: it is nobody's.
	err = w.db.FinishAccount(t.Context(), dead, push.Result{Account: late[0], Confirmed: true}, w.clock.Now())
	if err != push.ErrLeaseLost {
		t.Errorf("the dead engine's result gives %v, want ErrLeaseLost", err)
	}
	if a := w.account("User", id); a.RemoteID == "" {
		t.Errorf("account %+v was overwritten", a)
	}
}

// An engine loses its lease while its creation is on the way: the other one's counts, and there is one account.
func aLeaseLostDuringACreation(t *testing.T, w *world) {
	id := w.user("marie")
	other := w.newEngine(w.db, "other")
	var creations atomic.Int32
	w.stand.setFault(func(_ int, r *http.Request, _ string) *fault {
		if r.Method == "POST" && creations.Add(1) == 1 {
			w.clock.advance(time.Minute)
			if err := other.RunOnce(context.Background()); err != nil {
				t.Error(err)
			}
		}
		return nil
	})
	w.push()
	a := w.wantState("User", id, push.StateConfirmed)
	if len(w.stand.users) != 1 || w.stand.users[a.RemoteID] == nil || a.Origin != push.OriginCreated {
		t.Errorf("account %+v, users %v", a, w.stand.users)
	}
}

func aPausedAppIsNotCalledAndCatchesUp(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Paused = true })
	id := w.user("marie")
	w.push()
	if r := w.stand.heard(); len(r) != 0 {
		t.Fatalf("requests %v to a paused app", r)
	}
	w.change(func(a *push.App) { a.Paused = false })
	w.push()
	w.wantState("User", id, push.StateConfirmed)
}

func aPrivateAddressIsRefusedUnlessAllowed(t *testing.T, w *world) {
	id := w.user("marie")
	w.change(func(a *push.App) { a.AllowPrivate = false; a.URL = strings.Replace(a.URL, "http:", "https:", 1) })
	w.push()
	a := w.wantState("User", id, push.StateFailed)
	if a.Class != push.ClassNeedsAdmin || !strings.Contains(a.Error, "not a public one") || len(w.stand.heard()) != 0 {
		t.Errorf("class %s, error %q", a.Class, a.Error)
	}
}

// The profiles' switches, each through the life of one account.
func profilesThroughTheLifeOfAnAccount(t *testing.T, w *world) {
	for profile, setUp := range map[string]func(s *standIn){
		"object": func(s *standIn) {},
		"put":    func(s *standIn) { s.noPatch = true },
		"single": func(s *standIn) { s.singleEmail = true },
	} {
		t.Run(profile, func(t *testing.T) {
			w.again(t, func(t *testing.T, w *world) {
				setUp(w.stand)
				w.change(func(a *push.App) { a.Profile = profile })
				id := w.user("marie", input{"title": "Comptable", "emails": []any{
					map[string]any{"value": "old@atelier.fr", "type": "other"},
					map[string]any{"value": "marie@atelier.fr", "type": "work", "primary": true}},
					resources.SchemaEnterprise: map[string]any{"department": "Vente", "costCenter": "7"}})
				w.push()
				w.wantState("User", id, push.StateConfirmed)
				w.set("User", id, "title", nil)
				w.set("User", id, resources.SchemaEnterprise+":department", "Achats")
				w.set("User", id, "active", false)
				w.push()
				w.wantState("User", id, push.StateConfirmed)
				u := w.stand.user("marie@atelier.fr")
				ext, _ := u[resources.SchemaEnterprise].(map[string]any)
				if u["title"] != nil || ext["department"] != "Achats" || ext["costCenter"] != "7" || u["active"] != false {
					t.Errorf("the app holds %v", u)
				}
				if list := u["emails"].([]any); profile == "single" && (len(list) != 1 || list[0].(map[string]any)["value"] != "marie@atelier.fr") {
					t.Errorf("emails %v, want the primary one", list)
				}
				w.remove("User", id)
				w.push()
				w.wantState("User", id, push.StateRemoved)
			})
		})
	}
}

func aRequiredAttributeIsAskedForWithoutACallButALeaverIsStillDeactivated(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "single" })
	id := w.user("marie")
	w.push()
	w.set("User", id, "name.familyName", nil)
	w.stand.heard()
	w.push()
	a := w.wantState("User", id, push.StateFailed)
	if a.Class != push.ClassNeedsData || !strings.Contains(a.Error, "name.familyName") || len(w.stand.heard()) != 0 {
		t.Errorf("class %s, error %q", a.Class, a.Error)
	}
	w.set("User", id, "active", false)
	w.push()
	if w.stand.user("marie@atelier.fr")["active"] != false {
		t.Error("a missing attribute kept a leaver's access open")
	}
}

func aRefusedChangeDoesNotKeepALeaversAccessOpen(t *testing.T, w *world) {
	id := w.user("marie")
	w.push()
	w.stand.setFault(func(_ int, r *http.Request, body string) *fault {
		if strings.Contains(body, "Retraitée") {
			return &fault{status: 400, scimType: "invalidValue"}
		}
		return nil
	})
	w.set("User", id, "title", "Retraitée")
	w.set("User", id, "active", false)
	w.push()
	a := w.wantState("User", id, push.StateFailed)
	if w.stand.user("marie@atelier.fr")["active"] != false || !strings.Contains(a.Error, "is deactivated") {
		t.Errorf("error %q, the app holds %v", a.Error, w.stand.user("marie@atelier.fr"))
	}
}

func whereReactivationIsAHandsWorkItIsAskedForAndThenNoticed(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "one-way" })
	id := w.user("marie")
	w.push()
	w.set("User", id, "active", false)
	w.push()
	w.set("User", id, "active", true)
	w.push()
	a := w.wantState("User", id, push.StateFailed)
	if a.Class != push.ClassNeedsAdmin || !strings.Contains(a.Error, "reactivate") {
		t.Errorf("class %s, error %q", a.Class, a.Error)
	}
	w.stand.mu.Lock()
	w.stand.users[a.RemoteID]["active"] = true
	w.stand.mu.Unlock()
	must(t, w.db.RetryAccount(t.Context(), w.caller.Actor, w.app.Company, a.ID, w.clock.Now()))
	w.push()
	w.wantState("User", id, push.StateConfirmed)
}

func deactivationByDeleteWhereThatIsWhatItMeans(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "delete" })
	id := w.user("marie")
	w.push()
	w.remove("User", id)
	w.push()
	w.wantState("User", id, push.StateRemoved)
	if r := w.stand.heard(); count(r, "DELETE", "/Users/") != 1 {
		t.Errorf("requests %v", r)
	}
}

// What an admin sees of a call: the exchange, its cause, and no secret.
func attemptsShowTheExchangeWithoutSecrets(t *testing.T, w *world) {
	id := w.user("marie")
	w.push()
	list, err := w.db.Attempts(t.Context(), w.app.Company, w.app.ID, w.account("User", id).ID, 10)
	must(t, err)
	if len(list) != 2 || list[0].Action != "create" || list[0].Status != 201 || list[1].Action != "look up" || list[0].Why == "" {
		t.Fatalf("attempts %+v", list)
	}
	for _, a := range list {
		if strings.Contains(string(a.Request)+string(a.Response)+a.URL, w.stand.token) {
			t.Errorf("attempt %+v shows the token", a)
		}
	}
}
