package oauth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"proprio/scim/oauth"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

type claims map[string]any

// signingKey is a client's or an issuer's private key.
type signingKey struct {
	alg     jose.SignatureAlgorithm
	kid     string
	private crypto.Signer
}

// rsaKey is made once: making one takes long.
var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func newKey(t testing.TB, alg, kid string) signingKey {
	t.Helper()
	k := signingKey{alg: jose.SignatureAlgorithm(alg), kid: kid}
	var err error
	switch alg {
	case "ES256":
		k.private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		k.private, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "EdDSA":
		_, k.private, err = ed25519.GenerateKey(rand.Reader)
	default:
		k.private, err = rsaKey()
	}
	must(t, err)
	return k
}

func (k signingKey) public() jose.JSONWebKey {
	return jose.JSONWebKey{Key: k.private.Public(), KeyID: k.kid, Use: "sig"}
}

// sign makes a JWT; headers are name and value in turn, and win.
func (k signingKey) sign(t testing.TB, c claims, headers ...string) string {
	t.Helper()
	return signWith(t, k.alg, k.private, k.kid, c, headers...)
}

func signWith(t testing.TB, alg jose.SignatureAlgorithm, key any, kid string, c claims, headers ...string) string {
	t.Helper()
	options := (&jose.SignerOptions{}).WithType("JWT")
	if kid != "" {
		options.WithHeader("kid", kid)
	}
	for i := 0; i < len(headers); i += 2 {
		options.WithHeader(jose.HeaderKey(headers[i]), headers[i+1])
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, options)
	must(t, err)
	payload, err := json.Marshal(c)
	must(t, err)
	signed, err := signer.Sign(payload)
	must(t, err)
	text, err := signed.CompactSerialize()
	must(t, err)
	return text
}

func jwks(t testing.TB, keys ...signingKey) string {
	t.Helper()
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, k := range keys {
		set.Keys = append(set.Keys, k.public())
	}
	text, err := json.Marshal(set)
	must(t, err)
	return string(text)
}

// withKey registers a client that signs with a key of its own.
func (n tenant) withKey(t testing.TB, alg string) (oauth.Client, signingKey) {
	t.Helper()
	key := newKey(t, alg, "first")
	return n.register(oauth.Client{Method: oauth.MethodKey, Keys: jwks(t, key)}), key
}

// own are the claims of a good assertion of a client, for one use.
func own(w *world, c oauth.Client) claims {
	now := w.clock.now()
	return claims{"iss": c.ID, "sub": c.ID, "aud": endpoint, "jti": newID(), "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix()}
}

// but changes claims; a nil value takes one away.
func (c claims) but(pairs ...any) claims {
	changed := claims{}
	for name, value := range c {
		changed[name] = value
	}
	for i := 0; i < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		changed[name] = pairs[i+1]
		if pairs[i+1] == nil {
			delete(changed, name)
		}
	}
	return changed
}

// publisher serves documents that can be changed, and counts how often each is fetched.
type publisher struct {
	*httptest.Server
	mu        sync.Mutex
	documents map[string]string
	fetches   map[string]int
}

func newPublisher(t testing.TB) *publisher {
	t.Helper()
	p := &publisher{documents: map[string]string{}, fetches: map[string]int{}}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.fetches[r.URL.Path]++
		document, ok := p.documents[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(document))
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *publisher) publish(path, document string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.documents[path] = document
	if document == "" {
		delete(p.documents, path)
	}
}

func (p *publisher) fetched(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fetches[path]
}
