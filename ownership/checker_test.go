package ownership_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"proprio/cmd/proprio/demo"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/push"
	"proprio/push/profiles"
	"proprio/resources"
	"proprio/scim/client"
)

// target is an app that push writes to: its requests are noted, and it may claim success without doing anything.
type target struct {
	app    *demo.App
	URL    string
	liar   atomic.Bool
	broken atomic.Bool
	mu     sync.Mutex
	heard  []string
}

func newTarget(t *testing.T) *target {
	t.Helper()
	app, err := demo.NewApp("token")
	if err != nil {
		t.Fatal(err)
	}
	g := &target{app: app}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	g.URL = server.URL + "/scim/v2"
	return g
}

// ServeHTTP notes a request as its method and what it is about: the list, or one account.
func (g *target) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	what := "list"
	if id := strings.TrimPrefix(r.URL.Path, "/scim/v2/Users"); id != "" {
		what = "one"
	} else if r.URL.Query().Has("filter") {
		what = "search"
	}
	g.mu.Lock()
	g.heard = append(g.heard, r.Method+" "+what)
	g.mu.Unlock()
	switch {
	case g.broken.Load() && r.Method == http.MethodGet:
		http.NotFound(w, r) // as a gateway does
	case g.liar.Load() && r.Method == http.MethodPatch:
		w.WriteHeader(http.StatusNoContent)
	default:
		g.app.ServeHTTP(w, r)
	}
}

// requests returns what was heard since the last call, page after page of one list as one.
func (g *target) requests() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	heard := g.heard
	g.heard = nil
	return slices.Compact(heard)
}

// provisioned is a world whose app is written to by push and verified by a checker.
type provisioned struct {
	*world
	t       *testing.T
	target  *target
	engine  *push.Engine
	checker *ownership.Checker
	paused  atomic.Bool
}

func newProvisioned(t *testing.T, d *db.DB) *provisioned {
	w := &provisioned{world: newWorld(t, d, ownership.OutsideReject, "dupont.fr"), t: t, target: newTarget(t)}
	app, err := d.App(t.Context(), w.app.Company, w.app.ID)
	if err != nil {
		t.Fatal(err)
	}
	app.URL, app.Profile, app.AllowPrivate = w.target.URL, "generic", true
	if err := dbtest.ReplaceApp(t.Context(), d, operator, app, []byte("token")); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	w.engine, err = push.NewEngine(push.Config{Store: d, Resources: d, Now: w.clock.now, Log: log, Owner: newID(),
		Planned: func(ctx context.Context, company, _ string, ids []string) {
			if err := w.Recompute(ctx, company, ids...); err != nil {
				t.Error(err)
			}
		},
		Confirmed: func(_ context.Context, app push.App, accounts []push.Confirmation) {
			var confirmed []ownership.Confirmed
			for _, a := range accounts {
				confirmed = append(confirmed, ownership.Confirmed(a))
			}
			w.checker.Confirmed(ownership.AppRef{Company: app.Company, ID: app.ID, Name: app.Name}, confirmed)
		}})
	if err != nil {
		t.Fatal(err)
	}
	reader := engineReader{w.engine, d}
	w.Inspector.Reader = reader
	w.checker = &ownership.Checker{Inspector: w.Inspector, Reader: reader, Now: w.clock.now, Log: log,
		Paused: func(context.Context, ownership.AppRef) (bool, error) { return w.paused.Load(), nil }}
	return w
}

// engineReader reads accounts with the engine's client, as the program does.
type engineReader struct {
	engine *push.Engine
	db     *db.DB
}

// ReadAccounts implements ownership.AccountReader.
func (r engineReader) ReadAccounts(ctx context.Context, ref ownership.AppRef) ([]ownership.RemoteAccount, error) {
	app, err := r.db.App(ctx, ref.Company, ref.ID)
	if err != nil {
		return nil, err
	}
	var accounts []ownership.RemoteAccount
	err = r.engine.EachUser(ctx, app, func(u client.Document, p profiles.Profile) error {
		a, err := ownership.AccountFromSCIM(u, ownership.Roles(p.Roles))
		accounts = append(accounts, a)
		return err
	})
	if err != nil {
		return nil, err
	}
	return accounts, nil
}

