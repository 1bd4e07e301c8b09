package db

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/push"
	"proprio/resources"
)

// CountAccounts implements push.Reports.
func (d *DB) CountAccounts(ctx context.Context, company, app string) ([]push.Count, error) {
	var rows []struct {
		ObjectType string `db:"object_type"`
		State      string `db:"state"`
		Class      string `db:"class"`
		Due        bool   `db:"due"`
		N          int    `db:"n"`
	}
	err := d.list(ctx, nil, &rows, `select object_type, state, class, wanted_gen > done_gen as due, count(*) as n
		from accounts where company_id = ? and app_id = ? group by 1, 2, 3, 4 order by 1 desc, 2, 3, 4`, company, app)
	if err != nil {
		return nil, err
	}
	counts := make([]push.Count, len(rows))
	for i, r := range rows {
		counts[i] = push.Count{ObjectType: r.ObjectType, State: push.State(r.State), Class: push.Class(r.Class), Due: r.Due, N: r.N}
	}
	return counts, nil
}

// PushAccounts implements push.Reports.
func (d *DB) PushAccounts(ctx context.Context, company, app string, q push.AccountQuery) ([]push.Account, error) {
	var rows []accountRow
	err := d.list(ctx, nil, &rows, `select `+accountColumns+` from accounts where company_id = ? and app_id = ?
		and (? = '' or object_type = ?) and (? = '' or state = ?) and (? = '' or class = ?)
		order by object_type desc, object_name, id limit ? offset ?`, company, app,
		q.ObjectType, q.ObjectType, string(q.State), string(q.State), string(q.Class), string(q.Class),
		pageSize(q.Limit), max(q.Offset, 0))
	return accountsOf(rows), err
}

// pageSize bounds what a report returns at once.
func pageSize(limit int) int {
	const most = 1000
	if limit <= 0 || limit > most {
		return most
	}
	return limit
}

// AccountsOf implements push.Reports.
func (d *DB) AccountsOf(ctx context.Context, company, objectType, objectID string) ([]push.Account, error) {
	var rows []accountRow
	err := d.list(ctx, nil, &rows, `select `+accountColumns+` from accounts where company_id = ? and object_type = ?
		and object_id = ? order by app_id`, company, objectType, objectID)
	return accountsOf(rows), err
}

// PersonNamed implements push.People.
func (d *DB) PersonNamed(ctx context.Context, company, userName string) (known, active bool, err error) {
	var rows []bool
	err = d.list(ctx, nil, &rows, `select active and hold = '' from resources where company_id = ? and type = 'User' and user_name_folded = ?`,
		company, resources.FoldUserName(userName))
	return len(rows) > 0, len(rows) > 0 && rows[0], err
}

// PushAccount implements push.Reports.
func (d *DB) PushAccount(ctx context.Context, company, account string) (push.Account, error) {
	var row accountRow
	err := d.get(ctx, nil, &row, `select `+accountColumns+` from accounts where company_id = ? and id = ?`, company, account)
	return row.account(), err
}

// RetryAccount implements push.Reports.
func (d *DB) RetryAccount(ctx context.Context, actor audit.Actor, company, account string, now time.Time) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		var row accountRow
		err := d.get(ctx, tx, &row, `select `+accountColumns+` from accounts where company_id = ? and id = ?`, company, account)
		if err != nil {
			return err
		}
		n, err := d.exec(ctx, tx, `update accounts set wanted_gen = wanted_gen + 1, state = 'pending', attempts = 0, next_attempt = ?
			where company_id = ? and id = ?`, micros(now), company, account)
		if err != nil {
			return err
		}
		if n == 0 {
			return resources.Errorf(resources.ErrNotFound, "", "there is no account %s", account)
		}
		if err := d.askAgain(ctx, tx, company, row.App, account); err != nil {
			return err
		}
		return d.appendEntries(ctx, tx, audit.Entry{Company: company, At: now, Actor: actor, Action: audit.ActionModify,
			ObjectType: "account", ObjectID: account, ObjectName: row.ObjectName, Changed: []string{"nextAttempt"}})
	})
}

// RetryFailed implements push.Reports. It goes in parts, so that nobody else waits long for a turn.
func (d *DB) RetryFailed(ctx context.Context, actor audit.Actor, company, app string, class push.Class, now time.Time) (int, error) {
	const part = 1000
	for done := 0; ; {
		var n int64
		err := d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) (err error) {
			found, err := d.app(ctx, tx, company, app)
			if err != nil {
				return err
			}
			n, err = d.exec(ctx, tx, `update accounts set wanted_gen = wanted_gen + 1, state = 'pending', attempts = 0, next_attempt = ?
				where company_id = ? and id in (select id from accounts where company_id = ? and app_id = ? and state = 'failed'
				and (? = '' or class = ?) order by id limit ?)`,
				micros(now), company, company, app, string(class), string(class), part)
			if err != nil || n == 0 || done > 0 {
				return err
			}
			if err := d.askAgain(ctx, tx, company, app, ""); err != nil {
				return err
			}
			entry := appEntry(actor, audit.ActionSync, company, app, found.Name, now)
			entry.Reason = "retry"
			return d.appendEntries(ctx, tx, entry)
		})
		done += int(n)
		if err != nil || n < part {
			return done, err
		}
	}
}

// UnblockApp implements push.Reports.
func (d *DB) UnblockApp(ctx context.Context, actor audit.Actor, company, app string) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		found, err := d.app(ctx, tx, company, app)
		if err != nil || found.BlockedUntil.IsZero() {
			return err
		}
		_, err = d.exec(ctx, tx, `update apps set blocked_until = 0, blocked_since = 0, blocked_reason = '', failures = 0
			where company_id = ? and id = ?`, company, app)
		if err != nil {
			return err
		}
		return d.appendEntries(ctx, tx, appEntry(actor, audit.ActionModify, company, app, found.Name, d.now(), "blockedUntil"))
	})
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
	t.outcome, coalesce(c.object_type, '') as object_type, coalesce(c.object_id, '') as object_id, coalesce(c.object_name, '') as object_name`

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
		ObjectType string `db:"object_type"`
		ObjectID   string `db:"object_id"`
		ObjectName string `db:"object_name"`
	}
	where, args := `t.company_id = ? and t.app_id = ?`, []any{company, app}
	also := func(condition string, values ...any) { where, args = where+" and "+condition, append(args, values...) }
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
	err := d.list(ctx, nil, &rows, `select `+logColumns+` from attempts t left join accounts c
		on c.company_id = t.company_id and c.id = t.account_id where `+where+` order by t.id desc limit ?`, append(args, pageSize(q.Limit))...)
	if err != nil {
		return nil, err
	}
	out := make([]push.Attempt, len(rows))
	for i, r := range rows {
		out[i] = push.Attempt{ID: r.ID, Company: company, App: app, Account: r.Account, At: fromMicros(r.At), Action: r.Action,
			Why: r.Why, Method: r.Method, URL: r.URL, Status: r.Status, Request: r.Request, Response: r.Response,
			Duration: time.Duration(r.Duration) * time.Microsecond, Outcome: r.Outcome,
			ObjectType: r.ObjectType, ObjectID: r.ObjectID, ObjectName: r.ObjectName}
	}
	return out, nil
}
