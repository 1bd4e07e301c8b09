package db

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/resources"
)

var _ resources.Retention = (*DB)(nil)

// keep puts a User or a Group aside that is about to be deleted, while its memberships are still there.
func (w *writer) keep(ctx context.Context, typ, id string, at time.Time) error {
	if typ != resources.TypeUser && typ != resources.TypeGroup {
		return nil
	}
	list := w.dialect.list("m.group_id")
	members := w.dialect.list("m.member_id")
	_, err := w.exec(ctx, w.tx, `insert into removed_resources (company_id, id, type, name, body, parents, members, external_ids, removed)
		select r.company_id, r.id, r.type, coalesce(nullif(r.user_name, ''), r.display_name), r.body,
		(select `+list+` from members m where m.company_id = r.company_id and m.member_id = r.id),
		(select `+members+` from members m where m.company_id = r.company_id and m.group_id = r.id), '{}', cast(? as bigint)
		from resources r where r.company_id = ? and r.id = ?
		on conflict (company_id, id) do update set body = excluded.body, name = excluded.name, parents = excluded.parents,
			members = excluded.members, external_ids = excluded.external_ids, removed = excluded.removed`,
		micros(at), w.c.Company, id)
	return err
}

// keepNames notes what connections called a resource that was kept.
func (w *writer) keepNames(ctx context.Context, id string, names map[string]string) error {
	if len(names) == 0 {
		return nil
	}
	_, err := w.exec(ctx, w.tx, `update removed_resources set external_ids = ? where company_id = ? and id = ?`,
		jsonText(names), w.c.Company, id)
	return err
}

type removedRow struct {
	ID       string `db:"id"`
	Type     string `db:"type"`
	Name     string `db:"name"`
	Body     []byte `db:"body"`
	Parents  []byte `db:"parents"`
	Members  []byte `db:"members"`
	External []byte `db:"external_ids"`
	Removed  int64  `db:"removed"`
}

const selectRemoved = `select id, type, name, body, parents, members, external_ids, removed from removed_resources where company_id = ?`

func (row removedRow) removed() (resources.Removed, error) {
	r := resources.Removed{Type: row.Type, ID: row.ID, Name: row.Name, Body: row.Body, At: fromMicros(row.Removed)}
	for _, part := range []struct {
		text []byte
		into any
	}{{row.Parents, &r.Groups}, {row.Members, &r.Members}, {row.External, &r.ExternalIDs}} {
		if err := json.Unmarshal(part.text, part.into); err != nil {
			return r, fmt.Errorf("removed %s %s: %w", row.Type, row.ID, err)
		}
	}
	return r, nil
}

// ListRemoved implements resources.Retention.
func (d *DB) ListRemoved(ctx context.Context, company string, limit int) ([]resources.Removed, error) {
	var rows []removedRow
	if err := d.list(ctx, nil, &rows, selectRemoved+` order by removed desc, id limit ?`, company, limit); err != nil {
		return nil, err
	}
	all := make([]resources.Removed, len(rows))
	for i, row := range rows {
		var err error
		if all[i], err = row.removed(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Removed implements resources.Retention.
func (d *DB) Removed(ctx context.Context, company, id string) (resources.Removed, error) {
	var row removedRow
	if err := d.get(ctx, nil, &row, selectRemoved+` and id = ?`, company, id); err != nil {
		return resources.Removed{}, named(err, "nothing deleted has the id %q", id)
	}
	return row.removed()
}

// ForgetRemoved implements resources.Retention.
func (d *DB) ForgetRemoved(ctx context.Context, company, id string) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := d.exec(ctx, tx, `delete from removed_resources where company_id = ? and id = ?`, company, id)
		return err
	})
}

// PurgeRemoved implements resources.Retention.
func (d *DB) PurgeRemoved(ctx context.Context, before time.Time) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := d.exec(ctx, tx, `delete from removed_resources where removed < ?`, micros(before))
		return err
	})
}
