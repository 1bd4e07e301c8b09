package console_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"proprio/audit"
	"proprio/console"
	"proprio/db"
	"proprio/ownership"
	"proprio/push"
	"proprio/resources"
)

// world is a made-up French firm in a real database, and a second company that must never show.
type world struct {
	t         testing.TB
	db        *db.DB
	now       time.Time
	registry  *resources.Registry
	server    *httptest.Server
	signIn    *fakeSignIn
	engine    *fakeEngine
	drift     *fakeDrift
	setup     *fakeSetup
	discovery *fakeDiscovery
	connected fakeConnected

	changes []resources.Change // not stored yet

	company, other       string
	people               map[string]string // userName → id
	group, app, conn     string
	failed               string // id of a failed account
	unfinished           string // an app that is being set up
	otherPerson          string
	otherGroup, otherApp string
	otherConn            string
}

const (
	hostileName  = `<script>alert("x")</script>`
	hostileAgent = `"><img src=x onerror=alert(1)>`
)

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	must(t, err)
	w := &world{
		t: t, db: d, now: time.Date(2026, 11, 21, 14, 30, 0, 0, zone), registry: resources.NewRegistry(),
		people: map[string]string{}, signIn: &fakeSignIn{}, engine: &fakeEngine{},
	}
	w.drift, w.setup = &fakeDrift{store: d, engine: w.engine, last: seedComparison(w.now)}, &fakeSetup{store: d, newID: newID}
	w.company = w.newCompany("Atelier Brémond", "atelier-bremond.fr")
	w.discovery = &fakeDiscovery{company: w.company, list: seedFound(w.now)}
	w.seedPeople()
	w.app = w.newApp(w.company, "Jurizy")
	w.seedApp()
	w.seedConnection()
	w.unfinished = w.draft("Nouvelle")
	w.other = w.newCompany("Autre Maison", "autre-maison.fr")
	w.seedOther()
	w.signIn.session = &console.Session{
		Company: w.company, CompanyName: "Atelier Brémond", Admin: newID(), Person: w.people["camille.bremond@atelier-bremond.fr"],
		Name: "Camille Brémond", Email: "camille.bremond@atelier-bremond.fr", Role: console.RoleAdmin,
	}
	c, err := console.New(console.Console{
		Registry: w.registry, Store: d, Connections: d, Connected: &w.connected, Log: d, Apps: apps{d, w.pusher()}, Engine: w.engine, Drift: w.drift, Setup: w.setup, Discovery: w.discovery, Tasks: w.tasks(), Ownership: d,
		SignIn: w.signIn, NewID: newID, Now: func() time.Time { return w.now }, Zone: zone,
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Banner: "Démonstration : données inventées",
	})
	must(t, err)
	w.server = httptest.NewServer(c.Handler())
	t.Cleanup(w.server.Close)
	return w
}

// seedComparison is a comparison with a line of each verdict.
func seedComparison(now time.Time) console.Comparison {
	return console.Comparison{
		Begun: now.Add(-time.Minute), Finished: now, Verdicts: map[string]int{"matched": 40, "different": 1, "missing": 1, "extra": 1, "unverifiable": 1},
		Actions: map[string]int{"create": 12, "change": 3, "deactivate": 1}, Lines: []console.ComparisonLine{
			{ObjectType: "User", ObjectID: "u1", Name: hostileName, Verdict: "different", Action: "change", Attributes: []string{"title"}, Why: "the User is in the app's scope"},
			{ObjectType: "User", ObjectID: "u2", Name: "anne@atelier-bremond.fr", Verdict: "missing", Action: "create", Why: "the User is in the app's scope"},
			{ObjectType: "User", Name: "inconnu@gmail.com", RemoteID: "9", Verdict: "extra", Why: "it did not come from here"},
			{ObjectType: "Group", ObjectID: "g1", Name: "Atelier", Verdict: "unverifiable", Why: "the app does not show the members of a group"},
		},
	}
}

