package push_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"proprio/push"
	"proprio/push/standin"
)

func TestFirstPush(t *testing.T) {
	each(t, []scenario{
		manyNewAccountsNeedOneLookUp,
		whoIsThereAlreadyIsLookedUpAndNotMadeTwice,
		aListThatIsLongerThanTheLookUpsIsNotRead,
		anAppThatDoesNotListIsAskedForEachOne,
		aListThatDoesNotShowWhoIsWhoIsNotUsed,
		whoIsMadeByOthersMeanwhileIsFound,
		twoOfOneAddressDoNotGetAnAccountEach,
		aCreationThatWasNotHeardIsLookedFor,
	})
}

// newcomers makes n people whom no app knows.
func (w *world) newcomers(n int) {
	for i := range n {
		w.user(fmt.Sprintf("n%02d", i))
	}
}

// calls counts, of what the app heard, lists and look-ups of Users, and creations.
func (w *world) calls() (lists, lookUps, creations int) {
	for _, r := range w.stand.Heard() {
		switch {
		case r.Method == http.MethodPost:
			creations++
		case r.Method != http.MethodGet:
		case strings.Contains(r.Path, "filter="):
			lookUps++
		default:
			lists++
		}
	}
	return lists, lookUps, creations
}

func manyNewAccountsNeedOneLookUp(t *testing.T, w *world) {
	w.newcomers(30)
	w.push()
	if lists, lookUps, creations := w.calls(); lists != 1 || lookUps != 0 || creations != 30 {
		t.Errorf("%d lists, %d look-ups, %d creations", lists, lookUps, creations)
	}
	w.later(time.Minute)
	w.user("late")
	w.push()
	if lists, lookUps, creations := w.calls(); lists != 0 || lookUps != 1 || creations != 1 {
		t.Errorf("of one person: %d lists, %d look-ups, %d creations", lists, lookUps, creations)
	}
}

func whoIsThereAlreadyIsLookedUpAndNotMadeTwice(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.LinkExisting = true })
	there := w.stand.Add(map[string]any{"userName": "N07@Atelier.fr", "active": true})
	w.newcomers(30)
	w.push()
	if lists, lookUps, creations := w.calls(); lists != 1 || lookUps != 1 || creations != 29 {
		t.Errorf("%d lists, %d look-ups, %d creations", lists, lookUps, creations)
	}
	if u := w.stand.User("n07@atelier.fr"); u == nil || u["id"] != there || len(w.stand.Users()) != 30 {
		t.Errorf("%v, %d accounts", u, len(w.stand.Users()))
	}
}

// 16 look-ups are worth 8 pages of 100.
func aListThatIsLongerThanTheLookUpsIsNotRead(t *testing.T, w *world) {
	for i := range 801 {
		w.stand.Add(map[string]any{"userName": fmt.Sprintf("other%d", i), "active": true})
	}
	w.newcomers(16)
	w.push()
	if lists, lookUps, creations := w.calls(); lists != 1 || lookUps != 16 || creations != 16 {
		t.Errorf("%d lists, %d look-ups, %d creations", lists, lookUps, creations)
	}
}

func anAppThatDoesNotListIsAskedForEachOne(t *testing.T, w *world) {
	w.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if r.Method == http.MethodGet && !strings.Contains(r.Path, "filter=") {
			return &standin.Fault{Status: http.StatusForbidden}
		}
		return nil
	})
	w.newcomers(20)
	w.push()
	if lists, lookUps, creations := w.calls(); lists != 1 || lookUps != 20 || creations != 20 {
		t.Errorf("%d lists, %d look-ups, %d creations", lists, lookUps, creations)
	}
}

func aListThatDoesNotShowWhoIsWhoIsNotUsed(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "mail" })
	w.stand.Add(map[string]any{"userName": "somebody", "active": true})
	for i := range 20 {
		name := fmt.Sprintf("n%02d", i)
		w.user(name, input{"emails": []any{map[string]any{"value": name + "@atelier.fr", "primary": true}}})
	}
	w.stand.Heard()
	w.push()
	if lists, lookUps, creations := w.calls(); lists != 1 || lookUps != 20 || creations != 20 {
		t.Errorf("%d lists, %d look-ups, %d creations", lists, lookUps, creations)
	}
}

func whoIsMadeByOthersMeanwhileIsFound(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.LinkExisting = true })
	w.newcomers(30)
	w.stand.SetFault(func(n int, r standin.Request) *standin.Fault {
		if n == 2 { // the list was read
			w.stand.Add(map[string]any{"userName": "n29@atelier.fr", "active": true})
		}
		return nil
	})
	w.push()
	if n, s := len(w.stand.Users()), w.states(); n != 30 || s[push.StateConfirmed] != 30 {
		t.Errorf("%d accounts, states %v", n, s)
	}
}

// The app tells people apart by an address that two of the directory share, and would take it twice.
func twoOfOneAddressDoNotGetAnAccountEach(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "mail" })
	same := map[int]int{5: 4, 39: 0} // at work together, and in a later batch
	for i := range 40 {
		address := i
		if other, shared := same[i]; shared {
			address = other
		}
		w.user(fmt.Sprintf("n%02d", i), input{"emails": []any{map[string]any{"value": fmt.Sprintf("n%02d@atelier.fr", address), "primary": true}}})
	}
	w.push()
	if n, s := len(w.stand.Users()), w.states(); n != 38 || s[push.StateFailed] != 2 {
		t.Errorf("%d accounts, states %v", n, s)
	}
}

func aCreationThatWasNotHeardIsLookedFor(t *testing.T, w *world) {
	w.newcomers(20)
	var lost int
	w.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if r.Method == http.MethodPost && lost == 0 {
			lost++
			return &standin.Fault{Drop: true, Commit: true}
		}
		return nil
	})
	w.push()
	w.later(time.Hour)
	if n, s := len(w.stand.Users()), w.states(); n != 20 || s[push.StateConfirmed] != 20 {
		t.Errorf("%d accounts, states %v", n, s)
	}
}
