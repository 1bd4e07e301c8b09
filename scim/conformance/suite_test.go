package conformance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"proprio/scim/conformance"
)

// toy is a SCIM server of a few lines that keeps Users, and notes what is asked of it.
type toy struct {
	mu       sync.Mutex
	users    map[string]object
	requests []string
	refuse   func(r *http.Request, body object) (status int, scimType string)
	after    func(r *http.Request)
	next     int
}

func (s *toy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	w.Header().Set("Content-Type", "application/scim+json")
	answer := func(status int, body object) {
		w.WriteHeader(status)
		if body != nil {
			e := json.NewEncoder(w)
			e.SetEscapeHTML(false)
			_ = e.Encode(body)
		}
	}
	if s.after != nil {
		defer s.after(r)
	}
	body := sent(r)
	if body == nil {
		body = object{}
	}
	if s.refuse != nil {
		if status, scimType := s.refuse(r, body); status != 0 {
			answer(status, object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"}, "scimType": scimType,
				"detail": "token was " + r.Header.Get("Authorization")})
			return
		}
	}
	id := strings.TrimPrefix(r.URL.Path, "/Users/")
	switch {
	case r.Method == "POST" && r.URL.Path == "/Users":
		s.next++
		id = "u" + jsonText(s.next)
		body["id"] = id
		s.users[id] = body
		answer(201, body)
	case r.URL.Path == "/Users":
		list := []object{}
		for _, u := range s.users {
			list = append(list, u)
		}
		answer(200, object{"totalResults": len(list), "Resources": list})
	case s.users[id] == nil:
		answer(404, object{})
	case r.Method == "DELETE":
		delete(s.users, id)
		answer(204, nil)
	default:
		answer(200, s.users[id])
	}
}

func newToy(t *testing.T) (*toy, string) {
	s := &toy{users: map[string]object{"mine": {"id": "mine", "userName": "somebody@example.com"}}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL
}

const secret = "tok-3n-that-must-not-show"

// Everything that the suite made is gone when it ends, and what it did not make is untouched: also when it is
// interrupted in the middle of a check, and when the server is as wrong as this one.
func TestTheSuiteCleansUp(t *testing.T) {
	t.Parallel()
	for name, interruptAt := range map[string]int{"to the end": 0, "interrupted": 40} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, url := newToy(t)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			s.after = func(*http.Request) {
				if len(s.requests) == interruptAt {
					cancel()
				}
			}
			report, err := conformance.Run(ctx, conformance.Options{URL: url, Token: secret, Timeout: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			if report.Interrupted != (interruptAt > 0) || !report.Failed() {
				t.Errorf("interrupted is %t, failed is %t", report.Interrupted, report.Failed())
			}
			if len(s.users) != 1 || s.users["mine"] == nil || len(report.Leftovers) > 0 {
				t.Errorf("%d users are there, want the one of before; leftovers are %v", len(s.users), report.Leftovers)
			}
			for _, request := range s.requests {
				if strings.HasPrefix(request, "DELETE") && strings.HasSuffix(request, "/mine") {
					t.Error("somebody else's user was deleted")
				}
			}
		})
	}
}

// What cannot be deleted is named.
func TestTheSuiteSaysWhatItLeaves(t *testing.T) {
	t.Parallel()
	s, url := newToy(t)
	s.refuse = func(r *http.Request, _ object) (int, string) {
		if r.Method == "DELETE" {
			return 403, ""
		}
		return 0, ""
	}
	report := run(t, conformance.Options{URL: url, Token: secret, Only: []string{"R14"}})
	if len(report.Leftovers) != len(s.users)-1 || len(s.users) < 2 {
		t.Errorf("%d users were left, and %v named", len(s.users)-1, report.Leftovers)
	}
	var text bytes.Buffer
	if err := report.WriteText(&text, "en"); err != nil || !strings.Contains(text.String(), url+"/Users/u1") {
		t.Errorf("the text names no leftover: %v\n%s", err, text.String())
	}
}

