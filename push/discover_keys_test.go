package push_test

import (
	"slices"
	"testing"

	"proprio/ownership"
	"proprio/push"
	"proprio/push/manual"
	"proprio/resources"
)

func TestWhoseAnAccountIs(t *testing.T) {
	each(t, []scenario{
		whatSomebodyMadeByHandIsKnown,
		whatWasTakenAwayByHandMayBeSomebodyElses,
		anAccountHasOneDecision,
		whatIsReopenedIsOpen,
		whoseAccessEndedMayBeLeft,
		nobodyIsNamedByNothing,
	})
}

// inFile is an account of an export as the app's discovery shows it.
func (w *world) inFile(text, account string) push.Found {
	w.t.Helper()
	d, err := w.engine.Discover(w.t.Context(), w.app, exported(w.t, text))
	must(w.t, err)
	f, err := d.Account(account)
	must(w.t, err)
	return f
}

func whatSomebodyMadeByHandIsKnown(t *testing.T, w *world) {
	w.ours(w.domain())
	h := byHand(t, w, "manual")
	anne := w.person("anne")
	w.push()
	h.done(h.only(manual.ActionCreate))
	address := "anne@" + w.domain()
	for _, text := range []string{"E-mail\n" + address + "\n", "id;E-mail\n17;" + address + "\n", "id;Identifiant;E-mail\n17;" + address + ";a@example.com\n"} {
		f := w.inFile(text, address)
		if f.Relation != push.Linked || f.Open || len(f.People) != 1 || f.People[0].ID != anne {
			t.Errorf("%q is %+v", text, f)
		}
		w.wantError("to leave it", w.engine.Leave(t.Context(), w.caller.Actor, w.app, f, "x"), resources.ErrUniqueness, "answers for it")
	}
	w.set("User", anne, "emails", []any{map[string]any{"value": address, "type": "work"}, map[string]any{"value": "am@" + w.domain(), "type": "work"}})
	second := w.inFile("E-mail\nam@"+w.domain()+"\n", "am@"+w.domain())
	if second.Relation != push.Ambiguous {
		t.Errorf("a second account is %+v", second)
	}
	w.wantError("to link it", w.engine.Link(t.Context(), w.caller.Actor, w.app, second, anne, ""), resources.ErrUniqueness, "nobody can have two")
}

func whatWasTakenAwayByHandMayBeSomebodyElses(t *testing.T, w *world) {
	w.ours(w.domain())
	h := byHand(t, w, "manual")
	anne, marc := w.person("anne"), w.person("marc")
	w.set("User", marc, "active", false)
	w.push()
	h.done(h.only(manual.ActionCreate))
	address := "anne@" + w.domain()
	text := "E-mail\n" + address + "\n"
	w.change(func(a *push.App) { a.Settings.Scope = `title != "Away"` })
	w.set("User", anne, "title", "Away")
	w.push()
	during := w.inFile(text, address)
	w.wantError("before it was done", w.engine.Leave(t.Context(), w.caller.Actor, w.app, during, "x"), resources.ErrUniqueness, "being taken away")
	h.done(h.only(manual.ActionDeactivate))
	must(t, w.engine.Link(t.Context(), w.caller.Actor, w.app, w.inFile(text, address), marc, "his successor"))
	if f := w.inFile(text, address); f.Relation != push.Linked || f.People[0].ID != marc {
		t.Errorf("it is %+v", f)
	}
	if a := w.account("User", anne); a.There() {
		t.Errorf("two people have it: %+v", a)
	}
}

