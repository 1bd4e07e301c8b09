package conformance

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// pageChecks are about index paging and order.
func pageChecks() checks { return checks{"R47": r47, "R48": r48, "R50": r50} }

func r47(p *probe) {
	p.needs("filter")
	p.needsPeople()
	page := func(startIndex, count string) answer {
		return p.list(p.server.users, "filter", p.among(""), "startIndex", startIndex, "count", count).is(200)
	}
	for _, one := range []struct {
		startIndex, count string
		items, start      int
	}{
		{"1", "2", 2, 1}, {"3", "2", 2, 3}, {"5", "2", 1, 5}, {"0", "2", 2, 1}, {"-7", "2", 2, 1}, {"1", "0", 0, 1}, {"1", "-3", 0, 1},
		{"1000", "2", 0, 1000},
	} {
		a := page(one.startIndex, one.count)
		a.equals(population, "totalResults")
		n := len(a.resources())
		a.that(n == one.items, "%d resources at startIndex=%s&count=%s, not %d", one.items, one.startIndex, one.count, n)
		if start, told := a.number("startIndex"); told && one.items > 0 {
			a.that(start == one.start, "startIndex %d, not %d", one.start, start)
		}
	}
	a := p.list(p.server.users, "filter", p.among(""), "count", "1000000").is(200)
	limit, _ := integer(at(p.server.config, "filter", "maxResults"))
	a.that(limit == 0 || len(a.resources()) <= limit, "at most filter.maxResults resources")
	p.as(Should, func() {
		p.list(p.server.users, "count", "many").is(400, 200)
		p.list(p.server.users, "startIndex", "first").is(400, 200)
	})
}

func r48(p *probe) {
	p.needs("filter")
	people := p.needsPeople()
	var first []int
	for range 2 {
		var walk []int
		for start := 1; start <= population; start += 2 {
			a := p.list(p.server.users, "filter", p.among(""), "startIndex", strconv.Itoa(start), "count", "2").is(200)
			walk = append(walk, inOrder(people, a.resources())...)
		}
		sorted := slices.Sorted(slices.Values(walk))
		p.holds(slices.Equal(sorted, []int{1, 2, 3, 4, 5}), fmt.Sprint(walk), "a walk in pages of two that meets each of five once")
		p.holds(first == nil || slices.Equal(first, walk), fmt.Sprint(walk), "the same order in a second walk, %v", first)
		first = walk
	}
	if !p.feature("sort") {
		p.result.Why = "sorting was left out: ServiceProviderConfig says sort is not supported"
		return
	}
	p.sorts("displayName", "ascending", 1, 2, 3, 4, 5)
	p.sorts("displayName", "descending", 5, 4, 3, 2, 1)
	p.sorts("nickName", "", 1, 2, 4, 5, 3)
	p.sorts("nickName", "descending", 3, 5, 4, 2, 1)
	p.sorts("userName", "ascending", 1, 2, 3, 4, 5)
	p.sorts("emails.value", "ascending", 1, 2, 3, 4, 5)
}

// sorts judges the order of the population. Ascending by displayName it is Anna, bruno, Chloé, dora, Émile when letter
// case does not count; the accent of the last may or may not.
func (p *probe) sorts(by, order string, want ...int) {
	if !p.has(by) {
		return
	}
	parameters := []string{"filter", p.among(""), "sortBy", by, "count", "100"}
	if order != "" {
		parameters = append(parameters, "sortOrder", order)
	}
	a := p.list(p.server.users, parameters...).is(200)
	if a.status == 200 {
		got := inOrder(p.people, a.resources())
		a.that(slices.Equal(got, want), "sorted by %s %s they are %v, not %v", by, order, want, got)
	}
}

func inOrder(people, found []object) (got []int) {
	for _, r := range found {
		got = append(got, 1+slices.IndexFunc(people, func(one object) bool { return id(one) == id(r) }))
	}
	return got
}

func r50(p *probe) {
	p.needs("filter")
	people := p.needsPeople()
	search := func(path, filter string, more object) answer {
		body := object{"schemas": []string{schemaSearch}, "filter": filter, "startIndex": 1, "count": 10}
		for k, v := range more {
			body[k] = v
		}
		return p.send("POST", path, body)
	}
	a := search(p.server.users+"/.search", p.among(""), nil).is(200).listOf(population)
	a.that(len(numbers(people, a.resources())) == population, "the five made for this")
	a = search(p.server.users+"/.search", p.among(`displayName eq "dora"`), object{"attributes": []string{"displayName"}}).is(200)
	a.equals(1, "totalResults").equals("dora", "Resources", 0, "displayName").absent("Resources", 0, "userName")
	p.send("POST", p.server.users+"/.search", object{"schemas": []string{schemaUser}, "filter": "userName pr"}).is(400)

	name := strings.ToLower(fmt.Sprint(people[0]["userName"]))
	both := fmt.Sprintf(`meta.resourceType eq "User" and userName eq %q`, name)
	for _, root := range []answer{search("/.search", both, nil), p.list("/", "filter", both)} {
		if root.status == 501 {
			p.note("the root answers 501")
			continue
		}
		root.is(200)
		root.equals(1, "totalResults").equals(id(people[0]), "Resources", 0, "id")
	}
	p.list("/", "filter", fmt.Sprintf(`meta.resourceType eq "Group" and userName eq %q`, name)).is(200, 400, 501)
}
