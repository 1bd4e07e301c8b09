package db

import (
	"fmt"
	"strings"
	"testing"

	"proprio/resources"
)

// CompileCondition is compileCondition.
func CompileCondition(d *DB, c resources.Caller, typ string, cond resources.Condition) (string, []any, error) {
	return d.compileCondition(c, typ, cond)
}

// Plan is how the database means to answer Find's query for a condition.
func Plan(t *testing.T, d *DB, c resources.Caller, typ string, cond resources.Condition) string {
	t.Helper()
	q := resources.Query{Type: typ, Where: cond}
	s, err := d.search(c, q)
	if err != nil {
		t.Fatal(err)
	}
	query, err := d.rowsSQL(c, q, s, extent{limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	explain := "explain query plan "
	if d.Postgres() {
		explain = "explain "
	}
	rows, err := d.reader.QueryxContext(t.Context(), d.dialect.rebind(explain+query.text), query.args...)
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
