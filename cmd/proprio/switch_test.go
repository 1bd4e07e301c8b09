package main_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"proprio/cmd/proprio/demo"
	"proprio/oidc"
	"proprio/oidc/standin"
)

// login is a company's provider, at which its admin Anne can sign in, and her browser.
type login struct {
	i       *installation
	issuer  string // its id here
	browser *http.Client
}

// newLogin adds a provider to a company that has the domain, and lists Anne.
func (i *installation) newLogin(company, domain string) *login {
	i.t.Helper()
	server := httptest.NewUnstartedServer(nil)
	address := "http://" + server.Listener.Addr().String()
	idp, err := standin.New(address, []standin.Person{{Subject: "anne", Name: "Anne", Email: "anne@" + domain}}, time.Now)
	if err != nil {
		i.t.Fatal(err)
	}
	server.Config.Handler = idp
	server.Start()
	i.t.Cleanup(server.Close)
	secret := filepath.Join(i.t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret-of-the-client"), 0o600); err != nil {
		i.t.Fatal(err)
	}
	i.command("admin", "add", "anne@"+domain, "--company", company)
	said := i.command("issuer", "add", "login", "--company", company, "--url", address, "--client-id", "c",
		"--client-secret-file", secret, "--allow-private")
	l := &login{i: i, issuer: strings.Fields(said)[1]}
	idp.Register(standin.Client{ID: "c", Secret: "secret-of-the-client", RedirectURIs: []string{i.url + oidc.CallbackPath(l.issuer)}})
	jar, err := cookiejar.New(nil)
	if err != nil {
		i.t.Fatal(err)
	}
	l.browser = &http.Client{Jar: jar}
	return l
}

