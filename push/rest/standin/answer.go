package standin

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// document is a JSON object.
type document = map[string]any

// page is a page for people, in the place of JSON.
type page string

// answer is a status with a body.
type answer struct {
	status     int
	body       any // nil: none
	retryAfter time.Duration
	retryAt    time.Time
	mangle     func(string) string // nil: it comes as it is
}

func ok(body any) answer { return answer{status: http.StatusOK, body: body} }

func created(body any) answer { return answer{status: http.StatusCreated, body: body} }

// unknown names the fields of an object that are not among those allowed; empty: none.
func unknown(doc document, allowed ...string) string {
	for _, name := range slices.Sorted(maps.Keys(doc)) {
		if !slices.Contains(allowed, name) {
			return "unknown field " + name
		}
	}
	return ""
}

// texts are an array's elements as texts; a number comes as one.
func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, one := range list {
		out = append(out, fmt.Sprint(one))
	}
	return out
}

func text(doc document, name string) string {
	s, _ := doc[name].(string)
	return s
}

func inner(doc document, name string) document {
	m, _ := doc[name].(document)
	return m
}

// id is the last segment of a path below a prefix.
func below(path, prefix string) (id, rest string, ok bool) {
	path, ok = strings.CutPrefix(path, prefix+"/")
	id, rest, _ = strings.Cut(path, "/")
	plain, err := url.PathUnescape(id)
	return plain, rest, ok && id != "" && err == nil
}

// table is objects by id, in the order they were made.
type table struct {
	ids  []string
	held map[string]document
	next int
}

func newTable() *table { return &table{held: map[string]document{}} }

func (t *table) add(id string, doc document) {
	t.ids = append(t.ids, id)
	t.held[id] = doc
}

// number is the next id that is a number.
func (t *table) number() int {
	t.next++
	return 1000 + t.next
}

func (t *table) remove(id string) {
	delete(t.held, id)
	t.ids = slices.DeleteFunc(t.ids, func(one string) bool { return one == id })
}

func (t *table) all() []document {
	out := make([]document, 0, len(t.ids))
	for _, id := range t.ids {
		out = append(out, t.held[id])
	}
	return out
}

// find is the first object that a condition selects.
func (t *table) find(is func(document) bool) document {
	for _, id := range t.ids {
		if doc := t.held[id]; is(doc) {
			return doc
		}
	}
	return nil
}

// slice is one page of a list: from a place, as many as were asked for and are given at once. next is the following place; 0:
// this was the last page.
func slice(all []document, from, asked int) (part []document, next int) {
	if most := max(pageLimit, len(all)/pageCount); asked <= 0 || asked > most {
		asked = most
	}
	from = min(max(from, 0), len(all))
	end := min(from+asked, len(all))
	if end < len(all) {
		next = end
	}
	return all[from:end], next
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

func isAddress(s string) bool {
	local, domain, found := strings.Cut(s, "@")
	return found && local != "" && strings.Contains(domain, ".")
}
