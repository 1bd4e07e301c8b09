package db

import (
	"context"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/resources"
)

// appliedColumns are those of a resource after a change that left its body alone, read from the table by its own name:
// SQLite's returning knows no other. The one parameter is the caller's connection.
var appliedColumns = strings.ReplaceAll(indexColumns+resourceColumns, "r.", "resources.")

// appliedRow runs a statement that brings one row of appliedColumns; ErrNotFound when it brings none.
func (d *DB) appliedRow(ctx context.Context, tx *sqlx.Tx, query string, args ...any) (*resources.Resource, error) {
	rows, err := d.readRows(ctx, tx, query, args...)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, resources.ErrNotFound
	}
	return rows[0].resource()
}

// expect returns the resource in place, once its version is the expected one.
func (w *writer) expect(ctx context.Context, ch *resources.Change) (*resources.Resource, error) {
	r := ch.Resource
	found, err := w.appliedRow(ctx, w.tx, `select `+appliedColumns+` from resources
		where resources.company_id = ? and resources.type = ? and resources.id = ?`, w.c.Connection, w.c.Company, r.Type, r.ID)
	if err != nil {
		return nil, named(err, "%s %q does not exist", r.Type, r.ID)
	}
	return found, checkVersion(ch, found.Version)
}

// raise spends a version for what changed beside the body.
func (w *writer) raise(ctx context.Context, ch *resources.Change, at time.Time) (*resources.Resource, error) {
	r := ch.Resource
	raised, err := w.appliedRow(ctx, w.tx, `update resources set version = version + 1, modified = ?
		where resources.company_id = ? and resources.type = ? and resources.id = ? and (cast(? as bigint) = 0 or resources.version = ?) returning `+appliedColumns,
		micros(at), w.c.Company, r.Type, r.ID, ch.Expected, ch.Expected, w.c.Connection)
	if isNotFound(err) {
		raised, err = w.expect(ctx, ch) // says which of the two it was
	}
	return raised, err
}
