package standin_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"proprio/push/profiles"
	"proprio/push/standin"
)

// caller sends requests as a good client does.
type caller struct {
	t     *testing.T
	app   *standin.Server
	agent string
}

func newCaller(t *testing.T, profile string) caller {
	t.Helper()
	p, err := profiles.Parse([]byte(`{"name": "x", "title": "X"` + profile + `}`))
	if err != nil {
		t.Fatal(err)
	}
	return caller{t, standin.New(p, "secret"), "test"}
}

func (c caller) do(method, path, body string) *http.Response {
	c.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer secret")
	r.Header.Set("User-Agent", c.agent)
	r.Header.Set("Accept", "application/scim+json")
	if body != "" {
		r.Header.Set("Content-Type", "application/scim+json")
	}
	w := httptest.NewRecorder()
	c.app.ServeHTTP(w, r)
	return w.Result()
}

func text(r *http.Response) string {
	b, _ := io.ReadAll(r.Body)
	return string(b)
}

const (
	anna  = `{"schemas": ["s"], "userName": "anna", "name": {"givenName": "Anna", "familyName": "B"}, "active": true}`
	sales = `{"schemas": ["s"], "displayName": "Sales"}`
)

func patch(ops string) string { return `{"schemas": ["s"], "Operations": [` + ops + `]}` }

// Each peculiarity of a profile is one of the stand-in, and without it the same request is taken.
func TestEachSwitchRefusesWhatTheProductRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		profile, before    string // a request "METHOD path body" that goes before
		method, path, body string
		want, without      int // status with the profile, and without it
	}{
		"attribute omitted":      {`, "users": {"omit": ["photos"]}`, "", "POST", "/Users", `{"schemas": ["s"], "userName": "a", "photos": []}`, 400, 201},
		"attribute required":     {`, "users": {"required": ["title"]}`, "", "POST", "/Users", anna, 400, 201},
		"single value":           {`, "users": {"single": ["emails"]}`, "", "POST", "/Users", `{"schemas": ["s"], "userName": "a", "emails": [{"value": "a"}, {"value": "b"}]}`, 400, 201},
		"name too long":          {`, "users": {"names": {"userName": {"longest": 3}}}`, "", "POST", "/Users", anna, 400, 201},
		"name with a sign":       {`, "users": {"names": {"userName": {"without": "@"}}}`, "", "POST", "/Users", `{"schemas": ["s"], "userName": "a@b"}`, 400, 201},
		"no enterprise":          {`, "users": {"noEnterprise": true}`, "", "POST", "/Users", `{"schemas": ["s"], "userName": "a", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "x"}}`, 400, 201},
		"attribute fixed":        {`, "users": {"fixed": ["userName"]}`, "POST /Users " + anna, "PATCH", "/Users/u-1", patch(`{"op": "replace", "path": "userName", "value": "b"}`), 400, 200},
		"all but active fixed":   {`, "users": {"fixed": ["*"]}`, "POST /Users " + anna, "PATCH", "/Users/u-1", patch(`{"op": "replace", "path": "name.givenName", "value": "b"}`), 400, 200},
		"not by PATCH":           {`, "users": {"unpatched": ["name.givenName"]}`, "POST /Users " + anna, "PATCH", "/Users/u-1", patch(`{"op": "replace", "path": "name", "value": {"givenName": "b"}}`), 400, 200},
		"one object, no path":    {`, "patchForm": "object"`, "POST /Users " + anna, "PATCH", "/Users/u-1", patch(`{"op": "replace", "path": "title", "value": "b"}`), 400, 200},
		"no PATCH":               {`, "update": "put"`, "POST /Users " + anna, "PATCH", "/Users/u-1", patch(`{"op": "replace", "path": "title", "value": "b"}`), 501, 200},
		"no DELETE":              {`, "users": {"noDelete": true}`, "POST /Users " + anna, "DELETE", "/Users/u-1", "", 405, 204},
		"no way back":            {`, "users": {"noReactivation": true}`, `POST /Users {"schemas": ["s"], "userName": "a", "active": false}`, "PATCH", "/Users/u-1", patch(`{"op": "replace", "path": "active", "value": true}`), 400, 200},
		"no groups":              {`, "groups": {"unsupported": true}`, "", "POST", "/Groups", sales, 404, 201},
		"groups made by hand":    {`, "groups": {"noCreate": true}`, "", "POST", "/Groups", sales, 405, 201},
		"groups keep names":      {`, "groups": {"noRename": true}`, "POST /Groups " + sales, "PATCH", "/Groups/g-1", patch(`{"op": "replace", "path": "displayName", "value": "b"}`), 400, 200},
		"group name too long":    {`, "groups": {"name": {"longest": 3}}`, "", "POST", "/Groups", sales, 400, 201},
		"groups are not deleted": {`, "groups": {"removal": "empty"}`, "POST /Groups " + sales, "DELETE", "/Groups/g-1", "", 405, 204},
		"operations at once":     {`, "members": {"operationsPerCall": 1}`, "POST /Groups " + sales, "PATCH", "/Groups/g-1", patch(`{"op": "replace", "path": "displayName", "value": "a"}, {"op": "replace", "path": "displayName", "value": "b"}`), 400, 200},
		"other lookups":          {`, "match": {"user": "externalId"}`, "", "GET", "/Users?filter=userName+eq+%22a%22", "", 400, 200},
		"PATCH without a body":   {`, "answers": {"patch": 204}`, "POST /Users " + anna, "PATCH", "/Users/u-1", patch(`{"op": "replace", "path": "title", "value": "b"}`), 204, 200},
		"error inside":           {`, "answers": {"errorInside": true}`, "", "GET", "/Users/none", "", 200, 404},
		"header required":        {`, "headers": {"X-Version": "2"}`, "", "GET", "/Users", "", 400, 200},
	} {
		for profile, want := range map[string]int{c.profile: c.want, "": c.without} {
			call := newCaller(t, profile)
			if method, rest, ok := strings.Cut(c.before, " "); ok {
				path, body, _ := strings.Cut(rest, " ")
				call.do(method, path, body)
			}
			if r := call.do(c.method, c.path, c.body); r.StatusCode != want {
				t.Errorf("%s, profile %q: %d %s, want %d", name, profile, r.StatusCode, text(r), want)
			}
		}
	}
}

