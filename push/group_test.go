package push_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"proprio/push"
	"proprio/push/standin"
	"proprio/resources"
)

func TestGroups(t *testing.T) {
	each(t, []scenario{
		anAppThatDropsMembersIsFoundOut,
		usersComeBeforeGroupsBeforeMembers,
		aMemberThatIsMissingThereCompletesTheGroupLater,
		memberChangesAreDeltas,
		membersInChunksByValueWithoutReadingThem,
		oneMemberPerCallWhereTheProfileAsks,
		membersAlreadySentAreNotSentAgain,
		oneMemberThatTheAppRefusesDoesNotKeepTheOthersOut,
		membershipsComeBackWithReactivation,
		nobodyBecomesAMemberTwice,
		oneOnHoldLeavesItsGroupsInTheApp,
		aGroupIsRenamed,
		whereRenamingIsUnsupportedTheMembersStillFollow,
		whatBecomesOfAGroupThatIsRemoved,
		aGroupDeletedInTheAppIsMadeAgainWithItsMembers,
		aGroupInheritsNoMembersOfAFormerOne,
	})
}

func (w *world) wantMembers(group string, want ...string) {
	w.t.Helper()
	got, ok := w.stand.Members(group)
	for i := range want {
		want[i] += "@atelier.fr"
	}
	slices.Sort(want)
	if !ok || !slices.Equal(got, want) {
		w.t.Fatalf("the app's Group %s has members %v (exists: %v), want %v", group, got, ok, want)
	}
}

func usersComeBeforeGroupsBeforeMembers(t *testing.T, w *world) {
	group := w.group("Vente")
	a, b := w.user("a"), w.user("b")
	w.modify("Group", group, resources.OpAdd, "members", refs([]string{a, b}))
	w.push()
	w.wantMembers("Vente", "a", "b")
	w.wantState("Group", group, push.StateConfirmed)
	var kinds []string
	for _, r := range w.stand.Heard() {
		if r.Method != "GET" {
			kinds = append(kinds, strings.Split(r.Path, "/")[1]+" "+r.Method)
		}
	}
	if want := []string{"Users POST", "Users POST", "Groups POST", "Groups PATCH"}; !slices.Equal(kinds, want) {
		t.Errorf("writes %v, want %v", kinds, want)
	}
}

// A member that cannot be sent leaves the Group partial, not failed; its own confirmation completes the Group.
func aMemberThatIsMissingThereCompletesTheGroupLater(t *testing.T, w *world) {
	a, b := w.user("a"), w.user("b")
	group := w.group("Vente", a, b)
	w.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if r.Method == "POST" && strings.Contains(r.Body, "b@atelier.fr") {
			return &standin.Fault{Status: 400, ScimType: "invalidValue"}
		}
		return nil
	})
	w.push()
	w.wantMembers("Vente", "a")
	if g := w.wantState("Group", group, push.StatePartial); !strings.Contains(g.Error, "1 members") {
		t.Errorf("the partial Group says %q", g.Error)
	}
	w.stand.SetFault(nil)
	must(t, w.db.RetryAccount(t.Context(), w.caller.Actor, w.app.Company, w.account("User", b).ID, w.clock.Now()))
	w.push()
	w.wantMembers("Vente", "a", "b")
	w.wantState("Group", group, push.StateConfirmed)
}

func memberChangesAreDeltas(t *testing.T, w *world) {
	a, b, c := w.user("a"), w.user("b"), w.user("c")
	group := w.group("Vente", a, b)
	w.push()
	w.stand.Heard()
	w.modify("Group", group, resources.OpAdd, "members", refs([]string{c}))
	w.modify("Group", group, resources.OpRemove, `members[value eq "`+a+`"]`, nil)
	w.push()
	w.wantMembers("Vente", "b", "c")
	r := w.stand.Heard()
	if len(r) != 1 || strings.Contains(r[0].Body, w.account("User", b).RemoteID+`"`) {
		t.Errorf("requests %v, want one PATCH without b", r)
	}
}

