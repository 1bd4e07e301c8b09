package console_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"proprio/audit"
	"proprio/console"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/push"
	"proprio/push/manual"
	"proprio/push/profiles"
)

// tasks shows the console what the database knows of tasks, as cmd/proprio does.
type tasks struct {
	store    *db.DB
	profiles *profiles.Set
	now      func() time.Time
}

func (w *world) tasks() tasks {
	w.t.Helper()
	set, err := profiles.Load(nil)
	must(w.t, err)
	return tasks{w.db, set, func() time.Time { return w.now }}
}

func (x tasks) view(t manual.Task, language string) console.Task {
	profile, _ := x.profiles.Get(t.Profile)
	procedure := profile.Manual.Procedure(string(t.Action))
	out := console.Task{ID: t.ID, App: t.App, AppName: t.AppName, ObjectType: t.ObjectType, ObjectID: t.ObjectID, ObjectName: t.ObjectName,
		Action: string(t.Action), State: string(t.StateAt(x.now())), Why: t.Why, Responsible: t.Responsible, Revision: t.Revision, Opened: t.Opened,
		Due: t.Due, Closed: t.Closed, ClosedBy: t.ClosedBy, Proof: t.Proof, Reference: t.Reference, Noted: t.Noted, Menu: procedure.Menu.In(language), WantedProof: procedure.Proof}
	for _, s := range procedure.Steps {
		out.Steps = append(out.Steps, s.In(language))
	}
	for _, l := range t.Lines {
		out.Lines = append(out.Lines, console.TaskLine(l))
	}
	return out
}

func (x tasks) Tasks(ctx context.Context, company string, q console.TaskQuery) ([]console.Task, error) {
	list, err := x.store.Tasks(ctx, company, manual.Query{State: manual.State(q.State), Now: x.now(), Offset: q.Offset, Limit: q.Limit})
	var out []console.Task
	for _, t := range list {
		out = append(out, x.view(t, q.Language))
	}
	return out, err
}

func (x tasks) Task(ctx context.Context, company, id, language string) (console.Task, error) {
	t, err := x.store.Task(ctx, company, id)
	return x.view(t, language), err
}

func (x tasks) TaskCounts(ctx context.Context, company string) (map[string]int, error) {
	counts, err := x.store.CountTasks(ctx, company, "", x.now())
	out := map[string]int{}
	for state, n := range counts {
		out[string(state)] = n
	}
	return out, err
}

func (x tasks) CloseTask(ctx context.Context, actor audit.Actor, company, id string, c console.TaskClosing) error {
	desk := &manual.Desk{Store: x.store, Now: x.now, Log: slog.New(slog.DiscardHandler)}
	act := desk.Done
	if c.Refused {
		act = desk.Refuse
	}
	_, err := act(ctx, actor, company, id, manual.Closing{By: actor.Name, Revision: c.Revision, Proof: c.Proof, Reference: c.Reference})
	return err
}

// seedTasks puts an app without an interface into a company, with a task for each of some people, the first one late.
func (w *world) seedTasks(company string, names ...string) []manual.Task {
	w.t.Helper()
	ctx := w.t.Context()
	app, err := w.db.CreateApp(ctx, audit.Actor{Kind: audit.ActorCommand}, push.App{ID: newID(), Company: company, Name: "jefacture.com",
		Profile: "jefacture", URL: "https://app.jefacture.example", Responsible: "karim@atelier-bremond.fr", Created: w.now}, nil)
	must(w.t, err)
	var intents []push.Intent
	for _, name := range names {
		intents = append(intents, push.Intent{App: app.ID, ObjectType: "User", ObjectID: newID(), ObjectName: name, Wish: push.WishActive, Rank: push.RankUser})
	}
	must(w.t, w.db.RaiseAccounts(ctx, company, w.now, intents))
	lease := push.Lease{Company: company, App: app.ID, Owner: "test"}
	held, err := w.db.LeaseApp(ctx, lease, w.now, w.now.Add(time.Minute))
	if err != nil || !held {
		w.t.Fatalf("lease the app: %t %v", held, err)
	}
	due, err := w.db.DueAccounts(ctx, lease, w.now, 100)
	must(w.t, err)
	for _, a := range due {
		a.State = push.StateWaiting
		need := manual.Need{Known: true, Action: manual.ActionCreate, Days: 5, Wanted: []byte(`{"active":true,"userName":"x"}`), Why: "the User is in the app's scope",
			Lines: []manual.Line{{Attribute: "userName", After: a.ObjectName}, {Attribute: "name.familyName", After: hostileName}, {Attribute: "roles", Before: "Administrateur", After: "Comptable"}}}
		at := w.now
		if a.ObjectName == names[0] {
			need.Action, need.Days, at = manual.ActionDeactivate, 1, w.now.Add(-48*time.Hour)
		}
		must(w.t, w.db.Record(ctx, lease, at, nil, push.Result{Account: a, Confirmed: true, Need: &need}))
	}
	must(w.t, w.db.ReleaseApp(ctx, lease))
	list, err := w.db.Tasks(ctx, company, manual.Query{})
	must(w.t, err)
	return list
}

