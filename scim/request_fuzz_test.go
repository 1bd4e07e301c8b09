package scim_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/scim"
)

// fuzzed is a server over a real database that takes whatever a fuzzer makes up.
type fuzzed struct {
	tenant
	handler http.Handler
}

func newFuzzed(f *testing.F) *fuzzed {
	f.Helper()
	// The limits are those of the defaults; only a bulk request is shorter, for each of its operations is written to disk.
	w := newWorld(f, dbtest.Open(f, db.Config{Data: f.TempDir()}), func(s *scim.Server) { s.Limits.Bulk = 8 })
	return &fuzzed{cast(w), w.server.Handler()}
}

// send makes a request, and holds the answer to what is promised of every answer: no fault of the server, no panic
// (which the server would answer with 500), and an error that says what is wrong.
func (z *fuzzed) send(t *testing.T, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	var recorded *httptest.ResponseRecorder
	inTime(t, func() {
		r := httptest.NewRequestWithContext(t.Context(), method, scim.BasePath+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+z.token)
		recorded = httptest.NewRecorder()
		z.handler.ServeHTTP(recorded, r)
	})
	if recorded.Code >= 500 && recorded.Code != 501 {
		t.Fatalf("%s %s %s: status %d: %s", method, path, body, recorded.Code, recorded.Body)
	}
	var e struct{ Detail, Status string }
	if recorded.Code >= 400 && (json.Unmarshal(recorded.Body.Bytes(), &e) != nil || e.Detail == "" || len(e.Detail) > 1000) {
		t.Fatalf("%s %s %s: an error that says nothing, or too much: %s", method, path, body, recorded.Body)
	}
	if recorded.Body.Len() > 0 && !json.Valid(recorded.Body.Bytes()) {
		t.Fatalf("%s %s %s: no JSON: %s", method, path, body, recorded.Body)
	}
	return recorded
}

// inTime fails where something takes the processor longer than PROPRIO_FUZZ_LIMIT, each of three times: the first may
// have met the garbage collector. Without the variable, as in plain test runs, nothing is timed.
func inTime(t *testing.T, do func()) {
	t.Helper()
	limit, err := time.ParseDuration(os.Getenv("PROPRIO_FUZZ_LIMIT"))
	if err != nil {
		do()
		return
	}
	var took time.Duration
	for range 3 {
		before := processorTime(t)
		do()
		if took = processorTime(t) - before; took <= limit {
			return
		}
	}
	t.Errorf("it takes %v; the limit is %v", took, limit)
}

// Whatever is asked for, with whatever filter, order, page and choice of attributes, the answer is a list or says what
// is wrong; and the same search as a body answers as the query does.
func FuzzQuery(f *testing.F) {
	z := newFuzzed(f)
	for _, seed := range []string{
		`userName eq "anne@societe.example"`, `emails[type eq "work" and value co "@societe"] or not (active eq "True")`,
		`groups.value pr and meta.created gt "2020-01-01T00:00:00Z"`, `members[value eq "x"]`, enterpriseURN + `:manager.value eq null`,
		`userName eq "\u0000"`, `(((`, `x509Certificates eq "AAEC"`, `meta.version ne "W/\"1\""`, `schemas eq "x" and id sw "0"`,
		strings.Repeat("(", 31) + "title pr" + strings.Repeat(")", 31), strings.Repeat(`title co "a" or `, 39) + `title pr`,
	} {
		f.Add("/Users", seed, "userName", "name.familyName,emails", "2")
		f.Add("/", seed, "meta.lastModified", enterpriseURN, "-1")
		f.Add("/Groups", seed, "members", "members.display,x[", "99999999999999999999")
	}
	f.Fuzz(func(t *testing.T, path, filter, sortBy, attributes, page string) {
		if path != "/Users" && path != "/Groups" && path != "/" {
			return
		}
		query := url.Values{"filter": {filter}, "sortBy": {sortBy}, "attributes": {attributes}, "startIndex": {page}, "count": {page}}
		asked := z.send(t, "GET", path+"?"+query.Encode(), "")
		search, err := json.Marshal(object{"filter": filter, "sortBy": sortBy, "attributes": []string{attributes}, "startIndex": page, "count": page})
		if err != nil {
			t.Fatal(err)
		}
		searched := z.send(t, "POST", strings.TrimSuffix(path, "/")+"/.search", string(search))
		if valid := strings.ToValidUTF8(filter+sortBy+attributes+page, "") == filter+sortBy+attributes+page; valid && searched.Code != asked.Code {
			t.Errorf("the query is answered %d %s, the search %d %s", asked.Code, asked.Body, searched.Code, searched.Body)
		}
	})
}

