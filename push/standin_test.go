package push_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// standIn is a downstream app: a small and strict SCIM server with switches for its faults and its peculiarities. It
// shares no code with what it tests.
type standIn struct {
	*httptest.Server
	token string

	mu       sync.Mutex
	next     int
	users    map[string]map[string]any
	groups   map[string]map[string]any
	requests []seen

	// fault is asked before each request (n counts from 1).
	fault func(n int, r *http.Request, body string) *fault

	hideMembers    bool // no members in answers
	maxMembers     int  // most member changes in one PATCH; 0: any
	valueRemoval   bool // members are removed by value, not by filter
	exactFilter    bool // userName eq is case-exact, uniqueness is not
	forgetsMembers bool // a deactivated User loses its memberships
	noPatch        bool // PATCH of Users is 501
	singleEmail    bool // more than one e-mail is 400
}

// fault is what goes wrong with one request.
type fault struct {
	status     int
	retryAfter string
	scimType   string
	html       bool
	drop       bool // no answer at all
	commit     bool // the work is done before things go wrong
}

type seen struct{ method, path, body string }

func (s seen) String() string { return s.method + " " + s.path }

func newStandIn(t testing.TB) *standIn {
	s := &standIn{token: "s3cret-token", users: map[string]map[string]any{}, groups: map[string]map[string]any{}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *standIn) serve(w http.ResponseWriter, r *http.Request) {
	text, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, seen{r.Method, r.URL.RequestURI(), string(text)})
	status, body := 0, any(nil)
	var f *fault
	if s.fault != nil {
		n, ask := len(s.requests), s.fault
		s.mu.Unlock() // a fault may look at the app, or wait
		f = ask(n, r, string(text))
		s.mu.Lock()
	}
	if f == nil || f.commit {
		status, body = s.answer(r, text)
	}
	if f != nil {
		s.spoil(w, f)
		return
	}
	w.Header().Set("Content-Type", "application/scim+json")
	w.WriteHeader(status)
	if body != nil {
		_ = json.NewEncoder(w).Encode(body)
	}
}

func (s *standIn) spoil(w http.ResponseWriter, f *fault) {
	if f.drop {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.Close()
		}
		return
	}
	if f.retryAfter != "" {
		w.Header().Set("Retry-After", f.retryAfter)
	}
	if f.html {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(f.status)
		fmt.Fprint(w, "<html><body>Not here</body></html>")
		return
	}
	w.Header().Set("Content-Type", "application/scim+json")
	w.WriteHeader(f.status)
	_ = json.NewEncoder(w).Encode(refusal(f.status, f.scimType, "made up by the test"))
}

func refusal(status int, scimType, detail string) map[string]any {
	return map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"},
		"status": strconv.Itoa(status), "scimType": scimType, "detail": detail}
}

func (s *standIn) answer(r *http.Request, text []byte) (int, any) {
	if r.Header.Get("Authorization") != "Bearer "+s.token {
		return 401, refusal(401, "", "token not known")
	}
	if r.UserAgent() == "" || !strings.Contains(r.Header.Get("Accept"), "application/scim+json") {
		return 400, refusal(400, "", "User-Agent and Accept are required")
	}
	var body map[string]any
	if len(text) > 0 {
		if r.Header.Get("Content-Type") != "application/scim+json" {
			return 415, refusal(415, "", "want application/scim+json")
		}
		if err := json.Unmarshal(text, &body); err != nil {
			return 400, refusal(400, "invalidSyntax", err.Error())
		}
	}
	kind, id, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	table, ok := map[string]map[string]map[string]any{"Users": s.users, "Groups": s.groups}[kind]
	if !ok {
		return 404, refusal(404, "", "no such endpoint")
	}
	if id == "" {
		return s.collection(r, kind, table, body)
	}
	doc := table[id]
	if doc == nil {
		return 404, refusal(404, "", kind+" "+id+" does not exist")
	}
	return s.single(r, kind, id, table, doc, body)
}

func (s *standIn) collection(r *http.Request, kind string, table map[string]map[string]any, body map[string]any) (int, any) {
	switch r.Method {
	case http.MethodGet:
		return s.list(r, table)
	case http.MethodPost:
		key := map[string]string{"Users": "userName", "Groups": "displayName"}[kind]
		name, _ := body[key].(string)
		if name == "" || body["schemas"] == nil || body["id"] != nil || body["meta"] != nil {
			return 400, refusal(400, "invalidValue", key+" and schemas are required; id and meta are not yours")
		}
		for _, have := range table {
			if strings.EqualFold(have[key].(string), name) {
				return 409, refusal(409, "uniqueness", key+" is taken")
			}
		}
		if status, bad := s.check(body); status != 0 {
			return status, bad
		}
		s.next++
		id := fmt.Sprintf("%s-%d", strings.ToLower(kind[:1]), s.next)
		body["id"] = id
		table[id] = body
		return 201, s.shown(body)
	}
	return 405, refusal(405, "", "not here")
}

