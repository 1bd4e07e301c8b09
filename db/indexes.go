package db

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"regexp"
	"time"

	"github.com/lib/pq"
)

// concurrentIndex matches an index that is made while others write: unique, its name, its table and the rest.
var concurrentIndex = regexp.MustCompile(`(?s)create (unique )?index CONCURRENTLY (\w+)\s+on (\w+)([^;]*);`)

// index is one that migrations ask for outside a transaction.
type index struct{ unique, name, table, rest string }

// create is the statement that makes it.
func (i index) create(concurrently string) string {
	return "create " + i.unique + "index " + concurrently + i.name + " on " + i.table + i.rest
}

// concurrentIndexes are those that the migrations ask for, in their order.
func concurrentIndexes(files fs.FS) ([]index, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	var all []index
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		up, _, _ := bytes.Cut(text, []byte(migrationDown))
		for _, m := range concurrentIndex.FindAllSubmatch(up, -1) {
			all = append(all, index{string(m[1]), string(m[2]), string(m[3]), string(m[4])})
		}
	}
	return all, nil
}

// makeIndexes makes on Postgres what the migrations asked for and is not there, or was broken off when a former start
// was: Postgres keeps such an index, marked as invalid, and it costs every write without serving a read.
func (d *DB) makeIndexes(ctx context.Context, conn *sql.Conn, files fs.FS) error {
	wanted, err := concurrentIndexes(files)
	if err != nil || len(wanted) == 0 {
		return err
	}
	valid, err := knownIndexes(ctx, conn, wanted)
	if err != nil {
		return err
	}
	for _, i := range wanted {
		ok, known := valid[i.name]
		if ok {
			continue
		}
		err = d.makeIndex(ctx, conn, i, known)
		if err != nil {
			return fmt.Errorf("index %s: %w", i.name, err)
		}
	}
	return nil
}

// knownIndexes says which of the indexes are there, and of each whether it is valid.
func knownIndexes(ctx context.Context, conn *sql.Conn, wanted []index) (map[string]bool, error) {
	names := make([]string, len(wanted))
	for n, i := range wanted {
		names[n] = i.name
	}
	rows, err := conn.QueryContext(ctx, `select c.relname, i.indisvalid from pg_class c join pg_index i on i.indexrelid = c.oid
		where c.relnamespace = current_schema()::regnamespace and c.relname = any($1)`, pq.Array(names))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	valid := map[string]bool{}
	for rows.Next() {
		var name string
		var ok bool
		err = rows.Scan(&name, &ok)
		if err != nil {
			return nil, err
		}
		valid[name] = ok
	}
	return valid, rows.Err()
}

// makeIndex makes one index. A table without rows needs no care; to make an index concurrently waits for every older
// transaction in the database, also for those that have nothing to do with it.
func (d *DB) makeIndex(ctx context.Context, conn *sql.Conn, i index, broken bool) error {
	_, err := conn.ExecContext(ctx, `set statement_timeout = 0`)
	if err != nil {
		return err
	}
	defer func() { _, _ = conn.ExecContext(context.WithoutCancel(ctx), `reset statement_timeout`) }()
	start := time.Now()
	if broken {
		_, err = conn.ExecContext(ctx, `drop index concurrently if exists `+i.name)
		if err != nil {
			return err
		}
	}
	var filled bool
	err = conn.QueryRowContext(ctx, `select exists (select 1 from `+i.table+`)`).Scan(&filled)
	if err != nil {
		return err
	}
	concurrently := ""
	if filled {
		concurrently = "concurrently "
	}
	_, err = conn.ExecContext(ctx, i.create(concurrently))
	if err != nil {
		return err
	}
	d.logger.InfoContext(ctx, "index made", "index", i.name, "duration", time.Since(start).Round(time.Millisecond))
	return nil
}