// With ReadOnly nothing is sent that could write.
func TestReadOnlyWritesNothing(t *testing.T) {
	t.Parallel()
	s, url := newToy(t)
	report := run(t, conformance.Options{URL: url, Token: secret, ReadOnly: true})
	for _, request := range s.requests {
		if method, path, _ := strings.Cut(request, " "); method != "GET" && method != "HEAD" && !strings.HasSuffix(path, "/.search") {
			t.Errorf("%s was sent", request)
		}
	}
	judged := 0
	for _, r := range report.Results {
		if r.Verdict != conformance.Skip {
			judged++
		}
	}
	if judged < 10 {
		t.Errorf("only %d requirements were judged", judged)
	}
}

// A run that cannot begin says why and what to do.
func TestWhatStopsARun(t *testing.T) {
	t.Parallel()
	creation := func(status int, scimType string) func(*http.Request, object) (int, string) {
		return func(r *http.Request, _ object) (int, string) {
			if r.Method == "POST" {
				return status, scimType
			}
			return 0, ""
		}
	}
	for _, c := range []struct {
		name   string
		o      conformance.Options
		refuse func(*http.Request, object) (int, string)
		kind   error
		says   string
	}{
		{"a domain that is refused", conformance.Options{Domain: "outside.example"}, creation(400, "invalidValue"), conformance.ErrUnreachable, "--domain"},
		{"a token that may not write", conformance.Options{}, creation(403, ""), conformance.ErrUnreachable, "--read-only"},
		{"a token that is refused", conformance.Options{}, func(*http.Request, object) (int, string) { return 401, "" }, conformance.ErrUnreachable, "token"},
		{"another address", conformance.Options{}, func(*http.Request, object) (int, string) { return 404, "" }, conformance.ErrUnreachable, "base address"},
		{"no server", conformance.Options{URL: "http://127.0.0.1:1"}, nil, conformance.ErrUnreachable, "127.0.0.1:1"},
		{"no address", conformance.Options{URL: "id.example.com"}, nil, conformance.ErrOptions, "base address"},
		{"an unknown profile", conformance.Options{Profile: "none"}, nil, conformance.ErrOptions, "ipsie-al1"},
		{"an unknown requirement", conformance.Options{Only: []string{"R99"}}, nil, conformance.ErrOptions, "R99"},
		{"a domain that is none", conformance.Options{Domain: "a@b"}, nil, conformance.ErrOptions, "not a domain"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, url := newToy(t)
			s.refuse = c.refuse
			if c.o.URL == "" {
				c.o.URL = url
			}
			c.o.Token = secret
			report, err := conformance.Run(context.Background(), c.o)
			if report != nil || !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error is %v, want %v that says %q", err, c.kind, c.says)
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("the error tells the token: %v", err)
			}
		})
	}
}

// The token is in no report, although this server echoes it in its errors.
func TestTheTokenIsInNoReport(t *testing.T) {
	t.Parallel()
	s, url := newToy(t)
	s.refuse = func(r *http.Request, _ object) (int, string) {
		if r.Method == "PATCH" || r.Method == "PUT" {
			return 400, "invalidValue"
		}
		return 0, ""
	}
	report := run(t, conformance.Options{URL: url, Token: secret, Only: []string{"R0*", "R2*", "R3*"}})
	var all bytes.Buffer
	for _, lang := range []string{"en", "fr"} {
		if err := errors.Join(report.WriteText(&all, lang), report.WriteHTML(&all, lang), report.WriteJSON(&all)); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(all.String(), secret) || !strings.Contains(all.String(), "[token]") {
		t.Error("a report tells the token")
	}
}

// The suite follows a server to no other host, reads no endless answer and waits for no dead one.
func TestTheSuiteIsBounded(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the suite went to another host") }))
	t.Cleanup(elsewhere.Close)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/ServiceProviderConfig" {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
			return
		}
		chunk := bytes.Repeat([]byte(" "), 1<<20)
		for range 64 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	_, err := conformance.Run(context.Background(), conformance.Options{URL: server.URL, Token: secret})
	if err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("error is %v, want that the response is too large", err)
	}
	stuck := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stuck }))
	t.Cleanup(silent.Close)
	t.Cleanup(func() { close(stuck) })
	if _, err := conformance.Run(context.Background(), conformance.Options{URL: silent.URL, Token: secret, Timeout: 50 * time.Millisecond}); err == nil {
		t.Error("a server that never answers is waited for")
	}
}
