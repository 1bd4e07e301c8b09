package db

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"proprio/backup"
)

// restoringFolder is where a database is made that is to take the place of the one in the data folder.
const restoringFolder = "restoring"

// restoreSQLite is Restore into the data folder.
func restoreSQLite(ctx context.Context, c Config, from *backup.Reader, replace bool) (r Restored, err error) {
	place := filepath.Join(c.Data, "proprio.db")
	_, err = os.Lstat(place)
	if err == nil && !replace {
		return r, fmt.Errorf("%s is there already: restore into another folder, or set it aside with --force", place)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return r, err
	}
	apart := filepath.Join(c.Data, restoringFolder)
	err = firstError(os.RemoveAll(apart), os.MkdirAll(apart, 0o700)) // also what a restore left that was killed
	if err != nil {
		return r, fmt.Errorf("data folder: %w", err)
	}
	defer os.RemoveAll(apart)
	r.Tables, err = fillSQLite(ctx, c, apart, from)
	if err == nil {
		err = finishSQLite(ctx, c, apart)
	}
	if err != nil {
		return r, err
	}
	r.SetAside, err = setAsideSQLite(place, c.Now().UTC().Format("20060102T150405Z"))
	if err != nil {
		return r, err
	}
	err = os.Link(filepath.Join(apart, "proprio.db"), place) // unlike a rename it does not replace what appeared meanwhile
	if err != nil {
		return r, fmt.Errorf("put the database in its place: %w", err)
	}
	r.Placed = true
	return r, backup.SyncFolder(c.Data)
}

// fillSQLite fills a new file as fast as can be: nothing of it is worth keeping before it is whole.
func fillSQLite(ctx context.Context, c Config, folder string, from *backup.Reader) ([]backup.Counted, error) {
	drv, err := sqliteDriver()
	if err != nil {
		return nil, err
	}
	d := newDB(c)
	hasty := url.Values{"_txlock": {"immediate"}, "_pragma": {"journal_mode(OFF)", "synchronous(OFF)", "foreign_keys(0)", "cache_size(-65536)"}}
	d.writer = openPool(connector{drv, sqliteDSN(filepath.Join(folder, "proprio.db"), hasty)}, "sqlite", 2)
	d.reader = d.writer
	all, err := d.refill(ctx, from)
	return all, firstError(err, d.Close())
}

// finishSQLite looks whether the file is sound, brings its schema up to date, and puts it on the disk.
func finishSQLite(ctx context.Context, c Config, folder string) error {
	d := newDB(c)
	err := d.openSQLite(Config{Data: folder, Connections: 2})
	if err != nil {
		return err
	}
	err = d.sound(ctx, "integrity_check")
	if err == nil {
		err = d.migrate(ctx)
	}
	if err == nil {
		_, err = d.writer.ExecContext(ctx, `pragma wal_checkpoint(truncate)`)
	}
	err = firstError(err, d.Close())
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(folder, "proprio.db"), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return firstError(f.Sync(), f.Close(), os.Chmod(f.Name(), 0o600))
}

// sound runs one of SQLite's own checks, and looks whether every reference leads somewhere.
func (d *DB) sound(ctx context.Context, check string) error {
	var said []string
	err := d.reader.SelectContext(ctx, &said, `pragma `+check+`(10)`)
	if err != nil {
		return mapError(err)
	}
	if len(said) != 1 || said[0] != "ok" {
		return fmt.Errorf("the database file is damaged: %s", strings.Join(said, "; "))
	}
	var tables []string
	err = d.reader.SelectContext(ctx, &tables, `select distinct "table" from pragma_foreign_key_check limit 10`)
	if err == nil && len(tables) > 0 {
		err = fmt.Errorf("the database file is damaged: rows of %s refer to what is not there", strings.Join(tables, ", "))
	}
	return mapError(err)
}

// setAsideSQLite gives a database file, and what belongs to it, another name. A write-ahead log may be there alone, when this
// was broken off: it must not be taken for that of another file.
func setAsideSQLite(place, when string) (aside string, err error) {
	for _, part := range []string{"", "-wal", "-shm"} {
		err = os.Rename(place+part, place+".replaced-"+when+part)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("set %s aside: %w", place+part, err)
		}
		if err == nil {
			aside = place + ".replaced-" + when
		}
	}
	return aside, nil
}
