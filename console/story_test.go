package console_test

import (
	"context"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
)

// TestStory_lostAppIsToldEverywhere is the case the product exists for: an assistant who left three years ago, with her
// personal address, is the only super admin of an app.
func TestStory_lostAppIsToldEverywhere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		owner := func(label string) string {
			return label + ` <strong class="address">camille.bremond@atelier-bremond.fr</strong>`
		}
		wanted := map[string][]string{
			"fr": {"Critique", "La société ne contrôle plus Jurizy", "sandrine.leroux71@gmail.com", "Super Admin", "Hors de contrôle",
				"seul administrateur actif", "messagerie personnelle", "Fermer l’ancien compte", "22/11/2026", owner("Responsable\u00a0:")},
			"en": {"Critical", "The company no longer controls Jurizy", "sandrine.leroux71@gmail.com", "Super Admin", "Out of control",
				"only active administrator", "personal mailbox", "Close the old account", "22\u00a0Nov\u00a02026", owner("Owner:")},
		}
		for lang, words := range wanted {
			for _, path := range []string{"/", "/findings", "/apps/" + w.app} {
				_, body := w.get(path, lang)
				for _, word := range words {
					if !strings.Contains(body, word) {
						t.Errorf("%s %s does not say %q", lang, path, word)
					}
				}
				if cure := between(body, `<ol class="cure"`, "</ol>"); strings.Count(cure, "<li>") != 6 {
					t.Errorf("%s %s: the cure has %d steps, want 6", lang, path, strings.Count(cure, "<li>"))
				}
			}
		}
	})
}

// A finding for which nobody answers says so, and so does the page of an app that is nobody's.
func TestFindings_nobodyIsNamed(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	app, err := w.db.App(t.Context(), w.company, w.app)
	must(t, err)
	app.Responsible = ""
	must(t, dbtest.UpdateApp(t.Context(), w.db, w.caller(w.company).Actor, app))
	for lang, words := range map[string]string{
		"fr": "Responsable\u00a0: <strong>personne n’est désigné</strong>", "en": "Owner: <strong>nobody is named</strong>",
	} {
		for _, path := range []string{"/findings", "/apps/" + w.app} { // a person on hold; the app
			if _, body := w.get(path, lang); !strings.Contains(body, words) {
				t.Errorf("%s %s does not say %q", lang, path, words)
			}
		}
	}
}

func between(s, from, to string) string {
	_, after, found := strings.Cut(s, from)
	if !found {
		return ""
	}
	inside, _, _ := strings.Cut(after, to)
	return inside
}

func TestHome_whatNeedsADecision(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	must(t, w.db.BlockApp(t.Context(), w.company, w.app, w.now.Add(time.Hour), "the app answered 503 five times", 5))
	_, body := w.get("/", "fr")
	for _, want := range []string{
		"57</strong> <span>personnes actives", "sur 59\u00a0connues", "1\u00a0compte n’a pas pu être mis à jour", "an account with this userName exists already",
		"Un administrateur doit agir", "Sophie Marchetti", "gmail.com", "1\u00a0jeton arrive à son terme", "dans 10\u00a0jours", "Entra ID",
		"n’est plus appelée", "the app answered 503 five times", "21/11/2026\u00a015:30",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("home does not say %q", want)
		}
	}
}

func TestHome_calmWhenNothingWaits(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	w.signIn.session.Company = w.newCompany("Maison Calme", "calme.fr")
	if _, body := w.get("/", "fr"); !strings.Contains(body, "Rien n’attend de décision") || strings.Contains(body, "Jurizy") {
		t.Error("a company where nothing waits must be told so")
	}
}

