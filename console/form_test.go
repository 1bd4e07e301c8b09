package console_test

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// send posts a body as it is.
func (w *world) send(path, kind, body string) (*http.Response, string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.server.URL+path, strings.NewReader(body))
	must(w.t, err)
	req.Header.Set("Accept-Language", "fr")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	must(w.t, err)
	page, err := io.ReadAll(res.Body)
	must(w.t, err)
	must(w.t, res.Body.Close())
	return res, string(page)
}

const plainForm = "application/x-www-form-urlencoded"

// A form that cannot be read whole is refused, whatever it asks for: it never stands for an empty one, which may mean "all".
func TestForms_thatCannotBeReadDoNothing(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	for name, test := range map[string]struct {
		kind, body, says string
		status           int
	}{
		"too long":     {plainForm, "account=x&issuer=issuer-1&lang=fr&all=1&link=on&who=all&pad=" + strings.Repeat("x", 64<<10), "trop long", http.StatusRequestEntityTooLarge},
		"bad escape":   {plainForm, "account=%zz&all=1&who=all", "illisible", http.StatusBadRequest},
		"JSON":         {"application/json", `{"account":"x"}`, "illisible", http.StatusBadRequest},
		"plain text":   {"text/plain", "account=x", "illisible", http.StatusBadRequest},
		"without kind": {"", "account=x", "illisible", http.StatusBadRequest},
		"multipart":    {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"account\"\r\n\r\nx\r\n--x--\r\n", "illisible", http.StatusBadRequest},
	} {
		for _, path := range append(w.actions(), "/language", "/sign-in", "/sign-out") {
			res, body := w.send(path, test.kind, test.body)
			if res.StatusCode != test.status || !strings.Contains(body, test.says) || len(res.Header.Values("Set-Cookie")) > 0 {
				t.Errorf("%s to %s: %s", name, path, res.Status)
			}
			checkPage(t, name, "fr", body)
		}
	}
	if len(w.engine.asked) > 0 || w.signIn.session == nil || !w.token(0).Revoked.IsZero() {
		t.Errorf("a form that cannot be read did something: %v", w.engine.asked)
	}
	if app := w.stored(w.unfinished); app.Settings.Setup != "test" {
		t.Errorf("a form that cannot be read was kept: %+v", app)
	}
}

// What is decided about all says so, and who is everybody is said, not left out.
func TestForms_allIsNeverTheAbsenceOfOne(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	for _, form := range []url.Values{{}, {"account": {""}}, {"all": {"1"}, "account": {w.failed}}} {
		for _, act := range []string{"/allow", "/reject"} {
			if res, _ := w.post("/apps/"+w.app+act, form); res.StatusCode != http.StatusBadRequest {
				t.Errorf("%s of %v: %s", act, form, res.Status)
			}
		}
	}
	if len(w.engine.asked) > 0 {
		t.Errorf("the engine was asked %v", w.engine.asked)
	}
	w.leads("/apps/"+w.app+"/allow", url.Values{"all": {"1"}}, "/apps/"+w.app+"?done=allow")
	if res, body := w.post("/apps/"+w.unfinished+"/setup/scope", nil); res.StatusCode != http.StatusOK || !strings.Contains(body, "ou choisissez toutes les personnes") {
		t.Errorf("a scope that says nothing: %s", res.Status)
	}
}

// A company limits an app to as many of its groups as a form of its rules holds, and a longer one keeps nothing.
func TestWizard_aLongScope(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	page := "/apps/" + w.unfinished + "/setup/scope"
	ids := slices.Repeat([]string{w.group}, 1000)
	w.leads(page, url.Values{"who": {"groups"}, "group": ids}, "/apps/"+w.unfinished+"/setup/trial?done=saved")
	if app := w.stored(w.unfinished); !slices.Equal(app.ScopeGroups, []string{w.group}) {
		t.Errorf("kept %d groups, want one of them once", len(app.ScopeGroups))
	}
	for range 1000 {
		ids = append(ids, uuid.NewString())
	}
	if res, _ := w.post(page, url.Values{"who": {"groups"}, "group": ids}); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a scope that is too long: %s", res.Status)
	}
	if app := w.stored(w.unfinished); !slices.Equal(app.ScopeGroups, []string{w.group}) {
		t.Errorf("a scope that is too long was kept: %v", app.ScopeGroups)
	}
}
