package oauth_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/scim/oauth"
)

// RFC 7523 §2.2, §3: a client that signs with its own key gets a token, with every algorithm that is offered, and the
// client_id may be left to the assertion (RFC 7521 §4.2).
func TestRFC7523_PrivateKeyJWT(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		n := w.tenant("Société")
		for _, alg := range []string{"RS256", "RS512", "PS256", "ES256", "ES384", "EdDSA"} {
			client, key := n.withKey(t, alg)
			w.works(w.byAssertion(key.sign(t, own(w, client))).token(), 200)
		}
		client, key := n.withKey(t, "ES256")
		w.byAssertion(key.sign(t, own(w, client)), "client_id", client.ID).token()
		w.byAssertion(key.sign(t, own(w, client).but("aud", publicURL)), "scope", "scim").token()
		w.byAssertion(key.sign(t, own(w, client).but("aud", []string{endpoint}, "nbf", w.clock.now().Unix()))).token()
		w.byAssertion(key.sign(t, own(w, client), "typ", "client-authentication+jwt")).token()
		nameless := newKey(t, "ES256", "")
		client = n.register(oauth.Client{Method: oauth.MethodKey, Keys: jwks(t, newKey(t, "ES256", "other"), nameless)})
		w.byAssertion(nameless.sign(t, own(w, client))).token()
	})
}

// RFC 7523 §3: each claim and each part of the header that is not as it must be is refused, and named in the log.
func TestRFC7523_EveryClaimIsChecked(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		n := w.tenant("Société")
		client, key := n.withKey(t, "ES256")
		other, otherKey := n.withKey(t, "ES256")
		now := w.clock.now()
		good := func() claims { return own(w, client) }
		for name, c := range map[string]struct{ assertion, reason string }{
			"no iss":         {key.sign(t, good().but("iss", nil)), "iss is"},
			"iss of another": {key.sign(t, good().but("iss", other.ID)), "iss is"},
			"iss twice":      {key.sign(t, good().but("Iss", other.ID, "iss", nil)), "iss is"},
			"no sub":         {key.sign(t, good().but("sub", nil)), "sub is"},
			"sub of another": {key.sign(t, good().but("sub", other.ID)), "sub is"},
			"no aud":         {key.sign(t, good().but("aud", nil)), "aud is"},
			"aud elsewhere":  {key.sign(t, good().but("aud", "https://other.example/oauth/token")), "aud is"},
			"aud with more":  {key.sign(t, good().but("aud", []string{endpoint, "https://other.example"})), "aud is"},
			"aud with slash": {key.sign(t, good().but("aud", publicURL+"/")), "aud is"},
			"aud of SCIM":    {key.sign(t, good().but("aud", publicURL+"/scim/v2")), "aud is"},
			"no exp":         {key.sign(t, good().but("exp", nil)), "exp is"},
			"exp past":       {key.sign(t, good().but("exp", now.Add(-time.Minute).Unix())), "exp is"},
			"exp far ahead":  {key.sign(t, good().but("exp", now.Add(12*time.Minute).Unix())), "exp is"},
			"exp as text":    {key.sign(t, good().but("exp", "tomorrow")), "not understood"},
			"exp beyond":     {key.sign(t, good().but("exp", 1e300)), "not understood"},
			"nbf ahead":      {key.sign(t, good().but("nbf", now.Add(2*time.Minute).Unix())), "nbf is"},
			"iat ahead":      {key.sign(t, good().but("iat", now.Add(2*time.Minute).Unix())), "iat is"},
			"no jti":         {key.sign(t, good().but("jti", nil)), "jti is"},
			"typ of SETs":    {key.sign(t, good(), "typ", "secevent+jwt"), "typ is"},
			"other key":      {otherKey.sign(t, good()), "signature"},
			"unknown kid":    {key.sign(t, good(), "kid", "second"), "no key"},
			"other alg":      {newKey(t, "ES384", "first").sign(t, good()), "no key"},
			"none":           {unsigned(t, good()), "algorithm"},
			"HS256":          {hashed(t, key, good()), "algorithm"},
			"tampered":       {tampered(key.sign(t, good())), "signature"},
			"not a JWT":      {"x", "not a JWT"},
			"JSON form":      {jsonForm(t, key, good()), "not a JWT"},
		} {
			before := len(w.log.String())
			w.post(form("client_assertion", c.assertion, "client_assertion_type", assertionType, "client_id", client.ID),
				"X-Test-Address", name).refused(401, "invalid_client")
			if line := w.log.String()[before:]; t.Failed() || !strings.Contains(line, c.reason) {
				t.Fatalf("%s: the log says %s, want %q", name, line, c.reason)
			}
		}
		w.byAssertion(key.sign(t, good()), "client_id", other.ID).refused(401, "invalid_client")
		w.byAssertion(key.sign(t, good().but("exp", now.Add(-30*time.Second).Unix()))).token() // within the skew
		w.byAssertion(key.sign(t, good())).token()
	})
}

