package scim_test

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/scim"
)

// walk follows a cursor of each page, nextCursor or previousCursor, from a first page to its end, and returns the pages.
func (c tenant) walk(path, cursor string, page answer, parameters ...string) []answer {
	c.t.Helper()
	pages := []answer{page.must(200)}
	for page.text(cursor) != "" {
		if len(pages) > 50 {
			c.t.Fatalf("%s: the walk has no end", path)
		}
		page = c.ask(path, append(parameters, "cursor", page.text(cursor))...).must(200)
		pages = append(pages, page)
	}
	return pages
}

// namesOf are the names on pages, one word for each page.
func namesOf(pages []answer) string {
	var words []string
	for _, p := range pages {
		words = append(words, p.names())
	}
	return strings.Join(words, " ")
}

// nextCursor is on every page but the last, previousCursor on every page but the first, and they lead to the last page
// and back to the first; an empty cursor is the first page; pages have no startIndex; totalResults is on all of them
// (RFC 9865 §2).
func TestRFC9865_NextCursorLeadsToTheLastPageAndPreviousCursorBack(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := cast(w)
		for _, q := range []struct {
			path, want string
			parameters []string
		}{
			{"/Users", "aB c", []string{"count", "2"}}, {"/Users", "a B c", []string{"count", "1"}}, {"/", "aBc gh", []string{"count", "3"}}, {"/", "aB cg h", []string{"count", "2"}},
			{"/", "aBcg h", []string{"count", "4"}}, {"/", "aBcgh", []string{"count", "5"}}, {"/Users", "c B a", []string{"count", "1", "sortBy", "userName", "sortOrder", "descending"}},
			{"/Users", "Ba c", []string{"count", "2", "sortBy", "title"}}, {"/", "hgc Ba", []string{"count", "3", "sortBy", "userName", "sortOrder", "descending"}},
			{"/Users", "a B", []string{"count", "1", "filter", "title pr", "attributes", "userName"}}, {"/Users", "aBc", nil}, {"/Users", "", []string{"count", "2", "filter", `title eq "nothing"`}},
			{"/Users", "B a c", []string{"count", "1", "sortBy", "active", "excludedAttributes", "emails"}}, {"/Groups", "g h", []string{"count", "1", "sortBy", "meta.created"}},
		} {
			pages := c.walk(q.path, "nextCursor", c.ask(q.path, append(q.parameters, "cursor", "")...), q.parameters...)
			if got := namesOf(pages); got != q.want {
				t.Errorf("%s %v: %q, want %q", q.path, q.parameters, got, q.want)
			}
			for i, page := range pages {
				if got := page.text("previousCursor") != ""; got != (i > 0) {
					t.Errorf("%s %v: page %d has a previousCursor: %v", q.path, q.parameters, i+1, got)
				}
				if page.at("startIndex") != nil || page.at("totalResults") != pages[0].at("totalResults") || page.at("itemsPerPage") != float64(len(page.names())) {
					t.Errorf("%s %v: page %d: %s", q.path, q.parameters, i+1, page.body)
				}
			}
			words := strings.Fields(q.want)
			back := c.walk(q.path, "previousCursor", pages[len(pages)-1], q.parameters...)
			if len(back) != max(len(words), 1) {
				t.Fatalf("%s %v: %d pages back, want %d", q.path, q.parameters, len(back), len(words))
			}
			for i, want := range words {
				page, isLast := back[len(words)-1-i], i == len(words)-1
				if page.names() != want || (page.text("nextCursor") == "") != isLast {
					t.Errorf("%s %v: back at %s: %s", q.path, q.parameters, want, page.body)
				}
			}
			if again := c.walk(q.path, "nextCursor", back[len(back)-1], q.parameters...); namesOf(again) != q.want {
				t.Errorf("%s %v: forward again %q", q.path, q.parameters, namesOf(again))
			}
		}
		for _, query := range []string{"?cursor&count=2", "?cursor=&count=2", "?count=2&CURSOR="} {
			if a := c.do("GET", "/Users"+query, nil); a.names() != "aB" || a.text("nextCursor") == "" {
				t.Errorf("%s is the first page: %s", query, a.body)
			}
		}
		if a := c.ask("/Users", "count", "2").must(200); a.at("nextCursor") != nil || a.at("startIndex") != 1.0 {
			t.Errorf("without cursor, paging is by index: %s", a.body)
		}
	})
}