// AWS: members cannot be read, at most so many changes in a call, removal by value.
func membersInChunksByValueWithoutReadingThem(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "values" })
	var ids, names []string
	for i := range 8 {
		names = append(names, fmt.Sprintf("u%d", i))
		ids = append(ids, w.user(names[i]))
	}
	group := w.group("Vente", ids...)
	w.push()
	w.wantMembers("Vente", slices.Clone(names)...)
	if r := w.stand.Heard(); count(r, "PATCH", "/Groups") != 3 {
		t.Errorf("%d member calls, want 3", count(r, "PATCH", "/Groups"))
	}
	w.set("Group", group, "members", refs(ids[7:]))
	w.push()
	w.wantMembers("Vente", "u7")
	w.wantState("Group", group, push.StateConfirmed)
}

func oneMemberPerCallWhereTheProfileAsks(t *testing.T, w *world) {
	w.stand.Profile.Members.PerCall = 1
	w.change(func(a *push.App) { a.Profile = "serial" })
	group := w.group("Vente", w.user("a"), w.user("b"))
	w.push()
	w.wantMembers("Vente", "a", "b")
	w.wantState("Group", group, push.StateConfirmed)
}

// A large Group that breaks off half-way is not sent again from the start.
func membersAlreadySentAreNotSentAgain(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "values" })
	w.stand.Profile.Members.Remove = "value"
	var ids []string
	for i := range 9 {
		ids = append(ids, w.user(fmt.Sprintf("u%d", i)))
	}
	patches := 0
	w.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if r.Method == "PATCH" {
			if patches++; patches == 3 {
				return &standin.Fault{Status: 500}
			}
		}
		return nil
	})
	group := w.group("Vente", ids...)
	w.push()
	w.wantState("Group", group, push.StateFailed)
	w.later(time.Minute)
	w.wantState("Group", group, push.StateConfirmed)
	if patches != 4 {
		t.Errorf("%d member calls, want 4: three, one of them failed, and that one again", patches)
	}
}

func oneMemberThatTheAppRefusesDoesNotKeepTheOthersOut(t *testing.T, w *world) {
	a, b := w.user("a"), w.user("b")
	w.push()
	w.stand.Remove(w.account("User", a).RemoteID) // the app lost it, nobody knows yet
	group := w.group("Vente", a, b)
	w.push()
	w.wantMembers("Vente", "b")
	if g := w.wantState("Group", group, push.StateFailed); g.Class != push.ClassNeedsData {
		t.Errorf("class %s", g.Class)
	}
}

// apps.md 5, complaint 7.
func membershipsComeBackWithReactivation(t *testing.T, w *world) {
	w.stand.Profile.Answers.ForgetsMembers = true
	a, b := w.user("a"), w.user("b")
	w.group("Vente", a, b)
	w.push()
	w.set("User", a, "active", false)
	w.push()
	w.wantMembers("Vente", "b")
	w.set("User", a, "active", true)
	w.push()
	w.wantMembers("Vente", "a", "b")
}

// Apps that hold a member as often as they are given one, as SCIM-SDK and scimmy do: who may be in the Group already is looked
// for before they are sent again.
func nobodyBecomesAMemberTwice(t *testing.T, w *world) {
	w.stand.Doubles = true
	w.change(func(a *push.App) { a.LinkExisting = true })
	a, b := w.user("a"), w.user("b")
	w.push()
	w.stand.AddGroup(map[string]any{"displayName": "Achats", "members": []any{map[string]any{"value": w.account("User", a).RemoteID}}})
	group := w.group("Vente", a)
	w.group("Achats", a, b)
	w.push()
	w.wantMembers("Achats", "a", "b")

	w.set("User", a, "active", false)
	w.push()
	w.set("User", a, "active", true)
	w.push()
	w.wantMembers("Vente", "a")
	w.wantMembers("Achats", "a", "b")

	lost := false
	w.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if r.Method != "PATCH" || !strings.HasPrefix(r.Path, "/Groups") || lost {
			return nil
		}
		lost = true
		return &standin.Fault{Drop: true, Commit: true}
	})
	w.modify("Group", group, resources.OpAdd, "members", refs([]string{b}))
	w.push()
	w.later(time.Minute)
	w.wantState("Group", group, push.StateConfirmed)
	w.wantMembers("Vente", "a", "b")
}

