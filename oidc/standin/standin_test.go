package standin_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"proprio/oidc/standin"
)

const (
	verifier  = "a-verifier-that-is-long-enough-for-rfc-7636-xyz"
	challenge = "3FF_1ACmZgYyRWWxIPlzhMWYC4hRa2xz-YS6gWFszZY"
)

func serve(t *testing.T) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	people := []standin.Person{{Subject: "s1", Name: "Zoé <b>", Email: "zoe@company.fr"}}
	idp, err := standin.New("http://"+server.Listener.Addr().String(), people, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	idp.Register(standin.Client{ID: "c", Secret: "secret", RedirectURIs: []string{"http://client/back"}})
	idp.Register(standin.Client{ID: "other", Secret: "secret"})
	server.Config.Handler = idp
	server.Start()
	t.Cleanup(server.Close)
	return server
}

func request() url.Values {
	return url.Values{"client_id": {"c"}, "redirect_uri": {"http://client/back"}, "response_type": {"code"}, "state": {"st"},
		"nonce": {"n"}, "code_challenge": {challenge}, "code_challenge_method": {"S256"}}
}

func TestAuthorize_asksInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	server := serve(t)
	for language, want := range map[string]string{"fr-FR,en;q=0.5": "Qui êtes-vous", "en": "Who are you", "": "Qui êtes-vous"} {
		req, _ := http.NewRequest("GET", server.URL+"/authorize?"+request().Encode(), nil)
		req.Header.Set("Accept-Language", language)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		page, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if !strings.Contains(string(page), want) || !strings.Contains(string(page), "Zoé &lt;b&gt;") {
			t.Errorf("%q: %s", language, page)
		}
	}
}

// answer chooses a person and returns where the browser is sent; nil when nowhere.
func answer(t *testing.T, server *httptest.Server, q url.Values) *url.URL {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.PostForm(server.URL+"/authorize?"+q.Encode(), url.Values{"person": {"s1"}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	to, err := resp.Location()
	if err != nil {
		return nil
	}
	return to
}

func TestAuthorize_faults(t *testing.T) {
	t.Parallel()
	server := serve(t)
	for name, c := range map[string]struct{ key, value, want string }{
		"unknown client":       {"client_id", "x", "nowhere"},
		"another redirect URI": {"redirect_uri", "http://client/back/", "nowhere"},
		"implicit flow":        {"response_type", "token", "unsupported_response_type"},
		"no PKCE":              {"code_challenge", "", "invalid_request"},
		"plain PKCE":           {"code_challenge_method", "plain", "invalid_request"},
		"nothing wrong":        {"state", "st", ""},
	} {
		q := request()
		q.Set(c.key, c.value)
		to := answer(t, server, q)
		got := "nowhere"
		if to != nil {
			got = to.Query().Get("error")
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestToken_faults(t *testing.T) {
	t.Parallel()
	server := serve(t)
	for name, c := range map[string]struct {
		client, secret, key, value string
		status                     int
		want                       string
	}{
		"nothing wrong":        {"c", "secret", "", "", 200, ""},
		"wrong secret":         {"c", "guess", "", "", 401, "invalid_client"},
		"no secret":            {"c", "", "", "", 401, "invalid_client"},
		"another's code":       {"other", "secret", "", "", 400, "invalid_grant"},
		"wrong verifier":       {"c", "secret", "code_verifier", "guess", 400, "invalid_grant"},
		"no verifier":          {"c", "secret", "code_verifier", "", 400, "invalid_grant"},
		"another redirect URI": {"c", "secret", "redirect_uri", "http://evil", 400, "invalid_grant"},
		"made-up code":         {"c", "secret", "code", "x", 400, "invalid_grant"},
		"password grant":       {"c", "secret", "grant_type", "password", 400, "unsupported_grant_type"},
	} {
		form := url.Values{"grant_type": {"authorization_code"}, "code": {answer(t, server, request()).Query().Get("code")},
			"code_verifier": {verifier}, "redirect_uri": {"http://client/back"}}
		if c.key != "" {
			form.Set(c.key, c.value)
		}
		status, body := token(t, server, c.client, c.secret, form)
		if status != c.status || body["error"] != c.want {
			t.Errorf("%s: %d %q, want %d %q", name, status, body["error"], c.status, c.want)
		}
		if status == 200 {
			if body["id_token"] == "" || body["refresh_token"] != "" {
				t.Errorf("%v", body)
			}
			if again, _ := token(t, server, c.client, c.secret, form); again != 400 {
				t.Errorf("the code worked twice: %d", again)
			}
		}
	}
}

func token(t *testing.T, server *httptest.Server, client, secret string, form url.Values) (int, map[string]string) {
	t.Helper()
	req, err := http.NewRequest("POST", server.URL+"/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(url.QueryEscape(client), url.QueryEscape(secret))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var raw map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&raw); err != nil {
		t.Fatal(err)
	}
	body := map[string]string{}
	for k, v := range raw {
		if s, ok := v.(string); ok {
			body[k] = s
		}
	}
	return resp.StatusCode, body
}

// OpenID Connect Core §5.3.1: GET and POST, with the access token as a bearer token, and with nothing else.
func TestUserInfo_wantsTheAccessToken(t *testing.T) {
	t.Parallel()
	server := serve(t)
	form := url.Values{"grant_type": {"authorization_code"}, "code": {answer(t, server, request()).Query().Get("code")},
		"code_verifier": {verifier}, "redirect_uri": {"http://client/back"}}
	_, tokens := token(t, server, "c", "secret", form)
	access := tokens["access_token"]
	for name, c := range map[string]struct {
		method, authorization string
		status                int
	}{
		"GET":             {"GET", "Bearer " + access, 200},
		"POST":            {"POST", "Bearer " + access, 200},
		"no token":        {"GET", "", 401},
		"bare":            {"GET", access, 401},
		"a made-up token": {"GET", "Bearer x", 401},
		"the ID token":    {"GET", "Bearer " + tokens["id_token"], 401},
	} {
		req, err := http.NewRequest(c.method, server.URL+"/userinfo", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", c.authorization)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != c.status || strings.Contains(string(body), `"sub":"s1"`) != (c.status == 200) {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body)
		}
	}
}
