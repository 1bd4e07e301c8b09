package rest

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"proprio/scim/client"
)

// reading is a list on its way: it hands out each resource once, and tells a whole list from a part.
type reading struct {
	url    string
	limits client.ListOptions
	take   func(client.Document) error
	pages  int
	seen   map[string]bool // ids
}

func newReading(url string, o client.ListOptions, take func(client.Document) error) *reading {
	if o.MaxPages <= 0 {
		o.MaxPages = 1000
	}
	if o.MaxResources <= 0 {
		o.MaxResources = 1_000_000
	}
	return &reading{url: url, limits: o, take: take, seen: map[string]bool{}}
}

// fetch reads one page of a list: the one that begins at from, which is empty for the first. next is where the following one
// begins; empty: this was the last.
type fetch func(from string) (page []client.Document, next string, err error)

// show makes of a resource what the engine is to see of it.
type show func(client.Document) client.Document

// pager reads the list at a path to its end, in the way of one product.
type pager func(ctx context.Context, a *api, r *reading, path string, ask url.Values, show show) error

// each reads a list to its end, and hands out what show makes of each resource.
func (r *reading) each(show show, next fetch) error {
	from, named := "", map[string]bool{}
	for {
		page, following, err := next(from)
		if err == nil {
			err = r.page(show, page)
		}
		switch {
		case err != nil || following == "":
			return err
		case named[following]:
			return r.incomplete("the same page is named as the next one again")
		case r.pages >= r.limits.MaxPages:
			return r.limited("more than %d pages", r.limits.MaxPages)
		}
		from, named[following] = following, true
	}
}

// page hands out what show makes of the resources of one page.
func (r *reading) page(show show, resources []client.Document) error {
	r.pages++
	for i, one := range resources {
		d := show(one)
		id := d.ID()
		if id == "" {
			return &client.BrokenAnswer{Method: http.MethodGet, URL: r.url, Detail: fmt.Sprintf("resource %d of page %d has no id", i+1, r.pages)}
		}
		if r.seen[id] {
			continue
		}
		if len(r.seen) == r.limits.MaxResources {
			return r.limited("more than %d resources", r.limits.MaxResources)
		}
		r.seen[id] = true
		if err := r.take(d); err != nil {
			return err
		}
	}
	return nil
}

// asIs shows a resource as it is.
func asIs(d client.Document) client.Document { return d }

func (r *reading) incomplete(why string, args ...any) error {
	return &client.IncompleteError{URL: r.url, Read: len(r.seen), Total: -1, Why: fmt.Sprintf(why, args...)}
}

func (r *reading) limited(why string, most int) error {
	return &client.IncompleteError{URL: r.url, Read: len(r.seen), Total: -1, Why: fmt.Sprintf(why, most), Limited: true}
}

// pageSize is how many resources to ask for at once.
func pageSize(q query, most int) int {
	if q.size <= 0 || q.size > most {
		return most
	}
	return q.size
}
