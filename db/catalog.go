package db

import (
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"

	"proprio/backup"
)

// table is a table of the schema, as the database itself describes it: what is copied whole is never listed by hand, so
// that a table that is added comes along.
type table struct {
	backup.Table
	key      []string // columns of the primary key
	company  string   // the column that says whose a row is; empty: the table is of no company
	sequence string   // the column that counts up by itself; empty: none
	parents  []string // tables that its foreign keys lead to
	triggers bool     // it has triggers, which write into other tables
}

// versionTable is where goose keeps which migrations ran.
const versionTable = "goose_db_version"

// tables reads the schema, in an order in which each table comes after its parents.
func (d *DB) tables(ctx context.Context, q sqlx.QueryerContext) ([]table, error) {
	columns, parents := sqliteColumns, sqliteParents
	if d.dialect.postgres {
		columns, parents = postgresColumns, postgresParents
	}
	var rows []columnRow
	err := sqlx.SelectContext(ctx, q, &rows, columns, versionTable)
	if err != nil {
		return nil, fmt.Errorf("read the schema: %w", mapError(err))
	}
	var links []struct {
		Table  string `db:"tbl"`
		Parent string `db:"parent"`
	}
	err = sqlx.SelectContext(ctx, q, &links, parents)
	if err != nil {
		return nil, fmt.Errorf("read the schema: %w", mapError(err))
	}
	documents, err := documentColumns()
	if err != nil {
		return nil, err
	}
	var all []table
	for _, row := range rows {
		if len(all) == 0 || all[len(all)-1].Name != row.Table {
			all = append(all, table{Table: backup.Table{Name: row.Table}, triggers: row.Fires})
		}
		err = all[len(all)-1].add(row, documents)
		if err != nil {
			return nil, err
		}
	}
	for _, link := range links {
		for i := range all {
			if all[i].Name == link.Table && link.Parent != link.Table {
				all[i].parents = append(all[i].parents, link.Parent)
			}
		}
	}
	return parentsFirst(all)
}

// columnRow is a column as the database describes it. Generated columns are left out.
type columnRow struct {
	Table  string `db:"tbl"`
	Column string `db:"col"`
	Type   string `db:"type"`
	Key    int    `db:"pk"` // its place in the primary key, from 1; 0: it is not in it
	Counts bool   `db:"counts"`
	Fires  bool   `db:"fires"` // the table has triggers
}

const sqliteColumns = `select m.name as tbl, c.name as col, lower(c.type) as type, c.pk as pk,
		c.pk = 1 and m.sql like '%autoincrement%' as counts,
		exists (select 1 from sqlite_schema t where t.type = 'trigger' and t.tbl_name = m.name) as fires
	from sqlite_schema m join pragma_table_xinfo(m.name) c
	where m.type = 'table' and m.name not like 'sqlite\_%' escape '\' and m.name <> ? and c.hidden = 0
	order by m.name, c.cid`

const sqliteParents = `select distinct m.name as tbl, f."table" as parent
	from sqlite_schema m join pragma_foreign_key_list(m.name) f where m.type = 'table' order by 1, 2`

const postgresColumns = `select c.relname as tbl, a.attname as col, format_type(a.atttypid, null) as type,
		coalesce(array_position(i.indkey::int2[], a.attnum) + 1, 0) as pk, a.attidentity <> '' as counts,
		exists (select 1 from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal) as fires
	from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
		left join pg_index i on i.indrelid = c.oid and i.indisprimary
	where c.relnamespace = (select oid from pg_namespace where nspname = current_schema()) and c.relkind in ('r', 'p')
		and not c.relispartition and c.relname <> $1
	order by c.relname collate "C", a.attnum`

const postgresParents = `select distinct c.relname as tbl, p.relname as parent
	from pg_constraint f join pg_class c on c.oid = f.conrelid join pg_class p on p.oid = f.confrelid
	where f.contype = 'f' and c.relnamespace = (select oid from pg_namespace where nspname = current_schema()) order by 1, 2`

// add puts a column at the end of the table.
func (t *table) add(row columnRow, documents map[string]bool) error {
	kind, ok := columnKinds[row.Type]
	if !ok {
		return fmt.Errorf("column %s of table %s is %q, which a backup does not know", row.Column, row.Table, row.Type)
	}
	if documents[row.Table+"."+row.Column] {
		kind = backup.JSON
	}
	t.Columns = append(t.Columns, backup.Column{Name: row.Column, Kind: kind})
	if row.Key > 0 {
		for len(t.key) < row.Key {
			t.key = append(t.key, "")
		}
		t.key[row.Key-1] = row.Column
	}
	if row.Counts {
		t.sequence = row.Column
	}
	if row.Column == "company_id" || row.Table == "companies" && row.Column == "id" {
		t.company = row.Column
	}
	return nil
}

// columnKinds are the column types that migrations use, as the two databases call them.
var columnKinds = map[string]backup.Kind{
	"text": backup.Text, "bigint": backup.Integer, "integer": backup.Integer, "smallint": backup.Integer,
	"boolean": backup.Boolean, "bytea": backup.Bytes, "jsonb": backup.JSON,
}

// documentColumns finds which columns hold JSON documents in the migrations, as table.column: SQLite calls them text.
func documentColumns() (map[string]bool, error) {
	found := map[string]bool{}
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := migrations.ReadFile(name)
		if err != nil {
			return nil, err
		}
		current := ""
		for line := range strings.Lines(string(text)) {
			if m := tableLine.FindStringSubmatch(line); m != nil {
				current = m[1]
			}
			if m := documentLine.FindStringSubmatch(line); m != nil {
				found[current+"."+m[1]] = true
			}
		}
	}
	return found, nil
}

var (
	tableLine    = regexp.MustCompile(`(?i)^\s*(?:create|alter) table (\w+)`)
	documentLine = regexp.MustCompile(`\b(\w+)\s+JSONDOC\b`)
)

// parentsFirst orders tables so that rows can be written one table after the other: a table comes after those that it
// refers to. Tables with triggers come before all that they need not follow: what a trigger keeps in another table arrives
// after the rows that it watches, so that there is nothing for it to correct.
func parentsFirst(all []table) ([]table, error) {
	ordered := make([]table, 0, len(all))
	begun, placed := map[string]bool{}, map[string]bool{}
	var place func(t table) error
	place = func(t table) error {
		if placed[t.Name] {
			return nil
		}
		if begun[t.Name] {
			return fmt.Errorf("the foreign keys of table %s go round in a circle", t.Name)
		}
		begun[t.Name] = true
		for _, parent := range all {
			if slices.Contains(t.parents, parent.Name) {
				err := place(parent)
				if err != nil {
					return err
				}
			}
		}
		ordered, placed[t.Name] = append(ordered, t), true
		return nil
	}
	for _, first := range []bool{true, false} {
		for _, t := range all {
			if t.triggers != first {
				continue
			}
			err := place(t)
			if err != nil {
				return nil, err
			}
		}
	}
	return ordered, nil
}

// quoted is a list of names for an SQL text. They are names of the schema, not of anybody's.
func quoted(names []string) string { return `"` + strings.Join(names, `", "`) + `"` }