// Whatever stands in the place of a cursor, it is refused or leads to a page of the same query.
func FuzzCursor(f *testing.F) {
	z := newFuzzed(f)
	first := z.do("GET", "/Users?cursor&count=1", nil).must(200).text("nextCursor")
	for _, seed := range []string{"", first, first + "A", strings.ToUpper(first), first[:len(first)/2], "%00", "e30", strings.Repeat("A", 10_000)} {
		f.Add(seed, "1")
	}
	f.Fuzz(func(t *testing.T, cursor, count string) {
		query := url.Values{"cursor": {cursor}, "count": {count}}
		a := z.send(t, "GET", "/Users?"+query.Encode(), "")
		if cursor != "" && cursor != first && a.Code == 200 {
			t.Errorf("a made-up cursor is taken: %s", a.Body)
		}
	})
}

// Whatever a PATCH says, it is refused and leaves what was, or what it answers is what is stored, in a new version
// exactly if it is other than before; and made once more it changes nothing that it would not change again.
func FuzzPatch(f *testing.F) {
	z := newFuzzed(f)
	for _, seed := range []string{
		`{"Operations":[{"op":"add","path":"emails[type eq \"work\"].value","value":"n@x.example"},{"op":"remove","path":"name"}]}`,
		`{"Operations":[{"op":"replace","value":{"name.givenName":"y","emails[type eq \"work\"].value":"z","active":"False"}}]}`,
		`{"Operations":[{"op":"Remove","path":"members","value":[{"value":"x"}]},{"op":"add","path":"members","value":["x",{"members":[]}]}]}`,
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"operations":[{"OP":"Replace","path":"` + enterpriseURN + `","value":{"manager":{"value":""}}}]}`,
		`{"Operations":[{"op":"replace","path":"roles","value":[{"value":"a","primary":"True"},{"value":"A","primary":true},"a",null,{}]}]}`,
		`{"Operations":[{"op":"remove","path":"emails[not (type pr) or value sw \"a\"]"},{"op":"replace","path":"userName","value":"BOB@societe.example"}]}`,
		`{"Operations":[{"op":"replace","path":"x509Certificates.value","value":"AA"},{"op":"add","path":"externalId","value":[7]}]}`,
		`{"Operations":[{"op":"add","path":"urn:","value":[]},{"op":"add","value":{"":1}},null]}`,
	} {
		f.Add(seed)
	}
	users := z.do("GET", "/Users", nil).must(200)
	groups := z.do("GET", "/Groups", nil).must(200)
	original := map[string]string{}
	for path, a := range map[string]answer{"/Users/": users, "/Groups/": groups} {
		doc, _ := json.Marshal(a.at("Resources", 0))
		original[path+a.text("Resources", 0, "id")] = string(doc)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for path, whole := range original {
			before := z.send(t, "GET", path, "").Body.String()
			a := z.send(t, "PATCH", path+"?excludedAttributes=x", body)
			after := z.send(t, "GET", path, "").Body.String()
			switch {
			case a.Code >= 400 && after != before:
				t.Fatalf("%s: refused with %d, but it left\n%s\nof\n%s", body, a.Code, after, before)
			case a.Code >= 400:
				continue
			case version(t, after) != version(t, before) && without(t, after) == without(t, before),
				version(t, after) == version(t, before) && after != before:
				t.Fatalf("%s: version %s of\n%s\nafter %s of\n%s", body, version(t, after), after, version(t, before), before)
			}
			if strings.HasPrefix(path, "/Users/") && !sameJSON(t, a.Body.String(), after) {
				t.Fatalf("%s: answered\n%s\nstored\n%s", body, a.Body, after)
			}
			if back := z.send(t, "PUT", path, whole); back.Code != 200 {
				t.Fatalf("%s: what was there before cannot be put back: %s", body, back.Body)
			}
		}
	})
}

func version(t *testing.T, doc string) string {
	t.Helper()
	var r struct{ Meta struct{ Version string } }
	if err := json.Unmarshal([]byte(doc), &r); err != nil {
		t.Fatal(err)
	}
	return r.Meta.Version
}

// without is a document without its meta.
func without(t testing.TB, doc string) string {
	t.Helper()
	var r object
	if err := json.Unmarshal([]byte(doc), &r); err != nil {
		t.Fatal(err)
	}
	delete(r, "meta")
	out, _ := json.Marshal(r)
	return string(out)
}

// Whatever a bulk request says, it is refused, or each of its operations up to the last that was made is answered; and
// none with a fault of the server.
func FuzzBulk(f *testing.F) {
	z := newFuzzed(f)
	for _, seed := range []string{
		`{"Operations":[{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"a"}},{"method":"DELETE","path":"/Users/bulkId:a"}]}`,
		`{"failOnErrors":1,"Operations":[{"method":"post","path":"Groups","bulkId":"a","data":{"displayName":"x","members":["bulkId:b"]}},{"method":"POST","path":"/Groups","bulkId":"b","data":{"displayName":"y","members":[{"value":"bulkId:a"}]}}]}`,
		`{"Operations":[{"method":"PATCH","path":"/Groups/x","version":"W/\"1\"","data":{"Operations":[{"op":"remove","path":"members[value eq \"bulkId:a\"]"}]}},{"method":"PUT","path":"/Users/x","data":{}}]}`,
		`{"Operations":[null,7,[],{"method":7},{"path":"//"},{"path":"%zz/%ff","bulkId":"","version":[]}]}`,
		`{"failOnErrors":-1,"Operations":[]}`, `{"Operations":[{"method":"GET","path":"/Users"},{"method":"POST","path":"/Bulk","bulkId":"a","data":{}}]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		a := z.send(t, "POST", "/Bulk", body)
		if a.Code != 200 {
			return
		}
		var response struct {
			Operations []struct{ Method, Location, Status string }
		}
		if err := json.Unmarshal(a.Body.Bytes(), &response); err != nil || len(response.Operations) == 0 {
			t.Fatalf("%s: answered %s (%v)", body, a.Body, err)
		}
		for _, o := range response.Operations {
			if len(o.Status) != 3 || o.Status[0] != '2' && o.Status[0] != '4' {
				t.Errorf("%s: an operation is answered %s: %s", body, o.Status, a.Body)
			}
			if o.Status == "201" {
				z.send(t, "DELETE", strings.TrimPrefix(o.Location, base), "")
			}
		}
	})
}

