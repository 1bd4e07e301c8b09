package scim_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/scim"
)

// crowd puts Users into a company at once, and a Group of all of them; it returns their ids in the order of creation.
func (c tenant) crowd(n int) (users []string, group string) {
	c.t.Helper()
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	var changes []resources.Change
	var members []resources.Member
	for i := range n {
		name := fmt.Sprintf("crowd%04d@societe.example", i)
		u := &resources.Resource{Type: resources.TypeUser, ID: newID(), LastModified: time.Now(),
			Body:  fmt.Appendf(nil, `{"schemas":[%q],"userName":%q,"title":%q}`, userURN, name, strings.Repeat("t", 400)),
			Index: resources.Index{UserName: name, UserNameFolded: name, Active: true}}
		users, members = append(users, u.ID), append(members, resources.Member{Type: resources.TypeUser, ID: u.ID})
		changes = append(changes, resources.Change{Action: audit.ActionCreate, Resource: u, SetBody: true})
	}
	g := &resources.Resource{Type: resources.TypeGroup, ID: newID(), LastModified: time.Now(),
		Body:  fmt.Appendf(nil, `{"schemas":[%q],"displayName":"Crowd"}`, groupURN),
		Index: resources.Index{DisplayName: "Crowd", NameFolded: "crowd", Active: true}}
	changes = append(changes, resources.Change{Action: audit.ActionCreate, Resource: g, SetBody: true, Members: &resources.MemberChange{Add: members}})
	for part := range slices.Chunk(changes, 500) {
		if _, err := c.db.Apply(c.t.Context(), resources.Caller{Company: c.company}, part...); err != nil {
			c.t.Fatal(err)
		}
	}
	return users, g.ID
}

// allTexts are the texts at a place of each element of a list.
func allTexts(a answer, list, name string) []string {
	var all []string
	elements, _ := a.at(list).([]any)
	for _, e := range elements {
		text, _ := e.(map[string]any)[name].(string)
		all = append(all, text)
	}
	return all
}

// A page and a Group that are read in parts are what they would be in one: each resource and each member once, in order,
// and everything around them as ever. What is small has its length said.
func TestLargeAnswersAreWhole(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "").turn("largeGroup", "100000")
		users, group := c.crowd(2350)
		same := func(what string, got, want []string) {
			t.Helper()
			if !slices.Equal(got, want) {
				t.Errorf("%s: %d come, want %d; or in another order", what, len(got), len(want))
			}
		}
		reversed := slices.Clone(users)
		slices.Reverse(reversed)
		for query, want := range map[string][]string{
			"count=350": users[:350], "count=100": users[:100], "count=1000&startIndex=2001": users[2000:],
			"count=250&sortBy=userName&sortOrder=descending": reversed[:250], "count=300&cursor=": users[:300],
			`count=400&filter=title pr`: users[:400], `count=1000&filter=userName sw "crowd00"`: users[:100],
			"count=150&attributes=userName": users[:150],
		} {
			a := c.do("GET", "/Users?"+query, nil).must(200)
			same(query, allTexts(a, "Resources", "id"), want)
			total := 2350.0
			if strings.Contains(query, " sw ") {
				total = 100
			}
			if a.at("itemsPerPage") != float64(len(want)) || a.at("totalResults") != total {
				t.Errorf("%s: itemsPerPage %v, totalResults %v", query, a.at("itemsPerPage"), a.at("totalResults"))
			}
			if known := a.header.Get("Content-Length") != ""; known != (len(want) <= 100 || strings.Contains(query, "attributes")) {
				t.Errorf("%s: its length is said: %t", query, known)
			}
		}
		first := c.ask("/Users", "count", "1000", "cursor", "").must(200)
		second := c.ask("/Users", "count", "1000", "cursor", first.text("nextCursor")).must(200)
		third := c.ask("/Users", "count", "1000", "cursor", second.text("nextCursor")).must(200)
		same("a walk", slices.Concat(allTexts(first, "Resources", "id"), allTexts(second, "Resources", "id"), allTexts(third, "Resources", "id")), users)
		if third.at("nextCursor") != nil {
			t.Error("the walk goes on after its end")
		}
		back := c.ask("/Users", "count", "1000", "cursor", third.text("previousCursor")).must(200)
		same("back", allTexts(back, "Resources", "id"), users[1000:2000])

		a := c.do("GET", "/Groups/"+group, nil).must(200)
		same("members", allTexts(a, "members", "value"), slices.Sorted(slices.Values(users)))
		if a.header.Get("ETag") == "" || a.header.Get("Location") == "" || a.header.Get("Content-Length") != "" || a.at("meta", "version") == nil {
			t.Errorf("the headers are %v", a.header)
		}
		a = c.do("GET", "/Groups/"+group+"?attributes=members.value", nil).must(200)
		same("members' values", allTexts(a, "members", "value"), slices.Sorted(slices.Values(users)))
		if one, _ := a.at("members", 7).(map[string]any); len(one) != 1 || a.at("displayName") != nil || a.text("id") != group {
			t.Errorf("attributes=members.value shows %v", slices.Sorted(maps.Keys(one)))
		}
		a = c.do("GET", "/Groups?attributes=members", nil).must(200)
		if members, _ := a.at("Resources", 0, "members").([]any); len(members) != len(users) {
			t.Errorf("a list of Groups shows %d members", len(members))
		}
		c.turn("largeGroup", "2000")
		a = c.do("GET", "/Groups/"+group, nil).must(200)
		if a.at("members") != nil || a.header.Get("Member-Count") != "2350" {
			t.Errorf("a Group over the limit shows %v members", a.header.Get("Member-Count"))
		}
	})
}

