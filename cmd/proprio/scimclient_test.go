package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// caller is a bare SCIM client: it knows HTTP and JSON, and nothing of Proprio.
type caller struct {
	base  string // …/scim/v2
	token string
	http  *http.Client
}

func newCaller(base, token string) *caller {
	return &caller{base: base, token: token, http: &http.Client{Timeout: time.Minute}}
}

type object = map[string]any

// do sends one request; err is only for requests that got no answer.
func (c *caller) do(method, path string, body any) (status int, answer object, err error) {
	var payload io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		payload = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, c.base+path, payload)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/scim+json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, err
	}
	if len(b) > 0 {
		if err := json.Unmarshal(b, &answer); err != nil {
			return resp.StatusCode, nil, fmt.Errorf("%s %s: %d with a body that is not JSON: %.200s", method, path, resp.StatusCode, b)
		}
	}
	return resp.StatusCode, answer, nil
}

// must fails the test unless the answer has one of the statuses.
func (c *caller) must(t testing.TB, method, path string, body any, statuses ...int) object {
	t.Helper()
	status, answer, err := c.do(method, path, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	for _, want := range statuses {
		if status == want {
			return answer
		}
	}
	t.Fatalf("%s %s: %d %v, want %v", method, path, status, answer, statuses)
	return nil
}

// settle waits until a server goes by what another process has changed of a connection or a company.
func settle() { time.Sleep(time.Second) }

// soon waits until a read is answered with a status: what another process changes, a server obeys within a second.
func (c *caller) soon(t testing.TB, path string, want int) {
	t.Helper()
	for changed := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		late := time.Since(changed) > time.Second
		status, answer, err := c.do("GET", path, nil)
		if status == want {
			return
		}
		if late || err != nil {
			t.Fatalf("GET %s a second after the change: %d %v %v, want %d", path, status, answer, err, want)
		}
	}
}

// all reads a whole list, page by page.
func (c *caller) all(t testing.TB, endpoint string) []object {
	t.Helper()
	var out []object
	for {
		page := c.must(t, "GET", fmt.Sprintf("%s?startIndex=%d&count=100", endpoint, len(out)+1), nil, 200)
		rows, _ := page["Resources"].([]any)
		for _, r := range rows {
			out = append(out, r.(object))
		}
		if total := int(page["totalResults"].(float64)); len(out) >= total || len(rows) == 0 {
			if len(out) != total {
				t.Fatalf("%s: %d resources read, totalResults %d", endpoint, len(out), total)
			}
			return out
		}
	}
}

// find returns the one resource with attribute eq value, or nil.
func (c *caller) find(endpoint, attribute, value string) (object, error) {
	filter := url.QueryEscape(fmt.Sprintf("%s eq %q", attribute, value))
	status, page, err := c.do("GET", endpoint+"?filter="+filter, nil)
	if err != nil {
		return nil, err
	}
	if status != 200 {
		return nil, fmt.Errorf("look-up of %s: %d %v", value, status, page)
	}
	rows, _ := page["Resources"].([]any)
	switch len(rows) {
	case 0:
		return nil, nil
	case 1:
		return rows[0].(object), nil
	}
	return nil, fmt.Errorf("%d resources with %s %q", len(rows), attribute, value)
}

// one returns the User of a name; nil when there is none.
func (c *caller) one(t testing.TB, userName string) object {
	t.Helper()
	u, err := c.find("/Users", "userName", userName)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
