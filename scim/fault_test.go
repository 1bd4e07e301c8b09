package scim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/scim"
)

// faultyStore is a store whose reads do what get says.
type faultyStore struct {
	resources.Store
	get func() error
}

func (s faultyStore) Get(context.Context, resources.Caller, string, string, resources.With) (*resources.Resource, error) {
	return nil, s.get()
}

// What goes wrong inside is told by a request id and nothing more (style.md 3.2).
func TestInternalFaultsShowNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for name, f := range map[string]struct {
			get    func() error
			status int
		}{
			"an error":        {func() error { return errors.New("pq: relation s3cret") }, 500},
			"a panic":         {func() error { panic("s3cret") }, 500},
			"a full disk":     {func() error { return fmt.Errorf("s3cret: %w", resources.ErrFull) }, 507},
			"a busy database": {func() error { return fmt.Errorf("s3cret: %w", resources.ErrBusy) }, 503},
			"a time-out":      {func() error { return fmt.Errorf("s3cret: %w", context.DeadlineExceeded) }, 503},
			"a cause of a domain": {func() error {
				return &resources.Error{Kind: resources.ErrInvalidValue, Detail: "named", Cause: errors.New("s3cret")}
			}, 400},
		} {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t, d, func(s *scim.Server) { s.Store = faultyStore{d, f.get} })
				a := w.tenant("Company of "+name, "").do("GET", "/Users/x", nil).must(f.status)
				id := a.header.Get("X-Request-Id")
				switch {
				case id == "" || strings.Contains(a.body, "s3cret"):
					t.Errorf("id %q, body %s", id, a.body)
				case f.status == 500:
					a.scimError(500, "", id)
				case f.status >= 503:
					a.scimError(f.status, "", map[int]string{503: "Repeat", 507: "disk is full"}[f.status])
					if a.header.Get("Retry-After") != "1" {
						t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
					}
				default:
					a.scimError(400, "invalidValue", "named")
				}
			})
		}
	})
}

// In a bulk request an inner fault fails its operation alone; the log says what it was.
func TestInternalFaultsFailOneOperationOfABulk(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := make(lines, 2)
		c := newWorld(t, d, func(s *scim.Server) {
			s.Store = faultyStore{d, func() error { return errors.New("pq: relation s3cret") }}
			s.Log = slog.New(slog.NewTextHandler(log, nil))
		}).tenant("Société", "")
		a := c.do("POST", "/Bulk", bulk(
			operation("DELETE", "/Users/x", "", nil, object{"version": `W/"1", W/"2"`}), // two versions: the server has to look
			operation("POST", "/Users", "u", user("anne@societe.example")),
		)).mustStatuses("500", "u 201")
		id := a.header.Get("X-Request-Id")
		if detail := a.text("Operations", 0, "response", "detail"); !strings.Contains(detail, id) || strings.Contains(a.body, "s3cret") {
			t.Errorf("answered %s", a.body)
		}
		if line := <-log; !strings.Contains(line, "level=ERROR") || !strings.Contains(line, id) || !strings.Contains(line, "s3cret") {
			t.Errorf("logged %s", line)
		}
	})
}

// leavingClient is a policy during which the client closes its connection.
type leavingClient struct{ leave context.CancelFunc }

func (l leavingClient) Judge(context.Context, string, resources.Document, int64) (resources.Judgement, error) {
	l.leave()
	return resources.Judgement{}, nil
}

// Nothing more is done for a client that is gone: it will send all of it again.
func TestBulkEndsWithItsClient(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, leave := context.WithCancel(t.Context())
		w := newWorld(t, d, func(s *scim.Server) { s.Directory.Policy = leavingClient{leave} })
		c := w.tenant("Société", "")
		body, err := json.Marshal(bulk(
			operation("POST", "/Users", "a", user("a@societe.example")), operation("POST", "/Groups", "b", group("B")),
		))
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequestWithContext(ctx, "POST", scim.BasePath+"/Bulk", bytes.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+c.token)
		answer := httptest.NewRecorder()
		w.server.Handler().ServeHTTP(answer, r)
		if answer.Code != 400 {
			t.Errorf("status %d: %s", answer.Code, answer.Body)
		}
		if n := c.do("GET", "/Groups", nil).must(200).at("totalResults"); n != 0.0 {
			t.Errorf("%v Groups were made", n)
		}
	})
}

