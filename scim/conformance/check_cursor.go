package conformance

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// cursorChecks are about RFC 9865, on five Users that the suite made.
func cursorChecks() checks {
	return checks{"P01": p01, "P02": p02, "P03": p03, "P04": p04, "P05": p05, "P06": p06, "P07": p07, "P08": p08, "P09": p09,
		"P10": p10, "P11": p11, "P12": p12, "P13": p13}
}

func p01(p *probe) {
	pagination := at(p.server.config, "pagination")
	if pagination == nil {
		p.skip("ServiceProviderConfig has no pagination: the server does not claim RFC 9865")
	}
	a := p.get("/ServiceProviderConfig").need(200)
	methods := 0
	for _, name := range []string{"cursor", "index"} {
		on, ok := a.at("pagination", name).(bool)
		a.that(ok, "pagination.%s is a boolean", name)
		if on {
			methods++
		}
	}
	a.that(methods > 0, "one method at least")
	method := a.text("pagination", "defaultPaginationMethod")
	if methods == 2 || method != "" {
		a.that(method == "cursor" || method == "index", "defaultPaginationMethod is cursor or index, not %q", method)
	}
	for _, name := range []string{"defaultPageSize", "maxPageSize", "cursorTimeout"} {
		if v := a.at("pagination", name); v != nil {
			n, ok := integer(v)
			a.that(ok && n > 0, "pagination.%s is a positive integer, not %s", name, literal(v))
		}
	}
}

// needsCursors skips where the server does not claim cursors, and makes the population.
func (p *probe) needsCursors() []object {
	if at(p.server.config, "pagination", "cursor") != true {
		p.skip("ServiceProviderConfig does not claim pagination by cursor")
	}
	p.needs("filter")
	return p.needsPeople()
}

// page asks for a page of the population.
func (p *probe) page(cursor, count string, more ...string) answer {
	return p.list(p.server.users, append([]string{"filter", p.among(""), "cursor", cursor, "count", count}, more...)...)
}

func p02(p *probe) {
	people := p.needsCursors()
	a := p.page("", "2").is(200)
	a.that(len(numbers(people, a.resources())) == 2, "two resources")
	a.that(a.text("nextCursor") != "", "nextCursor on a page that is not the last").absent("previousCursor")
	if total := a.at("totalResults"); total != nil {
		a.equals(population, "totalResults")
	}
	p.as(Should, func() { a.absent("startIndex") })
	b := p.list(p.server.users, "filter", p.among(""), "cursor", "").is(200)
	b.that(len(b.resources()) == population || b.text("nextCursor") != "", "all five, or a nextCursor, without count")
}

// walk follows nextCursor to the end.
func (p *probe) walk(count string) (pages []answer) {
	cursor := ""
	for range population + 2 {
		a := p.page(cursor, count).is(200)
		pages = append(pages, a)
		if cursor = a.text("nextCursor"); cursor == "" || a.status != 200 {
			return pages
		}
	}
	p.holds(false, fmt.Sprintf("%d pages and more", len(pages)), "an end of the walk over five resources")
	return pages
}

func p03(p *probe) {
	people := p.needsCursors()
	for _, count := range []string{"1", "2", "5"} {
		var met []int
		pages := p.walk(count)
		for _, page := range pages {
			n := len(page.resources())
			limit, _ := strconv.Atoi(count)
			page.that(n <= limit, "at most %s resources in a page, not %d", count, n)
			met = append(met, numbers(people, page.resources())...)
		}
		slices.Sort(met)
		p.holds(slices.Equal(met, []int{1, 2, 3, 4, 5}), fmt.Sprint(met), "each of five once in pages of %s", count)
		last := pages[len(pages)-1]
		last.that(last.at("nextCursor") == nil, "no nextCursor on the last page")
	}
}

func p04(p *probe) {
	p.needsCursors()
	pages := p.walk("2")
	if len(pages) < 2 || pages[1].text("previousCursor") == "" {
		p.result.Judged++
		p.note("the server gives no previousCursor, which is optional")
		return
	}
	back := p.page(pages[1].text("previousCursor"), "2").is(200)
	back.that(same(back.at("Resources"), pages[0].at("Resources")), "the first page again").absent("previousCursor")
}

var unreserved = regexp.MustCompile(`^[A-Za-z0-9._~-]+$`)

