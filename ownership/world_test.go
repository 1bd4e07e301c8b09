package ownership_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"proprio/audit"
	"proprio/db"
	"proprio/ownership"
	"proprio/push"
	"proprio/resources"
	"proprio/scim/client"
)

// world is a company with a directory, a downstream app and an inspector, all real, over one database.
type world struct {
	*ownership.Inspector
	db        *db.DB
	clock     *clock
	registrar *ownership.Registrar
	directory *resources.Directory
	caller    resources.Caller
	service   *service
	app       ownership.AppRef
}

func newWorld(t *testing.T, d *db.DB, mode ownership.OutsideMode, domains ...string) *world {
	t.Helper()
	w := &world{db: d, clock: &clock{at: now}, service: newService(t)}
	w.directory = &resources.Directory{Registry: resources.NewRegistry(), Store: d,
		Policy: &ownership.Policy{Companies: d, Now: w.clock.now}, Now: w.clock.now, NewID: newID}
	w.registrar = &ownership.Registrar{Companies: d, Marks: d, Directory: w.directory, Now: w.clock.now, NewID: newID,
		Log: slog.New(slog.DiscardHandler), DomainsChanged: func(context.Context, string, []string) error { return nil }}
	company, err := w.registrar.CreateCompany(t.Context(), operator, "Company "+newID(), mode)
	if err != nil {
		t.Fatal(err)
	}
	w.caller = resources.Caller{Company: company.ID, Actor: audit.Actor{Kind: audit.ActorConnection, Name: "Entra"}}
	for _, name := range domains {
		w.add(t, name)
	}
	app, err := d.CreateApp(t.Context(), operator, push.App{ID: newID(), Company: company.ID, Name: "CRM", Profile: "scim", URL: w.service.URL}, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	w.app = ownership.AppRef{Company: company.ID, ID: app.ID, Name: app.Name}
	w.Inspector = &ownership.Inspector{Reader: w.service, Store: d, Interval: time.Hour, Now: w.clock.now, NewID: newID,
		Apps: func(context.Context) ([]ownership.AppRef, error) { return []ownership.AppRef{w.app}, nil }, Log: slog.New(slog.DiscardHandler)}
	return w
}

func (w *world) add(t *testing.T, domain string) {
	t.Helper()
	if _, err := w.registrar.AddDomain(t.Context(), operator, w.caller.Company, domain, true); err != nil {
		t.Fatal(err)
	}
}

// user creates a User with one work address.
func (w *world) user(t *testing.T, address string) string {
	t.Helper()
	r, err := w.directory.Create(t.Context(), w.caller, resources.TypeUser, resources.Input{
		"schemas": []any{resources.SchemaUser}, "userName": address, "emails": []any{email(address, "work", true)}})
	if err != nil {
		t.Fatalf("create %s: %v", address, err)
	}
	return r.Resource.ID
}

// change applies a PATCH operation to a User.
func (w *world) change(t *testing.T, id, path string, value any) {
	t.Helper()
	_, err := w.directory.Modify(t.Context(), w.caller, resources.TypeUser, id, resources.Precondition{},
		[]resources.Operation{{Op: resources.OpReplace, Path: parsePath(t, path), Value: value}})
	if err != nil {
		t.Fatalf("change %s: %v", path, err)
	}
}

func (w *world) read(t *testing.T) {
	t.Helper()
	if err := w.ReadApp(t.Context(), operator, w.app); err != nil {
		t.Fatalf("read: %v", err)
	}
}

// verdicts are the observed accounts as "userName verdict reasons".
func (w *world) verdicts(t *testing.T) []string {
	t.Helper()
	accounts, err := w.db.Observed(t.Context(), w.app.Company, w.app.ID)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, a := range accounts {
		out = append(out, fmt.Sprint(a.UserName, " ", a.Verdict, " ", a.Reasons))
	}
	slices.Sort(out)
	return out
}

// findings are the open findings as "kind severity object".
func (w *world) findings(t *testing.T) []string {
	t.Helper()
	list, err := w.db.Findings(t.Context(), w.app.Company)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range list {
		out = append(out, fmt.Sprint(f.Kind, " ", f.Severity, " ", f.ObjectName))
	}
	slices.Sort(out)
	return out
}

// service is a downstream app that serves its account list over SCIM and notes every request.
type service struct {
	URL      string
	mu       sync.Mutex
	accounts []map[string]any
	short    bool // claims more accounts than it lists
	broken   bool
	methods  []string
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// list replaces the accounts; each is a userName, its state and its roles.
func (s *service) list(accounts ...map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts, s.short, s.broken = accounts, false, false
}

func (s *service) fail(short, broken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.short, s.broken = short, broken
}

func remote(userName string, active bool, roles ...string) map[string]any {
	a := map[string]any{"id": "id-" + userName, "userName": userName, "active": active, "displayName": "Display " + userName}
	for _, r := range roles {
		list, _ := a["roles"].([]any)
		a["roles"] = append(list, map[string]any{"value": r})
	}
	return a
}

// ServeHTTP answers list requests, page by page.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.methods = append(s.methods, r.Method)
	if s.broken {
		http.Error(w, "boom", http.StatusInternalServerError)
		return
	}
	start, count := 1, 2 // small pages, whatever the client asks for
	_, _ = fmt.Sscan(r.URL.Query().Get("startIndex"), &start)
	from := min(max(start-1, 0), len(s.accounts))
	page := s.accounts[from:min(from+count, len(s.accounts))]
	total := len(s.accounts)
	if s.short {
		total++
	}
	w.Header().Set("Content-Type", "application/scim+json")
	_ = json.NewEncoder(w).Encode(map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:ListResponse"},
		"totalResults": total, "startIndex": start, "itemsPerPage": len(page), "Resources": page})
}

// ReadAccounts implements ownership.AccountReader with the SCIM client that the product uses.
func (s *service) ReadAccounts(ctx context.Context, _ ownership.AppRef) ([]ownership.RemoteAccount, error) {
	c, err := client.New(client.Config{BaseURL: s.URL, AllowPlain: true, Transport: http.DefaultTransport})
	if err != nil {
		return nil, err
	}
	var accounts []ownership.RemoteAccount
	err = c.Each(ctx, "/Users", client.ListOptions{}, func(u client.Document) error {
		a, err := ownership.AccountFromSCIM(u, ownership.Roles{})
		accounts = append(accounts, a)
		return err
	})
	if err != nil {
		return nil, err
	}
	return accounts, nil
}
