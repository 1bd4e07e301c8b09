package oauth_test

import (
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/scim"
	"proprio/scim/oauth"
)

func (w *world) get(path string) answer {
	w.t.Helper()
	r, err := http.NewRequest(http.MethodGet, w.url+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.send(r)
}

func texts(v any) []string {
	var all []string
	list, _ := v.([]any)
	for _, one := range list {
		s, _ := one.(string)
		all = append(all, s)
	}
	return all
}

// RFC 8414 §2, §3; IPSIE AL SCIM profile: what the authorization server can do, at its well-known address.
func TestRFC8414_AuthorizationServerMetadata(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.Open(t, db.Config{Data: t.TempDir()}))
	a := w.get("/.well-known/oauth-authorization-server")
	if a.status != 200 || a.header.Get("Content-Type") != "application/json" {
		t.Fatalf("%d %v", a.status, a.header)
	}
	for name, want := range map[string]any{
		"issuer": publicURL, "token_endpoint": endpoint,
		"grant_types_supported":                 []string{"client_credentials"},
		"scopes_supported":                      []string{"scim", "ssf.read", "ssf.manage"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post", "private_key_jwt"},
		"protected_resources":                   []string{publicURL + scim.BasePath},
	} {
		got := a.body[name]
		if list, ok := want.([]string); ok && !reflect.DeepEqual(texts(got), list) || !ok && got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if list, ok := a.body["response_types_supported"].([]any); !ok || len(list) != 0 {
		t.Errorf("response_types_supported is %v, want an empty list", a.body["response_types_supported"])
	}
	algorithms := strings.Join(texts(a.body["token_endpoint_auth_signing_alg_values_supported"]), " ")
	if !strings.Contains(algorithms, "RS256") || !strings.Contains(algorithms, "PS256") || !strings.Contains(algorithms, "ES256") ||
		strings.Contains(algorithms, "none") || strings.Contains(algorithms, "HS") {
		t.Errorf("algorithms: %s", algorithms)
	}
}

// RFC 9728 §2, §3, §5.1: a client that knows the SCIM service alone finds its way to a token: 401, the resource's
// document, the authorization server's document, the token endpoint.
func TestRFC9728_FromA401ToAToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.Open(t, db.Config{Data: t.TempDir()}))
	client, secret := w.tenant("Société").withSecret()
	for token, want := range map[string]string{"": `Bearer realm="scim"`, strings.Repeat("x", 50): `error="invalid_token"`, "short": `error="invalid_token"`} {
		if got := w.users(token).header.Get("WWW-Authenticate"); !strings.Contains(got, want) || !strings.Contains(got, `resource_metadata="`) {
			t.Errorf("WWW-Authenticate %q, want %s and resource_metadata", got, want)
		}
	}
	found := regexp.MustCompile(`resource_metadata="([^"]+)"`).FindStringSubmatch(w.users("").header.Get("WWW-Authenticate"))
	local := func(address any) string {
		s, _ := address.(string)
		path, ok := strings.CutPrefix(s, publicURL)
		if !ok {
			t.Fatalf("%v is not under the public URL", address)
		}
		return path
	}
	resource := w.get(local(found[1]))
	if resource.body["resource"] != publicURL+"/scim/v2" || !reflect.DeepEqual(texts(resource.body["scopes_supported"]), []string{"scim"}) ||
		!reflect.DeepEqual(texts(resource.body["bearer_methods_supported"]), []string{"header"}) {
		t.Errorf("the resource's document: %v", resource.body)
	}
	issuer := texts(resource.body["authorization_servers"])[0]
	server := w.get(local(issuer + "/.well-known/oauth-authorization-server"))
	if server.body["issuer"] != issuer {
		t.Errorf("issuer %v, want %s", server.body["issuer"], issuer)
	}
	if local(server.body["token_endpoint"]) != oauth.TokenPath {
		t.Errorf("token endpoint %v", server.body["token_endpoint"])
	}
	w.works(w.bySecret(client, secret).token(), 200)

	if whole := w.get("/.well-known/oauth-protected-resource"); whole.body["resource"] != publicURL {
		t.Errorf("the document of the host: %v", whole.body)
	}
	for _, path := range []string{"/.well-known/oauth-protected-resource/scim", "/.well-known/oauth-protected-resource/scim/v2/Users"} {
		r, _ := http.NewRequest(http.MethodGet, w.url+path, nil)
		resp, err := http.DefaultClient.Do(r)
		must(t, err)
		resp.Body.Close()
		if resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
}

// RFC 7643 §5: ServiceProviderConfig names the OAuth scheme beside the bearer token, with an address that leads on.
func TestRFC7643_ServiceProviderConfigNamesOAuth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.Open(t, db.Config{Data: t.TempDir()}))
	client, secret := w.tenant("Société").withSecret()
	r, _ := http.NewRequest(http.MethodGet, w.url+scim.BasePath+"/ServiceProviderConfig", nil)
	r.Header.Set("Authorization", "Bearer "+w.bySecret(client, secret).token())
	schemes := map[string]map[string]any{}
	list, _ := w.send(r).body["authenticationSchemes"].([]any)
	for _, one := range list {
		scheme, _ := one.(map[string]any)
		kind, _ := scheme["type"].(string)
		schemes[kind] = scheme
	}
	if schemes["oauthbearertoken"]["primary"] != true || schemes["oauth2"]["specUri"] != "https://www.rfc-editor.org/info/rfc6749" {
		t.Errorf("schemes: %v", schemes)
	}
	documentation, _ := schemes["oauth2"]["documentationUri"].(string)
	if a := w.get(strings.TrimPrefix(documentation, publicURL)); a.status != 200 {
		t.Errorf("documentationUri %q: %d", documentation, a.status)
	}
}
