package push_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/ownership/export"
	"proprio/push"
	"proprio/push/standin"
	"proprio/resources"
)

func TestDiscover(t *testing.T) {
	each(t, []scenario{
		eachAccountIsSaidToBeWhose,
		aDiscoverySendsNothing,
		aListThatIsNotWholeShowsNothing,
		whoHasTwoAccountsIsNotLinkedToEither,
		anAddressThatTwoPeopleHaveIsNobodys,
		aFileShowsWhatTheAppDoesNot,
		anAppWithoutInterfaceIsReadFromAFile,
	})
}

func TestDecisions(t *testing.T) {
	each(t, []scenario{
		whoIsLinkedIsUpdatedAndNotMadeAgain,
		letterCaseIsNoSecondAccount,
		anAccountOfAnotherIsNotLinked,
		aPrivateAddressIsWrittenOver,
		whatCannotBeRewrittenIsRefused,
		whatIsLeftIsNotAskedAgain,
		anExceptionEndsByADecision,
		allMatchedAreLinkedAndNothingElse,
		whoIsOutOfScopeIsClosedOnlyByHand,
		aLeftoverOfSomebodyRemovedMayBeTakenOver,
		aDecisionIsOnRecord,
		whatWasSeenInAFileIsConfirmedInTheApp,
		whatVanishedSinceIsMadeAgain,
		aLinkByHandAsksForTheDifferenceAlone,
		everyProductTakesALink,
		whoIsJustBeingSentIsNotLinked,
		whatAnotherCompanyHasDoesNotCount,
	})
}

// ours makes a domain the company's.
func (w *world) ours(domain string) {
	w.t.Helper()
	must(w.t, w.db.PutDomain(w.t.Context(), w.caller.Actor, ownership.Domain{Company: w.caller.Company, Name: domain, Verified: w.clock.Now()}))
}

// domain is one that only this test's company has.
func (w *world) domain() string { return strings.ReplaceAll(w.caller.Company, "-", "") + ".fr" }

// person creates a User with an address in the company's domain.
func (w *world) person(name string, more ...input) string {
	w.t.Helper()
	address := name + "@" + w.domain()
	return w.user(name, append([]input{{"userName": address, "emails": []any{map[string]any{"value": address, "type": "work", "primary": true}}}}, more...)...)
}

// there puts an account into the app, and returns its id.
func (w *world) there(userName string, more ...map[string]any) string {
	doc := map[string]any{"userName": userName, "active": true}
	for _, m := range more {
		for k, v := range m {
			doc[k] = v
		}
	}
	return w.stand.Add(doc)
}

func mails(list ...string) map[string]any {
	var out []any
	for _, m := range list {
		out = append(out, map[string]any{"value": m})
	}
	return map[string]any{"emails": out}
}

// discovered reads the app and says how its accounts stand, by id.
func (w *world) discovered() push.Discovery {
	w.t.Helper()
	list, err := w.engine.List(w.t.Context(), w.app)
	must(w.t, err)
	d, err := w.engine.Discover(w.t.Context(), w.app, list)
	must(w.t, err)
	return d
}

func (w *world) found(account string) push.Found {
	w.t.Helper()
	f, err := w.discovered().Account(account)
	must(w.t, err)
	return f
}

func (w *world) wantFound(account string, relation push.Relation, by string, people ...string) push.Found {
	w.t.Helper()
	f := w.found(account)
	var names []string
	for _, p := range f.People {
		names = append(names, p.ID)
	}
	slices.Sort(names)
	slices.Sort(people)
	if f.Relation != relation || f.By != by || !slices.Equal(names, people) || f.Why == "" {
		w.t.Errorf("%s is %+v, want %s by %q, of %v", account, f, relation, by, people)
	}
	return f
}

func (w *world) wantError(what string, err, kind error, words string) {
	w.t.Helper()
	if !errors.Is(err, kind) || !strings.Contains(err.Error(), words) {
		w.t.Errorf("%s: %v, want %v that says %q", what, err, kind, words)
	}
}

