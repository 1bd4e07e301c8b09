package console_test

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"proprio/audit"
	"proprio/console"
	"proprio/resources"
)

func (f *fakeDiscovery) Upload(_ context.Context, _ audit.Actor, _, _ string, in io.Reader, o console.ExportOptions) error {
	b, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	if strings.HasPrefix(string(b), "wrong") {
		return resources.Errorf(resources.ErrInvalidSyntax, "", "line 2: <b>\nline 3: bad")
	}
	f.upload, f.options = string(b), o
	return nil
}

func (f *fakeDiscovery) Forget(context.Context, audit.Actor, string, string) error {
	f.upload = ""
	return nil
}

// upload is a form with a file, as a browser sends it.
func upload(t *testing.T, file string, fields ...string) (kind, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if file != "" {
		part, err := w.CreateFormFile("file", "export.csv")
		must(t, err)
		_, err = io.WriteString(part, file)
		must(t, err)
	}
	for i := 0; i < len(fields); i += 2 {
		must(t, w.WriteField(fields[i], fields[i+1]))
	}
	must(t, w.Close())
	return w.FormDataContentType(), b.String()
}

// An export is kept and its accounts are shown; it decides nothing. What is decided about them afterwards is about the export's.
func TestExport_isShownFirst(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	page := "/apps/" + w.app
	w.says(page+"/accounts", "fr", []string{page + "/export"}, []string{"list=export"})
	kind, body := upload(t, "email\nanne@acc.example\n", "columns", "email = Courriel pro\r\n\r\nstatus=État", "inactive", "Z, verrouillé ,")
	res, _ := w.send(page+"/export", kind, body)
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != page+"/accounts?list=export&done=uploaded" {
		t.Fatalf("%s to %q", res.Status, res.Header.Get("Location"))
	}
	if o := w.discovery.options; w.discovery.upload != "email\nanne@acc.example\n" || o.Columns["email"] != "Courriel pro" || o.Columns["status"] != "État" || strings.Join(o.Inactive, "|") != "Z|verrouillé" {
		t.Errorf("kept %q with %+v", w.discovery.upload, o)
	}
	if len(w.discovery.decided) > 0 || w.discovery.linked != "" {
		t.Error("an upload decided something")
	}
	w.says(page+"/accounts?list=export&done=uploaded", "fr", []string{"Rien n’a été repris", "karim@atelier-bremond.fr", "list=export", page + "/links?list=export"}, nil)
	w.says(page+"/export", "fr", []string{"Oublier cet export", page + "/export/forget"}, nil)
	w.leads(page+"/account", url.Values{"key": {"3"}, "list": {"export"}, "verb": {"leave"}, "reason": {"not ours"}}, page+"/accounts?list=export&done=decided-leave")
	if d := w.discovery.decided; len(d) != 1 || !strings.HasSuffix(d[0].By, "3 of the export") {
		t.Errorf("decided %+v", d)
	}
	w.leads(page+"/export/forget", nil, page+"/export?done=forgotten")
	if w.discovery.upload != "" {
		t.Error("it is still there")
	}
}

// What cannot be read whole keeps nothing, and says in words what to do; only administrators of this site can give a file.
func TestExport_thatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	page := "/apps/" + w.app + "/export"
	file := func(file string, fields ...string) [2]string {
		kind, body := upload(t, file, fields...)
		return [2]string{kind, body}
	}
	cut := file("email\nanne@acc.example\n")
	cut[1] = cut[1][:len(cut[1])-20]
	for name, test := range map[string]struct {
		form   [2]string
		status int
		says   string
	}{
		"too long":         {file("email\n" + strings.Repeat("x@acc.example\n", 700_000)), http.StatusRequestEntityTooLarge, "dépasse 8 Mo"},
		"a field too long": {file("email\nx@acc.example\n", "columns", strings.Repeat("x", 9<<20)), http.StatusRequestEntityTooLarge, "dépasse 8 Mo"},
		"cut off":          {cut, http.StatusBadRequest, "illisible"},
		"another form":     {[2]string{plainForm, "file=x"}, http.StatusBadRequest, "illisible"},
		"no file":          {file("", "columns", ""), http.StatusUnprocessableEntity, "Rien n’a été gardé"},
		"wrong rows":       {file("wrong"), http.StatusUnprocessableEntity, "ligne 3\u00a0: bad"},
		"a wrong column":   {file("email\n", "columns", "email"), http.StatusUnprocessableEntity, "email=Courriel"},
	} {
		res, body := w.send(page, test.form[0], test.form[1])
		if res.StatusCode != test.status || !strings.Contains(body, test.says) || w.discovery.upload != "" {
			t.Errorf("%s: %s, without %q, kept %q", name, res.Status, test.says, w.discovery.upload)
		}
		checkPage(t, name, "fr", body)
	}
	good := file("email\nanne@acc.example\n")
	if res, _ := w.send("/apps/"+w.otherApp+"/export", good[0], good[1]); res.StatusCode != http.StatusNotFound {
		t.Errorf("another company's app: %s", res.Status)
	}
	w.signIn.session.Role = console.RoleAuditor
	if res, _ := w.send(page, good[0], good[1]); res.StatusCode != http.StatusForbidden {
		t.Errorf("an auditor: %s", res.Status)
	}
	if res, _ := w.do("POST", page, "fr", nil, map[string]string{"Sec-Fetch-Site": "cross-site", "Content-Type": good[0]}); res.StatusCode != http.StatusForbidden {
		t.Errorf("another site: %s", res.Status)
	}
	w.signIn.session = nil
	if res, _ := w.send(page, good[0], good[1]); res.StatusCode != http.StatusSeeOther {
		t.Errorf("a stranger: %s", res.Status)
	}
	if w.discovery.upload != "" {
		t.Errorf("kept %q", w.discovery.upload)
	}
}
