package scim_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/scim"
)

// The version is a weak entity tag, the same in meta and in the header. What it was is 304 to who has it, and 412 to
// who would change another one; * is any version; each operation of a bulk request has its own (RFC 7644 §3.14, RFC 9110
// §13.1).
func TestRequirement53_EntityTags(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		id := c.addUser("anne@societe.example")
		path := "/Users/" + id
		c.do("PATCH", path, patch(op("replace", "title", "0"))).must(200)
		a := c.do("GET", path, nil).must(200)
		now, old := a.header.Get("ETag"), `W/"1"`
		if now != a.text("meta", "version") || !strings.HasPrefix(now, `W/"`) || now == old {
			t.Fatalf("ETag %q, meta.version %q", now, a.text("meta", "version"))
		}
		for _, r := range []struct {
			tag  string
			want int // of If-None-Match on GET; of If-Match 200 and 304 are the other way round
		}{
			{now, 304}, {"*", 304}, {old + ", " + now, 304}, {strings.TrimPrefix(now, "W/"), 304},
			{old, 200}, {`"none"`, 200}, {`W/"99"`, 200}, {"nonsense", 200}, {old + `, "x"`, 200},
		} {
			for _, method := range []string{"GET", "HEAD"} {
				got := c.do(method, path, nil, "If-None-Match", r.tag).must(r.want)
				if r.want == 304 && (got.body != "" || got.header.Get("ETag") != now) {
					t.Errorf("304 with %q, ETag %q", got.body, got.header.Get("ETag"))
				}
			}
			want := map[int]int{304: 200, 200: 412}[r.want]
			c.do("GET", path, nil, "If-Match", r.tag).must(want)
			if want == 412 {
				for _, change := range []struct {
					method string
					body   any
				}{{"PUT", user("x@societe.example")}, {"PATCH", patch(op("replace", "title", "x"))}, {"DELETE", nil}} {
					c.do(change.method, path, change.body, "If-Match", r.tag).scimError(412, "", "version")
				}
			} else {
				c.do("PATCH", path, patch(op("replace", "title", "0")), "If-Match", r.tag).must(200) // changes nothing
				c.do("PATCH", path, patch(op("replace", "title", "x")), "If-None-Match", r.tag).scimError(412, "", "version")
			}
		}
		if after := c.do("GET", path, nil).must(200); after.body != a.body {
			t.Errorf("something changed: %s", after.body)
		}
		changed := c.do("PATCH", path, patch(op("replace", "title", "1")), "If-Match", now).must(200)
		c.do("PUT", path, user("anne@societe.example"), "If-Match", now).scimError(412, "", "version") // it is the old one now
		c.do("PUT", path, user("anne@societe.example"), "If-Match", changed.header.Get("ETag")).must(200)
		b := c.do("POST", "/Bulk", bulk(operation("PATCH", path, "", patch(op("replace", "title", "2")), object{"version": now}),
			operation("DELETE", path, "", nil, object{"version": "*"}))).must(200)
		if b.text("Operations", 0, "status") != "412" || b.text("Operations", 1, "status") != "204" {
			t.Errorf("bulk: %s", b.body)
		}
		c.do("PUT", path, user("anne@societe.example"), "If-Match", "*").scimError(404, "", id)
		for _, document := range []string{"/Schemas", "/ResourceTypes/User", "/ServiceProviderConfig"} {
			tag := c.do("GET", document, nil).must(200).header.Get("ETag")
			if got := c.do("GET", document, nil, "If-None-Match", tag).must(304); tag == "" || got.body != "" {
				t.Errorf("%s: ETag %q, 304 with %q", document, tag, got.body)
			}
		}
	})
}

// /Me stands for the authenticated User; a connection is none, which every method is told in a SCIM error (RFC 7644
// §3.11).
func TestRequirement54_MeIsNotImplemented(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		c.addUser("me@societe.example")
		before := c.everything()
		for method, body := range map[string]any{"GET": nil, "POST": user("me2@societe.example"), "PUT": user("x@societe.example"),
			"PATCH": patch(op("replace", "title", "x")), "DELETE": nil} {
			for _, path := range []string{"/Me", "/me", "/ME/"} {
				c.do(method, path, body).scimError(501, "", "")
			}
		}
		if after := c.everything(); after != before {
			t.Errorf("something changed: %s", after)
		}
	})
}

