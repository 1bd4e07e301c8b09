package db_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"proprio/audit"
	"proprio/backup"
	"proprio/db"
	"proprio/db/dbtest"
)

// Tables that SQLite makes anew hold what they held, with their keys, indexes and what the planner is told of them; entries of
// before are read as they were written.
func TestMigrate_tablesMadeAnewHoldWhatTheyHeld(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, c db.Config) {
		old := db.OpenAt(t, c, 19)
		db.FillEveryTable(t, old, 5)
		db.Write(t, old, `update audit_entries set changed = '["a","b"]', external_ids = '' where company_id = 'c-1'`)
		before, indexes := db.Counted(t, old), indexesOf(t, old)
		if err := old.Close(); err != nil {
			t.Fatal(err)
		}
		d := db.OpenAt(t, c, 21) // later ones add to tables
		after := map[string]backup.Counted{}
		for _, counted := range db.Counted(t, d) {
			after[counted.Table] = counted
		}
		for _, was := range before {
			is := after[was.Table]
			if was.Table == "audit_entries" { // it has one column more
				is.Hash = was.Hash
			}
			if was != is {
				t.Errorf("%v before, %v after", was, is)
			}
		}
		if diff := cmp.Diff(indexes, indexesOf(t, d)); diff != "" {
			t.Errorf("indexes (-before +after):\n%s", diff)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		d = dbtest.Open(t, c)
		entries, err := d.Entries(t.Context(), "c-1", audit.Query{})
		if err != nil || len(entries) != 1 || !slices.Equal(entries[0].Changed, []string{"a", "b"}) {
			t.Errorf("the entry of before: %v, %v", entries, err)
		}
		if d.Postgres() {
			return
		}
		if got := db.Strings(t, d, `select tbl || ' ' || idx || ' ' || stat from sqlite_stat1 order by 1`); !slices.Equal(got, db.Advised()) {
			t.Errorf("the planner is told:\n%s", strings.Join(got, "\n"))
		}
		if n := db.Count(t, d, `select count(*) from pragma_foreign_key_check`); n != 0 {
			t.Errorf("%d references lead nowhere", n)
		}
		if got := db.Write(t, d, `delete from resources where company_id = 'c-1'`); got != 1 || db.Count(t, d, `select count(*) from members where company_id = 'c-1'`) != 0 {
			t.Error("memberships stay when their member goes")
		}
	})
}

// indexesOf are the indexes that migrations made.
func indexesOf(t *testing.T, d *db.DB) []string {
	t.Helper()
	query := `select name || ' on ' || tbl_name from sqlite_schema where type = 'index' and sql is not null order by 1`
	if d.Postgres() {
		query = `select indexname || ' on ' || tablename from pg_indexes where schemaname = current_schema() and indexname not like '%\_pkey' order by 1`
	}
	return db.Strings(t, d, query)
}

// A backup of an older version is put into the schema that it was made from, and only then brought up to date.
func TestRestore_ofAnOlderSchema(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, c db.Config) {
		old := db.OpenAt(t, c, 19)
		db.FillEveryTable(t, old, 5)
		file, counted := backUp(t, old)
		if err := old.Close(); err != nil {
			t.Fatal(err)
		}
		for kind, place := range places {
			c := place(t)
			restored, err := restore(t, c, file, false)
			if err != nil {
				t.Fatalf("into %s: %v", kind, err)
			}
			if len(restored.Tables) != len(counted) {
				t.Errorf("into %s: %d tables, want %d", kind, len(restored.Tables), len(counted))
			}
			if got, want := db.SchemaVersion(t, dbtest.Open(t, c)), newestMigration(t); got != want {
				t.Errorf("into %s: the schema is at %d, want %d", kind, got, want)
			}
		}
	})
}

// newestMigration is the number of the last one.
func newestMigration(t *testing.T) (newest int64) {
	t.Helper()
	for name := range migrationTexts(t) {
		number, _, _ := strings.Cut(name, "_")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		newest = max(newest, n)
	}
	return newest
}
