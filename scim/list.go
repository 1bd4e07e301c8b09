package scim

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"

	"proprio/resources"
)

// page reads which page is wanted: by index, or with a cursor, which may be empty, by cursor.
func (c *collection) page(q *request, p parameters) error {
	text, walking, err := p.one("cursor")
	if err != nil {
		return err
	}
	count, err := p.integer("count", c.Limits.PageSize)
	if err != nil {
		return err
	}
	if q.query.Count = max(count, 0); walking {
		return c.walk(q, p, text)
	}
	start, err := p.integer("startIndex", 1)
	q.query.StartIndex, q.query.Count = max(start, 1), min(q.query.Count, c.Limits.MaxPage) // Q26
	return err
}

// walk reads a cursor (RFC 9865 §2). An empty one is the first page.
func (c *collection) walk(q *request, p parameters, text string) error {
	if _, ok := p["startindex"]; ok {
		return resources.Errorf(resources.ErrInvalidValue, "startIndex",
			"startIndex and cursor exclude each other (RFC 9865 §2). Send one of them.")
	}
	if q.query.Count > c.Limits.MaxPage {
		return resources.Errorf(resources.ErrInvalidCount, "count", "The count is larger than maxPageSize, %d.", c.Limits.MaxPage)
	}
	q.cursor = cursor{Count: q.query.Count}
	if text != "" {
		var err error
		if q.cursor, err = c.cursors.open(q.scope, text); err != nil {
			return err
		}
		if q.cursor.Count != q.query.Count {
			return resources.Errorf(resources.ErrInvalidCount, "count",
				"The count must be the same on every page; the first page of this cursor had %d.", q.cursor.Count)
		}
	}
	q.query.Walk = &resources.Walk{From: q.cursor.From, Backward: q.cursor.Backward, Total: q.cursor.Total}
	return nil
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
func (c *collection) writePage(w http.ResponseWriter, page *resources.Page, q *request) error {
	size := 1024
	for _, res := range page.Resources {
		size += renderedSize(res)
	}
	out := make([]byte, 0, size)
	out = append(out, `{"schemas":["`+schemaListResponse+`"],"totalResults":`...)
	out = strconv.AppendInt(out, int64(page.Total), 10)
	out = append(out, `,"itemsPerPage":`...)
	out = strconv.AppendInt(out, int64(len(page.Resources)), 10)
	out, err := c.appendPlace(out, page, q)
	if err != nil {
		return err
	}
	out = append(out, `,"Resources":[`...)
	for i, res := range page.Resources {
		if i > 0 {
			out = append(out, ',')
		}
		shown := q.shown[res.Type]
		if out, err = shown.renderer.append(out, res, shown.projection); err != nil {
			return err
		}
	}
	write(w, http.StatusOK, append(out, "]}"...))
	return nil
}

// appendPlace says where the page is: startIndex, or the cursors of the pages beside it (RFC 9865 §2).
func (c *collection) appendPlace(out []byte, page *resources.Page, q *request) ([]byte, error) {
	walk := q.query.Walk
	if walk == nil {
		return strconv.AppendInt(append(out, `,"startIndex":`...), int64(q.query.StartIndex), 10), nil
	}
	var err error
	place := func(name string, from *resources.Position, backward bool) {
		if err != nil {
			return
		}
		var text string
		text, err = c.cursors.seal(q.scope, cursor{From: from, Backward: backward, Count: q.query.Count, Total: page.Total})
		out = appendText(append(out, `,"`+name+`":`...), text)
	}
	// A page that was reached backward has a next one, where the walk came from, unless it began at the end.
	if next := page.More && !walk.Backward || walk.Backward && walk.From != nil; next {
		place("nextCursor", page.Last, false)
	}
	// A page that was reached forward has a previous one; when nothing is on it, that is the last one there is.
	if previous := page.More && walk.Backward || !walk.Backward && walk.From != nil; previous {
		place("previousCursor", page.First, true)
	}
	return out, err
}