// spyStore notes what is read beside a resource.
type spyStore struct {
	resources.Store
	with chan resources.With
}

func (s spyStore) Get(ctx context.Context, c resources.Caller, typ, id string, with resources.With) (*resources.Resource, error) {
	s.with <- with
	return s.Store.Get(ctx, c, typ, id, with)
}

func (s spyStore) Find(ctx context.Context, c resources.Caller, q resources.Query) (*resources.Page, error) {
	s.with <- q.With
	return s.Store.Find(ctx, c, q)
}

// Q27: with a hundred thousand members, what is not shown must not be read.
func TestQ27MembersThatAreNotShownAreNotRead(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		spy := spyStore{d, make(chan resources.With, 10)}
		c := newWorld(t, d, func(s *scim.Server) { s.Store = spy }).tenant("Société", "").turn("largeGroup", "1000")
		userID, groupID := c.addUser("anne@societe.example"), c.addGroup("G")
		if len(spy.with) != 0 {
			t.Errorf("POST of a Group reads it once more: %+v", <-spy.with)
		}
		references := []string{"manager", "sponsor"}
		for path, want := range map[string]resources.With{
			"/Groups/" + groupID + "?excludedAttributes=members": {MemberLimit: 1000}, "/Groups?excludedAttributes=MEMBERS": {MemberLimit: 1000},
			"/Groups?attributes=id,displayName": {MemberLimit: 1000}, "/Groups": {Members: true, MemberLimit: 1000, PageMembers: 1000},
			"/Groups/" + groupID + "?attributes=members": {Members: true},
			"/Users/" + userID:                           {Groups: true, References: references}, "/Users?excludedAttributes=groups": {References: references},
			"/Users?attributes=userName": {},
		} {
			want.WithoutIndex = true // nothing of it is ever shown
			if want.Members {
				want.MembersAtOnce = 1000
			}
			if strings.Count(path, "/") == 1 { // a page ends by its size too
				want.PageBytes = 2 << 20
			}
			c.do("GET", path, nil).must(200)
			if got := <-spy.with; !reflect.DeepEqual(got, want) {
				t.Errorf("%s reads %+v, want %+v", path, got, want)
			}
		}
		c.do("PATCH", "/Groups/"+groupID, patch(op("replace", "displayName", "H"))).must(200)
		if len(spy.with) != 0 {
			t.Errorf("PATCH of a Group reads it once more: %+v", <-spy.with)
		}
	})
}

// RFC 6585 §4: a connection that sends too fast is told when to come back; another is not held up.
func TestRFC6585TooManyRequests(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Now()
		w := newWorld(t, d, func(s *scim.Server) {
			s.Limits.Rate = 2
			s.Now = func() time.Time { return now }
		})
		c, other := w.tenant("Société", ""), w.tenant("Autre", "")
		c.do("GET", "/Users", nil).must(200)
		c.do("GET", "/nowhere", nil).must(404)
		a := c.do("GET", "/Users", nil)
		a.scimError(429, "", "2")
		if a.header.Get("Retry-After") != "1" {
			t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
		}
		other.do("GET", "/Users", nil).must(200)
		now = now.Add(time.Second)
		c.do("GET", "/Users", nil).must(200)
	})
}

// Q51 and protocol.md section 3, row 20: a userName that exists inactive.
func TestQ51CreateOfAnInactiveUser(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for preset, revives := range map[string]bool{"okta": true, "entra": false, "generic": false} {
			c := w.tenant("Company with "+preset, preset)
			id := c.addUser("anne@societe.example", object{"active": false, "externalId": "1"})
			again := c.do("POST", "/Users", user("Anne@societe.example", object{"active": true, "externalId": "2"}))
			if !revives {
				again.scimError(409, "uniqueness", "inactive")
				continue
			}
			if again.must(201).text("id") != id || again.at("active") != true || again.text("externalId") != "2" {
				t.Errorf("%s: %s", preset, again.body)
			}
			c.do("POST", "/Users", user("anne@societe.example")).scimError(409, "uniqueness", "userName")
		}
	})
}