func eachAccountIsSaidToBeWhose(t *testing.T, w *world) {
	w.ours(w.domain())
	pushed := w.person("pushed")
	w.push()
	w.app.Paused = true
	must(t, dbtest.UpdateApp(t.Context(), w.db, w.caller.Actor, w.app))
	byName, byMail, byNumber, byID := w.person("name"), w.person("mail"),
		w.person("number", input{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": map[string]any{"employeeNumber": "E-7"}}), w.person("id")
	private := w.person("private", input{"emails": []any{map[string]any{"value": "private@" + w.domain(), "type": "work", "primary": true},
		map[string]any{"value": "julie@gmail.com", "type": "home"}}})

	w.there("NAME@" + w.domain())
	w.there("mm", mails("Mail@"+w.domain()))
	w.there("nn", map[string]any{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": map[string]any{"employeeNumber": "E-7"}})
	w.there("ii", map[string]any{"externalId": byID})
	w.there("julie@gmail.com")
	w.there("stranger@gmail.com", map[string]any{"externalId": "4711"})

	w.wantFound("pushed@"+w.domain(), push.Linked, "", pushed)
	w.wantFound("name@"+w.domain(), push.Fitting, "userName", byName)
	w.wantFound("mm", push.Fitting, "emails", byMail)
	w.wantFound("nn", push.Fitting, "employeeNumber", byNumber)
	w.wantFound("ii", push.Fitting, "externalId", byID)
	if f := w.wantFound("julie@gmail.com", push.Fitting, "userName", private); f.Verdict != ownership.Red || !f.Outside() {
		t.Errorf("a private address is %s", f.Verdict)
	}
	w.wantFound("stranger@gmail.com", push.Nobodys, "")
	if d := w.discovered(); d.Open != 6 || d.Relations[push.Linked] != 1 || d.Relations[push.Fitting] != 5 || d.Relations[push.Nobodys] != 1 {
		t.Errorf("%+v", d)
	}
}

func aDiscoverySendsNothing(t *testing.T, w *world) {
	w.there("a@atelier.fr")
	w.user("a")
	w.stand.Heard()
	w.discovered()
	for _, r := range w.stand.Heard() {
		if r.Method != http.MethodGet {
			t.Errorf("it sent %s", r)
		}
	}
	if list, err := w.db.PushAccounts(t.Context(), w.caller.Company, w.app.ID, push.AccountQuery{}); err != nil || len(list) != 0 {
		t.Errorf("it made rows: %v, %v", list, err)
	}
}

func aListThatIsNotWholeShowsNothing(t *testing.T, w *world) {
	for _, n := range []string{"a", "b", "c"} {
		w.there(n + "@atelier.fr")
	}
	w.stand.Profile.Paging.Size = 2
	w.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if strings.Contains(r.Path, "startIndex=3") {
			return &standin.Fault{Drop: true}
		}
		return nil
	})
	list, err := w.engine.List(t.Context(), w.app)
	if err == nil || len(list.Accounts) != 0 || !strings.Contains(err.Error(), "not read to the end") {
		t.Errorf("%d accounts, %v", len(list.Accounts), err)
	}
	// An app that lists an account twice moved its pages while they were read.
	twice := ownership.RemoteAccount{RemoteID: "7", UserName: "a@atelier.fr", Active: true}
	_, err = w.engine.Discover(t.Context(), w.app, push.Listing{Accounts: []ownership.RemoteAccount{twice, twice}})
	if !errors.Is(err, ownership.ErrIncomplete) {
		t.Errorf("an account twice: %v", err)
	}
}

func whoHasTwoAccountsIsNotLinkedToEither(t *testing.T, w *world) {
	w.ours(w.domain())
	anne := w.person("anne", input{"emails": []any{map[string]any{"value": "anne@" + w.domain(), "type": "work", "primary": true},
		map[string]any{"value": "anne.martin@" + w.domain(), "type": "work"}}})
	one, two := w.there("anne@"+w.domain()), w.there("anne.martin@"+w.domain())
	f := w.wantFound(one, push.Ambiguous, "userName", anne)
	if !slices.Equal(f.Others, []string{two}) {
		t.Errorf("others %v", f.Others)
	}
	w.wantFound(two, push.Ambiguous, "userName", anne)
	if p := w.discovered().Preview(); len(p.Links)+len(p.Held) != 0 {
		t.Errorf("together they would be linked: %+v", p)
	}
	// One is left: then the other is hers.
	must(t, w.engine.Leave(t.Context(), w.caller.Actor, w.app, w.found(two), "a test account"))
	w.wantFound(one, push.Fitting, "userName", anne)
	must(t, w.engine.Link(t.Context(), w.caller.Actor, w.app, w.found(one), anne, ""))
	w.wantFound(two, push.Ambiguous, "userName", anne)
	err := w.engine.Link(t.Context(), w.caller.Actor, w.app, w.found(two), anne, "")
	w.wantError("a second account", err, resources.ErrUniqueness, "another account")
}

func anAddressThatTwoPeopleHaveIsNobodys(t *testing.T, w *world) {
	w.ours(w.domain())
	shared := []any{map[string]any{"value": "accueil@" + w.domain(), "type": "work"}}
	anne, marc := w.person("anne", input{"emails": shared}), w.person("marc", input{"emails": shared})
	id := w.there("accueil", mails("accueil@"+w.domain()))
	w.wantFound(id, push.Ambiguous, "", anne, marc)
	zoe := w.person("zoe")
	err := w.engine.Link(t.Context(), w.caller.Actor, w.app, w.found(id), zoe, "")
	w.wantError("a third", err, resources.ErrUniqueness, "anne@")
	must(t, w.engine.Link(t.Context(), w.caller.Actor, w.app, w.found(id), marc, "he answers the phone"))
	w.wantFound(id, push.Linked, "", marc)
}

func exported(t *testing.T, text string) push.Listing {
	t.Helper()
	list, err := export.Read(strings.NewReader(text), export.Options{})
	must(t, err)
	return push.Listing{Export: true, ByAddress: list.ByAddress, Accounts: list.Accounts}
}

func aFileShowsWhatTheAppDoesNot(t *testing.T, w *world) {
	w.ours(w.domain())
	pushed, anne := w.person("pushed"), ""
	w.push()
	anne = w.person("anne")
	text := "Nom;E-mail;Statut;Dernière connexion\nP;PUSHED@" + w.domain() + ";Actif;\nAnne;anne@" + w.domain() + ";Actif;12/10/2026\nX;x@gmail.com;Inactif;\n"
	w.stand.Heard()
	d, err := w.engine.Discover(t.Context(), w.app, exported(t, text))
	must(t, err)
	if heard := w.stand.Heard(); len(heard) != 0 {
		t.Errorf("the app heard %v", heard)
	}
	for account, want := range map[string]struct {
		relation push.Relation
		person   string
	}{"pushed@" + w.domain(): {push.Linked, pushed}, "anne@" + w.domain(): {push.Fitting, anne}, "x@gmail.com": {push.Nobodys, ""}} {
		f, err := d.Account(account)
		must(t, err)
		if f.Relation != want.relation || want.person != "" && f.People[0].ID != want.person || f.RemoteID != "" {
			t.Errorf("%s is %+v", account, f)
		}
	}
	anneFound, _ := d.Account("anne@" + w.domain())
	if anneFound.LastUsed != "12/10/2026" {
		t.Errorf("last used %q", anneFound.LastUsed)
	}
	w.wantError("a file without ids", w.engine.Link(t.Context(), w.caller.Actor, w.app, anneFound, anne, ""), resources.ErrInvalidValue, "no ids")
	stranger, _ := d.Account("x@gmail.com")
	must(t, w.engine.Leave(t.Context(), w.caller.Actor, w.app, stranger, "the auditor's"))
	d, err = w.engine.Discover(t.Context(), w.app, exported(t, text))
	must(t, err)
	if d.Left != 1 || d.Open != 1 {
		t.Errorf("%+v", d)
	}
	w.there("X@gmail.com") // the app's own list has ids; what was decided by the address holds there too
	if f := w.found("x@gmail.com"); f.Open || f.Decision == nil {
		t.Errorf("it is asked again: %+v", f)
	}
}

func anAppWithoutInterfaceIsReadFromAFile(t *testing.T, w *world) {
	app := w.app
	app.Profile = "jefacture"
	_, err := w.engine.List(t.Context(), app)
	w.wantError("a product without interface", err, resources.ErrInvalidValue, "export them")
}

func whoIsLinkedIsUpdatedAndNotMadeAgain(t *testing.T, w *world) {
	w.ours(w.domain())
	anne := w.person("anne", input{"title": "Comptable"})
	group := w.group("Vente", anne)
	id := w.there("a.martin", mails("anne@"+w.domain()), map[string]any{"nickName": "An", "title": "Chef"})
	must(t, w.engine.Link(t.Context(), w.caller.Actor, w.app, w.found(id), anne, ""))
	must(t, w.engine.Link(t.Context(), w.caller.Actor, w.app, w.found(id), anne, "")) // twice is once
	w.stand.Heard()
	w.push()
	if n := count(w.stand.Heard(), http.MethodPost, "/Users"); n != 0 {
		t.Errorf("%d accounts were made", n)
	}
	a := w.wantState("User", anne, push.StateConfirmed)
	if a.RemoteID != id || a.Origin != push.OriginLinked {
		t.Errorf("the row is %+v", a)
	}
	if u := w.stand.User("anne@" + w.domain()); u == nil || u["title"] != "Comptable" || u["nickName"] != "An" || u["externalId"] != anne || len(w.stand.Users()) != 1 {
		t.Errorf("the app holds %v", w.stand.Users())
	}
	w.wantState("Group", group, push.StateConfirmed)
	w.wantFound(id, push.Linked, "", anne)
	w.set("User", anne, "active", false)
	w.push()
	if u := w.stand.Resource(id); u["active"] != false {
		t.Errorf("who left keeps the access: %v", u)
	}
}

func letterCaseIsNoSecondAccount(t *testing.T, w *world) {
	w.ours(w.domain())
	anne := w.person("anne")
	id := w.there("ANNE@" + strings.ToUpper(w.domain()))
	w.push()
	w.wantState("User", anne, push.StateFailed) // it waits for a decision
	must(t, w.engine.Link(t.Context(), w.caller.Actor, w.app, w.found(id), anne, ""))
	w.push()
	if a := w.wantState("User", anne, push.StateConfirmed); a.RemoteID != id || len(w.stand.Users()) != 1 {
		t.Errorf("%+v, the app holds %v", a, w.stand.Users())
	}
}

func anAccountOfAnotherIsNotLinked(t *testing.T, w *world) {
	w.ours(w.domain())
	anne, marc := w.person("anne"), w.person("marc")
	w.app.LinkExisting = true
	must(t, dbtest.UpdateApp(t.Context(), w.db, w.caller.Actor, w.app))
	id := w.there("anne@" + w.domain())
	before := w.found(id)
	w.wantError("Anne's to Marc", w.engine.Link(t.Context(), w.caller.Actor, w.app, before, marc, ""), resources.ErrUniqueness, "anne@")
	w.push()
	w.wantError("linked since", w.engine.Link(t.Context(), w.caller.Actor, w.app, w.found(id), marc, ""), resources.ErrUniqueness, "already")
	free := w.there("free")
	w.wantError("a second one for Marc", w.engine.Link(t.Context(), w.caller.Actor, w.app, w.found(free), marc, ""), resources.ErrUniqueness, "another account")
	w.wantError("nobody's", w.engine.Link(t.Context(), w.caller.Actor, w.app, w.found(free), newID(), ""), resources.ErrNotFound, "no User")
	w.wantError("left although linked", w.engine.Leave(t.Context(), w.caller.Actor, w.app, w.found(id), "x"), resources.ErrUniqueness, "answers for it")
	// Seen before it was linked, decided after.
	w.wantError("left meanwhile", w.engine.Leave(t.Context(), w.caller.Actor, w.app, before, "x"), resources.ErrUniqueness, "meanwhile")
	if f := w.found(id); f.Decision != nil || f.People[0].ID != anne {
		t.Errorf("a refused decision left something: %+v", f)
	}
}

func aPrivateAddressIsWrittenOver(t *testing.T, w *world) {
	w.ours(w.domain())
	julie := w.person("julie")
	id := w.there("julie.b@gmail.com", mails("julie.b@gmail.com"), map[string]any{"nickName": "Ju"})
	w.wantError("a link", w.engine.Link(t.Context(), w.caller.Actor, w.app, w.found(id), julie, ""), resources.ErrInvalidValue, "adopt it")
	must(t, w.engine.Adopt(t.Context(), w.caller.Actor, w.app, w.found(id), julie, "she signed up by herself"))
	w.push()
	u := w.stand.Resource(id)
	if u["userName"] != "julie@"+w.domain() || u["nickName"] != "Ju" || strings.Contains(say(u), "gmail") || len(w.stand.Users()) != 1 {
		t.Errorf("the app holds %v", u)
	}
	if f := w.found(id); f.Relation != push.Linked || f.Outside() || f.Decision.Verb != push.VerbAdopt {
		t.Errorf("%+v", f)
	}
}

func whatCannotBeRewrittenIsRefused(t *testing.T, w *world) {
	w.ours(w.domain())
	julie := w.person("julie")
	bare := w.person("bare", input{"emails": nil})
	id := w.there("julie.b@gmail.com", mails("julie.b@gmail.com"))
	w.wantError("no address to write", w.engine.Adopt(t.Context(), w.caller.Actor, w.app, w.found(id), bare, ""), resources.ErrInvalidValue, "work address")
	away := w.person("away", input{"active": false})
	w.wantError("of somebody who left", w.engine.Adopt(t.Context(), w.caller.Actor, w.app, w.found(id), away, ""), resources.ErrInvalidValue, "deactivated")
	f := w.found(id)
	w.app.Profile = "fixed"
	w.wantError("a userName that never changes", w.engine.Adopt(t.Context(), w.caller.Actor, w.app, f, julie, ""), resources.ErrMutability, "never changes")
	w.app.Profile = "generic"
	w.push()
	if u := w.stand.Resource(id); u["userName"] != "julie.b@gmail.com" {
		t.Errorf("it was touched: %v", u)
	}
}
