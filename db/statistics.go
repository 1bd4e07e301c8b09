package db

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// statistics is what SQLite's planner should expect of an index: the rows of the table, then the rows that share the
// index's first column, its first two, and so on, in the form of sqlite_stat1; the key of a table without rowid has the table's
// name there. Without it the planner takes every table
// for a small one, and walks a company's whole directory in the order of creation rather than look one address up.
var statistics = [][3]string{
	{"resources", "sqlite_autoindex_resources_1", "100000 20000 1"},
	{"resources", "resources_user_name", "100000 20000 1"},
	{"resources", "resources_order", "100000 20000 10000 2 1"},
	{"resources", "resources_name", "100000 20000 10000 2"},
	{"resources", "resources_manager", "50000 10000 10"},
	{"members", "members", "1000000 200000 100 1"},
	{"members", "members_member", "1000000 200000 10 1"},
	{"emails", "emails", "100000 20000 2 1"},
	{"emails", "emails_folded", "100000 20000 1 1"},
	{"external_ids", "external_ids", "100000 20000 1 1"},
	{"external_ids", "external_ids_value", "100000 20000 20000 10000 1 1"},
}

// adviseSQLite writes what a file lacks of the statistics: all of it when it is new, a table's when a migration made that
// anew.
func (d *DB) adviseSQLite(ctx context.Context) error {
	var tables, known []string
	err := d.writer.SelectContext(ctx, &tables, `select name from sqlite_schema where name = 'sqlite_stat1'`)
	if err == nil && len(tables) > 0 {
		err = d.writer.SelectContext(ctx, &known, `select idx from sqlite_stat1 where idx is not null`)
	}
	if err != nil {
		return err
	}
	var rows []string
	for _, s := range statistics {
		if !slices.Contains(known, s[1]) {
			rows = append(rows, fmt.Sprintf("('%s', '%s', '%s')", s[0], s[1], s[2]))
		}
	}
	if len(rows) == 0 {
		return nil
	}
	_, err = d.writer.ExecContext(ctx, `analyze sqlite_schema;
		with advice (tbl, idx, stat) as (values `+strings.Join(rows, ", ")+`)
		insert into sqlite_stat1 (tbl, idx, stat) select tbl, idx, stat from advice
			where not exists (select 1 from sqlite_stat1 s where s.idx = advice.idx);
		analyze sqlite_schema`)
	return err
}

// CountGrown has Postgres count again the tables that hold several times the rows, and some pages more, that its planner
// knows of. Postgres does so by itself, but only about once a minute, and an identity provider's first sync fills a
// directory in less: until then every index that begins with the company looks as good as another, and a look-up walks all
// of it. Only what indexes hold is counted: documents would take most of the time and decide nothing. Replicas do not wait
// for each other here; to count twice does no harm. SQLite is told once what to expect.
func (d *DB) CountGrown(ctx context.Context) error {
	if !d.dialect.postgres {
		return nil
	}
	var grown []string
	err := d.list(ctx, nil, &grown, `select format('%I (%s)', t.relname, (select string_agg(distinct quote_ident(a.attname), ', ')
			from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey) where i.indrelid = c.oid))
		from pg_stat_user_tables t join pg_class c on c.oid = t.relid
		where t.schemaname = current_schema() and c.relhasindex and t.n_live_tup > 4 * greatest(c.reltuples, 0) + 200`)
	for _, table := range grown {
		if err == nil {
			_, err = d.writer.ExecContext(ctx, `analyze (skip_locked) `+table)
		}
	}
	return mapError(err)
}
