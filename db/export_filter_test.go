package db

import (
	"strings"
	"testing"

	"proprio/resources"
)

// CompileCondition is compileCondition.
func CompileCondition(d *DB, c resources.Caller, typ string, cond resources.Condition) (string, []any, error) {
	return d.compileCondition(c, typ, cond)
}

// Plan is how SQLite means to answer Find's query for a condition.
func Plan(t *testing.T, d *DB, c resources.Caller, typ string, cond resources.Condition) string {
	t.Helper()
	where, args, err := d.matching(c, resources.Query{Type: typ, Where: cond})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := d.reader.QueryxContext(t.Context(), "explain query plan "+d.selectResources(resources.With{}, "resources r")+
		" where "+where+" order by r.created, r.id limit ? offset ?", append(append([]any{c.Connection}, args...), 100, 0)...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(detail + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
