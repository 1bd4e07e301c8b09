package manual

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"proprio/audit"
	"proprio/resources"
)

// Desk is where tasks are closed, checked and chased. All fields are required.
type Desk struct {
	Store Store
	// Terms are an app's own.
	Terms func(ctx context.Context, company, app string) (Terms, error)
	// Admins are the addresses of a company's administrators, to whom goes what stays late.
	Admins func(ctx context.Context, company string) ([]string, error)
	Now    func() time.Time
	Log    *slog.Logger
}

// Terms are how long an app's export may lag behind what is done there, and how long a task may be late before the
// administrators are told.
type Terms struct {
	Grace, Escalate time.Duration
}

// Settings are an app's terms as an administrator sets them, in days.
type Settings struct {
	GraceDays    int `json:"graceDays,omitempty"`    // 0: 3
	EscalateDays int `json:"escalateDays,omitempty"` // 0: 3
}

const (
	graceDays    = 3
	escalateDays = 3
	mostDays     = 365
)

// Check says what is wrong with settings.
func (s Settings) Check() error {
	if s.GraceDays < 0 || s.GraceDays > mostDays || s.EscalateDays < 0 || s.EscalateDays > mostDays {
		return resources.Errorf(resources.ErrInvalidValue, "", "tasks: want graceDays and escalateDays of 0 to %d, not %d and %d",
			mostDays, s.GraceDays, s.EscalateDays)
	}
	return nil
}

// Terms are what the settings say.
func (s Settings) Terms() Terms {
	const day = 24 * time.Hour
	return Terms{Grace: day * time.Duration(cmp.Or(s.GraceDays, graceDays)), Escalate: day * time.Duration(cmp.Or(s.EscalateDays, escalateDays))}
}

// Done closes a task that has been done.
func (d *Desk) Done(ctx context.Context, by audit.Actor, company, id string, c Closing) (Task, error) {
	return d.Store.ChangeTask(ctx, company, id, func(t Task) (Change, error) {
		t, err := t.Done(c, d.Now())
		return Change{Task: t, Entry: d.entry(by, t, "said to be done: "+t.Proof)}, err
	})
}

// Refuse closes a task that is not going to be done; the proof is the reason.
func (d *Desk) Refuse(ctx context.Context, by audit.Actor, company, id string, c Closing) (Task, error) {
	return d.Store.ChangeTask(ctx, company, id, func(t Task) (Change, error) {
		t, err := t.Refuse(c, d.Now())
		return Change{Task: t, Entry: d.entry(by, t, "refused: "+t.Proof)}, err
	})
}

func (d *Desk) entry(by audit.Actor, t Task, reason string) audit.Entry {
	return audit.Entry{Company: t.Company, At: d.Now(), Actor: by, Action: audit.ActionModify, ObjectType: "task", ObjectID: t.ID,
		ObjectName: t.Title(), Changed: []string{"state"}, Reason: reason}
}

// Title names a task for a reader: what it is about, and where.
func (t Task) Title() string { return t.ObjectName + " (" + t.AppName + ")" }

// Report is what an export said, in numbers of tasks.
type Report struct {
	Accounts  int `json:"accounts"`  // in the export
	Confirmed int `json:"confirmed"` // the export shows what was asked for
	Noted     int `json:"noted"`     // it contradicts, but may lag
	Reopened  int `json:"reopened"`  // it contradicts, long after they were said to be done
	Older     int `json:"older"`     // closed after the export was made
	Unseen    int `json:"unseen"`    // about what it does not show
	Open      int `json:"open"`      // not done yet
	Refused   int `json:"refused"`   // somebody refused to do it, and it is not done
}

// Confirm reads an export of an app back: each task of a User is confirmed, left, or opened again.
func (d *Desk) Confirm(ctx context.Context, by audit.Actor, company, app string, e Export) (Report, error) {
	r := Report{Accounts: len(e.Accounts)}
	if now := d.Now(); e.At.IsZero() || e.At.After(now.Add(time.Minute)) {
		return r, resources.Errorf(resources.ErrInvalidValue, "exported", "an export of %s: want the time at which it was made", e.At.Format(time.RFC3339))
	}
	terms, err := d.Terms(ctx, company, app)
	if err != nil {
		return r, err
	}
	tasks, err := d.Store.LatestTasks(ctx, company, app)
	if err != nil {
		return r, err
	}
	listed, err := e.accounts(tasks)
	if err != nil {
		return r, err
	}
	if err := listed.plausible(tasks); err != nil {
		return r, err
	}
	for _, t := range tasks {
		if err := d.confirmOne(ctx, by, t, listed, e.At, terms, &r); err != nil {
			return r, fmt.Errorf("task %s: %w", t.ID, err)
		}
	}
	return r, nil
}

