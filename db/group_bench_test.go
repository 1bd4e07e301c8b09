package db_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// BenchmarkWrite is one change of each kind on SQLite, by 1, 8 and 32 writers at once. members/commit is how many of them
// share a transaction.
func BenchmarkWrite(b *testing.B) {
	for _, writers := range []int{1, 8, 32} {
		for _, kind := range []string{"create", "patch", "member"} {
			b.Run(fmt.Sprintf("%s/%d", kind, writers), func(b *testing.B) { benchmarkWrite(b, kind, writers) })
		}
	}
}

func benchmarkWrite(b *testing.B, kind string, writers int) {
	d := dbtest.Open(b, db.Config{Data: b.TempDir()})
	caller := resources.Caller{Company: id(), Connection: id()}
	people, group := make([]*resources.Resource, 1000), newGroup("Staff")
	changes := []resources.Change{create(group)}
	for i := range people {
		people[i] = fullUser(fmt.Sprintf("p%d@firm.example", i))
		changes = append(changes, create(people[i]))
	}
	if _, err := d.Apply(b.Context(), caller, changes...); err != nil {
		b.Fatal(err)
	}
	var count atomic.Int64
	write := func() error {
		n := count.Add(1)
		r := *people[int(n)%len(people)]
		ch := create(fullUser(fmt.Sprintf("new%d@firm.example", n)))
		switch kind {
		case "patch":
			r.Body = []byte(strings.Replace(string(r.Body), `"Engineer"`, fmt.Sprintf(`"Engineer %d"`, n), 1))
			ch = replace(&r, 0)
		case "member":
			ch = membership(group, resources.MemberChange{Add: []resources.Member{{ID: r.ID, Type: r.Type}}})
			if int(n)/len(people)%2 == 1 {
				ch = membership(group, resources.MemberChange{Remove: []string{r.ID}})
			}
		}
		_, err := d.Apply(b.Context(), caller, ch)
		return err
	}
	before := db.Shared(d)
	b.SetParallelism((writers + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if err := write(); err != nil {
				b.Error(err)
				return
			}
		}
	})
	after := db.Shared(d)
	b.ReportMetric(float64(after[1]-before[1])/float64(after[0]-before[0]), "members/commit")
}

// fullUser is a User whose document is as large as identity providers send.
func fullUser(name string) *resources.Resource {
	r := newUser(name)
	r.ExternalID = "x-" + name
	r.Body = []byte(`{"userName":"` + name + `","title":"Engineer","active":true,"displayName":"The ` + name +
		`","emails":[{"value":"` + name + `","type":"work","primary":true}],"nickName":"` + strings.Repeat("n", 900) + `"}`)
	return r
}
