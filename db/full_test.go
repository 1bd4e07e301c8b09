package db_test

import (
	"errors"
	"testing"

	"github.com/lib/pq"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// TestFullDisk: writers that share a transaction when the disk fills up are each told so, what was acknowledged stays, what
// was not leaves no trace, reads go on, and writes do as soon as there is room.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	d := dbtest.Open(t, db.Config{Data: data})
	b := newBench(t, d)
	db.LimitPages(t, d, true)
	kept := make([][]*resources.Resource, 8)
	for i, err := range atOnce(len(kept), func(i int) error {
		for range 2000 {
			u := newUser(id())
			_, err := d.Apply(t.Context(), b.c, create(u))
			if err != nil {
				return err
			}
			kept[i] = append(kept[i], u)
		}
		return nil
	}) {
		if !errors.Is(err, resources.ErrFull) || !errors.Is(err, resources.ErrBusy) {
			t.Errorf("writer %d: %v; want ErrFull, which is ErrBusy too", i, err)
		}
	}
	total := 0
	for _, users := range kept {
		total += len(users)
		for _, u := range users {
			b.read(t, u)
		}
	}
	wantEqual(t, "users", db.Count(t, d, `select count(*) from resources where company_id = ?`, b.c.Company), total)
	dbtest.Sound(t, data)
	db.LimitPages(t, d, false)
	b.apply(t, create(newUser("room@firm.example")))
	dbtest.Sound(t, data)
}

func TestFullDiskOfPostgres(t *testing.T) {
	t.Parallel()
	err := db.MapError(&pq.Error{Code: "53100"})
	if !errors.Is(err, resources.ErrFull) || !errors.Is(err, resources.ErrBusy) {
		t.Errorf("53100 is %v", err)
	}
}
