package oidc_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"proprio/audit"
	"proprio/db"
	"proprio/oidc"
	"proprio/oidc/standin"
	"proprio/ownership"
	"proprio/resources"
)

var cli = audit.Actor{Kind: audit.ActorCommand}

// clock is set by hand, so that no test waits.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// world is a server of ours, a provider, and a company with Anne as its listed admin, all over real HTTP.
type world struct {
	t        *testing.T
	d        *db.DB
	clock    *clock
	sessions *oidc.Sessions
	url      string // of our server
	idp      *standin.Provider
	idpURL   string
	company  string
	issuer   oidc.Issuer
}

// signingKey is shared by the providers of all tests: making one takes longer than most of them.
var signingKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

var people = []standin.Person{
	{Subject: "sub-anne", Name: "Anne Martin", Email: "Anne@company.fr"},
	{Subject: "sub-bruno", Name: "Bruno Petit", Email: "bruno@company.fr"},
	{Subject: "sub-eve", Name: "Eve", Email: "eve@evil.com"},
	{Subject: "sub-anne-2", Name: "Anne again", Email: "anne@company.fr"},
	{Subject: "sub-false", Name: "Unverified", Email: "anne@company.fr", Claims: map[string]any{"email_verified": false}},
	{Subject: "sub-absent", Name: "Silent", Email: "anne@company.fr", Claims: map[string]any{"email_verified": nil}},
	{Subject: "sub-text", Name: "Text", Email: "anne@company.fr", Claims: map[string]any{"email_verified": "true"}},
	{Subject: "sub-thin", Name: "Thin", Email: "Anne@company.fr", Thin: true, UserInfo: map[string]any{"phone_number": thinPhone}},
}

// thinPhone is what only the userinfo endpoint says, and nobody asked for.
const thinPhone = "+33 1 99 00 12 34"

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, d: d, clock: &clock{at: time.Now().UTC().Truncate(time.Second)}}
	w.idp, w.idpURL = newProvider(t, w.clock)
	w.sessions, w.url = newServer(t, d, w.clock, httptest.NewUnstartedServer(nil), false)
	w.company = w.newCompany("Company", "company.fr")
	w.issuer = w.newIssuer(oidc.Issuer{Company: w.company, URL: w.idpURL})
	w.list("anne@company.fr")
	return w
}

func newProvider(t *testing.T, c *clock) (*standin.Provider, string) {
	t.Helper()
	return newProviderOf(t, c, people)
}

// newProviderOf serves a stand-in at an address that it knows beforehand.
func newProviderOf(t *testing.T, c *clock, people []standin.Person) (*standin.Provider, string) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	address := "http://" + server.Listener.Addr().String()
	key, err := signingKey()
	if err != nil {
		t.Fatal(err)
	}
	idp := standin.NewWithKey(address, key, people, c.now)
	server.Config.Handler = idp
	server.Start()
	t.Cleanup(server.Close)
	return idp, address
}

// newServer serves the routes as the console would.
func newServer(t *testing.T, d *db.DB, c *clock, server *httptest.Server, secure bool) (*oidc.Sessions, string) {
	t.Helper()
	address := "http://" + server.Listener.Addr().String()
	if secure {
		address = "https://" + server.Listener.Addr().String()
	}
	site, err := oidc.NewSite(address)
	if err != nil {
		t.Fatal(err)
	}
	sessions := &oidc.Sessions{Store: d, Site: site, Now: c.now, Logger: slog.New(slog.DiscardHandler)}
	server.Config.Handler = routes(sessions)
	if secure {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return sessions, address
}

func routes(sessions *oidc.Sessions) http.Handler {
	signIn := oidc.NewSignIn(sessions)
	mux := http.NewServeMux()
	follow := func(w http.ResponseWriter, r *http.Request, to string, err error) {
		var refusal *oidc.Refusal
		if errors.As(err, &refusal) {
			w.Header().Set("Reason", string(refusal.Reason))
			w.Header().Set("Reference", refusal.Reference)
			w.WriteHeader(refusal.Reason.Status())
			return
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	}
	mux.HandleFunc("POST /sign-in", func(w http.ResponseWriter, r *http.Request) {
		to, err := signIn.Begin(w, r, r.FormValue("issuer"), r.FormValue("return"))
		follow(w, r, to, err)
	})
	mux.HandleFunc("GET "+oidc.CallbackPattern, func(w http.ResponseWriter, r *http.Request) {
		to, err := signIn.Finish(w, r)
		follow(w, r, to, err)
	})
	mux.HandleFunc("POST /sign-out", func(w http.ResponseWriter, r *http.Request) {
		follow(w, r, "/", signIn.End(w, r))
	})
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
		s, err := sessions.Authenticate(r)
		if err != nil {
			follow(w, r, "/", err)
			return
		}
		_, _ = io.WriteString(w, s.Company+" "+s.Admin.AddressFolded+" "+s.User)
	})
	return mux
}