// What belongs to another company does not exist: by id, in filters, in references, in bulk, in conflicts, and in what
// errors say (RFC 7644 §6, H7). TestTwoCompaniesNeverSeeEachOther asks every endpoint.
func TestRequirement55_AnotherCompanyDoesNotExist(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		ours, theirs := w.tenant("Ours", ""), w.tenant("Theirs", "")
		theirUser := theirs.addUser("secret@theirs.example", object{"externalId": "k", "displayName": "Secret"})
		theirGroup := theirs.addGroup("Secret", theirUser)
		before := theirs.everything()
		ourUser, ourGroup := ours.addUser("secret@theirs.example", object{"externalId": "k"}), ours.addGroup("Secret")
		same := func(method, path string, body func(id string) any) {
			t.Helper()
			foreign, nobody := ours.do(method, strings.ReplaceAll(path, "ID", theirUser), body(theirUser)), ours.do(method, strings.ReplaceAll(path, "ID", unknownID), body(unknownID))
			if foreign.status != nobody.status || strings.ReplaceAll(foreign.body, theirUser, unknownID) != nobody.body || strings.Contains(foreign.body, "Secret") {
				t.Errorf("%s of another company's: %d %s, of nobody's: %d %s", method+" "+path, foreign.status, foreign.body, nobody.status, nobody.body)
			}
		}
		none := func(string) any { return nil }
		same("GET", "/Users/ID", none)
		same("DELETE", "/Users/ID", none)
		same("PUT", "/Users/ID", func(string) any { return user("x@ours.example") })
		same("PATCH", "/Users/ID", func(string) any { return patch(op("replace", "title", "x")) })
		same("GET", `/Users?filter=id eq "ID"`, none)
		same("GET", `/Groups?filter=members.value eq "ID"`, none)
		same("PATCH", "/Groups/"+ourGroup, func(id string) any { return patch(op("add", "members", []object{{"value": id}})) })
		same("PATCH", "/Users/"+ourUser, func(id string) any { return patch(op("add", enterpriseURN+":manager", object{"value": id})) })
		same("PATCH", "/Users/"+ourUser, func(id string) any {
			return patch(op("add", enterpriseURN+":manager", object{"$ref": base + "/Users/" + id}))
		})
		same("POST", "/Bulk", func(id string) any { return bulk(operation("DELETE", "/Users/"+id, "", nil)) })
		ours.do("GET", "/Groups/"+theirGroup, nil).scimError(404, "", theirGroup)
		if a := ours.do("GET", `/Users?filter=externalId eq "k"`, nil).must(200); a.at("totalResults") != 1.0 || a.text("Resources", 0, "id") != ourUser {
			t.Errorf("by externalId: %s", a.body)
		}
		if after := theirs.everything(); after != before {
			t.Errorf("the other company changed:\n%s", after)
		}
	})
}

// userNames are compared as RFC 8265 prepares them: width and case mapped, composed; in look-ups as in uniqueness, and
// stored as sent (RFC 7644 §5). There are no passwords to compare (row 14).
func TestRequirement56_UserNamesAreComparedPrepared(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		for sent, likes := range map[string][]string{
			"Zoé.Müller":   {"zoé.müller", "ZOÉ.MÜLLER", "Zoe\u0301.Mu\u0308ller", "Ｚｏé.Müller"},
			"ａｌｉｃｅ":        {"alice", "ALICE"},
			"Bob Martin":   {"bob martin"},
			"ΣΊΣΥΦΟΣ":      {"σίσυφος", "σίσυφοσ"},
			"user+tag@x.y": {"USER+TAG@X.Y"},
		} {
			id := c.addUser(sent)
			for _, like := range append(likes, sent) {
				a := c.do("GET", "/Users?filter=userName eq "+quoted(like), nil).must(200)
				if a.text("Resources", 0, "id") != id || a.text("Resources", 0, "userName") != sent {
					t.Errorf("%q is not found by %q: %s", sent, like, a.body)
				}
				c.do("POST", "/Users", user(like)).scimError(409, "uniqueness", "userName")
			}
		}
		for _, distinct := range []string{"zoe.muller", "alïce", "bobmartin"} {
			c.addUser(distinct)
		}
	})
}

// quoted is a filter literal for use in a URL.
func quoted(s string) string {
	return "%22" + strings.NewReplacer("+", "%2B", "&", "%26").Replace(s) + "%22"
}

// Tokens end, what comes too fast is 429 with Retry-After in whole seconds (RFC 7644 §7, RFC 6585 §4), and a look-up
// with personal data can be made by POST, so that it is in no log of URLs (§7.5.2).
func TestRequirement57_TokensEndAndFloodsAreHeldBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Now()
		clock := func() time.Time { return now }
		w := newWorld(t, d, func(s *scim.Server) { s.Now = clock; s.Limits.Rate = 3 })
		c, neighbour := w.tenant("Société", ""), w.tenant("Neighbour", "")
		c.token = c.issue(c.connection, now.Add(time.Hour), scim.Scope)
		search := object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:SearchRequest"}, "filter": `userName eq "nobody"`}
		c.do("POST", "/Users/.search", search).must(200)
		c.do("GET", "/Users", nil).must(200)
		c.do("GET", "/Users", nil).must(200)
		a := c.do("GET", "/Users", nil)
		if a.scimError(429, "", ""); a.header.Get("Retry-After") != "1" {
			t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
		}
		neighbour.do("GET", "/Users", nil).must(200)
		now = now.Add(time.Second)
		c.do("GET", "/Users", nil).must(200)
		now = now.Add(time.Hour)
		c.do("GET", "/Users", nil).scimError(401, "", "expired")
	})
}

