package push_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"proprio/db/dbtest"
	"proprio/push"
	"proprio/push/standin"
)

func TestSetup(t *testing.T) {
	each(t, []scenario{
		anAppInSetupIsPlannedNothingUntilItStarts,
		anAppIsTriedWithOnePageOfEach,
		whatIsInTheWayOfAnAppIsNamed,
		whyAnAccountIsAsItIs,
		whyAnAccountIsNotThere,
	})
}

func anAppInSetupIsPlannedNothingUntilItStarts(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Paused, a.Settings.Setup = true, push.SetupTest })
	anne := w.user("anne")
	w.push()
	w.resync()
	if list, err := w.db.AccountsOf(t.Context(), w.caller.Company, "User", anne); err != nil || len(list) != 0 {
		t.Errorf("planned before it started: %+v, %v", list, err)
	}
	if _, tally := w.compared(); tally.Actions[push.ActionCreate] != 1 {
		t.Errorf("its trial says %+v, want one creation", tally)
	}
	w.change(func(a *push.App) { a.Paused, a.Settings.Setup = false, push.SetupNone })
	w.push()
	w.wantState("User", anne, push.StateConfirmed)
}

func anAppIsTriedWithOnePageOfEach(t *testing.T, w *world) {
	for _, name := range []string{"a", "b", "c"} {
		w.user(name)
	}
	w.group("Vente")
	w.push()
	must(t, w.db.BlockApp(t.Context(), w.caller.Company, w.app.ID, w.clock.Now().Add(1e12), "it asked for it", 1))
	app, err := w.db.App(t.Context(), w.caller.Company, w.app.ID)
	must(t, err)
	w.stand.Heard()
	probe, err := w.engine.Try(t.Context(), app)
	if err != nil || probe != (push.Probe{Users: 3, Groups: 1}) {
		t.Errorf("%+v, %v", probe, err)
	}
	if heard := w.stand.Heard(); len(heard) != 2 || count(heard, "GET", "/") != 2 {
		t.Errorf("it sent %v, want one reading of each", heard)
	}
}

func whatIsInTheWayOfAnAppIsNamed(t *testing.T, w *world) {
	page := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte("<html>")) }))
	t.Cleanup(page.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	moved := httptest.NewServer(http.RedirectHandler("http://127.0.0.2:1/elsewhere", http.StatusFound))
	t.Cleanup(moved.Close)
	answers := func(status int) func(*push.App) {
		return func(*push.App) {
			w.stand.SetFault(func(int, standin.Request) *standin.Fault { return &standin.Fault{Status: status} })
		}
	}
	at := func(url string) func(*push.App) { return func(a *push.App) { a.URL = url } }
	t.Cleanup(func() {
		must(t, dbtest.ReplaceApp(context.Background(), w.db, w.caller.Actor, w.app, []byte(w.stand.Token)))
	})
	for want, make := range map[push.Problem]func(*push.App){
		push.ProblemNone:        func(*push.App) {},
		push.ProblemSettings:    func(a *push.App) { a.Profile = "no-such" },
		push.ProblemPrivate:     func(a *push.App) { a.AllowPrivate, a.URL = false, secure.URL },
		push.ProblemName:        at("http://no-such-host.invalid"),
		push.ProblemUnreachable: at(gone.URL),
		push.ProblemCertificate: at(secure.URL),
		push.ProblemRedirect:    at(moved.URL),
		push.ProblemNotSCIM:     at(page.URL),
		push.ProblemToken:       answers(401),
		push.ProblemRights:      answers(403),
		push.ProblemAddress:     answers(404),
		push.ProblemBusy:        answers(429),
		push.ProblemBroken:      answers(503),
		push.ProblemRefused:     answers(400),
		push.ProblemSilent: func(*push.App) {
			w.stand.SetFault(func(int, standin.Request) *standin.Fault { return &standin.Fault{Drop: true} })
		},
	} {
		w.stand.SetFault(nil)
		app := w.app
		make(&app)
		must(t, dbtest.ReplaceApp(t.Context(), w.db, w.caller.Actor, app, []byte(w.stand.Token)))
		probe, err := w.engine.Try(t.Context(), app)
		if err != nil || probe.Problem != want || (probe.Words == "") != (want == push.ProblemNone) {
			t.Errorf("%q: %+v, %v", want, probe, err)
		}
		if !slices.Contains(append(push.Problems(), push.ProblemNone), probe.Problem) {
			t.Errorf("%q is not among the problems", probe.Problem)
		}
	}
}

func whyAnAccountIsAsItIs(t *testing.T, w *world) {
	anne := w.user("anne", input{"title": "Comptable"})
	w.push()
	explain := func() push.Explanation {
		t.Helper()
		x, err := w.engine.Explain(t.Context(), w.app, "User", anne)
		must(t, err)
		return x
	}
	x := explain()
	if x.Wish != push.WishActive || !x.Active || x.Why != "the User is in the app's scope" || len(x.Changes) != 0 || x.Account.RemoteID == "" ||
		x.Match != (push.Match{Attribute: "userName", Value: "anne@atelier.fr"}) {
		t.Errorf("confirmed: %+v", x)
	}
	w.set("User", anne, "title", "Directrice")
	if x = explain(); len(x.Changes) != 1 || x.Changes[0].Attribute != "title" || string(x.Changes[0].Written) != `"Comptable"` || string(x.Changes[0].Wanted) != `"Directrice"` {
		t.Errorf("changed here: %+v", x.Changes)
	}
	w.remove("User", anne)
	w.push()
	if x = explain(); x.Exists || x.Wish != push.WishInactive || x.Account.ID == "" || x.Why != "the User was removed" {
		t.Errorf("removed: %+v", x)
	}
}

func whyAnAccountIsNotThere(t *testing.T, w *world) {
	group := w.group("Vente")
	w.change(func(a *push.App) { a.ScopeGroups, a.Profile = []string{group}, "single" })
	anne := w.user("anne", input{"name": map[string]any{"givenName": "Anne"}})
	x, err := w.engine.Explain(t.Context(), w.app, "User", anne)
	if err != nil || x.Account.ID != "" || x.Wish != push.WishInactive || x.Refused == "" {
		t.Errorf("%+v, %v", x, err)
	}
	if x, err = w.engine.Explain(t.Context(), w.app, "Group", group); err != nil || len(x.Changes) != 1 || x.Changes[0].Attribute != "displayName" {
		t.Errorf("%+v, %v", x, err)
	}
	if _, err := w.engine.Explain(t.Context(), w.app, "User", newID()); err == nil {
		t.Error("nobody is explained")
	}
}