// count 0, and so a negative one, gives the total only and no nextCursor; one above maxPageSize, or other than that of
// the first page, is invalidCount (RFC 9865 §2).
func TestRFC9865_Count(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := cast(newWorld(t, d, func(s *scim.Server) { s.Limits = scim.Limits{PageSize: 2, MaxPage: 3} }))
		for _, count := range []string{"0", "-5"} {
			a := c.ask("/Users", "cursor", "", "count", count).must(200)
			if a.at("totalResults") != 3.0 || a.at("nextCursor") != nil || a.at("previousCursor") != nil || !strings.Contains(a.body, `"Resources":[]`) {
				t.Errorf("count %s: %s", count, a.body)
			}
		}
		c.ask("/Users", "cursor", "", "count", "4").scimError(400, "invalidCount", "maxPageSize, 3")
		c.do("POST", "/Users/.search", search("cursor", "", "count", 99)).scimError(400, "invalidCount", "count")
		next := c.ask("/Users", "cursor", "").text("nextCursor")
		c.ask("/Users", "cursor", next, "count", "1").scimError(400, "invalidCount", "2")
		c.ask("/Users", "cursor", next, "count", "0").scimError(400, "invalidCount", "2")
		if got := c.ask("/Users", "cursor", next, "count", "2").names() + c.ask("/Users", "cursor", next).names(); got != "cc" {
			t.Errorf("the default, named or not: %q", got)
		}
		c.ask("/Users", "cursor", "", "count", "two").scimError(400, "invalidValue", "count")
	})
}

// cursor and startIndex exclude each other; a cursor that is null is none (RFC 9865 §2).
func TestRFC9865_CursorAndStartIndexExcludeEachOther(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := cast(w)
		next := c.ask("/Users", "cursor", "", "count", "1").text("nextCursor")
		for _, cursor := range []string{"", next} {
			c.ask("/Users", "cursor", cursor, "count", "1", "startIndex", "1").scimError(400, "invalidValue", "startIndex")
			c.do("POST", "/.search", search("cursor", cursor, "startIndex", 1)).scimError(400, "invalidValue", "startIndex")
		}
		a := c.do("POST", "/Users/.search", search("cursor", nil, "startIndex", 2, "count", 1)).must(200)
		if a.names() != "B" || a.at("startIndex") != 2.0 || a.at("nextCursor") != nil {
			t.Errorf("a cursor of null is index paging: %s", a.body)
		}
		a = c.do("POST", "/Users/.search", search("cursor", nil, "count", 1, "startIndex", nil)).must(200)
		if a.at("nextCursor") != nil {
			t.Errorf("neither is index paging: %s", a.body)
		}
		c.do("GET", "/Users?cursor=&cursor=", nil).scimError(400, "invalidValue", "cursor")
	})
}

