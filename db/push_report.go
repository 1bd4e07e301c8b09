package db

import (
	"context"
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
			if class == "" || class == push.ClassNeedsAdmin { // the class of what somebody refused
				if err := d.askAgain(ctx, tx, company, app, ""); err != nil {
					return err
				}
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
