package scim_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"proprio/resources"
	"proprio/scim"
)

// The tests TestResponse01 to TestResponse09 are the response rules of the tolerance catalogue, one test per rule.

// 1: every answer with a body is application/scim+json in UTF-8; errors are SCIM errors whose status is a text.
func TestResponse01_EveryAnswerIsSCIM(t *testing.T) {
	eachCommon(t, func(t *testing.T, shared *world) {
		c := newWorld(t, shared.db, func(s *scim.Server) { s.Limits.Body = 2000 }).tenant(t.Name(), "")
		id := c.addUser("response01@societe.example")
		for _, call := range []struct {
			status       int
			method, path string
			body         any
			headers      []string
		}{
			{400, "GET", "/Users?filter=x", nil, nil}, {401, "GET", "/Users", nil, []string{"Authorization", ""}}, {404, "GET", "/Users/none", nil, nil},
			{404, "GET", "/nowhere", nil, nil}, {405, "DELETE", "/Schemas", nil, nil}, {406, "GET", "/Users", nil, []string{"Accept", "text/html"}},
			{409, "POST", "/Users", user("response01@societe.example"), nil}, {412, "PATCH", "/Users/" + id, patch(op("add", "title", "x")), []string{"If-Match", `W/"9"`}},
			{413, "POST", "/Users", user(strings.Repeat("x", 3000)), nil}, {415, "POST", "/Users", "x", []string{"Content-Type", "text/plain"}},
		} {
			a := c.do(call.method, call.path, call.body, call.headers...).must(call.status)
			if a.header.Get("Content-Type") != "application/scim+json;charset=utf-8" || a.text("status") != strconv.Itoa(call.status) ||
				a.text("schemas", 0) != "urn:ietf:params:scim:api:messages:2.0:Error" || a.text("detail") == "" {
				t.Errorf("%s: %v %s", a.call, a.header, a.body)
			}
		}
		for _, path := range []string{"/Users", "/Users/" + id, "/ServiceProviderConfig", "/Schemas", "/ResourceTypes/User"} {
			if got := c.do("GET", path, nil).must(200).header.Get("Content-Type"); got != "application/scim+json;charset=utf-8" {
				t.Errorf("%s: Content-Type %s", path, got)
			}
		}
	})
}

// 2: a POST is 201 with Location and body; a PATCH is 200 with the resource, or 204 where the connection says so.
func TestResponse02_StatusAndLocation(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		for path, body := range map[string]any{"/Users": user("response02@societe.example"), "/Groups": object{"displayName": "Response02"}} {
			made := c.do("POST", path, body).must(201)
			location := base + path + "/" + made.text("id")
			if made.header.Get("Location") != location || made.text("meta", "location") != location {
				t.Errorf("%s: Location %s, %s", path, made.header.Get("Location"), made.body)
			}
			name := patch(op("replace", "displayName", "Response02b"))
			if a := c.turn("patchNoContent", "off").do("PATCH", path+"/"+made.text("id"), name).must(200); a.text("displayName") != "Response02b" {
				t.Errorf("%s: %s", path, a.body)
			}
			c.turn("patchNoContent", "on").do("PATCH", path+"/"+made.text("id"), name).must(204)
		}
	})
}

// 3: meta is whole; lastModified and version change with the data and only then; location comes from the public URL.
func TestResponse03_Meta(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		made := c.do("POST", "/Users", user("response03@societe.example", object{"title": "T"}), "X-Forwarded-Host", "evil.example").must(201)
		path := "/Users/" + made.text("id")
		for _, name := range []string{"resourceType", "created", "lastModified", "version", "location"} {
			if made.text("meta", name) == "" {
				t.Errorf("meta.%s is missing: %s", name, made.body)
			}
		}
		if made.header.Get("ETag") != made.text("meta", "version") || !strings.HasPrefix(made.text("meta", "version"), `W/"`) {
			t.Errorf("ETag %s, version %s", made.header.Get("ETag"), made.text("meta", "version"))
		}
		if !strings.HasPrefix(made.text("meta", "location"), publicURL+"/") {
			t.Errorf("location %s", made.text("meta", "location"))
		}
		same := c.do("PATCH", path, patch(op("replace", "title", "T"))).must(200)
		if !sameJSON(t, asJSON(t, same.at("meta")), asJSON(t, made.at("meta"))) {
			t.Errorf("a change of nothing changed meta: %v", same.at("meta"))
		}
		other := c.do("PATCH", path, patch(op("replace", "title", "U"))).must(200)
		if other.text("meta", "version") == made.text("meta", "version") || other.text("meta", "lastModified") <= made.text("meta", "lastModified") ||
			other.text("meta", "created") != made.text("meta", "created") {
			t.Errorf("a change made meta %v of %v", other.at("meta"), made.at("meta"))
		}
	})
}

