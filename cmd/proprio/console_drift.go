package main

import (
	"context"
	"errors"
	"time"

	"proprio/audit"
	"proprio/console"
	"proprio/push"
	"proprio/resources"
)

// believed is how long a comparison of another replica, or of a command, is taken to go on without a sign of it.
const believed = 15 * time.Minute

// consoleDrift lets the console compare apps with the directory.
type consoleDrift struct{ i *instance }

// Comparison implements console.Drift.
func (d consoleDrift) Comparison(ctx context.Context, company, app string) (console.Comparison, error) {
	last, err := d.i.db.LastReconciliation(ctx, company, app)
	if errors.Is(err, resources.ErrNotFound) {
		return console.Comparison{Running: d.i.comparisons.goesOn(app)}, nil
	}
	if err != nil {
		return console.Comparison{}, err
	}
	return consoleComparison(last, d.i.comparisons.goesOn(app), d.i.now()), nil
}

func consoleComparison(last push.Reconciliation, here bool, now time.Time) console.Comparison {
	open := last.Finished.Before(last.Begun)
	out := console.Comparison{
		Begun: last.Begun, Finished: last.Finished, Error: last.Error, Repaired: last.Repaired, Of: last.Tally.Of,
		Verdicts: map[string]int{}, Actions: map[string]int{}, Running: here || open && now.Sub(last.Begun) < believed,
	}
	out.Broken = open && !out.Running
	for verdict, n := range last.Tally.Verdicts {
		out.Verdicts[string(verdict)] = n
	}
	for action, n := range last.Tally.Actions {
		out.Actions[string(action)] = n
	}
	for _, l := range last.Lines {
		out.Lines = append(out.Lines, console.ComparisonLine{
			ObjectType: l.ObjectType, ObjectID: l.ObjectID, Name: l.Name, RemoteID: l.RemoteID, Verdict: string(l.Verdict),
			Action: string(l.Action), Attributes: l.Attributes, Why: l.Why,
		})
	}
	return out
}

// Compare implements console.Drift.
func (d consoleDrift) Compare(ctx context.Context, actor audit.Actor, company, app string, repair bool) error {
	found, err := d.i.db.App(ctx, company, app)
	if err != nil {
		return err
	}
	last, err := d.Comparison(ctx, company, app)
	if err != nil || last.Running && !d.i.comparisons.goesOn(app) { // another replica does
		return err
	}
	return d.i.comparisons.begin(ctx, actor, found, repair)
}
