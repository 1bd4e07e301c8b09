package console_test

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"proprio/audit"
	"proprio/console"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

func sqliteWorld(t *testing.T) *world {
	t.Helper()
	return newWorld(t, dbtest.Open(t, db.Config{Data: t.TempDir()}))
}

// actions is every form of a signed-in person that changes something.
func (w *world) actions() []string {
	return []string{
		"/apps/" + w.app + "/sync", "/apps/" + w.app + "/read", "/apps/" + w.app + "/pause", "/apps/" + w.app + "/resume",
		"/apps/new", "/apps/" + w.app + "/access", "/apps/" + w.app + "/account", "/apps/" + w.app + "/links", "/apps/" + w.app + "/export/forget", "/apps/" + w.app + "/settings", "/apps/" + w.app + "/scope", "/apps/" + w.app + "/provision", "/apps/" + w.app + "/compare", "/apps/" + w.app + "/repair",
		"/apps/" + w.unfinished + "/setup/test", "/apps/" + w.unfinished + "/setup/accounts", "/apps/" + w.unfinished + "/setup/scope", "/apps/" + w.unfinished + "/setup/trial",
		"/apps/" + w.app + "/unblock", "/apps/" + w.app + "/retry", "/apps/" + w.app + "/allow", "/apps/" + w.app + "/reject",
		"/apps/" + w.app + "/accounts/" + w.failed + "/retry", "/connections/" + w.conn + "/tokens",
		"/connections/" + w.conn + "/tokens/" + w.token(0).ID + "/revoke", "/connections/" + w.conn + "/disable", "/connections/" + w.conn + "/enable",
		"/connections/" + w.conn + "/resume",
	}
}

// token is the connection's nth token, newest first.
func (w *world) token(n int) resources.Token {
	w.t.Helper()
	_, tokens, err := w.db.ListConnections(w.t.Context(), w.company)
	must(w.t, err)
	return tokens[w.conn][n]
}

func TestPages_withoutSessionLeadToSignIn(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	paths, actions := w.paths(), w.actions()
	w.signIn.session = nil
	for _, path := range append(paths, "/no/such/page") {
		res, body := w.get(path, "fr")
		want := "/sign-in?return=" + url.QueryEscape(path)
		if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != want {
			t.Errorf("%s: %s to %q, want 303 to %q", path, res.Status, res.Header.Get("Location"), want)
		}
		if strings.Contains(body, "Brémond") {
			t.Errorf("%s tells of the company to a stranger", path)
		}
	}
	for _, path := range actions {
		res, _ := w.post(path, nil)
		if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/sign-in?return=%2F" {
			t.Errorf("POST %s without session: %s to %q", path, res.Status, res.Header.Get("Location"))
		}
	}
	if len(w.engine.asked) > 0 {
		t.Errorf("a stranger made the engine do %v", w.engine.asked)
	}
}

func TestSignIn_returnsOnlyToThisSite(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	for give, want := range map[string]string{
		"/people?page=2": "/people?page=2", "//evil.example": "/", `/\evil.example`: "/", "https://evil.example": "/", "/a\nb": "/",
	} {
		res, _ := w.post("/sign-in", url.Values{"issuer": {"issuer-1"}, "return": {give}})
		if w.signIn.returnTo != want || res.Header.Get("Location") != "https://issuer.example/authorize?issuer=issuer-1" {
			t.Errorf("return to %q became %q, sent to %q", give, w.signIn.returnTo, res.Header.Get("Location"))
		}
		w.signIn.returnTo = give // whatever the relying party answers, the console checks again
		res, _ = w.get("/sign-in/issuer-1/callback?code=1&state=2", "fr")
		if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != want {
			t.Errorf("after sign-in %q led to %q, want %q", give, res.Header.Get("Location"), want)
		}
	}
}

func TestForms_fromAnotherSiteAreRefused(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	for _, path := range append(w.actions(), "/language", "/sign-in", "/sign-out") {
		for _, header := range []map[string]string{{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}} {
			res, body := w.do("POST", path, "fr", url.Values{"lang": {"en"}}, header)
			if res.StatusCode != http.StatusForbidden || len(res.Header.Values("Set-Cookie")) > 0 {
				t.Errorf("POST %s with %v: %s", path, header, res.Status)
			}
			checkPage(t, "refused form", "fr", body)
		}
	}
	if len(w.engine.asked) > 0 || w.signIn.session == nil || !w.token(0).Revoked.IsZero() {
		t.Errorf("a refused form did something: %v", w.engine.asked)
	}
}

