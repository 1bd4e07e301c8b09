package conformance_test

import (
	"net/http"
	"strings"
)

func queryFaults() []fault {
	return []fault{
		{name: "operators in capitals are unknown", want: []string{"R39"},
			in: filtered(func(f string) string { return strings.ReplaceAll(f, " EQ ", " == ") })},
		{name: "displayName is compared with its case", want: []string{"R40"},
			in: filtered(func(f string) string { return strings.ReplaceAll(f, `"ANNA"`, `"anna exactly"`) })},
		{name: "there is no ew", want: []string{"R41"},
			in: filtered(func(f string) string { return strings.ReplaceAll(f, " ew ", " ends ") })},
		{name: "or binds before and", want: []string{"R41"},
			in: filtered(func(f string) string {
				return strings.ReplaceAll(f, `displayName eq "Anna" or displayName eq "dora" and`, `(displayName eq "Anna" or displayName eq "dora") and`)
			})},
		{name: "a malformed filter is no filter", want: []string{"R42"},
			in: query(func(q map[string][]string) {
				if f := q["filter"]; len(f) == 1 && f[0] == `userName foo "x"` {
					delete(q, "filter")
				}
			})},
		{name: "ne leaves out what is unassigned", want: []string{"R43"},
			in: filtered(func(f string) string {
				return strings.ReplaceAll(f, `nickName ne "alpha"`, `nickName ne "alpha" and nickName pr`)
			})},
		{name: "escapes are not read", want: []string{"R44"},
			in: filtered(func(f string) string { return strings.ReplaceAll(f, `\u00c9`, "u00c9") })},
		{name: "a complex attribute matches nothing", want: []string{"R45"},
			in: filtered(func(f string) string { return strings.ReplaceAll(f, `emails co "pop-4"`, `emails.type eq "none"`) })},
		{name: "no group is 404", want: []string{"R46"}, warn: []string{"Q28"},
			out: on("GET", "/Groups", func(r *http.Request, a *reply) {
				if r.URL.Query().Has("filter") && strings.Contains(string(a.body), `"totalResults":0`) {
					a.fail(404, "")
				}
			})},
		{name: "count=0 is no count", want: []string{"R47"}, warn: []string{"Q26"},
			in: query(func(q map[string][]string) {
				if c := q["count"]; len(c) == 1 && c[0] == "0" && q["cursor"] == nil {
					delete(q, "count")
				}
			})},
		{name: "sorting is always ascending", want: []string{"R48"},
			in: query(func(q map[string][]string) { delete(q, "sortOrder") })},
		{name: "excludedAttributes is not read", want: []string{"R49"}, warn: []string{"Q27"},
			in: query(func(q map[string][]string) { delete(q, "excludedAttributes") })},
		{name: "the root is not found", want: []string{"R50"},
			out: func(r *http.Request, a *reply) {
				if r.Method == "GET" && strings.Trim(r.URL.Path, "/") == "scim/v2" {
					a.fail(404, "")
				}
			}},
		{name: "groups of two conditions are all groups", warn: []string{"Q28"},
			in: query(func(q map[string][]string) {
				if f := q["filter"]; len(f) == 1 && strings.Contains(f[0], "members") {
					q["filter"] = []string{strings.Split(f[0], " and ")[0]}
				}
			})},
	}
}

func otherFaults() []fault {
	return []fault{
		{name: "failOnErrors is not read", want: []string{"R52"},
			in: func(r *http.Request) {
				if body := sent(r); strings.HasSuffix(r.URL.Path, "/Bulk") && body != nil {
					delete(body, "failOnErrors")
					resend(r, body)
				}
			}},
		{name: "PUT overwrites whatever the version", want: []string{"R53"},
			in: func(r *http.Request) {
				if r.Method == "PUT" {
					r.Header.Del("If-Match")
				}
			}},
		{name: "/Me is a bad request", want: []string{"R54"},
			out: on("GET", "/Me", func(_ *http.Request, a *reply) { a.fail(400, "") })},
		{name: "lists are not apart by tenant", want: []string{"R55"}, wrap: mixing},
		{name: "a long filter breaks the server", want: []string{"R58"},
			out: on("GET", "/Users", func(r *http.Request, a *reply) {
				if len(r.URL.RawQuery) > 5000 {
					a.fail(500, "")
				}
			})},
		{name: "pagination says not whether there is an index", want: []string{"P01"},
			out: on("GET", "/ServiceProviderConfig", func(_ *http.Request, a *reply) {
				a.json(func(body object) {
					if pagination, ok := body["pagination"].(object); ok {
						delete(pagination, "index")
					}
				})
			})},
		{name: "a garbage cursor is the first page", want: []string{"P06"},
			in: query(func(q map[string][]string) {
				if c := q["cursor"]; len(c) == 1 && c[0] == "AAAA" {
					q["cursor"] = []string{""}
				}
			})},
		{name: "another count is taken with a cursor", want: []string{"P09"},
			in: query(func(q map[string][]string) {
				if c := q["cursor"]; len(c) == 1 && len(c[0]) > 20 && q["count"][0] == "3" {
					q["count"] = []string{"2"}
				}
			})},
		{name: "the first page has a previousCursor", want: []string{"P02"}, warn: nil,
			out: on("GET", "/Users", func(r *http.Request, a *reply) {
				if q := r.URL.Query(); q.Has("cursor") && q.Get("cursor") == "" && q.Get("count") == "2" {
					a.json(func(body object) { body["previousCursor"] = "before" })
				}
			})},
		{name: "an event that nobody registered", want: []string{"E01"},
			out: on("GET", "/ServiceProviderConfig", func(_ *http.Request, a *reply) {
				a.body = []byte(strings.ReplaceAll(string(a.body), "prov:create:notice", "prov:invented"))
			})},
		{name: "202 without Set-Txn", want: []string{"E02"},
			out: func(_ *http.Request, a *reply) { a.header.Del("Set-Txn") }},
		{name: "what was accepted is forgotten", want: []string{"E03"},
			out: func(r *http.Request, a *reply) {
				if strings.Contains(r.URL.Path, "/AsyncRequests/") && a.status == 200 {
					a.fail(404, "")
				}
			}},
		{name: "cursor and startIndex together are taken", want: []string{"P11"},
			in: query(func(q map[string][]string) {
				if q["cursor"] != nil {
					delete(q, "startIndex")
				}
			})},
	}
}

// mixing answers lists to a second tenant as to the first.
func mixing(next http.Handler) http.Handler {
	first := ""
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authorization := r.Header.Get("Authorization")
		if first == "" {
			first = authorization
		}
		if len(authorization) == len(first) && r.Method == "GET" && strings.HasSuffix(r.URL.Path, "/Users") {
			r.Header.Set("Authorization", first)
		}
		next.ServeHTTP(w, r)
	})
}