// Whatever is too long, too deep or too much is a 4xx that names the limit, never a 5xx, and changes nothing.
func TestRequirement58_LimitsAreClientErrors(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		path := "/Users/" + c.addUser("anne@societe.example")
		before := c.everything()
		long := func(n int, s string) string { return strings.Repeat(s, n) }
		var values, operations []object
		for i := range 10_001 {
			values = append(values, object{"value": fmt.Sprint(i)})
		}
		for i := range 1001 {
			operations = append(operations, op("replace", "title", fmt.Sprint(i)))
		}
		for name, r := range map[string]struct {
			method, path string
			body         any
			status       int
			scimType     string
		}{
			"a long URL":           {"GET", "/Users/" + long(60_000, "x"), nil, 404, ""},
			"a long filter":        {"GET", "/Users?filter=" + long(3000, "title eq 1 or ") + "title pr", nil, 400, "invalidFilter"},
			"a deep filter":        {"GET", "/Users?filter=" + long(500, "(") + "title pr" + long(500, ")"), nil, 400, "invalidFilter"},
			"a deep not":           {"GET", "/Users?filter=" + long(500, "not (") + "title pr" + long(500, ")"), nil, 400, "invalidFilter"},
			"a deep body":          {"POST", "/Users", `{"userName":"x","name":` + long(100_000, "[") + long(100_000, "]") + `}`, 400, "invalidSyntax"},
			"a deep object":        {"POST", "/Users", long(50_000, `{"a":`) + "1" + long(50_000, "}"), 400, "invalidSyntax"},
			"a large body":         {"POST", "/Users", user("x", object{"title": long(2<<20, "x")}), 413, ""},
			"many operations":      {"PATCH", path, patch(operations...), 413, ""},
			"many bulk operations": {"POST", "/Bulk", overBulk(), 413, ""},
			"many values":          {"PATCH", path, patch(op("add", "roles", values)), 400, "invalidValue"},
			"a long userName":      {"POST", "/Users", user(long(2000, "x")), 400, "invalidValue"},
			"a long text":          {"PATCH", path, patch(op("replace", "title", long(70<<10, "x"))), 400, "invalidValue"},
			"a long path":          {"PATCH", path, patch(op("replace", long(50_000, "x"), 1)), 400, "invalidPath"},
			"a huge number":        {"POST", "/Users", `{"userName":1e999999}`, 400, "invalidValue"},
		} {
			a := c.do(r.method, r.path, r.body)
			if a.scimError(r.status, r.scimType, ""); a.status >= 500 {
				t.Errorf("%s: %d", name, a.status)
			}
		}
		for _, query := range []string{"startIndex=" + long(50, "9"), "count=" + long(50, "9"), "startIndex=-" + long(50, "9"), "attributes=" + long(20_000, "x,")} {
			if a := c.do("GET", "/Users?"+query, nil); a.status != http.StatusOK && a.status != http.StatusBadRequest {
				t.Errorf("%.60s: %d %s", query, a.status, a.body)
			}
		}
		if after := c.everything(); after != before {
			t.Errorf("something changed:\n%.2000s", after)
		}
	})
}

// safeBuffer is a log that requests write into side by side.
type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// Row 14: the schemas have no password, nor any other credential, for no connection; one that arrives is dropped,
// never stored and never in the log.
func TestRow14_APasswordIsInNoSchemaAndDropped(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var log safeBuffer
		w := newWorld(t, d, func(s *scim.Server) { s.Log = slog.New(slog.NewTextHandler(&log, nil)) })
		for _, preset := range []string{"", "okta", "entra"} {
			c := w.tenant("Société "+preset, preset)
			if a := c.do("GET", "/Schemas", nil).must(200); strings.Contains(strings.ToLower(a.body), "password") {
				t.Errorf("preset %q publishes a password", preset)
			}
			const secret = "correct-horse-battery"
			id := c.do("POST", "/Users", user("anne"+preset, object{"password": secret})).must(201).text("id")
			c.do("PATCH", "/Users/"+id, patch(op("replace", "password", secret))).must(200)
			c.do("PATCH", "/Users/"+id, patch(op("replace", "password", object{"value": secret}))).must(200, 400)
			if body := c.stored("User", id); strings.Contains(body, secret) {
				t.Errorf("stored: %s", body)
			}
			if all := c.everything() + log.String(); strings.Contains(all, secret) {
				t.Errorf("shown or logged: %s", all)
			}
		}
		if log.String() == "" {
			t.Error("nothing was logged at all")
		}
	})
}
