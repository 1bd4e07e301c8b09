package db

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/push"
)

// AppsToReconcile implements push.Reconciliations: it names no company, for one replica does it for all.
func (d *DB) AppsToReconcile(ctx context.Context, now, since time.Time) ([]push.App, error) {
	var rows []appRow
	err := d.list(ctx, nil, &rows, `select `+appColumns+` from apps a
		where not a.paused and `+companyServed+` and a.blocked_until <= ? and a.created <= ? and not exists (
			select 1 from reconciliations r where r.company_id = a.company_id and r.app_id = a.id and r.begun > ?)
		order by a.company_id, a.id`, micros(now), micros(since), micros(since))
	if err != nil {
		return nil, err
	}
	return appsOf(rows)
}

// BeginReconciliation implements push.Reconciliations.
func (d *DB) BeginReconciliation(ctx context.Context, company, app string, now time.Time) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := d.exec(ctx, tx, `insert into reconciliations (company_id, app_id, begun, finished, error, repaired, tally, lines)
			values (?, ?, ?, 0, '', 0, '{}', '[]') on conflict (company_id, app_id) do update set begun = excluded.begun`,
			company, app, micros(now))
		return err
	})
}

// FinishReconciliation implements push.Reconciliations.
func (d *DB) FinishReconciliation(ctx context.Context, r push.Reconciliation) error {
	tally, err := json.Marshal(r.Tally)
	if err != nil {
		return err
	}
	lines, err := json.Marshal(r.Lines)
	if err != nil {
		return err
	}
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := d.exec(ctx, tx, `update reconciliations set finished = ?, error = ?, repaired = ?, tally = ?, lines = ?
			where company_id = ? and app_id = ? and begun = ?`, micros(r.Finished), storable(r.Error), r.Repaired, storable(string(tally)),
			storable(string(lines)), r.Company, r.App, micros(r.Begun))
		return err
	})
}

// LastReconciliation implements push.Reconciliations.
func (d *DB) LastReconciliation(ctx context.Context, company, app string) (push.Reconciliation, error) {
	r := push.Reconciliation{Company: company, App: app}
	var row struct {
		Begun    int64  `db:"begun"`
		Finished int64  `db:"finished"`
		Error    string `db:"error"`
		Repaired int    `db:"repaired"`
		Tally    []byte `db:"tally"`
		Lines    []byte `db:"lines"`
	}
	err := d.get(ctx, nil, &row, `select begun, finished, error, repaired, tally, lines from reconciliations
		where company_id = ? and app_id = ?`, company, app)
	if err != nil {
		return r, err
	}
	r.Begun, r.Finished, r.Error, r.Repaired = fromMicros(row.Begun), fromMicros(row.Finished), row.Error, row.Repaired
	if err := firstError(json.Unmarshal(row.Tally, &r.Tally), json.Unmarshal(row.Lines, &r.Lines)); err != nil {
		return r, fmt.Errorf("reconciliation of app %s: %w", app, err)
	}
	return r, nil
}
