package db_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/resources/filter"
)

// shown is what a response about a User is made from.
var shown = resources.With{WithoutIndex: true, Groups: true, References: []string{"manager", "sponsor"}}

// readBench is a database of people, each with an externalId and every second one in a Group, and their ids.
func readBench(b *testing.B, c db.Config, people int) (*db.DB, resources.Caller, []string) {
	b.Helper()
	d := dbtest.Open(b, c)
	caller := resources.Caller{Company: id(), Connection: id()}
	changes, ids := make([]resources.Change, people), make([]string, people)
	for i := range changes {
		u := newUser(fmt.Sprintf("p%d@firm.example", i))
		u.ExternalID = fmt.Sprintf("x%d", i)
		changes[i] = create(u)
		changes[i].SetExternalID = true
		ids[i] = u.ID
	}
	for from := 0; from < people; from += 500 {
		if _, err := d.Apply(b.Context(), caller, changes[from:min(from+500, people)]...); err != nil {
			b.Fatal(err)
		}
	}
	counted(b, d)
	return d, caller, ids
}

// eachBenchmark runs a benchmark on both databases, under a context such as a request has.
func eachBenchmark(b *testing.B, f func(ctx context.Context, b *testing.B, c db.Config)) {
	run := func(b *testing.B, c db.Config) {
		ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
		defer cancel()
		b.ReportAllocs()
		f(ctx, b, c)
	}
	b.Run("sqlite", func(b *testing.B) { run(b, db.Config{Data: b.TempDir()}) })
	b.Run("postgres", func(b *testing.B) { run(b, db.Config{Data: b.TempDir(), URL: dbtest.PostgresURL(b)}) })
}

// BenchmarkGet is a read of one resource for a response.
func BenchmarkGet(b *testing.B) {
	eachBenchmark(b, func(ctx context.Context, b *testing.B, c db.Config) {
		d, caller, ids := readBench(b, c, 1100)
		managed := manage(b, d, caller, ids[:500])
		get := func(typ string, with resources.With, ids ...string) func(i int) error {
			return func(i int) error {
				_, err := d.Get(ctx, caller, typ, ids[i%len(ids)], with)
				return err
			}
		}
		measure(b, "User", get(resources.TypeUser, shown, ids[500:]...))
		measure(b, "User with a manager", get(resources.TypeUser, shown, managed...))
		for _, n := range []int{0, 10, 1000} {
			group := groupOf(b, d, caller, fmt.Sprintf("Staff %d", n), ids[:n])
			measure(b, fmt.Sprintf("Group of %d", n), get(resources.TypeGroup, shownGroup, group))
		}
	})
}

// BenchmarkFindOne is a look-up of one resource.
func BenchmarkFindOne(b *testing.B) {
	eachBenchmark(b, func(ctx context.Context, b *testing.B, c db.Config) {
		d, caller, ids := readBench(b, c, 1000)
		groupOf(b, d, caller, "Staff", ids[:10])
		for _, l := range []struct {
			typ, filter string
			with        resources.With
		}{
			{resources.TypeUser, `userName eq "p500@firm.example"`, shown},
			{resources.TypeUser, `externalId eq "x500"`, shown},
			{resources.TypeUser, `emails.value eq "p500@firm.example"`, shown},
			{resources.TypeGroup, `displayName eq "Staff"`, resources.With{WithoutIndex: true}},
			{resources.TypeGroup, `displayName eq "staff"`, shownGroup},
		} {
			q := resources.Query{Type: l.typ, Where: bindFilter(b, l.typ, l.filter), StartIndex: 1, Count: 100, With: l.with}
			q.With.PageBytes = 2 << 20
			measure(b, l.filter, func(int) error {
				page, err := d.Find(ctx, caller, q)
				if err == nil && page.Total != 1 {
					err = fmt.Errorf("%d found", page.Total)
				}
				return err
			})
		}
	})
}

// BenchmarkFindPage is the first page of a hundred.
func BenchmarkFindPage(b *testing.B) {
	eachBenchmark(b, func(ctx context.Context, b *testing.B, c db.Config) {
		d, caller, ids := readBench(b, c, 1000)
		for i := range 100 {
			groupOf(b, d, caller, fmt.Sprint("Staff", i), ids[10*i:10*i+10])
		}
		page := func(typ string, with resources.With) func(int) error {
			with.PageBytes = 2 << 20
			return func(int) error {
				page, err := d.Find(ctx, caller, resources.Query{Type: typ, StartIndex: 1, Count: 100, With: with})
				if err == nil && len(page.Resources) != 100 {
					err = fmt.Errorf("%d found", len(page.Resources))
				}
				return err
			}
		}
		measure(b, "Users", page(resources.TypeUser, shown))
		measure(b, "Groups without members", page(resources.TypeGroup, resources.With{WithoutIndex: true}))
		measure(b, "Groups of 10", page(resources.TypeGroup, shownGroup))
		manage(b, d, caller, ids)
		measure(b, "Users with managers", page(resources.TypeUser, shown))
	})
}