// plausible refuses a list that can hardly be this app's: nothing may be concluded from what is not in it.
func (x accounts) plausible(tasks []Task) error {
	if len(x.byName) == 0 {
		return resources.Errorf(resources.ErrInvalidValue, "", "the export lists no account with an address: nothing is concluded from it")
	}
	there, found := 0, 0
	for _, t := range tasks {
		if t.Action == ActionDeactivate || t.State != StateDone && t.State != StateConfirmed {
			continue
		}
		there++
		if says, _, err := x.judge(t); err == nil && says == agrees {
			found++
		}
	}
	if there >= 3 && found == 0 {
		return resources.Errorf(resources.ErrInvalidValue, "", "none of the %d accounts that were said to be there is in the export: is it of this app, and whole?", there)
	}
	return nil
}

// confirmOne concludes from an export about one task.
func (d *Desk) confirmOne(ctx context.Context, by audit.Actor, seen Task, x accounts, at time.Time, terms Terms, r *Report) error {
	found, words, err := x.judge(seen)
	if err != nil {
		return err
	}
	move, count := conclude(seen, found, at, terms, r)
	*count++
	if move == nil {
		return nil
	}
	_, err = d.Store.ChangeTask(ctx, seen.Company, seen.ID, func(t Task) (Change, error) {
		if t.Revision != seen.Revision {
			return Change{}, errMoved
		}
		move(&t, words, d.Now())
		t.Revision++
		return Change{Task: t, Entry: d.entry(by, t, "an export of "+at.UTC().Format(time.DateOnly)+": "+or(words, "as asked for"))}, nil
	})
	if errors.Is(err, errMoved) {
		return nil // somebody was at it meanwhile: the next export says more
	}
	return err
}

var errMoved = errors.New("the task has changed meanwhile")

func or(text, otherwise string) string {
	if text != "" {
		return text
	}
	return otherwise
}

// move is what becomes of a task after an export.
type move func(t *Task, words string, now time.Time)

// conclude says what follows from what an export shows of a task: nil, nothing; and where it is counted.
func conclude(t Task, found says, at time.Time, terms Terms, r *Report) (move, *int) {
	confirm := func(t *Task, _ string, now time.Time) {
		if t.State != StateDone && t.State != StateConfirmed {
			t.Closed, t.ClosedBy, t.Proof = now, "", "an export of "+at.UTC().Format(time.RFC3339)+" shows it"
			t.Step, t.StepAt = 0, time.Time{}
		}
		t.State, t.ConfirmedAt, t.Noted = StateConfirmed, at, ""
	}
	switch {
	case t.State == StateOpen && (found != agrees || !at.After(t.Since)):
		return nil, &r.Open
	case t.State == StateRefused && !doneAllTheSame(t, found, at, terms):
		return nil, &r.Refused
	case t.State == StateWithdrawn && !doneAllTheSame(t, found, at, terms):
		return nil, new(int)
	case t.State == StateDone && !at.After(t.Closed), t.State == StateConfirmed && !at.After(t.ConfirmedAt):
		return nil, &r.Older
	case found == saysNothing:
		return nil, &r.Unseen
	case found == agrees:
		return confirm, &r.Confirmed
	case at.Before(t.Closed.Add(terms.Grace)):
		return func(t *Task, words string, _ time.Time) { t.Noted = noted(at, words) }, &r.Noted
	}
	return func(t *Task, words string, now time.Time) {
		t.State, t.Closed, t.ClosedBy, t.Proof, t.Reference = StateOpen, time.Time{}, "", "", ""
		t.ConfirmedAt, t.Noted = time.Time{}, noted(at, words)
		t.Since, t.Due = now, now.Add(reopenedWithin)
	}, &r.Reopened
}

// doneAllTheSame says that an export shows what nobody was to do any more, or somebody refused to. The engine then finds out
// what is needed instead: a leaver's account that was made too late is to be closed. That an account is not listed may be the
// export's lag.
func doneAllTheSame(t Task, found says, at time.Time, terms Terms) bool {
	from := t.Closed
	if t.Action == ActionDeactivate {
		from = from.Add(terms.Grace)
	}
	return found == agrees && at.After(from)
}

// reopenedWithin is how soon work has to be done that was said to be done and is not.
const reopenedWithin = 24 * time.Hour

func noted(at time.Time, words string) string {
	return "an export of " + at.UTC().Format(time.RFC3339) + " shows: " + words
}