func TestMembersAreChangedInOneFormAndSoManyAtOnce(t *testing.T) {
	t.Parallel()
	add := patch(`{"op": "add", "path": "members", "value": [{"value": "u-1"}, {"value": "u-2"}]}`)
	byFilter := patch(`{"op": "remove", "path": "members[value eq \"u-1\"]"}`)
	byValue := patch(`{"op": "remove", "path": "members", "value": [{"value": "u-1"}]}`)
	for profile, want := range map[string][3]int{
		``:                                  {200, 200, 400},
		`, "members": {"remove": "value"}`:  {200, 400, 200},
		`, "members": {"perCall": 1}`:       {413, 400, 400},
		`, "members": {"unreadable": true}`: {200, 200, 400},
	} {
		c := newCaller(t, profile)
		c.do("POST", "/Users", anna)
		c.do("POST", "/Users", strings.ReplaceAll(anna, "anna", "ben"))
		c.do("POST", "/Groups", sales)
		for i, body := range []string{add, byFilter, byValue} {
			if r := c.do("PATCH", "/Groups/g-3", body); r.StatusCode != want[i] {
				t.Errorf("profile %q, step %d: %d %s, want %d", profile, i, r.StatusCode, text(r), want[i])
			}
		}
		shows := want[0] == 200 && !strings.Contains(profile, "unreadable")
		if shown := text(c.do("GET", "/Groups/g-3", "")); strings.Contains(shown, "members") != shows {
			t.Errorf("profile %q shows %s", profile, shown)
		}
	}
}

func TestAnswersAreAsOddAsTheProducts(t *testing.T) {
	t.Parallel()
	conflict := func(profile string) string {
		c := newCaller(t, profile)
		c.do("POST", "/Users", anna)
		r := c.do("POST", "/Users", strings.ReplaceAll(anna, "anna", "ANNA"))
		if r.StatusCode != http.StatusConflict {
			t.Errorf("profile %q: %d, want a conflict: names are the same in any letter case", profile, r.StatusCode)
		}
		return text(r)
	}
	if !strings.Contains(conflict(""), "uniqueness") || strings.Contains(conflict(`, "answers": {"conflict": "plain"}`), "uniqueness") {
		t.Error("a conflict says uniqueness, unless the product's does not")
	}
	if r := newCaller(t, `, "answers": {"notFound": "html"}`).do("GET", "/Users/x", ""); r.StatusCode != 404 || r.Header.Get("Content-Type") != "text/html" {
		t.Errorf("404 is %s", r.Header.Get("Content-Type"))
	}
	for profile, found := range map[string]string{"": `"totalResults":1`, `, "answers": {"exactFilter": true}`: `"totalResults":0`} {
		c := newCaller(t, profile)
		c.do("POST", "/Users", anna)
		if got := text(c.do("GET", "/Users?filter=userName+eq+%22Anna%22", "")); !strings.Contains(got, found) {
			t.Errorf("profile %q: %s, want %s", profile, got, found)
		}
	}
	for profile, want := range map[string]string{"": `"itemsPerPage":1`, `, "paging": {"style": "none"}`: `"itemsPerPage":2`} {
		c := newCaller(t, profile)
		c.do("POST", "/Users", anna)
		c.do("POST", "/Users", strings.ReplaceAll(anna, "anna", "ben"))
		if got := text(c.do("GET", "/Users?startIndex=2&count=1", "")); !strings.Contains(got, want) {
			t.Errorf("profile %q: %s, want %s", profile, got, want)
		}
	}
	now := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	for profile, want := range map[string]string{"": "120", `, "answers": {"retryAfter": "date"}`: "Mon, 04 May 2026 03:04:01 GMT"} {
		c := newCaller(t, profile)
		c.app.Now = func() time.Time { return now }
		c.app.SetFault(func(int, standin.Request) *standin.Fault {
			return &standin.Fault{Status: 429, RetryAfter: 2 * time.Minute}
		})
		if got := c.do("GET", "/Users", "").Header.Get("Retry-After"); got != want {
			t.Errorf("profile %q: Retry-After %q, want %q", profile, got, want)
		}
	}
}

func TestOnlyWhoShowsTheTokenIsLetIn(t *testing.T) {
	t.Parallel()
	c := newCaller(t, "")
	now := time.Now()
	c.app.Now = func() time.Time { return now }
	c.app.Expires = now.Add(time.Hour)
	if r := c.do("GET", "/Users", ""); r.StatusCode != 200 {
		t.Errorf("%d before the token ends", r.StatusCode)
	}
	now = now.Add(time.Hour)
	if r := c.do("GET", "/Users", ""); r.StatusCode != 401 {
		t.Errorf("%d after the token ended", r.StatusCode)
	}
	c.app.Expires = time.Time{}
	c.app.Token = "another"
	if r := c.do("GET", "/Users", ""); r.StatusCode != 401 {
		t.Errorf("%d with a wrong token", r.StatusCode)
	}
	c.app.Token, c.agent = "secret", ""
	if r := c.do("GET", "/Users", ""); r.StatusCode != 400 {
		t.Errorf("%d without a User-Agent", r.StatusCode)
	}
}
