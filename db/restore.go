package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"proprio/backup"
)

// Restore makes a database from a backup, of either kind, where c says: in a place apart, with the schema that the backup
// had. What arrived is read back and compared with the backup, then the schema is brought up to date, and only then the
// whole takes its place, at once. Before that nothing is changed, however it ends. A database that is there already is
// refused, or set aside when replace is true: SQLite's file under another name, Postgres' tables in another schema. The
// result says where.
//
// The caller keeps servers away: nobody else may use the place meanwhile.
func Restore(ctx context.Context, c Config, from *backup.Reader, replace bool) (Restored, error) {
	latest, err := latestSchema()
	if err != nil {
		return Restored{}, err
	}
	if from.Manifest.Schema > latest {
		return Restored{}, fmt.Errorf("%w (its schema is version %d, this program knows up to %d)", backup.ErrNewer, from.Manifest.Schema, latest)
	}
	c = c.withDefaults()
	if err := c.checkURL(); err != nil {
		return Restored{}, err
	}
	if c.URL != "" {
		return restorePostgres(ctx, c, from, replace)
	}
	return restoreSQLite(ctx, c, from, replace)
}

// Restored is what a backup brought back.
type Restored struct {
	Tables   []backup.Counted
	SetAside string // where what was there before is now; empty: nothing was
	Placed   bool   // it took its place, or may have: also when it is told with an error
}

// refill makes the schema of a backup in an empty database, fills it, and compares what arrived with the backup.
func (d *DB) refill(ctx context.Context, from *backup.Reader) ([]backup.Counted, error) {
	err := d.migrateTo(ctx, from.Manifest.Schema)
	if err != nil {
		return nil, err
	}
	known, err := d.tables(ctx, d.writer)
	if err != nil {
		return nil, err
	}
	byName := map[string]table{}
	for _, t := range known {
		byName[t.Name] = t
	}
	var all []backup.Counted
	for {
		saved, err := from.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		counted, err := d.refillTable(ctx, byName[saved.Name], saved, from)
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", saved.Name, err)
		}
		all = append(all, counted)
		delete(byName, saved.Name)
	}
	for name := range byName {
		return nil, fmt.Errorf("%w: table %s is not in it", backup.ErrDamaged, name)
	}
	return all, nil
}

// refillTable fills one table, in the columns that the backup has, and reads it back.
func (d *DB) refillTable(ctx context.Context, t table, saved backup.Table, from *backup.Reader) (backup.Counted, error) {
	kinds := map[string]backup.Kind{}
	for _, c := range t.Columns {
		kinds[c.Name] = c.Kind
	}
	for _, c := range saved.Columns {
		if kinds[c.Name] != c.Kind {
			return backup.Counted{}, fmt.Errorf("%w: its schema has no column %s of kind %s", backup.ErrDamaged, c.Name, c.Kind)
		}
	}
	t.Table = saved
	var counted backup.Counted
	err := d.fillTx(ctx, func(tx *sqlx.Tx) error {
		fill, err := d.filler(ctx, tx, t, "")
		if err != nil {
			return err
		}
		counted, err = from.Rows(ctx, saved, fill.add)
		return firstError(err, fill.close(ctx, err), d.goOnAfter(ctx, tx, t, saved.Last))
	})
	if err != nil {
		return counted, err
	}
	arrived, err := d.tally(ctx, d.writer, t, part{})
	if err == nil && arrived != counted {
		err = fmt.Errorf("%d rows of hash %s were written, and %d of %s are there", counted.Rows, counted.Hash, arrived.Rows, arrived.Hash)
	}
	return counted, err
}

// fillTx is a transaction that is not tried again: what it writes is read from a stream.
func (d *DB) fillTx(ctx context.Context, f func(tx *sqlx.Tx) error) error {
	tx, err := d.writer.BeginTxx(ctx, nil)
	if err != nil {
		return mapError(err)
	}
	defer func() { _ = tx.Rollback() }()
	err = f(tx)
	if err != nil {
		return err
	}
	return mapError(tx.Commit())
}

// filler writes many rows into a table: by COPY on Postgres.
type filler struct {
	stmt   *sql.Stmt
	copies bool
}

// filler begins to write into a table, of a schema on Postgres, or of the present one.
func (d *DB) filler(ctx context.Context, tx *sqlx.Tx, t table, schema string) (*filler, error) {
	query := `insert into "` + t.Name + `" (` + quoted(t.Names()) + `) values (?` + strings.Repeat(", ?", len(t.Columns)-1) + `)`
	if d.dialect.postgres {
		into := pq.QuoteIdentifier(t.Name)
		if schema != "" {
			into = pq.QuoteIdentifier(schema) + "." + into
		}
		query = `copy ` + into + ` (` + quoted(t.Names()) + `) from stdin`
	}
	stmt, err := tx.PrepareContext(ctx, query)
	return &filler{stmt, d.dialect.postgres}, mapError(err)
}

func (f *filler) add(row []any) error {
	_, err := f.stmt.Exec(row...)
	return mapError(err)
}

// close ends the writing, unless it failed.
func (f *filler) close(ctx context.Context, failed error) error {
	if failed == nil && f.copies {
		_, failed = f.stmt.ExecContext(ctx) // tells the server that no more rows come
	}
	return errors.Join(mapError(failed), f.stmt.Close())
}

// goOnAfter makes a table's sequence go on after the highest number that is or was in use.
func (d *DB) goOnAfter(ctx context.Context, tx *sqlx.Tx, t table, last int64) error {
	if t.sequence == "" || last == 0 {
		return nil
	}
	var err error
	if d.dialect.postgres {
		_, err = tx.ExecContext(ctx, `select setval(pg_get_serial_sequence(quote_ident($1), $2)::regclass, $3)`, t.Name, t.sequence, last)
		return mapError(err)
	}
	result, err := tx.ExecContext(ctx, `update sqlite_sequence set seq = max(seq, ?) where name = ?`, last, t.Name)
	if err != nil {
		return mapError(err)
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	_, err = tx.ExecContext(ctx, `insert into sqlite_sequence (name, seq) values (?, ?)`, t.Name, last)
	return mapError(err)
}

// migrateTo makes the schema of a version.
func (d *DB) migrateTo(ctx context.Context, version int64) error {
	files, err := fs.Sub(migrations, "migrations")
	if err == nil {
		err = d.migrateLocked(ctx, upTo{files, version})
	}
	if err != nil {
		return fmt.Errorf("schema of the backup: %w", err)
	}
	return nil
}

// upTo is a folder of migrations without those after a version.
type upTo struct {
	fs.FS
	version int64
}

// ReadDir implements fs.ReadDirFS.
func (u upTo) ReadDir(name string) ([]fs.DirEntry, error) {
	all, err := fs.ReadDir(u.FS, name)
	kept := all[:0]
	for _, entry := range all {
		if migrationVersion(entry.Name()) <= u.version {
			kept = append(kept, entry)
		}
	}
	return kept, err
}

// migrationVersion is the number that a migration's file begins with.
func migrationVersion(name string) int64 {
	number, _, _ := strings.Cut(path.Base(name), "_")
	version, _ := strconv.ParseInt(number, 10, 64)
	return version
}

// latestSchema is the version of the schema that this program makes.
func latestSchema() (latest int64, err error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	for _, name := range names {
		latest = max(latest, migrationVersion(name))
	}
	return latest, err
}
