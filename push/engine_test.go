package push_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"proprio/push"
	"proprio/push/standin"
)

func TestEngine(t *testing.T) {
	each(t, []scenario{
		aChangeDuringTheCallIsFollowedByASecondCall,
		aKillBetweenPostAndCommitMakesNoSecondAccount,
		anAnswerThatIsLostAfterTheWorkMakesNoSecondAccount,
		anUnheardCreationIsFoundUnderItsOldName,
		twoEnginesDoNotOverlap,
		takeOverAfterTheLeaseRunsOut,
		aLeaseLostDuringACreation,
		aPausedAppIsNotCalledAndCatchesUp,
		aPrivateAddressIsRefusedUnlessAllowed,
		attemptsShowTheExchangeWithoutSecrets,
		settingsThatChangeUnderWayHoldForTheRest,
	})
}

func aChangeDuringTheCallIsFollowedByASecondCall(t *testing.T, w *world) {
	id := w.user("marie")
	w.push()
	var once sync.Once
	w.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
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
	w.stand.Heard()
	w.push()
	if r := w.stand.Heard(); count(r, "PATCH", "/Users") != 2 {
		t.Errorf("requests %v, want two PATCHes", r)
	}
	a := w.wantState("User", id, push.StateConfirmed)
	if w.stand.User("marie@atelier.fr")["title"] != "second" || a.DoneGen != a.WantedGen {
		t.Errorf("account %+v, the app holds %v", a, w.stand.User("marie@atelier.fr"))
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
				if len(w.stand.Users()) != 1 {
					t.Fatalf("users %v, want one", w.stand.Users())
				}
				if !echo {
					for _, u := range w.stand.Users() {
						delete(u, "externalId")
					}
				}
				w.push()
				a := w.wantState("User", id, push.StateConfirmed)
				if len(w.stand.Users()) != 1 || a.Origin != push.OriginCreated || a.Begun != "" {
					t.Errorf("account %+v, users %v", a, w.stand.Users())
				}
			})
		})
	}
}

func anAnswerThatIsLostAfterTheWorkMakesNoSecondAccount(t *testing.T, w *world) {
	lost := 0
	w.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if r.Method == "POST" && lost < 2 {
			lost++
			return &standin.Fault{Drop: true, Commit: true}
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
	if len(w.stand.Users()) != 1 || len(w.stand.Groups()) != 1 {
		t.Errorf("users %v, groups %v", w.stand.Users(), w.stand.Groups())
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
				w.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
					if r.Method == "POST" {
						return &standin.Fault{Drop: true, Commit: true}
					}
					return nil
				})
				id := w.user("marie")
				w.push()
				w.stand.SetFault(nil)
				then(w, id)
				w.later(time.Minute)
				a := w.account("User", id)
				if len(w.stand.Users()) != 1 || a.DoneGen != a.WantedGen {
					t.Fatalf("account %+v, users %v", a, w.stand.Users())
				}
				for _, u := range w.stand.Users() {
					if name == "renamed" && (u["userName"] != "marie.durand@atelier.fr" || u["active"] != true) ||
						name != "renamed" && u["active"] != false {
						t.Errorf("the app holds %v", u)
					}
				}
			})
		})
	}
}

// Two engines on one store, both running: the app hears one of them at a time, so that one paces it (several calls of that
// one at once are its profile's concurrency), and every account is made once.
func twoEnginesDoNotOverlap(t *testing.T, w *world) {
	floor := newFloor()
	w.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
		defer floor.enter(r.Header.Get(engineHeader))()
		time.Sleep(time.Millisecond) // makes an overlap likely, were there one
		return nil
	})
	ctx, stop := context.WithCancel(t.Context())
	var engines sync.WaitGroup
	var all []*push.Engine
	for _, name := range []string{"first", "second"} {
		e := w.newEngine(w.db, name)
		e.Open = named{e.Open, name}
		all = append(all, e)
		engines.Go(func() { _ = e.Run(ctx) })
	}
	var ids []string
	for i := range 60 {
		ids = append(ids, w.user(fmt.Sprintf("u%02d", i)))
		all[i%2].Wake()
	}
	deadline := time.Now().Add(2 * time.Minute)
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
	if r := w.stand.Heard(); count(r, "POST", "/Users") != 60 {
		t.Errorf("%d creations for 60 users", count(r, "POST", "/Users"))
	}
	calls, most := floor.seen()
	if most != 1 || calls[""] != 0 {
		t.Errorf("%d engines called the app at the same moment, want one; calls by engine: %v", most, calls)
	}
}

