package scim

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"proprio/resources"
	"proprio/resources/filter"
)

// collection is what a query goes over: the resources of one type, or at the root those of all (RFC 7644 §3.4.2).
type collection struct {
	*site
	path      string // of the queries: "/Users", "/"
	endpoints []*endpoint
}

// root is the path of queries over all types (RFC 7644 §3.4.2.1).
const root = "/"

// request is a query that was read: what the store is asked, and how each type is shown.
type request struct {
	caller resources.Caller
	query  resources.Query
	asked  int   // resources of the part read last
	scope  scope // of a walk
	cursor cursor
	shown  map[string]shown // by resource type
}

// shown is how the resources of a type are shown.
type shown struct {
	*endpoint
	projection projection
}

// list is GET on a collection: one page of what a filter selects, inactive Users included (Q29).
func (c *collection) list(w http.ResponseWriter, r *http.Request) error {
	p, err := parseParameters(r)
	if err != nil {
		return err
	}
	return c.answer(w, r, p)
}

// answer answers a query that came as a GET or as a SearchRequest.
func (c *collection) answer(w http.ResponseWriter, r *http.Request, p parameters) error {
	q, err := c.read(callerFrom(r.Context()), p)
	if err != nil {
		return err
	}
	page, err := c.first(r.Context(), q)
	if err != nil {
		return err
	}
	if walk := q.query.Walk; walk != nil && walk.Backward && q.query.Count > 0 && len(page.Resources) == 0 {
		q.query.Walk = &resources.Walk{} // what came before is gone: this is the first page now
		if page, err = c.first(r.Context(), q); err != nil {
			return err
		}
	}
	return c.writePage(w, r, page, q)
}

// pageMembers is how many members a list shows in all: a page of a thousand large Groups would not fit into memory.
const pageMembers = 100_000

// read reads a query.
func (c *collection) read(caller resources.Caller, p parameters) (*request, error) {
	q := &request{caller: caller, shown: map[string]shown{}}
	for _, e := range c.endpoints {
		projection, _, err := e.projectionOf(p)
		if err != nil {
			return nil, err
		}
		q.shown[e.rt.Name] = shown{e, projection}
		q.query.With = union(q.query.With, e.with(projection))
	}
	if q.query.With.Members {
		q.query.With.MembersAtOnce, q.query.With.PageMembers = membersAtOnce, min(c.members, pageMembers)
	}
	q.query.With.PageBytes = bytesAtOnce
	if err := c.selections(q, p); err != nil {
		return nil, err
	}
	if _, walking := p["cursor"]; walking {
		var err error
		if q.scope, err = c.scopeOf(caller, p); err != nil {
			return nil, err
		}
	}
	return q, c.page(q, p)
}

// union is what two types need read together. Only Groups have members.
func union(a, b resources.With) resources.With {
	a.Groups, a.Used, a.WithoutIndex = a.Groups || b.Groups, a.Used || b.Used, b.WithoutIndex
	a.References = append(a.References, b.References...)
	a.Members, a.MemberLimit = a.Members || b.Members, max(a.MemberLimit, b.MemberLimit)
	return a
}

// selections reads the filter and the order.
func (c *collection) selections(q *request, p parameters) error {
	expression, err := readFilter(q.caller, p)
	if err != nil {
		return err
	}
	attributes, descending, err := c.sort(p)
	if err != nil {
		return err
	}
	names := resources.Names{Lenient: c.path == root, URNs: q.caller.Switches.NeedURNs()}
	selections := make([]resources.Selection, len(c.endpoints))
	for i, e := range c.endpoints {
		selections[i] = resources.Selection{Type: e.rt.Name, SortBy: attributes[i]}
		if expression == nil {
			continue
		}
		if selections[i].Where, err = e.rt.BindNames(expression, names); err != nil {
			return err
		}
	}
	q.query = q.query.Over(selections)
	q.query.Descending = descending
	return nil
}

// readFilter parses the filter. An empty one is an error: answering it with everybody would let a client link its first
// User to whoever comes first (Q24).
func readFilter(caller resources.Caller, p parameters) (filter.Expression, error) {
	text, ok, err := p.one("filter")
	if err != nil || !ok {
		return nil, err
	}
	expression, err := filter.Options{Unquoted: caller.Switches.UnquotedValues}.Parse(text)
	if syntax := new(filter.Error); errors.As(err, &syntax) {
		return nil, resources.Errorf(resources.ErrInvalidFilter, "filter", "The filter cannot be read: %v.", syntax)
	}
	return expression, err
}

// sort reads sortBy and sortOrder (RFC 7644 §3.4.2.3): the attribute of each type, nil where it has none of that name.
// At the root one type must have it.
func (c *collection) sort(p parameters) (attributes []*resources.Attribute, descending bool, err error) {
	attributes = make([]*resources.Attribute, len(c.endpoints))
	order, _, err := p.one("sortOrder")
	if err != nil {
		return nil, false, err
	}
	switch order = strings.TrimSpace(order); {
	case strings.EqualFold(order, "descending"):
		descending = true
	case order != "" && !strings.EqualFold(order, "ascending"):
		return nil, false, resources.Errorf(resources.ErrInvalidValue, "sortOrder", "%q is neither ascending nor descending.", clip(order))
	}
	by, _, err := p.one("sortBy")
	if by = strings.TrimSpace(by); err != nil || by == "" {
		return attributes, false, err
	}
	var unknown error
	found := 0
	for i, e := range c.endpoints {
		attributes[i], err = e.rt.SortBy(by)
		switch {
		case err == nil:
			found++
		case errors.Is(err, resources.ErrInvalidPath):
			unknown = err
		default:
			return nil, false, err
		}
	}
	if found == 0 && unknown != nil {
		return nil, false, resources.Errorf(resources.ErrInvalidValue, "sortBy", "There is no attribute %q here.", clip(by))
	}
	return attributes, descending, nil
}

// scopeOf is the query that a cursor belongs to. The client must repeat all of it on every page (RFC 9865 §2); spaces
// and letter case in the names of attributes are no difference.
func (c *collection) scopeOf(caller resources.Caller, p parameters) (scope, error) {
	name := func(parameter string) string {
		return strings.ToLower(strings.ReplaceAll(strings.Join(p[parameter], ","), " ", ""))
	}
	query, err := json.Marshal([]any{
		caller.Connection, c.path, p["filter"], name("sortby"), name("sortorder"), name("attributes"), name("excludedattributes"),
	})
	return scope{caller.Company, query}, err
}
