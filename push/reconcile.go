package push

import (
	"context"
	"errors"
	"time"

	"proprio/audit"
)

// Reconciliation is how an app stood to the directory when it was last compared with it.
type Reconciliation struct {
	Company  string       `json:"-"`
	App      string       `json:"app"` // id
	Begun    time.Time    `json:"begun"`
	Finished time.Time    `json:"finished,omitzero"` // zero: it goes on, or was broken off
	Error    string       `json:"error,omitempty"`   // why there is no result
	Repaired int          `json:"repaired"`          // accounts that were sent again
	Tally    Tally        `json:"tally"`
	Lines    []Comparison `json:"lines"` // what is not as it should be, the first thousand
}

// linesKept bounds Reconciliation.Lines: more is nothing that people read.
const linesKept = 1000

// Reconcile compares an app with the directory and keeps the result; with repair it has what is different or missing sent
// again. An error is kept, too, and returned.
func (e *Engine) Reconcile(ctx context.Context, by audit.Actor, app App, repair bool) (Reconciliation, error) {
	r := Reconciliation{Company: app.Company, App: app.ID, Begun: e.Now(), Tally: Tally{At: e.Now().UTC(), Of: app.Mark()}, Lines: []Comparison{}}
	if err := e.Store.BeginReconciliation(ctx, app.Company, app.ID, r.Begun); err != nil {
		return r, err
	}
	return r, e.reconcile(ctx, by, app, repair, &r)
}

func (e *Engine) reconcile(ctx context.Context, by audit.Actor, app App, repair bool, r *Reconciliation) error {
	var repairs []Repair
	asked := repair && by.Kind != audit.ActorSystem // somebody says so: it is looked at account by account
	err := e.compare(ctx, app, asked, func(line Comparison) error {
		r.Tally.Add(line)
		if line.Verdict != Matched && len(r.Lines) < linesKept {
			r.Lines = append(r.Lines, line)
		}
		if one, ok := line.repair(); ok && repair {
			repairs = append(repairs, one)
		}
		return nil
	})
	if err == nil {
		r.Repaired, err = e.send(ctx, by, app, repairs)
	}
	r.Finished = e.Now()
	if err != nil {
		r.Error, r.Tally, r.Lines = err.Error(), Tally{At: r.Tally.At, Of: r.Tally.Of}, []Comparison{} // half a list says nothing
	}
	kept := e.Store.FinishReconciliation(context.WithoutCancel(ctx), *r)
	return errors.Join(err, kept)
}

// A night is when few people work in Europe. An app is compared once in each; one whose server is off at night, when it is
// overdue.
const (
	nightBegins, nightEnds = 1, 5 // hours, UTC
	nightly                = 20 * time.Hour
	overdue                = 48 * time.Hour
)

// Nightly compares each app with the directory once a night, repairs where the app's settings say so, and has deleted what
// is to be deleted. What fails with one app is kept with its result, and keeps no other from its turn.
func (e *Engine) Nightly(ctx context.Context) error {
	age := overdue
	if h := e.Now().UTC().Hour(); h >= nightBegins && h < nightEnds {
		age = nightly
	}
	apps, err := e.Store.AppsToReconcile(ctx, e.Now(), e.Now().Add(-age))
	if err != nil {
		return err
	}
	for _, app := range apps {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if p, ok := e.Profiles.Get(app.Profile); ok && p.ByHand() {
			continue // there is nothing to read: see manual.Desk.Confirm
		}
		if alarms, err := Alarms(ctx, e.Store, app, e.Now()); err == nil && len(alarms) > 0 {
			e.Log.WarnContext(ctx, "look after an app's credential", "app", app.Name, "company", app.Company, "alarm", alarms[0].String())
		}
		by := audit.Actor{Kind: audit.ActorSystem, Name: "reconciliation"}
		r, err := e.Reconcile(ctx, by, app, app.Settings.Repair)
		if _, err := e.Expire(ctx, app); err != nil { // what goes now does not disturb the reading
			e.Log.WarnContext(ctx, "accounts that are to be deleted were not looked for", "app", app.Name, "error", err)
		}
		if err != nil {
			e.Log.WarnContext(ctx, "app not compared with the directory", "app", app.Name, "company", app.Company, "error", err)
			continue
		}
		e.Log.InfoContext(ctx, "app compared with the directory", "app", app.Name, "company", app.Company, "matched", r.Tally.Verdicts[Matched],
			"different", r.Tally.Verdicts[Different], "missing", r.Tally.Verdicts[Missing], "extra", r.Tally.Verdicts[Extra], "repaired", r.Repaired)
	}
	return nil
}
