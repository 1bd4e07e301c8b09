package db

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/push"
)

// KeepExport keeps an export of an app's accounts in the place of an earlier one, with the entry that says so.
func (d *DB) KeepExport(ctx context.Context, x push.Export, entry audit.Entry) error {
	accounts, err := json.Marshal(x.Accounts)
	if err != nil {
		return err
	}
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := d.exec(ctx, tx, `insert into account_exports (company_id, app_id, at, given_by, by_address, notes, accounts)
			values (?, ?, ?, ?, ?, ?, ?) on conflict (company_id, app_id) do update set at = excluded.at, given_by = excluded.given_by,
			by_address = excluded.by_address, notes = excluded.notes, accounts = excluded.accounts`,
			x.Company, x.App, micros(x.At), storable(x.By), x.ByAddress, storable(jsonText(x.Notes)), storable(string(accounts)))
		if err != nil {
			return err
		}
		return d.appendEntries(ctx, tx, entry)
	})
}

// Export returns the last export of an app's accounts that was given; none is resources.ErrNotFound.
func (d *DB) Export(ctx context.Context, company, app string) (push.Export, error) {
	var row struct {
		At        int64  `db:"at"`
		By        string `db:"given_by"`
		ByAddress bool   `db:"by_address"`
		Notes     string `db:"notes"`
		Accounts  []byte `db:"accounts"`
	}
	x := push.Export{Company: company, App: app}
	err := d.get(ctx, nil, &row, `select at, given_by, by_address, notes, accounts from account_exports
		where company_id = ? and app_id = ?`, company, app)
	if err != nil {
		return x, err
	}
	x.At, x.By, x.Notes = fromMicros(row.At), row.By, fromJSON[string](row.Notes)
	x.Export, x.ByAddress = true, row.ByAddress
	if err := json.Unmarshal(row.Accounts, &x.Accounts); err != nil {
		return x, fmt.Errorf("export of app %s: %w", app, err)
	}
	return x, nil
}

// DropExport forgets the export of an app's accounts, with the entry that says so.
func (d *DB) DropExport(ctx context.Context, company, app string, entry audit.Entry) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		n, err := d.exec(ctx, tx, `delete from account_exports where company_id = ? and app_id = ?`, company, app)
		if err != nil || n == 0 {
			return err
		}
		return d.appendEntries(ctx, tx, entry)
	})
}
