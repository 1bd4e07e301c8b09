package db_test

import (
	"fmt"
	"strings"
	"testing"

	"proprio/resources"
)

// walkCases are about paging by position (RFC 9865) and queries over several types (RFC 7644 §3.4.2.1).
var walkCases = map[string]func(*testing.T, *bench){
	"a page begins after its position, though the resource there is gone": func(t *testing.T, b *bench) {
		people := b.people(t, 6)
		q := resources.Query{Type: resources.TypeUser, Count: 2, Walk: &resources.Walk{}}
		first := b.find(t, q)
		wantNames(t, "first page", first, people[:2])
		b.apply(t, remove(people[1]))
		q.Walk = &resources.Walk{From: first.Last, Total: first.Total}
		second := b.find(t, q)
		wantNames(t, "second page", second, people[2:4])
		b.apply(t, remove(people[4]))
		q.Walk = &resources.Walk{From: second.Last, Total: first.Total}
		third := b.find(t, q)
		wantNames(t, "third page", third, people[5:])
		if !first.More || !second.More || third.More {
			t.Errorf("more after the pages: %v %v %v", first.More, second.More, third.More)
		}
		q.Walk = &resources.Walk{From: third.First, Backward: true}
		wantNames(t, "back", b.find(t, q), people[2:4])
	},
	"a walk counts once, at its beginning": func(t *testing.T, b *bench) {
		people := b.people(t, 5)
		q := resources.Query{Type: resources.TypeUser, Count: 2, Walk: &resources.Walk{}}
		first := b.find(t, q)
		q.Walk = &resources.Walk{From: first.Last, Total: 4711}
		wantEqual(t, "total that is carried", b.find(t, q).Total, 4711)
		q.Walk.Total = 0
		wantEqual(t, "total that is counted", b.find(t, q).Total, len(people))
		q = resources.Query{Type: resources.TypeUser, Walk: &resources.Walk{}}
		nobody := b.find(t, q)
		if nobody.Total != 5 || nobody.More || nobody.First != nil || nobody.Last != nil || len(nobody.Resources) > 0 {
			t.Errorf("a page of none: %+v", nobody)
		}
	},
	"a page that ends early for its members says that there is more": func(t *testing.T, b *bench) {
		people := b.people(t, 4)
		groups := []*resources.Resource{b.group(t, "A", people...), b.group(t, "B", people...), b.group(t, "C", people...)}
		q := resources.Query{Type: resources.TypeGroup, Count: 3, Walk: &resources.Walk{},
			With: resources.With{Members: true, PageMembers: 9}}
		page := b.find(t, q)
		wantNames(t, "page", page, groups[:2])
		if !page.More || page.Total != 3 {
			t.Errorf("more %v, total %d", page.More, page.Total)
		}
		q.Walk = &resources.Walk{From: page.Last}
		wantNames(t, "next page", b.find(t, q), groups[2:])
		q.Walk = &resources.Walk{Backward: true}
		page = b.find(t, q)
		wantNames(t, "last page", page, groups[1:])
		if !page.More {
			t.Error("backward, the page that ends early is the whole")
		}
	},
	"text is sorted by its first characters, then by creation": func(t *testing.T, b *bench) {
		alike := strings.Repeat("é", resources.SortLength)
		var made []*resources.Resource
		for i, tail := range []string{"b", "a", ""} {
			u := newUser(fmt.Sprintf("p%d@firm.example", i))
			u.Index.DisplayName, u.Index.NameFolded = alike+tail, alike+tail
			b.apply(t, create(withBody(u)))
			made = append(made, u)
		}
		by, err := resources.NewRegistry().Type(resources.TypeUser).SortBy("displayName")
		if err != nil {
			t.Fatal(err)
		}
		page := b.find(t, resources.Query{Type: resources.TypeUser, SortBy: by, Count: 2, Walk: &resources.Walk{}})
		wantNames(t, "page", page, made[:2])
		wantEqual(t, "key", page.Last.Key, alike)
	},
	"userNames are sorted by all of them": func(t *testing.T, b *bench) {
		alike := strings.Repeat("é", resources.SortLength)
		made := map[string]*resources.Resource{}
		for _, tail := range []string{"b", "Z", "a", ""} {
			made[tail] = newUser(alike + tail)
			made[tail].Index.UserNameFolded = alike + strings.ToLower(tail)
			b.apply(t, create(withBody(made[tail])))
		}
		by, err := resources.NewRegistry().Type(resources.TypeUser).SortBy("userName")
		if err != nil {
			t.Fatal(err)
		}
		q := resources.Query{Type: resources.TypeUser, SortBy: by, Count: 2, Walk: &resources.Walk{}}
		page := b.find(t, q)
		wantNames(t, "page", page, []*resources.Resource{made[""], made["a"]})
		wantEqual(t, "total", page.Total, 4)
		q.Walk = &resources.Walk{From: page.Last, Total: 4}
		page = b.find(t, q)
		wantNames(t, "next page", page, []*resources.Resource{made["b"], made["Z"]})
		wantEqual(t, "more", page.More, false)
		q.Walk, q.Descending, q.StartIndex = nil, true, 2
		wantNames(t, "from the end, by index", b.find(t, q), []*resources.Resource{made["b"], made["a"]})
	},
	"a position of another order is ErrInvalidCursor": func(t *testing.T, b *bench) {
		b.people(t, 1)
		by, err := resources.NewRegistry().Type(resources.TypeUser).SortBy("active")
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.Find(t.Context(), b.c, resources.Query{Type: resources.TypeUser, SortBy: by, Count: 1,
			Walk: &resources.Walk{From: &resources.Position{Key: "' or 1=1"}}})
		wantError(t, err, resources.ErrInvalidCursor, "cursor")
	},
	"a query over several types is one result": func(t *testing.T, b *bench) {
		people := b.people(t, 3)
		sales := b.group(t, "Sales", people...)
		all := append(people, sales)
		two := []resources.Selection{{Type: resources.TypeGroup}, {Type: resources.TypeUser}}
		page := b.find(t, resources.Query{StartIndex: 1, Count: 10}.Over(two))
		wantNames(t, "all, by creation", page, all)
		page = b.find(t, resources.Query{StartIndex: 3, Count: 1}.Over(two))
		wantNames(t, "third", page, all[2:3])
		wantEqual(t, "total", page.Total, 4)
		wantEqual(t, "total of none", b.find(t, resources.Query{StartIndex: 1}.Over(two)).Total, 4)
		wantEqual(t, "total past the end", b.find(t, resources.Query{StartIndex: int(^uint(0) >> 1), Count: 1000}.Over(two)).Total, 4)
		two[1].Where = resources.Or{}
		wantNames(t, "Users are none", b.find(t, resources.Query{StartIndex: 1, Count: 10}.Over(two)), []*resources.Resource{sales})
		other := b.c
		other.Company = id()
		none, err := b.Find(t.Context(), other, resources.Query{StartIndex: 1, Count: 10}.Over(two))
		if err != nil || none.Total != 0 || len(none.Resources) != 0 {
			t.Errorf("another company sees %+v, %v", none, err)
		}
	},
}

func (b *bench) find(t *testing.T, q resources.Query) *resources.Page {
	t.Helper()
	page, err := b.Find(t.Context(), b.c, q)
	if err != nil {
		t.Fatalf("Find: %v", err)
	}
	return page
}

func wantNames(t *testing.T, what string, page *resources.Page, want []*resources.Resource) {
	t.Helper()
	got, names := []string{}, []string{}
	for _, r := range page.Resources {
		got = append(got, r.Index.UserName+r.Index.DisplayName)
	}
	for _, r := range want {
		names = append(names, r.Index.UserName+r.Index.DisplayName)
	}
	wantEqual(t, what, got, names)
}
