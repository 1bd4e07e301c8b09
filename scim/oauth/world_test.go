package oauth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"proprio/audit"
	"proprio/db"
	"proprio/ownership"
	"proprio/resources"
	"proprio/scim"
	"proprio/scim/oauth"
)

const (
	publicURL = "https://directory.example"
	endpoint  = publicURL + oauth.TokenPath
)

var admin = audit.Actor{Kind: audit.ActorCommand, Name: "test"}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// clock is moved by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// logged is what servers write into their log.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// world is the authorization server and the SCIM server side by side, over one database.
type world struct {
	t     testing.TB
	db    *db.DB
	url   string
	clock *clock
	log   *logged
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, db: d, clock: &clock{at: time.Now().Truncate(time.Second)}, log: &logged{}}
	log := slog.New(slog.NewJSONHandler(w.log, nil))
	registry := resources.NewRegistry()
	protocol := &scim.Server{
		Directory: &resources.Directory{Registry: registry, Store: d, Policy: openPolicy{}, Now: w.clock.now, NewID: newID},
		Store:     d, Connections: d, Registry: registry, PublicURL: publicURL, Now: w.clock.now, Log: log,
		ResourceMetadata: oauth.ResourceMetadata(publicURL, scim.BasePath),
	}
	tokens := &oauth.Server{
		Store: d, PublicURL: publicURL + "/", NewID: newID, Now: w.clock.now, Log: log,
		Resources:     []oauth.Resource{{Path: scim.BasePath, Name: "SCIM", Scopes: []string{oauth.ScopeSCIM}}},
		ClientAddress: func(r *http.Request) string { return r.Header.Get("X-Test-Address") },
	}
	scimHandler, tokenHandler := protocol.Handler(), tokens.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if oauth.Concerns(r.URL.Path) {
			tokenHandler.ServeHTTP(rw, r)
			return
		}
		scimHandler.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// openPolicy lets everybody in: the company's rules have tests of their own.
type openPolicy struct{}

func (openPolicy) Judge(context.Context, string, resources.Document, int64) (resources.Judgement, error) {
	return resources.Judgement{}, nil
}

// tenant is one connection of one company.
type tenant struct {
	*world
	company    string
	connection resources.Connection
}

func (w *world) tenant(company string) tenant {
	w.t.Helper()
	c, err := w.db.CreateCompany(w.t.Context(), admin, ownership.Company{ID: newID(), Name: company})
	if err != nil {
		w.t.Fatalf("create company: %v", err)
	}
	connection, err := w.db.CreateConnection(w.t.Context(), admin, resources.Connection{Company: c.ID, Name: "identity provider"})
	if err != nil {
		w.t.Fatalf("create connection: %v", err)
	}
	return tenant{w, c.ID, connection}
}

// register stores a client as a command would.
func (n tenant) register(c oauth.Client) oauth.Client {
	n.t.Helper()
	made, err := n.tryRegister(c)
	if err != nil {
		n.t.Fatalf("register a client: %v", err)
	}
	return made
}

func (n tenant) tryRegister(c oauth.Client) (oauth.Client, error) {
	c.ID, c.Company, c.Connection, c.Created = newID(), n.company, n.connection.ID, n.clock.now()
	if c.Name == "" {
		c.Name = "client " + c.ID
	}
	c, err := c.Normalize()
	if err != nil {
		return c, err
	}
	return c, n.db.CreateClient(n.t.Context(), admin, c)
}

// withSecret registers a client that shows a secret.
func (n tenant) withSecret(scopes ...string) (c oauth.Client, secret string) {
	n.t.Helper()
	secret, kept := oauth.NewSecret(newID(), n.clock.now())
	return n.register(oauth.Client{Method: oauth.MethodSecret, Scopes: scopes, Secrets: []oauth.Secret{kept}}), secret
}

// answer is what a request came back with.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   map[string]any
}

func (w *world) send(r *http.Request) answer {
	w.t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	a := answer{w.t, resp.StatusCode, resp.Header, nil}
	if err := json.Unmarshal(data, &a.body); err != nil && len(data) > 0 {
		w.t.Fatalf("%s %s: the body is not JSON: %v\n%.300s", r.Method, r.URL, err, data)
	}
	return a
}

// post sends a form to the token endpoint; headers are name and value in turn.
func (w *world) post(body string, headers ...string) answer {
	w.t.Helper()
	r, err := http.NewRequest(http.MethodPost, w.url+oauth.TokenPath, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return w.send(r)
}

// form makes a body of names and values in turn, after the grant type.
func form(pairs ...string) string {
	v := url.Values{"grant_type": {"client_credentials"}}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v.Encode()
}

// bySecret and byAssertion are the two ways of a client to ask.
func (w *world) bySecret(c oauth.Client, secret string, more ...string) answer {
	w.t.Helper()
	return w.post(form(append([]string{"client_id", c.ID, "client_secret", secret}, more...)...))
}

func (w *world) byAssertion(assertion string, more ...string) answer {
	w.t.Helper()
	return w.post(form(append([]string{"client_assertion", assertion,
		"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, more...)...))
}

// token is the access token of an answer that must have one.
func (a answer) token() string {
	a.t.Helper()
	token, _ := a.body["access_token"].(string)
	if a.status != http.StatusOK || token == "" {
		a.t.Fatalf("no token: status %d, %v", a.status, a.body)
	}
	return token
}

// refused checks a refusal (RFC 6749 §5.2), and that its description is of the characters allowed there.
func (a answer) refused(status int, code string) answer {
	a.t.Helper()
	description, _ := a.body["error_description"].(string)
	if a.status != status || a.body["error"] != code || a.body["access_token"] != nil {
		a.t.Errorf("status %d %v, want %d %s", a.status, a.body, status, code)
	}
	if description == "" || strings.ContainsFunc(description, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		a.t.Errorf("error_description %q is empty or has characters that RFC 6749 does not allow", description)
	}
	if got := a.header.Get("Cache-Control"); got != "no-store" {
		a.t.Errorf("Cache-Control %q", got)
	}
	if (a.status == http.StatusUnauthorized) != strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Basic ") {
		a.t.Errorf("status %d with WWW-Authenticate %q", a.status, a.header.Get("WWW-Authenticate"))
	}
	return a
}

// users asks the SCIM service with a token and returns the answer.
func (w *world) users(token string) answer {
	w.t.Helper()
	r, err := http.NewRequest(http.MethodGet, w.url+scim.BasePath+"/Users", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return w.send(r)
}

// works checks whether a token opens the SCIM service.
func (w *world) works(token string, want int) {
	w.t.Helper()
	if a := w.users(token); a.status != want {
		w.t.Errorf("GET /Users with the token: status %d %v, want %d", a.status, a.body, want)
	}
}
