package db_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
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

// BenchmarkGet is a read of one User for a response.
func BenchmarkGet(b *testing.B) {
	eachBenchmark(b, func(ctx context.Context, b *testing.B, c db.Config) {
		d, caller, ids := readBench(b, c, 1000)
		i := 0
		for b.Loop() {
			if _, err := d.Get(ctx, caller, resources.TypeUser, ids[i%len(ids)], shown); err != nil {
				b.Fatal(err)
			}
			i++
		}
	})
}

// BenchmarkFindPage is the first page of a hundred Users.
func BenchmarkFindPage(b *testing.B) {
	eachBenchmark(b, func(ctx context.Context, b *testing.B, c db.Config) {
		d, caller, _ := readBench(b, c, 1000)
		for b.Loop() {
			page, err := d.Find(ctx, caller, resources.Query{Type: resources.TypeUser, StartIndex: 1, Count: 100, With: shown})
			if err != nil || len(page.Resources) != 100 {
				b.Fatalf("%v, %v", page, err)
			}
		}
	})
}