// vanishingStore is a store from which somebody removes a Group just before it is read.
type vanishingStore struct {
	resources.Store
	directory *resources.Directory
}

func (s vanishingStore) Get(ctx context.Context, c resources.Caller, typ, id string, with resources.With) (*resources.Resource, error) {
	if err := s.directory.Remove(ctx, c, typ, id, resources.Precondition{}); err != nil {
		return nil, err
	}
	return s.Store.Get(ctx, c, typ, id, with)
}

// What was made is answered as made, whoever takes it away before the response is written.
func TestAChangeIsAnsweredWhateverComesAfterIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d, func(s *scim.Server) { s.Store = vanishingStore{d, s.Directory} }).tenant("Société", "")
		anne := c.addUser("anne@societe.example")
		a := c.do("POST", "/Groups", group("G", anne)).must(201)
		if a.text("id") == "" || a.text("displayName") != "G" || a.header.Get("Location") != base+"/Groups/"+a.text("id") {
			t.Errorf("POST: %v %s", a.header, a.body)
		}
		a = c.do("POST", "/Bulk", bulk(operation("POST", "/Groups", "g", group("H")))).mustStatuses("g 201")
		path := "/Groups/" + a.id(0)
		if got := c.do("PUT", path, group("I", anne)).must(200); got.text("displayName") != "I" || len(got.memberIDs()) != 1 {
			t.Errorf("PUT: %s", got.body)
		}
		rename := patch(op("replace", "displayName", "J"))
		if got := c.do("PATCH", path+"?attributes=displayName,members", rename).must(200); got.text("displayName") != "J" || got.at("members") != nil {
			t.Errorf("PATCH: %s", got.body)
		}
		c.do("PUT", path, group("K")).must(404)
	})
}

// lines is a log whose lines are read one by one.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(line)
	return len(line), nil
}

// Q06: what the schemas do not know is ignored on every way and named in the log; strict connections refuse it.
func TestQ06UnknownAttributesAreReported(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := make(lines, 1)
		c := newWorld(t, d, func(s *scim.Server) { s.Log = slog.New(slog.NewTextHandler(log, nil)) }).tenant("Société", "")
		do := func(method, path string, body any) (answer, string) {
			a := c.do(method, path, body)
			return a, <-log
		}
		unknown := object{"title": "new", "shoeSize": 44, "shoe color": "red", "a.b.c": 1, "urn:x:y:z:Robot:arm": 2}
		a, _ := do("POST", "/Users", user("anne@societe.example"))
		path := "/Users/" + a.must(201).text("id")
		pathless := patch(object{"op": "replace", "value": unknown})
		for _, f := range []struct {
			method, path string
			body         any
		}{
			{"PATCH", path, pathless}, {"PUT", path, user("anne@societe.example", unknown)},
			{"POST", "/Bulk", bulk(operation("PATCH", path, "", pathless))},
		} {
			a, line := do(f.method, f.path, f.body)
			a.must(200, 201)
			for _, key := range []string{"shoeSize", "shoe color", "a.b.c", "urn:x:y:z:Robot:arm"} {
				if !strings.Contains(line, key) {
					t.Errorf("%s %s: the log does not name %q: %s", f.method, f.path, key, line)
				}
			}
			if a, _ := do("GET", path, nil); a.at("title") != "new" || strings.Contains(a.body, "red") {
				t.Errorf("%s %s left %s", f.method, f.path, a.body)
			}
			do("PATCH", path, patch(op("replace", "title", "old")))
		}
		c.connection.Switches.StrictAttributes = true
		if err := d.SetConnection(t.Context(), audit.Actor{}, c.connection); err != nil {
			t.Fatal(err)
		}
		a, _ = do("PATCH", path, patch(object{"op": "replace", "value": object{"shoe color": "red"}}))
		a.scimError(400, "invalidSyntax", "shoe color")
	})
}
