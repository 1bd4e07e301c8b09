package oauth_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/scim/oauth"
)

const (
	entraTenant   = "ce5f061f-abe6-4e40-9615-301f87bcb7f0"
	entraAudience = "api://b5ba7a93-4452-4522-aeb4-a2b5da870c16"
	entraSubject  = "0b7a2c57-5f0a-4f0e-8d0c-7f6b1f0f6c11"
)

// entra is a stand-in for Entra: a place of keys of its own for each tenant.
type entra struct {
	*publisher
	key signingKey
}

func newEntra(t testing.TB) entra {
	t.Helper()
	e := entra{newPublisher(t), newKey(t, "RS256", "entra")}
	e.publish("/"+entraTenant+"/discovery/v2.0/keys", jwks(t, e.key))
	return e
}

// claims are what Entra's provisioning service sends (clients.md 2.8, 4): no jti, and an hour to live.
func (e entra) claims(w *world) claims {
	now := w.clock.now()
	return claims{
		"aud": entraAudience, "iss": e.URL + "/" + entraTenant + "/v2.0", "iat": now.Unix(), "nbf": now.Unix(),
		"exp": now.Add(65 * time.Minute).Unix(), "appid": entraAudience[len("api://"):], "oid": newID(),
		"sub": entraSubject, "tid": entraTenant, "ver": "2.0",
	}
}

func (n tenant) withEntra(e entra, audience string) oauth.Client {
	n.t.Helper()
	c := oauth.Entra(e.URL, strings.ToUpper(entraTenant), audience, entraSubject)
	c.Private = true
	return n.register(c)
}

// Entra's request as it is documented, with a form of exactly those parameters, gets a token that opens the SCIM service;
// Entra uses one assertion for many requests while it lives.
func TestEntraWorkloadIdentity_GetsATokenForSCIM(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		n, e := w.tenant("Société"), newEntra(t)
		for _, audience := range []string{entraAudience, entraAudience[len("api://"):]} {
			client := n.withEntra(e, audience)
			assertion := e.key.sign(t, e.claims(w).but("aud", audience))
			for range 2 {
				a := w.post("grant_type=client_credentials&client_id=" + client.ID +
					"&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer" +
					"&client_assertion=" + assertion + "&scope=scim")
				w.works(a.token(), 200)
				if a.body["expires_in"] != 3600.0 || a.body["scope"] != "scim" {
					t.Errorf("%v", a.body)
				}
			}
			must(t, d.RemoveClient(t.Context(), admin, n.company, client.ID))
			w.byAssertion(assertion, "client_id", client.ID).refused(401, "invalid_client")
		}
	})
}

