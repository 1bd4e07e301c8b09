package db

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"proprio/backup"
)

// stage is a schema of Postgres in which companies arrive before they are in force: bare tables, and how far they are.
type stage struct {
	d         *DB
	name      string // of the schema
	companies []string
	tables    []table
}

// openStage makes the stage, or finds that of an earlier try.
func (d *DB) openStage(ctx context.Context, companies []string, tables []table, restart bool) (*stage, error) {
	schema, err := d.schema(ctx)
	if err != nil {
		return nil, err
	}
	s := &stage{d: d, name: schema + "_arriving", companies: companies, tables: tables}
	if !restart {
		same, there, err := s.same(ctx)
		if err != nil || same {
			return s, err
		}
		if there {
			return nil, fmt.Errorf("another migration was begun and not ended (schema %s): end that one first, or forget it with --restart", s.name)
		}
	}
	err = d.remakeSchema(ctx, s.name)
	if err != nil {
		return nil, err
	}
	return s, d.fillTx(ctx, func(tx *sqlx.Tx) error { return s.make(ctx, tx, schema) })
}

// same tells whether an earlier try with the same companies is there. One that was broken off while it was made is none.
func (s *stage) same(ctx context.Context) (same, there bool, err error) {
	err = s.d.writer.GetContext(ctx, &there, `select to_regclass($1) is not null`, s.table("arriving"))
	if err != nil || !there {
		return false, false, mapError(err)
	}
	var companies string
	err = s.d.writer.GetContext(ctx, &companies, `select companies from `+s.table("arriving"))
	return companies == jsonText(s.companies), true, mapError(err)
}

func (s *stage) table(name string) string {
	return pq.QuoteIdentifier(s.name) + "." + pq.QuoteIdentifier(name)
}

func (s *stage) make(ctx context.Context, tx *sqlx.Tx, schema string) error {
	for _, t := range s.tables {
		_, err := tx.ExecContext(ctx, `create table `+s.table(t.Name)+` (like `+pq.QuoteIdentifier(schema)+`.`+pq.QuoteIdentifier(t.Name)+`)`)
		if err != nil {
			return mapError(err)
		}
	}
	_, err := tx.ExecContext(ctx, `create table `+s.table("arrived")+` (name text primary key, n bigint not null);
		create table `+s.table("arriving")+` (companies text not null)`)
	if err == nil {
		_, err = tx.ExecContext(ctx, `insert into `+s.table("arriving")+` values ($1)`, jsonText(s.companies))
	}
	return mapError(err)
}

// arrived is how many rows of a table are on the stage.
func (s *stage) arrived(ctx context.Context, t table) (n int64, err error) {
	err = s.d.writer.GetContext(ctx, &n, `select coalesce(max(n), 0) from `+s.table("arrived")+` where name = $1`, t.Name)
	return n, mapError(err)
}

// receive takes rows of a table, after which so many are there.
func (s *stage) receive(ctx context.Context, t table, rows [][]any, total int64) error {
	return s.d.fillTx(ctx, func(tx *sqlx.Tx) error {
		err := s.d.fillRows(ctx, tx, t, s.name, rows)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `insert into `+s.table("arrived")+` values ($1, $2)
			on conflict (name) do update set n = excluded.n`, t.Name, total)
		return mapError(err)
	})
}

// settle puts what is on the stage in force, if it is then what the source holds.
func (s *stage) settle(ctx context.Context, source []backup.Counted) (target []backup.Counted, err error) {
	shifts, err := s.reserve(ctx)
	if err != nil {
		return nil, err
	}
	err = s.d.fillTx(ctx, func(tx *sqlx.Tx) error {
		for _, t := range s.tables {
			_, err := tx.ExecContext(ctx, shifts.insert(t, s.table(t.Name)))
			if err != nil {
				return fmt.Errorf("table %s: %w", t.Name, mapError(err))
			}
		}
		var differ []string
		for i, t := range s.tables {
			counted, err := shifts.tally(ctx, s.d, tx, t, s.companies)
			if err != nil {
				return fmt.Errorf("table %s: %w", t.Name, err)
			}
			target = append(target, counted)
			if counted != source[i] {
				differ = append(differ, fmt.Sprintf("%s (%d rows of hash %.12s, not %d of %.12s)",
					t.Name, counted.Rows, counted.Hash, source[i].Rows, source[i].Hash))
			}
		}
		if len(differ) > 0 {
			return fmt.Errorf("what arrived is not what the source holds, so nothing was put in force: %s; the source may have changed "+
				"since an earlier try: begin again with --restart", strings.Join(differ, ", "))
		}
		_, err := tx.ExecContext(ctx, `drop schema `+pq.QuoteIdentifier(s.name)+` cascade`)
		return mapError(err)
	})
	if err == nil {
		_, err = s.d.writer.ExecContext(ctx, `analyze`)
	}
	return target, mapError(err)
}

// shifts are what is added to the numbers of tables that count up by themselves, so that they come after those in use.
type shifts map[string]int64

// places are the columns that hold a number of another table's: they are shifted with it.
var places = map[string]string{"streams.position": "audit_entries"}

// of is what is added to a column.
func (s shifts) of(t table, column string) int64 {
	if column == t.sequence {
		return s[t.Name]
	}
	return s[places[t.Name+"."+column]]
}

// reserve takes the numbers that the rows will have, so that servers at work take others. Numbers that a failed try took
// are left unused.
func (s *stage) reserve(ctx context.Context) (shifts, error) {
	all := shifts{}
	for _, t := range s.tables {
		if t.sequence == "" {
			continue
		}
		err := s.d.fillTx(ctx, func(tx *sqlx.Tx) error {
			name := pq.QuoteIdentifier(t.Name)
			_, err := tx.ExecContext(ctx, `lock table `+name+` in share row exclusive mode`) // nobody takes a number meanwhile
			if err != nil {
				return err
			}
			var used int64
			err = tx.GetContext(ctx, &used, `select greatest((select coalesce(max("`+t.sequence+`"), 0) from `+name+`),
				coalesce(pg_sequence_last_value(pg_get_serial_sequence($1, $2)::regclass), 0))`, name, t.sequence)
			if err != nil {
				return err
			}
			all[t.Name] = used
			return s.d.goOnAfter(ctx, tx, t, used+t.Last)
		})
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", t.Name, mapError(err))
		}
	}
	return all, nil
}

// insert is the statement that puts a table's rows in force.
func (s shifts) insert(t table, from string) string {
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = pq.QuoteIdentifier(c.Name)
		if by := s.of(t, c.Name); by != 0 {
			columns[i] += " + " + strconv.FormatInt(by, 10)
		}
	}
	return `insert into ` + pq.QuoteIdentifier(t.Name) + ` (` + quoted(t.Names()) + `) overriding system value
		select ` + strings.Join(columns, ", ") + ` from ` + from
}

// tally counts what is there of the companies, by the numbers that the source has.
func (s shifts) tally(ctx context.Context, d *DB, tx *sqlx.Tx, t table, companies []string) (backup.Counted, error) {
	var sum backup.Tally
	err := d.rowsOf(ctx, tx, t, part{companies: companies}, func(row []any) error {
		for i, c := range t.Columns {
			if n, ok := row[i].(int64); ok {
				row[i] = n - s.of(t, c.Name)
			}
		}
		return sum.Add(t.Table, row)
	})
	return sum.Of(t.Table), err
}