// Whatever the body of a whole resource is, it is refused, or what is answered is what is stored, and putting that in
// its own place changes nothing.
func FuzzCreateAndReplace(f *testing.F) {
	z := newFuzzed(f)
	for _, seed := range []string{
		`{"schemas":["` + userURN + `"],"userName":"n@x.example","emails":[{"value":"a"},{"value":"A","primary":"true"}],"displayName":"x"}`,
		`{"displayName":"g2","members":[{"value":"x"}],"userName":"n","name":{"givenName":"é","familyName":null},"active":"False"}`,
		`{"userName":"n","displayName":"n","` + enterpriseURN + `":{"department":"d","manager":{"value":""}},"` + enterpriseURN + `:costCenter":"c"}`,
		`{"userName":"n","displayName":"n","x509Certificates":["AAEC",{"value":"=="}],"photos":[{"value":"http://x/ y"}],"phoneNumbers":["1","1"]}`,
		`{"userName":" ","displayName":"\u200d","externalId":"\ud83d\ude00","addresses":[{},{"country":"FR","primary":true},{"country":"FR"}]}`,
		`{"a":{"b":[[[[{"c":1e999}]]]]},"userName":"n","displayName":"n","title":"\"\\\u2028"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, endpoint := range []string{"/Users", "/Groups"} {
			a := z.send(t, "POST", endpoint, body)
			if a.Code != 201 {
				continue
			}
			path := strings.TrimPrefix(a.Header().Get("Location"), base)
			stored := z.send(t, "GET", path, "").Body.String()
			if !sameJSON(t, a.Body.String(), stored) {
				t.Errorf("%s: answered\n%s\nstored\n%s", body, a.Body, stored)
			}
			if again := z.send(t, "PUT", path, stored); again.Code != 200 || !sameJSON(t, again.Body.String(), stored) {
				t.Errorf("%s: put in its own place\n%s\nit becomes\n%s", body, stored, again.Body)
			}
			if gone := z.send(t, "DELETE", path, ""); gone.Code != 204 {
				t.Errorf("%s: DELETE %d %s", path, gone.Code, gone.Body)
			}
		}
	})
}
