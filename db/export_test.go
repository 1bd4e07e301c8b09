package db

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
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

// Marks is the seq of each mark of a company, by "type id".
func Marks(t *testing.T, d *DB, company string) map[string]int64 {
	t.Helper()
	var rows []struct {
		Key string `db:"key"`
		Seq int64  `db:"seq"`
	}
	err := d.list(t.Context(), nil, &rows, `select object_type || ' ' || object_id as key, seq from dirty where company_id = ?`, company)
	if err != nil {
		t.Fatal(err)
	}
	marks := map[string]int64{}
	for _, r := range rows {
		marks[r.Key] = r.Seq
	}
	return marks
}

// Write runs one statement.
func Write(t *testing.T, d *DB, query string, args ...any) int64 {
	t.Helper()
	var n int64
	err := d.inTx(t.Context(), func(ctx context.Context, tx *sqlx.Tx) error {
		var err error
		n, err = d.exec(ctx, tx, query, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// ClearMarks removes the marks of a company, as a planner does.
func ClearMarks(t *testing.T, d *DB, company string) {
	t.Helper()
	Write(t, d, `delete from dirty where company_id = ?`, company)
}

// Count is the number of rows that a query counts.
func Count(t *testing.T, d *DB, query string, args ...any) int {
	t.Helper()
	var n int
	err := d.get(t.Context(), nil, &n, query, args...)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Strings is the one column that a query reads.
func Strings(t *testing.T, d *DB, query string, args ...any) []string {
	t.Helper()
	var list []string
	err := d.list(t.Context(), nil, &list, query, args...)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// LimitPages lets a SQLite file grow by a few pages only, as a full disk does, or lifts the limit.
func LimitPages(t *testing.T, d *DB, on bool) {
	t.Helper()
	d.writer.SetMaxOpenConns(1) // the limit belongs to a connection
	pages := 1 << 30
	if on {
		pages = 8 + Count(t, d, `select page_count from pragma_page_count`)
	}
	err := d.inTx(t.Context(), func(ctx context.Context, tx *sqlx.Tx) error { // the limit belongs to the writer's connection
		_, err := tx.ExecContext(ctx, fmt.Sprintf(`pragma max_page_count = %d`, pages))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// AppendIn adds entries to the record within a transaction.
func AppendIn(ctx context.Context, d *DB, tx *sqlx.Tx, entries ...audit.Entry) error {
	return d.appendEntries(ctx, tx, entries...)
}

// Migrate brings the schema to what files ask for.
func Migrate(ctx context.Context, d *DB, files fs.FS) error { return d.migrateLocked(ctx, files) }

// MapError is mapError.
func MapError(err error) error { return mapError(err) }

// Shared is how many transactions SQLite's writer has committed, and how many requests were part of them.
func Shared(d *DB) [2]int64 { return [2]int64{d.group.commits.Load(), d.group.members.Load()} }

// Waiting is how many requests wait for SQLite's writer.
func Waiting(d *DB) int {
	d.group.mu.Lock()
	defer d.group.mu.Unlock()
	return len(d.group.waiting)
}

// CollectFor makes a transaction of SQLite's writer take more requests for so long.
func CollectFor(d *DB, t time.Duration) {
	d.group.mu.Lock()
	defer d.group.mu.Unlock()
	d.group.collect = t
}

// Writing is how many write on Postgres, or wait for a row to write to.
func Writing(d *DB) int { return len(d.writing) }

// AloneTx is aloneTx.
func AloneTx(ctx context.Context, d *DB, f func(ctx context.Context, tx *sqlx.Tx) error) error {
	return d.aloneTx(ctx, f)
}

// LogFrames is how many pages are in SQLite's write-ahead log.
func LogFrames(t *testing.T, d *DB) int {
	t.Helper()
	var busy, frames, done int
	if err := d.reader.QueryRow(`pragma wal_checkpoint(noop)`).Scan(&busy, &frames, &done); err != nil {
		t.Fatal(err)
	}
	return frames
}

// ReadOn begins a read of SQLite that stays until leave is called.
func ReadOn(t *testing.T, d *DB) (leave func()) {
	t.Helper()
	tx, err := d.reader.Beginx()
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.Get(&n, `select count(*) from sqlite_schema`); err != nil {
		t.Fatal(err)
	}
	return func() { _ = tx.Rollback() }
}

// LookAtLog does at once what the checkpointer does after a write.
func LookAtLog(ctx context.Context, d *DB) error { return d.checkpointer.look(ctx) }

// RestartLog begins SQLite's log anew.
func RestartLog(t *testing.T, d *DB) {
	t.Helper()
	err := d.group.quiet(t.Context(), func(l *link) error {
		if err := l.connect(); err != nil {
			return err
		}
		_, err := l.restartLog(t.Context())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// LogRestarts is how often SQLite's log was begun anew, and how often a long read hindered that.
func LogRestarts(d *DB) (begun, hindered int64) {
	return d.checkpointer.begun.Load(), d.checkpointer.hindered.Load()
}

// SetID is setID.
func SetID(names string) string { return setID(names) }

// OpenAt is a database whose schema is that of an older version, as the version left it.
func OpenAt(t *testing.T, c Config, version int64) *DB {
	t.Helper()
	d, err := connect(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.migrateTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	return d
}

// Advised is what SQLite's planner is to be told of, as adviseSQLite writes it.
func Advised() []string {
	var all []string
	for _, s := range statistics {
		all = append(all, s[0]+" "+s[1]+" "+s[2])
	}
	slices.Sort(all)
	return all
}

// Kept tells whether a statement stays prepared, on the readers' connections or the writer's.
func Kept(d *DB, text string) bool {
	return d.reader.kept.take(text) != nil || d.group != nil && d.group.link.kept.take(text) != nil
}

// MostKept is how many statements stay prepared on the readers' connections.
func MostKept(d *DB) int {
	d.reader.kept.mu.RLock()
	defer d.reader.kept.mu.RUnlock()
	return len(d.reader.kept.stmts)
}
