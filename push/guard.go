package push

import (
	"context"
	"fmt"
	"slices"
	"time"

	"proprio/audit"
	"proprio/resources"
)

// Guard bounds how many accounts and groups an app loses within a day without anybody's decision: an identity provider
// that suddenly tells of hundreds of leavers is more often broken than right.
type Guard struct {
	Off     bool `json:"off,omitempty"`
	Count   int  `json:"count,omitempty"`   // more than that many are held; 0: 500
	Percent int  `json:"percent,omitempty"` // more than that share of what the app holds is held; 0: 10
}

const (
	guardWindow  = 24 * time.Hour
	guardAlways  = 5 // so many are never held: a firm of ten people loses two in a week
	guardCount   = 500
	guardPercent = 10
)

// Check says what is wrong with a guard.
func (g Guard) Check() error {
	if g.Count < 0 || g.Percent < 0 || g.Percent > 100 {
		return resources.Errorf(resources.ErrInvalidValue, "",
			"guard: want a count of 0 or more and a percent from 0 to 100, not %d and %d; off lets everything pass", g.Count, g.Percent)
	}
	return nil
}

// limit is how many may go, of so many that the app held.
func (g Guard) limit(of int) int {
	count, percent := g.Count, g.Percent
	if count == 0 {
		count = guardCount
	}
	if percent == 0 {
		percent = guardPercent
	}
	return max(guardAlways, min(count, of*percent/100))
}

// Removals counts what an app loses: accounts and groups whose access ends.
type Removals struct {
	Due  int // to be taken away now
	Held int // waiting for a decision
	Done int // taken away within the window without a decision
	Live int // what the app holds now, the due and the held among it; counted only when asked for
}

// endsAccess says whether a due account is one whose access is to end.
func endsAccess(a Account) bool { return (a.Rank == RankRevoke || a.Wish == WishInactive) && live(a) }

// takesAway says whether a due account ends somebody's access, and nobody has decided that it may.
func takesAway(a Account) bool { return a.AllowedGen != a.WantedGen && endsAccess(a) }

// live says whether the app holds the account, and lets its owner in.
func live(a Account) bool {
	if a.RemoteID == "" {
		return false
	}
	written, err := decodeFields(a.Written)
	return err != nil || written["active"] != false
}

// guard holds the removals among due accounts, and all others of the app, when they are too many. It returns what may be
// sent.
func (w *worker) guard(ctx context.Context, due []Account) ([]Account, error) {
	guard := w.app.Settings.Guard
	if guard.Off || !slices.ContainsFunc(due, takesAway) {
		return due, nil
	}
	now := w.engine.Now()
	r, err := w.engine.Store.Removals(ctx, w.lease, now, now.Add(-guardWindow), false)
	going := r.Due + r.Held + r.Done
	if err != nil || going <= guardAlways {
		return due, err
	}
	if w.holds == 0 { // counting them takes a while where there are many, so it is done once for a worker's life
		if r, err = w.engine.Store.Removals(ctx, w.lease, now, now.Add(-guardWindow), true); err != nil {
			return due, err
		}
		w.holds = r.Live + r.Done
	}
	limit := guard.limit(w.holds)
	if going <= limit {
		return due, nil
	}
	n, err := w.engine.Store.HoldRemovals(ctx, w.lease, now, w.heldEntry(now, going, limit))
	if err != nil || n == 0 {
		return due, err
	}
	w.log.Warn("removals held: an administrator has to allow or reject them", "held", n, "within_a_day", going, "limit", limit)
	return slices.DeleteFunc(due, takesAway), nil
}

func (w *worker) heldEntry(now time.Time, going, limit int) audit.Entry {
	return audit.Entry{Company: w.app.Company, At: now, Actor: audit.Actor{Kind: audit.ActorSystem, Name: "push"}, Action: audit.ActionHold,
		ObjectType: "app", ObjectID: w.app.ID, ObjectName: w.app.Name, Changed: []string{"removals"},
		Reason: fmt.Sprintf("%d accounts or groups would go within a day; %d may", going, limit)}
}

// Decide allows held removals, which are sent at once, or rejects them: then the app keeps what it holds until the person, the
// group or the app's settings change again. accounts are the ids of rows; none: all that are held. It returns how many it
// decided about.
func (e *Engine) Decide(ctx context.Context, by audit.Actor, app App, allow bool, accounts ...string) (int, error) {
	action, words := audit.ActionRelease, "removals allowed"
	if !allow {
		action, words = audit.ActionRefuse, "removals rejected"
	}
	n, err := e.Store.DecideRemovals(ctx, app.Company, app.ID, e.Now(), allow, accounts, audit.Entry{Company: app.Company, At: e.Now(), Actor: by,
		Action: action, ObjectType: "app", ObjectID: app.ID, ObjectName: app.Name, Changed: []string{"removals"}, Reason: words})
	e.Wake()
	return n, err
}
