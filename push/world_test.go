package push_test

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/push"
	"proprio/push/profiles"
	"proprio/resources"
	"proprio/resources/filter"
)

// clock is a clock that only the test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// policy holds the Users it is told to.
type policy struct{ held sync.Map }

func (p *policy) Judge(_ context.Context, _ string, doc resources.Document, _ int64) (resources.Judgement, error) {
	name, _ := doc["userName"].(string)
	if reason, ok := p.held.Load(name); ok {
		return resources.Judgement{Hold: reason.(string)}, nil
	}
	return resources.Judgement{}, nil
}

// world is one company with its directory on a real database, one app, and an engine that the test steps.
type world struct {
	t         *testing.T
	db        *db.DB
	registry  *resources.Registry
	directory *resources.Directory
	policy    *policy
	clock     *clock
	caller    resources.Caller
	stand     *stand
	app       push.App
	engine    *push.Engine
}

// scenario is one requirement, proved in a world of its own.
type scenario func(t *testing.T, w *world)

// each plays scenarios on both databases. They share a database, one company each, because a fresh one for each takes
// longer than most of them.
func each(t *testing.T, scenarios []scenario) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, s := range scenarios {
			name := runtime.FuncForPC(reflect.ValueOf(s).Pointer()).Name()
			t.Run(name[strings.LastIndexByte(name, '.')+1:], func(t *testing.T) { s(t, newWorld(t, d)) })
		}
	})
}

// again plays a variant of a scenario in a fresh world.
func (w *world) again(t *testing.T, s scenario) { s(t, newWorld(t, w.db)) }

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, db: d, registry: resources.NewRegistry(), policy: &policy{}, clock: &clock{now: time.Now().UTC()}}
	w.stand = newStand(t, w.clock.Now)
	actor := audit.Actor{Kind: audit.ActorCommand, Name: "test"}
	company, err := d.CreateCompany(t.Context(), actor, ownership.Company{ID: newID(), Name: "Atelier " + newID(),
		OutsideDomain: ownership.OutsideHold, Created: w.clock.Now()})
	must(t, err)
	w.caller = resources.Caller{Company: company.ID, Actor: actor}
	w.directory = &resources.Directory{Registry: w.registry, Store: d, Policy: w.policy, Now: w.clock.Now, NewID: newID}
	w.engine = w.newEngine(d, "one")
	w.app = w.addApp(push.App{Name: "Cadence", Profile: "generic", URL: w.stand.URL})
	t.Cleanup(func() { // what it leaves undone is not the next scenario's work
		w.app.Paused = true
		must(t, dbtest.UpdateApp(context.Background(), d, actor, w.app))
	})
	return w
}

func (w *world) newEngine(store push.Store, owner string) *push.Engine {
	w.t.Helper()
	e, err := push.NewEngine(push.Config{Store: store, Resources: w.db, Profiles: testProfiles(w.t), Now: w.clock.Now, Owner: owner,
		Rand: func() float64 { return 0.5 }, Log: slog.New(slog.NewTextHandler(w.t.Output(), nil))})
	must(w.t, err)
	return e
}

// testProfiles are the embedded profiles that the tests use, and some that show one peculiarity each.
func testProfiles(t testing.TB) *profiles.Set {
	t.Helper()
	files := fstest.MapFS{}
	quick := `"title": "T", "rate": {"perSecond": 1000, "burst": 1000, "concurrency": 4}`
	for name, more := range map[string]string{
		"generic":      `, "roles": {"administrators": ["admin"]}`,
		"single":       `, "users": {"single": ["emails"], "required": ["name.familyName"]}`,
		"values":       `, "members": {"unreadable": true, "perCall": 3, "operationsPerCall": 3, "remove": "value"}`,
		"object":       `, "patchForm": "object"`,
		"put":          `, "update": "put"`,
		"delete":       `, "users": {"deactivate": "delete"}`,
		"one-way":      `, "users": {"noReactivation": true}`,
		"empty-groups": `, "groups": {"removal": "empty", "noRename": true}`,
		"emptied":      `, "groups": {"removal": "empty"}`,
		"mail":         `, "match": {"user": "emails.value"}`,
		"fixed":        `, "users": {"fixed": ["userName"]}`,
		"one-role":     `, "roles": {"attribute": "urn:cadence:2.0:User:role"}, "grants": {"values": ["admin", "manager", "member"], "single": true}`,
		"roles":        `, "grants": {"values": ["admin", "manager"], "type": "seat"}`,
		"whole-names":  `, "users": {"unpatched": ["name.givenName", "name.familyName"], "omit": ["photos"]}`,
		"inside":       `, "answers": {"errorInside": true}`,
		"late":         `, "answers": {"ahead": 5}`,
		"serial":       `, "members": {"perCall": 1, "operationsPerCall": 2}`,
	} {
		text := `{"name": "` + name + `", ` + quick + more + `}`
		files[name+".json"] = &fstest.MapFile{Data: []byte(text)}
	}
	set, err := profiles.Load(files)
	must(t, err)
	return set
}

