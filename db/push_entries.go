package db

import (
	"context"
	"strings"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
)

// appendEntries writes audit entries in a transaction.
func (d *DB) appendEntries(ctx context.Context, tx *sqlx.Tx, entries ...audit.Entry) error {
	for _, e := range entries {
		_, err := d.exec(ctx, tx, `insert into audit_entries (company_id, at, actor_kind, actor_id, actor_name, action, object_type,
			object_id, object_name, changed, reason) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			e.Company, micros(e.At), string(e.Actor.Kind), e.Actor.ID, e.Actor.Name, string(e.Action), e.ObjectType,
			e.ObjectID, e.ObjectName, strings.Join(e.Changed, "\n"), e.Reason)
		if err != nil {
			return err
		}
	}
	return nil
}