// engineHeader says in a test which engine a call comes from.
const engineHeader = "Test-Engine"

// named is a connection pool whose calls bear the name of their engine.
type named struct {
	http.RoundTripper
	name string
}

// RoundTrip implements http.RoundTripper.
func (n named) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set(engineHeader, n.name)
	return n.RoundTripper.RoundTrip(r)
}

// floor counts the engines that are heard at the same moment.
type floor struct {
	mu    sync.Mutex
	now   map[string]int // calls under way, by engine
	calls map[string]int // in all
	most  int
}

func newFloor() *floor { return &floor{now: map[string]int{}, calls: map[string]int{}} }

// enter notes a call until the function it returns is called.
func (f *floor) enter(engine string) (leave func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now[engine]++
	f.calls[engine]++
	f.most = max(f.most, len(f.now))
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.now[engine]--; f.now[engine] == 0 {
			delete(f.now, engine)
		}
	}
}

// seen returns the calls of each engine, and how many engines called at once.
func (f *floor) seen() (calls map[string]int, most int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.calls), f.most
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
	if len(w.stand.Heard()) != 0 {
		t.Fatal("the app was called while another engine held it")
	}
	w.later(2 * time.Second)
	w.wantState("User", id, push.StateConfirmed)
	// The lease was taken and given back since: it is nobody's.
	err = w.db.Record(t.Context(), dead, w.clock.Now(), nil, push.Result{Account: late[0], Confirmed: true})
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
	w.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
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
	if len(w.stand.Users()) != 1 || w.stand.Resource(a.RemoteID) == nil || a.Origin != push.OriginCreated {
		t.Errorf("account %+v, users %v", a, w.stand.Users())
	}
}

func aPausedAppIsNotCalledAndCatchesUp(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Paused = true })
	id := w.user("marie")
	w.push()
	if r := w.stand.Heard(); len(r) != 0 {
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
	if a.Class != push.ClassNeedsAdmin || !strings.Contains(a.Error, "not a public one") || len(w.stand.Heard()) != 0 {
		t.Errorf("class %s, error %q", a.Class, a.Error)
	}
}

// What an admin sees of a call: the exchange, its cause, and no secret.
func attemptsShowTheExchangeWithoutSecrets(t *testing.T, w *world) {
	id := w.user("marie")
	w.push()
	list, err := w.db.Attempts(t.Context(), w.app.Company, w.app.ID, push.AttemptQuery{Account: w.account("User", id).ID, Limit: 10})
	must(t, err)
	if len(list) != 2 || list[0].Action != "create" || list[0].Status != 201 || list[1].Action != "look up" || list[0].Why == "" {
		t.Fatalf("attempts %+v", list)
	}
	for _, a := range list {
		if strings.Contains(string(a.Request)+string(a.Response)+a.URL, w.stand.Token) {
			t.Errorf("attempt %+v shows the token", a)
		}
	}
}

// A first push of everybody is under way when the app's scope becomes one Group.
func settingsThatChangeUnderWayHoldForTheRest(t *testing.T, w *world) {
	for range 100 {
		w.user(newID())
	}
	group := w.group("Vente", w.user("marie"))
	w.resync()
	w.stand.SetFault(func(n int, _ standin.Request) *standin.Fault {
		if n == 1 {
			w.change(func(a *push.App) { a.ScopeGroups = []string{group} })
		}
		return nil
	})
	w.push()
	if n := len(w.stand.Users()); n > 40 || w.stand.User("marie@atelier.fr") == nil {
		t.Errorf("%d accounts were made: want those of the batch under way, and the one in scope", n)
	}
}
