package db_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// RFC 7644 §3.4.2.3, on every attribute of User and Group and in both directions: the order of both databases is that
// of the definition below, and a walk forward and back shows it page by page.
func TestFindSortsByEveryAttribute_RFC7644_3_4_2_3(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		w := newWorld(d)
		w.populate(t, generator{Rand: rand.New(rand.NewPCG(seed, 1))})
		tried := 0
		both := func(name string) {
			q, views := w.sorted(name)
			if q.Type == "" {
				return // complex, or made for each answer
			}
			tried++
			for _, descending := range []bool{false, true} {
				q.Descending = descending
				w.checkOrder(t, fmt.Sprintf("%s descending=%v", name, descending), q, inOrder(views, q))
			}
		}
		for _, name := range sortNames(w.registry) {
			both(name)
		}
		db.ForgetLocale(d)
		both("userName")
		if tried < 60 {
			t.Errorf("only %d attributes were sorted by", tried)
		}
	})
}

// sortNames are the paths of all attributes and sub-attributes.
func sortNames(registry *resources.Registry) []string {
	names := map[string]bool{}
	for _, rt := range registry.Types() {
		all := slices.Clone(rt.Attributes())
		for _, e := range rt.Extensions {
			all = append(all, rt.Extension(e.ID)...)
		}
		for _, a := range all {
			names[a.String()] = true
			for _, s := range a.Sub {
				names[s.String()] = true
			}
		}
	}
	list := []string{}
	for n := range names {
		list = append(list, n)
	}
	slices.Sort(list)
	return list
}

// sorted is a query over the types that have an attribute, and what it selects.
func (w *world) sorted(name string) (resources.Query, []resources.View) {
	var selections []resources.Selection
	var views []resources.View
	for _, rt := range w.registry.Types() {
		if a, err := rt.SortBy(name); err == nil {
			selections = append(selections, resources.Selection{Type: rt.Name, SortBy: a})
			views = append(views, w.views[rt.Name]...)
		}
	}
	if len(selections) == 0 {
		return resources.Query{}, nil
	}
	return resources.Query{}.Over(selections), views
}

// checkOrder reads a query whole, by index and by walking both ways.
func (w *world) checkOrder(t *testing.T, what string, q resources.Query, want []string) {
	t.Helper()
	read := func(q resources.Query) *resources.Page {
		t.Helper()
		page, err := w.Find(t.Context(), w.caller, q)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if page.Total != len(want) {
			t.Errorf("%s: total %d, want %d", what, page.Total, len(want))
		}
		return page
	}
	const size = 25
	byIndex, forward, back := []string{}, []string{}, []string{}
	for start := 1; start <= len(want); start += size {
		q.StartIndex, q.Count = start, size
		byIndex = append(byIndex, idsOf(read(q))...)
	}
	q.Walk = &resources.Walk{}
	for more := true; more && len(forward) <= len(want); {
		page := read(q)
		forward, more = append(forward, idsOf(page)...), page.More
		q.Walk = &resources.Walk{From: page.Last, Total: len(want)}
	}
	q.Walk = &resources.Walk{Backward: true}
	for more := true; more && len(back) <= len(want); {
		page := read(q)
		back, more = append(idsOf(page), back...), page.More
		q.Walk = &resources.Walk{From: page.First, Backward: true}
	}
	for way, got := range map[string][]string{"by index": byIndex, "forward": forward, "backward": back} {
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", what, way, diff)
		}
	}
}

func idsOf(page *resources.Page) []string {
	ids := []string{}
	for _, r := range page.Resources {
		ids = append(ids, r.ID)
	}
	return ids
}

// inOrder is the definition: by value, those without last, equal ones by creation; descending is all of it turned round.
func inOrder(views []resources.View, q resources.Query) []string {
	byType := map[string]*resources.Attribute{}
	for _, s := range q.Selections() {
		byType[s.Type] = s.SortBy
	}
	views = slices.Clone(views)
	slices.SortFunc(views, func(a, b resources.View) int {
		x, y := sortValue(a, byType[a.Resource.Type]), sortValue(b, byType[b.Resource.Type])
		return cmp.Or(compareValues(x, y), a.Resource.Created.Compare(b.Resource.Created), cmp.Compare(a.Resource.ID, b.Resource.ID))
	})
	ids := []string{}
	for _, v := range views {
		ids = append(ids, v.Resource.ID)
	}
	if q.Descending {
		slices.Reverse(ids)
	}
	return ids
}

func compareValues(x, y any) int {
	switch {
	case x == nil && y == nil:
		return 0
	case x == nil:
		return 1
	case y == nil:
		return -1
	}
	if a, ok := x.(string); ok {
		return strings.Compare(a, y.(string))
	}
	return cmp.Compare(x.(float64), y.(float64))
}

// sortValue is what a resource is sorted by: a folded text, a number, or nil.
func sortValue(v resources.View, a *resources.Attribute) any {
	value := rawValue(v, a)
	switch x := value.(type) {
	case nil:
		truth, ok := a.Default().(bool)
		if inList := a.Parent != nil; !ok || inList && rawValue(v, a.Parent) == nil {
			return nil
		}
		return number(truth)
	case time.Time:
		return float64(x.UnixMicro())
	case bool:
		return number(x)
	case json.Number:
		f, _ := strconv.ParseFloat(string(x), 64)
		return f
	case string:
		if a.Kind == resources.KindDateTime {
			at, ok := resources.Instant(x)
			if !ok {
				return nil
			}
			return float64(at.UnixMicro())
		}
		if x = a.Comparable("gt", x); x == "" {
			return nil
		}
		runes := []rune(x)
		if a.String() == "userName" {
			return x
		}
		return string(runes[:min(len(runes), resources.SortLength)])
	}
	return nil
}

func number(truth bool) float64 {
	if truth {
		return 1
	}
	return 0
}

// rawValue reads an attribute: of a list, from the primary value, else from the first.
func rawValue(v resources.View, a *resources.Attribute) any {
	r := v.Resource
	switch a.String() {
	case "id":
		return r.ID
	case "externalId":
		return r.ExternalID
	case "meta.resourceType":
		return r.Type
	case "meta.created":
		return r.Created
	case "meta.lastModified":
		return r.LastModified
	case "meta.version":
		return `W/"1"`
	}
	if a.Parent != nil && a.Parent.Name == "groups" {
		return ofGroups(r.Groups, a.Name)
	}
	if a.Parent != nil && a.Parent.Name == "members" {
		return ofMembers(r.Members, a.Name)
	}
	var at any = map[string]any(v.Document)
	for _, key := range a.Keys() {
		if list, ok := at.([]any); ok {
			at = firstValue(list)
		}
		m, _ := at.(map[string]any)
		at = m[key]
	}
	if list, ok := at.([]any); ok {
		at = firstValue(list)
	}
	return at
}

func firstValue(list []any) any {
	for _, e := range list {
		if m, ok := e.(map[string]any); ok && m["primary"] == true {
			return e
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

func ofGroups(refs []resources.Ref, name string) any {
	if len(refs) == 0 {
		return nil
	}
	first := slices.MinFunc(refs, func(a, b resources.Ref) int { return strings.Compare(a.ID, b.ID) })
	return map[string]any{"value": first.ID, "display": first.Display, "type": "direct"}[name]
}

func ofMembers(members []resources.Member, name string) any {
	if len(members) == 0 {
		return nil
	}
	first := slices.MinFunc(members, func(a, b resources.Member) int { return strings.Compare(a.ID, b.ID) })
	return map[string]any{"value": first.ID, "display": first.Display, "type": first.Type}[name]
}
