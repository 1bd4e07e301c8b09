package main_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const publicOfClients = "https://id.clients.example"

// tokenRequest asks a running server for an access token and returns the status and the body.
func (i *installation) tokenRequest(t testing.TB, pairs ...string) (int, object) {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}}
	for n := 0; n < len(pairs); n += 2 {
		form.Set(pairs[n], pairs[n+1])
	}
	resp, err := http.PostForm(i.url+"/oauth/token", form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body object
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body
}

// accessToken is tokenRequest where a token must come of it.
func (i *installation) accessToken(t testing.TB, pairs ...string) string {
	t.Helper()
	status, body := i.tokenRequest(t, pairs...)
	token, _ := body["access_token"].(string)
	if status != http.StatusOK || token == "" {
		t.Fatalf("no token: %d %v", status, body)
	}
	return token
}

type listedClient struct {
	ID, Name, Method string
	Scopes           []string
	Secrets          []struct{ ID string }
}

func (i *installation) clients(t testing.TB, company string) []listedClient {
	t.Helper()
	var list []listedClient
	if err := json.Unmarshal([]byte(i.command("client", "list", "--company", company, "--json")), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// RFC 6749 §2.3.1 through the commands: the secret is printed alone, once; a token that it gives works on /scim/v2/Users;
// rotation, revocation and removal act on the running server within a second; the secret is nowhere on the disk and in no log.
func TestClientCommands_secret(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.command("company", "create", "Clients", "--domain", "clients.example", "--assume-verified")
	secret := i.command("client", "create", "sync", "--company", "Clients", "--connection", "idp", "--preset", "okta")
	if strings.ContainsAny(secret, " \n") || !strings.HasPrefix(secret, "proprio_secret_") {
		t.Fatalf("client create prints %q, want the secret alone", secret)
	}
	list := i.clients(t, "Clients")
	if len(list) != 1 || list[0].Name != "sync" || list[0].Method != "client_secret" || len(list[0].Secrets) != 1 {
		t.Fatalf("client list: %+v", list)
	}
	id := list[0].ID
	server := i.serve("--public-url", publicOfClients)
	first := newCaller(i.url+"/scim/v2", i.accessToken(t, "client_id", id, "client_secret", secret))
	first.must(t, "POST", "/Users", person("anne@clients.example"), 201)
	first.must(t, "GET", "/Users", nil, 200)

	fresh := i.command("client", "rotate", "sync", "--company", "Clients")
	second := newCaller(first.base, i.accessToken(t, "client_id", id, "client_secret", fresh+"\n", "scope", "scim")) // as curl sends a file
	if out, err := i.try("client", "rotate", "sync", "--company", "Clients"); err == nil || out != "" {
		t.Errorf("a third secret: %q %v", out, err)
	}
	i.command("client", "revoke", list[0].Secrets[0].ID, "--company", "Clients")
	first.soon(t, "/Users", 401)
	second.must(t, "GET", "/Users", nil, 200)
	if status, body := i.tokenRequest(t, "client_id", id, "client_secret", secret); status != 401 || body["error"] != "invalid_client" {
		t.Errorf("the revoked secret: %d %v", status, body)
	}
	i.command("client", "remove", "sync", "--company", "Clients")
	second.soon(t, "/Users", 401)
	server.kill()
	for _, hidden := range []string{secret, fresh, first.token, second.token} {
		if strings.Contains(server.log.String(), hidden) {
			t.Error("a secret is in the log")
		}
		absentFrom(t, i.where[1], hidden)
	}
}

// absentFrom checks that no file under a folder holds a text.
func absentFrom(t testing.TB, folder, text string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(text)) {
			t.Errorf("%s holds a secret", filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A client that signs with its own key, and one that a stand-in for Entra vouches for, get their tokens from the program
// as it is run.
func TestClientCommands_assertions(t *testing.T) {
	t.Parallel()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: private.Public(), KeyID: "k", Use: "sig"}}})
	if err != nil {
		t.Fatal(err)
	}
	const tenant = "ce5f061f-abe6-4e40-9615-301f87bcb7f0"
	mux := http.NewServeMux()
	mux.HandleFunc("GET /"+tenant+"/discovery/v2.0/keys", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(keys) })
	entra := httptest.NewServer(mux)
	t.Cleanup(entra.Close)
	file := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(file, keys, 0o600); err != nil {
		t.Fatal(err)
	}

	i := newInstallation(t, "")
	i.command("company", "create", "Clients", "--domain", "clients.example", "--assume-verified")
	own := i.command("client", "create", "own", "--company", "Clients", "--connection", "idp", "--jwks-file", file)
	federated := i.command("client", "create", "federated", "--company", "Clients", "--connection", "idp", "--entra-authority", entra.URL,
		"--entra-tenant", tenant, "--entra-audience", "api://app", "--entra-subject", "subject", "--allow-private")
	i.serve("--public-url", publicOfClients)
	now := time.Now()
	sign := func(claims object) string {
		t.Helper()
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: private}, (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", "k"))
		if err != nil {
			t.Fatal(err)
		}
		text, err := jwt.Signed(signer).Claims(claims).Serialize()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	for id, claims := range map[string]object{
		own: {"iss": own, "sub": own, "aud": publicOfClients + "/oauth/token", "jti": "1", "exp": now.Add(time.Minute).Unix()},
		federated: {"iss": entra.URL + "/" + tenant + "/v2.0", "sub": "subject", "aud": "api://app", "tid": tenant,
			"exp": now.Add(time.Hour).Unix()},
	} {
		token := i.accessToken(t, "client_id", id, "client_assertion_type", assertionType, "client_assertion", sign(claims), "scope", "scim")
		newCaller(i.url+"/scim/v2", token).must(t, "GET", "/Users", nil, 200)
		claims["sub"] = "somebody else"
		claims["jti"] = "2"
		if status, _ := i.tokenRequest(t, "client_id", id, "client_assertion_type", assertionType, "client_assertion", sign(claims)); status != 401 {
			t.Errorf("another subject: %d", status)
		}
	}
}

// Wrong command lines say what is wrong and register nothing.
func TestClientCommands_mistakes(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.command("company", "create", "Clients", "--domain", "clients.example", "--assume-verified")
	in := []string{"--company", "Clients", "--connection", "idp"}
	for line, want := range map[string]string{
		"client create":                       "takes NAME",
		"client create x --scope admin":       "not one of scim",
		"client create x --jwks-uri http://x": "must be https",
		"client create x --entra-tenant common --entra-audience a --entra-subject s":                                      "tenant",
		"client create x --entra-tenant ce5f061f-abe6-4e40-9615-301f87bcb7f0":                                             "needs the exact",
		"client create x --issuer https://a.example --audience a --subject s --jwks-file -":                               "choose one",
		"client create x --issuer https://sts.windows.net/ce5f061f-abe6-4e40-9615-301f87bcb7f0/ --audience a --subject s": "left blank",
		"client create x --preset azure": "presets are",
	} {
		out, err := i.try(append(strings.Fields(line), in...)...)
		if err == nil || !strings.Contains(err.Error(), want) || out != "" {
			t.Errorf("%s: %q %v, want an error that mentions %q", line, out, err, want)
		}
	}
	if list := i.clients(t, "Clients"); len(list) != 0 {
		t.Errorf("clients were registered: %+v", list)
	}
	for _, verb := range []string{"rotate", "revoke", "remove"} {
		if _, err := i.try("client", verb, "nobody", "--company", "Clients"); err == nil {
			t.Errorf("client %s of nobody succeeds", verb)
		}
	}
}
