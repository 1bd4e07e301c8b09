package conformance_test

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
)

var uuidPath = regexp.MustCompile(`/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

func envelopeFaults() []fault {
	return []fault{
		{name: "every answer is text/json", want: []string{"R01"},
			out: func(_ *http.Request, a *reply) { a.header.Set("Content-Type", "text/json") }},
		{name: "errors of groups are plain JSON", want: []string{"R01"},
			out: on("GET", "/Groups", func(_ *http.Request, a *reply) {
				if a.status >= 400 {
					a.header.Set("Content-Type", "application/json")
				}
			})},
		{name: "the status of an error is a number", want: []string{"R02"},
			out: func(_ *http.Request, a *reply) {
				if a.status >= 400 {
					a.json(func(body object) { body["status"] = a.status })
				}
			}},
		{name: "401 says not how", want: []string{"R03"},
			out: func(_ *http.Request, a *reply) { a.header.Del("WWW-Authenticate") }},
		{name: "an id of another syntax is a bad request", want: []string{"R04"},
			out: on("GET", "/Users/", func(r *http.Request, a *reply) {
				if a.status == 404 && !uuidPath.MatchString(r.URL.Path) {
					a.fail(400, "")
				}
			})},
		{name: "405 without Allow", want: []string{"R05"},
			out: func(_ *http.Request, a *reply) { a.header.Del("Allow") }},
		{name: "a schema that a resource type names is not listed", want: []string{"R06"},
			out: on("GET", "/Schemas", func(r *http.Request, a *reply) {
				a.json(func(body object) {
					list, _ := body["Resources"].([]any)
					var kept []any
					for _, s := range list {
						if id, _ := s.(object)["id"].(string); !strings.Contains(id, "enterprise") {
							kept = append(kept, s)
						}
					}
					if list != nil {
						body["Resources"], body["totalResults"], body["itemsPerPage"] = kept, len(kept), len(kept)
					}
				})
			})},
		{name: "sort is not declared", want: []string{"R07"},
			out: on("GET", "/ServiceProviderConfig", func(_ *http.Request, a *reply) { a.json(func(body object) { gone(body, "sort") }) })},
		{name: "nulls in users", warn: []string{"R08"},
			out: on("GET", "/Users/", func(_ *http.Request, a *reply) {
				if a.status == 200 {
					a.json(func(body object) { body["ims"] = nil })
				}
			})},
		{name: "startIndex is a text", want: []string{"R09"}, warn: []string{"Q26"},
			out: on("GET", "/Users", func(_ *http.Request, a *reply) {
				a.json(func(body object) {
					if _, list := body["startIndex"]; list {
						body["startIndex"] = "1"
					}
				})
			})},
		{name: "userName is declared optional", want: []string{"R10"},
			out: on("GET", "/Schemas", func(_ *http.Request, a *reply) {
				a.body = []byte(strings.Replace(string(a.body), `"name":"userName","required":true`, `"name":"userName","required":false`, 1))
			})},
		{name: "meta.resourceType of users is users", want: []string{"R12", "R16", "R28"},
			out: func(_ *http.Request, a *reply) {
				a.body = []byte(strings.ReplaceAll(string(a.body), `"resourceType":"User"`, `"resourceType":"user"`))
			}},
	}
}

func writeFaults() []fault {
	return []fault{
		{name: "POST without Location", want: []string{"R14"},
			out: on("POST", "/Users", func(_ *http.Request, a *reply) {
				if a.status == 201 { // a 202 without one is another fault
					a.header.Del("Location")
				}
			})},
		{name: "a taken name is a bad request for PATCH", want: []string{"R15"},
			out: on("PATCH", "/Users", func(_ *http.Request, a *reply) {
				if a.status == 409 {
					a.fail(400, "invalidValue")
				}
			})},
		{name: "the client's id is answered", want: []string{"R16"},
			out: on("POST", "/Users", func(r *http.Request, a *reply) {
				if id, _ := sent(r)["id"].(string); len(id) == 36 && a.status == 201 {
					a.json(func(body object) { body["id"] = id })
				}
			})},
		{name: "a user without name is 422", want: []string{"R17"},
			out: on("POST", "/Users", func(r *http.Request, a *reply) {
				if body := sent(r); body != nil && body["userName"] == nil && body["schemas"] != nil && a.status == 400 && strings.HasSuffix(r.URL.Path, "/Users") {
					a.fail(422, "")
				}
			})},
		{name: "PUT merges", want: []string{"R19"}, wrap: merging},
		{name: "an attribute is answered and forgotten", want: []string{"R20"},
			out: on("GET", "/Users/", func(_ *http.Request, a *reply) { a.json(func(body object) { gone(body, "timezone") }) })},
		{name: "the name of a deleted user is never free", want: []string{"R21"}, warn: []string{"Q52"}, wrap: hoarding},
		{name: "a password is echoed", want: []string{"R22"}, warn: []string{"Q13"},
			out: on("POST", "/Users", func(r *http.Request, a *reply) {
				if password := sent(r)["password"]; password != nil && a.status == 201 {
					a.json(func(body object) { body["password"] = password })
				}
			})},
		{name: "a reference leads nowhere", want: []string{"R25"},
			out: on("GET", "/Groups/", func(_ *http.Request, a *reply) {
				a.body = []byte(strings.ReplaceAll(string(a.body), "/scim/v2/Users/", "/scim/v2/NoUsers/"))
			})},
	}
}

// merging keeps what a PUT leaves out.
func merging(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "PUT" && strings.HasPrefix(r.URL.Path, "/scim/v2/Users/") {
			body := sent(r)
			read := r.Clone(r.Context())
			read.Method, read.URL.RawQuery = "GET", ""
			read.Header.Del("If-Match")
			setBody(read, nil)
			ask(next, read).json(func(have object) {
				for key, value := range have {
					if _, given := body[key]; !given && body != nil && key != "userName" {
						body[key] = value
					}
				}
			})
			resend(r, body)
		}
		next.ServeHTTP(w, r)
	})
}

// hoarding remembers the names of deleted users.
func hoarding(next http.Handler) http.Handler {
	var mu sync.Mutex
	names := map[string]bool{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		name := ""
		if r.Method == "DELETE" {
			read := r.Clone(r.Context())
			read.Method = "GET"
			ask(next, read).json(func(have object) { name, _ = have["userName"].(string) })
		}
		if r.Method == "POST" && names[textOf(sent(r)["userName"])] {
			r.Method, r.URL.Path = "GET", "/scim/v2/Users/deleted"
		}
		next.ServeHTTP(w, r)
		if name != "" {
			names[name] = true
		}
	})
}

func textOf(v any) string {
	s, ok := v.(string)
	if !ok {
		return "no text"
	}
	return s
}
