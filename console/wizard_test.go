package console_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"proprio/audit"
	"proprio/console"
	"proprio/db/dbtest"
	"proprio/push"
	"proprio/resources"
)

// leads posts a form and checks where it leads.
func (w *world) leads(path string, form url.Values, want string) {
	w.t.Helper()
	if res, _ := w.post(path, form); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != want {
		w.t.Errorf("POST %s: %s to %q, want %q", path, res.Status, res.Header.Get("Location"), want)
	}
}

// mark is what the form that starts an app holds.
func (w *world) mark(id string) url.Values { return url.Values{"mark": {w.stored(id).Mark()}} }

func (w *world) stored(id string) push.App {
	w.t.Helper()
	app, err := w.db.App(w.t.Context(), w.company, id)
	must(w.t, err)
	return app
}

// newForm is a form that is right, with some fields otherwise.
func newForm(more ...string) url.Values {
	form := url.Values{"product": {"generic"}, "name": {"Cadence"}, "url": {"https://crm.example/scim"}, "credential": {"s3cret-credential"},
		"responsible": {"camille.bremond@atelier-bremond.fr"}}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return form
}

// What is wrong with the form is told at the field and above; nothing is kept, and no credential is shown again.
func TestWizard_whatIsWrongWithTheForm(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	before, err := w.db.Apps(t.Context(), w.company)
	must(t, err)
	for name, test := range map[string]struct {
		form  url.Values
		wrong error
		says  string
	}{
		"no name":           {newForm("name", " "), nil, "Donnez un nom."},
		"a responsible":     {newForm("responsible", "camille"), nil, "n’est pas une adresse électronique"},
		"a line end in it":  {newForm("name", "a\nb"), nil, "caractères invisibles"},
		"read backwards":    {newForm("name", "a\u202eb"), nil, "caractères invisibles"},
		"a bell":            {newForm("name", "a\a"), nil, "caractères invisibles"},
		"a long name":       {newForm("name", strings.Repeat("n", 201)), nil, "trop long"},
		"a long address":    {newForm("responsible", strings.Repeat("c", 320)+"@atelier-bremond.fr"), nil, "n’est pas une adresse électronique"},
		"a whole header":    {newForm("credential", "Bearer s3cret-credential"), nil, "sans «"},
		"two lines":         {newForm("credential", "s3cret-\r\ncredential"), nil, "sans «"},
		"no address":        {newForm("url", ""), nil, "doit commencer par https://"},
		"http":              {newForm("url", "http://crm.example"), nil, "doit commencer par https://"},
		"braces":            {newForm("product", "braces", "url", "https://{company}.example/scim"), nil, "entre accolades"},
		"no credential":     {newForm("credential", ""), nil, "Saisissez le jeton"},
		"a taken name":      {newForm(), resources.Errorf(resources.ErrUniqueness, "", "taken"), "porte déjà ce nom"},
		"cannot be used":    {newForm(), resources.Errorf(resources.ErrInvalidValue, "", "no <good>"), "no &lt;good&gt;"},
		"a private network": {newForm("private", "on", "url", "http://10.0.0.1/scim"), console.ErrPrivate, "--private-apps"},
		"script in a field": {newForm("name", hostileName, "url", ""), nil, "&lt;script&gt;"},
	} {
		w.setup.wrong = test.wrong
		res, body := w.post("/apps/new", test.form)
		if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, test.says) || !strings.Contains(body, "Rien n’a été enregistré") {
			t.Errorf("%s: %s, without %q", name, res.Status, test.says)
		}
		if strings.Contains(body, "s3cret-credential") {
			t.Errorf("%s: the credential is shown again", name)
		}
		checkPage(t, name, "fr", body)
	}
	if res, _ := w.post("/apps/new", newForm("product", "made-up")); res.StatusCode != http.StatusNotFound {
		t.Errorf("a product that is none: %s", res.Status)
	}
	if after, err := w.db.Apps(t.Context(), w.company); err != nil || len(after) != len(before) {
		t.Errorf("%d apps before, %d after, %v", len(before), len(after), err)
	}
	w.setup.wrong = nil
	w.post("/apps/new", newForm("name", "Twice"))
	w.setup.wrong = resources.Errorf(resources.ErrUniqueness, "", "taken")
	if _, body := w.post("/apps/new", newForm("name", "Twice")); !strings.Contains(body, "Continuer la préparation de Twice") || !strings.Contains(body, "/setup\"") {
		t.Error("a form that was sent twice leads nowhere")
	}
	if _, body := w.post("/apps/new", newForm("name", "Jurizy")); strings.Contains(body, "Continuer la préparation") {
		t.Error("an app that was started is not being set up")
	}
	w.setup.wrong = nil
	w.post("/apps/new", newForm("name", "HTTPS", "url", " HTTPS://crm.example/scim\n", "credential", " s3cret-credential\n"))
	if w.setup.kept != (console.Access{URL: "HTTPS://crm.example/scim", Credential: "s3cret-credential"}) {
		t.Errorf("kept %+v", w.setup.kept)
	}
	w.post("/apps/new", newForm("private", "on", "url", "http://10.0.0.1/scim"))
	if w.setup.kept != (console.Access{URL: "http://10.0.0.1/scim", Credential: "s3cret-credential", AllowPrivate: true}) {
		t.Errorf("kept %+v", w.setup.kept)
	}
}