func TestAuditor_seesAndCannotAct(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	w.signIn.session.Role = console.RoleAuditor
	for _, path := range w.paths() {
		res, body := w.get(path, "fr")
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, res.Status)
		}
		for _, form := range regexp.MustCompile(`<form method="post" action="([^"]+)"`).FindAllStringSubmatch(body, -1) {
			if form[1] != "/language" && form[1] != "/sign-out" {
				t.Errorf("%s offers %s to an auditor", path, form[1])
			}
		}
	}
	for _, path := range w.actions() {
		if res, _ := w.post(path, nil); res.StatusCode != http.StatusForbidden {
			t.Errorf("POST %s by an auditor: %s", path, res.Status)
		}
	}
	if len(w.engine.asked) > 0 || !w.token(0).Revoked.IsZero() {
		t.Errorf("an auditor did something: %v", w.engine.asked)
	}
}

func TestTenancy_anotherCompanysIDsAreNotFound(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for _, path := range []string{"/people/" + w.otherPerson, "/groups/" + w.otherGroup, "/apps/" + w.otherApp, "/connections/" + w.otherConn, "/people/nonsense", "/apps/nonsense"} {
			res, body := w.get(path, "fr")
			if res.StatusCode != http.StatusNotFound {
				t.Errorf("%s: %s", path, res.Status)
			}
			checkPage(t, path, "fr", body)
		}
		for _, path := range []string{
			"/apps/" + w.otherApp + "/sync", "/apps/" + w.otherApp + "/read", "/apps/" + w.otherApp + "/pause", "/connections/" + w.otherConn + "/tokens",
			"/connections/" + w.otherConn + "/disable", "/connections/" + w.conn + "/tokens/" + newID() + "/revoke", "/apps/" + w.app + "/accounts/unknown/retry",
		} {
			if res, _ := w.post(path, nil); res.StatusCode != http.StatusNotFound {
				t.Errorf("POST %s: %s", path, res.Status)
			}
		}
		if len(w.engine.asked) > 0 {
			t.Errorf("another company's app was touched: %v", w.engine.asked)
		}
		if _, body := w.get("/audit?type=User&id="+w.otherPerson, "fr"); !strings.Contains(body, "Rien n’est enregistré") {
			t.Error("the record tells of another company's User")
		}
	})
}

func TestApp_actionsReachTheEngine(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	who := w.signIn.session.Email
	for action, want := range map[string]string{
		"/sync": "sync", "/read": "read", "/pause": "pause", "/resume": "resume", "/unblock": "unblock", "/allow": "allow", "/reject": "reject", "/retry": "retry", "/accounts/" + w.failed + "/retry": "retry",
	} {
		res, _ := w.post("/apps/"+w.app+action, url.Values{"all": {"1"}})
		if got := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || got != "/apps/"+w.app+"?done="+want {
			t.Errorf("%s: %s to %q", action, res.Status, got)
		}
		line := who + " " + want + " " + w.company + " " + w.app
		if !slices.ContainsFunc(w.engine.asked, func(s string) bool { return strings.HasPrefix(s, line) }) {
			t.Errorf("%s: the engine was asked %v, not %q", action, w.engine.asked, line)
		}
	}
	w.engine.err = errors.New("dial tcp: refused")
	if res, _ := w.post("/apps/"+w.app+"/read", nil); res.Header.Get("Location") != "/apps/"+w.app+"?problem=read" {
		t.Errorf("a reading that fails must be told on the app's page: %s", res.Header.Get("Location"))
	}
	res, body := w.post("/apps/"+w.app+"/sync", nil)
	if res.StatusCode != http.StatusInternalServerError || strings.Contains(body, "dial tcp") {
		t.Errorf("a fault shows a reference, not its cause: %s", res.Status)
	}
}

