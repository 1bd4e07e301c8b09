package db

import (
	"context"
	"database/sql"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"proprio/resources"
)

// removeStatement does what remove does, by a function of the schema: it takes locks before it looks.
const removeStatement = `select remove_resource_1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`

func (w *writer) removeOne(ctx context.Context, tx *sqlx.Tx, ch *resources.Change) (resources.Applied, bool, error) {
	r := ch.Resource
	var version sql.NullInt64
	err := w.get(ctx, tx, &version, removeStatement, w.notedArgs(ch, r.ID, storable(ch.Audit.ObjectName), ch.Expected,
		resources.HashKey(r.ID), pq.Array(append([]string{}, ch.Keepers...)), micros(w.moment(ch)), micros(w.now()), ch.Loss)...)
	if err != nil {
		return resources.Applied{}, true, err
	}
	if !version.Valid {
		version.Int64 = w.recorded(ctx, tx, ch, 0)
	}
	return resources.Applied{Version: version.Int64, Changed: true}, version.Int64 > 0, nil
}
