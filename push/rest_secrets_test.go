package push_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/push"
	"proprio/push/profiles"
	"proprio/push/rest/standin"
)

// A product may repeat in its errors whatever it was sent, and an admin may have pasted the credential with a line's end.
// Nothing of it is in what is recorded, told or logged, and so on no page either.
func TestNoErrorShowsASecret(t *testing.T) {
	t.Parallel()
	set, err := profiles.Load(nil)
	must(t, err)
	for _, product := range restProducts {
		t.Run(product.profile, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			d := dbtest.Open(t, db.Config{Data: folder})
			p, _ := set.Get(product.profile)
			s := product.start(t)
			s.Credential += "\n"
			l := newRestLife(t, d, unhurried(t, p), s)
			var log bytes.Buffer
			l.engine.Log = slog.New(slog.NewJSONHandler(&log, nil))
			l.echoes(product.creates)
			shown := l.shown() + log.String()
			if !strings.Contains(shown, "[hidden]") {
				t.Errorf("nothing was hidden, so nothing was repeated: %s", shown)
			}
			files := contents(t, folder)
			for _, secret := range secretsOf(t, s.Credential) {
				if at := strings.Index(shown, secret); at >= 0 {
					t.Errorf("%q is shown: …%s…", secret, shown[max(0, at-200):min(len(shown), at+100)])
				}
				if strings.Contains(files, secret) {
					t.Errorf("%q is stored as it is", secret)
				}
			}
		})
	}
}

// echoes has the product refuse everything in every way, and repeat what it was sent.
func (l *restLife) echoes(creation string) {
	l.t.Helper()
	fault := func(status int, creations bool) {
		l.product.SetFault(func(_ int, r standin.Request) *standin.Fault {
			if creations && !strings.Contains(r.String()+r.Body, creation) {
				return nil
			}
			return &standin.Fault{Status: status, Echo: true}
		})
		l.people = append(l.people, l.user(newID()))
		l.later(26 * time.Hour)
	}
	fault(http.StatusBadRequest, true)
	for _, status := range []int{http.StatusBadRequest, http.StatusForbidden, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusBadGateway, http.StatusUnauthorized} {
		fault(status, false)
	}
	if _, err := l.engine.Try(l.t.Context(), l.app); err != nil {
		l.t.Fatal(err)
	}
	l.product.SetFault(nil)
	if l.product.GivesTokens() {
		l.product.Echo()
		l.later(26 * time.Hour)
	}
}

// shown is all that is told of an app: what pages, commands and reports are made of.
func (l *restLife) shown() string {
	l.t.Helper()
	app, err := l.db.App(l.t.Context(), l.app.Company, l.app.ID)
	must(l.t, err)
	attempts, err := l.db.Attempts(l.t.Context(), l.app.Company, l.app.ID, push.AttemptQuery{})
	must(l.t, err)
	shown := app.BlockedReason
	for _, id := range l.people {
		a := l.account("User", id)
		shown += "\n" + a.Error + a.RemoteID
	}
	for _, a := range attempts {
		shown += "\n" + a.URL + string(a.Request) + string(a.Response) + a.Outcome + a.Why
	}
	probe, err := l.engine.Try(l.t.Context(), l.app)
	must(l.t, err)
	return shown + probe.Words
}

// contents are those of all files in a folder.
func contents(t *testing.T, folder string) string {
	t.Helper()
	var all strings.Builder
	must(t, fs.WalkDir(os.DirFS(folder), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := fs.ReadFile(os.DirFS(folder), path)
		all.Write(text)
		return err
	}))
	return all.String()
}

// secretsOf are the secret parts of a credential, what is asked for with it, and how new passwords begin.
func secretsOf(t *testing.T, credential string) []string {
	t.Helper()
	secrets := []string{"access-", "aA1!", "eyJ"}
	parts := map[string]any{"token": strings.TrimSpace(credential)}
	if strings.HasPrefix(credential, "{") {
		must(t, json.Unmarshal([]byte(credential), &parts))
	}
	for _, name := range []string{"token", "refresh_token", "client_secret", "private_key", "provhash"} {
		text, _ := parts[name].(string)
		lines := strings.Split(text, "\n")
		secrets = append(secrets, lines[len(lines)/2])
	}
	return slices.DeleteFunc(secrets, func(s string) bool { return s == "" })
}
