package manual

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"proprio/audit"
	"proprio/ownership"
)

// The steps of escalation: who has been told that a task is late.
const (
	StepResponsible = 1 // the one who answers for the app
	StepAdmins      = 2 // the company's administrators; the last
)

const escalationBatch = 100 // tasks that are read at once

// Escalate tells of what is late: once the one who answers for the app, and later, once, the administrators.
func (d *Desk) Escalate(ctx context.Context) error {
	var failed error
	known := map[string]Terms{} // by app
	for after := ""; ; {
		tasks, err := d.Store.LateTasks(ctx, d.Now(), after, escalationBatch)
		if err != nil || len(tasks) == 0 {
			return errors.Join(failed, err)
		}
		for _, t := range tasks {
			if err := d.escalate(ctx, t, known); err != nil && ctx.Err() == nil {
				failed = errors.Join(failed, fmt.Errorf("tell that task %s is late: %w", t.ID, err))
			}
		}
		after = tasks[len(tasks)-1].ID
	}
}

// escalate takes the next step for one task, if it is time.
func (d *Desk) escalate(ctx context.Context, seen Task, known map[string]Terms) (err error) {
	terms, ok := known[seen.App]
	if !ok {
		if terms, err = d.Terms(ctx, seen.Company, seen.App); err != nil {
			return err
		}
		known[seen.App] = terms
	}
	now, step := d.Now(), StepResponsible
	if seen.Responsible == "" || !now.Before(seen.Due.Add(terms.Escalate)) {
		step = StepAdmins // a task that nobody looked at for so long is told to both at once
	}
	if seen.Step >= step {
		return nil
	}
	owner := seen.Responsible
	if step == StepAdmins {
		admins, err := d.Admins(ctx, seen.Company)
		if err != nil {
			return err
		}
		if len(admins) > 0 {
			owner = strings.Join(admins, ", ")
		}
	}
	_, err = d.Store.ChangeTask(ctx, seen.Company, seen.ID, func(t Task) (Change, error) {
		if t.Revision != seen.Revision || t.Step >= step {
			return Change{}, errMoved
		}
		t.Step, t.StepAt = step, now
		f := t.finding(owner, terms, now)
		entry := d.entry(audit.Actor{Kind: audit.ActorSystem, Name: "escalation"}, t, "late; told to "+or(owner, "nobody: no one answers for the app, and there is no administrator"))
		entry.Changed = []string{"step"}
		return Change{Task: t, Finding: &f, Entry: entry, Quiet: true}, nil
	})
	if errors.Is(err, errMoved) {
		return nil
	}
	if err == nil {
		d.Log.InfoContext(ctx, "task late", "task", seen.ID, "app", seen.AppName, "object", seen.ObjectName, "step", step, "told", owner)
	}
	return err
}

// finding is what is told of a late task. Access that should have ended is the graver harm.
func (t Task) finding(owner string, terms Terms, now time.Time) ownership.Finding {
	severity, due := ownership.Medium, t.Due.Add(terms.Escalate)
	if t.Action.TakesAway() {
		severity = ownership.High
	}
	if t.Step == StepAdmins {
		due = now.Add(24 * time.Hour)
		if severity == ownership.High {
			severity = ownership.Critical
		} else {
			severity = ownership.High
		}
	}
	f := ownership.LateTask(t.Company, t.ID, t.Title(), owner, severity)
	f.Opened, f.Due = now, due
	return f
}