// Issuer, audience, subject and tenant are pinned: any one of them wrong is refused; the log says which, the answer what
// to check.
func TestEntraWorkloadIdentity_EveryClaimIsPinned(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		n, e := w.tenant("Société"), newEntra(t)
		client := n.withEntra(e, entraAudience)
		other := newID()
		now := w.clock.now()
		good := e.claims(w)
		for name, c := range map[string]struct {
			assertion string
			reason    string
		}{
			"another tenant":         {e.key.sign(t, good.but("iss", e.URL+"/"+other+"/v2.0", "tid", other)), "iss is"},
			"issuer of v1":           {e.key.sign(t, good.but("iss", "https://sts.windows.net/"+entraTenant+"/", "ver", "1.0")), "left blank"},
			"issuer with a slash":    {e.key.sign(t, good.but("iss", e.URL+"/"+entraTenant+"/v2.0/")), "iss is"},
			"no issuer":              {e.key.sign(t, good.but("iss", nil)), "iss is"},
			"tid alone of another":   {e.key.sign(t, good.but("tid", other)), "tid is"},
			"no tid":                 {e.key.sign(t, good.but("tid", nil)), "tid is"},
			"subject of another":     {e.key.sign(t, good.but("sub", other)), "sub is"},
			"no subject":             {e.key.sign(t, good.but("sub", nil)), "sub is"},
			"oid is not the subject": {e.key.sign(t, good.but("sub", other, "oid", entraSubject)), "sub is"},
			"audience of another":    {e.key.sign(t, good.but("aud", "api://"+other)), "aud is"},
			"audience without api":   {e.key.sign(t, good.but("aud", entraAudience[len("api://"):])), "aud is"},
			"audience of the portal": {e.key.sign(t, good.but("aud", entraAudience+"/.default")), "aud is"},
			"audiences":              {e.key.sign(t, good.but("aud", []string{entraAudience, "api://" + other})), "aud is"},
			"shared audience":        {e.key.sign(t, good.but("aud", "8adf8e6e-67b2-4cf2-a259-e3dc5476c621")), "left blank"},
			"no audience":            {e.key.sign(t, good.but("aud", nil)), "aud is"},
			"our own address":        {e.key.sign(t, good.but("aud", endpoint)), "aud is"},
			"expired":                {e.key.sign(t, good.but("exp", now.Add(-2*time.Minute).Unix())), "exp is"},
			"for a week":             {e.key.sign(t, good.but("exp", now.Add(7*24*time.Hour).Unix())), "exp is"},
			"not yet":                {e.key.sign(t, good.but("nbf", now.Add(time.Hour).Unix())), "nbf is"},
			"key of another":         {newKey(t, "ES256", "entra").sign(t, good), "no key"},
			"none":                   {unsigned(t, good), "algorithm"},
			"HS256":                  {hashed(t, e.key, good), "algorithm"},
			"tampered":               {tampered(e.key.sign(t, good.but("jti", "1"))), "signature"},
			"as the client itself":   {e.key.sign(t, own(w, client)), "iss is"},
		} {
			before := len(w.log.String())
			a := w.post(form("client_id", client.ID, "client_assertion", c.assertion, "client_assertion_type", assertionType),
				"X-Test-Address", name).refused(401, "invalid_client")
			line := w.log.String()[before:]
			if t.Failed() || !strings.Contains(line, c.reason) {
				t.Fatalf("%s: the log says %s, want %q", name, line, c.reason)
			}
			for _, hidden := range []string{entraTenant, entraSubject, entraAudience, other} {
				if strings.Contains(fmt.Sprint(a.body), hidden) {
					t.Errorf("%s: the answer tells %s: %v", name, hidden, a.body)
				}
			}
		}
		w.byAssertion(e.key.sign(t, good)).refused(401, "invalid_client") // without client_id it names nobody here
		w.byAssertion(e.key.sign(t, good), "client_id", client.ID).token()
	})
}

// Where the token field was left blank, Entra sends a JWT of its own to the SCIM service: never accepted, and the answer
// says what to do.
func TestEntraWorkloadIdentity_BlankTokenFieldIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.Open(t, db.Config{Data: t.TempDir()}))
	n, e := w.tenant("Société"), newEntra(t)
	n.withEntra(e, entraAudience)
	blank := e.key.sign(t, e.claims(w).but("iss", "https://sts.windows.net/"+entraTenant+"/", "aud", "8adf8e6e-67b2-4cf2-a259-e3dc5476c621"))
	a := w.users(blank)
	if detail, _ := a.body["detail"].(string); a.status != 401 || !strings.Contains(detail, "left blank") {
		t.Errorf("%d %v", a.status, a.body)
	}
	w.works(e.key.sign(t, e.claims(w)), 401) // an assertion is no access token either
	for name, c := range map[string]oauth.Client{
		"shared audience":      oauth.Entra(oauth.EntraAuthority, entraTenant, "8adf8e6e-67b2-4cf2-a259-e3dc5476c621", entraSubject),
		"shared audience, api": oauth.Entra(oauth.EntraAuthority, entraTenant, "api://8ADF8E6E-67b2-4cf2-a259-e3dc5476c621", entraSubject),
		"issuer of v1": {Method: oauth.MethodFederated, Issuer: "https://sts.windows.net/" + entraTenant + "/",
			Audience: entraAudience, Subject: entraSubject, Tenant: entraTenant},
		"common":    oauth.Entra(oauth.EntraAuthority, "common", entraAudience, entraSubject),
		"no tenant": {Method: oauth.MethodFederated, Issuer: oauth.EntraAuthority + "/" + entraTenant + "/v2.0", Audience: "a", Subject: "s"},
	} {
		if _, err := n.tryRegister(c); !errors.Is(err, resources.ErrInvalidValue) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := oauth.Entra(oauth.EntraAuthority, entraTenant, entraAudience, entraSubject)
	c.Name = "x"
	c, err := c.Normalize()
	if err != nil || c.Issuer != "https://login.microsoftonline.com/"+entraTenant+"/v2.0" ||
		c.KeysURL != "https://login.microsoftonline.com/"+entraTenant+"/discovery/v2.0/keys" {
		t.Errorf("the preset is %+v %v", c, err)
	}
}