// A cursor consists of unreserved characters, says nothing, and is good for the query that it is a page of alone: one
// that was forged or cut, or is of another filter, order, projection, endpoint, connection or company, is
// invalidCursor, always with the same words (RFC 9865 §2, §5.2).
func TestRFC9865_CursorIsSealedForItsQuery(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := cast(w)
		parameters := []string{"count", "1", "sortBy", "userName", "filter", "userName pr", "attributes", "userName,emails"}
		with := func(more ...string) []string { return append(append([]string{}, parameters...), more...) }
		next := c.ask("/Users", with("cursor", "")...).text("nextCursor")
		if !regexp.MustCompile(`^[A-Za-z0-9._~-]+$`).MatchString(next) {
			t.Fatalf("characters that are reserved: %q", next)
		}
		plain, _ := base64.RawURLEncoding.DecodeString(next)
		if strings.Contains(strings.ToLower(string(plain)), "anne") || strings.Contains(string(plain), "societe") {
			t.Error("the cursor shows what it holds")
		}
		if got := c.ask("/Users", with("cursor", next, "attributes", "USERNAME, emails", "sortOrder", "")...).names(); got != "B" {
			t.Errorf("the query repeated: %q", got)
		}
		if c.ask("/Users", with("cursor", "")...).text("nextCursor") == next {
			t.Error("two cursors are the same")
		}
		flipped := []byte(next)
		flipped[len(flipped)/2] ^= 1
		refusals := map[string]answer{}
		for what, a := range map[string]answer{
			"garbage": c.ask("/Users", with("cursor", "garbage")...), "forged": c.ask("/Users", with("cursor", string(flipped))...), "not base64": c.ask("/Users", with("cursor", "%/+=")...),
			"cut": c.ask("/Users", with("cursor", next[:len(next)-1])...), "longer": c.ask("/Users", with("cursor", next+"A")...), "very long": c.ask("/Users", with("cursor", strings.Repeat(next, 40))...),
			"an offset": c.ask("/Users", with("cursor", "2")...), "other filter": c.ask("/Users", with("cursor", next, "filter", "id pr")...), "no filter": c.ask("/Users", "count", "1", "sortBy", "userName", "attributes", "userName,emails", "cursor", next),
			"other order": c.ask("/Users", with("cursor", next, "sortBy", "title")...), "other direction": c.ask("/Users", with("cursor", next, "sortOrder", "descending")...),
			"other attributes": c.ask("/Users", with("cursor", next, "attributes", "userName")...), "excluded": c.ask("/Users", "count", "1", "sortBy", "userName", "filter", "userName pr", "excludedAttributes", "userName,emails", "cursor", next),
			"the root": c.ask("/", with("cursor", next)...), "other endpoint": c.ask("/Groups", "cursor", c.ask("/Users", "cursor", "", "count", "1").text("nextCursor"), "count", "1"),
			"another connection": c.another("second").ask("/Users", with("cursor", next)...), "another company": w.tenant(w.t.Name()+" 2", "").ask("/Users", with("cursor", next)...),
		} {
			a.scimError(400, "invalidCursor", "")
			refusals[what] = a
		}
		for what, a := range refusals {
			if a.text("detail") != refusals["garbage"].text("detail") {
				t.Errorf("%s is refused in other words: %s", what, a.text("detail"))
			}
		}
		body := search("cursor", next, "count", 1, "sortBy", "userName", "filter", "userName pr", "attributes", []string{"userName", "emails"})
		if got := c.do("POST", "/Users/.search", body).names(); got != "B" {
			t.Errorf("a search of the same query goes on with it: %q", got)
		}
		if got := c.ask("/Users", with("cursor", next)...).names(); got != "B" {
			t.Errorf("a cursor can be used again: %q", got)
		}
	})
}

// A cursor is good for as long as ServiceProviderConfig says, and expiredCursor afterwards; it is good after a restart
// and at every replica, and not for a server with another key (RFC 9865 §2, §4).
func TestRFC9865_CursorExpiresAndOutlivesARestart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var ahead atomic.Int64 // seconds
		clock := func(s *scim.Server) {
			s.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load()) * time.Second) }
			s.Limits.CursorTimeout, s.CursorKey = 600, []byte("the key of all replicas")
		}
		c := cast(newWorld(t, d, clock))
		config := c.do("GET", "/ServiceProviderConfig", nil).must(200)
		if config.at("pagination", "cursorTimeout") != 600.0 {
			t.Errorf("pagination %v", config.at("pagination"))
		}
		next := c.ask("/Users", "cursor", "", "count", "1").text("nextCursor")
		replica, stranger := c, c
		replica.world = newWorld(t, d, clock)
		stranger.world = newWorld(t, d)
		if got := replica.ask("/Users", "cursor", next, "count", "1").names(); got != "B" {
			t.Errorf("at a replica: %q", got)
		}
		stranger.ask("/Users", "cursor", next, "count", "1").scimError(400, "invalidCursor", "")
		ahead.Store(599)
		second := c.ask("/Users", "cursor", next, "count", "1").must(200).text("nextCursor")
		ahead.Store(602)
		c.ask("/Users", "cursor", next, "count", "1").scimError(400, "expiredCursor", "10m0s")
		c.ask("/Groups", "cursor", next, "count", "1").scimError(400, "invalidCursor", "")
		if got := c.ask("/Users", "cursor", second, "count", "1").names(); got != "c" {
			t.Errorf("each page's cursor has its own time: %q", got)
		}
	})
}

