package conformance_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"

	"proprio/audit"
	"proprio/db"
	"proprio/ownership"
	"proprio/resources"
	"proprio/scim"
	"proprio/scim/conformance"
)

// openPolicy lets everybody in.
type openPolicy struct{}

func (openPolicy) Judge(context.Context, string, resources.Document, int64) (resources.Judgement, error) {
	return resources.Judgement{}, nil
}

// world is our own server over a real database, with a wrapper between it and the suite.
type world struct {
	db  *db.DB
	url string
}

// unsigned stands in for the signing of outcomes.
func unsigned(context.Context, resources.AsyncRequest) ([]string, error) {
	return []string{"header.payload.signature"}, nil
}

// newWorld starts a server with every part that the suite can judge. wrap may change what goes in and comes out.
func newWorld(t testing.TB, d *db.DB, wrap func(http.Handler) http.Handler) world {
	t.Helper()
	var handler http.Handler
	outer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(outer.Close)
	registry := resources.NewRegistry()
	s := &scim.Server{
		Directory: &resources.Directory{
			Registry: registry, Store: d, Policy: openPolicy{}, Now: time.Now,
			NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
		},
		Store: d, Connections: d, Registry: registry, PublicURL: outer.URL, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Async: scim.NewAsync(d, unsigned), EventURIs: []string{"urn:ietf:params:scim:event:prov:create:notice"},
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.RunAsync(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	handler = s.Handler()
	if wrap != nil {
		handler = wrap(handler)
	}
	return world{d, outer.URL + scim.BasePath}
}

// token makes a company with a connection, and a token for it.
func (w world) token(t testing.TB, company string, switches resources.Switches) string {
	t.Helper()
	ctx := context.Background()
	system := audit.Actor{Kind: audit.ActorSystem, Name: "test"}
	id := func() string { return uuid.Must(uuid.NewV7()).String() }
	c, err := w.db.CreateCompany(ctx, system, ownership.Company{ID: id(), Name: company})
	if err != nil {
		t.Fatal(err)
	}
	connection, err := w.db.CreateConnection(ctx, system, resources.Connection{ID: id(), Company: c.ID, Name: "suite", Switches: switches})
	if err != nil {
		t.Fatal(err)
	}
	token, hash := resources.NewToken()
	err = w.db.CreateToken(ctx, system, resources.Token{ID: id(), Company: c.ID, Connection: connection.ID, Scopes: []string{scim.Scope}}, hash)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// run judges a server, and fails the test when that is not possible.
func run(t testing.TB, o conformance.Options) *conformance.Report {
	t.Helper()
	report, err := conformance.Run(context.Background(), o)
	if err != nil {
		t.Fatalf("the suite could not run: %v", err)
	}
	return report
}
