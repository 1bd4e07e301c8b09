package standin

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Person is somebody who can say "this is me".
type Person struct {
	Subject string
	Name    string
	Email   string
	// Claims are added to the ID token, or replace what would be there; a nil value takes a claim away. Without them the
	// token says email_verified=true.
	Claims map[string]any
	// Thin leaves name, email and email_verified out of the ID token, as Okta's org server does: /userinfo says them.
	Thin bool
	// UserInfo does for the answer of /userinfo what Claims does for the ID token.
	UserInfo map[string]any
}

// Client is a relying party that may ask.
type Client struct {
	ID           string
	Secret       string   // empty: a public client
	RedirectURIs []string // compared exactly
}

// Provider is the OpenID provider. Make it with [New], register clients, and serve it at the address of its issuer.
type Provider struct {
	issuer string
	people []Person
	now    func() time.Time
	key    *rsa.PrivateKey
	mux    *http.ServeMux

	mu       sync.Mutex
	clients  map[string]Client
	grants   map[string]grant  // by code
	accesses map[string]access // by access token
	fault    Fault
	fetches  int // of the keys
	reads    int // of the userinfo endpoint
}

// New makes a provider for an issuer URL, without a slash at its end, with a fresh signing key.
func New(issuer string, people []Person, now func() time.Time) (*Provider, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make a signing key: %w", err)
	}
	return NewWithKey(issuer, key, people, now), nil
}

// NewWithKey is New with a key at hand, which saves the time to make one.
func NewWithKey(issuer string, key *rsa.PrivateKey, people []Person, now func() time.Time) *Provider {
	p := &Provider{
		issuer: issuer, people: people, now: now, key: key, mux: http.NewServeMux(),
		clients: map[string]Client{}, grants: map[string]grant{}, accesses: map[string]access{},
	}
	p.mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	p.mux.HandleFunc("GET /keys", p.keys)
	p.mux.HandleFunc("GET /authorize", p.ask)
	p.mux.HandleFunc("POST /authorize", p.answer)
	p.mux.HandleFunc("POST /token", p.token)
	p.mux.HandleFunc("GET /userinfo", p.userInfo) // both: OpenID Connect Core §5.3.1
	p.mux.HandleFunc("POST /userinfo", p.userInfo)
	return p
}

// Register adds a client, or replaces the one with its id.
func (p *Provider) Register(c Client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clients[c.ID] = c
}

// KeyFetches says how often the keys were fetched.
func (p *Provider) KeyFetches() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fetches
}

// ServeHTTP implements http.Handler.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	p.mux.ServeHTTP(w, r)
}

// discovery is OpenID Connect Discovery §4.
func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	document := map[string]any{
		"issuer":                                         p.issuer,
		"authorization_endpoint":                         p.issuer + "/authorize",
		"token_endpoint":                                 p.issuer + "/token",
		"userinfo_endpoint":                              p.issuer + "/userinfo",
		"jwks_uri":                                       p.issuer + "/keys",
		"scopes_supported":                               []string{"openid", "email", "profile"},
		"response_types_supported":                       []string{"code"},
		"grant_types_supported":                          []string{"authorization_code"},
		"subject_types_supported":                        []string{"public"},
		"id_token_signing_alg_values_supported":          p.currentFault().algorithms(),
		"token_endpoint_auth_methods_supported":          []string{"client_secret_basic", "client_secret_post", "none"},
		"code_challenge_methods_supported":               []string{"S256"},
		"authorization_response_iss_parameter_supported": p.currentFault() != FaultPlainAnswer,
	}
	if p.currentFault() == FaultUserInfoNone {
		delete(document, "userinfo_endpoint")
	}
	writeJSON(w, http.StatusOK, document)
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	p.fetches++
	p.mu.Unlock()
	writeJSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: p.key.Public(), KeyID: keyID, Algorithm: string(jose.RS256), Use: "sig"},
	}})
}

func (p *Provider) client(id string) (Client, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.clients[id]
	return c, ok
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client is gone: nothing left to tell it
}