func (w *world) addApp(a push.App) push.App {
	w.t.Helper()
	a.Company, a.ID, a.AllowPrivate = w.caller.Company, newID(), true
	app, err := w.db.CreateApp(w.t.Context(), w.caller.Actor, a, []byte(w.stand.Token))
	must(w.t, err)
	return app
}

// change changes the app's settings and has everything compared, as the console does. Another profile makes it another
// product.
func (w *world) change(f func(*push.App)) {
	w.t.Helper()
	before := w.app.Profile
	f(&w.app)
	if w.app.Profile != before {
		p, err := w.engine.Profile(w.app)
		must(w.t, err)
		w.stand.Profile = p
	}
	must(w.t, dbtest.ReplaceApp(w.t.Context(), w.db, w.caller.Actor, w.app, []byte(w.stand.Token)))
	w.resync()
}

func (w *world) resync() {
	w.t.Helper()
	_, err := w.planner().Resync(w.t.Context(), w.caller.Actor, w.app)
	must(w.t, err)
}

// push lets the engine do all that is due.
func (w *world) push() {
	w.t.Helper()
	must(w.t, w.engine.RunOnce(w.t.Context()))
}

// later moves the clock and pushes.
func (w *world) later(d time.Duration) {
	w.t.Helper()
	w.clock.advance(d)
	w.push()
}

type input = resources.Input

// user creates a User name@atelier.fr with more attributes, and returns its id.
func (w *world) user(name string, more ...input) string {
	w.t.Helper()
	in := input{"userName": name + "@atelier.fr", "displayName": name, "active": true,
		"name":   map[string]any{"givenName": name, "familyName": "Martin"},
		"emails": []any{map[string]any{"value": name + "@atelier.fr", "type": "work", "primary": true}}}
	for _, m := range more {
		for k, v := range m {
			in[k] = v
		}
	}
	r, err := w.directory.Create(w.t.Context(), w.caller, resources.TypeUser, in)
	must(w.t, err)
	return r.Resource.ID
}

// group creates a Group with members and returns its id.
func (w *world) group(name string, members ...string) string {
	w.t.Helper()
	r, err := w.directory.Create(w.t.Context(), w.caller, resources.TypeGroup, input{"displayName": name, "members": refs(members)})
	must(w.t, err)
	return r.Resource.ID
}

func refs(ids []string) []any {
	list := []any{}
	for _, id := range ids {
		list = append(list, map[string]any{"value": id})
	}
	return list
}

// set modifies one attribute; value nil removes it.
func (w *world) set(typ, id, path string, value any) {
	w.t.Helper()
	op := resources.OpReplace
	if value == nil {
		op = resources.OpRemove
	}
	w.modify(typ, id, op, path, value)
}

func (w *world) modify(typ, id string, op resources.Op, path string, value any) {
	w.t.Helper()
	p, err := filter.ParsePath(path)
	must(w.t, err)
	_, err = w.directory.Modify(w.t.Context(), w.caller, typ, id, resources.Precondition{}, []resources.Operation{{Op: op, Path: p, Value: value}})
	must(w.t, err)
}

func (w *world) remove(typ, id string) {
	w.t.Helper()
	must(w.t, w.directory.Remove(w.t.Context(), w.caller, typ, id, resources.Precondition{}))
}

// account returns the app's row for an object.
func (w *world) account(typ, id string) push.Account {
	w.t.Helper()
	list, err := w.db.AccountsOf(w.t.Context(), w.caller.Company, typ, id)
	must(w.t, err)
	for _, a := range list {
		if a.App == w.app.ID {
			return a
		}
	}
	w.t.Fatalf("the app has no row for %s %s", typ, id)
	return push.Account{}
}

func (w *world) wantState(typ, id string, want push.State) push.Account {
	w.t.Helper()
	a := w.account(typ, id)
	if a.State != want {
		w.t.Fatalf("%s %s is %s (class %q, error %q), want %s", typ, a.ObjectName, a.State, a.Class, a.Error, want)
	}
	return a
}

// killed is a store whose owner dies at a moment: Record fails for as long as dead answers true.
type killed struct {
	push.Store
	dead func(r push.Result) bool
}

var errKilled = errors.New("killed")

func (k killed) Record(ctx context.Context, l push.Lease, now time.Time, begun map[string]string, results ...push.Result) error {
	if slices.ContainsFunc(results, k.dead) {
		return errKilled
	}
	return k.Store.Record(ctx, l, now, begun, results...)
}