// The app is there, paused, from its address on; each step is kept, so that it can be taken up again; it starts at the end.
func TestWizard_stepByStep(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	res, _ := w.post("/apps/new", newForm())
	id := strings.TrimSuffix(strings.TrimPrefix(res.Header.Get("Location"), "/apps/"), "/setup?done=added")
	page := "/apps/" + id
	if app := w.stored(id); !app.InSetup() || app.Settings.Setup != push.SetupTest {
		t.Fatalf("after it was added: %+v", app)
	}
	w.says("/apps", "fr", []string{"En préparation", page + "/setup"}, nil)
	w.says(page, "fr", []string{"n’est pas encore démarrée"}, []string{page + "/resume", page + "/sync"})
	if res, _ := w.get(page+"/setup?done=added", "fr"); res.Header.Get("Location") != page+"/setup/test?done=added" {
		t.Errorf("the set-up is taken up at %q", res.Header.Get("Location"))
	}

	w.setup.probe = console.Probe{Problem: "token", Words: "answered 401 <b>"}
	res, body := w.post(page+"/setup/test", nil)
	if res.StatusCode != http.StatusOK || !strings.Contains(body, "refuse le jeton") || !strings.Contains(body, "401 &lt;b&gt;") || !strings.Contains(body, page+"/access") {
		t.Errorf("a test that fails: %s", res.Status)
	}
	checkPage(t, "failed test", "fr", body)
	w.leads(page+"/access", url.Values{"url": {"https://crm.example/v2"}, "credential": {"better"}}, page+"/setup/test?done=access")
	w.setup.probe = console.Probe{Users: 3}
	w.leads(page+"/setup/test", nil, page+"/setup/accounts?done=test")
	w.says(page+"/setup/accounts", "fr", []string{"inconnu@gmail.com", "À plusieurs, ou en double", "deux"}, []string{"anne@atelier-bremond.fr"})
	w.leads(page+"/setup/accounts", url.Values{"link": {"on"}}, page+"/setup/scope?done=saved")
	w.leads(page+"/setup/scope", url.Values{"who": {"groups"}, "group": {w.group}}, page+"/setup/trial?done=saved")
	app := w.stored(id)
	if !app.LinkExisting || !slices.Equal(app.ScopeGroups, []string{w.group}) || app.Settings.Setup != push.SetupTrial || !app.InSetup() {
		t.Errorf("before the start: %+v", app)
	}
	w.says(page+"/setup/trial", "fr", []string{"12 créations", "3 modifications", "1 désactivation", "Démarrer l’application"}, nil)
	w.says(page+"/setup/trial", "en", []string{"12 creations", "Start the app"}, nil)
	if asked := strings.Join(w.engine.asked, "\n"); strings.Count(asked, " compare "+w.company+" "+id) != 2 || strings.Contains(asked, "resume") {
		t.Errorf("the engine was asked %q", asked)
	}
	w.leads(page+"/setup/trial", w.mark(id), page+"?done=start")
	if last := w.engine.asked[len(w.engine.asked)-1]; !strings.HasSuffix(last, "resume "+w.company+" "+id) {
		t.Errorf("at the start the engine was asked %q", last)
	}
}

// A scope is chosen among the company's groups; a search keeps what was ticked, and another company's group is none.
func TestWizard_scope(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	page := "/apps/" + w.unfinished + "/setup/scope"
	res, body := w.post(page, url.Values{"who": {"groups"}, "group": {w.group}, "q": {"dir"}, "find": {"1"}})
	if res.StatusCode != http.StatusOK || !strings.Contains(body, `value="`+w.group+`" checked`) || !strings.Contains(body, "Direction") || strings.Contains(body, "Intérim") {
		t.Errorf("a search: %s", res.Status)
	}
	checkPage(t, "search", "fr", body)
	if _, body := w.post(page, url.Values{"who": {"groups"}}); !strings.Contains(body, "Cochez au moins un groupe") {
		t.Error("no group is ticked, and nothing says so")
	}
	for name, id := range map[string]string{"another company's group": w.otherGroup, "a group that was removed": newID()} {
		res, body := w.post(page, url.Values{"who": {"groups"}, "group": {w.group, id}})
		if res.StatusCode != http.StatusOK || !strings.Contains(body, "n’existe plus") || !strings.Contains(body, `value="`+w.group+`" checked`) || strings.Contains(body, id) {
			t.Errorf("%s: %s, or not told", name, res.Status)
		}
		checkPage(t, name, "fr", body)
	}
	if app := w.stored(w.unfinished); len(app.ScopeGroups) != 0 || app.Settings.Setup != push.SetupTest {
		t.Errorf("something was kept: %+v", app)
	}
}