// RFC 7523 §3, 7: an assertion is used once, also by many at the same moment; another client may have the same jti.
func TestRFC7523_AssertionsAreNotReplayed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		n := w.tenant("Société")
		client, key := n.withKey(t, "ES256")
		other, otherKey := n.withKey(t, "ES256")
		assertion := key.sign(t, own(w, client).but("jti", "the same"))
		granted := make(chan bool, 8)
		var group sync.WaitGroup
		for range cap(granted) {
			group.Go(func() { granted <- w.byAssertion(assertion).status == 200 })
		}
		group.Wait()
		close(granted)
		count := 0
		for ok := range granted {
			if ok {
				count++
			}
		}
		if count != 1 {
			t.Errorf("one assertion gave %d tokens", count)
		}
		w.byAssertion(key.sign(t, own(w, client).but("jti", "the same", "iat", nil))).refused(401, "invalid_client")
		w.byAssertion(otherKey.sign(t, own(w, other).but("jti", "the same"))).token()
		w.byAssertion(assertion[:len(assertion)-2]+"AA").refused(401, "invalid_client")
		w.clock.pass(5*time.Minute + 30*time.Second) // expired, within the skew
		w.byAssertion(assertion).refused(401, "invalid_client")
		w.clock.pass(time.Minute)
		w.byAssertion(key.sign(t, own(w, client).but("jti", "the same"))).token() // the jti is forgotten, and so is what had it
		w.byAssertion(assertion).refused(401, "invalid_client")
	})
}

// A client's keys at its own address: renewed by kid, not more often than twice a minute, kept while the address is
// silent, and ended when they are gone from it.
func TestRFC7523_KeysAreRotated(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		n := w.tenant("Société")
		p := newPublisher(t)
		first, second := newKey(t, "ES256", "first"), newKey(t, "ES256", "second")
		p.publish("/keys", jwks(t, first))
		client := n.register(oauth.Client{Method: oauth.MethodKey, KeysURL: p.URL + "/keys", Private: true})
		ask := func(k signingKey) answer { return w.byAssertion(k.sign(t, own(w, client))) }

		ask(first).token()
		ask(first).token()
		if got := p.fetched("/keys"); got != 1 {
			t.Errorf("fetched %d times for two requests", got)
		}
		p.publish("/keys", jwks(t, first, second))
		ask(second).refused(401, "invalid_client") // too soon after the last fetch
		w.clock.pass(31 * time.Second)
		ask(second).token()
		for range 5 {
			ask(newKey(t, "ES256", "made up")).refused(401, "invalid_client")
		}
		if got := p.fetched("/keys"); got != 2 {
			t.Errorf("fetched %d times; made-up kids must not cause fetches", got)
		}

		p.publish("/keys", "")
		w.clock.pass(2 * time.Hour)
		ask(first).token() // known, and the address is silent
		w.clock.pass(time.Minute)
		ask(newKey(t, "ES256", "third")).refused(503, "temporarily_unavailable")
		p.publish("/keys", jwks(t, second))
		w.clock.pass(time.Minute)
		ask(second).token()
		ask(first).refused(401, "invalid_client")
		p.publish("/keys", "")
		w.clock.pass(25 * time.Hour)
		if a := ask(second).refused(503, "temporarily_unavailable"); a.header.Get("Retry-After") == "" {
			t.Error("503 without Retry-After")
		}
	})
}

// Keys are fetched with the guard: not from a private network unless the client is allowed to, and no redirect is
// followed.
func TestRFC7523_KeysAreFetchedWithTheGuard(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.Open(t, db.Config{Data: t.TempDir()}))
	n := w.tenant("Société")
	p := newPublisher(t)
	key := newKey(t, "ES256", "first")
	p.publish("/keys", jwks(t, key))
	guarded := n.register(oauth.Client{Method: oauth.MethodKey, KeysURL: strings.Replace(p.URL, "http:", "https:", 1) + "/keys"})
	w.byAssertion(key.sign(t, own(w, guarded))).refused(503, "temporarily_unavailable")
	if p.fetched("/keys") != 0 || !strings.Contains(w.log.String(), "not a public one") {
		t.Errorf("a private address was asked: %s", w.log)
	}
	for name, document := range map[string]string{
		"no JSON": "<html>", "no keys": `{"keys":[]}`, "shared secret": `{"keys":[{"kty":"oct","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}]}`,
		"for encryption": strings.ReplaceAll(jwks(t, key), `"use":"sig"`, `"use":"enc"`), "endless": strings.Repeat(" ", 1<<20) + jwks(t, key),
	} {
		p.publish("/wrong", document)
		client := n.register(oauth.Client{Method: oauth.MethodKey, KeysURL: p.URL + "/wrong?" + newID(), Private: true})
		if a := w.byAssertion(key.sign(t, own(w, client))); a.status != 503 {
			t.Errorf("%s: %d %v", name, a.status, a.body)
		}
	}
	moved := httptest.NewServer(http.RedirectHandler(p.URL+"/keys", http.StatusFound))
	t.Cleanup(moved.Close)
	astray := n.register(oauth.Client{Method: oauth.MethodKey, KeysURL: moved.URL, Private: true})
	if a := w.byAssertion(key.sign(t, own(w, astray))); a.status != 503 || p.fetched("/keys") != 0 {
		t.Errorf("a redirect was followed: %d %v", a.status, a.body)
	}
	mixed := strings.Replace(jwks(t, key), `{"keys":[`, `{"keys":[{"kty":"new"},{"kty":"oct","k":"c2VjcmV0"},`, 1)
	p.publish("/mixed", mixed)
	client := n.register(oauth.Client{Method: oauth.MethodKey, KeysURL: p.URL + "/mixed", Private: true})
	w.byAssertion(key.sign(t, own(w, client))).token() // RFC 7517 §5: a key that is not understood is passed over
}

