package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"proprio/ownership"
	"proprio/resources"
)

const pageSize = 50

// peoplePage is the list of Users with its filter.
type peoplePage struct {
	Search, State, Kind string
	States, Kinds       []string
	Rows                []personRow
	Pager               pager
}

// pager leads through a list by number of page.
type pager struct {
	Total, First, Last int    // First and Last count from 1; 0 on an empty page
	Before, After      string // addresses of the pages beside it; empty at the ends
}

func newPager(r *http.Request, parameter string, number, shown, total int) pager {
	p := pager{Total: total}
	if shown > 0 {
		p.First = (number-1)*pageSize + 1
		p.Last = p.First + shown - 1
	}
	link := func(n int) string {
		q := r.URL.Query()
		q.Del("id") // of the findings page: it chose a page, and must not choose again
		q.Set(parameter, strconv.Itoa(n))
		return r.URL.Path + "?" + q.Encode()
	}
	if number > 1 {
		p.Before = link(number - 1)
	}
	if number*pageSize < total {
		p.After = link(number + 1)
	}
	return p
}

// pageNumber reads a page parameter, from 1. Anything that is no such number is the first page.
func pageNumber(q url.Values, parameter string) int {
	n, err := strconv.Atoi(q.Get(parameter))
	if err != nil || n < 1 || n > 1_000_000 {
		return 1
	}
	return n
}

func kinds() []string {
	return []string{ownership.KindEmployee, ownership.KindContractor, ownership.KindClient, ownership.KindService}
}

// people lists the company's Users.
func (c *Console) people(v *visit) error {
	q := v.r.URL.Query()
	p := peoplePage{
		Search: strings.TrimSpace(q.Get("q")), State: oneOf(q.Get("state"), personActive, personInactive, personHeld),
		Kind: oneOf(q.Get("kind"), kinds()...), States: []string{personActive, personInactive, personHeld}, Kinds: kinds(),
	}
	number := pageNumber(q, "page")
	found, err := c.Store.Find(v.r.Context(), v.caller(), resources.Query{
		Type: resources.TypeUser, Where: c.peopleWhere(p), StartIndex: (number-1)*pageSize + 1, Count: pageSize,
	})
	if err != nil {
		return err
	}
	for _, r := range found.Resources {
		p.Rows = append(p.Rows, newPersonRow(r))
	}
	p.Pager = newPager(v.r, "page", number, len(p.Rows), found.Total)
	return c.render(v, http.StatusOK, "people", p)
}

// oneOf returns the value when it is one of the allowed ones, else nothing.
func oneOf(value string, allowed ...string) string {
	for _, a := range allowed {
		if value == a {
			return a
		}
	}
	return ""
}

// peopleWhere is the list's filter as a condition: every term that was filled in must hold.
func (c *Console) peopleWhere(p peoplePage) resources.Condition {
	var terms []resources.Condition
	if p.Search != "" {
		terms = append(terms, c.named(p.Search))
	}
	if p.State != "" {
		terms = append(terms, c.inState(p.State))
	}
	if p.Kind != "" {
		terms = append(terms, c.ofKind(p.Kind))
	}
	if len(terms) == 0 {
		return nil
	}
	return resources.And{Terms: terms}
}

// named holds when the text occurs in the userName, a name or an e-mail address.
func (c *Console) named(text string) resources.Condition {
	user := c.Registry.Type(resources.TypeUser)
	contains := func(path, folded string) resources.Condition {
		return resources.Compare{Attribute: user.Attribute(path), Op: "co", Value: folded}
	}
	emails := user.Attribute("emails")
	return resources.Or{Terms: []resources.Condition{
		contains("userName", resources.FoldUserName(text)),
		contains("displayName", resources.Fold(text)),
		contains("name.familyName", resources.Fold(text)),
		contains("name.givenName", resources.Fold(text)),
		resources.Element{Attribute: emails, Where: resources.Compare{
			Attribute: emails.SubAttribute("value"), Op: "co", Value: resources.FoldEmail(text),
		}},
	}}
}

// inState holds for Users in one of the three states. A User without `active` is active.
func (c *Console) inState(state string) resources.Condition {
	user := c.Registry.Type(resources.TypeUser)
	held := resources.Present{Attribute: user.Attribute(resources.SchemaOwnership + ":hold")}
	inactive := resources.Compare{Attribute: user.Attribute("active"), Op: "eq", Value: false}
	switch state {
	case personHeld:
		return held
	case personInactive:
		return resources.And{Terms: []resources.Condition{inactive, resources.Not{Term: held}}}
	}
	return resources.And{Terms: []resources.Condition{resources.Not{Term: inactive}, resources.Not{Term: held}}}
}

// ofKind holds for Users of a kind. A User without a kind is an employee.
func (c *Console) ofKind(kind string) resources.Condition {
	a := c.Registry.Type(resources.TypeUser).Attribute(resources.SchemaOwnership + ":kind")
	is := resources.Compare{Attribute: a, Op: "eq", Value: resources.Fold(kind)}
	if kind == ownership.KindEmployee {
		return resources.Or{Terms: []resources.Condition{is, resources.Not{Term: resources.Present{Attribute: a}}}}
	}
	return is
}