// signIn goes all the way, and returns the page where it ends.
func (l *login) signIn() (status int, path string) {
	l.i.t.Helper()
	resp, err := l.browser.PostForm(l.i.url+"/sign-in", url.Values{"issuer": {l.issuer}, "return": {"/"}})
	if err == nil && resp.StatusCode == http.StatusOK { // the provider asks who one is
		resp.Body.Close()
		resp, err = l.browser.PostForm(resp.Request.URL.String(), url.Values{"person": {"anne"}})
	}
	if err != nil {
		l.i.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode, resp.Request.URL.Path
}

// get reads a page, and says at which path it ended.
func (l *login) get(path string) (at, body string) {
	l.i.t.Helper()
	resp, err := l.browser.Get(l.i.url + path)
	if err != nil {
		l.i.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		l.i.t.Fatal(err)
	}
	return resp.Request.URL.Path, string(text)
}

func (l *login) wantIn(when string, in bool) {
	l.i.t.Helper()
	if at, _ := l.get("/people"); (at == "/people") != in {
		l.i.t.Errorf("%s: the console shows %s", when, at)
	}
	if in {
		return
	}
	if status, at := l.signIn(); status < 400 || status >= 500 {
		l.i.t.Errorf("%s: a sign-in ends at %s with %d", when, at, status)
	}
}

// target is an app downstream.
func newTarget(t *testing.T) *caller {
	t.Helper()
	app, err := demo.NewApp(appToken)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	return newCaller(server.URL+"/scim/v2", appToken)
}

// A company that is suspended is out at once, in every direction, and back as it was; others see nothing of it.
func TestASuspendedCompanyIsOut(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.serve()
	source, target := map[string]*caller{}, map[string]*caller{}
	for _, company := range []string{"Out", "Other"} {
		domain := strings.ToLower(company) + ".example"
		i.command("company", "create", company, "--domain", domain, "--assume-verified")
		source[company] = newCaller(i.url+"/scim/v2", i.command("token", "create", "--company", company, "--connection", "idp"))
		source[company].must(t, "POST", "/Users", person("anne@"+domain), 201)
		target[company] = newTarget(t)
		i.addApp(company, "crm", target[company].base, appToken)
		awaitEqual(t, source[company], target[company], "app add")
		i.command("app", "pause", "crm", "--company", company)
		source[company].must(t, "POST", "/Users", person("later@"+domain), 201)
	}
	l := i.newLogin("Out", "out.example")
	if status, at := l.signIn(); status != 200 || at != "/" {
		t.Fatalf("sign-in ends at %s with %d", at, status)
	}
	l.wantIn("before", true)

	if said := i.command("company", "suspend", "Out"); !strings.Contains(said, "suspended=true") {
		t.Errorf("company suspend says %q", said)
	}
	source["Out"].soon(t, "/Users", 403)
	source["Out"].must(t, "POST", "/Users", person("bruno@out.example"), 403)
	l.wantIn("suspended", false)
	for _, company := range []string{"Out", "Other"} { // both apps are to be called; when the other was, this one was not
		i.command("app", "resume", "crm", "--company", company)
	}
	awaitEqual(t, source["Other"], target["Other"], "app resume")
	if there := target["Out"].all(t, "/Users"); len(there) != 1 {
		t.Errorf("the app of a suspended company was called: it has %v", there)
	}

	i.command("company", "resume", "Out")
	source["Out"].must(t, "GET", "/Users", nil, 200)
	awaitEqual(t, source["Out"], target["Out"], "company resume")
	if at, _ := l.get("/people"); at == "/people" {
		t.Error("the session from before the suspension lives again")
	}
	if status, at := l.signIn(); status != 200 || at != "/" {
		t.Errorf("sign-in afterwards ends at %s with %d", at, status)
	}
}

// A provider that is disabled ends the sessions that began there, and stays disabled when a script adds it again.
func TestADisabledIssuerSignsNobodyIn(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.serve()
	i.command("company", "create", "Idp", "--domain", "idp.example", "--assume-verified")
	l := i.newLogin("Idp", "idp.example")
	l.signIn()
	l.wantIn("before", true)
	if said := i.command("issuer", "disable", "login", "--company", "Idp"); !strings.Contains(said, "disabled=true") {
		t.Errorf("issuer disable says %q", said)
	}
	l.wantIn("disabled", false)
	where, _ := i.list("issuer", "list", "--company", "Idp")[0]["url"].(string)
	i.command("issuer", "add", "login", "--company", "Idp", "--url", where, "--client-id", "other", "--allow-private")
	if i.list("issuer", "list", "--company", "Idp")[0]["disabled"] != true {
		t.Error("adding it again enabled it")
	}
	i.command("issuer", "enable", "login", "--company", "Idp")
	if i.list("issuer", "list", "--company", "Idp")[0]["disabled"] != false {
		t.Error("it stays disabled")
	}
	if _, err := i.try("issuer", "disable", "nobody", "--company", "Idp"); err == nil || !strings.Contains(err.Error(), `issuer "nobody"`) {
		t.Errorf("one that is not there: %v", err)
	}
}

// An admin who is listed gets the role that is asked for, from the next request on; without one they keep theirs.
func TestAnAdminCanBeDemoted(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.serve()
	i.command("company", "create", "Roles", "--domain", "roles.example", "--assume-verified")
	l := i.newLogin("Roles", "roles.example")
	l.signIn()
	for _, step := range []struct {
		flags []string
		says  string
		role  string
	}{
		{[]string{"--role", "admin"}, "admin", "admin"},
		{[]string{"--role", "auditor"}, "auditor (was admin)", "auditor"},
		{nil, "auditor", "auditor"},
	} {
		said := i.command(append([]string{"admin", "add", "Anne@roles.example", "--company", "Roles"}, step.flags...)...)
		if !strings.HasSuffix(said, " "+step.says) || i.list("admin", "list", "--company", "Roles")[0]["role"] != step.role {
			t.Errorf("admin add %v says %q, want %s and the role %s", step.flags, said, step.says, step.role)
		}
	}
	l.wantIn("demoted", true)
	resp, err := l.browser.PostForm(i.url+"/apps/x/sync", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("an auditor's action: %s", resp.Status)
	}
	if _, body := l.get("/audit"); !strings.Contains(body, "role admin becomes auditor") {
		t.Error("the record does not tell of the role")
	}
}
