package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"proprio/resources"
)

// A person is searched for, what would be done is shown step by step, and it is sent when that is asked for.
func TestProvision(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	page := "/apps/" + w.app + "/provision"
	louise := w.people["louise.martin@atelier-bremond.fr"]
	form := url.Values{"type": {"User"}, "object": {louise}}
	w.says(page, "fr", []string{`name="q"`}, []string{`method="post" action="` + page})
	w.says(page+"?q=louise.martin@", "fr", []string{"Louise Martin", page + "?type=User&amp;object=" + louise}, nil)
	w.says(page+"?q=nobody-at-all", "fr", []string{"Personne ne correspond"}, nil)
	w.says(page+"?type=User&object="+louise, "fr", []string{"louise.martin@atelier-bremond.fr dans Jurizy", "Essayer sans rien envoyer"}, []string{`name="send"`})
	res, body := w.post(page, form)
	for _, words := range []string{"Lire l’annuaire", "la personne est dans le périmètre", "&lt;b&gt;", "&lt;i&gt;", "••••••", "Envoyer maintenant", `name="send"`} {
		if res.StatusCode != http.StatusOK || !strings.Contains(body, words) {
			t.Errorf("a rehearsal: %s, without %q", res.Status, words)
		}
	}
	checkPage(t, "rehearsal", "fr", body)
	if len(w.engine.asked) > 0 {
		t.Fatalf("a rehearsal made the engine do %v", w.engine.asked)
	}
	form.Set("send", "1")
	_, body = w.post(page, form)
	if !strings.Contains(body, "Envoyé") || strings.Contains(body, `name="send"`) || len(w.engine.asked) != 1 || !strings.HasSuffix(w.engine.asked[0], " provision "+w.company+" "+w.app+" User "+louise) {
		t.Errorf("sending asked %v", w.engine.asked)
	}
	checkPage(t, "sent", "fr", body)
	w.engine.err = resources.Errorf(resources.ErrInvalidValue, "", "the app is busy <b>")
	res, body = w.post(page, form)
	if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "busy &lt;b&gt;") {
		t.Errorf("an app that cannot be called: %s", res.Status)
	}
	checkPage(t, "not tried", "fr", body)
	if res, _ := w.post(page, url.Values{"type": {"App"}, "object": {louise}}); res.StatusCode != http.StatusNotFound {
		t.Errorf("no such type: %s", res.Status)
	}
	w.says("/apps/"+w.app+"/why/User/"+louise, "fr", []string{`method="post" action="` + page}, nil)
	w.says("/apps/"+w.unfinished+"/provision?type=User&object="+louise, "fr", []string{"est en pause"}, nil)
}