// Resources that are large come in parts of a few, and all of them, once and in order, with the total, however they are
// asked for: from both ends, from the middle, by filter and order, and Groups with their members.
func TestLargeResourcesComeInSmallParts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		var users []string
		var changes []resources.Change
		for i := range 15 {
			name := fmt.Sprintf("large%02d@societe.example", i)
			large := &resources.Resource{Type: resources.TypeUser, ID: uuid.Must(uuid.NewV7()).String(), LastModified: time.Now(),
				Body:  fmt.Appendf(nil, `{"schemas":[%q],"userName":%q,"title":%q}`, userURN, name, strings.Repeat("t", 900_000)),
				Index: resources.Index{UserName: name, UserNameFolded: name, Active: true}}
			users = append(users, large.ID)
			changes = append(changes, resources.Change{Action: audit.ActionCreate, Resource: large, SetBody: true})
		}
		if _, err := c.db.Apply(t.Context(), resources.Caller{Company: c.company}, changes...); err != nil {
			t.Fatal(err)
		}
		with := resources.With{PageBytes: 2 << 20}
		page, err := c.db.Find(t.Context(), resources.Caller{Company: c.company}, resources.Query{Type: resources.TypeUser, StartIndex: 1, Count: 100, With: with})
		if err != nil || !page.Cut || len(page.Resources) != 3 || page.Total != 15 {
			t.Fatalf("a part: %v, %+v", err, page)
		}
		reversed := slices.Clone(users)
		slices.Reverse(reversed)
		for query, want := range map[string][]string{
			"count=1000": users, "count=7": users[:7], "count=1000&startIndex=5": users[4:], "count=15&cursor=": users,
			"count=100&sortBy=userName&sortOrder=descending": reversed, `count=1000&filter=title pr`: users,
			"count=12&sortBy=meta.lastModified": users[:12],
		} {
			a := c.do("GET", "/Users?"+strings.ReplaceAll(query, " ", "%20"), nil).must(200)
			got := allTexts(a, "Resources", "id")
			if !slices.Equal(got, want) && !strings.Contains(query, "lastModified") || len(got) != len(want) {
				t.Errorf("%s: %d come, want %d; or in another order", query, len(got), len(want))
			}
			if a.at("itemsPerPage") != float64(len(want)) || a.at("totalResults") != 15.0 || a.at("nextCursor") != nil {
				t.Errorf("%s: itemsPerPage %v, totalResults %v", query, a.at("itemsPerPage"), a.at("totalResults"))
			}
		}
		var walked []string
		for cursor := ""; ; {
			a := c.ask("/Users", "count", "4", "cursor", cursor).must(200)
			walked = append(walked, allTexts(a, "Resources", "id")...)
			if a.at("nextCursor") == nil {
				break
			}
			cursor = a.text("nextCursor")
		}
		if !slices.Equal(walked, users) {
			t.Errorf("a walk brings %d", len(walked))
		}
	})
}

// endless is a store of any number of large Users and of a Group of any number of members. It notes how much of the heap
// is in use while it is asked, and may fail after some questions.
type endless struct {
	shelf
	users, members int
	body           []byte
	asked, failAt  atomic.Int64
	most           atomic.Uint64
}

var errStore = errors.New("the store is gone")

func (s *endless) ask() error {
	if n := s.asked.Add(1); n%8 == 1 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		s.most.Store(max(s.most.Load(), m.HeapAlloc))
	}
	if s.failAt.Add(-1) == 0 {
		return errStore
	}
	return nil
}

