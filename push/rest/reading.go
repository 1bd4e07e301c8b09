package rest

import (
	"fmt"
	"net/http"

	"proprio/scim/client"
)

// reading is a list on its way: it hands out each resource once, and tells a whole list from a part.
type reading struct {
	url     string
	limits  client.ListOptions
	take    func(client.Document) error
	pages   int
	seen    map[string]bool // ids
	cursors map[string]bool
}

func newReading(url string, o client.ListOptions, take func(client.Document) error) *reading {
	if o.MaxPages <= 0 {
		o.MaxPages = 1000
	}
	if o.MaxResources <= 0 {
		o.MaxResources = 1_000_000
	}
	return &reading{url: url, limits: o, take: take, seen: map[string]bool{}, cursors: map[string]bool{}}
}

// page hands out one page. next is where the following one begins, empty after the last; more says whether to ask for it.
func (r *reading) page(resources []client.Document, next string) (more bool, err error) {
	r.pages++
	for i, d := range resources {
		id := d.ID()
		if id == "" {
			return false, &client.BrokenAnswer{Method: http.MethodGet, URL: r.url, Detail: fmt.Sprintf("resource %d of page %d has no id", i+1, r.pages)}
		}
		if r.seen[id] {
			continue
		}
		if len(r.seen) == r.limits.MaxResources {
			return false, r.limited("more than %d resources", r.limits.MaxResources)
		}
		r.seen[id] = true
		if err := r.take(d); err != nil {
			return false, err
		}
	}
	switch {
	case next == "":
		return false, nil
	case r.cursors[next]:
		return false, r.incomplete("the same page is named as the next one again")
	case r.pages >= r.limits.MaxPages:
		return false, r.limited("more than %d pages", r.limits.MaxPages)
	}
	r.cursors[next] = true
	return true, nil
}

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
