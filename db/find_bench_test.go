package db_test

import (
	"fmt"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/resources/filter"
)

// BenchmarkFindByUserName is the look-up that identity providers send before each write, in a company of 2000 people.
func BenchmarkFindByUserName(b *testing.B) {
	d := dbtest.Open(b, db.Config{Data: b.TempDir()})
	caller := resources.Caller{Company: id(), Connection: id()}
	changes := make([]resources.Change, 2000)
	for i := range changes {
		changes[i] = create(newUser(fmt.Sprintf("p%d@firm.example", i)))
	}
	if _, err := d.Apply(b.Context(), caller, changes...); err != nil {
		b.Fatal(err)
	}
	user := resources.NewRegistry().Type(resources.TypeUser)
	e, err := filter.Parse(`userName eq "p1234@firm.example"`)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		cond, err := user.Bind(e)
		if err != nil {
			b.Fatal(err)
		}
		page, err := d.Find(b.Context(), caller, resources.Query{Type: user.Name, Where: cond, StartIndex: 1, Count: 100,
			With: resources.With{Groups: true}})
		if err != nil || page.Total != 1 {
			b.Fatalf("%v, %v", page, err)
		}
	}
}
