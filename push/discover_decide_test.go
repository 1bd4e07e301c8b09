package push_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"proprio/audit"
	"proprio/db/dbtest"
	"proprio/push"
	"proprio/push/manual"
	"proprio/push/standin"
	"proprio/resources"
)

func say(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

func whatIsLeftIsNotAskedAgain(t *testing.T, w *world) {
	w.ours(w.domain())
	id := w.there("anne@" + w.domain())
	w.wantError("without a reason", w.engine.Leave(t.Context(), w.caller.Actor, w.app, w.found(id), " "), resources.ErrInvalidValue, "why")
	must(t, w.engine.Leave(t.Context(), w.caller.Actor, w.app, w.found(id), "another Anne, of our tenant"))
	f := w.found(id)
	if f.Open || f.Decision == nil || f.Decision.Reason != "another Anne, of our tenant" || f.Decision.By != "test" || f.Relation != push.Nobodys {
		t.Errorf("%+v", f)
	}
	// The engine obeys, even where the app lets it take over what is there.
	anne := w.person("anne")
	w.change(func(a *push.App) { a.LinkExisting = true })
	w.push()
	a := w.wantState("User", anne, push.StateFailed)
	if a.Class != push.ClassNeedsAdmin || !strings.Contains(a.Error, "another Anne") || w.stand.Resource(id)["externalId"] != nil {
		t.Errorf("%+v, the app holds %v", a, w.stand.Resource(id))
	}
	lines, _ := w.compared()
	if c := lines["User anne@"+w.domain()]; c.Action != push.ActionDecide || !strings.Contains(c.Why, "another Anne") {
		t.Errorf("the comparison announces %+v", c)
	}
	if p := w.discovered().Preview(); len(p.Links) != 0 {
		t.Errorf("it would be linked with others: %+v", p)
	}
	must(t, w.engine.Link(t.Context(), w.caller.Actor, w.app, w.found(id), anne, "it is ours after all"))
	w.push()
	w.wantState("User", anne, push.StateConfirmed)
}

func anExceptionEndsByADecision(t *testing.T, w *world) {
	w.ours(w.domain())
	anne := w.person("anne")
	id := w.there("anne@" + w.domain())
	until := w.clock.Now().Add(30 * 24 * time.Hour)
	for what, c := range map[string]struct {
		until               time.Time
		responsible, reason string
		words               string
	}{
		"no reason":   {until, "chef@atelier.fr", "", "why"},
		"nobody":      {until, "", "x", "answers for"},
		"no address":  {until, "Chef <chef@atelier.fr>", "x", "answers for"},
		"in the past": {w.clock.Now(), "chef@atelier.fr", "x", "passed"},
		"for ever":    {until.AddDate(2, 0, 0), "chef@atelier.fr", "x", "too far"},
	} {
		err := w.engine.Except(t.Context(), w.caller.Actor, w.app, w.found(id), c.until, c.responsible, c.reason)
		w.wantError(what, err, resources.ErrInvalidValue, c.words)
	}
	must(t, w.engine.Except(t.Context(), w.caller.Actor, w.app, w.found(id), until, "chef@atelier.fr", "the migration is in May"))
	w.change(func(a *push.App) { a.LinkExisting = true })
	w.push()
	if d := w.discovered(); d.Excepted != 1 || d.Due != 0 || d.Open != 0 {
		t.Errorf("%+v", d)
	}
	w.wantState("User", anne, push.StateFailed)
	w.later(31 * 24 * time.Hour)
	if d := w.discovered(); d.Excepted != 0 || d.Due != 1 || d.Open != 1 || !d.Accounts[0].Open {
		t.Errorf("%+v", d)
	}
	w.wantState("User", anne, push.StateFailed) // time alone decides nothing
	must(t, w.engine.Reopen(t.Context(), w.caller.Actor, w.app, w.found(id), "the migration is done"))
	w.wantError("twice", w.engine.Reopen(t.Context(), w.caller.Actor, w.app, w.found(id), ""), resources.ErrNotFound, "neither")
	w.resync()
	w.push()
	if a := w.wantState("User", anne, push.StateConfirmed); a.RemoteID != id {
		t.Errorf("%+v", a)
	}
}

func allMatchedAreLinkedAndNothingElse(t *testing.T, w *world) {
	w.ours(w.domain())
	w.app.Paused = true
	must(t, dbtest.UpdateApp(t.Context(), w.db, w.caller.Actor, w.app))
	people := map[string]string{}
	for _, n := range []string{"anne", "marc", "zoe"} {
		people[n] = w.person(n)
		w.there(n + "@" + w.domain())
	}
	w.person("private", input{"emails": []any{map[string]any{"value": "p@gmail.com", "type": "home"}}})
	w.person("away", input{"active": false})
	w.there("p@gmail.com")
	w.there("away@" + w.domain())
	w.there("stranger")
	d := w.discovered()
	if p := d.Preview(); len(p.Links) != 3 || len(p.Held) != 2 {
		t.Fatalf("%+v", p)
	}
	w.stand.Heard()
	n, err := w.engine.LinkMatched(t.Context(), w.caller.Actor, w.app, d, "first look")
	must(t, err)
	if n != 3 || len(w.stand.Heard()) != 0 {
		t.Errorf("%d linked", n)
	}
	if n, err = w.engine.LinkMatched(t.Context(), w.caller.Actor, w.app, w.discovered(), ""); n != 0 || err != nil {
		t.Errorf("again: %d, %v", n, err)
	}
	w.app.Paused = false
	must(t, dbtest.UpdateApp(t.Context(), w.db, w.caller.Actor, w.app))
	w.push()
	for n, id := range people {
		if a := w.wantState("User", id, push.StateConfirmed); a.Origin != push.OriginLinked || w.stand.User(n + "@" + w.domain())["externalId"] != id {
			t.Errorf("%s is %+v", n, a)
		}
	}
	if u := w.stand.User("away@" + w.domain()); u["active"] != true {
		t.Errorf("who was not linked was touched: %v", u)
	}
}

func whoIsOutOfScopeIsClosedOnlyByHand(t *testing.T, w *world) {
	w.ours(w.domain())
	anne := w.person("anne")
	vente := w.group("Vente")
	w.change(func(a *push.App) { a.ScopeGroups = []string{vente} })
	w.push()
	id := w.there("anne@" + w.domain())
	p := w.discovered().Preview()
	if len(p.Links) != 0 || len(p.Held) != 1 || !strings.Contains(p.Held[0].Because, "none of the groups") {
		t.Fatalf("%+v", p)
	}
	must(t, w.engine.Link(t.Context(), w.caller.Actor, w.app, w.found(id), anne, "she changed to another service"))
	w.push()
	if u := w.stand.Resource(id); u["active"] != false {
		t.Errorf("the app holds %v", u)
	}
}

// A person who was removed and comes back is another User of the directory.
func aLeftoverOfSomebodyRemovedMayBeTakenOver(t *testing.T, w *world) {
	w.ours(w.domain())
	former := w.person("anne", input{"title": "Chef"})
	w.push()
	id := w.account("User", former).RemoteID
	w.remove("User", former)
	now := w.person("anne.martin")
	f := w.found(id)
	w.wantError("before the access is taken away", w.engine.Link(t.Context(), w.caller.Actor, w.app, f, now, ""), resources.ErrUniqueness, "already")
	w.app.Paused = false
	w.push()
	if f := w.found(id); f.Relation != push.Linked || !strings.Contains(f.Why, "taken away") {
		t.Errorf("%+v", f)
	}
	err := w.engine.Link(t.Context(), w.caller.Actor, w.app, w.found(id), now, "she is back")
	w.wantError("who has an account of their own", err, resources.ErrUniqueness, "another account")
	back := w.person("back", input{"active": false})
	w.push()
	must(t, w.engine.Link(t.Context(), w.caller.Actor, w.app, w.found(id), back, "she is back"))
	w.set("User", back, "active", true)
	w.push()
	if u := w.stand.Resource(id); u["userName"] != "back@"+w.domain() || u["active"] != true || u["title"] != nil {
		t.Errorf("the app holds %v", u)
	}
	if a := w.account("User", former); a.RemoteID != "" {
		t.Errorf("two rows answer for it: %+v", a)
	}
}

func aDecisionIsOnRecord(t *testing.T, w *world) {
	w.ours(w.domain())
	anne := w.person("anne")
	one, two := w.there("anne@"+w.domain()), w.there("x@gmail.com")
	must(t, w.engine.Link(t.Context(), w.caller.Actor, w.app, w.found(one), anne, "hers"))
	must(t, w.engine.Leave(t.Context(), w.caller.Actor, w.app, w.found(two), "the auditor's"))
	for id, want := range map[string]string{one: "hers", two: "the auditor's"} {
		entries, err := w.db.Entries(t.Context(), w.caller.Company, audit.Query{ObjectType: "account", ObjectID: id, Limit: 10})
		must(t, err)
		if len(entries) != 1 || !strings.Contains(entries[0].Reason, want) || entries[0].Actor != w.caller.Actor {
			t.Errorf("%s is recorded as %+v", want, entries)
		}
	}
}

func whatWasSeenInAFileIsConfirmedInTheApp(t *testing.T, w *world) {
	w.ours(w.domain())
	anne := w.person("anne")
	id := w.there("anne@" + w.domain())
	other := w.there("other@" + w.domain())
	look := func(id string) push.Found {
		d, err := w.engine.Discover(t.Context(), w.app, exported(t, "id;email\n"+id+";anne@"+w.domain()+"\n"))
		must(t, err)
		return d.Accounts[0]
	}
	for what, wrong := range map[string]string{"no such id": "4711", "somebody else's": other} {
		err := w.engine.Link(t.Context(), w.caller.Actor, w.app, look(wrong), anne, "")
		w.wantError(what, err, resources.ErrNotFound, "shows no account")
	}
	must(t, w.engine.Link(t.Context(), w.caller.Actor, w.app, look(id), anne, ""))
	w.push()
	if a := w.wantState("User", anne, push.StateConfirmed); a.RemoteID != id {
		t.Errorf("%+v", a)
	}
}

func whatVanishedSinceIsMadeAgain(t *testing.T, w *world) {
	w.ours(w.domain())
	anne := w.person("anne")
	id := w.there("anne@" + w.domain())
	must(t, w.engine.Link(t.Context(), w.caller.Actor, w.app, w.found(id), anne, ""))
	w.stand.Remove(id)
	w.stand.Heard()
	w.push()
	if a := w.wantState("User", anne, push.StateConfirmed); a.RemoteID == id || a.Origin != push.OriginCreated || count(w.stand.Heard(), http.MethodPost, "/Users") != 1 {
		t.Errorf("%+v", a)
	}
}

// One person is linked to two accounts at once, and one account to two people: one of each wins.
func TestRivalLinks(t *testing.T) {
	each(t, []scenario{rivalLinks})
}

func rivalLinks(t *testing.T, w *world) {
	w.ours(w.domain())
	anne, marc := w.person("anne"), w.person("marc")
	one, two := w.found(w.there("one")), w.found(w.there("two"))
	errs := make(chan error, 3)
	for _, link := range []struct {
		f      push.Found
		person string
	}{{one, anne}, {two, anne}, {one, marc}} {
		go func() { errs <- w.engine.Link(t.Context(), w.caller.Actor, w.app, link.f, link.person, "") }()
	}
	failed := 0
	for range 3 {
		if err := <-errs; err != nil {
			failed++
			if !errors.Is(err, resources.ErrUniqueness) {
				t.Error(err)
			}
		}
	}
	if failed == 0 || failed == 3 {
		t.Errorf("%d of 3 failed", failed)
	}
	if w.wantFound(one.RemoteID, push.Linked, "", w.found(one.RemoteID).People[0].ID); failed == 1 {
		w.wantFound(two.RemoteID, push.Linked, "", anne)
	}
}

// What an export shows of a product without an interface counts as done: nobody is asked to make an account that is there.
func aLinkByHandAsksForTheDifferenceAlone(t *testing.T, w *world) {
	w.ours(w.domain())
	h := byHand(t, w, "manual")
	anne, julie, left := w.person("anne"), w.person("julie"), w.person("left")
	text := "Nom;E-mail;Rôle\nAnne;Anne@" + w.domain() + ";Admin\nJulie;julie.b@gmail.com;Membre\nX;x@gmail.com;Membre\n"
	look := func(account string) push.Found {
		d, err := w.engine.Discover(t.Context(), h.app, exported(t, text))
		must(t, err)
		f, err := d.Account(account)
		must(t, err)
		return f
	}
	must(t, w.engine.Link(t.Context(), w.caller.Actor, h.app, look("anne@"+w.domain()), anne, ""))
	must(t, w.engine.Adopt(t.Context(), w.caller.Actor, h.app, look("julie.b@gmail.com"), julie, ""))
	must(t, w.engine.Leave(t.Context(), w.caller.Actor, h.app, look("x@gmail.com"), "the editor's"))
	w.set("User", left, "active", false)
	w.push()
	task := h.only(manual.ActionChange)
	if len(task.Lines) != 1 || task.Lines[0].Before != "julie.b@gmail.com" || task.Lines[0].After != "julie@"+w.domain() {
		t.Errorf("the task is %+v", task)
	}
	h.done(task)
	h.none()
	for account, person := range map[string]string{"anne@" + w.domain(): anne, "x@gmail.com": ""} {
		f := look(account)
		if f.Open || person != "" && (f.Relation != push.Linked || f.People[0].ID != person) {
			t.Errorf("%s is %+v", account, f)
		}
	}
	text = strings.Replace(text, "julie.b@gmail.com", "julie@"+w.domain(), 1)
	if f := look("julie@" + w.domain()); f.Relation != push.Linked || f.People[0].ID != julie {
		t.Errorf("%+v", f)
	}
	w.set("User", anne, "active", false)
	w.push()
	h.only(manual.ActionDeactivate)
}

// What a link sends is what the product takes.
func everyProductTakesALink(t *testing.T, w *world) {
	for _, profile := range []string{"generic", "single", "object", "put", "delete", "one-way", "fixed", "mail"} {
		w.again(t, func(t *testing.T, w *world) {
			w.ours(w.domain())
			w.change(func(a *push.App) { a.Profile = profile })
			anne, left := w.person("anne", input{"title": "Chef"}), w.person("left", input{"active": false})
			id := w.there("anne@"+w.domain(), mails("anne@"+w.domain()), map[string]any{"title": "Comptable", "name": map[string]any{"familyName": "X"}})
			gone := w.there("left@"+w.domain(), mails("left@"+w.domain()), map[string]any{"name": map[string]any{"familyName": "Y"}})
			must(t, w.engine.Link(t.Context(), w.caller.Actor, w.app, w.found(id), anne, ""))
			must(t, w.engine.Link(t.Context(), w.caller.Actor, w.app, w.found(gone), left, ""))
			w.push()
			w.wantState("User", anne, push.StateConfirmed)
			w.wantState("User", left, push.StateConfirmed)
			if u := w.stand.Resource(id); u["title"] != "Chef" || u["externalId"] != anne || len(w.stand.Users()) != 2 {
				t.Errorf("%s holds %v", profile, u)
			}
			if u := w.stand.Resource(gone); u["active"] != false {
				t.Errorf("%s: who left has access: %v", profile, u)
			}
			w.resync()
			w.stand.Heard()
			w.push()
			for _, r := range w.stand.Heard() {
				if r.Method != http.MethodGet && strings.HasSuffix(r.Path, id) {
					t.Errorf("%s: nothing differs, and yet: %s %s", profile, r, r.Body)
				}
			}
		})
	}
}

// What a worker has begun for a person would be lost, or lose the link: one of the two waits.
func whoIsJustBeingSentIsNotLinked(t *testing.T, w *world) {
	w.ours(w.domain())
	anne := w.person("anne")
	id := w.there("a.martin")
	f := w.found(id)
	var during error
	w.stand.SetFault(func(int, standin.Request) *standin.Fault {
		w.stand.SetFault(nil)
		during = w.engine.Link(t.Context(), w.caller.Actor, w.app, f, anne, "")
		return nil
	})
	w.push()
	w.wantError("a link during the push", during, resources.ErrBusy, "try again")
	w.wantError("after it", w.engine.Link(t.Context(), w.caller.Actor, w.app, w.found(id), anne, ""), resources.ErrUniqueness, "another account")
	if f := w.found(id); f.Relation == push.Linked || f.Decision != nil {
		t.Errorf("a refused link left something: %+v", f)
	}
}

// Neither people nor decisions of another company have a say.
func whatAnotherCompanyHasDoesNotCount(t *testing.T, w *world) {
	w.ours(w.domain())
	id := w.there("anne@" + w.domain())
	w.again(t, func(t *testing.T, other *world) {
		address := "anne@" + w.domain()
		theirs := other.user("anne", input{"userName": address, "emails": []any{map[string]any{"value": address}},
			"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": map[string]any{"employeeNumber": "E-7"}})
		other.stand.Add(map[string]any{"id": id, "userName": address, "active": true})
		must(t, other.engine.Leave(t.Context(), other.caller.Actor, other.app, other.found(address), "theirs"))
		w.stand.Change(id, func(u map[string]any) {
			u["externalId"] = theirs
			u["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] = map[string]any{"employeeNumber": "E-7"}
		})
		if f := w.wantFound(id, push.Nobodys, ""); f.Decision != nil || !f.Open {
			t.Errorf("%+v", f)
		}
		err := w.engine.Link(t.Context(), w.caller.Actor, w.app, w.found(id), theirs, "")
		w.wantError("their person", err, resources.ErrNotFound, "no User")
	})
}
