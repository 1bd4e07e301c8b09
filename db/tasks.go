package db

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/ownership"
	"proprio/push"
	"proprio/push/manual"
)

var _ manual.Store = (*DB)(nil)

// fileTask writes what becomes of an account's task after the engine found out what it needs. The account's row, which was
// written before, is locked: nobody closes the task meanwhile.
func (d *DB) fileTask(ctx context.Context, tx *sqlx.Tx, r push.Result, now time.Time) error {
	n, a := r.Need, r.Account
	if n == nil {
		return nil
	}
	latest, err := d.latestTask(ctx, tx, a.Company, a.ID)
	if err != nil && !isNotFound(err) {
		return err
	}
	if n.Seen.ID != "" && n.Applied != n.Seen.Applied {
		_, err = d.exec(ctx, tx, `update tasks set applied = ? where company_id = ? and id = ?`, n.Applied, a.Company, n.Seen.ID)
		if err != nil {
			return err
		}
	}
	if latest.ID != n.Seen.ID || latest.Revision != n.Seen.Revision {
		return nil // somebody was at it meanwhile, and made the account due again
	}
	latest.Applied = n.Applied
	t, isNew, changed := n.Follow(latest, now)
	if !changed {
		return nil
	}
	action := audit.ActionModify
	if isNew {
		action, t.ID, t.Number = audit.ActionCreate, newID(), latest.Number+1
		t.Company, t.App, t.Account, t.ObjectType, t.ObjectID = a.Company, a.App, a.ID, a.ObjectType, a.ObjectID
	}
	t.ObjectName = a.ObjectName
	if err := d.putTask(ctx, tx, t, isNew); err != nil {
		return err
	}
	app, err := d.appName(ctx, tx, a.Company, a.App)
	if err != nil {
		return err
	}
	t.AppName = app
	return d.appendEntries(ctx, tx, audit.Entry{Company: a.Company, At: now, Actor: audit.Actor{Kind: audit.ActorSystem, Name: "push"}, Action: action,
		ObjectType: "task", ObjectID: t.ID, ObjectName: t.Title(), Changed: []string{string(t.State)}, Reason: t.Why})
}

func (d *DB) appName(ctx context.Context, tx *sqlx.Tx, company, app string) (name string, err error) {
	err = d.get(ctx, tx, &name, `select name from apps where company_id = ? and id = ?`, company, app)
	return name, err
}

// putTask writes a task: a new one, or in the place of itself. The finding that it is late goes with its lateness.
func (d *DB) putTask(ctx context.Context, tx *sqlx.Tx, t manual.Task, isNew bool) error {
	lines := t.Lines
	if lines == nil {
		lines = []manual.Line{}
	}
	_, err := d.exec(ctx, tx, `insert into tasks (company_id, id, app_id, account_id, number, object_type, object_id, object_name, action, lines, why,
			before_doc, wanted_doc, revision, applied, state, opened, since, due, closed, closed_by, proof, reference, noted, confirmed_at, step, step_at)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		on conflict (company_id, id) do update set object_name = excluded.object_name, action = excluded.action, lines = excluded.lines,
			why = excluded.why, before_doc = excluded.before_doc, wanted_doc = excluded.wanted_doc, revision = excluded.revision,
			applied = excluded.applied, state = excluded.state, since = excluded.since, due = excluded.due, closed = excluded.closed,
			closed_by = excluded.closed_by, proof = excluded.proof, reference = excluded.reference, noted = excluded.noted,
			confirmed_at = excluded.confirmed_at, step = excluded.step, step_at = excluded.step_at`,
		t.Company, t.ID, t.App, t.Account, t.Number, t.ObjectType, t.ObjectID, storable(t.ObjectName), string(t.Action), jsonText(lines), storable(t.Why),
		string(t.Before), string(t.Wanted), t.Revision, t.Applied, string(t.State), micros(t.Opened), micros(t.Since), micros(t.Due), micros(t.Closed),
		storable(t.ClosedBy), storable(t.Proof), storable(t.Reference), storable(t.Noted), micros(t.ConfirmedAt), t.Step, micros(t.StepAt))
	if err != nil || isNew || t.Step > 0 {
		return err
	}
	_, err = d.exec(ctx, tx, `update findings set closed = ? where company_id = ? and app_id = '' and kind = ? and object_type = 'task' and object_id = ? and closed = 0`,
		micros(d.now()), t.Company, string(ownership.FindingLateTask), t.ID)
	return err
}

// ChangeTask implements manual.Store. The account's row is the lock, as it is for the engine.
func (d *DB) ChangeTask(ctx context.Context, company, id string, f func(manual.Task) (manual.Change, error)) (manual.Task, error) {
	seen, err := d.Task(ctx, company, id)
	if err != nil {
		return seen, err
	}
	var changed manual.Task
	err = d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		var account string
		err := d.get(ctx, tx, &account, `select id from accounts where company_id = ? and id = ?`+d.dialect.forUpdate(), company, seen.Account)
		if err != nil {
			return fmt.Errorf("account of task %s: %w", id, err)
		}
		t, err := d.task(ctx, tx, company, id)
		if err != nil {
			return err
		}
		c, err := f(t)
		if err != nil {
			return err
		}
		changed = c.Task
		return d.writeChange(ctx, tx, c)
	})
	return changed, err
}

func (d *DB) writeChange(ctx context.Context, tx *sqlx.Tx, c manual.Change) error {
	err := d.putTask(ctx, tx, c.Task, false)
	if err == nil && c.Finding != nil {
		err = d.tellLate(ctx, tx, *c.Finding)
	}
	if err == nil && !c.Quiet {
		_, err = d.exec(ctx, tx, `update accounts set wanted_gen = wanted_gen + 1, state = 'pending', attempts = 0, next_attempt = ?
			where company_id = ? and id = ?`, micros(c.Entry.At), c.Task.Company, c.Task.Account)
	}
	if err != nil {
		return err
	}
	return d.appendEntries(ctx, tx, c.Entry)
}

// tellLate opens the finding that a task is late, or changes the one that is open.
func (d *DB) tellLate(ctx context.Context, tx *sqlx.Tx, f ownership.Finding) error {
	open, err := d.findings(ctx, tx, `closed = 0 and company_id = ? and app_id = '' and kind = ? and object_type = ? and object_id = ?`,
		f.Company, string(f.Kind), f.ObjectType, f.ObjectID)
	if err != nil {
		return err
	}
	f.ID = newID()
	if len(open) > 0 {
		f.ID, f.Opened = open[0].ID, open[0].Opened
	}
	return d.putFindings(ctx, tx, []ownership.Finding{f})
}

// askAgain takes refusals back: the accounts' needs become tasks again. Of one account, or of all of an app.
func (d *DB) askAgain(ctx context.Context, tx *sqlx.Tx, company, app, account string) error {
	_, err := d.exec(ctx, tx, `update tasks set state = ?, revision = revision + 1 where company_id = ? and state = ? and app_id = ? and (? = '' or account_id = ?)`,
		string(manual.StateWithdrawn), company, string(manual.StateRefused), app, account, account)
	return err
}
