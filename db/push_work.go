package db

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/push"
)

const accountColumns = `company_id, id, app_id, object_type, object_id, object_name, wish, rank, wanted_gen, done_gen,
	state, remote_id, origin, moved, begun, manager, epoch, written, attempts, class, error, next_attempt, confirmed_at, retired_at, allowed_gen`

type accountRow struct {
	Company     string `db:"company_id"`
	ID          string `db:"id"`
	App         string `db:"app_id"`
	ObjectType  string `db:"object_type"`
	ObjectID    string `db:"object_id"`
	ObjectName  string `db:"object_name"`
	Wish        string `db:"wish"`
	Rank        int    `db:"rank"`
	WantedGen   int64  `db:"wanted_gen"`
	DoneGen     int64  `db:"done_gen"`
	State       string `db:"state"`
	RemoteID    string `db:"remote_id"`
	Origin      string `db:"origin"`
	Moved       bool   `db:"moved"`
	Begun       string `db:"begun"`
	Manager     string `db:"manager"`
	Epoch       int64  `db:"epoch"`
	Written     string `db:"written"`
	Attempts    int    `db:"attempts"`
	Class       string `db:"class"`
	Error       string `db:"error"`
	NextAttempt int64  `db:"next_attempt"`
	ConfirmedAt int64  `db:"confirmed_at"`
	RetiredAt   int64  `db:"retired_at"`
	AllowedGen  int64  `db:"allowed_gen"`
}

func (r accountRow) account() push.Account {
	a := push.Account{
		ID: r.ID, Company: r.Company, App: r.App, ObjectType: r.ObjectType, ObjectID: r.ObjectID, ObjectName: r.ObjectName,
		Wish: push.Wish(r.Wish), Rank: push.Rank(r.Rank), WantedGen: r.WantedGen, DoneGen: r.DoneGen, State: push.State(r.State),
		RemoteID: r.RemoteID, Origin: r.Origin, Moved: r.Moved, Begun: r.Begun, Manager: r.Manager, Epoch: r.Epoch,
		Attempts: r.Attempts, Class: push.Class(r.Class), Error: r.Error,
		NextAttempt: fromMicros(r.NextAttempt), ConfirmedAt: fromMicros(r.ConfirmedAt),
		RetiredAt: fromMicros(r.RetiredAt), AllowedGen: r.AllowedGen,
	}
	if r.Written != "" {
		a.Written = json.RawMessage(r.Written)
	}
	return a
}

func accountsOf(rows []accountRow) []push.Account {
	out := make([]push.Account, len(rows))
	for i, r := range rows {
		out[i] = r.account()
	}
	return out
}

// companyServed is the condition that an app's company is not suspended: what it wants is kept, and nothing is sent.
const companyServed = `not exists (select 1 from companies s where s.id = company_id and s.suspended)`

// AppsWithWork implements push.Work. Workers serve all companies, so this query names none.
func (d *DB) AppsWithWork(ctx context.Context, now time.Time, limit int) ([]push.App, error) {
	var rows []appRow
	err := d.list(ctx, nil, &rows, `select `+appColumns+` from apps a
		where not a.paused and `+companyServed+` and a.blocked_until <= ? and a.lease_until <= ? and exists (
			select 1 from accounts c where c.company_id = a.company_id and c.app_id = a.id
			and c.wanted_gen > c.done_gen and c.next_attempt <= ?)
		order by a.lease_until limit ?`, micros(now), micros(now), micros(now), limit)
	if err != nil {
		return nil, err
	}
	return appsOf(rows)
}

// LeaseApp implements push.Work. The row is judged by the statement that changes it, so of two rivals one wins.
func (d *DB) LeaseApp(ctx context.Context, l push.Lease, now, until time.Time) (bool, error) {
	return d.lease(ctx, `update apps set lease_owner = ?, lease_until = ? where company_id = ? and id = ?
		and not paused and `+companyServed+` and blocked_until <= ? and lease_until <= ?`,
		l.Owner, micros(until), l.Company, l.App, micros(now), micros(now))
}

// RenewApp implements push.Work.
func (d *DB) RenewApp(ctx context.Context, l push.Lease, until time.Time) (bool, error) {
	return d.lease(ctx, `update apps set lease_until = ? where company_id = ? and id = ? and lease_owner = ? and not paused and `+companyServed,
		micros(until), l.Company, l.App, l.Owner)
}

