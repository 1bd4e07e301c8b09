package db_test

import (
	"regexp"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
)

// TestPostgresKnowsOfAFirstSync: what an identity provider has just sent is counted before its look-ups go on for long,
// and not only when Postgres does so by itself.
func TestPostgresKnowsOfAFirstSync(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if !d.Postgres() {
			t.Skip("SQLite is told once what to expect")
		}
		db.Write(t, d, `insert into external_ids (company_id, connection_id, type, resource_id, external_id)
			select ?, 'c', 'User', cast(n as text), cast(n as text) from generate_series(1, 1000) as n`, "a company")
		late := time.After(2 * time.Minute) // Postgres tells what was written with a delay of its own
		for db.Count(t, d, `select count(*) from pg_stats where schemaname = current_schema() and tablename = 'external_ids'`) == 0 {
			if err := d.CountGrown(t.Context()); err != nil {
				t.Fatal(err)
			}
			select {
			case <-late:
				t.Fatal("the table was not counted")
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
}

// TestNoPartialIndexComparesAColumnThatRequestsBind: SQLite plans a statement anew each time a parameter is bound that it
// has held against an index's condition, which takes longer than most of our statements.
func TestNoPartialIndexComparesAColumnThatRequestsBind(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.Config{Data: t.TempDir()})
	comparison := regexp.MustCompile(`(?is)\bwhere\b.*[^<>!]=`)
	for _, index := range db.Strings(t, d, `select sql from sqlite_schema where type = 'index' and sql is not null
		and tbl_name in ('resources', 'members', 'emails', 'external_ids', 'attribute_keys', 'milestones')`) {
		if comparison.MatchString(index) {
			t.Errorf("its condition compares a column with =; say it with is null, <> or not: %s", index)
		}
	}
}
