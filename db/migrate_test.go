package db_test

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
)

// firstOfRolling is the first migration that replicas of the previous version see while they serve.
const firstOfRolling = "00014"

// migrationTexts are the migrations by file name: of each the part that goes up, without comments.
func migrationTexts(t *testing.T) map[string]string {
	t.Helper()
	files, err := fs.Glob(os.DirFS("migrations"), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	comment := regexp.MustCompile(`(?m)--.*$`)
	whole := regexp.MustCompile(`(?s)-- \+goose StatementBegin\n(create (?:function|trigger) \w+).*?-- \+goose StatementEnd`)
	sqliteOnly := regexp.MustCompile(`(?ms)^-- \+only sqlite\n.*?^-- \+end\n`) // one process uses a file: no other version serves on it
	texts := map[string]string{}
	for _, name := range files {
		text, err := os.ReadFile("migrations/" + name)
		if err != nil {
			t.Fatal(err)
		}
		up, down, ok := strings.Cut(string(text), "-- +goose Down")
		if !ok || strings.TrimSpace(down) == "" {
			t.Errorf("%s has no way down", name)
		}
		up = sqliteOnly.ReplaceAllString(up, "")
		up = whole.ReplaceAllString(up, "$1;")
		texts[name] = comment.ReplaceAllString(up, "")
	}
	return texts
}

var (
	spaces     = regexp.MustCompile(`\s+`)
	makesTable = regexp.MustCompile(`^create table (\w+) \(`)
	makesIndex = regexp.MustCompile(`^create (?:unique )?index (CONCURRENTLY )?\w+ on (\w+) ?[(]`)
	addsColumn = regexp.MustCompile(`^alter table (\w+) add column \w+ \w+ (not null default|default) `)
	addsDuty   = regexp.MustCompile(`^create (function|trigger) `) // of the database, for whoever writes
	fillsTable = regexp.MustCompile(`^insert into (\w+) `)
)

// A rolling upgrade: the previous version serves on the new schema, so a migration may only add to it. It makes tables, and
// may fill those that it made; it adds columns that have a default, because the previous version's inserts do not name
// them; and an index on a table that may be large is made concurrently. All else is a step of a later release, when nobody
// uses the old form any more.
func TestMigrations_onlyAdd(t *testing.T) {
	t.Parallel()
	seen := 0
	for name, text := range migrationTexts(t) {
		if name < firstOfRolling {
			continue
		}
		seen++
		own := map[string]bool{}
		for _, statement := range strings.Split(text, ";") {
			s := strings.TrimSpace(spaces.ReplaceAllString(statement, " "))
			if s == "" {
				continue
			}
			table, index, fill := makesTable.FindStringSubmatch(s), makesIndex.FindStringSubmatch(s), fillsTable.FindStringSubmatch(s)
			switch {
			case table != nil:
				own[table[1]] = true
			case index != nil && (index[1] != "" || own[index[2]]), addsColumn.MatchString(s), addsDuty.MatchString(s), fill != nil && own[fill[1]]:
			case index != nil:
				t.Errorf("%s: an index on a table that is there already is made CONCURRENTLY: %s", name, s)
			default:
				t.Errorf("%s: a migration may make tables (and fill them), add columns with a default, and make indexes; the "+
					"previous version still serves: %s", name, s)
			}
		}
	}
	if seen == 0 {
		t.Log("there is no migration yet since replicas may be upgraded one after the other")
	}
}

// withMigration is all migrations and one more.
func withMigration(t *testing.T, up string) fs.FS {
	t.Helper()
	files := fstest.MapFS{"99001_test.sql": {Data: []byte("-- +goose Up\n\n" + up + "\n\n-- +goose Down\n\nselect 1;\n")}}
	for name := range migrationTexts(t) {
		text, err := os.ReadFile("migrations/" + name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: text}
	}
	return files
}

// A binary starts and works on a schema to which a newer version has added.
func TestOpen_onTheSchemaOfANewerVersion(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, c db.Config) {
		newer := dbtest.Open(t, c)
		err := db.Migrate(t.Context(), newer, withMigration(t, `create table later (id text primary key);
alter table companies add column later text not null default 'x';
create index CONCURRENTLY companies_later on companies (later);`))
		if err != nil {
			t.Fatal(err)
		}
		previous := dbtest.Open(t, c)
		db.Write(t, previous, `insert into companies (id, name, outside_domain, created, suspended) values ('c1', 'One', 'reject', 1, ?)`, false)
		if got := db.Strings(t, previous, `select later from companies`); !slices.Equal(got, []string{"x"}) {
			t.Errorf("the new column holds %v", got)
		}
		if version := db.SchemaVersion(t, previous); version != 99001 {
			t.Errorf("the schema is at %d", version)
		}
	})
}