// ServiceProviderConfig tells of both ways of paging; index paging, which was there first, stays the default
// (RFC 9865 §4).
func TestRFC9865_ServiceProviderConfig(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		pagination, _ := c.do("GET", "/ServiceProviderConfig", nil).must(200).at("pagination").(map[string]any)
		for name, want := range map[string]any{
			"cursor": true, "index": true, "defaultPaginationMethod": "index", "defaultPageSize": 100.0, "maxPageSize": 1000.0, "cursorTimeout": 3600.0,
		} {
			if pagination[name] != want {
				t.Errorf("%s %v, want %v", name, pagination[name], want)
			}
		}
	})
}

// A cursor alone gives nothing: without a token it is 401, and once the connection is closed it opens no page
// (RFC 9865 §5.2).
func TestRFC9865_CursorGrantsNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := cast(newWorld(t, d))
		next := c.ask("/Users", "cursor", "", "count", "1").text("nextCursor")
		c.do("GET", "/Users?count=1&cursor="+next, nil, "Authorization", "").scimError(401, "", "")
		c.connection.Disabled = true
		if err := c.db.SetConnection(t.Context(), system, c.connection); err != nil {
			t.Fatal(err)
		}
		c.ask("/Users", "cursor", next, "count", "1").scimError(403, "", "disabled")
	})
}

// Pages follow places, not numbers: removing the last resource of a page, or all before it, skips nobody on the next;
// where everything before is gone, previousCursor leads to the first page there is; what is gone behind leaves an empty
// last page, from which the walk leads back.
func TestRFC9865_RemovalMovesNobodyToAnotherPage(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		ids := map[string]string{}
		for _, name := range strings.Split("abcdefgh", "") {
			ids[name] = c.addUser(name + "@societe.example")
		}
		remove := func(names string) {
			for _, name := range strings.Split(names, "") {
				c.do("DELETE", "/Users/"+ids[name], nil).must(204)
			}
		}
		next := func(page answer, cursor string) answer {
			t.Helper()
			return c.ask("/Users", "count", "2", "cursor", page.must(200).text(cursor))
		}
		first := c.ask("/Users", "count", "2", "cursor", "")
		remove("b")
		second := next(first, "nextCursor")
		if second.names() != "cd" {
			t.Errorf("after the last of page 1 is gone: %s", second.names())
		}
		remove("acd")
		third := next(second, "nextCursor")
		if third.names() != "ef" {
			t.Errorf("after all of page 2 is gone: %s", third.names())
		}
		back := next(third, "previousCursor")
		if back.names() != "ef" || back.text("previousCursor") != "" || back.text("nextCursor") == "" {
			t.Errorf("nobody is before page 3 any more: %s", back.body)
		}
		remove("gh")
		end := next(third, "nextCursor")
		if end.names() != "" || end.text("nextCursor") != "" {
			t.Errorf("nobody is behind page 3 any more: %s", end.body)
		}
		if last := next(end, "previousCursor"); last.names() != "ef" || last.text("nextCursor") != "" {
			t.Errorf("back from nothing: %s", last.body)
		}
	})
}

// A walk in the order of numbers finds its place again exactly, whatever their digits.
func TestRFC9865_WalkByNumbers(t *testing.T) {
	eachEverything(t, func(t *testing.T, c tenant) {
		for label, ratio := range map[string]string{
			"a": "-2.5", "b": "0", "c": "1e-7", "d": "0.1", "f": "0.30000000000000004", "g": "12345678901234567", "h": "3e20",
		} {
			c.addThing(label, object{"ratio": json.Number(ratio), "count": int64(label[0]) << 54})
		}
		c.addThing("z")
		for _, by := range []string{"ratio", "count"} {
			for order, want := range map[string]string{"ascending": "abcdfghz", "descending": "zhgfdcba"} {
				parameters := []string{"count", "1", "sortBy", by, "sortOrder", order}
				got := ""
				for _, page := range c.walk("/Everything", "nextCursor", c.ask("/Everything", append(parameters, "cursor", "")...), parameters...) {
					got += labels(page)
				}
				if got != want {
					t.Errorf("%s %s: %s, want %s", by, order, got, want)
				}
			}
		}
	})
}
