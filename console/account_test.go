package console_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"proprio/audit"
	"proprio/console"
	"proprio/resources"
)

// fakeDiscovery knows accounts of every relation in each app of one company, and notes what was decided.
type fakeDiscovery struct {
	company string
	list    []console.FoundAccount
	unread  bool
	decided []console.AccountDecision
	linked  string // mark and reason of the last LinkAll
	stale   bool
	upload  string // the export that was given
	options console.ExportOptions
	wrong   error
}

func seedFound(now time.Time) []console.FoundAccount {
	person := func(name string) console.Holder { return console.Holder{ID: name, Name: name} }
	return []console.FoundAccount{
		{Key: "2", UserName: "double@atelier-bremond.fr", Relation: "ambiguous", Verdict: "amber", People: []console.Holder{person("anne"), person("deux")},
			Why: "it may be several people's: anne by emails, deux by userName", Open: true},
		{Key: "a/b?c&d", UserName: "julie.b@gmail.com", Emails: []string{"julie.b@gmail.com"}, Outside: true, Relation: "matched", By: "employeeNumber", Verdict: "red",
			People: []console.Holder{person("anne")}, Open: true, Active: true, Roles: []string{"Membre"}, Reasons: []string{"outside-domain"}},
		{Key: "3", UserName: "inconnu@gmail.com", DisplayName: hostileName, Relation: "unmatched", Verdict: "red", Why: "nobody of the directory has its user name or an address of it", Open: true, Active: true},
		{Key: "4", UserName: "audit@cabinet.example", Relation: "unmatched", Verdict: "red", Active: true,
			Decision: &console.AccountDecision{Verb: "except", Until: now.AddDate(0, 1, 0), Responsible: "claire@atelier-bremond.fr", Reason: "<b>audit</b>", At: now, By: "karim@atelier-bremond.fr"}},
		{Key: "5", UserName: "louise@atelier-bremond.fr", Relation: "linked", Verdict: "green", People: []console.Holder{person("louise")}, Why: "it is the account of louise", Active: true},
	}
}

func (f *fakeDiscovery) Found(_ context.Context, company, _ string, export bool) (console.Found, error) {
	if company != f.company || f.unread || export && f.upload == "" {
		return console.Found{}, nil
	}
	out := console.Found{Read: true, At: time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC), Relations: map[string]int{}, Decided: 1, Export: export, By: "karim@atelier-bremond.fr", Accounts: append([]console.FoundAccount{}, f.list...)}
	for _, a := range f.list {
		out.Relations[a.Relation]++
		if a.Open {
			out.Open++
		}
	}
	if f.upload != "" {
		out.Exported = out.At
	}
	return out, nil
}

func (f *fakeDiscovery) Decide(_ context.Context, actor audit.Actor, _, _ string, export bool, key string, d console.AccountDecision) error {
	if f.wrong != nil {
		return f.wrong
	}
	d.By = actor.Name + " " + key
	if export {
		d.By += " of the export"
	}
	f.decided = append(f.decided, d)
	return nil
}

func (f *fakeDiscovery) Links(context.Context, string, string, bool) (console.Links, error) {
	return console.Links{Links: f.list[4:5], Held: []console.HeldLink{{FoundAccount: f.list[1], Because: "it opens by an address that is none of the company's: adopt it, or leave it"}}, Mark: "mark-1"}, nil
}

func (f *fakeDiscovery) LinkAll(_ context.Context, _ audit.Actor, _, _ string, _ bool, mark, reason string) (int, bool, error) {
	if f.wrong != nil {
		return 3, false, f.wrong
	}
	if f.stale {
		return 0, true, nil
	}
	f.linked = mark + " " + reason
	return 1, false, nil
}