// 4: numbers are numbers, ids are texts, and an id that is none is 404.
func TestResponse04_NumbersAndIDs(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		c.addUser("response04@societe.example")
		a := c.do("GET", "/Users", nil).must(200)
		for _, name := range []string{"totalResults", "startIndex", "itemsPerPage"} {
			if _, isNumber := a.at(name).(float64); !isNumber {
				t.Errorf("%s is %v", name, a.at(name))
			}
		}
		if a.text("Resources", 0, "id") == "" {
			t.Error("the id is no text")
		}
		for _, id := range []string{"1", "x", "00000000-0000-0000-0000-00000000000g", "%00", "..%2f", strings.Repeat("9", 300)} {
			for _, method := range []string{"GET", "DELETE"} {
				c.do(method, "/Users/"+id, nil).must(404)
			}
			c.do("PATCH", "/Users/"+id, patch(op("add", "title", "x"))).must(404)
		}
	})
}

// 5: an externalId comes back, to its connection alone; two may use one value.
func TestResponse05_ExternalIDs(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		second := c.another("second")
		a, b := c.addUser("response05@societe.example", object{"externalId": "7"}), second.addUser("response05b@societe.example", object{"externalId": "7"})
		for _, tt := range []struct {
			c    tenant
			id   string
			want any
		}{{c, a, "7"}, {c, b, nil}, {second, b, "7"}, {second, a, nil}} {
			if got := tt.c.do("GET", "/Users/"+tt.id, nil).must(200).at("externalId"); got != tt.want {
				t.Errorf("externalId %v, want %v", got, tt.want)
			}
		}
	})
}

// 6: what has no value is left out.
func TestResponse06_NothingEmpty(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		id := c.addUser("response06@societe.example", object{"emails": []any{}, "roles": nil, "addresses": []object{{}}})
		for _, path := range []string{"/Users/" + id, "/Groups/" + c.addGroup("Response06")} {
			a := c.do("GET", path, nil).must(200)
			if found := empties("", a.json()); len(found) > 0 {
				t.Errorf("%s holds nothing at %v: %s", path, found, a.body)
			}
		}
	})
}

// busyStore is a database that stays contended.
type busyStore struct{ resources.Store }

func (busyStore) Find(context.Context, resources.Caller, resources.Query) (*resources.Page, error) {
	return nil, resources.ErrBusy
}

// 7: 401 says how to come in; 503 and 429 say when to come again, in whole seconds.
func TestResponse07_WhenToComeAgain(t *testing.T) {
	eachCommon(t, func(t *testing.T, shared *world) {
		c := newWorld(t, shared.db, func(s *scim.Server) { s.Store, s.Limits.Rate = busyStore{shared.db}, 3 }).tenant(t.Name(), "")
		if got := c.do("GET", "/Users", nil, "Authorization", "").must(401).header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer") {
			t.Errorf("WWW-Authenticate %q", got)
		}
		for _, status := range []int{503, 429} {
			a := c.do("GET", "/Users", nil)
			for a.status != status && a.status == http.StatusServiceUnavailable {
				a = c.do("GET", "/Users", nil)
			}
			a.scimError(status, "", "")
			if n, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || n < 1 {
				t.Errorf("%d: Retry-After %q", status, a.header.Get("Retry-After"))
			}
		}
	})
}

// 8: what is wrong with a request is never the server's fault: clients repeat a 5xx for hours.
func TestResponse08_BadDataIsNo5xx(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		id := c.addUser("response08@societe.example")
		for _, body := range []string{
			``, `null`, `[]`, `7`, `"x"`, `{`, `{}`, `{"userName":null}`, `{"userName":{}}`, `{"userName":[["x"]]}`, `{"userName":"x","emails":7}`, `{"userName":"x","name":[1,2]}`,
			`{"userName":"x","active":{}}`, `{"Operations":{}}`, `{"Operations":[null]}`, `{"Operations":[{"op":"add"}]}`, `{"Operations":[{"op":"add","path":7,"value":1}]}`,
			`{"Operations":[{"op":"add","path":"emails[","value":1}]}`, `{"Operations":[{"op":"remove"}]}`, "{\"userName\":\"\xff\"}", `{"userName":"\u0000"}`,
			`{"userName":"x","meta":7,"groups":"x","schemas":7}`, `{"members":7,"displayName":7}`,
		} {
			for _, call := range [][2]string{{"POST", "/Users"}, {"POST", "/Groups"}, {"PUT", "/Users/" + id}, {"PATCH", "/Users/" + id}, {"POST", "/Bulk"}, {"POST", "/.search"}} {
				if a := c.do(call[0], call[1], body); a.status >= 500 {
					t.Errorf("%s %s %s: status %d", call[0], call[1], body, a.status)
				}
			}
		}
	})
}

// 9: a disabled connection is 403, never 404, which Entra takes for a broken service.
func TestResponse09_DisabledConnection(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		c.connection.Disabled = true
		c.turn()
		for _, path := range []string{"/Users", "/Users/x", "/nowhere", "/ServiceProviderConfig/x"} {
			c.do("GET", path, nil).scimError(403, "", "disabled")
		}
		c.connection.Disabled = false
		c.turn().do("GET", "/Users", nil).must(200)
	})
}
