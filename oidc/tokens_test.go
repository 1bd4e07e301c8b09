package oidc_test

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/oidc"
	"proprio/oidc/standin"
)

// generous is a provider that gives a refresh token nobody asked for. It remembers what it gave.
type generous struct {
	*standin.Provider
	given map[string]string // kind of token → token
}

func (g *generous) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/token" {
		g.Provider.ServeHTTP(w, r)
		return
	}
	answer := httptest.NewRecorder()
	g.Provider.ServeHTTP(answer, r)
	var fields map[string]any
	if err := json.Unmarshal(answer.Body.Bytes(), &fields); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fields["refresh_token"] = "refresh-token-that-lasts-for-ever"
	for name, value := range fields {
		if token, ok := value.(string); ok && strings.HasSuffix(name, "token") {
			g.given[name] = token[strings.LastIndexByte(token, '.')+1:] // of a JWT the signature, which is its own
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(fields)
}

// No token reaches the browser, none is kept, and a refresh token is not asked for: one that comes unasked is dropped
// with the rest.
func TestRule11_NoTokenInTheBrowserAndNoneKept(t *testing.T) {
	t.Parallel()
	for name, subject := range map[string]string{"all in the ID token": "sub-anne", "address at the userinfo endpoint": "sub-thin"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			noTokenKept(t, subject)
		})
	}
}

func noTokenKept(t *testing.T, subject string) {
	folder := t.TempDir()
	w := newWorld(t, dbtest.Open(t, db.Config{Data: folder}))
	server := httptest.NewUnstartedServer(nil)
	address := "http://" + server.Listener.Addr().String()
	key, err := signingKey()
	if err != nil {
		t.Fatal(err)
	}
	w.idp = standin.NewWithKey(address, key, people, w.clock.now)
	provider := &generous{Provider: w.idp, given: map[string]string{}}
	server.Config.Handler = provider
	server.Start()
	t.Cleanup(server.Close)
	issuer := w.newIssuer(oidc.Issuer{Company: w.company, URL: address})

	b := w.browser()
	there := b.begin(issuer, "/")
	q := parse(t, there).Query()
	if scope := strings.Fields(q.Get("scope")); !slices.Equal(scope, []string{"openid", "email", "profile"}) {
		t.Errorf("scope %q asks for more than who somebody is", scope)
	}
	if q.Get("response_type") != "code" || q.Has("access_type") || q.Has("response_mode") {
		t.Errorf("the request wants tokens through the browser, or ones that last: %v", q)
	}
	resp := b.do("GET", b.choose(there, subject), nil)
	if resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("sign-in: %s %s", resp.Status, resp.Header.Get("Reason"))
	}
	b.wantIn("anne@company.fr")

	if len(provider.given) != 3 {
		t.Fatalf("the provider gave %v, want an access, an ID and a refresh token", provider.given)
	}
	var shown, kept bytes.Buffer
	if err := resp.Header.Write(&shown); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(&shown, resp.Body); err != nil {
		t.Fatal(err)
	}
	readAll(t, &kept, folder)
	provider.given["phone number"] = thinPhone
	for kind, token := range provider.given {
		if strings.Contains(shown.String(), token) {
			t.Errorf("the browser got the %s", kind)
		}
		if bytes.Contains(kept.Bytes(), []byte(token)) {
			t.Errorf("the data folder keeps the %s", kind)
		}
	}
	if !bytes.Contains(kept.Bytes(), []byte(subject)) {
		t.Error("the search does not see what is stored")
	}
}

// readAll appends every file of a folder, the database's log included.
func readAll(t *testing.T, to io.Writer, folder string) {
	t.Helper()
	files := os.DirFS(folder)
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		_, err = to.Write(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
