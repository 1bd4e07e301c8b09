package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/push"
)

// says checks what a page says and does not say.
func (w *world) says(path, lang string, want, never []string) {
	w.t.Helper()
	res, body := w.get(path, lang)
	if res.StatusCode != http.StatusOK {
		w.t.Errorf("%s: %s", path, res.Status)
	}
	for _, text := range want {
		if !strings.Contains(body, text) {
			w.t.Errorf("%s %s does not say %q", lang, path, text)
		}
	}
	for _, text := range never {
		if strings.Contains(body, text) {
			w.t.Errorf("%s %s says %q", lang, path, text)
		}
	}
}

// What fails is told by class, with the next step in words and one button for all of a class.
func TestApp_whatFailsByClass(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	page := "/apps/" + w.app
	w.says(page, "fr", []string{"Ce qui échoue, et que faire", "Un administrateur doit agir", "Ouvrez un compte pour lire la cause", page + "?state=failed&amp;class=needs-admin#push"},
		[]string{"Corrigez la fiche"})
	w.says(page+"?state=failed&class=needs-admin", "en", []string{"Only:", "an account with this userName exists already"}, nil)
	w.says(page+"?state=failed&class=transient", "en", []string{"an account with this userName exists already"}, []string{"Only:"})
	if res, _ := w.post(page+"/retry", url.Values{"class": {"needs-admin"}}); res.Header.Get("Location") != page+"?done=retry" {
		t.Errorf("retry: %s", res.Status)
	}
	if asked := w.engine.asked[len(w.engine.asked)-1]; !strings.HasSuffix(asked, w.app+" all needs-admin") {
		t.Errorf("the engine was asked %q", asked)
	}
	if res, _ := w.post(page+"/retry", url.Values{"class": {"made-up"}}); res.StatusCode != http.StatusNotFound {
		t.Errorf("a class that is none: %s", res.Status)
	}
}

// Removals that are held come with what the product wants done before, so that nobody's things are lost by an "allow".
func TestApp_heldRemovalsSayWhatToDoBefore(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	page, before := "/apps/"+w.app, map[string]string{"fr": "Avant de fermer un compte", "en": "Before an account is closed"}
	for lang, words := range before {
		w.says(page, lang, nil, []string{words})
	}
	lease := w.lease()
	due, err := w.db.DueAccounts(t.Context(), lease, w.now, 1)
	must(t, err)
	due[0].State = push.StateHeld
	must(t, w.db.Record(t.Context(), lease, w.now, nil, push.Result{Account: due[0]}))
	w.says(page, "fr", []string{before["fr"], "Texte français"}, nil)
	w.says(page, "en", []string{before["en"], "English text"}, nil)
}

// A token that ends is told before the app refuses all calls, in words and with the days that are left.
func TestApp_aTokenThatEndsIsTold(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	page := "/apps/" + w.app
	for expires, want := range map[int]string{5: "Le jeton expire dans 5 jours.", 1: "Le jeton expire dans 1 jour.", -1: "Le jeton a expiré."} {
		w.credential(push.Credential{Expires: w.now.UTC().AddDate(0, 0, expires).Format(time.DateOnly)})
		w.says(page, "fr", []string{want, "Créez-en un nouveau"}, nil)
	}
	w.credential(push.Credential{Expires: w.now.UTC().AddDate(0, 0, 200).Format(time.DateOnly)})
	w.says(page, "en", nil, []string{"The token"})
}

func (w *world) credential(c push.Credential) {
	w.t.Helper()
	app, err := w.db.App(w.t.Context(), w.company, w.app)
	must(w.t, err)
	app.Settings.Credential = c
	must(w.t, dbtest.UpdateApp(w.t.Context(), w.db, audit.Actor{Kind: audit.ActorCommand, Name: "test"}, app))
}

// A pause and a block say why, since when, and what to do.
func TestApp_pauseAndBlockSaySinceWhen(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	page := "/apps/" + w.app
	must(t, w.db.BlockApp(t.Context(), w.company, w.app, w.now.Add(time.Hour), "the token <b> is refused", 2))
	w.says(page, "fr", []string{"n’est plus appelée", "the token &lt;b&gt; is refused", "Prochain essai", "21/11/2026\u00a015:30", page + "/unblock"}, nil)
	app, err := w.db.App(t.Context(), w.company, w.app)
	must(t, err)
	app.Paused = true
	must(t, dbtest.UpdateApp(t.Context(), w.db, audit.Actor{Kind: audit.ActorAdmin, Name: "hugo.petit@atelier-bremond.fr"}, app))
	w.says(page, "fr", []string{"En pause.", "hugo.petit@atelier-bremond.fr", page + "/resume"}, []string{page + "/unblock"})
}