func (d *DB) lease(ctx context.Context, query string, args ...any) (held bool, err error) {
	err = d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		n, err := d.exec(ctx, tx, query, args...)
		held = n == 1
		return err
	})
	return held, err
}

// ReleaseApp implements push.Work.
func (d *DB) ReleaseApp(ctx context.Context, l push.Lease) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := d.exec(ctx, tx, `update apps set lease_owner = '', lease_until = 0
			where company_id = ? and id = ? and lease_owner = ?`, l.Company, l.App, l.Owner)
		return err
	})
}

// ForgetLeases gives back every lease there is, of all companies: SQLite is served by one process, so at its start they
// are those of one that died. On Postgres they may be another replica's, and stay.
func (d *DB) ForgetLeases(ctx context.Context) error {
	if d.dialect.postgres {
		return nil
	}
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := d.exec(ctx, tx, `update apps set lease_owner = '', lease_until = 0 where lease_owner <> ''`)
		if err != nil {
			return err
		}
		return firstError(d.forgetAsync(ctx, tx), d.forgetStreams(ctx, tx), d.forgetDuties(ctx, tx))
	})
}

// underLease runs f in a transaction in which the lease cannot change hands.
func (d *DB) underLease(ctx context.Context, l push.Lease, f func(ctx context.Context, tx *sqlx.Tx) error) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		var owners []string
		err := d.list(ctx, tx, &owners, `select lease_owner from apps where company_id = ? and id = ?`+d.dialect.forUpdate(),
			l.Company, l.App)
		if err != nil {
			return err
		}
		if len(owners) == 0 || owners[0] != l.Owner {
			return push.ErrLeaseLost
		}
		return f(ctx, tx)
	})
}

// DueAccounts implements push.Work.
func (d *DB) DueAccounts(ctx context.Context, l push.Lease, now time.Time, limit int) ([]push.Account, error) {
	var rows []accountRow
	err := d.list(ctx, nil, &rows, `select `+accountColumns+` from accounts where company_id = ? and app_id = ?
		and wanted_gen > done_gen and next_attempt <= ? order by rank, attempts, next_attempt, id limit ?`,
		l.Company, l.App, micros(now), limit)
	if err != nil {
		return nil, err
	}
	for i, r := range rows {
		if r.Rank != rows[0].Rank {
			rows = rows[:i]
			break
		}
	}
	return accountsOf(rows), nil
}

// AccountsIn implements push.Work.
func (d *DB) AccountsIn(ctx context.Context, company, app, objectType string, ids []string) (map[string]push.Account, error) {
	var rows []accountRow
	err := d.list(ctx, nil, &rows, `select `+accountColumns+` from accounts where company_id = ? and app_id = ?
		and object_type = ? and object_id `+d.dialect.in(), company, app, objectType, d.dialect.values(ids))
	if err != nil {
		return nil, err
	}
	out := make(map[string]push.Account, len(rows))
	for _, r := range rows {
		out[r.ObjectID] = r.account()
	}
	return out, nil
}

// AccountsByRemote implements push.Work.
func (d *DB) AccountsByRemote(ctx context.Context, company, app, objectType string, remoteIDs []string) (map[string]push.Account, error) {
	var rows []accountRow
	err := d.list(ctx, nil, &rows, `select `+accountColumns+` from accounts where company_id = ? and app_id = ?
		and object_type = ? and remote_id <> '' and remote_id `+d.dialect.in(), company, app, objectType, d.dialect.values(remoteIDs))
	out := make(map[string]push.Account, len(rows))
	for _, r := range rows {
		out[r.RemoteID] = r.account()
	}
	return out, err
}

// AccountByRemoteID implements push.Work.
func (d *DB) AccountByRemoteID(ctx context.Context, company, app, objectType, remoteID string) (push.Account, error) {
	var row accountRow
	err := d.get(ctx, nil, &row, `select `+accountColumns+` from accounts where company_id = ? and app_id = ?
		and object_type = ? and remote_id = ? and remote_id <> ''`, company, app, objectType, remoteID)
	return row.account(), err
}

func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// storable makes a text from outside fit for a text column: UTF-8 without NUL.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\x00", "")
}
