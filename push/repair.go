package push

import (
	"context"
	"slices"

	"proprio/audit"
	"proprio/resources"
)

// send has the accounts that a comparison found different or missing sent again. What did not come from here is not touched,
// and what waits for a decision goes on waiting. It returns how many it made due, also before an error; who asked for it is on
// record.
func (e *Engine) send(ctx context.Context, by audit.Actor, app App, repairs []Repair) (int, error) {
	if len(repairs) == 0 {
		return 0, nil
	}
	defer e.Wake()
	done := 0
	entries := []audit.Entry{{Company: app.Company, At: e.Now(), Actor: by, Action: audit.ActionSync, ObjectType: "app",
		ObjectID: app.ID, ObjectName: app.Name, Reason: "repair"}}
	for part := range slices.Chunk(repairs, planBatch) {
		n, err := e.Store.RepairAccounts(ctx, app.Company, app.ID, e.Now(), part, entries...)
		done += n
		if err != nil {
			return done, err
		}
		entries = nil
	}
	return done, nil
}

// repair is what to note of a line's account so that the engine sends the difference; false: there is none to send, or no
// account yet, which is made without being told.
func (c Comparison) repair() (Repair, bool) {
	r := Repair{Account: c.account.ID, WantedGen: c.account.WantedGen}
	switch {
	case r.Account == "" || c.Action == ActionDecide || c.account.State == StateHeld || c.account.State == StateKept:
		return r, false
	case c.Verdict == Missing:
		return r, c.account.RemoteID != ""
	case c.Verdict != Different:
		return r, false
	case c.ObjectType == resources.TypeUser:
		r.Written = encodeFields(c.shown)
		return r, c.shown != nil
	}
	record, err := readGroupRecord(c.account.Written)
	if err != nil || c.members == nil {
		return r, false
	}
	record.Members, record.DisplayName = c.members, c.shownName
	r.Written = encodeFields(record)
	return r, true
}
