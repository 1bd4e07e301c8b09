package oidc_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/oidc"
	"proprio/oidc/standin"
)

// thin are people of whom the ID token says only the subject, beside the claims named here.
var thin = []standin.Person{
	{Subject: "sub-anne", Email: "Anne@company.fr", Thin: true},
	{Subject: "sub-full", Email: "anne@company.fr"},
	{Subject: "sub-bruno", Email: "bruno@company.fr", Thin: true},
	{Subject: "sub-false", Email: "anne@company.fr", Thin: true, UserInfo: map[string]any{"email_verified": false}},
	{Subject: "sub-absent", Email: "anne@company.fr", Thin: true, UserInfo: map[string]any{"email_verified": nil}},
	{Subject: "sub-text", Email: "anne@company.fr", Thin: true, UserInfo: map[string]any{"email_verified": "true"}},
	{Subject: "sub-case", Email: "anne@company.fr", Thin: true, UserInfo: map[string]any{"email": nil, "Email": "anne@company.fr"}},
	{Subject: "sub-nobody", Thin: true, UserInfo: map[string]any{"email": nil}},
	{Subject: "sub-list", Thin: true, UserInfo: map[string]any{"email": []string{"anne@company.fr"}}},
	{Subject: "sub-signed-false", Email: "anne@company.fr", Thin: true, Claims: map[string]any{"email_verified": false}},
	{Subject: "sub-signed-true", Email: "anne@company.fr", Thin: true, Claims: map[string]any{"email_verified": true},
		UserInfo: map[string]any{"email_verified": nil}},
	{Subject: "sub-trusts", Email: "anne@company.fr", Thin: true,
		UserInfo: map[string]any{"hd": "company.fr", "tid": "tenant", "xms_edov": true, "amr": []string{"mfa"}}},
	{Subject: "sub-entra", Email: "anne@company.fr", Thin: true, Claims: map[string]any{"tid": "tenant", "xms_edov": true}},
}

// thinWorld is a world whose issuer gives thin ID tokens.
func thinWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := newWorld(t, d)
	w.idp, w.idpURL = newProviderOf(t, w.clock, thin)
	w.issuer = w.newIssuer(oidc.Issuer{Company: w.company, URL: w.idpURL})
	return w
}

func (w *world) wantReads(want int) {
	w.t.Helper()
	if got := w.idp.UserInfoReads(); got != want {
		w.t.Errorf("the userinfo endpoint was asked %d times, want %d", got, want)
	}
}

// OpenID Connect Core §5.4: the claims of the scope "email" may come from the userinfo endpoint alone.
func TestUserInfo_SignsInWhereTheIDTokenIsThin(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := thinWorld(t, d)
		b := w.browser()
		w.want(b.signIn(w.issuer, "sub-anne"), "")
		b.wantIn("anne@company.fr")
		w.want(w.browser().signIn(w.issuer, "sub-anne"), "") // bound by now
		w.wantReads(2)
		w.want(w.browser().signIn(w.issuer, "sub-bruno"), oidc.ReasonNotListed)
		if e := w.entries()[0]; e.Action != audit.ActionRefuse {
			t.Errorf("record: %+v", e)
		}
	})
}

func TestUserInfo_IsNotAskedWhereTheIDTokenSaysAll(t *testing.T) {
	t.Parallel()
	w := thinWorld(t, dbtest.Open(t, db.Config{Data: t.TempDir()}))
	for _, fault := range []standin.Fault{standin.NoFault, standin.FaultUserInfoDenied, standin.FaultUserInfoSubject} {
		w.idp.Misbehave(fault)
		w.want(w.browser().signIn(w.issuer, "sub-full"), "")
	}
	w.idp.Misbehave(standin.FaultNonce)
	w.want(w.browser().signIn(w.issuer, "sub-anne"), oidc.ReasonNonceMismatch) // nor for an ID token that is refused
	w.wantReads(0)
}

func TestUserInfo_FaultsRefuse(t *testing.T) {
	t.Parallel()
	w := thinWorld(t, dbtest.Open(t, db.Config{Data: t.TempDir()}))
	for fault, want := range map[standin.Fault]oidc.Reason{
		standin.FaultUserInfoDenied:  oidc.ReasonProviderError,
		standin.FaultUserInfoHTML:    oidc.ReasonProviderError,
		standin.FaultUserInfoLarge:   oidc.ReasonProviderError,
		standin.FaultUserInfoType:    oidc.ReasonProviderError,
		standin.FaultUserInfoSigned:  oidc.ReasonProviderError,
		standin.FaultUserInfoMoved:   oidc.ReasonProviderError,
		standin.FaultUserInfoSubject: oidc.ReasonTokenInvalid, // §5.3.2
		standin.FaultUserInfoNobody:  oidc.ReasonTokenInvalid,
	} {
		reads := w.idp.UserInfoReads()
		w.idp.Misbehave(fault)
		b := w.browser()
		if got := b.signIn(w.issuer, "sub-anne"); got != want {
			t.Errorf("%s: got %q, want %q", fault, got, want)
		}
		b.wantOut(oidc.ReasonNoSession)
		w.wantReads(reads + 1)
		if e := w.entries()[0]; e.Action != audit.ActionRefuse {
			t.Errorf("%s is not in the record: %+v", fault, e)
		}
	}
	w.idp.Misbehave(standin.NoFault)
	w.want(w.browser().signIn(w.issuer, "sub-anne"), "")
}

