package scim

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"

	"proprio/resources"
	"proprio/resources/filter"
)

// list is RFC 7644 §3.4.2: one page of what a filter selects, inactive Users included (Q29).
func (e *endpoint) list(w http.ResponseWriter, r *http.Request) error {
	parameters, err := parseParameters(r)
	if err != nil {
		return err
	}
	p, _, err := e.projectionOf(parameters)
	if err != nil {
		return err
	}
	caller := callerFrom(r.Context())
	q := resources.Query{Type: e.rt.Name, With: e.with(p)}
	if q.With.Members {
		q.With.PageMembers = e.Limits.Members // a page of a thousand large Groups would not fit into memory
	}
	if q.Where, err = e.where(caller, parameters); err != nil {
		return err
	}
	if q.StartIndex, q.Count, err = e.window(parameters); err != nil {
		return err
	}
	page, err := e.Store.Find(r.Context(), caller, q)
	if err != nil {
		return err
	}
	return e.writePage(w, page, q, p)
}

// where reads the filter. An empty one is an error: answering it with everybody would let a client link its first User
// to whoever comes first (Q24).
func (e *endpoint) where(caller resources.Caller, parameters parameters) (resources.Condition, error) {
	text, ok, err := parameters.one("filter")
	if err != nil || !ok {
		return nil, err
	}
	expression, err := filter.Options{Unquoted: caller.Switches.UnquotedValues}.Parse(text)
	if syntax := new(filter.Error); errors.As(err, &syntax) {
		return nil, resources.Errorf(resources.ErrInvalidFilter, "filter", "The filter cannot be read: %v.", syntax)
	} else if err != nil {
		return nil, err
	}
	return e.rt.Bind(expression)
}

// window reads startIndex and count (Q26): a start before the first is the first, a negative count is none, a count over
// the limit is the limit.
func (e *endpoint) window(parameters parameters) (start, count int, err error) {
	if start, err = parameters.integer("startIndex", 1); err != nil {
		return 0, 0, err
	}
	if count, err = parameters.integer("count", e.Limits.PageSize); err != nil {
		return 0, 0, err
	}
	return max(start, 1), min(max(count, 0), e.Limits.MaxPage), nil
}

// integer is the value of a number parameter. A number too large for an int is the largest int.
func (p parameters) integer(name string, absent int) (int, error) {
	text, ok, err := p.one(name)
	if err != nil || !ok {
		return absent, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(text))
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, strconv.ErrRange) && strings.HasPrefix(strings.TrimSpace(text), "-"):
		return math.MinInt, nil
	case errors.Is(err, strconv.ErrRange):
		return math.MaxInt, nil
	}
	return 0, resources.Errorf(resources.ErrInvalidValue, name, "%q is not an integer.", clip(text))
}

// writePage sends a ListResponse. itemsPerPage is what this page holds; Resources is an array even when it is empty.
func (e *endpoint) writePage(w http.ResponseWriter, page *resources.Page, q resources.Query, p projection) error {
	out := make([]byte, 0, 256+1024*len(page.Resources))
	out = append(out, `{"schemas":["`+schemaListResponse+`"],"totalResults":`...)
	out = strconv.AppendInt(out, int64(page.Total), 10)
	out = append(out, `,"startIndex":`...)
	out = strconv.AppendInt(out, int64(q.StartIndex), 10)
	out = append(out, `,"itemsPerPage":`...)
	out = strconv.AppendInt(out, int64(len(page.Resources)), 10)
	out = append(out, `,"Resources":[`...)
	for i, res := range page.Resources {
		body, err := e.renderer.resource(res, p)
		if err != nil {
			return err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, body...)
	}
	write(w, http.StatusOK, append(out, "]}"...))
	return nil
}
