package db

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the schema up to date. Replicas that start together do it one after the other.
func (d *DB) migrate(ctx context.Context) error {
	err := d.migrateLocked(ctx)
	if err != nil {
		return fmt.Errorf("database schema: %w", err)
	}
	return nil
}

func (d *DB) migrateLocked(ctx context.Context) error {
	if !d.dialect.postgres {
		return d.migrateSQLite(ctx)
	}
	conn, err := d.writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	const key = `hashtextextended('proprio migrations ' || current_schema(), 0)`
	_, err = conn.ExecContext(ctx, `select pg_advisory_lock(`+key+`)`)
	if err != nil {
		return err
	}
	defer func() { // also when ctx has ended: the connection goes back to the pool
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), `select pg_advisory_unlock(`+key+`)`)
	}()
	return d.up(ctx, goose.DialectPostgres)
}

// migrateSQLite has no lock that outlives a transaction. When another process migrates the same file at the same time,
// one of the two finds a table made already; it is rolled back and looks again.
func (d *DB) migrateSQLite(ctx context.Context) error {
	var err error
	for try := 1; try <= 4; try++ {
		err = d.up(ctx, goose.DialectSQLite3)
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

func (d *DB) up(ctx context.Context, dialect goose.Dialect) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
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

type spelledFile struct {
	*bytes.Reader
	info fs.FileInfo
}

// Stat implements fs.File.
func (f *spelledFile) Stat() (fs.FileInfo, error) { return f.info, nil }

// Close implements fs.File.
func (f *spelledFile) Close() error { return nil }
