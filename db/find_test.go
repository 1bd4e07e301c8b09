package db_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// Several may have what is looked up. They come in the order of creation as any others, whether all of them fit the page or
// not, and are counted.
func TestALookUpIsInOrder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		var ids []string
		for i := range 4 {
			u := newUser(fmt.Sprintf("p%d@firm.example", i))
			u.ExternalID, u.LastModified = "x", start.Add(-time.Duration(i/2)*time.Second) // two pairs, of whom the later one is older
			ch := create(u)
			ch.SetExternalID = true
			b.apply(t, ch)
			ids = append(ids, u.ID)
		}
		older, newer := ids[2:], ids[:2]
		slices.Sort(older)
		slices.Sort(newer)
		want := slices.Concat(older, newer)
		user := resources.NewRegistry().Type(resources.TypeUser)
		where := resources.Compare{Attribute: user.Attribute("externalId"), Op: "eq", Value: "x"}
		for _, descending := range []bool{false, true} {
			for _, c := range []struct{ from, count int }{{1, 100}, {1, 5}, {1, 4}, {1, 3}, {1, 1}, {2, 2}, {4, 100}, {5, 1}} {
				page := b.find(t, resources.Query{
					Type: user.Name, Where: where, StartIndex: c.from, Count: c.count, Descending: descending,
				})
				got := []string{}
				for _, r := range page.Resources {
					got = append(got, r.ID)
				}
				part := want[c.from-1 : min(c.from-1+c.count, len(want))]
				if !slices.Equal(got, part) || page.Total != len(want) {
					t.Errorf("%d from %d on, descending=%v: got %v of %d, want %v of %d", c.count, c.from, descending, got, page.Total, part, len(want))
				}
			}
			slices.Reverse(want)
		}
	})
}
