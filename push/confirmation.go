package push

import (
	"context"

	"proprio/resources"
)

// Confirmation is what an app said of a User's account when a change of it was done, and what it therefore should show.
type Confirmation struct {
	RemoteID string
	UserName string // empty: not known
	Active   bool
	Gone     bool // the app has no account of this id any more
}

// confirmations are what a written result says of accounts in the app: of the one that it leaves, and of the one that
// was there before when that is another.
func confirmations(before Account, r Result) []Confirmation {
	touched := r.Confirmed || len(r.Entries) > 0
	if before.ObjectType != resources.TypeUser || !touched {
		return nil
	}
	var out []Confirmation
	if before.RemoteID != "" && before.RemoteID != r.Account.RemoteID {
		out = append(out, Confirmation{RemoteID: before.RemoteID, Gone: true})
	}
	written, err := decodeFields(r.Account.Written)
	if err != nil || r.Account.RemoteID == "" {
		return out
	}
	name, _ := written["userName"].(string)
	return append(out, Confirmation{RemoteID: r.Account.RemoteID, UserName: name, Active: written["active"] != false})
}

// confirm notes what a written result says, until the batch is done.
func (w *worker) confirm(before Account, r Result) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.confirmed = append(w.confirmed, confirmations(before, r)...)
}

// tell hands on what the app confirmed in a batch.
func (w *worker) tell(ctx context.Context) {
	w.mu.Lock()
	confirmed := w.confirmed
	w.confirmed = nil
	w.mu.Unlock()
	if w.engine.Confirmed != nil && len(confirmed) > 0 {
		w.engine.Confirmed(ctx, w.app, confirmed)
	}
}