// Rules are tried on a person before they are kept, and what is wrong with them is told where they are.
func TestWizard_rules(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	page := "/apps/" + w.unfinished + "/setup/scope"
	form := func(more ...string) url.Values {
		form := url.Values{"who": {"all"}}
		for i := 0; i < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		return form
	}
	for name, test := range map[string]struct {
		form url.Values
		says string
	}{
		"a preview":          {form("preview", "1", "person", "anne", "expression", "true"), "&#34;title&#34;: &#34;&lt;b&gt;&#34;"},
		"of nobody":          {form("preview", "1", "person", "zoe"), "Personne dans l’annuaire n’a cet identifiant"},
		"of what is wrong":   {form("preview", "1", "person", "anne", "expression", "wrong"), "unknown &lt;name&gt; wrong"},
		"keep what is wrong": {form("expression", "wrong"), "unknown &lt;name&gt; wrong"},
	} {
		res, body := w.post(page, test.form)
		if res.StatusCode != http.StatusOK || !strings.Contains(body, test.says) || !strings.Contains(body, `value="`+test.form.Get("expression")+`"`) {
			t.Errorf("%s: %s, without %q", name, res.Status, test.says)
		}
		checkPage(t, name, "fr", body)
	}
	if app := w.stored(w.unfinished); app.Settings.Scope != "" || app.Settings.Setup != push.SetupTest {
		t.Errorf("something was kept: %+v", app)
	}
	w.leads(page, form("expression", "active"), "/apps/"+w.unfinished+"/setup/trial?done=saved")
	if app := w.stored(w.unfinished); app.Settings.Scope != "active" {
		t.Errorf("kept %+v", app.Settings)
	}
	w.says(page, "fr", []string{`value="active"`}, nil)
}

// Rules that no longer fit are told at the step that finds out, with the way to where they are mended.
func TestWizard_rulesThatNoLongerFit(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	page := "/apps/" + w.unfinished + "/setup/"
	app := w.stored(w.unfinished)
	app.Settings.Scope = "wrong"
	must(t, dbtest.UpdateApp(t.Context(), w.db, audit.Actor{Kind: audit.ActorCommand}, app))
	w.engine.err = resources.Errorf(resources.ErrInvalidValue, "", "scope: 1:1: unknown <name> wrong")
	for _, step := range []string{"accounts", "trial"} {
		form := w.mark(w.unfinished)
		form.Set("link", "on")
		res, body := w.post(page+step, form)
		if res.StatusCode != http.StatusOK || !strings.Contains(body, "unknown &lt;name&gt; wrong") || !strings.Contains(body, `href="`+page+`scope"`) {
			t.Errorf("%s: %s, or not told", step, res.Status)
		}
		checkPage(t, step, "fr", body)
	}
	if app := w.stored(w.unfinished); !app.InSetup() || app.LinkExisting {
		t.Errorf("something was kept: %+v", app)
	}
}

// What is started is what was tried out and shown: not what another window has made of it since.
func TestWizard_startsWhatWasTried(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	page := "/apps/" + w.unfinished + "/setup/"
	start := "Démarrer l’application"
	w.leads(page+"scope", url.Values{"who": {"groups"}, "group": {w.group}}, page+"trial?done=saved")
	shown := w.mark(w.unfinished)
	w.says(page+"trial", "fr", []string{"12 créations", start, `value="` + shown.Get("mark") + `"`}, []string{"portait sur un autre périmètre"})

	app := w.stored(w.unfinished)
	app.ScopeGroups = nil
	must(t, dbtest.UpdateApp(t.Context(), w.db, audit.Actor{Kind: audit.ActorCommand}, app))
	w.says(page+"trial", "fr", []string{"portait sur un autre périmètre"}, []string{"12 créations", start})
	for name, form := range map[string]url.Values{"a page of before": shown, "no page at all": nil} {
		res, body := w.post(page+"trial", form)
		if res.StatusCode != http.StatusOK || !strings.Contains(body, "Rien n’a démarré") || strings.Contains(body, start) {
			t.Errorf("%s: %s, or not told", name, res.Status)
		}
		checkPage(t, name, "fr", body)
	}
	if asked := strings.Join(w.engine.asked, "\n"); strings.Contains(asked, "resume") {
		t.Errorf("the engine was asked %q", asked)
	}
	w.leads("/apps/"+w.unfinished+"/compare", url.Values{"step": {"trial"}}, page+"trial")
	w.leads(page+"trial", w.mark(w.unfinished), "/apps/"+w.unfinished+"?done=start")
}

