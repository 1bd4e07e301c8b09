package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// check compares an answer with what its step expects, and keeps what the step saves.
func (p *Player) check(step Step, resp *http.Response, body []byte, vars Variables, fail *StepError) error {
	miss := func(expected, got string) error {
		fail.Expected, fail.Got = expected, got
		return fail
	}
	if !slices.Contains(step.Expect.Status, resp.StatusCode) {
		return miss("status "+join(step.Expect.Status), strconv.Itoa(resp.StatusCode))
	}
	for name, value := range step.Expect.Headers {
		want, err := vars.expand(value)
		if err != nil {
			return miss("header "+name, err.Error())
		}
		got := resp.Header.Get(name)
		if want != got && (want != "*" || got == "") {
			return miss(fmt.Sprintf("header %s: %q", name, want), strconv.Quote(got))
		}
	}
	if step.Expect.Body == nil && len(step.Expect.Absent) == 0 && len(step.Save) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var got any
	if err := decoder.Decode(&got); err != nil {
		return miss("a JSON body", err.Error())
	}
	if step.Expect.Body != nil {
		want, err := vars.expandValue(step.Expect.Body)
		if err != nil {
			return miss("body", err.Error())
		}
		if m := compare("", want, got); m != nil {
			return miss(m.expected, m.got)
		}
	}
	for _, path := range step.Expect.Absent {
		if value, found := find(got, path); found {
			return miss("no "+path, text(value))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(step.Save)) {
		value, found := find(got, step.Save[name])
		if !found || value == nil {
			return miss(step.Save[name]+" to save", "nothing")
		}
		vars[name] = fmt.Sprint(value)
	}
	return nil
}

// mismatch is where an answer differs from what is expected.
type mismatch struct{ expected, got string }

func differ(path, expected, got string) *mismatch {
	if path == "" {
		path = "body"
	}
	return &mismatch{path + ": " + expected, got}
}

// compare finds the first difference between an expectation and an answer; nil when the answer has all of it.
func compare(path string, want, got any) *mismatch {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return differ(path, "an object", text(got))
		}
		for _, key := range slices.Sorted(maps.Keys(w)) {
			value, found := g[key]
			if !found {
				return differ(under(path, key), text(w[key]), "nothing")
			}
			if m := compare(under(path, key), w[key], value); m != nil {
				return m
			}
		}
		return nil
	case []any:
		return compareList(path, w, got)
	}
	if text(want) != text(got) {
		return differ(path, text(want), text(got))
	}
	return nil
}

// compareList matches every expected element with another one of the answer, in any order.
func compareList(path string, want []any, got any) *mismatch {
	g, ok := got.([]any)
	if !ok || len(g) != len(want) {
		return differ(path, fmt.Sprintf("%d elements: %s", len(want), text(want)), text(got))
	}
	rest := slices.Clone(g)
	for i, w := range want {
		at := slices.IndexFunc(rest, func(v any) bool { return compare("", w, v) == nil })
		if at < 0 {
			return differ(under(path, strconv.Itoa(i)), text(w), text(rest))
		}
		rest = slices.Delete(rest, at, at+1)
	}
	return nil
}

// find follows a path of keys and list positions, separated by dots. A key that holds dots, as schema URNs do, is
// written in double quotes.
func find(value any, path string) (any, bool) {
	for path != "" {
		var key string
		if quoted, ok := strings.CutPrefix(path, `"`); ok {
			key, path, _ = strings.Cut(quoted, `"`)
			path = strings.TrimPrefix(path, ".")
		} else {
			key, path, _ = strings.Cut(path, ".")
		}
		switch v := value.(type) {
		case map[string]any:
			inner, found := v[key]
			if !found {
				return nil, false
			}
			value = inner
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(v) {
				return nil, false
			}
			value = v[i]
		default:
			return nil, false
		}
	}
	return value, true
}

// text is a JSON value as text, for comparing leaves and for errors.
func text(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return shorten(string(data))
}

func join(statuses []int) string {
	var parts []string
	for _, s := range statuses {
		parts = append(parts, strconv.Itoa(s))
	}
	return strings.Join(parts, " or ")
}

func under(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