func anAccountHasOneDecision(t *testing.T, w *world) {
	w.ours(w.domain())
	first, second := "am@"+w.domain(), "anne@"+w.domain()
	anne := w.person("anne", input{"emails": []any{map[string]any{"value": second, "type": "work"}, map[string]any{"value": first, "type": "work"}}})
	id := w.there("a.martin", mails(first, second))
	for _, address := range []string{first, second} {
		must(t, w.engine.Leave(t.Context(), w.caller.Actor, w.app, w.inFile("E-mail\n"+address+"\n", address), "by "+address))
	}
	w.wantDecisions(push.VerbLeave, push.VerbLeave) // a file says nothing of what else an account has
	must(t, w.engine.Except(t.Context(), w.caller.Actor, w.app, w.found(id), w.clock.Now().Add(10*day), "claire@atelier.fr", "for now"))
	w.wantDecisions(push.VerbExcept)
	must(t, w.engine.Leave(t.Context(), w.caller.Actor, w.app, w.inFile("E-mail\n"+first+"\n", first), "again"))
	w.wantDecisions(push.VerbLeave)
	must(t, w.engine.Leave(t.Context(), w.caller.Actor, w.app, w.inFile("E-mail\n"+second+"\n", second), "again"))
	must(t, w.engine.Link(t.Context(), w.caller.Actor, w.app, w.found(id), anne, ""))
	w.wantDecisions(push.VerbLink)
}

// wantDecisions says which decisions there are about the app's accounts.
func (w *world) wantDecisions(want ...push.Verb) {
	w.t.Helper()
	all, err := w.db.Decisions(w.t.Context(), w.caller.Company, w.app.ID)
	must(w.t, err)
	var got []push.Verb
	for _, d := range all {
		got = append(got, d.Verb)
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("decisions %v, want %v", got, want)
	}
}

func whatIsReopenedIsOpen(t *testing.T, w *world) {
	w.ours(w.domain())
	address := "anne@" + w.domain()
	id := w.there(address, mails("am@"+w.domain()))
	for _, a := range []string{address, "am@" + w.domain()} {
		must(t, w.engine.Leave(t.Context(), w.caller.Actor, w.app, w.inFile("E-mail\n"+a+"\n", a), "x"))
	}
	must(t, w.engine.Reopen(t.Context(), w.caller.Actor, w.app, w.found(id), ""))
	if f := w.found(id); !f.Open || f.Decision != nil {
		t.Errorf("it is %+v", f)
	}
}

func whoseAccessEndedMayBeLeft(t *testing.T, w *world) {
	w.ours(w.domain())
	anne := w.person("anne")
	w.push()
	id := w.account("User", anne).RemoteID
	w.remove("User", anne)
	w.wantError("before it ended", w.engine.Leave(t.Context(), w.caller.Actor, w.app, w.found(id), "x"), resources.ErrUniqueness, "answers for it")
	w.push()
	must(t, w.engine.Leave(t.Context(), w.caller.Actor, w.app, w.found(id), "kept for its files"))
	if f := w.found(id); f.Decision == nil || f.Decision.Verb != push.VerbLeave {
		t.Errorf("it is %+v", f)
	}
	w.change(func(a *push.App) { a.LinkExisting = true })
	again := w.person("anne")
	w.push()
	if a := w.wantState("User", again, push.StateFailed); a.Class != push.ClassNeedsAdmin {
		t.Errorf("%+v", a)
	}
	if u := w.stand.Resource(id); u["active"] != false {
		t.Errorf("what was left was touched: %v", u)
	}
}

func nobodyIsNamedByNothing(t *testing.T, w *world) {
	d, err := w.engine.Discover(t.Context(), w.app, push.Listing{Accounts: []ownership.RemoteAccount{{RemoteID: "7", DisplayName: "A printer", Active: true}}})
	must(t, err)
	f, err := d.Account("")
	w.wantError("an account without a name", err, resources.ErrNotFound, "no account")
	if f.RemoteID != "" {
		t.Errorf("found %+v", f)
	}
	// Two accounts that both have no name are not one for that.
	w.ours(w.domain())
	anne := w.person("anne")
	other := w.stand.Add(map[string]any{"userName": "", "active": true})
	d, err = w.engine.Discover(t.Context(), w.app, push.Listing{Export: true, Accounts: []ownership.RemoteAccount{{RemoteID: other, DisplayName: "Anne", Active: true}}})
	must(t, err)
	w.wantError("to link it", w.engine.Link(t.Context(), w.caller.Actor, w.app, d.Accounts[0], anne, ""), resources.ErrNotFound, "shows no account")
}