// What was started has no set-up any more, in whatever window; another company's app has none at all.
func TestWizard_onlyBeforeTheStart(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	for _, step := range []string{"test", "accounts", "scope", "trial"} {
		w.leads("/apps/"+w.app+"/setup/"+step, nil, "/apps/"+w.app)
		if res, _ := w.get("/apps/"+w.otherApp+"/setup/"+step, "fr"); res.StatusCode != http.StatusNotFound {
			t.Errorf("another company's: %s", res.Status)
		}
	}
	if len(w.engine.asked) > 0 {
		t.Errorf("the engine was asked %v", w.engine.asked)
	}
	if res, _ := w.get("/apps/"+w.unfinished+"/setup/made-up", "fr"); res.StatusCode != http.StatusNotFound {
		t.Errorf("a step that is none: %s", res.Status)
	}
	w.leads("/apps/"+w.app+"/access", url.Values{"url": {"https://crm.example/v2"}, "credential": {"better"}}, "/apps/"+w.app+"?done=access")
}

// A product without an interface has nothing to try.
func TestWizard_withoutInterface(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	res, _ := w.post("/apps/new", url.Values{"product": {"manual"}, "name": {"Jefacture"}, "url": {"javascript:alert(1)"}})
	id := strings.TrimSuffix(strings.TrimPrefix(res.Header.Get("Location"), "/apps/"), "/setup?done=added")
	page := "/apps/" + id
	if res, _ := w.get(page+"/setup", "fr"); res.Header.Get("Location") != page+"/setup/scope" {
		t.Errorf("it begins at %q", res.Header.Get("Location"))
	}
	w.leads(page+"/setup/scope", url.Values{"who": {"all"}}, page+"/setup/trial?done=saved")
	if res, _ := w.post(page+"/access", url.Values{"url": {"javascript:alert(1)"}}); res.StatusCode != http.StatusNotFound || w.stored(id).URL != "" {
		t.Errorf("an address for what nobody calls: %s, %q", res.Status, w.stored(id).URL)
	}
	w.says(page+"/setup/trial", "fr", []string{"ouvre une tâche", "Démarrer l’application"}, []string{"/compare"})
	if len(w.engine.asked) > 0 {
		t.Errorf("the engine was asked %v", w.engine.asked)
	}
	app := w.stored(id)
	app.Paused, app.Settings.Setup = false, push.SetupNone
	must(t, dbtest.UpdateApp(t.Context(), w.db, audit.Actor{Kind: audit.ActorCommand}, app))
	w.says(page, "fr", []string{page + "/pause"}, []string{page + "/drift", page + "/access", page + "/read"})
}

// A comparison is told while it goes on, when it failed, and line by line.
func TestDrift(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	page := "/apps/" + w.app + "/drift"
	w.says(page, "fr", []string{"Ce qu’une réparation ferait", "12 créations", "3 modifications", "1 désactivation", "40 sont comme il faut", "&lt;script&gt;"}, nil)
	w.says(page+"?verdict=extra", "fr", []string{"inconnu@gmail.com"}, []string{"anne@atelier-bremond.fr"})
	w.says("/apps/"+w.app, "fr", []string{"4 écarts", page}, nil)
	w.leads("/apps/"+w.app+"/compare", nil, page)
	w.leads("/apps/"+w.app+"/repair", nil, page)
	w.leads("/apps/"+w.app+"/compare", url.Values{"step": {"trial"}}, page)
	w.leads("/apps/"+w.unfinished+"/compare", url.Values{"step": {"trial"}}, "/apps/"+w.unfinished+"/setup/trial")
	w.drift.last = console.Comparison{Begun: w.now, Running: true}
	w.says(page, "fr", []string{"Comparaison en cours", "Voir où elle en est"}, []string{"Comparer maintenant"})
	w.drift.last = console.Comparison{Begun: w.now.Add(-time.Hour), Broken: true}
	w.says(page, "fr", []string{"a été interrompue", "Comparer maintenant"}, nil)
	w.drift.last = console.Comparison{Begun: w.now, Finished: w.now, Error: "answered 500 <i>"}
	w.says(page, "en", []string{"has no result", "500 &lt;i&gt;"}, []string{"A repair would do"})
	w.drift.last = console.Comparison{}
	w.says(page, "en", []string{"Not compared yet"}, nil)
}