// What is to be done by hand is told on the home page with its number, and listed with what is late first.
func TestTasks_lateFirstAndOnTheHomePage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		if _, body := w.get("/", "fr"); strings.Contains(body, `href="/tasks/`) {
			t.Error("home tells of tasks where there are none")
		}
		list := w.seedTasks(w.company, "zoe.leaver@atelier-bremond.fr", "anna@atelier-bremond.fr", "ben@atelier-bremond.fr")
		for lang, words := range map[string][]string{
			"fr": {"En retard", "Fermer l’accès de zoe.leaver@atelier-bremond.fr à jefacture.com", "Gérer l&#39;espace de travail › Utilisateurs"},
			"en": {"Late", "End the access of zoe.leaver@atelier-bremond.fr to jefacture.com", "manage the workspace"},
		} {
			number := map[string]string{"fr": "3 tâches à faire à la main", "en": "3 tasks to be done by hand"}[lang]
			for path, words := range map[string][]string{"/": append(words, number), "/tasks": words} {
				_, body := w.get(path, lang)
				checkPage(t, lang+" "+path, lang, body)
				for _, word := range words {
					if !strings.Contains(body, word) {
						t.Errorf("%s %s does not say %q", lang, path, word)
					}
				}
				if late, other := strings.Index(body, "zoe.leaver@"), strings.Index(body, "ben@atelier"); late < 0 || other < late {
					t.Errorf("%s %s: what is late is not first", lang, path)
				}
			}
			for _, path := range []string{"/tasks?state=done", "/tasks?state=withdrawn", "/tasks/" + list[0].ID, "/tasks/" + list[1].ID, "/findings"} {
				res, body := w.get(path, lang)
				if res.StatusCode != http.StatusOK {
					t.Errorf("%s %s: %s", lang, path, res.Status)
				}
				checkPage(t, lang+" "+path, lang, body)
			}
		}
	})
}

// A task is closed by a form, with a proof; without one the form comes back with what was written.
func TestTasks_closedWithAProof(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.Open(t, db.Config{Data: t.TempDir()}))
	list := w.seedTasks(w.company, "zoe.leaver@atelier-bremond.fr", "anna@atelier-bremond.fr", "ben@atelier-bremond.fr")
	form := func(pairs ...string) url.Values {
		f := url.Values{"revision": {"1"}}
		for i := 0; i < len(pairs); i += 2 {
			f.Set(pairs[i], pairs[i+1])
		}
		return f
	}
	path := "/tasks/" + list[0].ID
	res, body := w.post(path+"/done", form("proof", " ", "reference", "list-of-users.png"))
	if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "list-of-users.png") || !strings.Contains(body, `aria-invalid="true"`) {
		t.Errorf("without proof: %s", res.Status)
	}
	checkPage(t, "form that came back", "fr", body)
	if res, body = w.post(path+"/refuse", form("proof", "")); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, `<details class="confirm" open`) {
		t.Errorf("refusal without reason: %s", res.Status)
	}
	for _, stale := range []url.Values{form("proof", "done", "revision", "7"), form("proof", "done", "revision", "x"), form("proof", "done", "revision", "0")} {
		if res, _ = w.post(path+"/done", stale); res.Header.Get("Location") != path+"?problem=task-changed" {
			t.Errorf("%v: %s to %q, want to be shown the task again", stale, res.Status, res.Header.Get("Location"))
		}
	}
	if res, _ = w.post(path+"/done", form("proof", "removed, see the list", "reference", "list.png")); res.Header.Get("Location") != "/tasks?done=task-done" {
		t.Errorf("closing: %s to %q", res.Status, res.Header.Get("Location"))
	}
	w.leads(path+"/done", form("proof", "removed, see the list ", "reference", "list.png"), "/tasks?done=task-done") // a double click
	for _, other := range []url.Values{form("proof", "something else", "reference", "list.png"), form("proof", "removed, see the list"), form("proof", "removed, see the list", "reference", "list.png", "revision", "2")} {
		w.leads(path+"/done", other, path+"?problem=task-changed")
	}
	w.leads(path+"/refuse", form("proof", "removed, see the list", "reference", "list.png"), path+"?problem=task-changed")
	if res, _ = w.post("/tasks/"+list[1].ID+"/refuse", form("proof", "no seat left")); res.Header.Get("Location") != "/tasks?done=task-refused" {
		t.Errorf("refusing: %s to %q", res.Status, res.Header.Get("Location"))
	}
	closed, err := w.db.Task(t.Context(), w.company, list[0].ID)
	must(t, err)
	if closed.State != manual.StateDone || closed.Reference != "list.png" || closed.ClosedBy != "camille.bremond@atelier-bremond.fr" {
		t.Errorf("task %+v", closed)
	}
	_, body = w.get(path, "fr")
	if !strings.Contains(body, "removed, see the list") || strings.Contains(body, "<textarea") {
		t.Error("a closed task shows its proof, and no form")
	}
	checkPage(t, "closed task", "fr", body)
}

// Another company's task is not there, and an auditor sees and does nothing.
func TestTasks_areTheCompanysOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.Open(t, db.Config{Data: t.TempDir()}))
	own, other := w.seedTasks(w.company, "anna@atelier-bremond.fr"), w.seedTasks(w.other, "hidden@autre-maison.fr")
	for _, path := range []string{"/tasks/" + other[0].ID, "/tasks/nonsense"} {
		if res, _ := w.get(path, "fr"); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, res.Status)
		}
		if res, _ := w.post(path+"/done", url.Values{"revision": {"1"}, "proof": {"x"}}); res.StatusCode != http.StatusNotFound {
			t.Errorf("closing %s: %s", path, res.Status)
		}
	}
	w.signIn.session.Role = console.RoleAuditor
	res, body := w.get("/tasks/"+own[0].ID, "fr")
	if res.StatusCode != http.StatusOK || strings.Contains(body, "<textarea") {
		t.Errorf("an auditor: %s, or a form", res.Status)
	}
	if res, _ = w.post("/tasks/"+own[0].ID+"/done", url.Values{"revision": {"1"}, "proof": {"x"}}); res.StatusCode != http.StatusForbidden {
		t.Errorf("an auditor closes: %s", res.Status)
	}
}