// counted lets Postgres know how many rows there are, as it does by itself after a while.
func counted(b *testing.B, d *db.DB) {
	b.Helper()
	if !d.Postgres() {
		return
	}
	err := db.InTx(b.Context(), d, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := db.Exec(ctx, d, tx, `analyze resources, members, emails, external_ids`)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}

// shownGroup is what a response about a Group, or a page of them, is made from.
var shownGroup = resources.With{WithoutIndex: true, Members: true, MemberLimit: 5000, MembersAtOnce: 1000, PageMembers: 5000}

// measure runs one part of a benchmark, and tells what it costs each side.
func measure(b *testing.B, name string, once func(i int) error) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for range 20 { // statements are prepared, and their plans are known
			if err := once(0); err != nil {
				b.Fatal(err)
			}
		}
		client, server := cpuTime(b), serverTime()
		b.ResetTimer()
		for i := range b.N {
			if err := once(i); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		b.ReportMetric(float64(cpuTime(b)-client)/float64(b.N), "cpu-ns/op")
		if server > 0 {
			b.ReportMetric(float64(serverTime()-server)/float64(b.N), "server-ns/op")
		}
	})
}

// serverTime is the processor time of the Postgres that the tests have started; 0 where the system does not tell.
func serverTime() (used time.Duration) {
	parents, times := map[string]string{}, map[string]time.Duration{}
	folders, _ := filepath.Glob("/proc/[0-9]*")
	for _, folder := range folders {
		stat, _ := os.ReadFile(filepath.Join(folder, "stat")) // 71 (postgres) S 70 …
		id, rest, _ := strings.Cut(string(stat), " (")
		name, rest, _ := strings.Cut(rest, ") ")
		if fields := strings.Fields(rest); len(fields) > 1 {
			parents[id] = fields[1]
		}
		schedule, _ := os.ReadFile(filepath.Join(folder, "schedstat"))
		if fields := strings.Fields(string(schedule)); name == "postgres" && len(fields) > 0 {
			n, _ := strconv.ParseInt(fields[0], 10, 64)
			times[id] = time.Duration(n)
		}
	}
	for id, t := range times {
		for id != "" && id != strconv.Itoa(os.Getpid()) {
			id = parents[id]
		}
		if id != "" {
			used += t
		}
	}
	return used
}

// manage gives some Users a manager each, one of ten, and returns their ids.
func manage(b *testing.B, d *db.DB, caller resources.Caller, ids []string) []string {
	b.Helper()
	var changes []resources.Change
	for i, id := range ids {
		u, err := d.Get(b.Context(), caller, resources.TypeUser, id, resources.With{})
		if err != nil {
			b.Fatal(err)
		}
		u.Index.Manager = ids[i%10]
		u.Body = []byte(strings.TrimSuffix(string(u.Body), "}") + `,"` + resources.SchemaEnterprise + `":{"manager":{"value":"` + ids[i%10] + `"}}}`)
		ch := create(u)
		ch.Action, ch.Expected = "modify", u.Version
		changes = append(changes, ch)
	}
	if _, err := d.Apply(b.Context(), caller, changes...); err != nil {
		b.Fatal(err)
	}
	return ids
}

// groupOf makes a Group of Users.
func groupOf(b *testing.B, d *db.DB, caller resources.Caller, name string, ids []string) string {
	b.Helper()
	g := newGroup(name)
	m := resources.MemberChange{}
	for _, id := range ids {
		m.Add = append(m.Add, resources.Member{ID: id, Type: resources.TypeUser})
	}
	if _, err := d.Apply(b.Context(), caller, create(g), membership(g, m)); err != nil {
		b.Fatal(err)
	}
	counted(b, d)
	return g.ID
}

// bindFilter is a filter on resources of a type.
func bindFilter(b *testing.B, typ, text string) resources.Condition {
	b.Helper()
	e, err := filter.Parse(text)
	if err != nil {
		b.Fatal(err)
	}
	cond, err := resources.NewRegistry().Type(typ).Bind(e)
	if err != nil {
		b.Fatal(err)
	}
	return cond
}
