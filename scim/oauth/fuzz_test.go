package oauth_test

import (
	"strings"
	"testing"
	"time"

	"proprio/scim/oauth"
)

// FuzzTokenRequest: whatever is sent to the token endpoint is refused with a reason or shows credentials of one kind;
// nothing panics.
func FuzzTokenRequest(f *testing.F) {
	id := "01a20032-d3c7-79b4-992e-6bedaf7408f9"
	now := time.Unix(1_800_000_000, 0)
	key := newKey(f, "ES256", "k")
	good := key.sign(f, claims{"iss": id, "sub": id, "aud": endpoint, "jti": "1", "exp": now.Unix() + 60})
	for _, seed := range [][2]string{
		{"", ""},
		{"", form()},
		{"", form("client_id", id, "client_secret", "s", "scope", "scim")},
		{basic(id, "a b+c%:"), form("scope", "scim ssf.read")},
		{"Basic aGVsbG8=", form()},
		{"Basic %%%", "grant_type=client_credentials"},
		{"Bearer x", form("client_id", id)},
		{"", "grant_type=client_credentials&scope=a&scope=b"},
		{"", "grant_type=client_credentials;client_id=%zz"},
		{"", "grant_type=%00&client_id=%ff&client_secret=é"},
		{"", form("client_id", id, "client_assertion", good, "client_assertion_type", assertionType)},
		{"", form("client_assertion", tampered(good), "client_assertion_type", assertionType)},
		{"", form("client_assertion", unsigned(f, claims{"iss": id}), "client_assertion_type", assertionType)},
		{"", form("client_assertion", encoded(f, claims{"alg": "RS256", "crit": []string{"b64"}, "b64": false})+".e30.AA", "client_assertion_type", assertionType)},
		{"", form("client_assertion", encoded(f, claims{"alg": "ES256", "typ": 1})+"."+encoded(f, claims{"aud": []any{1}, "exp": 1e308})+".AA", "client_assertion_type", assertionType)},
		{"", form("client_assertion", "..", "client_assertion_type", assertionType)},
		{"", form("client_assertion", "a.b.c.d.e", "client_assertion_type", assertionType)},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, authorization, body string) {
		status, description, secret, signed := oauth.ParseRequest(authorization, body, now)
		if status != 0 && (status != 400 && status != 401 || description == "") {
			t.Errorf("refused with %d %q", status, description)
		}
		if status == 0 && secret == signed {
			t.Errorf("taken with secret %t and assertion %t", secret, signed)
		}
	})
}

// FuzzJWKS: a set that is fetched or registered holds public keys alone, and what is kept of it is read back the same.
func FuzzJWKS(f *testing.F) {
	es, ed := newKey(f, "ES256", "a"), newKey(f, "EdDSA", "b")
	for _, seed := range []string{
		jwks(f, es), jwks(f, es, ed), `{"keys":[]}`, `{"keys":null}`, `[]`, `{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}`,
		`{"keys":[{"kty":"RSA","e":"AQAB","n":"AQ"}]}`, `{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}`,
		`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"","d":""}]}`, `{"keys":[{"kty":"EC","crv":"P-256","x5c":["AA"]}]}`, `{"keys":[1,"x",{}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		fetched, registered, kept := oauth.ParseKeys(document)
		if registered > fetched {
			t.Errorf("%d keys are registered of %d that can be used", registered, fetched)
		}
		if registered == 0 {
			return
		}
		if again, _, _ := oauth.ParseKeys([]byte(kept)); again != registered || strings.Contains(kept, `"d":`) || strings.Contains(kept, `"k":`) {
			t.Errorf("%d keys are kept as %s", registered, kept)
		}
	})
}
