package db

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/push"
)

// never is when something that waits for a decision is tried again: the last second of the year 9999, in microseconds.
const never = 253_402_300_799_000_000

// live is the condition that an app holds an account and lets its owner in.
func (d dialect) live() string {
	if d.postgres {
		return `(remote_id <> '' and coalesce(cast(nullif(written, '') as json) ->> 'active', 'true') <> 'false')`
	}
	return `(remote_id <> '' and coalesce(json_extract(nullif(written, ''), '$.active'), 1) <> 0)`
}

// going is the condition that a due account ends somebody's access, and nobody has decided that it may.
func (d dialect) going() string {
	return `wanted_gen > done_gen and allowed_gen <> wanted_gen and (rank = 0 or wish = 'inactive') and ` + d.live()
}

// Removals implements push.Work.
func (d *DB) Removals(ctx context.Context, l push.Lease, now, since time.Time, live bool) (push.Removals, error) {
	var r push.Removals
	const of = `from accounts where company_id = ? and app_id = ? and `
	count := func(to *int, condition string, args ...any) error {
		return d.get(ctx, nil, to, `select count(*) `+of+condition, append([]any{l.Company, l.App}, args...)...)
	}
	err := firstError(
		count(&r.Due, d.dialect.going()+` and next_attempt <= ?`, micros(now)),
		count(&r.Held, `state = 'held' and `+d.dialect.going()),
		count(&r.Done, `retired_at > 0 and retired_at > ? and unasked`, micros(since)))
	if err == nil && live {
		err = count(&r.Live, d.dialect.live())
	}
	return r, err
}

// administrators is the condition that an app showed an account as an active administrator, when its list was last read.
const administrators = ` from observed_accounts o where o.company_id = ? and o.app_id = ? and o.administrator and o.active`

// AdministratorsAmong implements push.Work.
func (d *DB) AdministratorsAmong(ctx context.Context, company, app string, remoteIDs []string) ([]string, error) {
	var ids []string
	err := d.list(ctx, nil, &ids, `select o.remote_id`+administrators+` and o.remote_id `+d.dialect.in(),
		company, app, d.dialect.values(remoteIDs))
	return ids, err
}

// LastAdministrator implements push.Work.
func (d *DB) LastAdministrator(ctx context.Context, company, app, remoteID string) (last bool, err error) {
	err = d.get(ctx, nil, &last, `select exists (select 1`+administrators+` and o.remote_id = ?)
		and not exists (select 1`+administrators+` and o.remote_id <> ? and not exists (select 1 from accounts
			where company_id = o.company_id and app_id = o.app_id and object_type = 'User' and remote_id = o.remote_id
			and not `+d.dialect.live()+`))`,
		company, app, remoteID, company, app, remoteID)
	return last, err
}

// HoldRemovals implements push.Work.
func (d *DB) HoldRemovals(ctx context.Context, l push.Lease, now time.Time, entry audit.Entry) (n int, err error) {
	err = d.underLease(ctx, l, func(ctx context.Context, tx *sqlx.Tx) error {
		held, err := d.exec(ctx, tx, `update accounts set state = 'held', class = '', error = '', next_attempt = ?
			where company_id = ? and app_id = ? and next_attempt <= ? and `+d.dialect.going(), never, l.Company, l.App, micros(now))
		n = int(held)
		if err != nil || n == 0 {
			return err
		}
		return d.appendEntries(ctx, tx, entry)
	})
	return n, err
}

// RaiseRetired implements push.Plans.
func (d *DB) RaiseRetired(ctx context.Context, company, app string, now, before time.Time, limit int) (n int, err error) {
	err = d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		raised, err := d.exec(ctx, tx, `update accounts set wanted_gen = wanted_gen + 1, state = 'pending', rank = ?, attempts = 0, next_attempt = ?
			where company_id = ? and id in (select id from accounts where company_id = ? and app_id = ? and retired_at > 0 and retired_at <= ? and wanted_gen = done_gen and state = 'removed'
			and wish = 'inactive' and object_type = 'User' and origin = ? and remote_id <> '' limit ?)`,
			int64(push.RankRevoke), micros(now), company, company, app, micros(before), push.OriginCreated, limit)
		n = int(raised)
		return err
	})
	return n, err
}

// DecideRemovals implements push.Reports.
func (d *DB) DecideRemovals(
	ctx context.Context, company, app string, now time.Time, allow bool, accounts []string, entry audit.Entry,
) (n int, err error) {
	set, args := `state = 'kept', done_gen = wanted_gen, next_attempt = ?`, []any{micros(now)}
	if allow {
		set = `state = 'pending', allowed_gen = wanted_gen, next_attempt = ?`
	}
	where := ` where company_id = ? and app_id = ? and state = 'held' and wanted_gen > done_gen`
	args = append(args, company, app)
	if len(accounts) > 0 {
		where, args = where+` and id `+d.dialect.in(), append(args, d.dialect.values(accounts))
	}
	err = d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		decided, err := d.exec(ctx, tx, `update accounts set `+set+where, args...)
		n = int(decided)
		if err != nil || n == 0 {
			return err
		}
		return d.appendEntries(ctx, tx, entry)
	})
	return n, err
}