// ReadAccount implements ownership.SingleReader.
func (r engineReader) ReadAccount(ctx context.Context, ref ownership.AppRef, id string) (ownership.RemoteAccount, bool, error) {
	app, err := r.db.App(ctx, ref.Company, ref.ID)
	if err != nil {
		return ownership.RemoteAccount{}, false, err
	}
	user, profile, err := r.engine.ReadUser(ctx, app, id)
	if err != nil || user == nil {
		return ownership.RemoteAccount{}, false, err
	}
	a, err := ownership.AccountFromSCIM(user, ownership.Roles(profile.Roles))
	return a, err == nil, err
}

// push pushes all that is due, and returns what the app heard.
func (w *provisioned) push() []string {
	w.t.Helper()
	if err := w.engine.RunOnce(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	return w.target.requests()
}

// check lets time pass and verifies what is due then. It returns what the app heard, which must be nothing but reading.
func (w *provisioned) check(after time.Duration) []string {
	w.t.Helper()
	w.clock.pass(after)
	w.checker.CheckDue(w.t.Context())
	heard := w.target.requests()
	for _, r := range heard {
		if !strings.HasPrefix(r, "GET ") {
			w.t.Errorf("verifying sent a %s", r)
		}
	}
	return heard
}

// start pushes the given people and reads the app once.
func (w *provisioned) start(people ...string) (ids []string) {
	w.t.Helper()
	for _, p := range people {
		ids = append(ids, w.user(w.t, p+"@dupont.fr"))
	}
	w.push()
	w.read(w.t)
	w.check(time.Minute)
	w.check(time.Minute)
	w.target.requests()
	return ids
}

// design.md, the way of one change, 5: the verdict of each touched account is recomputed, and findings close by themselves.
func TestChecker_aLeaversFindingCloses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newProvisioned(t, d)
		ids := w.start("anna", "bob")
		w.change(t, ids[1], "active", false)
		w.push()
		wantSame(t, "the app has confirmed, nobody has seen it", []string{"leaver-account high bob@dupont.fr"}, w.findings(t))
		wantSame(t, "gathering", nil, w.check(0))
		wantSame(t, "verified", []string{"GET one"}, w.check(2*time.Second))
		wantSame(t, "verdicts", []string{"anna@dupont.fr green []", "bob@dupont.fr green [account-closed]"}, w.verdicts(t))
		wantSame(t, "findings", nil, w.findings(t))
		wantSame(t, "once", nil, w.check(time.Hour))

		// What is observed as it was confirmed is not read again.
		w.change(t, ids[0], "title", "Gérante")
		w.push()
		wantSame(t, "a title tells nothing of an account", nil, w.check(time.Minute))
	})
}

// Trap "revocation counted as done": what the app says counts only when the app shows it.
func TestChecker_anAppThatClaimsSuccess(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newProvisioned(t, d)
		ids := w.start("anna", "bob")
		w.target.liar.Store(true)
		w.change(t, ids[1], "active", false)
		w.push()
		wantSame(t, "verified", []string{"GET one"}, w.check(2*time.Second))
		wantSame(t, "findings", []string{"leaver-account high bob@dupont.fr"}, w.findings(t))

		// Some apps are late. It is looked at again a few times, and then left to the next reading.
		times := 0
		for range 40 {
			times += len(w.check(30 * time.Second))
		}
		if times != 5 {
			t.Errorf("looked at again %d times, want 5", times)
		}
		wantSame(t, "findings", []string{"leaver-account high bob@dupont.fr"}, w.findings(t))
	})
}

// A new account appears with its verdict, and one that the app no longer has goes; a broken answer concludes nothing.
func TestChecker_accountsComeAndGo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newProvisioned(t, d)
		w.start("anna")
		bob := w.user(t, "bob@dupont.fr")
		w.push()
		wantSame(t, "verified", []string{"GET one"}, w.check(2*time.Second))
		wantSame(t, "verdicts", []string{"anna@dupont.fr green []", "bob@dupont.fr green []"}, w.verdicts(t))

		accounts, err := d.AccountsOf(t.Context(), w.app.Company, resources.TypeUser, bob)
		if err != nil || len(accounts) != 1 {
			t.Fatal(accounts, err)
		}
		r := httptest.NewRequest(http.MethodDelete, "/scim/v2/Users/"+accounts[0].RemoteID, nil)
		r.Header.Set("Authorization", "Bearer token")
		w.target.app.ServeHTTP(httptest.NewRecorder(), r)
		if err := w.directory.Remove(t.Context(), w.caller, resources.TypeUser, bob, resources.Precondition{}); err != nil {
			t.Fatal(err)
		}
		w.push()
		wantSame(t, "it was observed open", []string{"orphan-account medium bob@dupont.fr"}, w.findings(t))
		w.target.broken.Store(true)
		w.check(2 * time.Second)
		wantSame(t, "a wrong address tells nothing", []string{"orphan-account medium bob@dupont.fr"}, w.findings(t))
		w.target.broken.Store(false)
		wantSame(t, "verified", []string{"GET one", "GET list"}, w.check(time.Minute))
		wantSame(t, "verdicts", []string{"anna@dupont.fr green []"}, w.verdicts(t))
		wantSame(t, "findings", nil, w.findings(t))
	})
}

