package manual

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// Need is what an account needs now, as the engine found it under its lease of the app.
type Need struct {
	Action Action // empty: nothing
	Lines  []Line
	Why    string
	Days   int // until it has to be done
	// Before and Wanted are those of Task.
	Before, Wanted json.RawMessage
	// Seen is the account's latest task when the engine looked; its ID is empty when there was none. Should that have changed
	// meanwhile, nothing follows from the need: the engine looks again.
	Seen Task
	// Applied is what becomes of Seen.Applied.
	Applied bool
	// Known says that the engine found out what is needed; otherwise no task follows.
	Known bool
}

// Asks says whether a task asks for just this.
func (n Need) Asks(t Task) bool {
	return t.Action == n.Action && bytes.Equal(t.Wanted, n.Wanted) && bytes.Equal(t.Before, n.Before) && slices.Equal(t.Lines, n.Lines)
}

// Follow is the account's latest task, with what follows from the need. isNew says that it is another task; changed, that
// there is anything to write. Of a new one, the account, the object and the id are the caller's to fill in.
func (n Need) Follow(latest Task, now time.Time) (t Task, isNew, changed bool) {
	open := latest.ID != "" && latest.State == StateOpen
	switch {
	case !n.Known, n.Action == "" && !open:
		return latest, false, false
	case n.Action == "":
		latest.State, latest.Closed, latest.ClosedBy, latest.Proof = StateWithdrawn, now, "", n.Why
		latest.Step, latest.StepAt = 0, time.Time{}
		latest.Revision++
		return latest, false, true
	case open && n.Asks(latest):
		return latest, false, false
	}
	due := now.AddDate(0, 0, n.Days)
	if !open {
		latest = Task{State: StateOpen, Opened: now, Due: due}
	} else if latest.Action != n.Action {
		latest.Due, latest.Step, latest.StepAt = due, 0, time.Time{} // other work, with a time of its own
	}
	latest.Action, latest.Lines, latest.Why, latest.Before, latest.Wanted = n.Action, n.Lines, n.Why, n.Before, n.Wanted
	latest.Since, latest.Noted = now, ""
	latest.Revision++
	return latest, !open, true
}
