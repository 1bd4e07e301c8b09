package scim_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/scim"
)

// committing is a store whose transactions end as the test says: end is asked when all of one is done, with the number
// of its run.
type committing struct {
	resources.Store
	runs *atomic.Int64
	end  func(run int64) error
}

var errUndone = errors.New("undone")

// Together runs f again when end says that it was undone, as it does when the database asks for it.
func (s committing) Together(ctx context.Context, f func(ctx context.Context) error) error {
	for {
		err := s.Store.Together(ctx, func(ctx context.Context) error {
			if err := f(ctx); err != nil {
				return err
			}
			return s.end(s.runs.Add(1))
		})
		if !errors.Is(err, errUndone) {
			return err
		}
	}
}

// commitWorld is a world whose bulk requests are committed as end says; tick is what passes between two looks at the clock.
func commitWorld(t *testing.T, d *db.DB, tick time.Duration, end func(run int64) error) (*world, *atomic.Int64) {
	t.Helper()
	runs, clock := &atomic.Int64{}, &atomic.Int64{}
	return newWorld(t, d, func(s *scim.Server) {
		s.Store = committing{d, runs, end}
		s.Now = func() time.Time { return time.Now().Add(time.Duration(clock.Add(int64(tick)))) }
	}), runs
}

// Nothing of a bulk request is there before all of it is committed, and nothing is acknowledged.
func TestBulkThatIsNotCommittedLeavesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		fail := func(int64) error { return fmt.Errorf("s3cret: %w", resources.ErrBusy) }
		w, _ := commitWorld(t, d, 0, fail)
		c := w.tenant("Société", "")
		a := c.do("POST", "/Bulk", bulk(
			operation("POST", "/Users", "u", user("anne@societe.example")), operation("POST", "/Groups", "g", group("G", "bulkId:u")),
		)).must(503)
		if a.header.Get("Retry-After") != "1" {
			t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
		}
		for _, path := range []string{"/Users", "/Groups"} {
			if n := c.do("GET", path, nil).must(200).at("totalResults"); n != 0.0 {
				t.Errorf("%s: %v", path, n)
			}
		}
	})
}

// What the database makes run again is answered as if it had run once: references lead to what is there, errors count once.
func TestBulkThatIsRunAgainIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, runs := commitWorld(t, d, 0, func(run int64) error {
			if run < 3 {
				return errUndone
			}
			return nil
		})
		c := w.tenant("Société", "")
		request := bulk(
			operation("POST", "/Groups", "a", group("A", "bulkId:b")), // a circle
			operation("POST", "/Groups", "b", group("B", "bulkId:a", "bulkId:u")),
			operation("POST", "/Users", "bad", object{"schemas": []string{userURN}}),
			operation("POST", "/Users", "u", user("anne@societe.example")),
			operation("PATCH", "/Users/bulkId:u", "", patch(op("add", "title", "T"))),
			operation("POST", "/Users", "twin", user("ANNE@societe.example")),
			operation("POST", "/Users", "late", user("late@societe.example")),
		)
		request["failOnErrors"] = 2
		a := c.do("POST", "/Bulk", request).mustStatuses("a 201", "b 201", "bad 400", "u 201", "200", "twin 409")
		if runs.Load() != 3 {
			t.Errorf("%d runs", runs.Load())
		}
		if got := c.do("GET", "/Users/"+a.id(3), nil).must(200); got.at("title") != "T" || got.at("meta", "version") != `W/"2"` {
			t.Errorf("%s", got.body)
		}
		if got := c.members(a.id(0)); !slices.Equal(got, []string{a.id(1)}) {
			t.Errorf("A has %v", got)
		}
		if got := c.members(a.id(1)); len(got) != 2 || !slices.Contains(got, a.id(0)) || !slices.Contains(got, a.id(3)) {
			t.Errorf("B has %v", got)
		}
		if n := c.do("GET", "/Users", nil).must(200).at("totalResults"); n != 1.0 {
			t.Errorf("%v Users", n)
		}
	})
}

// A request that takes longer than one transaction may is cut, but not where operations wait for each other; what was
// committed before an error stays, and is answered so.
func TestBulkThatTakesLongIsCut(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, runs := commitWorld(t, d, time.Minute, func(run int64) error {
			if run == 3 {
				return resources.ErrBusy
			}
			return nil
		})
		c := w.tenant("Société", "")
		a := c.do("POST", "/Bulk", bulk(
			operation("POST", "/Users", "u", user("anne@societe.example")),
			operation("POST", "/Groups", "a", group("A", "bulkId:b")),
			operation("POST", "/Groups", "b", group("B", "bulkId:a")),
			operation("POST", "/Groups", "c", group("C")),
			operation("DELETE", "/Users/bulkId:u", "", nil),
		)).mustStatuses("u 201", "a 201", "b 201", "c 503", "503")
		if runs.Load() != 3 {
			t.Errorf("%d transactions", runs.Load())
		}
		if got := c.members(a.id(1)); !slices.Equal(got, []string{a.id(2)}) {
			t.Errorf("A has %v", got)
		}
		c.do("GET", "/Users/"+a.id(0), nil).must(200)
		if n := c.do("GET", "/Groups", nil).must(200).at("totalResults"); n != 2.0 {
			t.Errorf("%v Groups", n)
		}
	})
}