// A first push of many is followed by one reading of the list, once it is over.
func TestChecker_manyAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newProvisioned(t, d)
		w.start("anna")
		for n := range 60 {
			w.user(t, fmt.Sprintf("person%d@dupont.fr", n))
		}
		w.push()
		wantSame(t, "no account is read by itself", nil, w.check(2*time.Second))
		wantSame(t, "one list", []string{"GET list"}, w.check(10*time.Second))
		wantSame(t, "nothing more", nil, w.check(time.Hour))
		if n := len(w.verdicts(t)); n != 61 {
			t.Errorf("%d accounts are observed, want 61", n)
		}
		wantSame(t, "findings", nil, w.findings(t))
	})
}

// While it is found that too many accounts changed to be read one by one, the app confirms a further one.
func TestChecker_oneMoreWhileManyAreLookedAt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newProvisioned(t, d)
		w.start("anna")
		for n := range 60 {
			w.user(t, fmt.Sprintf("person%d@dupont.fr", n))
		}
		w.push()
		ask := w.checker.Paused
		w.checker.Paused = func(ctx context.Context, app ownership.AppRef) (bool, error) {
			w.checker.Paused = ask
			w.checker.Confirmed(app, []ownership.Confirmed{{RemoteID: "late", UserName: "late@dupont.fr", Active: true}})
			return ask(ctx, app)
		}
		wantSame(t, "no account is read by itself", nil, w.check(2*time.Second))
		wantSame(t, "one list", []string{"GET list"}, w.check(10*time.Second))
		if n := len(w.verdicts(t)); n != 61 {
			t.Errorf("%d accounts are observed, want 61", n)
		}
	})
}

// An app that is paused is not called, and nobody asks it later for what it confirmed before.
func TestChecker_paused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newProvisioned(t, d)
		ids := w.start("anna", "bob")
		w.change(t, ids[1], "active", false)
		w.push()
		w.paused.Store(true)
		wantSame(t, "paused", nil, w.check(time.Minute))
		w.paused.Store(false)
		wantSame(t, "resumed", nil, w.check(time.Hour))
		w.read(t)
		wantSame(t, "findings after the next reading", nil, w.findings(t))
	})
}

// An administrator's account that closes changes what is true of the others.
func TestVerify_administrators(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, ownership.OutsideReject, "dupont.fr")
		w.user(t, "anna@dupont.fr")
		w.user(t, "bob@dupont.fr")
		w.service.list(remote("anna@dupont.fr", true, "admin"), remote("bob@dupont.fr", true, "admin"))
		w.read(t)
		wantSame(t, "two", nil, w.findings(t))
		closed := ownership.RemoteAccount{RemoteID: "id-bob@dupont.fr", UserName: "bob@dupont.fr"}
		late, err := w.Verify(t.Context(), shows{closed.RemoteID: closed}, w.app,
			[]ownership.Confirmed{{RemoteID: closed.RemoteID, UserName: closed.UserName}})
		if err != nil || len(late) != 0 {
			t.Errorf("late %v, error %v", late, err)
		}
		verdicts, findings := w.verdicts(t), w.findings(t)
		wantSame(t, "verdicts", []string{"anna@dupont.fr amber [administrator only-admin]", "bob@dupont.fr green [account-closed]"}, verdicts)
		wantSame(t, "findings", []string{"few-admins medium CRM"}, findings)
		if err := w.Recompute(t.Context(), w.app.Company); err != nil {
			t.Fatal(err)
		}
		wantSame(t, "judging everything ends in the same verdicts", verdicts, w.verdicts(t))
		wantSame(t, "and findings", findings, w.findings(t))
	})
}

// shows are the accounts of an app, by id.
type shows map[string]ownership.RemoteAccount

// ReadAccount implements ownership.SingleReader.
func (s shows) ReadAccount(_ context.Context, _ ownership.AppRef, id string) (ownership.RemoteAccount, bool, error) {
	a, ok := s[id]
	return a, ok, nil
}
