package db

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// The texts in the folder migrations are for both databases; dialect.migration spells them. Replicas of the previous version
// serve while they run and afterwards, so from 00014 on a migration only adds: tables, columns with a default, indexes.
// An index on a table that may be large by then is written
//
//	create index CONCURRENTLY NAME on TABLE (…);
//
// On Postgres it is made after the migrations, outside a transaction, while others write; one that was broken off is
// made again at the next start.

// migrationUp and migrationDown mark the two parts of a migration.
const (
	migrationUp   = "-- +goose Up"
	migrationDown = "-- +goose Down"
)

// migrationPatience is how long a migration is tried again while transactions of others hold a table that it changes.
const migrationPatience = 5 * time.Minute

// migrate brings the schema up to date. Replicas that start together do it one after the other. A schema that a newer
// version has added to is left as it is.
func (d *DB) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations")
	if err == nil {
		err = d.migrateLocked(ctx, files)
	}
	if err != nil {
		return fmt.Errorf("database schema: %w", err)
	}
	return nil
}

func (d *DB) migrateLocked(ctx context.Context, files fs.FS) error {
	if !d.dialect.postgres {
		return d.migrateSQLite(ctx, files)
	}
	conn, err := d.writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	unlock, err := d.lockSchema(ctx, conn)
	if err != nil {
		return err
	}
	defer unlock()
	err = d.upPatiently(ctx, files)
	if err != nil {
		return err
	}
	return d.makeIndexes(ctx, conn, files)
}

// lockSchema waits until no other replica changes the schema. It asks again and again instead of waiting in the database:
// a statement that waits holds a snapshot, and an index is not made concurrently before all older snapshots are gone.
func (d *DB) lockSchema(ctx context.Context, conn *sql.Conn) (unlock func(), err error) {
	const key = `(hashtextextended('proprio schema ' || current_schema(), 0))`
	for try := 1; ; try++ {
		var held bool
		err := conn.QueryRowContext(ctx, `select pg_try_advisory_lock`+key).Scan(&held)
		if err != nil {
			return nil, err
		}
		if held {
			return func() { // also when ctx has ended: the connection goes back to the pool
				_, _ = conn.ExecContext(context.WithoutCancel(ctx), `select pg_advisory_unlock`+key)
			}, nil
		}
		if try == 1 {
			d.logger.InfoContext(ctx, "waiting for another replica that brings the schema up to date")
		}
		err = pause(ctx, try)
		if err != nil {
			return nil, err
		}
	}
}

// upPatiently goes on trying while a table to be changed is held by others. Each try waits for the lock so shortly that
// requests which queue behind it hardly notice.
func (d *DB) upPatiently(ctx context.Context, files fs.FS) error {
	for start := time.Now(); ; {
		err := d.up(ctx, goose.DialectPostgres, files)
		var p *pq.Error
		if !errors.As(err, &p) || p.Code != pqerror.LockNotAvailable || time.Since(start) > migrationPatience {
			return err
		}
		d.logger.WarnContext(ctx, "a table to be changed is held by another transaction; trying again", "error", err)
		stop := pause(ctx, maxTries)
		if stop != nil {
			return errors.Join(err, stop)
		}
	}
}

// migrateSQLite has no lock that outlives a transaction. When another process migrates the same file at the same time,
// one of the two finds a table made already; it is rolled back and looks again.
func (d *DB) migrateSQLite(ctx context.Context, files fs.FS) error {
	var err error
	for try := 1; try <= 4; try++ {
		err = d.up(ctx, goose.DialectSQLite3, files)
		if err == nil {
			err = d.adviseSQLite(ctx)
		}
		if err == nil {
			return nil
		}
		stop := pause(ctx, 5+try)
		if stop != nil {
			return errors.Join(err, stop)
		}
	}
	return err
}

func (d *DB) up(ctx context.Context, dialect goose.Dialect, files fs.FS) error {
	p, err := goose.NewProvider(dialect, d.writer.DB.DB, spelled{files, d.dialect},
		goose.WithDisableGlobalRegistry(true), goose.WithSlog(d.logger))
	if err != nil {
		return err
	}
	results, err := p.Up(ctx)
	for _, r := range results {
		d.logger.InfoContext(ctx, "migrated", "version", r.Source.Version, "duration", r.Duration.Round(time.Millisecond))
	}
	return err
}

// spelled is a folder of migrations with the column types of one dialect.
type spelled struct {
	fs.FS
	dialect dialect
}

// Open implements fs.FS.
func (s spelled) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		return f, err
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	return &spelledFile{Reader: bytes.NewReader(s.dialect.migration(text)), info: info}, nil
}

// ReadDir implements fs.ReadDirFS: the folder may show some of its files only.
func (s spelled) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(s.FS, name) }

type spelledFile struct {
	*bytes.Reader
	info fs.FileInfo
}

// Stat implements fs.File.
func (f *spelledFile) Stat() (fs.FileInfo, error) { return f.info, nil }

// Close implements fs.File.
func (f *spelledFile) Close() error { return nil }
