package db_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
)

func take(t *testing.T, d *db.DB, owner string, lease time.Duration) (held bool, wait time.Duration) {
	t.Helper()
	held, wait, err := d.TakeDuty(t.Context(), "count", owner, lease)
	if err != nil {
		t.Fatal(err)
	}
	return held, wait
}

// A duty is one replica's: nobody takes it while it is held or not due; who ended it gives it back until it is due again;
// who left it gives it back at once; a result is accepted only from its holder.
func TestDuty_isHeldByOne(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if held, _ := take(t, d, "a", time.Hour); !held {
			t.Fatal("a duty that nobody ever did is not given")
		}
		if held, wait := take(t, d, "b", time.Hour); held || wait <= 0 || wait > time.Hour {
			t.Errorf("while it is held: held %t, wait %s", held, wait)
		}
		for owner, want := range map[string]bool{"a": true, "b": false} {
			if held, err := d.KeepDuty(t.Context(), "count", owner, time.Hour); err != nil || held != want {
				t.Errorf("%s renews: %t %v, want %t", owner, held, err, want)
			}
		}
		for _, owner := range []string{"b", ""} {
			if err := d.EndDuty(t.Context(), "count", owner, 0, "not mine"); err != nil {
				t.Fatal(err)
			}
		}
		if list, err := d.Duties(t.Context()); err != nil || len(list) != 1 || list[0].Owner != "a" || list[0].Outcome != "" || list[0].Late != 0 {
			t.Errorf("%+v %v, want it held by a", list, err)
		}
		if err := d.LeaveDuty(t.Context(), "count", "a"); err != nil {
			t.Fatal(err)
		}
		if held, _ := take(t, d, "b", time.Hour); !held {
			t.Error("what was left is not given")
		}
		if err := d.EndDuty(t.Context(), "count", "b", 24*time.Hour, "no DNS"); err != nil {
			t.Fatal(err)
		}
		if held, wait := take(t, d, "a", time.Hour); held || wait < 23*time.Hour {
			t.Errorf("after it was done: held %t, wait %s, want most of a day", held, wait)
		}
		list, err := d.Duties(t.Context())
		if err != nil || list[0].Owner != "" || list[0].Outcome != "no DNS" || list[0].Finished.IsZero() || list[0].Due.Sub(list[0].Started) != 24*time.Hour {
			t.Errorf("%+v %v", list, err)
		}
	})
}

// Who died gives nothing back: its lease runs out, by the database's clock, and the duty shows as late until another takes
// it. Of many that want it then, one gets it.
func TestDuty_ofOneThatDiedGoesToOneOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if held, _ := take(t, d, "dead", time.Millisecond); !held {
			t.Fatal("not given")
		}
		for {
			list, err := d.Duties(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if list[0].Late > 0 {
				break
			}
		}
		var rivals sync.WaitGroup
		var winners atomic.Int32
		for range 8 {
			rivals.Go(func() {
				held, _, err := d.TakeDuty(t.Context(), "count", "rival", time.Hour)
				if err != nil {
					t.Error(err)
				}
				if held {
					winners.Add(1)
				}
			})
		}
		rivals.Wait()
		if n := winners.Load(); n != 1 {
			t.Errorf("%d took it, want 1", n)
		}
		if held, err := d.KeepDuty(t.Context(), "count", "dead", time.Hour); err != nil || held {
			t.Errorf("the dead one renews: %t %v", held, err)
		}
	})
}

// At the start of a server on SQLite, which is alone, what the one before it held is free; on Postgres the holder may live.
func TestForgetLeases_takesNoDutyOfALivingReplica(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		take(t, d, "other", time.Hour)
		if err := d.ForgetLeases(t.Context()); err != nil {
			t.Fatal(err)
		}
		if held, _ := take(t, d, "me", time.Hour); held == d.Postgres() {
			t.Errorf("taken: %t", held)
		}
	})
}