// What waits for a decision comes first; each relation, what was decided and a search show theirs.
func TestAccounts_areFilteredAndPaged(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	page := "/apps/" + w.app + "/accounts"
	w.says(page, "fr", []string{"double@atelier-bremond.fr", "julie.b@gmail.com", "Personne de l’annuaire", "&lt;script&gt;", "À décider", "/links"}, []string{"louise@atelier-bremond.fr", "audit@cabinet.example"})
	w.says(page+"?show=linked", "fr", []string{"louise@atelier-bremond.fr"}, []string{"julie.b@gmail.com"})
	w.says(page+"?show=decided", "en", []string{"audit@cabinet.example", "may stay until", "claire@atelier-bremond.fr"}, []string{"julie.b@gmail.com"})
	w.says(page+"?show=all&q=LOUISE", "en", []string{"louise@atelier-bremond.fr"}, []string{"julie.b@gmail.com", "audit@cabinet.example"})
	w.says(page+"?q=nobody-at-all", "fr", []string{"Aucun compte ne correspond"}, nil)
	for range 60 {
		w.discovery.list = append(w.discovery.list, console.FoundAccount{Key: newID(), UserName: "more@atelier-bremond.fr", Relation: "unmatched", Verdict: "amber", Open: true})
	}
	w.says(page, "fr", []string{"1 à 50 sur 63"}, nil)
	w.says(page+"?page=2", "fr", []string{"51 à 63 sur 63"}, []string{"double@atelier-bremond.fr"})
	w.discovery.unread = true
	w.says(page, "fr", []string{"n’a pas encore été lue", "/apps/" + w.app + "/read"}, []string{"/links"})
}

// A decision is shown with what will happen before anything is sent, and each asks for what it needs.
func TestAccount_isShownBeforeItIsDecided(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	page := func(key, more string) string { return "/apps/" + w.app + "/account?key=" + url.QueryEscape(key) + more }
	w.says(page("a/b?c&d", ""), "fr", []string{"verb=adopt", "verb=link", "verb=leave", "verb=except", "L’adresse n’est dans aucun domaine"}, []string{"verb=reopen", `method="post" action="/apps/` + w.app + `/account"`})
	w.says(page("a/b?c&d", "&verb=adopt"), "fr", []string{"prennent la place de ceux du compte", "&lt;b&gt;", `name="key" value="a/b?c&amp;d"`, "Reprendre ce compte"}, nil)
	w.says(page("a/b?c&d", "&verb=reopen"), "fr", []string{"Ce que vous pouvez décider"}, []string{"Revenir sur la décision"})
	w.says(page("2", "&verb=link"), "fr", []string{`value="anne"`, `value="deux"`, "À qui est ce compte"}, []string{"Reprendre ce compte"})
	w.says(page("2", "&verb=link&person=anne"), "fr", []string{"Reprendre ce compte", "Le compte devient celui de anne"}, nil)
	w.says(page("3", "&verb=link&person=zoe"), "fr", []string{"Personne dans l’annuaire n’a cet identifiant"}, []string{"Reprendre ce compte"})
	w.says(page("a/b?c&d", "&verb=link&person=anne"), "fr", []string{"adresse étrangère", "verb=adopt&amp;person=anne"}, []string{"Reprendre ce compte"})
	w.says(page("a/b?c&d", "&verb=adopt&person=anne.left"), "fr", []string{"pour le fermer", "verb=link&amp;person=anne.left"}, []string{"Reprendre ce compte"})
	w.says(page("3", "&verb=link&person=anne.left"), "fr", []string{"sera désactivé, parce que", "la personne est inactive"}, nil)
	w.says(page("4", ""), "en", []string{"may stay until", "&lt;b&gt;audit&lt;/b&gt;", "karim@atelier-bremond.fr", "verb=reopen"}, nil)
	w.says(page("5", ""), "fr", []string{"/why/User/louise", "tient ce compte à jour", "verb=unlink"}, []string{"verb=leave"})
	if res, _ := w.get(page("no-such", ""), "fr"); res.StatusCode != http.StatusNotFound {
		t.Errorf("an account that is none: %s", res.Status)
	}
	if len(w.discovery.decided) > 0 {
		t.Errorf("looking decided %v", w.discovery.decided)
	}
}

