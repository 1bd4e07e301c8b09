package db

import (
	"database/sql/driver"
	"fmt"
	"maps"
	"regexp"
	"slices"
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
	return explained(t, d, c, q, "explain")
}

// Analyzed is how Postgres answers Find's query, with the rows that each step of the plan finds.
func Analyzed(t *testing.T, d *DB, c resources.Caller, q resources.Query) string {
	t.Helper()
	return explained(t, d, c, q, "explain (analyze, costs off, timing off, summary off)")
}

func explained(t *testing.T, d *DB, c resources.Caller, q resources.Query, how string) string {
	t.Helper()
	s, err := d.search(c, q)
	if err != nil {
		t.Fatal(err)
	}
	p := extentOf(q)
	if q.Walk != nil {
		p = extent{limit: q.Count}
	}
	query, err := d.rowsSQL(c, q, s, p)
	if err != nil {
		t.Fatal(err)
	}
	if !d.Postgres() {
		return planOf(t, d, nil, "explain query plan "+query.text, query.args...)
	}
	return planOf(t, d, []string{"prepare planned as " + d.dialect.rebind(query.text)}, how+" execute planned("+literals(t, query.args)+")")
}

// planOf is the plan that a statement shows, after others on its connection.
func planOf(t *testing.T, d *DB, before []string, explain string, args ...any) string {
	t.Helper()
	conn, err := d.reader.Connx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for _, b := range before {
		if _, err := conn.ExecContext(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	if d.Postgres() {
		defer func() { _, _ = conn.ExecContext(t.Context(), "deallocate planned; reset plan_cache_mode") }()
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

// Prepared are the statements that a database keeps prepared.
func Prepared(t *testing.T, d *DB) (texts []string) {
	t.Helper()
	shelves := []*shelf{d.reader.kept, d.writer.kept}
	if d.group != nil {
		err := d.group.quiet(t.Context(), func(l *link) error { shelves = append(shelves, l.kept); return l.connect() })
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range shelves {
		if s != nil {
			texts = slices.AppendSeq(texts, maps.Keys(s.stmts))
		}
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

var numbered = regexp.MustCompile(`\$\d+`)

// PlanOf is how the database means to run a statement whose parameters it does not know.
func PlanOf(t *testing.T, d *DB, text string) string {
	t.Helper()
	if !d.Postgres() {
		return planOf(t, d, nil, "explain query plan "+text, make([]any, strings.Count(text, "?"))...)
	}
	text = d.dialect.rebind(text)
	params := map[string]bool{}
	for _, p := range numbered.FindAllString(text, -1) {
		params[p] = true
	}
	nulls := strings.TrimSuffix(strings.Repeat("null, ", len(params)), ", ")
	return planOf(t, d, []string{"set plan_cache_mode = force_generic_plan", "prepare planned as " + text},
		"explain (costs off) execute planned("+nulls+")")
}