func (s *endless) Find(_ context.Context, _ resources.Caller, q resources.Query) (*resources.Page, error) {
	from := 0
	if q.Walk != nil && q.Walk.From != nil {
		from, _ = strconv.Atoi(q.Walk.From.ID)
	}
	page := &resources.Page{Total: s.users}
	for i := from; i < min(from+q.Count, s.users); i++ {
		body := slices.Clone(s.body)
		page.Resources = append(page.Resources, &resources.Resource{Type: resources.TypeUser, ID: fmt.Sprint(i + 1), Version: 1, Body: body})
	}
	if n := len(page.Resources); n > 0 {
		page.Last = &resources.Position{ID: page.Resources[n-1].ID}
		page.More = from+n < s.users
	}
	return page, s.ask()
}

func (s *endless) Get(_ context.Context, _ resources.Caller, typ, id string, with resources.With) (*resources.Resource, error) {
	if !with.Members || with.MembersAtOnce == 0 {
		return nil, errors.New("the members are asked for at once")
	}
	return &resources.Resource{Type: typ, ID: id, Version: 1, MemberCount: s.members,
		Body: []byte(`{"schemas":["` + groupURN + `"],"displayName":"G"}`)}, s.ask()
}

func (s *endless) Members(_ context.Context, _ resources.Caller, _, after string, limit int) ([]resources.Member, error) {
	from, _ := strconv.Atoi(after)
	var members []resources.Member
	for i := from; i < min(from+limit, s.members); i++ {
		members = append(members, resources.Member{Type: resources.TypeUser, ID: fmt.Sprintf("%036d", i+1), Display: "Anne Martin"})
	}
	return members, s.ask()
}

func newEndless(users, members int) *endless {
	return &endless{users: users, members: members,
		body: []byte(`{"schemas":["` + userURN + `"],"userName":"anne","title":"` + strings.Repeat("t", 20_000) + `"}`)}
}

// server serves what is endless.
func (s *endless) server() bare {
	registry := resources.NewRegistry()
	return newBareServer(&scim.Server{
		Directory: &resources.Directory{Registry: registry, Store: s}, Store: s, Connections: s, Registry: registry, PublicURL: publicURL,
		Now: time.Now, Recorder: scim.NewRecorder(s, discardLog()), Log: discardLog(),
	})
}

// Memory stays flat at any page size and any group size: a page of 20 MB and a Group of 100,000 members (20 MB) are sent
// from some parts of it.
func TestMemoryIsFlatHoweverLargeTheAnswer(t *testing.T) { // not parallel: it measures the heap
	for path, least := range map[string]int{"/Users?count=1000": 20_000_000, "/Groups/" + unknownID + "?attributes=members": 15_000_000} {
		small, large := newEndless(100, 1000), newEndless(1000, 100_000)
		small.server().ask(t, path)
		w := large.server().ask(t, path)
		if w.status != 200 || w.bytes < least {
			t.Fatalf("%s: %d with %d bytes", path, w.status, w.bytes)
		}
		if more := int64(large.most.Load()) - int64(small.most.Load()); more > 6<<20 {
			t.Errorf("%s: an answer of %d bytes takes %d bytes of memory more than one part of it", path, w.bytes, more)
		}
	}
}

// An error before anything was sent is a SCIM error. After that the connection is broken off: no client takes half a list
// for a whole one.
func TestAnAnswerThatFailsHalfWayIsNoAnswer(t *testing.T) {
	t.Parallel()
	for path, failAt := range map[string][]int64{"/Users?count=1000": {1, 4, 10}, "/Groups/" + unknownID + "?attributes=members": {1, 20, 60}} {
		for _, n := range failAt {
			s := newEndless(1000, 100_000)
			s.failAt.Store(n)
			b := s.server()
			server := httptest.NewServer(b.Handler)
			t.Cleanup(server.Close)
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+scim.BasePath+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+b.token)
			response, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			var refusal struct{ Status string }
			switch {
			case n == 1:
				if jsonErr := json.Unmarshal(body, &refusal); err != nil || jsonErr != nil || response.StatusCode != 500 || refusal.Status != "500" {
					t.Errorf("%s, question %d: %d %s %v", path, n, response.StatusCode, body, err)
				}
			case !reflect.DeepEqual(err, io.ErrUnexpectedEOF) || response.StatusCode != 200 || len(body) == 0 || json.Valid(body):
				t.Errorf("%s, question %d: %d with %d bytes, and then %v", path, n, response.StatusCode, len(body), err)
			}
		}
	}
}
