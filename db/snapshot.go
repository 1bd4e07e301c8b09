package db

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/backup"
)

var _ backup.Source = (*Snapshot)(nil)

// Snapshot is the whole database as it was at one moment, whatever is written meanwhile. It blocks nobody. On SQLite the
// write-ahead log grows while it is held; on Postgres dead rows are kept until it is closed.
type Snapshot struct {
	// Manifest says what the snapshot shows. Program and Keyset are the caller's to fill in.
	Manifest backup.Manifest
	d        *DB
	tx       *sqlx.Tx
	part     part
	all      []table
}

// Snapshot begins one. It is to be closed.
func (d *DB) Snapshot(ctx context.Context) (*Snapshot, error) {
	options := &sql.TxOptions{} // SQLite's readers see the last commit at their first look
	if d.dialect.postgres {
		options = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	tx, err := d.reader.BeginTxx(ctx, options)
	if err != nil {
		return nil, mapError(err)
	}
	s := &Snapshot{d: d, tx: tx}
	err = s.look(ctx)
	if err != nil {
		return nil, fmt.Errorf("take a snapshot: %w", firstError(err, s.Close()))
	}
	return s, nil
}

// look reads the schema and what the manifest says; from its first statement on the snapshot stands.
func (s *Snapshot) look(ctx context.Context) error {
	m := &s.Manifest
	err := s.tx.GetContext(ctx, &m.Schema, `select coalesce(max(version_id), 0) from goose_db_version where is_applied`)
	if err != nil {
		return mapError(err)
	}
	m.Taken, m.Database = s.d.now().UTC().Truncate(time.Microsecond), s.d.Kind()
	err = s.tx.GetContext(ctx, &m.Position, `select coalesce(max(seq), 0) from audit_entries`)
	if err == nil {
		err = s.tx.GetContext(ctx, &m.Companies, `select count(*) from companies`)
	}
	if err != nil {
		return mapError(err)
	}
	s.all, err = s.d.tables(ctx, s.tx)
	for i, t := range s.all {
		if err == nil && t.sequence != "" {
			s.all[i].Last, err = s.d.lastNumber(ctx, s.tx, t)
		}
	}
	return err
}

// Kind names the database.
func (d *DB) Kind() string {
	if d.dialect.postgres {
		return "postgres"
	}
	return "sqlite"
}

// lastNumber is the highest number that a table's sequence gave out.
func (d *DB) lastNumber(ctx context.Context, q sqlx.QueryerContext, t table) (last int64, err error) {
	query := `select coalesce(max(seq), 0) from sqlite_sequence where name = ?`
	if d.dialect.postgres {
		query = `select coalesce(pg_sequence_last_value(pg_get_serial_sequence(quote_ident($1), '` + t.sequence + `')::regclass), 0)`
	}
	err = sqlx.GetContext(ctx, q, &last, query, t.Name)
	return last, mapError(err)
}

// Tables implements backup.Source.
func (s *Snapshot) Tables() []backup.Table {
	tables := make([]backup.Table, len(s.all))
	for i, t := range s.all {
		tables[i] = t.Table
	}
	return tables
}

// Rows implements backup.Source.
func (s *Snapshot) Rows(ctx context.Context, t backup.Table, each func(row []any) error) error {
	for _, known := range s.all {
		if known.Name == t.Name {
			return s.d.rowsOf(ctx, s.tx, known, s.part, each)
		}
	}
	return fmt.Errorf("there is no table %s", t.Name)
}

// part is what is read of a table, and how.
type part struct {
	companies []string // only what is theirs; none: everything
	ordered   bool     // by the primary key
}

// rowsOf reads a table.
func (d *DB) rowsOf(ctx context.Context, q sqlx.QueryerContext, t table, of part, each func(row []any) error) error {
	query, args := `select `+quoted(t.Names())+` from "`+t.Name+`"`, []any{}
	if len(of.companies) > 0 {
		query, args = query+` where "`+t.company+`" `+d.dialect.rebind(d.dialect.in()), []any{d.dialect.values(of.companies)}
	}
	if of.ordered && len(t.key) > 0 {
		query += ` order by ` + quoted(t.key)
	}
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return mapError(err)
	}
	defer rows.Close()
	row, places := make([]any, len(t.Columns)), make([]any, len(t.Columns))
	for i := range places {
		places[i] = &row[i]
	}
	for rows.Next() {
		err = rows.Scan(places...)
		if err == nil {
			err = t.Normalize(row)
		}
		if err == nil {
			err = each(row)
		}
		if err != nil {
			return err
		}
	}
	return mapError(rows.Err())
}

// tally reads a table and counts what is in it.
func (d *DB) tally(ctx context.Context, q sqlx.QueryerContext, t table, of part) (backup.Counted, error) {
	var sum backup.Tally
	err := d.rowsOf(ctx, q, t, of, func(row []any) error { return sum.Add(t.Table, row) })
	return sum.Of(t.Table), err
}

// Close ends the snapshot.
func (s *Snapshot) Close() error {
	err := s.tx.Rollback()
	if err == sql.ErrTxDone {
		return nil
	}
	return err
}
