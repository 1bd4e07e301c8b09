package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// directory looks at a SCIM server from outside.
type directory struct {
	base  string
	token string
}

type answer struct {
	status int
	body   map[string]any
}

func (d *directory) send(ctx context.Context, method, path string, body []byte) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, d.base+path, strings.NewReader(string(body)))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Authorization", "Bearer "+d.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/scim+json; charset=utf-8")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	if err != nil {
		return answer{}, err
	}
	a := answer{status: resp.StatusCode}
	if len(b) > 0 {
		if err := json.Unmarshal(b, &a.body); err != nil {
			return a, fmt.Errorf("%s %s: %d with a body that is not JSON: %w", method, path, resp.StatusCode, err)
		}
	}
	return a, nil
}

// list reads a whole list, page by page.
func (d *directory) list(ctx context.Context, endpoint string) ([]map[string]any, error) {
	var out []map[string]any
	for {
		a, err := d.send(ctx, http.MethodGet, fmt.Sprintf("%s?startIndex=%d&count=100", endpoint, len(out)+1), nil)
		if err != nil {
			return nil, err
		}
		if a.status != http.StatusOK {
			return nil, fmt.Errorf("GET %s: %d %v", endpoint, a.status, a.body)
		}
		rows, _ := a.body["Resources"].([]any)
		for _, r := range rows {
			if row, ok := r.(map[string]any); ok {
				out = append(out, row)
			}
		}
		total, _ := a.body["totalResults"].(float64)
		if len(out) >= int(total) || len(rows) == 0 {
			return out, nil
		}
	}
}

func (d *directory) count(ctx context.Context, endpoint string) (int, error) {
	a, err := d.send(ctx, http.MethodGet, endpoint+"?count=0", nil)
	if err != nil {
		return 0, err
	}
	total, ok := a.body["totalResults"].(float64)
	if a.status != http.StatusOK || !ok {
		return 0, fmt.Errorf("GET %s: %d %v", endpoint, a.status, a.body)
	}
	return int(total), nil
}

func (d *directory) byName(ctx context.Context, endpoint, key string) (map[string]map[string]any, error) {
	rows, err := d.list(ctx, endpoint)
	out := map[string]map[string]any{}
	for _, r := range rows {
		if name, ok := r[key].(string); ok {
			out[name] = r
		}
	}
	return out, err
}

// members returns the userNames of a group's members.
func (d *directory) members(ctx context.Context, group string) (map[string]bool, error) {
	users, err := d.list(ctx, "/Users")
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, u := range users {
		id, _ := u["id"].(string)
		names[id], _ = u["userName"].(string)
	}
	groups, err := d.byName(ctx, "/Groups", "displayName")
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	list, _ := groups[group]["members"].([]any)
	for _, m := range list {
		if member, ok := m.(map[string]any); ok {
			id, _ := member["value"].(string)
			out[names[id]] = true
		}
	}
	return out, nil
}