func oneOnHoldLeavesItsGroupsInTheApp(t *testing.T, w *world) {
	a, b := w.user("a"), w.user("b")
	w.group("Vente", a, b)
	w.push()
	w.policy.held.Store("a@atelier.fr", "outside-domain")
	w.set("User", a, "title", "x")
	w.push()
	w.wantMembers("Vente", "b")
}

func aGroupIsRenamed(t *testing.T, w *world) {
	group := w.group("Vente", w.user("a"))
	w.push()
	w.set("Group", group, "displayName", "Ventes")
	w.push()
	w.wantMembers("Ventes", "a")
	w.wantState("Group", group, push.StateConfirmed)
}

func whereRenamingIsUnsupportedTheMembersStillFollow(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.Profile = "empty-groups" })
	group := w.group("Vente")
	w.push()
	w.set("Group", group, "displayName", "Ventes")
	w.modify("Group", group, resources.OpAdd, "members", refs([]string{w.user("a")}))
	w.push()
	w.wantMembers("Vente", "a")
	if g := w.wantState("Group", group, push.StateFailed); g.Class != push.ClassUnsupported {
		t.Errorf("class %s, error %s", g.Class, g.Error)
	}
}

// A Group made from here goes with its cause; one that was there before loses only the members put in from here.
func whatBecomesOfAGroupThatIsRemoved(t *testing.T, w *world) {
	w.change(func(a *push.App) { a.LinkExisting = true })
	hand := w.stand.Add(map[string]any{"userName": "hand@elsewhere.fr", "active": true})
	w.stand.AddGroup(map[string]any{"displayName": "Achats", "members": []any{map[string]any{"value": hand}}})
	a := w.user("a")
	made, linked := w.group("Vente", a), w.group("Achats", a)
	w.push()
	if m, _ := w.stand.Members("Achats"); len(m) != 2 {
		t.Fatalf("members of the linked Group: %v", m)
	}
	w.remove("Group", made)
	w.remove("Group", linked)
	w.push()
	if _, there := w.stand.Members("Vente"); there {
		t.Error("the Group made from here is still there")
	}
	if m, there := w.stand.Members("Achats"); !there || !slices.Equal(m, []string{"hand@elsewhere.fr"}) {
		t.Errorf("the linked Group has members %v (exists: %v), want only the one put in by hand", m, there)
	}
	w.wantState("Group", made, push.StateRemoved)
	w.wantState("Group", linked, push.StateRemoved)
}

func aGroupDeletedInTheAppIsMadeAgainWithItsMembers(t *testing.T, w *world) {
	group := w.group("Vente", w.user("a"))
	w.push()
	w.stand.Remove(w.account("Group", group).RemoteID)
	w.set("Group", group, "displayName", "Ventes")
	w.push()
	w.wantMembers("Ventes", "a")
}

// FusionAuth #2784: an app that keeps a hundred members of a Group, and says yes to more.
func anAppThatDropsMembersIsFoundOut(t *testing.T, w *world) {
	ids := w.staff(120)
	w.stand.KeepsMembers = 100
	group := w.group("Tous", ids...)
	w.push()
	a := w.wantState("Group", group, push.StateFailed)
	if a.Class != push.ClassNeedsData || !strings.Contains(a.Error, "took 120 members and shows 100") {
		t.Errorf("class %s: %s", a.Class, a.Error)
	}
	w.stand.KeepsMembers = 0
	must(t, w.db.RetryAccount(t.Context(), w.caller.Actor, w.caller.Company, a.ID, w.clock.Now()))
	w.push()
	w.wantState("Group", group, push.StateConfirmed)
	if names, _ := w.stand.Members("Tous"); len(names) != 120 {
		t.Errorf("%d members are there", len(names))
	}
}
