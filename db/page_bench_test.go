package db_test

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/resources/filter"
)

// BenchmarkFind is what lists and look-ups cost, in a company of ten thousand people and in one of a hundred thousand:
// they cost the same.
func BenchmarkFind(b *testing.B) {
	for _, size := range []int{10_000, 100_000} {
		for name, c := range map[string]db.Config{"sqlite": {Data: b.TempDir()}, "postgres": {Data: b.TempDir(), URL: dbtest.PostgresURL(b)}} {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				d := dbtest.Open(b, c)
				caller := resources.Caller{Company: id(), Connection: id()}
				fill(b, d, caller, size)
				benchPages(b, d, caller, size)
			})
		}
	}
}

func benchPages(b *testing.B, d *db.DB, caller resources.Caller, size int) {
	user := resources.NewRegistry().Type(resources.TypeUser)
	where := func(text string) resources.Condition {
		e, err := filter.Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		cond, err := user.Bind(e)
		if err != nil {
			b.Fatal(err)
		}
		return cond
	}
	userName, err := user.SortBy("userName")
	if err != nil {
		b.Fatal(err)
	}
	base := resources.Query{Type: user.Name, StartIndex: 1, Count: 100, With: resources.With{Groups: true}}
	deep, cursor, lookUp, sorted, total, column, document, keyed := base, base, base, base, base, base, base, base
	total.Count = 0
	deep.StartIndex = size - 99
	page, err := d.Find(b.Context(), caller, deep)
	if err != nil || page.Total != size || len(page.Resources) != 100 {
		b.Fatalf("%+v, %v", page, err)
	}
	r := page.Resources[0]
	cursor.Walk = &resources.Walk{From: &resources.Position{Created: r.Created, ID: r.ID}, Total: size}
	lookUp.Where = where(fmt.Sprintf(`userName eq "USER.%d@corp.example.com"`, size/2))
	sorted.SortBy, keyed.SortBy = userName, user.Attribute("title")
	column.Where, document.Where = where(`active eq false`), where(`title eq "Engineer 7"`)
	for _, c := range []struct {
		name string
		q    resources.Query
	}{{"first", base}, {"deep", deep}, {"cursor", cursor}, {"lookup", lookUp}, {"sorted", sorted}, {"total", total},
		{"whole/active", column}, {"whole/title", document}, {"whole/sorted by title", keyed}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			before := cpuTime(b)
			for b.Loop() {
				if _, err := d.Find(b.Context(), caller, c.q); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

// cpuTime is what the process has used, which unlike the time of day says something on a busy machine. On Postgres it is the
// client's part.
func cpuTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// fill makes Users of about 1.1 KB in one statement.
func fill(tb testing.TB, d *db.DB, caller resources.Caller, size int) {
	tb.Helper()
	kind := "text"
	if d.Postgres() {
		kind = "jsonb"
	}
	write := func(sql string, args ...any) {
		tb.Helper()
		err := db.InTx(tb.Context(), d, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := db.Exec(ctx, d, tx, sql, args...)
			return err
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	write(`with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)
		insert into resources (company_id, id, type, version, created, modified, body, user_name, user_name_folded, display_name,
			name_folded, active, hold)
		select ?, '0199d0b4-5a0e-7c1f-9a39-' || cast(100000000000 + i as text), 'User', 1,
			1790000000000000 + i * 300, 1790000000000000 + i * 300,
			cast('{"userName": "user.' || i || '@corp.example.com", "displayName": "User ' || i || '", "title": "Engineer ' || (i % 100) ||
				'", "active": true, "note": "' || cast(? as text) || '"}' as `+kind+`),
			'user.' || i || '@corp.example.com', 'user.' || i || '@corp.example.com', 'User ' || i, 'user ' || i, i % 10 <> 0, '' from n`,
		size, caller.Company, fmt.Sprintf("%0900d", 0))
	if err := db.KeepMilestones(tb.Context(), d, caller.Company, resources.TypeUser); err != nil {
		tb.Fatal(err)
	}
	if d.Postgres() {
		write(`analyze resources`)
	}
}