func TestPeople_filterAndPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		tests := []struct {
			query string
			rows  int
			names []string
		}{
			{"", 50, nil}, {"?page=2", 9, nil}, {"?page=99", 0, nil}, {"?page=-1", 50, nil}, {"?page=x", 50, nil},
			{"?q=BELKACEM", 1, []string{"Nadia Belkacem"}}, {"?q=paul.fabre@atelier", 1, []string{"Paul Fabre"}}, {"?q=gmail.com", 1, []string{"Sophie Marchetti"}},
			{"?state=inactive", 1, []string{"Nadia Belkacem"}}, {"?state=held", 1, []string{"Sophie Marchetti"}}, {"?state=made-up", 50, nil},
			{"?kind=contractor", 1, []string{"Paul Fabre"}}, {"?kind=contractor&state=held", 0, nil}, {"?kind=employee&q=marchetti", 1, nil},
			{"?q=" + url.QueryEscape(`%_"'\`), 0, nil}, {"?q=" + strings.Repeat("a", 3000), 0, nil},
		}
		for _, test := range tests {
			res, body := w.get("/people"+test.query, "fr")
			if rows := strings.Count(body, `<th scope="row">`); rows != test.rows || res.StatusCode != http.StatusOK {
				t.Errorf("%s: %d rows (%s), want %d", test.query, rows, res.Status, test.rows)
			}
			for _, name := range test.names {
				if !strings.Contains(body, name) {
					t.Errorf("%s does not list %s", test.query, name)
				}
			}
		}
	})
}

func TestPerson_everythingAboutOne(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	for userName, wanted := range map[string][]string{
		"paul.fabre@atelier-bremond.fr": {"Prestataire", "Référent", "Camille Brémond", "Fin de mission", "31/01/2027", "+33 6 12 34 56 78"},
		"nadia.belkacem@atelier-bremond.fr": {"Inactive", "Matricule", "0042", "Responsable", "Jurizy", "Hors de contrôle",
			"La personne n’est plus active, le compte l’est encore", "Création", "Fournisseur d’identité"},
		"sophie.marchetti@gmail.com": {"En attente", "hors des domaines vérifiés de la société (gmail.com)"},
	} {
		_, body := w.get("/people/"+w.people[userName], "fr")
		for _, want := range wanted {
			if !strings.Contains(html.UnescapeString(body), want) {
				t.Errorf("%s: does not say %q", userName, want)
			}
		}
	}
}

func TestGroup_membersByPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		path, seen := "/groups/"+w.group, map[string]bool{}
		for range 3 {
			_, body := w.get(path, "fr")
			for _, line := range strings.Split(between(body, `<ul class="plain members">`, "</ul>"), "\n") {
				if id := between(line, `href="/people/`, `"`); id != "" {
					seen[id] = true
				}
			}
			if !strings.Contains(body, "54\u00a0membres") {
				t.Errorf("%s does not tell how many members there are", path)
			}
			next := between(body, `<a class="button" href="/groups/`+w.group+`?after=`, `"`)
			if next == "" {
				break
			}
			path = "/groups/" + w.group + "?after=" + next
		}
		if len(seen) != 54 {
			t.Errorf("paging through the group showed %d members, want 54", len(seen))
		}
	})
}

func TestApp_accountsByVerdictAndState(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	const failures = 1       // rows of the table of what fails
	tests := map[string]int{ // rows of both tables
		"?verdict=red&state=failed": 3 + 1, "?verdict=amber&state=pending": 1 + 50, "?verdict=amber&state=confirmed": 1 + 3, "?verdict=green&state=removed": 2 + 0,
		"": 6 + 1, "?state=all": 6 + 50, "?state=all&pushed=2&verdict=green": 2 + 10,
	}
	for query, want := range tests {
		_, body := w.get("/apps/"+w.app+query, "fr")
		if rows := strings.Count(body, `<th scope="row">`); rows != want+failures {
			t.Errorf("%s: %d rows, want %d", query, rows, want+failures)
		}
	}
	_, body := w.get("/apps/"+w.app, "fr")
	for _, want := range []string{"Réponse\u00a0:", "userName is taken", "••••••", "POST https://jurizy.example/scim/v2/Users", "84\u00a0ms"} {
		if !strings.Contains(body, want) {
			t.Errorf("the last exchanges do not say %q", want)
		}
	}
	if first := strings.Index(body, "sandrine.leroux71"); first > strings.Index(body, "louise.martin") {
		t.Error("the worst verdict comes first")
	}
}

func TestApp_scopeIsNamed(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	app, err := w.db.App(t.Context(), w.company, w.app)
	must(t, err)
	app.ScopeGroups, app.Paused = []string{w.group}, true
	must(t, dbtest.UpdateApp(t.Context(), w.db, w.caller(w.company).Actor, app))
	if _, body := w.get("/apps/"+w.app, "fr"); !strings.Contains(body, `<a href="/groups/`+w.group+`">Atelier</a>`) || !strings.Contains(body, "En pause") || !strings.Contains(body, "Reprendre") {
		t.Error("the app's page does not tell its scope, or that it is paused")
	}
	if _, body := w.get("/groups/"+w.group, "fr"); !strings.Contains(body, `<a href="/apps/`+w.app+`">Jurizy</a>`) {
		t.Error("the group's page does not tell which app it opens")
	}
}

func TestApp_failedReadingIsTold(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	ref := ownership.AppRef{Company: w.company, ID: w.app, Name: "Jurizy"}
	must(t, w.db.FailReading(t.Context(), ref, w.now, "the list broke off after 40 accounts"))
	if _, body := w.get("/apps/"+w.app, "fr"); !strings.Contains(body, "broke off after 40") || !strings.Contains(body, "sandrine.leroux71") {
		t.Error("a failed reading must be told beside what was known before")
	}
}

func TestAudit_newestFirstByPages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		path, rows := "/audit", 0
		for range 10 {
			_, body := w.get(path, "fr")
			rows += strings.Count(between(body, "<tbody>", "</tbody>"), "<tr>")
			next := between(body, `<a class="button" href="/audit?before=`, `"`)
			if next == "" {
				break
			}
			path = "/audit?before=" + next
		}
		entries, err := d.Entries(t.Context(), w.company, audit.Query{Limit: 1000})
		must(t, err)
		if rows != len(entries) || rows < 60 {
			t.Errorf("paging through the record showed %d entries of %d", rows, len(entries))
		}
		id := w.people["paul.fabre@atelier-bremond.fr"]
		if _, body := w.get("/audit?type=User&id="+id, "fr"); strings.Count(between(body, "<tbody>", "</tbody>"), "<tr>") != 1 || !strings.Contains(body, `href="/people/`+id+`"`) {
			t.Error("the record of one person is not its own only, or does not lead to the person")
		}
	})
}

// Resources of a company's own types are in the record under their names, and each leads to its own record.
func TestAudit_ownResourceTypes(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	id := newID()
	must(t, w.db.Append(t.Context(), audit.Entry{Company: w.company, Actor: audit.Actor{Kind: audit.ActorCommand}, Action: audit.ActionCreate,
		ObjectType: "Printer", ObjectID: id, ObjectName: "Second floor", Changed: []string{"displayName"}}))
	address := "/audit?type=Printer&amp;id=" + id
	_, body := w.get("/audit", "en")
	if !strings.Contains(body, address) || !strings.Contains(body, "Second floor") {
		t.Error("the record does not show it, or does not lead to its own record")
	}
	_, body = w.get("/audit?type=Printer&id="+id, "en")
	if strings.Count(between(body, "<tbody>", "</tbody>"), "<tr>") != 1 || !strings.Contains(body, `<option value="Printer" selected>Printer</option>`) {
		t.Errorf("its own record: %s", between(body, "<main", "</main>"))
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	for accept, want := range map[string]string{
		"": "fr", "fr": "fr", "en": "en", "en-GB,fr;q=0.5": "en", "de": "fr", "de,en;q=0.3": "en", "fr-CA,en;q=0.9": "fr", "*": "fr", ";;;": "fr",
	} {
		if res, _ := w.get("/", accept); res.Header.Get("Content-Language") != want {
			t.Errorf("Accept-Language %q: %s, want %s", accept, res.Header.Get("Content-Language"), want)
		}
	}
	res, _ := w.post("/language", url.Values{"lang": {"en"}, "return": {"/people?page=2"}})
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/people?page=2" || len(res.Cookies()) != 1 {
		t.Fatalf("switch: %s to %q", res.Status, res.Header.Get("Location"))
	}
	cookie := res.Cookies()[0]
	if res, _ := w.do("GET", "/", "fr", nil, map[string]string{"Cookie": cookie.Name + "=" + cookie.Value}); res.Header.Get("Content-Language") != "en" {
		t.Error("the choice does not last")
	}
	if res, _ := w.post("/language", url.Values{"lang": {"en"}, "return": {"//evil.example"}}); res.Header.Get("Location") != "/" {
		t.Errorf("the switch leads away: %q", res.Header.Get("Location"))
	}
	if res, _ := w.post("/language", url.Values{"lang": {"<b>"}}); res.StatusCode != http.StatusBadRequest {
		t.Errorf("an unknown language: %s", res.Status)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	for _, path := range []string{"/", "/no/such/page", "/sign-in", "/static/console.css"} {
		res, _ := w.get(path, "fr")
		csp := res.Header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "script-src") {
			t.Errorf("%s: policy %q", path, csp)
		}
		if res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: types may be guessed", path)
		}
	}
	if res, body := w.get("/static/console.css", "fr"); !strings.Contains(res.Header.Get("Cache-Control"), "immutable") || !strings.Contains(body, ":focus-visible") {
		t.Error("the style sheet is not served")
	}
	for _, path := range []string{"/static/", "/static/none.css", "/static/..%2fserver.go", "/static/../server.go"} {
		if res, body := w.get(path, "fr"); res.StatusCode == http.StatusOK || strings.Contains(body, "package console") {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
	if res, _ := w.post("/language", url.Values{"lang": {"en"}, "x": {strings.Repeat("a", 1<<20)}}); res.StatusCode < 400 {
		t.Errorf("a huge form: %s", res.Status)
	}
}

func TestFindings_byPages(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	many := &manyReader{n: 120}
	inspector := &ownership.Inspector{Reader: many, Store: w.db, Now: func() time.Time { return w.now }, NewID: newID, Log: slog.New(slog.DiscardHandler)}
	must(t, inspector.ReadApp(t.Context(), w.caller(w.company).Actor, ownership.AppRef{Company: w.company, ID: w.app, Name: "Jurizy"}))
	all, err := w.db.Findings(t.Context(), w.company)
	must(t, err)
	if len(all) <= 100 {
		t.Fatalf("only %d findings", len(all))
	}
	seen := map[string]bool{}
	for path := "/findings"; path != ""; {
		_, body := w.get(path, "fr")
		for _, part := range strings.Split(body, `<article class="finding`)[1:] {
			seen[between(part, `id="f-`, `"`)] = true
		}
		path = html.UnescapeString(between(between(body, `<nav class="pager"`, "</nav>"), `</span>
<a class="button" href="`, `"`))
	}
	if len(seen) != len(all) {
		t.Errorf("paging showed %d findings of %d", len(seen), len(all))
	}
	last := all[len(all)-1].ID
	if _, body := w.get("/findings?id="+last, "fr"); !strings.Contains(body, `id="f-`+last+`"`) {
		t.Error("a link to one finding must lead to the page that holds it")
	}
	if _, body := w.get("/", "fr"); strings.Count(body, `<article class="finding`) > 3 {
		t.Error("home shows the first few in full only")
	}
}

// manyReader lists accounts that nobody knows.
type manyReader struct{ n int }

func (r *manyReader) ReadAccounts(context.Context, ownership.AppRef) ([]ownership.RemoteAccount, error) {
	var list []ownership.RemoteAccount
	for i := range r.n {
		list = append(list, ownership.RemoteAccount{RemoteID: fmt.Sprint(i), UserName: fmt.Sprintf("u%d@elsewhere.example", i), Active: true})
	}
	return list, nil
}
