package db

import (
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"
)

// What follows is for doctors: it looks at a database as it is, opened with Inspect, and changes nothing.

// Server is the name and version of the database's software.
func (d *DB) Server(ctx context.Context) (name string, err error) {
	query := `select 'SQLite ' || sqlite_version()`
	if d.dialect.postgres {
		query = `select 'PostgreSQL ' || current_setting('server_version')`
	}
	return name, d.get(ctx, nil, &name, query)
}

// Schema is the version of the database's schema, and the one that this program makes.
func (d *DB) Schema(ctx context.Context) (have, want int64, err error) {
	want, err = latestSchema()
	if err == nil {
		err = d.get(ctx, nil, &have, `select coalesce(max(version_id), 0) from goose_db_version where is_applied`)
	}
	return have, want, err
}

// Clock is the database's clock.
func (d *DB) Clock(ctx context.Context) (time.Time, error) {
	var at int64
	err := d.get(ctx, nil, &at, `select `+d.dialect.clock())
	return fromMicros(at), err
}

// Recorded is when the newest entry of the record was made, of whichever company; zero where there is none.
func (d *DB) Recorded(ctx context.Context) (at time.Time, err error) {
	var micros int64
	err = d.get(ctx, nil, &micros, `select coalesce((select at from audit_entries order by seq desc limit 1), 0)`)
	return fromMicros(micros), err
}

// ServerLog is Postgres' write-ahead log.
type ServerLog struct {
	Seen  bool   `db:"seen"`  // whether its size may be asked; a member of pg_monitor may
	Size  int64  `db:"size"`  // in bytes
	Usual int64  `db:"usual"` // max_wal_size
	Slot  string `db:"slot"`  // the replication slot that holds the most of it back; empty for none
	Held  int64  `db:"held"`  // how much that is
}

// ServerLog looks at Postgres' write-ahead log.
func (d *DB) ServerLog(ctx context.Context) (log ServerLog, err error) {
	err = d.get(ctx, nil, &log, `select has_function_privilege('pg_ls_waldir()', 'execute') as seen, 0 as size,
		pg_size_bytes(current_setting('max_wal_size')) as usual, coalesce(slot.name, '') as slot, coalesce(slot.held, 0) as held
		from (select 1) as one left join (select slot_name::text as name, pg_wal_lsn_diff(case when pg_is_in_recovery()
				then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, restart_lsn)::bigint as held
			from pg_replication_slots where restart_lsn is not null order by held desc limit 1) as slot on true`)
	if err == nil && log.Seen {
		err = d.get(ctx, nil, &log.Size, `select cast(coalesce(sum(size), 0) as bigint) from pg_ls_waldir()`)
	}
	return log, err
}

// CheckFile looks whether SQLite's file is sound: deep compares the indexes with their tables, too.
func (d *DB) CheckFile(ctx context.Context, deep bool) error {
	if deep {
		return d.sound(ctx, "integrity_check")
	}
	return d.sound(ctx, "quick_check")
}

// Sessions are how many connections Postgres lets in, how many there are, and how many of this database's.
func (d *DB) Sessions(ctx context.Context) (most, used, own int, err error) {
	var row struct {
		Most int `db:"most"`
		Used int `db:"used"`
		Own  int `db:"own"`
	}
	err = d.get(ctx, nil, &row, `select cast(current_setting('max_connections') as int)
			- cast(current_setting('superuser_reserved_connections') as int) as most,
		count(*) as used, count(*) filter (where datname = current_database()) as own
		from pg_stat_activity where backend_type = 'client backend'`)
	return row.Most, row.Used, row.Own, err
}

// Indexes tells which of the indexes that the migrations make are missing or cannot be used, up to the schema version that
// the database has.
func (d *DB) Indexes(ctx context.Context) (made int, faults []string, err error) {
	have, _, err := d.Schema(ctx)
	if err != nil {
		return 0, nil, err
	}
	wanted, err := madeIndexes(have)
	if err != nil {
		return 0, nil, err
	}
	query := `select name, true as valid from sqlite_schema where type = 'index'`
	if d.dialect.postgres {
		query = `select c.relname as name, i.indisvalid and i.indisready as valid from pg_index i join pg_class c on c.oid = i.indexrelid
			where c.relnamespace = (select oid from pg_namespace where nspname = current_schema())`
	}
	var rows []struct {
		Name  string `db:"name"`
		Valid bool   `db:"valid"`
	}
	err = d.list(ctx, nil, &rows, query)
	there := map[string]bool{}
	for _, row := range rows {
		there[row.Name] = true
		if !row.Valid {
			faults = append(faults, row.Name+" is invalid")
		}
	}
	for _, name := range wanted {
		if !there[name] {
			faults = append(faults, name+" is missing")
		}
	}
	return len(wanted), faults, err
}

var (
	indexMade    = regexp.MustCompile(`(?i)\bcreate (?:unique )?index (?:concurrently )?(?:if not exists )?(\w+)`)
	indexDropped = regexp.MustCompile(`(?i)\bdrop index (?:concurrently )?(?:if exists )?(\w+)`)
	comment      = regexp.MustCompile(`(?m)--.*$`)
)

// madeIndexes are the indexes that the migrations leave behind, up to a version.
func madeIndexes(version int64) ([]string, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	var made []string
	for _, name := range names {
		if migrationVersion(name) > version {
			continue
		}
		text, err := migrations.ReadFile(name)
		if err != nil {
			return nil, err
		}
		up, _, _ := strings.Cut(string(text), migrationDown)
		up = comment.ReplaceAllString(up, "")
		for _, m := range indexDropped.FindAllStringSubmatch(up, -1) {
			made = slices.DeleteFunc(made, func(name string) bool { return name == m[1] })
		}
		for _, m := range indexMade.FindAllStringSubmatch(up, -1) {
			made = append(made, m[1])
		}
	}
	return made, nil
}

// Bloat names Postgres' tables that hold many dead rows: more than so many, and one in four.
func (d *DB) Bloat(ctx context.Context, most int64) (tables []string, err error) {
	var rows []struct {
		Name string `db:"name"`
		Dead int64  `db:"dead"`
		Live int64  `db:"live"`
	}
	err = d.list(ctx, nil, &rows, `select relname as name, n_dead_tup as dead, n_live_tup as live from pg_stat_user_tables
		where schemaname = current_schema() and n_dead_tup > ? and n_dead_tup * 4 > n_live_tup order by n_dead_tup desc`, most)
	for _, row := range rows {
		tables = append(tables, fmt.Sprintf("%s (%d dead rows beside %d)", row.Name, row.Dead, row.Live))
	}
	return tables, err
}
