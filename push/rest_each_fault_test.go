package push_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/push"
	"proprio/push/rest/standin"
)

// restFault is one way to fail.
type restFault struct {
	name string
	// of says what becomes of the n-th request; nil: it is answered.
	of func(l *restLife, n int, r standin.Request) *standin.Fault
}

var restFaults = []restFault{
	{"500", func(*restLife, int, standin.Request) *standin.Fault {
		return &standin.Fault{Status: http.StatusInternalServerError}
	}},
	{"a 404 of a gateway", func(*restLife, int, standin.Request) *standin.Fault {
		return &standin.Fault{Status: http.StatusNotFound, Page: true}
	}},
	{"no answer after the work is done", func(*restLife, int, standin.Request) *standin.Fault { return &standin.Fault{Drop: true, Commit: true} }},
	{"no answer to changes, which are made", func(_ *restLife, _ int, r standin.Request) *standin.Fault {
		if r.Method == http.MethodGet || strings.Contains(r.Path, "get_info") || strings.Contains(r.Body, "getuserdata") {
			return nil
		}
		return &standin.Fault{Drop: true, Commit: true}
	}},
	{"an answer that is cut", func(*restLife, int, standin.Request) *standin.Fault {
		return &standin.Fault{Mangle: func(body string) string { return body[:len(body)/2] }}
	}},
	{"an answer that says nothing", func(*restLife, int, standin.Request) *standin.Fault {
		return &standin.Fault{Mangle: func(string) string { return "{}" }}
	}},
	{"a list that is empty", func(_ *restLife, _ int, r standin.Request) *standin.Fault {
		return &standin.Fault{Mangle: func(body string) string {
			switch {
			case r.Method == http.MethodGet && strings.Contains(r.Path, "/organizations/"):
				return `{"members": [], "users": [], "invites": [], "pagination": {}}`
			case strings.Contains(r.Body, "getuserdata"):
				return `{"total": 0, "count": 0, "Users": []}`
			}
			return body
		}}
	}},
	{"a token that ends again and again", func(l *restLife, n int, _ standin.Request) *standin.Fault {
		if n%3 == 0 && l.product.GivesTokens() {
			l.product.Expire()
		}
		return nil
	}},
}

// Each product without SCIM fails in each way, while somebody comes, somebody changes and somebody leaves: what is said to be
// done is done, and when the product is well again, all is as it should be, with no second account of anybody.
func TestEveryProductWithoutSCIMInEveryFault(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.Config{Data: t.TempDir()})
	for _, fault := range restFaults {
		t.Run(fault.name, func(t *testing.T) {
			eachWithoutSCIM(t, d, func(_ *testing.T, l *restLife) { l.survive(fault) })
		})
	}
}

func (l *restLife) survive(fault restFault) {
	l.t.Helper()
	stays, leaves := l.user("u00"), l.user("u01")
	l.push()
	l.accept()
	l.product.SetFault(func(n int, r standin.Request) *standin.Fault { return fault.of(l, n, r) })
	comes := l.user("u02")
	l.set("User", stays, "name.familyName", "Martin 3")
	l.set("User", stays, "displayName", "u Martin 3")
	l.set("User", leaves, "active", false)
	for range 3 {
		l.later(time.Minute)
		if a := l.account("User", leaves); a.State == push.StateConfirmed && a.DoneGen == a.WantedGen && l.person("u01").Active {
			l.t.Errorf("the leaver is said to be out, and is not: %+v", l.person("u01"))
		}
	}
	l.product.SetFault(nil)
	ids := []string{stays, leaves, comes}
	l.settle(ids)
	l.set("User", comes, "name.familyName", "Martin 3")
	l.set("User", comes, "displayName", "u Martin 3")
	l.settle(ids)
	l.wantConverged(ids)
}

// The time at which a product wants to be called again may be a date.
func TestProductsWithoutSCIMThatNameADate(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.Config{Data: t.TempDir()})
	eachWithoutSCIM(t, d, func(t *testing.T, l *restLife) {
		at := l.clock.Now().Add(10 * time.Minute)
		l.product.SetFault(func(int, standin.Request) *standin.Fault {
			return &standin.Fault{Status: http.StatusTooManyRequests, RetryAt: at}
		})
		anna := l.user("anna")
		l.push()
		l.product.SetFault(nil)
		l.product.Heard()
		l.later(9 * time.Minute)
		if heard := l.product.Heard(); len(heard) != 0 {
			t.Errorf("requests %v before the product's time has come", heard)
		}
		l.later(2 * time.Minute)
		l.wantState("User", anna, push.StateConfirmed)
	})
}

// A list is whole, or it is an error: what was handed out before counts for nothing.
func TestListsOfProductsWithoutSCIMAreWhole(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.Config{Data: t.TempDir()})
	eachWithoutSCIM(t, d, func(t *testing.T, l *restLife) {
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			l.user(name)
		}
		l.push()
		for _, fault := range restFaults {
			if strings.Contains(fault.name, "changes") || strings.Contains(fault.name, "token") || strings.Contains(fault.name, "empty") {
				continue
			}
			for _, late := range []bool{false, true} {
				asked := 0
				l.product.SetFault(func(n int, r standin.Request) *standin.Fault {
					if asked++; late && asked == 1 {
						return nil
					}
					return fault.of(l, n, r)
				})
				l.later(25 * time.Hour)
				err := l.engine.Compare(t.Context(), l.app, func(push.Comparison) error { return nil })
				if onePage := slices.Contains([]string{"pipedrive", "lastpass-enterprise"}, l.profile.Name); err == nil && !(late && onePage) {
					t.Errorf("%s, at once %t: the list is taken for whole", fault.name, !late)
				}
			}
		}
	})
}