func (w *world) newCompany(name string, domains ...string) string {
	w.t.Helper()
	c, err := w.d.CreateCompany(context.Background(), cli, ownership.Company{ID: newID(), Name: name,
		OutsideDomain: ownership.OutsideReject, Created: w.clock.now()})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, domain := range domains {
		err := w.d.PutDomain(context.Background(), cli, ownership.Domain{Company: c.ID, Name: domain, Verified: w.clock.now()})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	return c.ID
}

// newIssuer stores an issuer and registers us as its client at the stand-in.
func (w *world) newIssuer(i oidc.Issuer) oidc.Issuer {
	w.t.Helper()
	i.ID, i.Created, i.Private = newID(), w.clock.now(), true
	i.ClientID, i.Secret = "client "+i.ID, "s:e%c+r&t"
	stored, err := w.d.PutIssuer(context.Background(), oidc.Actor{}, i)
	if err != nil {
		w.t.Fatal(err)
	}
	w.idp.Register(standin.Client{ID: stored.ClientID, Secret: stored.Secret, RedirectURIs: []string{w.url + oidc.CallbackPath(stored.ID)}})
	return stored
}

// change updates the world's issuer.
func (w *world) change(change func(*oidc.Issuer)) {
	w.t.Helper()
	i := w.issuer
	change(&i)
	if _, err := w.d.PutIssuer(context.Background(), oidc.Actor{}, i); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) list(address string) oidc.Admin {
	w.t.Helper()
	a, err := w.d.CreateAdmin(context.Background(), oidc.Actor{}, oidc.Admin{ID: newID(), Company: w.company, Address: address, Created: w.clock.now()})
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// put writes a User into the directory's store; the same id again changes it.
func (w *world) put(id, userName string, active bool, hold string, action audit.Action) {
	w.t.Helper()
	r := &resources.Resource{Type: resources.TypeUser, ID: id, Created: w.clock.now(), LastModified: w.clock.now(),
		Body: []byte(`{"schemas":["` + resources.SchemaUser + `"],"userName":"` + userName + `"}`),
		Index: resources.Index{UserName: userName, UserNameFolded: resources.FoldUserName(userName), Active: active, Hold: hold,
			Emails: []resources.Email{{Value: userName, Folded: resources.FoldEmail(userName), Type: "work", Primary: true}}}}
	caller := resources.Caller{Company: w.company, Actor: cli}
	if _, err := w.d.Apply(context.Background(), caller, resources.Change{Action: action, Resource: r, SetBody: action != audit.ActionRemove}); err != nil {
		w.t.Fatal(err)
	}
}

// browser keeps cookies and follows nothing by itself.
type browser struct {
	w      *world
	client *http.Client
}

func (w *world) browser() *browser {
	jar, _ := cookiejar.New(nil) // never fails without options
	return &browser{w: w, client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (b *browser) do(method, address string, form url.Values) *http.Response {
	b.w.t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
	if err != nil {
		b.w.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.client.Do(req)
	if err != nil {
		b.w.t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.w.t.Fatal(err)
	}
	resp.Body.Close()
	resp.Body = io.NopCloser(strings.NewReader(string(body)))
	return resp
}

// begin starts a sign-in and returns the address at the provider.
func (b *browser) begin(i oidc.Issuer, returnTo string) string {
	b.w.t.Helper()
	resp := b.do("POST", b.w.url+"/sign-in", url.Values{"issuer": {i.ID}, "return": {returnTo}})
	if resp.StatusCode != http.StatusSeeOther {
		b.w.t.Fatalf("begin: %s %s", resp.Status, resp.Header.Get("Reason"))
	}
	return resp.Header.Get("Location")
}

// choose says who one is at the provider, and returns the address to come back to.
func (b *browser) choose(address, subject string) string {
	b.w.t.Helper()
	if page := b.do("GET", address, nil); page.StatusCode != http.StatusOK {
		b.w.t.Fatalf("provider's page: %s", page.Status)
	}
	resp := b.do("POST", address, url.Values{"person": {subject}})
	if resp.StatusCode != http.StatusSeeOther {
		b.w.t.Fatalf("provider's answer: %s", resp.Status)
	}
	return resp.Header.Get("Location")
}

// signIn goes all the way and returns the refusal's reason, empty when signed in.
func (b *browser) signIn(i oidc.Issuer, subject string) oidc.Reason {
	b.w.t.Helper()
	return b.come(b.choose(b.begin(i, "/"), subject))
}

// come follows the provider's redirect.
func (b *browser) come(back string) oidc.Reason {
	b.w.t.Helper()
	resp := b.do("GET", back, nil)
	reason := oidc.Reason(resp.Header.Get("Reason"))
	if (reason == "") != (resp.StatusCode == http.StatusSeeOther) {
		b.w.t.Fatalf("callback: %s %q", resp.Status, reason)
	}
	return reason
}

// me asks who one is: "company address user", or the reason why nobody.
func (b *browser) me() (who string, reason oidc.Reason) {
	b.w.t.Helper()
	resp := b.do("GET", b.w.url+"/me", nil)
	body, _ := io.ReadAll(resp.Body) // from memory
	return string(body), oidc.Reason(resp.Header.Get("Reason"))
}

// wantIn and wantOut check who the browser is.
func (b *browser) wantIn(address string) {
	b.w.t.Helper()
	who, reason := b.me()
	if reason != "" || strings.Fields(who)[1] != address {
		b.w.t.Errorf("signed in as %q %q, want %s", who, reason, address)
	}
}

func (b *browser) wantOut(want oidc.Reason) {
	b.w.t.Helper()
	if who, reason := b.me(); reason != want {
		b.w.t.Errorf("got %q %q, want refused: %q", who, reason, want)
	}
}

func (w *world) want(got, want oidc.Reason) {
	w.t.Helper()
	if got != want {
		w.t.Errorf("got %q, want %q", got, want)
	}
}

// entries are the newest audit entries of the world's company.
func (w *world) entries() []audit.Entry {
	w.t.Helper()
	entries, err := w.d.Entries(context.Background(), w.company, audit.Query{Limit: 20})
	if err != nil {
		w.t.Fatal(err)
	}
	return entries
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// closedPort is a loopback port where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
