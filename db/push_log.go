package db

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/push"
)

// addAttempts adds to an app's log.
func (d *DB) addAttempts(ctx context.Context, tx *sqlx.Tx, company, app string, attempts []push.Attempt) error {
	if len(attempts) == 0 {
		return nil
	}
	rows := make([][]any, len(attempts))
	for i, a := range attempts {
		rows[i] = []any{company, app, newID(), a.Account, micros(a.At), a.Action, storable(a.Why), a.Method, storable(a.URL), a.Status,
			nonNil(a.Request), nonNil(a.Response), a.Duration.Microseconds(), storable(a.Outcome), string(a.Class), micros(a.Next)}
	}
	return d.insertAttempts(ctx, tx, rows)
}

func (d *DB) insertAttempts(ctx context.Context, tx *sqlx.Tx, rows [][]any) error {
	const into = `insert into attempts (company_id, app_id, id, account_id, at, action, why, method, url, status,
		request, response, duration, outcome, class, next_attempt)`
	if !d.dialect.postgres {
		return d.insertValues(ctx, tx, into, rows, "")
	}
	for _, row := range rows {
		for _, body := range []int{10, 11} {
			row[body] = base64.StdEncoding.EncodeToString(row[body].([]byte))
		}
	}
	f := d.dialect.field
	_, err := d.exec(ctx, tx, into+` select `+f(0, "")+`, `+f(1, "")+`, `+f(2, "")+`, `+f(3, "")+`, `+f(4, "bigint")+`, `+f(5, "")+`, `+
		f(6, "")+`, `+f(7, "")+`, `+f(8, "")+`, `+f(9, "bigint")+`, decode(`+f(10, "")+`, 'base64'), decode(`+f(11, "")+`, 'base64'), `+
		f(12, "bigint")+`, `+f(13, "")+`, `+f(14, "")+`, `+f(15, "bigint")+` from `+d.dialect.rows(), jsonText(rows))
	return err
}

// RecordAttempts implements push.Reports.
func (d *DB) RecordAttempts(ctx context.Context, attempts ...push.Attempt) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		for _, a := range attempts {
			err := d.addAttempts(ctx, tx, a.Company, a.App, []push.Attempt{a})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// logColumns are those of attempts t and, where it belongs to one, of its account c.
const logColumns = `t.id, t.account_id, t.at, t.action, t.why, t.method, t.url, t.status, t.request, t.response, t.duration,
	t.outcome, t.class, t.next_attempt, coalesce(c.object_type, '') as object_type, coalesce(c.object_id, '') as object_id, coalesce(c.object_name, '') as object_name`

// Attempts implements push.Reports.
func (d *DB) Attempts(ctx context.Context, company, app string, q push.AttemptQuery) ([]push.Attempt, error) {
	var rows []struct {
		ID         string `db:"id"`
		Account    string `db:"account_id"`
		At         int64  `db:"at"`
		Action     string `db:"action"`
		Why        string `db:"why"`
		Method     string `db:"method"`
		URL        string `db:"url"`
		Status     int    `db:"status"`
		Request    []byte `db:"request"`
		Response   []byte `db:"response"`
		Duration   int64  `db:"duration"`
		Outcome    string `db:"outcome"`
		Class      string `db:"class"`
		Next       int64  `db:"next_attempt"`
		ObjectType string `db:"object_type"`
		ObjectID   string `db:"object_id"`
		ObjectName string `db:"object_name"`
	}
	asked, args := d.attemptsAsked(q)
	args = append(append([]any{company, app}, args...), pageSize(q.Limit))
	err := d.list(ctx, nil, &rows, `select `+logColumns+` from attempts t left join accounts c
		on c.company_id = t.company_id and c.id = t.account_id where t.company_id = ? and t.app_id = ?`+asked+` order by t.id desc limit ?`, args...)
	if err != nil {
		return nil, err
	}
	out := make([]push.Attempt, len(rows))
	for i, r := range rows {
		out[i] = push.Attempt{ID: r.ID, Company: company, App: app, Account: r.Account, At: fromMicros(r.At), Action: r.Action,
			Why: r.Why, Method: r.Method, URL: r.URL, Status: r.Status, Request: r.Request, Response: r.Response,
			Duration: time.Duration(r.Duration) * time.Microsecond, Outcome: r.Outcome,
			Class: push.Class(r.Class), Next: fromMicros(r.Next),
			ObjectType: r.ObjectType, ObjectID: r.ObjectID, ObjectName: r.ObjectName}
	}
	return out, nil
}

// attemptsAsked are the further conditions by which a query selects attempts t, with the accounts c that they belong to.
func (d *DB) attemptsAsked(q push.AttemptQuery) (conditions string, args []any) {
	also := func(condition string, values ...any) {
		conditions, args = conditions+" and "+condition, append(args, values...)
	}
	if q.Account != "" {
		also(`t.account_id = ?`, q.Account)
	}
	if q.Name != "" {
		also(fmt.Sprintf(d.dialect.position(), `lower(c.object_name)`, `cast(? as text)`)+` > 0`, strings.ToLower(q.Name))
	}
	if q.Action != "" {
		also(`t.action = ?`, q.Action)
	}
	if q.Failed {
		also(`t.outcome <> 'ok'`)
	}
	if q.Before != "" {
		also(`t.id < ?`, q.Before)
	}
	return conditions, args
}

// purgeBatch is how many attempts one transaction takes away: others write between two of them.
const purgeBatch = 1000

// PurgeAttempts takes away what the logs of all apps hold from before a time, and all but the newest of each app, so many.
func (d *DB) PurgeAttempts(ctx context.Context, before time.Time, keep int) error {
	var apps []struct {
		Company string `db:"company_id"`
		ID      string `db:"id"`
	}
	if err := d.list(ctx, nil, &apps, `select company_id, id from apps order by company_id, id`); err != nil {
		return err
	}
	for _, app := range apps {
		if err := d.purgeAttempts(ctx, app.Company, app.ID, before, keep); err != nil {
			return err
		}
	}
	return nil
}

func (d *DB) purgeAttempts(ctx context.Context, company, app string, before time.Time, keep int) error {
	var last []string // of those that are too many
	err := d.list(ctx, nil, &last, `select id from attempts where company_id = ? and app_id = ? order by id desc limit 1 offset ?`, company, app, keep)
	if err != nil {
		return err
	}
	for {
		var gone int64
		err := d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) (err error) {
			gone, err = d.exec(ctx, tx, `delete from attempts where company_id = ? and app_id = ? and (at < ? or id <= ?) and id in (
				select id from attempts where company_id = ? and app_id = ? order by id limit ?)`,
				company, app, micros(before), strings.Join(last, ""), company, app, purgeBatch)
			return err
		})
		if err != nil || gone < purgeBatch {
			return err
		}
	}
}