func p05(p *probe) {
	p.needsCursors()
	for _, page := range p.walk("2") {
		for _, name := range []string{"nextCursor", "previousCursor"} {
			if v := page.at(name); v != nil {
				page.that(unreserved.MatchString(page.text(name)), "%s is made of RFC 3986 unreserved characters", name)
			}
		}
	}
}

func p06(p *probe) {
	p.needsCursors()
	for _, garbage := range []string{"no-cursor-of-this-server", "AAAA", "1"} {
		p.page(garbage, "2").refused(400, "invalidCursor")
	}
}

func p07(p *probe) {
	p.needsCursors()
	cursor := p.page("", "2").is(200).text("nextCursor")
	if cursor == "" {
		p.skip("there is no cursor (see P02)")
	}
	for _, i := range []int{0, len(cursor) / 2, len(cursor) - 1} {
		other := byte('A')
		if cursor[i] == other || i == len(cursor)-1 { // the last character may hold bits that say nothing
			other = cursor[i] ^ 1
			if !unreserved.MatchString(string(other)) || i == len(cursor)-1 {
				continue
			}
		}
		p.page(cursor[:i]+string(other)+cursor[i+1:], "2").refused(400, "invalidCursor")
	}
	p.page(cursor[:len(cursor)/2], "2").refused(400, "invalidCursor")
}

func p08(p *probe) {
	p.needsCursors()
	cursor := p.page("", "2").is(200).text("nextCursor")
	for _, filter := range []string{"active eq true", "not (nickName pr)"} {
		a := p.list(p.server.users, "filter", p.among(filter), "cursor", cursor, "count", "2").is(400)
		p.as(Should, func() { a.refused(400, "invalidCursor") })
	}
	if p.server.groups != "" {
		p.list(p.server.groups, "cursor", cursor, "count", "2").is(400)
	}
}

func p09(p *probe) {
	p.needsCursors()
	cursor := p.page("", "2").is(200).text("nextCursor")
	a := p.page(cursor, "3").is(400)
	p.as(Should, func() { a.refused(400, "invalidCount") })
	p.page(cursor, "2").is(200)
}

func p10(p *probe) {
	p.needsCursors()
	a := p.page("", "0").is(200)
	a.that(len(a.resources()) == 0, "no resources").absent("nextCursor").absent("previousCursor")
	p.as(Should, func() { a.equals(population, "totalResults") })
}

func p11(p *probe) {
	p.needsCursors()
	cursor := p.page("", "2").is(200).text("nextCursor")
	a := p.page(cursor, "2", "startIndex", "1").is(400)
	p.as(Should, func() { a.refused(400, "invalidValue", "invalidCursor") })
}

func p12(p *probe) {
	people := p.needsCursors()
	search := func(cursor string) answer {
		return p.send("POST", p.server.users+"/.search", object{
			"schemas": []string{schemaSearch}, "filter": p.among(""), "cursor": cursor, "count": 3,
		}).is(200)
	}
	first := search("")
	first.that(first.text("nextCursor") != "", "nextCursor on a page that is not the last")
	second := search(first.text("nextCursor")).absent("nextCursor")
	met := append(numbers(people, first.resources()), numbers(people, second.resources())...)
	slices.Sort(met)
	p.holds(slices.Equal(met, []int{1, 2, 3, 4, 5}), fmt.Sprint(met), "each of five once in two pages of .search")
}

// The population of this check is its own, for one of it is deleted.
func p13(p *probe) {
	p.needsCursors()
	label := p.prefix + "-del"
	var users []object
	for range 4 {
		users = append(users, p.create(p.server.users, p.userBody("del")))
	}
	ask := func(cursor string) answer {
		return p.list(p.server.users, "filter", fmt.Sprintf("userName sw %q", label), "cursor", cursor, "count", "2").is(200)
	}
	first := ask("")
	met := inOrder(users, first.resources())
	if len(met) != 2 || slices.Contains(met, 0) {
		p.skip("the first page is not as it should be (see P02)")
	}
	p.send("DELETE", p.user(users[met[1]-1]), nil).is(204)
	second := ask(first.text("nextCursor"))
	met = append(met, inOrder(users, second.resources())...)
	slices.Sort(met)
	p.holds(slices.Equal(met, []int{1, 2, 3, 4}), fmt.Sprint(met), "all four, although the last of the first page was deleted meanwhile")
}
