package scim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"testing"

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

// When the time of a request runs out, the client hears which operations were made; the others are answered 503.
func TestBulkPastItsDeadlineSaysWhatWasMade(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		over := make(chan struct{})
		w := newWorld(t, d, func(s *scim.Server) { s.Directory.Policy = lateUser{over} })
		c := w.tenant("Société", "")
		body, err := json.Marshal(bulk(
			operation("POST", "/Users", "a", user("a@societe.example")),
			operation("POST", "/Users", "b", user("late@societe.example")),
			operation("POST", "/Groups", "c", group("C")),
		))
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequestWithContext(expiring{t.Context(), over}, "POST", scim.BasePath+"/Bulk", bytes.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+c.token)
		recorded := httptest.NewRecorder()
		w.server.Handler().ServeHTTP(recorded, r)
		a := answer{t, "bulk", recorded.Code, recorded.Header(), recorded.Body.String()}
		if got := a.must(200).statuses(); !slices.Equal(got, []string{"a 201", "b 503", "c 503"}) {
			t.Errorf("operations answered %v\n%s", got, a.body)
		}
		if n := c.do("GET", "/Groups", nil).must(200).at("totalResults"); n != 0.0 {
			t.Errorf("%v Groups were made", n)
		}
	})
}
