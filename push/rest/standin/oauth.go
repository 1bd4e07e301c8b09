package standin

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// tokenPath is where most stand-ins give access tokens, apart from their base address.
const tokenPath = "/oauth/token"

// issuer gives access tokens.
type issuer struct {
	grant   func(form url.Values) (more document, words string) // words: why not
	path    string                                              // where it is asked
	given   int
	good    string // the access token that is taken
	refused string // what an admin did with the credential; empty: nothing
	echo    bool   // a refusal repeats the request
	asked   func() // called when a token is asked for; may be nil
}

func (i *issuer) serve(r *http.Request, text string) answer {
	form, err := url.ParseQuery(text)
	if r.Method != http.MethodPost || err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return answer{status: http.StatusBadRequest, body: document{"error": "invalid_request"}}
	}
	if i.asked != nil {
		i.asked()
	}
	more, words := i.grant(form)
	if i.refused != "" {
		words = i.refused
	}
	if i.echo {
		words = fmt.Sprint("did not like ", text, form)
	}
	if words != "" {
		return answer{status: http.StatusBadRequest, body: document{"error": "invalid_grant", "error_description": words}}
	}
	i.given++
	i.good = fmt.Sprintf("access-%d", i.given)
	body := document{"access_token": i.good, "token_type": "Bearer", "expires_in": 3600}
	for k, v := range more {
		body[k] = v
	}
	return ok(body)
}

// mayCall says whether a call bears the access token that was given last.
func (i *issuer) mayCall(r *request) bool {
	return i.good != "" && r.header.Get("Authorization") == "Bearer "+i.good
}

// Echo makes the app's credential worthless, and refusals of it repeat it.
func (s *Server) Echo() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens.good, s.tokens.echo = "", true
}

// GivesTokens says whether access tokens have to be asked for.
func (s *Server) GivesTokens() bool { return s.tokens != nil }

// Expire makes the access tokens given so far worthless, before their time.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens.good = ""
}

// Revoke makes the app's credential worthless.
func (s *Server) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens.good, s.tokens.refused = "", "the credential was revoked"
}

// OnToken has f called whenever an access token is asked for, before it is given.
func (s *Server) OnToken(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens.asked = f
}

// TokensGiven is how many access tokens were given.
func (s *Server) TokensGiven() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens.given
}

// rotating takes a refresh token once, and gives another with each access token.
type rotating struct{ now string }

func (r *rotating) grant(form url.Values) (document, string) {
	if form.Get("grant_type") != "refresh_token" || form.Get("refresh_token") != r.now {
		return nil, "the refresh token was used before, or never given"
	}
	r.now += "+"
	return document{"refresh_token": r.now}, ""
}

// serviceKey is a key pair of a service account.
func serviceKey(t testing.TB) (*rsa.PrivateKey, string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// claims are those of an assertion (RFC 7523) that a key has signed; nil: it has not.
func claims(key *rsa.PublicKey, assertion string) document {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return nil
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) != nil {
		return nil
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var out document
	if err != nil || json.Unmarshal(payload, &out) != nil {
		return nil
	}
	return out
}
