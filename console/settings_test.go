package console_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"proprio/audit"
	"proprio/console"
	"proprio/push"
	"proprio/resources"
)

func (f *fakeSetup) ChangeScope(ctx context.Context, actor audit.Actor, company, app string, s console.Scope) error {
	return f.SetScope(ctx, actor, company, app, s)
}

func (f *fakeSetup) SetTreatment(_ context.Context, _ audit.Actor, _, _ string, t console.Treatment) error {
	if f.wrong == nil {
		f.treatment = t
	}
	return f.wrong
}

// How an app is treated is shown as it is, changed as it was typed, and what is wrong is told at its field and keeps nothing.
func TestSettings(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	page := "/apps/" + w.app + "/settings"
	form := func(pairs ...string) url.Values {
		form := url.Values{"responsible": {"claire@atelier-bremond.fr"}, "existing": {"link"}, "guard": {"on"}, "count": {"40"}, "percent": {""}, "repair": {"on"},
			"days": {""}, "owner": {"karim@atelier-bremond.fr"}, "expires": {"2027-01-31"}}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return form
	}
	w.says(page, "fr", []string{`value="camille.bremond@atelier-bremond.fr"`, "Texte français", "Vide\u00a0: 500", "/scope", "/access"}, nil)
	for name, test := range map[string]struct {
		form url.Values
		says string
	}{
		"a word":           {form("count", "<many>"), "Donnez un nombre de retraits"},
		"less than none":   {form("percent", "-1"), "de 0 à 100"},
		"more than all":    {form("percent", "101"), "de 0 à 100"},
		"a day too far":    {form("days", "4000", "sure", "on"), "Donnez un nombre de jours"},
		"not said twice":   {form("days", "90"), "Confirmez que la suppression"},
		"no address":       {form("owner", "karim"), "La personne du jeton"},
		"no date":          {form("expires", "soon"), "Donnez une date"},
		"nobody's address": {form("responsible", "x"), "n’est pas une adresse"},
	} {
		res, body := w.post(page, test.form)
		if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, test.says) || !strings.Contains(body, "Rien n’a été enregistré") {
			t.Errorf("%s: %s, without %q", name, res.Status, test.says)
		}
		checkPage(t, name, "fr", body)
	}
	w.setup.wrong = resources.Errorf(resources.ErrInvalidValue, "", "no <good>")
	if res, body := w.post(page, form()); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "no &lt;good&gt;") {
		t.Errorf("what the engine refuses: %s", res.Status)
	}
	if w.setup.treatment != (console.Treatment{}) {
		t.Fatalf("kept %+v", w.setup.treatment)
	}
	w.setup.wrong = nil
	w.leads(page, form("days", "90", "sure", "on", "guard", "off"), "/apps/"+w.app+"?done=changed")
	want := console.Treatment{Responsible: "claire@atelier-bremond.fr", LinkExisting: true, Repair: true, GuardOff: true, GuardCount: 40, DeleteAfterDays: 90,
		Owner: "karim@atelier-bremond.fr", Expires: "2027-01-31"}
	if w.setup.treatment != want {
		t.Errorf("kept %+v", w.setup.treatment)
	}
}

// Who is in an app that runs, and what it is sent, is changed with the form that set it up; one that is being set up has its step.
func TestScope_ofAnAppThatRuns(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	page := "/apps/" + w.app + "/scope"
	w.says(page, "fr", []string{"perd son accès", "Enregistrer et envoyer"}, nil)
	_, body := w.post(page, url.Values{"who": {"all"}, "expression": {"wrong"}, "preview": {"1"}, "person": {"anne"}})
	if !strings.Contains(body, "1:1: unknown &lt;name&gt; wrong") || w.stored(w.app).Settings.Scope != "" {
		t.Error("what is wrong is not told at its place, or was kept")
	}
	checkPage(t, "wrong", "fr", body)
	if _, body := w.post(page, url.Values{"who": {"groups"}}); !strings.Contains(body, "Cochez au moins un groupe") {
		t.Error("no group is ticked, and nothing says so")
	}
	w.leads(page, url.Values{"who": {"groups"}, "group": {w.group}, "expression": {"active"}}, "/apps/"+w.app+"?done=changed")
	if app := w.stored(w.app); app.Settings.Scope != "active" || !slices.Equal(app.ScopeGroups, []string{w.group}) {
		t.Errorf("kept %+v", app)
	}
	w.leads("/apps/"+w.unfinished+"/scope", url.Values{"who": {"all"}}, "/apps/"+w.unfinished+"/setup/scope")
	if app := w.stored(w.unfinished); app.Settings.Setup != push.SetupTest {
		t.Errorf("one that is being set up: %+v", app)
	}
}