// openPlain is a connection without the package, for what others do on the same database.
func openPlain(t *testing.T, url string) *sql.DB {
	t.Helper()
	plain, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = plain.Close() })
	return plain
}

func mustExec(t *testing.T, q interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}, query string, args ...any) {
	t.Helper()
	if _, err := q.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// waitFor asks until the condition holds: somebody else's work is to be seen in the database.
func waitFor(t *testing.T, plain *sql.DB, what, query string, args ...any) {
	t.Helper()
	for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		var ok bool
		err := plain.QueryRowContext(t.Context(), query, args...).Scan(&ok)
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			return
		}
		if time.Since(start) > 2*time.Minute {
			t.Fatalf("%s: never seen", what)
		}
	}
}

// On Postgres an index on a table with rows is made while others write to it: an older transaction keeps the index waiting,
// and nobody else.
func TestMigrate_anIndexIsMadeWhileOthersWrite(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgresURL(t)
	d := dbtest.Open(t, db.Config{Data: t.TempDir(), URL: url})
	plain := openPlain(t, url)
	const insert = `insert into companies (id, name, outside_domain, created, suspended) values ($1, $1, 'reject', 1, false)`
	mustExec(t, plain, insert, "first")
	older, err := plain.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = older.Rollback() }()
	mustExec(t, older, insert, "older")
	done := make(chan error, 1)
	files := withMigration(t, "create index CONCURRENTLY companies_later on companies (outside_domain, name);")
	go func() { done <- db.Migrate(t.Context(), d, files) }()
	waitFor(t, plain, "the index that waits for the older transaction", `select exists (select 1 from pg_stat_activity
		where wait_event_type = 'Lock' and query like 'create index concurrently companies_later%')`)
	mustExec(t, plain, `set lock_timeout = '5s'`)
	mustExec(t, plain, insert, "meanwhile") // would wait for the index, were it made plainly
	if err := older.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	waitFor(t, plain, "the valid index", `select indisvalid from pg_index where indexrelid = 'companies_later'::regclass`)
}

// An index whose making was broken off is made again at the next start.
func TestMigrate_aBrokenIndexIsMadeAgain(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgresURL(t)
	d := dbtest.Open(t, db.Config{Data: t.TempDir(), URL: url})
	plain := openPlain(t, url)
	for n := range 2 {
		mustExec(t, plain, `insert into companies (id, name, outside_domain, created, suspended) values ($1, $1, 'reject', 1, false)`, fmt.Sprint(n))
	}
	files := withMigration(t, "create unique index CONCURRENTLY companies_later on companies (outside_domain);")
	if err := db.Migrate(t.Context(), d, files); err == nil || !strings.Contains(err.Error(), "companies_later") {
		t.Fatalf("two rows with one key: %v, want an error that names the index", err)
	}
	waitFor(t, plain, "the broken index", `select not indisvalid from pg_index where indexrelid = 'companies_later'::regclass`)
	mustExec(t, plain, `delete from companies where id = '1'`)
	if err := db.Migrate(t.Context(), d, files); err != nil {
		t.Fatal(err)
	}
	waitFor(t, plain, "the valid index", `select indisvalid from pg_index where indexrelid = 'companies_later'::regclass`)
}

// A migration that wants a table which a long transaction holds gives up soon and tries again: meanwhile other requests,
// which queue behind it, go on.
func TestMigrate_doesNotBlockOthersBehindALongTransaction(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgresURL(t)
	d := dbtest.Open(t, db.Config{Data: t.TempDir(), URL: url})
	plain := openPlain(t, url)
	long, err := plain.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = long.Rollback() }()
	mustExec(t, long, `insert into companies (id, name, outside_domain, created, suspended) values ('long', 'Long', 'reject', 1, false)`)
	done := make(chan error, 1)
	files := withMigration(t, "alter table companies add column later text not null default '';")
	go func() { done <- db.Migrate(t.Context(), d, files) }()
	waitFor(t, plain, "the migration that waits", `select exists (select 1 from pg_stat_activity
		where wait_event_type = 'Lock' and query like 'alter table companies add column later%')`)
	mustExec(t, plain, `insert into companies (id, name, outside_domain, created, suspended) values ('other', 'Other', 'reject', 1, false)`)
	if err := long.Commit(); err != nil { // only now: the other one did not wait for it
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := db.Strings(t, d, `select later from companies order by id`); !slices.Equal(got, []string{"", ""}) {
		t.Errorf("the new column holds %q", got)
	}
}