// The log is filtered by person, outcome and action, and its pages go by key.
func TestAppLog(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		page := "/apps/" + w.app + "/log"
		w.says(page, "fr", []string{"userName is taken", "••••••", "84\u00a0ms"}, []string{"hunter2"})
		w.says(page+"?outcome=failed", "fr", []string{"userName is taken"}, []string{"r1&#34;"})
		w.says(page+"?action=members", "fr", []string{"Aucun échange"}, nil)
		w.says(page+"?name=zzz", "en", []string{"No exchange"}, nil)
		var attempts []push.Attempt
		for i := range 120 {
			attempts = append(attempts, push.Attempt{Company: w.company, App: w.app, At: w.now, Action: "compare", Method: "GET",
				URL: fmt.Sprintf("https://jurizy.example/scim/v2/Users?startIndex=%d", i), Status: 200, Outcome: "ok"})
		}
		must(t, d.RecordAttempts(t.Context(), attempts...))
		seen, older := map[string]bool{}, regexp.MustCompile(`<a class="button" href="([^"]+)" rel="next">`)
		for path := page + "?action=compare"; path != ""; {
			_, body := w.get(path, "fr")
			for _, m := range regexp.MustCompile(`startIndex=(\d+)</code> →`).FindAllStringSubmatch(body, -1) {
				if seen[m[1]] {
					t.Fatalf("%s is shown twice", m[1])
				}
				seen[m[1]] = true
			}
			next := older.FindStringSubmatch(body)
			if path = ""; next != nil {
				path = strings.ReplaceAll(next[1], "&amp;", "&")
			}
		}
		if len(seen) != 120 {
			t.Errorf("the pages showed %d exchanges, want 120", len(seen))
		}
	})
}

// Why an account is as it is: scope, match, difference, last calls; also of somebody who was never there.
func TestAppWhy(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	failed, err := w.db.PushAccount(t.Context(), w.company, w.failed)
	must(t, err)
	why := "/apps/" + w.app + "/why/User/"
	w.says(why+failed.ObjectID, "fr", []string{failed.ObjectName, "Doit être dans l’application", "userName", "an account with this userName exists already",
		"Un administrateur doit agir", "userName is taken", "/accounts/" + w.failed + "/retry"}, nil)
	w.says(why+w.people["sophie.marchetti@gmail.com"], "en", []string{"on hold", "no access"}, nil)
	w.says(why+w.people["hostile@atelier-bremond.fr"], "en", []string{"displayName", "Last written"}, []string{hostileName})
	for _, path := range []string{why + "no-such", "/apps/" + w.app + "/why/App/" + failed.ObjectID, "/apps/" + w.otherApp + "/why/User/" + failed.ObjectID,
		why + w.otherPerson, "/apps/" + w.otherApp + "/log"} {
		if res, _ := w.get(path, "fr"); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
	w.says("/people/"+failed.ObjectID, "fr", []string{why + failed.ObjectID}, nil)
	second := w.newApp(w.company, "Second")
	w.says("/people/"+failed.ObjectID, "fr", []string{"Pourquoi pas dans les autres applications", "/apps/" + second + "/why/User/"}, nil)
}

// A reason that names what decided is told in the reader's language, with what it names as it is.
func TestApp_reasonsWithWhatDecided(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	page := "/apps/" + w.app + "/log"
	must(t, w.db.RecordAttempts(t.Context(), push.Attempt{Company: w.company, App: w.app, At: w.now, Action: "create", Outcome: "ok",
		Why: `the User is in the app's scope: this is true of it: title == "a: <b>"`}))
	w.says(page, "fr", []string{"car ceci est vrai d’elle\u00a0: title == &#34;a: &lt;b&gt;&#34;"}, nil)
	w.says(page, "en", []string{"for this is true of it: title == "}, nil)
	w.says("/apps/"+w.app+"/why/User/"+w.people["sophie.marchetti@gmail.com"], "fr", []string{"la personne est en attente\u00a0: "}, nil)
}
