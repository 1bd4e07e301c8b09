package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// ListOptions say what to read and how the service pages.
type ListOptions struct {
	Filter     string
	Attributes string // comma separated; empty: all
	PageSize   int    // 0: 100
	MaxPages   int    // 0: 1000; reaching it is an IncompleteError, never a short answer
}

// Find returns every resource that a filter selects (RFC 7644 §3.4.2.2), completely read.
func (c *Client) Find(ctx context.Context, endpoint, filter string) ([]Document, error) {
	return c.List(ctx, endpoint, ListOptions{Filter: filter})
}

// List reads every page (RFC 7644 §3.4.2.4). It returns all resources or an error, never a part of them: what is
// missing from a list may be taken away from people, so a list that is not whole must not be used.
func (c *Client) List(ctx context.Context, endpoint string, o ListOptions) ([]Document, error) {
	if o.PageSize <= 0 {
		o.PageSize = 100
	}
	if o.MaxPages <= 0 {
		o.MaxPages = 1000
	}
	r := reading{seen: map[string]bool{}, url: c.base.String() + endpoint}
	for start, n := 1, 0; ; n++ {
		if n == o.MaxPages {
			return nil, r.incomplete(fmt.Sprintf("more than %d pages", o.MaxPages))
		}
		page, err := c.page(ctx, endpoint, o, start)
		if err != nil {
			return nil, err
		}
		fresh, err := r.take(page)
		if err != nil {
			return nil, err
		}
		if len(r.all) >= r.total {
			return r.finish()
		}
		if fresh == 0 {
			// An empty page, or the same page again from a service that ignores startIndex.
			return nil, r.incomplete("no further page came")
		}
		start += len(page.resources)
	}
}

// reading is a list read half-way.
type reading struct {
	url   string
	total int
	all   []Document
	seen  map[string]bool
}

// take adds a page's resources, each once, and returns how many were new. The last page's total counts.
func (r *reading) take(p listPage) (fresh int, err error) {
	r.total = p.total
	for i, d := range p.resources {
		id := d.ID()
		if id == "" {
			return 0, &BrokenAnswer{Method: http.MethodGet, URL: r.url, Detail: fmt.Sprintf("Resources[%d] has no id", i)}
		}
		if r.seen[id] {
			continue
		}
		r.seen[id] = true
		r.all = append(r.all, d)
		fresh++
	}
	return fresh, nil
}

func (r *reading) finish() ([]Document, error) {
	if len(r.all) != r.total {
		return nil, r.incomplete("the service lists more than it counts")
	}
	return r.all, nil
}

func (r *reading) incomplete(why string) error {
	return &IncompleteError{URL: r.url, Read: len(r.all), Total: r.total, Why: why}
}

type listPage struct {
	total     int
	resources []Document
}

func (c *Client) page(ctx context.Context, endpoint string, o ListOptions, start int) (listPage, error) {
	q := url.Values{"startIndex": {strconv.Itoa(start)}, "count": {strconv.Itoa(o.PageSize)}}
	if o.Filter != "" {
		q.Set("filter", o.Filter)
	}
	if o.Attributes != "" {
		q.Set("attributes", o.Attributes)
	}
	body, err := c.exchange(ctx, http.MethodGet, endpoint, q, nil)
	if err != nil {
		return listPage{}, err
	}
	doc, err := c.decode(http.MethodGet, endpoint, body)
	if err != nil {
		return listPage{}, err
	}
	return c.readPage(endpoint, doc)
}

func (c *Client) readPage(endpoint string, doc Document) (listPage, error) {
	broken := func(detail string) (listPage, error) {
		return listPage{}, &BrokenAnswer{Method: http.MethodGet, URL: c.base.String() + endpoint, Detail: detail}
	}
	number, _ := doc.Get("totalResults").(json.Number)
	total, err := strconv.Atoi(number.String())
	if err != nil || total < 0 {
		return broken("it is no list: totalResults is missing or no number")
	}
	p := listPage{total: total}
	switch list := doc.Get("Resources").(type) {
	case nil:
		// RFC 7644 §3.4.2: Resources may be absent when there are none.
	case []any:
		for i, v := range list {
			m, ok := v.(map[string]any)
			if !ok {
				return broken(fmt.Sprintf("Resources[%d] is no object", i))
			}
			p.resources = append(p.resources, m)
		}
	default:
		return broken("Resources is no array")
	}
	return p, nil
}