func TestConnection_tokenRotation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		old := w.token(0)
		res, body := w.post("/connections/"+w.conn+"/tokens", nil)
		token := regexp.MustCompile(`value="(proprio_[A-Za-z0-9_-]+)"`).FindStringSubmatch(body)
		if res.StatusCode != http.StatusOK || token == nil {
			t.Fatalf("a new token is shown: %s", res.Status)
		}
		checkPage(t, "new token", "fr", body)
		if res.Header.Get("Cache-Control") != "no-store" {
			t.Error("a page with a token must not be stored")
		}
		if _, _, err := d.Authenticate(t.Context(), resources.HashToken(token[1]), w.now); err != nil {
			t.Errorf("the token that was shown does not work: %v", err)
		}
		if _, again := w.get("/connections/"+w.conn, "fr"); strings.Contains(again, token[1]) {
			t.Error("the token shows a second time")
		}
		if res, _ := w.post("/connections/"+w.conn+"/tokens", nil); res.Header.Get("Location") != "/connections/"+w.conn+"?problem=tokens" {
			t.Errorf("a third token: %s to %q", res.Status, res.Header.Get("Location"))
		}
		if res, _ := w.post("/connections/"+w.conn+"/tokens/"+old.ID+"/revoke", nil); res.Header.Get("Location") != "/connections/"+w.conn+"?done=revoke" {
			t.Errorf("revoke: %s to %q", res.Status, res.Header.Get("Location"))
		}
		_, tokens, err := d.ListConnections(t.Context(), w.company)
		must(t, err)
		for _, x := range tokens[w.conn] {
			if x.Revoked.IsZero() == (x.ID == old.ID) {
				t.Errorf("only the old token is to be revoked: %+v", x)
			}
		}
		if _, body := w.get("/audit", "fr"); !strings.Contains(body, "Révocation") || !strings.Contains(body, "camille.bremond@") {
			t.Error("the record does not tell who revoked the token")
		}
	})
}

func TestConnection_disableAndEnable(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	for _, step := range []struct {
		action   string
		disabled bool
	}{{"disable", true}, {"disable", true}, {"enable", false}} {
		w.post("/connections/"+w.conn+"/"+step.action, nil)
		list, _, err := w.db.ListConnections(t.Context(), w.company)
		must(t, err)
		if list[0].Disabled != step.disabled || list[0].Preset != "entra" {
			t.Errorf("after %s: %+v", step.action, list[0])
		}
	}
	entries, err := w.db.Entries(t.Context(), w.company, audit.Query{ObjectType: "connection", ObjectID: w.conn, Limit: 10})
	must(t, err)
	var acts []audit.Action
	for _, e := range entries {
		acts = append(acts, e.Action)
		if e.Action != audit.ActionCreate && e.Actor.Name != w.signIn.session.Email {
			t.Errorf("the record names %q", e.Actor.Name)
		}
	}
	if want := []audit.Action{audit.ActionActivate, audit.ActionDeactivate, audit.ActionCreate}; !slices.Equal(acts, want) {
		t.Errorf("recorded %v, want %v: what changes nothing is not recorded", acts, want)
	}
}

// A connection that is held says so, and an admin lets it go on; what its requests show stands on its page.
func TestConnection_heldAndRecognised(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	page := "/connections/" + w.conn
	caller := resources.Caller{Company: w.company, Connection: w.conn, Actor: audit.Actor{Kind: audit.ActorConnection, ID: w.conn}}
	if _, body := w.get(page, "fr"); !strings.Contains(body, "Pas encore reconnu") || strings.Contains(body, page+"/resume") {
		t.Error("a new connection is recognised, or held")
	}
	must(t, w.db.RecordSeen(t.Context(), resources.Seen{
		Company: w.company, Connection: w.conn, At: w.now, Client: "okta", ClientBy: "user-agent", Unknown: map[string]int{"shoe<b>Size": 41},
	}))
	held, err := w.db.Lose(t.Context(), caller, resources.LossBound{Count: 0, Share: 1, At: w.now})
	must(t, err)
	if !held {
		t.Fatal("the connection is not held")
	}
	for lang, says := range map[string][]string{
		"fr": {"Okta, reconnu à : le nom qu’il se donne", "celui d’un autre produit", "shoe&lt;b&gt;Size", "41", "sont retenues", page + "/resume"},
		"en": {"Okta, recognised by the name it gives itself", "another product", "are held", "let it go on"},
	} {
		_, body := w.get(page, lang)
		for _, text := range says {
			if !strings.Contains(body, text) {
				t.Errorf("%s: the page lacks %q", lang, text)
			}
		}
	}
	if _, body := w.get("/connections", "fr"); !strings.Contains(body, "Retenue") {
		t.Error("the list of connections does not say that one is held")
	}
	if res, _ := w.post(page+"/resume", nil); res.Header.Get("Location") != page+"?done=losses" {
		t.Errorf("resume leads to %q", res.Header.Get("Location"))
	}
	if _, body := w.get(page+"?done=losses", "fr"); strings.Contains(body, page+"/resume") || !strings.Contains(body, "de nouveau") {
		t.Error("the connection is still held")
	}
}