// What is decided reaches the engine as it was shown; what is missing or refused is told, and nothing is done.
func TestAccount_decisions(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	page := "/apps/" + w.app + "/account"
	form := func(pairs ...string) url.Values {
		form := url.Values{"key": {"3"}}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return form
	}
	for name, test := range map[string]struct {
		form url.Values
		says string
	}{
		"no decision":        {form(), "Choisissez une décision"},
		"one that is not on": {form("verb", "reopen"), "Choisissez une décision"},
		"nobody":             {form("verb", "link"), "Dites de quelle personne"},
		"no reason":          {form("verb", "leave", "reason", " "), "Donnez une raison"},
		"no date":            {form("verb", "except", "reason", "audit", "until", "tomorrow"), "Donnez le dernier jour"},
	} {
		res, body := w.post(page, test.form)
		if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, test.says) {
			t.Errorf("%s: %s, without %q", name, res.Status, test.says)
		}
		checkPage(t, name, "fr", body)
	}
	w.discovery.wrong = resources.Errorf(resources.ErrUniqueness, "", "account 3 is <b>'s already, so it cannot be anne's")
	res, body := w.post(page, form("verb", "link", "person", "anne", "reason", "hers"))
	if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "Rien n’a été fait") || !strings.Contains(body, "&lt;b&gt;") || !strings.Contains(body, `value="hers"`) {
		t.Errorf("what the engine refuses: %s", res.Status)
	}
	checkPage(t, "refused", "fr", body)
	if len(w.discovery.decided) > 0 {
		t.Fatalf("it was decided %+v", w.discovery.decided)
	}
	w.discovery.wrong = nil
	w.leads(page, form("verb", "link", "person", "anne"), page+"s?done=decided-link")
	w.leads(page, url.Values{"key": {"5"}, "verb": {"unlink"}}, page+"s?done=decided-unlink")
	w.leads(page, form("verb", "except", "reason", "audit", "until", "2027-03-31", "responsible", "claire@atelier-bremond.fr"), page+"s?done=decided-except")
	link, except := w.discovery.decided[0], w.discovery.decided[2]
	if link.Verb != "link" || link.Person != "anne" || link.By != "camille.bremond@atelier-bremond.fr 3" {
		t.Errorf("decided %+v", link)
	}
	if want := time.Date(2027, 3, 31, 23, 59, 59, 0, w.now.Location()); !except.Until.Equal(want) || except.Responsible != "claire@atelier-bremond.fr" || except.Reason != "audit" {
		t.Errorf("decided %+v", except)
	}
}

// All that is sure is linked as it was shown, or not at all.
func TestAccounts_linkAll(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	page := "/apps/" + w.app + "/links"
	w.says(page, "fr", []string{"1 compte serait repris", `name="mark" value="mark-1"`, "1 compte veut sa propre décision", "aucun des domaines"}, nil)
	w.discovery.stale = true
	res, body := w.post(page, url.Values{"mark": {"old"}})
	if res.StatusCode != http.StatusConflict || !strings.Contains(body, "Rien n’a été fait") {
		t.Errorf("what has changed: %s", res.Status)
	}
	checkPage(t, "stale", "fr", body)
	w.discovery.wrong = resources.Errorf(resources.ErrNotFound, "", "the app shows <no> account")
	if res, body := w.post(page, url.Values{"mark": {"mark-1"}}); res.StatusCode != http.StatusConflict || !strings.Contains(body, "&lt;no&gt;") || !strings.Contains(body, "3 comptes avaient déjà été repris") {
		t.Errorf("what is refused: %s", res.Status)
	}
	w.discovery.wrong, w.discovery.stale = nil, false
	w.leads(page, url.Values{"mark": {"mark-1"}, "reason": {" first "}}, "/apps/"+w.app+"/accounts?done=linked")
	if w.discovery.linked != "mark-1 first" {
		t.Errorf("linked %q", w.discovery.linked)
	}
}
