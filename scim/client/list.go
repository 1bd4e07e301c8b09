package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// ListOptions say what to read and how the service pages. Reaching a limit is an IncompleteError, never a short answer.
type ListOptions struct {
	Filter       string
	Attributes   string // comma separated; empty: all
	PageSize     int    // 0: 100
	MaxPages     int    // 0: 1000
	MaxBytes     int64  // of all pages together; 0: 64 MiB
	MaxResources int    // 0: 1,000,000
}

func (o ListOptions) withDefaults() ListOptions {
	if o.PageSize <= 0 {
		o.PageSize = 100
	}
	if o.MaxPages <= 0 {
		o.MaxPages = 1000
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 64 << 20
	}
	if o.MaxResources <= 0 {
		o.MaxResources = 1_000_000
	}
	return o
}

// Each reads every page (RFC 7644 §3.4.2.4) and hands out each resource once, as its page comes: a decoded list takes many
// times the memory of its text. What was taken counts only when Each returns nil: what is missing from a list may be taken
// away from people, so one that is not whole must not be used.
func (c *Client) Each(ctx context.Context, endpoint string, o ListOptions, take func(Document) error) error {
	o = o.withDefaults()
	r := reading{seen: map[string]bool{}, url: c.base.String() + endpoint, limits: o, take: take}
	for start, n := 1, 0; ; n++ {
		if n == o.MaxPages {
			return r.limited("more than %d pages", o.MaxPages)
		}
		page, err := c.page(ctx, endpoint, o, start)
		if err != nil {
			return err
		}
		fresh, err := r.add(page)
		if err != nil {
			return err
		}
		if len(r.seen) >= r.total {
			return r.finish()
		}
		if fresh == 0 {
			// An empty page, or the same page again from a service that ignores startIndex.
			return r.incomplete("no further page came")
		}
		start += len(page.resources)
	}
}

// reading is a list read half-way.
type reading struct {
	url    string
	limits ListOptions
	take   func(Document) error
	total  int
	bytes  int64
	seen   map[string]bool // ids
}

// add hands out a page's resources, each once, and returns how many were new. The last page's total counts.
func (r *reading) add(p listPage) (fresh int, err error) {
	r.total = p.total
	r.bytes += p.bytes
	switch {
	case r.bytes > r.limits.MaxBytes:
		return 0, r.limited("they are larger than %d bytes", r.limits.MaxBytes)
	case r.total > r.limits.MaxResources, len(r.seen)+len(p.resources) > r.limits.MaxResources:
		return 0, r.limited("more than %d resources", r.limits.MaxResources)
	}
	for i, d := range p.resources {
		id := d.ID()
		if id == "" {
			return 0, &BrokenAnswer{Method: http.MethodGet, URL: r.url, Detail: fmt.Sprintf("Resources[%d] has no id", i)}
		}
		if r.seen[id] {
			continue
		}
		r.seen[id] = true
		if err := r.take(d); err != nil {
			return 0, err
		}
		fresh++
	}
	return fresh, nil
}

func (r *reading) finish() error {
	if len(r.seen) != r.total {
		return r.incomplete("the service lists more than it counts")
	}
	return nil
}

func (r *reading) incomplete(why string) error {
	return &IncompleteError{URL: r.url, Read: len(r.seen), Total: r.total, Why: why}
}

func (r *reading) limited(why string, most any) error {
	return &IncompleteError{URL: r.url, Read: len(r.seen), Total: r.total, Why: fmt.Sprintf(why, most), Limited: true}
}

type listPage struct {
	total     int
	bytes     int64
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
	page, err := c.readPage(endpoint, doc)
	page.bytes = int64(len(body))
	return page, err
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
