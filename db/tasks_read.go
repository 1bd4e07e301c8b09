package db

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/push/manual"
	"proprio/resources"
)

// taskRow is a row of tasks with what the app says of it.
type taskRow struct {
	Company     string `db:"company_id"`
	ID          string `db:"id"`
	App         string `db:"app_id"`
	Account     string `db:"account_id"`
	Number      int64  `db:"number"`
	ObjectType  string `db:"object_type"`
	ObjectID    string `db:"object_id"`
	ObjectName  string `db:"object_name"`
	Action      string `db:"action"`
	Lines       string `db:"lines"`
	Why         string `db:"why"`
	Before      string `db:"before_doc"`
	Wanted      string `db:"wanted_doc"`
	Revision    int64  `db:"revision"`
	Applied     bool   `db:"applied"`
	State       string `db:"state"`
	Opened      int64  `db:"opened"`
	Since       int64  `db:"since"`
	Due         int64  `db:"due"`
	Closed      int64  `db:"closed"`
	ClosedBy    string `db:"closed_by"`
	Proof       string `db:"proof"`
	Reference   string `db:"reference"`
	Noted       string `db:"noted"`
	ConfirmedAt int64  `db:"confirmed_at"`
	Step        int    `db:"step"`
	StepAt      int64  `db:"step_at"`
	AppName     string `db:"app_name"`
	Profile     string `db:"profile"`
	Responsible string `db:"responsible"`
}

func (r taskRow) task() (manual.Task, error) {
	t := manual.Task{
		ID: r.ID, Company: r.Company, App: r.App, Account: r.Account, Number: r.Number, ObjectType: r.ObjectType, ObjectID: r.ObjectID,
		ObjectName: r.ObjectName, Action: manual.Action(r.Action), Why: r.Why, Revision: r.Revision, Applied: r.Applied,
		State: manual.State(r.State), Opened: fromMicros(r.Opened), Since: fromMicros(r.Since), Due: fromMicros(r.Due),
		Closed: fromMicros(r.Closed), ClosedBy: r.ClosedBy, Proof: r.Proof, Reference: r.Reference, Noted: r.Noted,
		ConfirmedAt: fromMicros(r.ConfirmedAt), Step: r.Step, StepAt: fromMicros(r.StepAt),
		AppName: r.AppName, Profile: r.Profile, Responsible: r.Responsible,
	}
	if r.Before != "" {
		t.Before = json.RawMessage(r.Before)
	}
	if r.Wanted != "" {
		t.Wanted = json.RawMessage(r.Wanted)
	}
	if err := json.Unmarshal([]byte(r.Lines), &t.Lines); err != nil {
		return t, fmt.Errorf("task %s: %w", r.ID, err)
	}
	return t, nil
}

// tasks lists tasks (t) with their apps (a) that meet a condition, which names the company.
func (d *DB) tasks(ctx context.Context, tx *sqlx.Tx, where string, args ...any) ([]manual.Task, error) {
	var rows []taskRow
	err := d.list(ctx, tx, &rows, `select t.company_id, t.id, t.app_id, t.account_id, t.number, t.object_type, t.object_id, t.object_name, t.action,
			t.lines, t.why, t.before_doc, t.wanted_doc, t.revision, t.applied, t.state, t.opened, t.since, t.due, t.closed, t.closed_by, t.proof,
			t.reference, t.noted, t.confirmed_at, t.step, t.step_at, a.name as app_name, a.profile, a.responsible
		from tasks t join apps a on a.company_id = t.company_id and a.id = t.app_id where `+where, args...)
	list := make([]manual.Task, 0, len(rows))
	for _, r := range rows {
		t, wrong := r.task()
		if err == nil {
			err = wrong
		}
		list = append(list, t)
	}
	return list, err
}

// oneTask is the first of the tasks that meet a condition.
func (d *DB) oneTask(ctx context.Context, tx *sqlx.Tx, where string, args ...any) (manual.Task, error) {
	list, err := d.tasks(ctx, tx, where, args...)
	if err == nil && len(list) == 0 {
		err = resources.Errorf(resources.ErrNotFound, "", "there is no such task")
	}
	if err != nil {
		return manual.Task{}, err
	}
	return list[0], nil
}

func (d *DB) task(ctx context.Context, tx *sqlx.Tx, company, id string) (manual.Task, error) {
	return d.oneTask(ctx, tx, `t.company_id = ? and t.id = ?`, company, id)
}

// Task implements manual.Store.
func (d *DB) Task(ctx context.Context, company, id string) (manual.Task, error) {
	return d.task(ctx, nil, company, id)
}

func (d *DB) latestTask(ctx context.Context, tx *sqlx.Tx, company, account string) (manual.Task, error) {
	return d.oneTask(ctx, tx, `t.company_id = ? and t.account_id = ? order by t.number desc limit 1`, company, account)
}

// LatestTask implements push.Work.
func (d *DB) LatestTask(ctx context.Context, company, account string) (manual.Task, error) {
	return d.latestTask(ctx, nil, company, account)
}

// Tasks implements manual.Store.
func (d *DB) Tasks(ctx context.Context, company string, q manual.Query) ([]manual.Task, error) {
	state, due := q.State, int64(0)
	if q.State == manual.StateLate {
		state, due = manual.StateOpen, micros(q.Now)
	}
	return d.tasks(ctx, nil, `t.company_id = ? and (? = '' or t.app_id = ?) and (? = '' or t.state = ?) and (cast(? as bigint) = 0 or t.due <= ?)
		order by case when t.state = 'open' then 0 else 1 end, case when t.state = 'open' then t.due else -t.closed end, t.id limit ? offset ?`,
		company, q.App, q.App, string(state), string(state), due, due, pageSize(q.Limit), max(q.Offset, 0))
}

// CountTasks implements manual.Store.
func (d *DB) CountTasks(ctx context.Context, company, app string, now time.Time) (map[manual.State]int, error) {
	var rows []struct {
		State string `db:"state"`
		Late  bool   `db:"late"`
		N     int    `db:"n"`
	}
	err := d.list(ctx, nil, &rows, `select state, late, count(*) as n from (
			select state, state = 'open' and due <= ? as late from tasks where company_id = ? and (? = '' or app_id = ?)) judged group by 1, 2`,
		micros(now), company, app, app)
	counts := map[manual.State]int{}
	for _, r := range rows {
		state := manual.State(r.State)
		if r.Late {
			state = manual.StateLate
		}
		counts[state] += r.N
	}
	return counts, err
}

// LatestTasks implements manual.Store.
func (d *DB) LatestTasks(ctx context.Context, company, app string) ([]manual.Task, error) {
	return d.tasks(ctx, nil, `t.company_id = ? and t.app_id = ? and t.object_type = 'User' and not exists (select 1 from tasks later
		where later.company_id = t.company_id and later.account_id = t.account_id and later.number > t.number) order by t.object_name, t.id`, company, app)
}

// LateTasks implements manual.Store. It serves all companies, so its query names none.
func (d *DB) LateTasks(ctx context.Context, now time.Time, after string, limit int) ([]manual.Task, error) {
	return d.tasks(ctx, nil, `t.state = 'open' and t.due <= ? and t.step < ? and t.id > ?
		and exists (select 1 from companies c where c.id = t.company_id and not c.suspended) order by t.id limit ?`,
		micros(now), manual.StepAdmins, after, limit)
}
