package push_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/push"
	"proprio/push/rest/standin"
)

// Products without SCIM that fail in every way, while people come, change and leave: all ends as it should be, with no second
// account of anybody, and nobody left in.
func TestProductsWithoutSCIMThatFail(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		eachWithoutSCIM(t, d, func(t *testing.T, l *restLife) {
			l.app.Settings.Guard.Off = true // half of them are to go
			must(t, dbtest.UpdateApp(t.Context(), l.db, l.caller.Actor, l.app))
			l.product.SetFault(unreliable(uint64(len(l.profile.Name))))
			ids := l.comeAndGo(20)
			l.settle(ids)
			l.wantConverged(ids)
		})
	})
}

// unreliable makes one request in three fail: refused for now, too fast, without an answer before or after the work is done.
func unreliable(seed uint64) func(int, standin.Request) *standin.Fault {
	var mu sync.Mutex
	dice := rand.New(rand.NewPCG(seed, 5))
	return func(int, standin.Request) *standin.Fault {
		mu.Lock()
		defer mu.Unlock()
		switch n := dice.IntN(100); {
		case n < 10:
			return &standin.Fault{Status: http.StatusBadGateway}
		case n < 16:
			return &standin.Fault{Status: http.StatusTooManyRequests, RetryAfter: time.Second}
		case n < 22:
			return &standin.Fault{Drop: true}
		case n < 32:
			return &standin.Fault{Drop: true, Commit: true}
		}
		return nil
	}
}

// comeAndGo has people come, change, leave and come back, with pushes in between. Those with an odd number are out at the end.
func (l *restLife) comeAndGo(n int) []string {
	l.t.Helper()
	var ids []string
	for i := range n {
		ids = append(ids, l.user(fmt.Sprintf("u%02d", i)))
	}
	l.later(time.Minute)
	for round := range 4 {
		for i, id := range ids {
			l.set("User", id, "name.familyName", fmt.Sprintf("Martin %d", round))
			l.set("User", id, "displayName", fmt.Sprintf("u Martin %d", round))
			if (i+round)%2 == 0 {
				l.set("User", id, "active", round%2 == 1 || i%2 == 0)
			}
		}
		l.later(time.Minute)
		l.accept()
	}
	for i, id := range ids {
		l.set("User", id, "active", i%2 == 0)
	}
	return ids
}

// settle pushes until nothing is left to do.
func (l *restLife) settle(ids []string) {
	l.t.Helper()
	for range 60 {
		l.later(time.Hour)
		l.accept()
		open := 0
		for _, id := range ids {
			if a := l.account("User", id); a.DoneGen < a.WantedGen {
				open++
			}
		}
		if open == 0 {
			return
		}
	}
	for _, id := range ids {
		if a := l.account("User", id); a.DoneGen < a.WantedGen {
			l.t.Errorf("%s is %s: %s", a.ObjectName, a.State, a.Error)
		}
	}
}

func (l *restLife) wantConverged(ids []string) {
	l.t.Helper()
	held := map[string]int{}
	for _, p := range l.product.People() {
		held[strings.ToLower(p.Address)]++
	}
	for i, id := range ids {
		name := fmt.Sprintf("u%02d", i)
		p := l.person(name)
		if i%2 == 0 {
			l.wantState("User", id, push.StateConfirmed)
			l.wantActive(name, true)
		} else if p.Active {
			l.t.Errorf("%s is out, and still active there: %+v", name, p)
		}
		if held[name+"@atelier.fr"] > 1 {
			l.t.Errorf("%s has %d accounts", name, held[name+"@atelier.fr"])
		}
		if i%2 == 0 && l.names && !strings.Contains(p.Name, "Martin 3") {
			l.t.Errorf("%+v, want the last name written", p)
		}
	}
}
