package push_test

import (
	"net/http"
	"strings"
	"testing"

	"proprio/audit"
	"proprio/push"
	"proprio/push/manual"
	"proprio/push/standin"
	"proprio/resources"
)

func TestUnlink(t *testing.T) {
	each(t, []scenario{
		whatIsUnlinkedIsLeftAndNotTakenAgain,
		whatIsUnlinkedStaysInItsGroups,
		whoseAccountWasAnothersGetsOne,
		onlyWhatWasLinkedIsUnlinked,
		anUnlinkIsNoReasonToClose,
		whatIsUnlinkedByHandIsNoTask,
		whoIsJustBeingSentIsNotUnlinked,
	})
}

// lent is anne with an account in the app that was there before.
func (w *world) lent(userName string) (anne, id string) {
	w.t.Helper()
	w.ours(w.domain())
	anne = w.person("anne")
	id = w.there(userName, mails("anne@"+w.domain()), map[string]any{"nickName": "An"})
	must(w.t, w.engine.Link(w.t.Context(), w.caller.Actor, w.app, w.found(id), anne, ""))
	w.push()
	w.wantState("User", anne, push.StateConfirmed)
	return anne, id
}

func (w *world) unlink(user string) {
	w.t.Helper()
	must(w.t, w.engine.Unlink(w.t.Context(), w.caller.Actor, w.app, user, "her namesake's"))
}

// wantUntouched says that nothing was written in the app since it was last asked what it heard.
func (w *world) wantUntouched() {
	w.t.Helper()
	for _, r := range w.stand.Heard() {
		if r.Method != http.MethodGet {
			w.t.Errorf("the app heard %s %s", r, r.Body)
		}
	}
}

func whatIsUnlinkedIsLeftAndNotTakenAgain(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.LinkExisting = true })
	anne, id := w.lent("a.martin")
	w.stand.Heard()
	w.unlink(anne)
	w.push()
	w.set("User", anne, "title", "Chef")
	w.push()
	w.wantUntouched()
	if a := w.wantState("User", anne, push.StateFailed); a.There() || a.Class != push.ClassNeedsAdmin || !strings.Contains(a.Error, "her namesake's") {
		t.Errorf("%+v", a)
	}
	f := w.wantFound(id, push.Fitting, "externalId", anne)
	if !f.Open || f.Decision == nil || f.Decision.Verb != push.VerbUnlink {
		t.Errorf("it is %+v", f)
	}
	if p := w.discovered().Preview(); len(p.Links) != 0 || len(p.Held) != 1 || !strings.Contains(p.Held[0].Because, "unlinked") {
		t.Errorf("all that is matched: %+v", p)
	}
	w.wantError("what was neither left nor excepted", w.engine.Reopen(t.Context(), w.caller.Actor, w.app, f, ""), resources.ErrNotFound, "neither")
	entries, err := w.db.Entries(t.Context(), w.caller.Company, audit.Query{})
	must(t, err)
	if !strings.Contains(say(map[string]any{"e": entries}), `"unlink"`) {
		t.Errorf("it is not on record: %+v", entries)
	}
	must(t, w.engine.Link(t.Context(), w.caller.Actor, w.app, f, anne, "hers after all"))
	w.push()
	if a := w.wantState("User", anne, push.StateConfirmed); a.RemoteID != id || w.stand.Resource(id)["title"] != "Chef" {
		t.Errorf("%+v", a)
	}
	w.wantDecisions(push.VerbLink)
}

func whatIsUnlinkedStaysInItsGroups(t *testing.T, w *world) {
	anne, _ := w.lent("a.martin")
	group := w.group("Vente", anne)
	w.push()
	w.wantState("Group", group, push.StateConfirmed)
	w.unlink(anne)
	w.push()
	w.stand.Heard()
	marc := w.person("marc")
	w.modify("Group", group, resources.OpAdd, "members", refs([]string{marc}))
	w.push()
	added := 0
	for _, r := range w.stand.Heard() {
		if r.Method == http.MethodPatch && strings.HasPrefix(r.Path, "/Groups") {
			added++
			if strings.Contains(r.Body, `"remove"`) {
				t.Errorf("it was put out of the group: %s", r.Body)
			}
		}
	}
	if added != 1 {
		t.Errorf("%d changes of the group, want marc's", added)
	}
}

