package db

import (
	"context"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
)

// rowsAtOnce are the rows of one statement of insertValues: their parameters are far below what SQLite takes.
const rowsAtOnce = 32

// insertValues writes rows into a table by plain inserts, for SQLite: a row costs a third of what it does by way of JSON
// (see rows), which Postgres takes so that all are one round trip. into is the statement up to its values, end what comes
// after them.
func (d *DB) insertValues(ctx context.Context, tx *sqlx.Tx, into string, rows [][]any, end string) error {
	for len(rows) > 0 {
		n := 1
		if len(rows) >= rowsAtOnce {
			n = rowsAtOnce
		}
		one := placeholders[:3*len(rows[0])-2]
		query := into + " values (" + one + strings.Repeat("), ("+one, n-1) + ")" + end
		if _, err := d.exec(ctx, tx, query, slices.Concat(rows[:n]...)...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// placeholders are more than any table has columns.
const placeholders = "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"