// draft is an app that is being set up.
func (w *world) draft(name string) string {
	w.t.Helper()
	id, err := w.setup.Add(w.t.Context(), audit.Actor{Kind: audit.ActorCommand}, w.company, console.NewApp{Product: "generic", Name: name,
		Access: console.Access{URL: "https://new.example/scim/v2", Credential: "s3cret-credential"}})
	must(w.t, err)
	return id
}

// pusher is an engine that reads what is known, and is never run.
func (w *world) pusher() *push.Engine {
	w.t.Helper()
	e, err := push.NewEngine(push.Config{Store: w.db, Resources: w.db, Now: func() time.Time { return w.now }, Log: slog.New(slog.DiscardHandler), Owner: "test"})
	must(w.t, err)
	return e
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func (w *world) caller(company string) resources.Caller {
	return resources.Caller{Company: company, Actor: audit.Actor{Kind: audit.ActorConnection, ID: newID(), Name: "Entra ID"}}
}

func (w *world) newCompany(name, domain string) string {
	w.t.Helper()
	actor := audit.Actor{Kind: audit.ActorCommand}
	c, err := w.db.CreateCompany(w.t.Context(), actor, ownership.Company{ID: newID(), Name: name, OutsideDomain: ownership.OutsideHold, Created: w.now})
	must(w.t, err)
	must(w.t, w.db.PutDomain(w.t.Context(), actor, ownership.Domain{Company: c.ID, Name: domain, Verified: w.now}))
	return c.ID
}

// put notes a resource to store as Directory would; store writes all that were noted, in one transaction.
func (w *world) put(typ string, doc resources.Document, members ...string) string {
	w.t.Helper()
	body, err := json.Marshal(doc)
	must(w.t, err)
	r := &resources.Resource{Type: typ, ID: newID(), Body: body, Index: w.registry.Type(typ).Index(doc), Created: w.now, LastModified: w.now}
	change := resources.Change{Action: audit.ActionCreate, Resource: r, SetBody: true}
	if len(members) > 0 {
		change.Members = &resources.MemberChange{}
		for _, id := range members {
			change.Members.Add = append(change.Members.Add, resources.Member{ID: id, Type: resources.TypeUser})
		}
	}
	name := r.Index.UserName + r.Index.DisplayName
	if typ == resources.TypeUser {
		name = r.Index.UserName
	}
	change.Audit = audit.Entry{ObjectName: name}
	w.changes = append(w.changes, change)
	return r.ID
}

func (w *world) store(company string) {
	w.t.Helper()
	_, err := w.db.Apply(w.t.Context(), w.caller(company), w.changes...)
	must(w.t, err)
	w.changes = nil
}

func (w *world) user(given, family, title, department string, more resources.Document) string {
	w.t.Helper()
	fold := strings.NewReplacer("é", "e", "è", "e", "ï", "i", "ç", "c", "ë", "e", " ", "")
	userName := fold.Replace(strings.ToLower(given + "." + family + "@atelier-bremond.fr"))
	doc := resources.Document{
		"schemas": []any{resources.SchemaUser, resources.SchemaEnterprise}, "userName": userName, "active": true,
		"displayName": given + " " + family, "title": title,
		"name":                     map[string]any{"givenName": given, "familyName": family},
		"emails":                   []any{map[string]any{"value": userName, "type": "work", "primary": true}},
		resources.SchemaEnterprise: map[string]any{"department": department},
	}
	for k, v := range more {
		doc[k] = v
	}
	id := w.put(resources.TypeUser, doc)
	w.people[w.registry.Type(resources.TypeUser).Index(doc).UserName] = id
	return id
}

func (w *world) seedPeople() {
	w.t.Helper()
	boss := w.user("Camille", "Brémond", "Gérante", "Direction", nil)
	var workshop []string
	given := []string{"Louise", "Hugo", "Inès", "Gabriel", "Jade", "Raphaël", "Chloé", "Adam", "Manon", "Noé", "Zoé", "Théo", "Anaïs", "Maël", "Léa", "Axel", "Nina", "Samuel"}
	family := []string{"Martin", "Petit", "Garcia", "Moreau", "Fournier", "Girard", "Lambert", "Rousseau", "Vincent"}
	for i := range 54 {
		workshop = append(workshop, w.user(given[i%len(given)], fmt.Sprintf("%s%s", family[i%len(family)], []string{"", "-Roy", "-Diaz"}[i/18]),
			[]string{"Ébéniste", "Dessinatrice", "Cheffe de projet", "Comptable"}[i%4], []string{"Atelier", "Bureau d’études", "Chantiers", "Gestion"}[i%4], nil))
	}
	w.user("Nadia", "Belkacem", "Assistante de direction", "Direction", resources.Document{
		"active": false,
		resources.SchemaEnterprise: map[string]any{
			"department": "Direction", "employeeNumber": "0042", "manager": map[string]any{"value": boss},
		},
	})
	w.user("Paul", "Fabre", "Consultant", "Direction", resources.Document{
		"phoneNumbers": []any{map[string]any{"value": "+33 6 12 34 56 78", "type": "mobile"}},
		resources.SchemaOwnership: map[string]any{
			"kind": "contractor", "sponsor": map[string]any{"value": boss}, "startDate": "2026-03-02T00:00:00Z", "endDate": "2027-01-31T00:00:00Z",
		},
	})
	w.user("Sophie", "Marchetti", "Assistante", "", resources.Document{
		"userName": "sophie.marchetti@gmail.com", "emails": []any{map[string]any{"value": "sophie.marchetti@gmail.com", "type": "work"}},
		resources.SchemaOwnership: map[string]any{"hold": "address outside the company's domains: gmail.com"},
	})
	w.user("Odd", "Name", "", "", resources.Document{"displayName": hostileName, "userName": "hostile@atelier-bremond.fr"})
	w.group = w.put(resources.TypeGroup, resources.Document{"schemas": []any{resources.SchemaGroup}, "displayName": "Atelier"}, workshop...)
	w.put(resources.TypeGroup, resources.Document{"schemas": []any{resources.SchemaGroup}, "displayName": "Direction"}, boss)
	w.put(resources.TypeGroup, resources.Document{"schemas": []any{resources.SchemaGroup}, "displayName": "Intérim"})
	w.store(w.company)
}

func (w *world) newApp(company, name string) string {
	w.t.Helper()
	app, err := w.db.CreateApp(w.t.Context(), audit.Actor{Kind: audit.ActorCommand}, push.App{
		ID: newID(), Company: company, Name: name, Profile: "generic", URL: "https://" + strings.ToLower(name) + ".example/scim/v2",
		Responsible: "camille.bremond@atelier-bremond.fr", Created: w.now,
	}, []byte("secret"))
	must(w.t, err)
	return app.ID
}

// reader lists an app's accounts: the ex-assistant who left three years ago is its only super admin.
type reader struct{}

func (reader) ReadAccounts(context.Context, ownership.AppRef) ([]ownership.RemoteAccount, error) {
	address := func(s string) []resources.Email { return []resources.Email{{Value: s, Type: "work", Primary: true}} }
	return []ownership.RemoteAccount{
		{RemoteID: "1", UserName: "sandrine.leroux71@gmail.com", DisplayName: "Sandrine Leroux", Emails: address("sandrine.leroux71@gmail.com"), Active: true, Roles: []string{"Super Admin"}, Administrator: true},
		{RemoteID: "2", UserName: "camille.bremond@atelier-bremond.fr", DisplayName: "Camille Brémond", Emails: address("camille.bremond@atelier-bremond.fr"), Active: true, Roles: []string{"Membre"}},
		{RemoteID: "3", UserName: "louise.martin@atelier-bremond.fr", DisplayName: "Louise Martin", Emails: address("louise.martin@atelier-bremond.fr"), Active: true, Roles: []string{"Membre"}},
		{RemoteID: "4", UserName: "nadia.belkacem@atelier-bremond.fr", DisplayName: "Nadia Belkacem", Emails: address("nadia.belkacem@atelier-bremond.fr"), Active: true, Roles: []string{"Membre"}},
		{RemoteID: "5", UserName: "stagiaire@atelier-bremond.fr", DisplayName: "Stagiaire", Emails: address("stagiaire@atelier-bremond.fr"), Active: true},
		{RemoteID: "6", UserName: "compta@cabinet-dufour.example", DisplayName: hostileName, Emails: address("compta@cabinet-dufour.example"), Active: true},
	}, nil
}

func (w *world) seedApp() {
	w.t.Helper()
	ctx := w.t.Context()
	inspector := &ownership.Inspector{Reader: reader{}, Store: w.db, Now: func() time.Time { return w.now }, NewID: newID, Log: slog.New(slog.DiscardHandler)}
	must(w.t, inspector.ReadApp(ctx, audit.Actor{Kind: audit.ActorSystem, Name: "account reader"}, ownership.AppRef{Company: w.company, ID: w.app, Name: "Jurizy"}))
	must(w.t, inspector.Recompute(ctx, w.company))
	var intents []push.Intent
	for name, id := range w.people {
		intents = append(intents, push.Intent{App: w.app, ObjectType: "User", ObjectID: id, ObjectName: name, Wish: push.WishActive, Rank: push.RankUser})
	}
	intents = append(intents, push.Intent{App: w.app, ObjectType: "Group", ObjectID: w.group, ObjectName: "Atelier", Wish: push.WishActive, Rank: push.RankUser})
	must(w.t, w.db.RaiseAccounts(ctx, w.company, w.now, intents))
	lease := w.lease()
	due, err := w.db.DueAccounts(ctx, lease, w.now, 4)
	must(w.t, err)
	for i, a := range due {
		w.finish(lease, a, i == len(due)-1)
	}
	must(w.t, w.db.ReleaseApp(ctx, lease))
}

// lease is the right to record what became of the app's accounts.
func (w *world) lease() push.Lease {
	w.t.Helper()
	lease := push.Lease{Company: w.company, App: w.app, Owner: "test"}
	held, err := w.db.LeaseApp(w.t.Context(), lease, w.now, w.now.Add(time.Minute))
	if err != nil || !held {
		w.t.Fatalf("lease the app: %t %v", held, err)
	}
	return lease
}

// finish confirms an account, or lets it fail.
func (w *world) finish(lease push.Lease, a push.Account, fails bool) {
	w.t.Helper()
	attempt := push.Attempt{
		ID: newID(), Company: w.company, App: w.app, Account: a.ID, At: w.now, Action: "create", Why: "first push", Method: "POST",
		URL: "https://jurizy.example/scim/v2/Users", Duration: 84 * time.Millisecond, Outcome: "ok", Status: 201,
		Request: []byte(`{"userName":"` + a.ObjectName + `","password":"hunter2"}`), Response: []byte(`{"id":"r1"}`),
	}
	r := push.Result{Account: a, Confirmed: true}
	r.Account.State, r.Account.RemoteID, r.Account.ConfirmedAt = push.StateConfirmed, "r-"+a.ID, w.now
	if fails {
		w.failed = a.ID
		r.Confirmed = false
		r.Account.State, r.Account.RemoteID, r.Account.ConfirmedAt = push.StateFailed, "", time.Time{}
		r.Account.Class, r.Account.Error, r.Account.Attempts = push.ClassNeedsAdmin, "an account with this userName exists already", 1
		r.Account.NextAttempt = w.now.Add(time.Hour)
		attempt.Status, attempt.Outcome = 409, "conflict"
		attempt.Response = []byte(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"409","scimType":"uniqueness","detail":"userName is taken"}`)
	}
	r.Attempts = []push.Attempt{attempt}
	must(w.t, w.db.Record(w.t.Context(), lease, w.now, nil, r))
}

func (w *world) seedConnection() {
	w.t.Helper()
	w.conn = w.newConnection(w.company, "Entra ID")
	ctx := w.t.Context()
	exchange := func(method, path string, status int, request, response string) {
		must(w.t, w.db.RecordExchange(ctx, resources.Exchange{
			ID: newID(), Company: w.company, Connection: w.conn, At: w.now, Method: method, Path: path, UserAgent: hostileAgent, Status: status,
			Duration: 7 * time.Millisecond, Request: []byte(request), Response: []byte(response),
		}))
	}
	exchange("GET", `/scim/v2/Users?filter=userName+eq+"paul.fabre@atelier-bremond.fr"`, 200, "", `{"totalResults":0}`)
	exchange("POST", "/scim/v2/Users", 201, `{"userName":"paul.fabre@atelier-bremond.fr","password":"hunter2"}`, `{"id":"1"}`)
	exchange("PATCH", "/scim/v2/Users/1", 200, `{"Operations":[{"op":"Replace","path":"active","value":"False"},{"op":"replace","path":"password","value":"hunter2"}]}`, `{}`)
	exchange("POST", "/scim/v2/Users", 400, `{"userName":"x@evil.example"}`, `{"detail":"userName: evil.example is not a verified domain <b>"}`)
}

func (w *world) newConnection(company, name string) string {
	w.t.Helper()
	ctx := w.t.Context()
	c, err := w.db.CreateConnection(ctx, audit.Actor{Kind: audit.ActorCommand}, resources.Connection{ID: newID(), Company: company, Name: name, Preset: "entra", Created: w.now.Add(-90 * 24 * time.Hour)})
	must(w.t, err)
	_, hash := resources.NewToken()
	must(w.t, w.db.CreateToken(ctx, audit.Actor{Kind: audit.ActorCommand}, resources.Token{
		ID: newID(), Company: company, Connection: c.ID, Scopes: []string{"scim"}, Created: w.now.Add(-355 * 24 * time.Hour), Expires: w.now.Add(10 * 24 * time.Hour),
	}, hash))
	return c.ID
}

func (w *world) seedOther() {
	w.t.Helper()
	w.otherPerson = w.put(resources.TypeUser, resources.Document{
		"schemas": []any{resources.SchemaUser}, "userName": "zwetschge.person@autre-maison.fr", "displayName": "Zwetschge Person",
	})
	w.otherGroup = w.put(resources.TypeGroup, resources.Document{"schemas": []any{resources.SchemaGroup}, "displayName": "Zwetschge Group"})
	w.store(w.other)
	w.otherApp = w.newApp(w.other, "ZwetschgeApp")
	w.otherConn = w.newConnection(w.other, "Zwetschge Connection")
}

// get reads a page, in a language, without following redirects.
func (w *world) get(path, lang string) (*http.Response, string) {
	w.t.Helper()
	return w.do("GET", path, lang, nil, nil)
}

// post sends a form as a browser does from the same site.
func (w *world) post(path string, form url.Values) (*http.Response, string) {
	w.t.Helper()
	return w.do("POST", path, "fr", form, map[string]string{"Sec-Fetch-Site": "same-origin"})
}

func (w *world) do(method, path, lang string, form url.Values, header map[string]string) (*http.Response, string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+path, strings.NewReader(form.Encode()))
	must(w.t, err)
	req.Header.Set("Accept-Language", lang)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	must(w.t, err)
	body, err := io.ReadAll(res.Body)
	must(w.t, err)
	must(w.t, res.Body.Close())
	return res, string(body)
}