// A refusal stays one at an issuer without a userinfo endpoint: no address, no first sign-in.
func TestUserInfo_IssuerThatHasNone(t *testing.T) {
	t.Parallel()
	w := thinWorld(t, dbtest.Open(t, db.Config{Data: t.TempDir()}))
	w.change(trust(oidc.TrustOwner))
	w.idp.Misbehave(standin.FaultUserInfoNone)
	w.want(w.browser().signIn(w.issuer, "sub-anne"), oidc.ReasonEmailMissing)
	w.wantReads(0)
}

func TestRule2_AddressOfTheUserInfoEndpoint(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		subject string
		change  func(*oidc.Issuer)
		want    oidc.Reason
	}{
		"not verified":                           {"sub-false", nil, oidc.ReasonEmailUnverified},
		"not verified, at a trusted issuer":      {"sub-false", trust(oidc.TrustOwner), oidc.ReasonEmailUnverified},
		"not a word on it":                       {"sub-absent", nil, oidc.ReasonEmailUnverified},
		"not a word on it, at a trusted issuer":  {"sub-absent", trust(oidc.TrustOwner), ""},
		"text for a boolean":                     {"sub-text", nil, oidc.ReasonEmailUnverified},
		"text for a boolean, allowed":            {"sub-text", func(i *oidc.Issuer) { i.TextBooleans = true }, ""},
		"names in another case":                  {"sub-case", nil, oidc.ReasonEmailMissing},
		"no address there either":                {"sub-nobody", nil, oidc.ReasonEmailMissing},
		"several addresses":                      {"sub-list", nil, oidc.ReasonProviderError},
		"the ID token says not verified":         {"sub-signed-false", nil, oidc.ReasonEmailUnverified},
		"the ID token's word is on no address":   {"sub-signed-true", nil, oidc.ReasonEmailUnverified},
		"hd from there proves nothing":           {"sub-trusts", trust(oidc.TrustGoogle), oidc.ReasonHostedDomain},
		"amr from there proves nothing":          {"sub-trusts", func(i *oidc.Issuer) { i.Methods = []string{"mfa"} }, oidc.ReasonMethodTooWeak},
		"tid from there proves nothing":          {"sub-trusts", trust(oidc.TrustEntra), oidc.ReasonTenant},
		"xms_edov vouches for no address beside": {"sub-entra", trust(oidc.TrustEntra), oidc.ReasonEmailMissing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := thinWorld(t, dbtest.Open(t, db.Config{Data: t.TempDir()}))
			if c.change != nil {
				w.change(c.change)
			}
			w.want(w.browser().signIn(w.issuer, c.subject), c.want)
		})
	}
}

func trust(trust oidc.Trust) func(*oidc.Issuer) {
	return func(i *oidc.Issuer) { i.Trust, i.Tenant = trust, "tenant" }
}

// The rules on addresses hold for the userinfo endpoint as for the others, and the access token goes nowhere else.
func TestUserInfo_EndpointThatMustNotBeAsked(t *testing.T) {
	t.Parallel()
	w := thinWorld(t, dbtest.Open(t, db.Config{Data: t.TempDir()}))
	for name, endpoint := range map[string]string{
		"http to another machine": "http://idp.example/userinfo",
		"http, name not checked":  "http://LocalHost:{port}/userinfo", // answers, but is not one of the names that may
		"cloud metadata":          "https://169.254.169.254/userinfo",
		"not a web address":       "file:///etc/passwd",
		"no address":              "/userinfo",
		"nobody there":            "http://" + closedPort(t) + "/userinfo",
	} {
		t.Run(name, func(t *testing.T) {
			url := discoveredWith(t, w, endpoint)
			issuer := w.newIssuer(oidc.Issuer{Company: w.company, URL: url})
			w.want(w.browser().signIn(issuer, "sub-anne"), oidc.ReasonProviderDown)
			w.wantReads(0)
		})
	}
}

// discoveredWith serves a stand-in, now the world's, whose discovery document names another userinfo endpoint;
// {port} there is its port.
func discoveredWith(t *testing.T, w *world, endpoint string) string {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	url := "http://" + server.Listener.Addr().String()
	key, err := signingKey()
	if err != nil {
		t.Fatal(err)
	}
	idp := standin.NewWithKey(url, key, thin, w.clock.now)
	server.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/.well-known/openid-configuration" {
			idp.ServeHTTP(rw, r)
			return
		}
		answer := httptest.NewRecorder()
		idp.ServeHTTP(answer, r)
		var document map[string]any
		if err := json.Unmarshal(answer.Body.Bytes(), &document); err != nil {
			http.Error(rw, err.Error(), http.StatusInternalServerError)
			return
		}
		document["userinfo_endpoint"] = strings.ReplaceAll(endpoint, "{port}", parse(t, url).Port())
		rw.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(rw).Encode(document)
	})
	server.Start()
	t.Cleanup(server.Close)
	w.idp = idp
	return url
}