// What cannot work, or would let others in, is refused when it is registered, with the place of the fault.
func TestRFC7523_RegistrationIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.Open(t, db.Config{Data: t.TempDir()}))
	n := w.tenant("Société")
	key := newKey(t, "ES256", "first")
	private, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.private}}})
	must(t, err)
	for name, c := range map[string]struct {
		client   oauth.Client
		mentions string
	}{
		"no method":     {oauth.Client{}, "method"},
		"unknown scope": {oauth.Client{Method: oauth.MethodSecret, Scopes: []string{"admin"}}, "scope"},
		"no keys":       {oauth.Client{Method: oauth.MethodKey}, "either"},
		"both keys":     {oauth.Client{Method: oauth.MethodKey, Keys: jwks(t, key), KeysURL: "https://a.example"}, "either"},
		"no JSON":       {oauth.Client{Method: oauth.MethodKey, Keys: "x"}, "JWK Set"},
		"empty set":     {oauth.Client{Method: oauth.MethodKey, Keys: `{"keys":[]}`}, "0 keys"},
		"private key":   {oauth.Client{Method: oauth.MethodKey, Keys: string(private)}, "private"},
		"shared secret": {oauth.Client{Method: oauth.MethodKey, Keys: `{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}`}, "shared secret"},
		"short RSA": {oauth.Client{Method: oauth.MethodKey, Keys: `{"keys":[{"kty":"RSA","e":"AQAB","n":"` +
			base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("\xff", 128))) + `"}]}`}, "1024 bits"},
		"http":            {oauth.Client{Method: oauth.MethodKey, KeysURL: "http://a.example/keys"}, "https"},
		"http, loopback":  {oauth.Client{Method: oauth.MethodKey, KeysURL: "http://127.0.0.1/keys"}, "https"},
		"http, private":   {oauth.Client{Method: oauth.MethodKey, KeysURL: "http://10.0.0.1/keys", Private: true}, "https"},
		"no address":      {oauth.Client{Method: oauth.MethodKey, KeysURL: "keys.json"}, "address"},
		"file":            {oauth.Client{Method: oauth.MethodKey, KeysURL: "file:///etc/passwd"}, "address"},
		"no audience":     {oauth.Client{Method: oauth.MethodFederated, Issuer: "https://a.example", Subject: "s"}, "audience"},
		"no subject":      {oauth.Client{Method: oauth.MethodFederated, Issuer: "https://a.example", Audience: "a"}, "subject"},
		"no issuer":       {oauth.Client{Method: oauth.MethodFederated, Audience: "a", Subject: "s"}, "issuer"},
		"subject, blanks": {oauth.Client{Method: oauth.MethodFederated, Issuer: "https://a.example", Audience: "a", Subject: " s"}, "subject"},
	} {
		_, err := n.tryRegister(c.client)
		if !errors.Is(err, resources.ErrInvalidValue) || !strings.Contains(err.Error(), c.mentions) {
			t.Errorf("%s: %v, want an invalid value that mentions %q", name, err, c.mentions)
		}
	}
	n.register(oauth.Client{Name: "one", Method: oauth.MethodSecret})
	if _, err := n.tryRegister(oauth.Client{Name: " one ", Method: oauth.MethodSecret}); !errors.Is(err, resources.ErrUniqueness) {
		t.Errorf("a second client of one name: %v", err)
	}
}

func encoded(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	must(t, err)
	return base64.RawURLEncoding.EncodeToString(text)
}

// unsigned is RFC 7519 §6.
func unsigned(t testing.TB, c claims) string {
	t.Helper()
	return encoded(t, claims{"alg": "none"}) + "." + encoded(t, c) + "."
}

// hashed takes the public key, as it is published, for a shared secret.
func hashed(t testing.TB, k signingKey, c claims) string {
	t.Helper()
	public, err := k.public().MarshalJSON()
	must(t, err)
	return signWith(t, jose.HS256, public, k.kid, c)
}

// tampered has another expiry than was signed.
func tampered(assertion string) string {
	parts := strings.Split(assertion, ".")
	payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(payload), `"jti":"`, `"jti":"x`, 1)))
	return strings.Join(parts, ".")
}

// jsonForm is the other serialization of a JWS, which a JWT never has (RFC 7519 §1).
func jsonForm(t testing.TB, k signingKey, c claims) string {
	t.Helper()
	parts := strings.Split(k.sign(t, c), ".")
	text, err := json.Marshal(map[string]string{"protected": parts[0], "payload": parts[1], "signature": parts[2]})
	must(t, err)
	return string(text)
}
