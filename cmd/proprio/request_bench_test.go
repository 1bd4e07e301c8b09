package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"proprio/db/dbtest"
	"proprio/scim"
)

// BenchmarkRequest is what a request costs from the router to the database and back, under the names that
// docs/performance.md has for them. cpu-ns/op says more than the time of day on a busy machine; on Postgres it is our part.
func BenchmarkRequest(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { newRequests(b, "").bench(b) })
	b.Run("postgres", func(b *testing.B) { newRequests(b, dbtest.PostgresURL(b)).bench(b) })
}

// requests are a server with a thousand Users and one Group, and the token of a connection.
type requests struct {
	handler http.Handler
	token   string
	ids     []string
	group   string
	n       int
}

func newRequests(b *testing.B, url string) *requests {
	b.Helper()
	data := b.TempDir()
	command := func(args ...string) string {
		var out bytes.Buffer
		none := func(string) string { return "" }
		if err := run(b.Context(), append(args, "--data", data, "--database", url), none, strings.NewReader(""), &out, io.Discard); err != nil {
			b.Fatalf("%v: %v", args, err)
		}
		return strings.TrimSpace(out.String())
	}
	command("company", "create", "Measured", "--domain", "example.com", "--assume-verified")
	q := &requests{token: command("token", "create", "--company", "Measured", "--connection", "measure")}
	p := &program{cfg: Config{Data: data, Database: url, Connections: 16}, getenv: func(string) string { return "" }, log: slog.New(slog.DiscardHandler)}
	c, err := p.open(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.close)
	i, err := newInstance(c, "http://localhost", "")
	if err != nil {
		b.Fatal(err)
	}
	q.handler = i.handler()
	for range 1000 {
		q.ids = append(q.ids, q.create(b))
	}
	if err := c.db.CountGrown(b.Context()); err != nil {
		b.Fatal(err)
	}
	q.group = q.ask(b, 201, "POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Staff"}`)
	return q
}

// ask makes a request and returns the id in its answer.
func (q *requests) ask(b *testing.B, status int, method, path, body string) string {
	b.Helper()
	r := httptest.NewRequestWithContext(b.Context(), method, scim.BasePath+strings.NewReplacer(" ", "%20", `"`, "%22").Replace(path), strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+q.token)
	r.Header.Set("Content-Type", "application/scim+json")
	w := httptest.NewRecorder()
	q.handler.ServeHTTP(w, r)
	if w.Code != status {
		b.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	var answer struct{ ID string }
	if method == http.MethodPost {
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			b.Fatal(err)
		}
	}
	return answer.ID
}

func (q *requests) user(n int) string {
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"u%d@example.com","externalId":"x%[1]d",`+
		`"name":{"familyName":"Jensen%[1]d","givenName":"Barbara"},"displayName":"Babs Jensen %[1]d","title":"Tour Guide","active":true,`+
		`"emails":[{"value":"u%[1]d@example.com","type":"work","primary":true}],"nickName":"%s"}`, n, strings.Repeat("n", 600))
}

func (q *requests) create(b *testing.B) string {
	q.n++
	return q.ask(b, 201, "POST", "/Users", q.user(q.n))
}

func (q *requests) bench(b *testing.B) {
	const patch = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[%s]}`
	turn := 0
	for _, c := range []struct {
		name string
		do   func(b *testing.B, n int, id string)
	}{
		{"read_user", func(b *testing.B, _ int, id string) { q.ask(b, 200, "GET", "/Users/"+id, "") }},
		{"lookup_username", func(b *testing.B, n int, _ string) {
			q.ask(b, 200, "GET", fmt.Sprintf(`/Users?filter=userName eq "U%d@example.com"`, n+1), "")
		}},
		{"lookup_username_miss", func(b *testing.B, n int, _ string) {
			q.ask(b, 200, "GET", fmt.Sprintf(`/Users?filter=userName eq "nobody%d@example.com"`, n), "")
		}},
		{"lookup_external", func(b *testing.B, n int, _ string) {
			q.ask(b, 200, "GET", fmt.Sprintf(`/Users?filter=externalId eq "x%d"`, n+1), "")
		}},
		{"list_first", func(b *testing.B, _ int, _ string) { q.ask(b, 200, "GET", "/Users?startIndex=1&count=100", "") }},
		{"list_deep", func(b *testing.B, _ int, _ string) { q.ask(b, 200, "GET", "/Users?startIndex=901&count=100", "") }},
		{"patch_title", func(b *testing.B, _ int, id string) {
			q.ask(b, 200, "PATCH", "/Users/"+id, fmt.Sprintf(patch, fmt.Sprintf(`{"op":"Replace","path":"title","value":"Guide %d"}`, turn)))
		}},
		{"put_user", func(b *testing.B, n int, id string) {
			q.ask(b, 200, "PUT", "/Users/"+id, strings.Replace(q.user(n+1), "Tour Guide", fmt.Sprintf("Tourist %d", turn), 1))
		}},
		{"member_add", func(b *testing.B, _ int, id string) {
			q.ask(b, 200, "PATCH", "/Groups/"+q.group, fmt.Sprintf(patch, `{"op":"Add","path":"members","value":[{"value":"`+id+`"}]}`))
		}},
		{"member_remove", func(b *testing.B, _ int, id string) {
			q.ask(b, 200, "PATCH", "/Groups/"+q.group, fmt.Sprintf(patch, `{"op":"Remove","path":"members[value eq \"`+id+`\"]"}`))
		}},
		{"create_users", func(b *testing.B, _ int, _ string) { q.create(b) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			before := usedCPU(b)
			for b.Loop() {
				n := turn % len(q.ids)
				c.do(b, n, q.ids[n])
				turn++
			}
			b.ReportMetric(float64(usedCPU(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

// usedCPU is what the process has used, in nanoseconds.
func usedCPU(b *testing.B) int64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return used.Utime.Nano() + used.Stime.Nano()
}
