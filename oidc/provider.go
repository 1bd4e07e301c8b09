package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	discoveryLife = time.Hour        // how long a discovery document is used
	keysInterval  = 30 * time.Second // at least between two fetches of the keys
	clockSkew     = 60 * time.Second // between an issuer's clock and ours
)

// allowedAlgorithms are asymmetric: "none" signs nothing, and HS* would take the client secret, or a public key by
// confusion, for a signing key.
var allowedAlgorithms = []string{
	gooidc.RS256, gooidc.RS384, gooidc.RS512, gooidc.ES256, gooidc.ES384, gooidc.ES512,
	gooidc.PS256, gooidc.PS384, gooidc.PS512, gooidc.EdDSA,
}

// provider is what is known of an issuer: its endpoints, from discovery, and its keys.
type provider struct {
	client      *http.Client
	endpoint    oauth2.Endpoint
	verifier    *gooidc.IDTokenVerifier
	namesSelf   bool   // RFC 9207: the answer carries iss
	userInfoURL string // empty: there is none
	basis       Issuer
	expires     time.Time
}

// metadata is the part of the discovery document that go-oidc does not read for us.
type metadata struct {
	AuthURL     string   `json:"authorization_endpoint"`
	TokenURL    string   `json:"token_endpoint"`
	KeysURL     string   `json:"jwks_uri"`
	UserInfoURL string   `json:"userinfo_endpoint"` // checked when it is asked: most sign-ins need no more than the ID token
	Algorithms  []string `json:"id_token_signing_alg_values_supported"`
	NamesSelf   bool     `json:"authorization_response_iss_parameter_supported"`
	AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
}

// providers caches them by issuer id. A changed issuer, or an old document, is discovered again; while that fails, an
// old document of an unchanged issuer is not used: an issuer that cannot be reached cannot redeem a code either.
type providers struct {
	now   func() time.Time
	calls func(http.RoundTripper) http.RoundTripper // surrounds requests to issuers; nil: nothing does

	mu   sync.Mutex
	byID map[string]*provider
}

// of finds an issuer's provider or discovers it. Two that ask at once may both discover; the last one is kept.
func (p *providers) of(ctx context.Context, i Issuer) (*provider, error) {
	p.mu.Lock()
	known := p.byID[i.ID]
	p.mu.Unlock()
	if known != nil && p.now().Before(known.expires) && sameBasis(known.basis, i) {
		return known, nil
	}
	fresh, err := p.discover(ctx, i)
	if err != nil {
		return nil, &Refusal{Reason: ReasonProviderDown, Err: fmt.Errorf("discover %s: %w", i.URL, err)}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byID == nil {
		p.byID = map[string]*provider{}
	}
	p.byID[i.ID] = fresh
	return fresh, nil
}

func sameBasis(a, b Issuer) bool {
	return a.URL == b.URL && a.ClientID == b.ClientID && a.Private == b.Private
}

func (p *providers) discover(ctx context.Context, i Issuer) (*provider, error) {
	client := newClient(i.Private)
	if p.calls != nil {
		client.Transport = p.calls(client.Transport)
	}
	found, err := gooidc.NewProvider(gooidc.ClientContext(ctx, client), i.URL)
	if err != nil {
		return nil, err
	}
	var m metadata
	if err := found.Claims(&m); err != nil {
		return nil, err
	}
	for _, address := range []string{m.AuthURL, m.TokenURL, m.KeysURL} {
		if err := i.checkEndpoint(address); err != nil {
			return nil, err
		}
	}
	return &provider{
		client:      client,
		endpoint:    oauth2.Endpoint{AuthURL: m.AuthURL, TokenURL: m.TokenURL, AuthStyle: authStyle(m.AuthMethods)},
		verifier:    newVerifier(i, m, client, p.now),
		namesSelf:   m.NamesSelf,
		userInfoURL: m.UserInfoURL,
		basis:       i,
		expires:     p.now().Add(discoveryLife),
	}, nil
}

func (i Issuer) checkEndpoint(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return fmt.Errorf("discovery: %q is not an endpoint", address)
	}
	return i.checkURL(u)
}

// authStyle picks how the client secret is sent, so that it is not found out by trying, which spends the code.
// client_secret_basic is the default (OpenID Connect Discovery §3).
func authStyle(methods []string) oauth2.AuthStyle {
	if len(methods) == 0 || slices.Contains(methods, "client_secret_basic") {
		return oauth2.AuthStyleInHeader
	}
	return oauth2.AuthStyleInParams
}

// newVerifier checks signature, algorithm, issuer, audience and expiry. Its clock runs late by the skew we grant, for
// exp; iat and nbf are checked by us.
func newVerifier(i Issuer, m metadata, client *http.Client, now func() time.Time) *gooidc.IDTokenVerifier {
	algorithms := slices.DeleteFunc(slices.Clone(m.Algorithms), func(a string) bool { return !slices.Contains(allowedAlgorithms, a) })
	spaced := *client
	spaced.Transport = &spacedTransport{next: client.Transport, now: now}
	keys := gooidc.NewRemoteKeySet(gooidc.ClientContext(context.Background(), &spaced), m.KeysURL)
	return gooidc.NewVerifier(i.URL, keys, &gooidc.Config{
		ClientID:             i.ClientID,
		SupportedSigningAlgs: algorithms, // none in common: go-oidc takes RS256 alone
		Now:                  func() time.Time { return now().Add(-clockSkew) },
	})
}

var errKeysTooSoon = errors.New("the keys were fetched a moment ago and do not fit the token")

// spacedTransport refuses a request that follows a successful one within keysInterval. go-oidc fetches the keys anew for
// every token whose key it does not know, without a pause.
type spacedTransport struct {
	next http.RoundTripper
	now  func() time.Time

	mu   sync.Mutex
	last time.Time
}

// RoundTrip implements http.RoundTripper.
func (t *spacedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := t.now(); !t.last.IsZero() && now.Before(t.last.Add(keysInterval)) {
		return nil, errKeysTooSoon
	}
	resp, err := t.next.RoundTrip(r)
	if err == nil && resp.StatusCode == http.StatusOK {
		t.last = t.now()
	}
	return resp, err
}
