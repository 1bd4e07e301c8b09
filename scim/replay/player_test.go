package replay_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"proprio/scim/replay"
)

// play plays one sequence against a server that answers every request with an answer.
func play(t *testing.T, sequence, answer string, vars map[string]string) (map[string]string, []*http.Request, []string, error) {
	t.Helper()
	var requests []*http.Request
	var bodies []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests, bodies = append(requests, r), append(bodies, string(body))
		w.Header().Set("Location", "here")
		w.WriteHeader(201)
		_, _ = io.WriteString(w, answer)
	}))
	defer server.Close()
	s, err := replay.Load(fstest.MapFS{"s.json": {Data: []byte(sequence)}}, "s.json")
	if err != nil {
		return nil, nil, nil, err
	}
	p := &replay.Player{BaseURL: server.URL + "/", Token: "t", Client: server.Client()}
	kept, err := p.Play(context.Background(), s, vars)
	return kept, requests, bodies, err
}

const answer = `{"id":"7","n":3,"list":[{"v":"a","x":1},{"v":"b"}],"urn:x:2.0:U":{"k":true}}`

func step(expect string) string {
	return `{"name":"s","steps":[{"name":"one","request":{"method":"GET","path":"/Users"},"expect":` + expect + `}]}`
}

// An expectation that is met passes, and one that is not fails saying the step, what was expected and what came.
func TestExpectations(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, expect, fails string }{
		{"status", `{"status":201}`, ""},
		{"one of several", `{"status":[200,201]}`, ""},
		{"another status", `{"status":[200,204]}`, `step "one"`},
		{"header", `{"status":201,"headers":{"Location":"here"}}`, ""},
		{"any header", `{"status":201,"headers":{"location":"*"}}`, ""},
		{"another header", `{"status":201,"headers":{"Location":"there"}}`, `expected header Location: "there", got "here"`},
		{"absent header", `{"status":201,"headers":{"ETag":"*"}}`, `header ETag`},
		{"part of the body", `{"status":201,"body":{"id":"7","urn:x:2.0:U":{"k":true}}}`, ""},
		{"a list in any order, parts of its elements", `{"status":201,"body":{"list":[{"v":"b"},{"v":"a"}]}}`, ""},
		{"a list that is longer", `{"status":201,"body":{"list":[{"v":"b"}]}}`, "1 elements"},
		{"a list with another element", `{"status":201,"body":{"list":[{"v":"b"},{"v":"c"}]}}`, `list.1: {"v":"c"}`},
		{"one element for two", `{"status":201,"body":{"list":[{"v":"a"},{"v":"a"}]}}`, "list.1"},
		{"another value", `{"status":201,"body":{"n":4}}`, "n: 4, got 3"},
		{"another type", `{"status":201,"body":{"n":"3"}}`, `n: "3", got 3`},
		{"a missing member", `{"status":201,"body":{"title":"x"}}`, "title: \"x\", got nothing"},
		{"an object for a value", `{"status":201,"body":{"n":{}}}`, "an object"},
		{"absent", `{"status":201,"absent":["title","list.2","\"urn:x:2.0:U\".m"]}`, ""},
		{"not absent", `{"status":201,"absent":["list.1.v"]}`, `no list.1.v, got "b"`},
		{"not absent under a URN", `{"status":201,"absent":["\"urn:x:2.0:U\".k"]}`, "got true"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, _, _, err := play(t, step(c.expect), answer, nil)
			var failed *replay.StepError
			switch {
			case c.fails == "" && err != nil:
				t.Errorf("%v", err)
			case c.fails != "" && (!errors.As(err, &failed) || !strings.Contains(err.Error(), c.fails)):
				t.Errorf("error %v does not say %q", err, c.fails)
			}
		})
	}
	if _, _, _, err := play(t, step(`{"status":201,"body":{}}`), `not JSON`, nil); err == nil {
		t.Error("a body that is not JSON passes")
	}
}

// Variables come from the file, the caller and earlier answers, and stand in path, query, headers and body.
func TestVariables(t *testing.T) {
	t.Parallel()
	sequence := `{"name":"s","variables":{"who":"","color":"red"},"steps":[
		{"name":"one","request":{"method":"POST","path":"/Users","query":{"filter":"userName eq \"${who}\""},
		  "headers":{"X-Color":"${color}","User-Agent":""},"body":{"userName":"${who}","${who}":["${guid}"]}},
		 "expect":{"status":201},"save":{"id":"id","b":"list.1.v"}},
		{"name":"two","request":{"method":"GET","path":"/Users/${id}"},"expect":{"status":201,"body":{"id":"${id}"}}}]}`
	kept, requests, bodies, err := play(t, sequence, answer, map[string]string{"who": `a "b" +`})
	if err != nil {
		t.Fatal(err)
	}
	if kept["id"] != "7" || kept["b"] != "b" {
		t.Errorf("kept %v", kept)
	}
	first := requests[0]
	if first.URL.Query().Get("filter") != `userName eq "a "b" +"` || strings.Contains(first.URL.RawQuery, "+") {
		t.Errorf("query %s", first.URL.RawQuery)
	}
	if first.Header.Get("X-Color") != "red" || first.Header.Get("User-Agent") != "" || first.Header.Get("Authorization") != "Bearer t" {
		t.Errorf("headers %v", first.Header)
	}
	if !strings.Contains(bodies[0], `"userName":"a \"b\" +"`) || strings.Contains(bodies[0], "${") {
		t.Errorf("body %s", bodies[0])
	}
	if requests[1].URL.Path != "/Users/7" {
		t.Errorf("path %s", requests[1].URL.Path)
	}
}

// A file that cannot mean what it says is refused.
func TestSequencesThatAreWrong(t *testing.T) {
	t.Parallel()
	for name, sequence := range map[string]string{
		"not JSON":             `{`,
		"a misspelt key":       `{"name":"s","steps":[{"name":"one","request":{"method":"GET","path":"/"},"expects":{"status":200}}]}`,
		"no status":            step(`{}`),
		"text after it":        step(`{"status":201}`) + "x",
		"an unknown variable":  `{"name":"s","steps":[{"name":"one","request":{"method":"GET","path":"/${x}"},"expect":{"status":201}}]}`,
		"an unset variable":    `{"name":"s","variables":{"who":""},"steps":[{"name":"one","request":{"method":"GET","path":"/"},"expect":{"status":201}}]}`,
		"nothing to save":      `{"name":"s","steps":[{"name":"one","request":{"method":"GET","path":"/"},"expect":{"status":201},"save":{"x":"title"}}]}`,
		"an unclosed variable": `{"name":"s","steps":[{"name":"one","request":{"method":"GET","path":"/${guid"},"expect":{"status":201}}]}`,
	} {
		if _, _, _, err := play(t, sequence, answer, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