func whoseAccountWasAnothersGetsOne(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "fixed" })
	w.ours(w.domain())
	anne := w.person("anne")
	id := w.there("a.martin")
	must(t, w.engine.Link(t.Context(), w.caller.Actor, w.app, w.found(id), anne, ""))
	w.push()
	w.unlink(anne)
	w.push()
	if a := w.wantState("User", anne, push.StateConfirmed); a.RemoteID == id || a.Origin != push.OriginCreated || len(w.stand.Users()) != 2 {
		t.Errorf("%+v, the app holds %v", a, w.stand.Users())
	}
}

func onlyWhatWasLinkedIsUnlinked(t *testing.T, w *world) {
	made, none := w.user("marie"), w.user("jean", input{"active": false})
	w.push()
	unlink := func(user string) error {
		return w.engine.Unlink(t.Context(), w.caller.Actor, w.app, user, "")
	}
	w.wantError("made here", unlink(made), resources.ErrInvalidValue, "made by the engine")
	w.wantError("no account", unlink(none), resources.ErrNotFound, "no account")
	w.wantError("nobody", unlink(newID()), resources.ErrNotFound, "no account")
	anne, _ := w.lent("a.martin")
	w.unlink(anne)
	w.wantError("twice", unlink(anne), resources.ErrNotFound, "no account")
	w.again(t, func(t *testing.T, other *world) {
		theirs, _ := other.lent("a.martin")
		w.wantError("another company's", unlink(theirs), resources.ErrNotFound, "no account")
	})
}

// Somebody leaves, and the account that was linked to them by mistake is another's.
func anUnlinkIsNoReasonToClose(t *testing.T, w *world) {
	anne, id := w.lent("a.martin")
	w.remove("User", anne)
	w.unlink(anne)
	w.stand.Heard()
	w.push()
	w.wantState("User", anne, push.StateRemoved)
	w.wantUntouched()
	if u := w.stand.Resource(id); u["active"] != true {
		t.Errorf("the app holds %v", u)
	}
}

func whatIsUnlinkedByHandIsNoTask(t *testing.T, w *world) {
	w.ours(w.domain())
	h := byHand(t, w, "manual")
	anne := w.person("anne")
	address := "anne@" + w.domain()
	text := "E-mail\n" + address + "\n"
	must(t, w.engine.Link(t.Context(), w.caller.Actor, h.app, w.inFile(text, address), anne, ""))
	w.push()
	h.none()
	w.unlink(anne)
	w.push()
	h.none()
	if a := w.wantState("User", anne, push.StateFailed); a.Class != push.ClassNeedsAdmin {
		t.Errorf("%+v", a)
	}
	if f := w.inFile(text, address); f.Relation != push.Fitting || !f.Open || f.Decision.Verb != push.VerbUnlink {
		t.Errorf("it is %+v", f)
	}
	w.wantDecisions(push.VerbUnlink)
	must(t, w.engine.Link(t.Context(), w.caller.Actor, h.app, w.inFile(text, address), anne, ""))
	w.push()
	w.set("User", anne, "active", false)
	w.push()
	h.only(manual.ActionDeactivate)
}

func whoIsJustBeingSentIsNotUnlinked(t *testing.T, w *world) {
	anne, id := w.lent("a.martin")
	w.set("User", anne, "title", "Chef")
	var during error
	w.stand.SetFault(func(int, standin.Request) *standin.Fault {
		w.stand.SetFault(nil)
		during = w.engine.Unlink(t.Context(), w.caller.Actor, w.app, anne, "")
		return nil
	})
	w.push()
	w.wantError("during the push", during, resources.ErrBusy, "try again")
	if a := w.wantState("User", anne, push.StateConfirmed); a.RemoteID != id {
		t.Errorf("%+v", a)
	}
	w.unlink(anne)
}
