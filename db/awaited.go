package db

import (
	"context"

	"github.com/jmoiron/sqlx"

	"proprio/resources"
)

// Await implements resources.Awaiting.
func (d *DB) Await(ctx context.Context, c resources.Caller, refs []resources.Awaited) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		for _, r := range refs {
			if !keepable(r.Value) {
				continue
			}
			_, err := d.exec(ctx, tx, `insert into awaited (company_id, connection_id, holder_id, attribute, value)
				select company_id, cast(? as text), id, cast(? as text), cast(? as text) from resources
				where company_id = ? and id = ? on conflict do nothing`, c.Connection, r.Attribute, r.Value, c.Company, r.Holder)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// AwaitedBy implements resources.Awaiting.
func (d *DB) AwaitedBy(ctx context.Context, c resources.Caller, externalID string) ([]resources.Awaited, error) {
	var rows []struct {
		Holder    string `db:"holder_id"`
		Attribute string `db:"attribute"`
	}
	err := d.list(ctx, nil, &rows, `select holder_id, attribute from awaited
		where company_id = ? and connection_id = ? and value = ? order by holder_id, attribute`, c.Company, c.Connection, externalID)
	refs := make([]resources.Awaited, len(rows))
	for i, row := range rows {
		refs[i] = resources.Awaited{Holder: row.Holder, Attribute: row.Attribute, Value: externalID}
	}
	return refs, err
}

// Forget implements resources.Awaiting.
func (d *DB) Forget(ctx context.Context, c resources.Caller, holder, attribute string, values []string) error {
	if values != nil && len(values) == 0 {
		return nil
	}
	where := `where company_id = ? and holder_id = ? and connection_id = ? and attribute = ?`
	args := []any{c.Company, holder, c.Connection, attribute}
	if values != nil {
		where, args = where+` and value `+d.dialect.in(), append(args, d.dialect.values(values))
	}
	var some []string // most changes put an end to nothing, and need no write
	err := d.list(ctx, nil, &some, `select value from awaited `+where+` limit 1`, args...)
	if err != nil || len(some) == 0 {
		return err
	}
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := d.exec(ctx, tx, `delete from awaited `+where, args...)
		return err
	})
}

// ByExternalID implements resources.Awaiting.
func (d *DB) ByExternalID(ctx context.Context, c resources.Caller, externalIDs []string) (map[string]resources.Member, error) {
	var rows []struct {
		Value string `db:"external_id"`
		ID    string `db:"resource_id"`
		Type  string `db:"type"`
	}
	err := d.list(ctx, nil, &rows, `select external_id, resource_id, type from external_ids
		where company_id = ? and connection_id = ? and type in ('User', 'Group') and external_id `+d.dialect.in(),
		c.Company, c.Connection, d.dialect.values(externalIDs))
	found, seen := map[string]resources.Member{}, map[string]bool{}
	for _, row := range rows {
		if seen[row.Value] {
			delete(found, row.Value) // several have it, so it names none
			continue
		}
		seen[row.Value] = true
		found[row.Value] = resources.Member{ID: row.ID, Type: row.Type}
	}
	return found, err
}

// names returns the displayName of each id that exists in the company; "" where it has none.
func (d *DB) names(ctx context.Context, c resources.Caller, ids []string) (map[string]string, error) {
	var rows []struct {
		ID   string `db:"id"`
		Name string `db:"name"`
	}
	err := d.list(ctx, nil, &rows, `select id, display_name as name from resources
		where company_id = ? and id `+d.dialect.in(), c.Company, d.dialect.values(ids))
	names := make(map[string]string, len(rows))
	for _, row := range rows {
		names[row.ID] = row.Name
	}
	return names, err
}