func (s *standIn) check(doc map[string]any) (int, any) {
	if list, _ := doc["emails"].([]any); s.singleEmail && len(list) > 1 {
		return 400, refusal(400, "invalidValue", "one e-mail only")
	}
	return 0, nil
}

func (s *standIn) single(r *http.Request, kind, id string, table map[string]map[string]any, doc, body map[string]any) (int, any) {
	switch r.Method {
	case http.MethodGet:
		return 200, s.shown(doc)
	case http.MethodDelete:
		delete(table, id)
		return 204, nil
	case http.MethodPut:
		body["id"] = id
		table[id] = body
		return 200, s.shown(body)
	case http.MethodPatch:
		if s.noPatch && kind == "Users" {
			return 501, refusal(501, "", "no PATCH")
		}
		next, status, bad := s.patch(kind, doc, body)
		if status != 0 {
			return status, bad
		}
		table[id] = next
		if s.forgetsMembers && kind == "Users" && next["active"] == false {
			s.forget(id)
		}
		return 204, nil
	}
	return 405, refusal(405, "", "not here")
}

func (s *standIn) forget(user string) {
	for _, g := range s.groups {
		list, _ := g["members"].([]any)
		g["members"] = slices.DeleteFunc(list, func(m any) bool { return m.(map[string]any)["value"] == user })
	}
}

var eqFilter = regexp.MustCompile(`^(\w+) eq ("(?:[^"\\]|\\.)*")$`)

func (s *standIn) list(r *http.Request, table map[string]map[string]any) (int, any) {
	var found []any
	filter := r.URL.Query().Get("filter")
	m := eqFilter.FindStringSubmatch(filter)
	if filter != "" && m == nil {
		return 400, refusal(400, "invalidFilter", filter)
	}
	for _, id := range slices.Sorted(maps.Keys(table)) {
		doc := table[id]
		if m != nil {
			want, err := strconv.Unquote(m[2])
			have, _ := doc[m[1]].(string)
			if err != nil || s.exactFilter && have != want || !strings.EqualFold(have, want) {
				continue
			}
		}
		found = append(found, s.shown(doc))
	}
	start, _ := strconv.Atoi(r.URL.Query().Get("startIndex"))
	count, _ := strconv.Atoi(r.URL.Query().Get("count"))
	start = max(start, 1)
	page := found[min(start-1, len(found)):min(start-1+count, len(found))]
	return 200, map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:ListResponse"},
		"totalResults": len(found), "startIndex": start, "itemsPerPage": len(page), "Resources": page}
}

func (s *standIn) shown(doc map[string]any) map[string]any {
	out := maps.Clone(doc)
	if s.hideMembers {
		delete(out, "members")
	}
	return out
}

// user returns a copy of the User with that userName; nil when there is none.
func (s *standIn) user(userName string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.users {
		if strings.EqualFold(u["userName"].(string), userName) {
			return maps.Clone(u)
		}
	}
	return nil
}

// members returns the userNames of a Group's members, sorted; ok is false when there is no such Group.
func (s *standIn) members(displayName string) (names []string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.groups {
		if g["displayName"] != displayName {
			continue
		}
		list, _ := g["members"].([]any)
		for _, m := range list {
			names = append(names, s.users[m.(map[string]any)["value"].(string)]["userName"].(string))
		}
		slices.Sort(names)
		return names, true
	}
	return nil, false
}

// add puts a User in by hand, as somebody in the app would.
func (s *standIn) add(doc map[string]any) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	id := fmt.Sprintf("hand-%d", s.next)
	doc["id"] = id
	s.users[id] = doc
	return id
}

// heard returns the requests since the last call of heard.
func (s *standIn) heard() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.requests
	s.requests = nil
	return out
}

// count counts requests of a method on a kind of path.
func count(requests []seen, method, prefix string) int {
	n := 0
	for _, r := range requests {
		if r.method == method && strings.HasPrefix(r.path, prefix) {
			n++
		}
	}
	return n
}

func (s *standIn) setFault(f func(n int, r *http.Request, body string) *fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}
