package push_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"proprio/audit"
	"proprio/push"
)

// TestResyncIsRecorded: who asked for everything to be sent again is on record, once, in the transaction that raises the
// first accounts.
func TestResyncIsRecorded(t *testing.T) {
	each(t, []scenario{askedForOfAnEmptyCompany, askedForOfManyPages, askedForInVain})
}

var asker = audit.Actor{Kind: audit.ActorAdmin, ID: "a-1", Name: "it@firm.example"}

func (w *world) planner() *push.Planner {
	return &push.Planner{Store: w.db, Profiles: w.engine.Profiles, Now: w.clock.Now}
}

// wantSyncs compares the requests on record with those wanted.
func (w *world) wantSyncs(want ...audit.Entry) {
	w.t.Helper()
	all, err := w.db.Entries(w.t.Context(), w.caller.Company, audit.Query{})
	must(w.t, err)
	var syncs []audit.Entry
	for _, e := range all {
		if e.Action == audit.ActionSync {
			e.Seq, e.At = 0, time.Time{}
			syncs = append(syncs, e)
		}
	}
	if d := cmp.Diff(want, syncs); d != "" {
		w.t.Errorf("requests on record (-want +got):\n%s", d)
	}
}

func (w *world) syncEntry() audit.Entry {
	return audit.Entry{Company: w.caller.Company, Actor: asker, Action: audit.ActionSync, ObjectType: "app",
		ObjectID: w.app.ID, ObjectName: w.app.Name, Changed: []string{}}
}

func askedForOfAnEmptyCompany(t *testing.T, w *world) {
	n, err := w.planner().Resync(t.Context(), asker, w.app)
	if err != nil || n != 0 {
		t.Errorf("%d accounts raised: %v", n, err)
	}
	w.wantSyncs(w.syncEntry())
}

// A page is 200 objects; a page that is just full is followed by an empty one.
func askedForOfManyPages(t *testing.T, w *world) {
	intents := make([]push.Intent, 400)
	for i := range intents {
		intents[i] = push.Intent{App: w.app.ID, ObjectType: "User", ObjectID: newID(), ObjectName: "gone", Wish: push.WishInactive}
	}
	must(t, w.db.RaiseAccounts(t.Context(), w.caller.Company, w.clock.Now(), intents))
	n, err := w.planner().Resync(t.Context(), asker, w.app)
	if err != nil || n != len(intents) {
		t.Errorf("%d accounts raised: %v; want %d", n, err, len(intents))
	}
	w.wantSyncs(w.syncEntry())
}

// What raises nothing leaves no entry: both are one transaction.
func askedForInVain(t *testing.T, w *world) {
	intent := push.Intent{App: newID(), ObjectType: "User", ObjectID: newID(), ObjectName: "x", Wish: push.WishActive}
	err := w.db.RaiseAccounts(t.Context(), w.caller.Company, w.clock.Now(), []push.Intent{intent}, w.syncEntry())
	if err == nil {
		t.Error("an account was raised in an app that does not exist")
	}
	w.wantSyncs()
}
