package scim

import (
	"cmp"
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

// writePage sends a ListResponse. itemsPerPage is what this page holds; Resources is an array even when it is empty. Of a
// page that is read in parts, what is known at its end stands at its end.
func (c *collection) writePage(w http.ResponseWriter, r *http.Request, page *resources.Page, q *request) error {
	size := 1024
	for _, res := range page.Resources {
		size += renderedSize(res)
	}
	s := c.newStream(w, r, http.StatusOK, size)
	s.out = append(s.out, `{"schemas":["`+schemaListResponse+`"],"totalResults":`...)
	s.out = strconv.AppendInt(s.out, int64(page.Total), 10)
	whole := c.last(q, page, len(page.Resources))
	if err := c.appendEnd(s, whole, page, len(page.Resources), q); err != nil {
		return err
	}
	s.out = append(s.out, `,"Resources":[`...)
	written, err := c.appendParts(s, page, q)
	if err != nil {
		return s.fail(err)
	}
	s.out = append(s.out, ']')
	if err := c.appendEnd(s, !whole, page, written, q); err != nil {
		return s.fail(err)
	}
	s.out = append(s.out, '}')
	s.end()
	return nil
}

// appendEnd says, if it is to be said here, how much a page holds and where it is.
func (c *collection) appendEnd(s *stream, here bool, page *resources.Page, written int, q *request) (err error) {
	if !here {
		return nil
	}
	s.out = strconv.AppendInt(append(s.out, `,"itemsPerPage":`...), int64(written), 10)
	s.out, err = c.appendPlace(s.out, page, q)
	return err
}

// appendParts writes the resources of a page, of which the first part was read, and reads the others as it goes. The page
// is then the whole one's, but for the resources.
func (c *collection) appendParts(s *stream, page *resources.Page, q *request) (written int, err error) {
	for {
		for _, res := range page.Resources {
			if written > 0 {
				s.out = append(s.out, ',')
			}
			if err := q.shown[res.Type].appendTo(s, res); err != nil {
				return written, err
			}
			written++
		}
		if c.last(q, page, written) {
			return written, nil
		}
		s.part()
		next, err := c.next(s.r.Context(), q, page, written)
		if err != nil {
			return written, err
		}
		page.Resources, page.Last, page.More, page.Cut = next.Resources, cmp.Or(next.Last, page.Last), next.More, next.Cut
	}
}

// appendTo writes a resource of a list.
func (s shown) appendTo(to *stream, res *resources.Resource) (err error) {
	if to.out, err = s.renderer.append(to.out, res, s.projection); err == nil && s.inParts(res, s.projection) {
		err = s.appendMembers(to, res, s.projection)
	}
	return err
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
