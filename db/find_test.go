package db_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// RFC 7644 §3.12, tooMany: a search that would keep the database busy gives way, on both databases, long before its
// request is over; look-ups are as ever.
func TestFindGivesWayWhenAFilterTakesTooLong(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, c db.Config) {
		c.FindTime = 20 * time.Millisecond
		b := newBench(t, dbtest.Open(t, c))
		people := make([]resources.Change, 400)
		for i := range people {
			people[i] = create(withEmails(newUser(id()), id()+"@example.com", id()+"@example.com"))
		}
		b.apply(t, people...)
		emails := resources.NewRegistry().Type(resources.TypeUser).Attribute("emails")
		costly := resources.Or{}
		for range 500 { // some seconds; the binding of a filter would not let it through
			costly.Terms = append(costly.Terms, resources.Element{Attribute: emails, Where: resources.Compare{
				Attribute: emails.SubAttribute("value"), Op: "co", Value: "nobody",
			}})
		}
		q := resources.Query{Type: resources.TypeUser, Where: costly, StartIndex: 1, Count: 10}
		_, err := b.Find(t.Context(), b.c, q)
		wantError(t, err, resources.ErrTooMany, "filter")

		over, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := b.Find(over, b.c, q); !errors.Is(err, context.Canceled) || errors.Is(err, resources.ErrTooMany) {
			t.Errorf("a request that is over: %v", err)
		}
		q.Where = nil
		if page, err := b.Find(t.Context(), b.c, q); err != nil || page.Total != len(people) {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// However many searches are asked for that no index answers, a look-up does not wait for them; they wait for each other,
// and no longer than one may take.
func TestSearchesTakeTurns(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, c db.Config) {
		c.Connections, c.FindTime = 4, 200*time.Millisecond
		b := newBench(t, dbtest.Open(t, c))
		b.people(t, 3)
		user := resources.NewRegistry().Type(resources.TypeUser)
		free := db.HoldSearches(b.DB)
		title := resources.Compare{Attribute: user.Attribute("title"), Op: "co", Value: "x"}
		for named, q := range map[string]resources.Query{
			"filter": {Where: title}, "sortBy": {SortBy: user.Attribute("title")},
		} {
			q.Type, q.StartIndex, q.Count = user.Name, 1, 10
			_, err := b.Find(t.Context(), b.c, q)
			wantError(t, err, resources.ErrTooMany, named)
		}
		for name, q := range map[string]resources.Query{
			"a list": {}, "by userName": {Where: resources.Compare{Attribute: user.Attribute("userName"), Op: "eq", Value: "x"}},
			"sorted by an index": {SortBy: user.Attribute("userName")},
			"by one of two": {Where: resources.Or{Terms: []resources.Condition{
				resources.Compare{Attribute: user.Attribute("userName"), Op: "eq", Value: "x"},
				resources.Compare{Attribute: user.Attribute("externalId"), Op: "eq", Value: "x"},
			}}},
		} {
			q.Type, q.StartIndex, q.Count = user.Name, 1, 10
			if _, err := b.Find(t.Context(), b.c, q); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		free()
		if _, err := b.Find(t.Context(), b.c, resources.Query{Type: user.Name, Where: title, StartIndex: 1, Count: 10}); err != nil {
			t.Errorf("when it is its turn: %v", err)
		}
	})
}