// Keys of Entra rotate without notice: an unknown kid is looked for once more.
func TestEntraWorkloadIdentity_KeysAreRotated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.Open(t, db.Config{Data: t.TempDir()}))
	e := newEntra(t)
	client := w.tenant("Société").withEntra(e, entraAudience)
	w.byAssertion(e.key.sign(t, e.claims(w)), "client_id", client.ID).token()
	fresh := newKey(t, "ES256", "fresh")
	e.publish("/"+entraTenant+"/discovery/v2.0/keys", jwks(t, fresh))
	w.clock.pass(time.Minute)
	w.byAssertion(fresh.sign(t, e.claims(w)), "client_id", client.ID).token()
	w.byAssertion(e.key.sign(t, e.claims(w)), "client_id", client.ID).refused(401, "invalid_client")
}

// Two companies with one tenant of Entra: each client has its own subject, and gets into its own company alone.
func TestEntraWorkloadIdentity_TwoCompanies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.Open(t, db.Config{Data: t.TempDir()}))
	e := newEntra(t)
	one := w.tenant("Une").withEntra(e, entraAudience)
	c := oauth.Entra(e.URL, entraTenant, entraAudience, "another subject")
	c.Private = true
	two := w.tenant("Deux").register(c)
	first, second := e.key.sign(t, e.claims(w)), e.key.sign(t, e.claims(w).but("sub", "another subject"))
	w.byAssertion(first, "client_id", one.ID).token()
	w.byAssertion(second, "client_id", two.ID).token()
	w.byAssertion(first, "client_id", two.ID).refused(401, "invalid_client")
	w.byAssertion(second, "client_id", one.ID).refused(401, "invalid_client")
}

// RFC 7523 §3 in general: any issuer that publishes its keys by discovery, whose document must be its own.
func TestRFC7523_FederatedIssuerIsDiscovered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.Open(t, db.Config{Data: t.TempDir()}))
	n, p := w.tenant("Société"), newPublisher(t)
	key := newKey(t, "EdDSA", "k")
	p.publish("/keys", jwks(t, key))
	p.publish("/good/.well-known/openid-configuration", `{"issuer":"`+p.URL+`/good","jwks_uri":"`+p.URL+`/keys"}`)
	p.publish("/evil/.well-known/openid-configuration", `{"issuer":"`+p.URL+`/good","jwks_uri":"`+p.URL+`/keys"}`)
	p.publish("/plain/.well-known/openid-configuration", `{"issuer":"`+p.URL+`/plain","jwks_uri":"http://10.0.0.1/keys"}`)
	ask := func(issuer string) answer {
		client := n.register(oauth.Client{Method: oauth.MethodFederated, Issuer: p.URL + issuer, Audience: "proprio", Subject: "job", Private: true})
		return w.byAssertion(key.sign(t, claims{"iss": p.URL + issuer, "aud": "proprio", "sub": "job", "exp": w.clock.now().Add(time.Hour).Unix()}),
			"client_id", client.ID)
	}
	w.works(ask("/good").token(), 200)
	for _, issuer := range []string{"/evil", "/plain", "/absent"} {
		ask(issuer).refused(503, "temporarily_unavailable")
	}
	if p.fetched("/keys") != 1 {
		t.Errorf("the keys were fetched %d times", p.fetched("/keys"))
	}
}
