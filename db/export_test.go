package db

import (
	"context"
	"testing"

	"github.com/jmoiron/sqlx"
)

// SchemaVersion is the number of the newest migration in place.
func SchemaVersion(t *testing.T, d *DB) int64 {
	t.Helper()
	var v int64
	err := d.get(t.Context(), nil, &v, `select max(version_id) from goose_db_version where is_applied`)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// InTx is inTx.
func InTx(ctx context.Context, d *DB, f func(ctx context.Context, tx *sqlx.Tx) error) error {
	return d.inTx(ctx, f)
}

// Get is get.
func Get(ctx context.Context, d *DB, tx *sqlx.Tx, dest any, query string, args ...any) error {
	return d.get(ctx, tx, dest, query, args...)
}

// Exec is exec.
func Exec(ctx context.Context, d *DB, tx *sqlx.Tx, query string, args ...any) (int64, error) {
	return d.exec(ctx, tx, query, args...)
}
