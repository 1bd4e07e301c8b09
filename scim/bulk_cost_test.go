package scim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/scim"
)

// RFC 7644 §3.7.4, §3.12: what a bulk request may cost is what one request may, not that a thousand times.
func TestBulkOperationsShareOneBoundOfWork(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		phones := make([]object, 10_000)
		for i := range phones {
			phones[i] = object{"value": fmt.Sprint("p", i)}
		}
		large := c.addUser("large@societe.example", object{"phoneNumbers": phones})
		small := c.addUser("small@societe.example", object{"phoneNumbers": phones[:3]})
		costly := make([]object, 20) // each of them looks at all values
		for i := range costly {
			costly[i] = object{"op": "remove", "path": "phoneNumbers", "value": phones[:1]}
		}
		cheap := operation("PATCH", "/Users/"+small, "", patch(object{"op": "remove", "path": `phoneNumbers[value eq "p1"]`}))
		c.do("POST", "/Bulk", bulk(
			operation("PATCH", "/Users/"+large, "", patch(costly...)), cheap,
			operation("POST", "/Users", "u", user("anne@societe.example")),
		)).mustStatuses("413", "413", "u 201") // what compares nothing goes on
		c.do("POST", "/Bulk", bulk(cheap)).mustStatuses("200") // the next request has a bound of its own
	})
}

// expiring is a context whose deadline comes when somebody says so.
type expiring struct {
	context.Context
	over chan struct{}
}

func (e expiring) Done() <-chan struct{} { return e.over }

func (e expiring) Err() error {
	select {
	case <-e.over:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// lateUser is a policy during which the time of the request runs out.
type lateUser struct{ over chan struct{} }

func (l lateUser) Judge(_ context.Context, _ string, doc resources.Document, _ int64) (resources.Judgement, error) {
	if doc["userName"] == "late@societe.example" {
		close(l.over)
	}
	return resources.Judgement{}, nil
}

// When the time of a request runs out, what was not committed is undone. A request that took longer than one transaction may
// has committed before: its client hears which operations were made, and the others are answered 503.
func TestBulkPastItsDeadlineSaysWhatWasMade(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for name, test := range map[string]struct {
			tick     time.Duration // between two looks at the clock
			status   int
			statuses []string
			users    float64
		}{
			"in one transaction": {0, 503, nil, 0},
			"in several":         {time.Minute, 200, []string{"a 201", "b 503", "c 503"}, 1},
		} {
			t.Run(name, func(t *testing.T) {
				over, clock := make(chan struct{}), atomic.Int64{}
				w := newWorld(t, d, func(s *scim.Server) {
					s.Directory.Policy = lateUser{over}
					s.Now = func() time.Time { return time.Now().Add(time.Duration(clock.Add(int64(test.tick)))) }
				})
				c := w.tenant("Société "+name, "")
				a := c.sendIn(expiring{t.Context(), over}, w, bulk(
					operation("POST", "/Users", "a", user("a@societe.example")),
					operation("POST", "/Users", "b", user("late@societe.example")),
					operation("POST", "/Groups", "c", group("C")),
				))
				if a.status != test.status || !slices.Equal(a.statuses(), test.statuses) {
					t.Errorf("answered %d %v\n%s", a.status, a.statuses(), a.body)
				}
				if n := c.do("GET", "/Users", nil).must(200).at("totalResults"); n != test.users {
					t.Errorf("%v Users were made", n)
				}
				if n := c.do("GET", "/Groups", nil).must(200).at("totalResults"); n != 0.0 {
					t.Errorf("%v Groups were made", n)
				}
			})
		}
	})
}

// sendIn sends a bulk request whose context the test holds.
func (c tenant) sendIn(ctx context.Context, w *world, request object) answer {
	c.t.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		c.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(ctx, "POST", scim.BasePath+"/Bulk", bytes.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+c.token)
	recorded := httptest.NewRecorder()
	w.server.Handler().ServeHTTP(recorded, r)
	return answer{c.t, "bulk", recorded.Code, recorded.Header(), recorded.Body.String()}
}
