package db

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"testing"

	"github.com/lib/pq"

	"proprio/resources"
)

// CompileCondition is compileCondition.
func CompileCondition(d *DB, c resources.Caller, typ string, cond resources.Condition) (string, []any, error) {
	return d.compileCondition(c, typ, cond)
}

// Plan is how the database means to answer Find's query, whatever the values in it are.
func Plan(t *testing.T, d *DB, c resources.Caller, q resources.Query) string {
	t.Helper()
	s, err := d.search(c, q)
	if err != nil {
		t.Fatal(err)
	}
	p := extent{limit: q.Count, skip: max(q.StartIndex, 1) - 1, counted: q.Walk == nil}
	query, err := d.rowsSQL(c, q, s, p)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := d.reader.Connx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	explain, args := "explain query plan "+query.text, query.args
	if d.Postgres() {
		explain, args = "explain execute planned("+literals(t, query.args)+")", nil
		if _, err := conn.ExecContext(t.Context(), "prepare planned as "+d.dialect.rebind(query.text)); err != nil {
			t.Fatal(err)
		}
		defer func() { _, _ = conn.ExecContext(t.Context(), "deallocate planned") }()
	}
	rows, err := conn.QueryxContext(t.Context(), explain, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var plan strings.Builder
	for rows.Next() {
		row, err := rows.SliceScan()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&plan, row[len(row)-1])
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}

// literals are arguments as they stand in a statement.
func literals(t *testing.T, args []any) string {
	t.Helper()
	texts := make([]string, len(args))
	for i, a := range args {
		v, err := driver.DefaultParameterConverter.ConvertValue(a)
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = pq.QuoteLiteral(fmt.Sprint(v))
	}
	return strings.Join(texts, ", ")
}

// HoldSearches takes all turns to search, until they are given back.
func HoldSearches(d *DB) (free func()) {
	for range cap(d.searches) {
		d.searches <- struct{}{}
	}
	return func() {
		for range cap(d.searches) {
			<-d.searches
		}
	}
}
