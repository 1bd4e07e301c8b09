package db

import (
	"context"
	"fmt"
	"slices"

	"proprio/resources"
)

// Find implements resources.Store. A query that takes too long to answer gives way to the other requests.
func (d *DB) Find(ctx context.Context, c resources.Caller, q resources.Query) (*resources.Page, error) {
	if q.Type == resources.TypeMembership {
		return d.findMemberships(ctx, c, q)
	}
	named := ""
	for _, s := range q.Selections() {
		switch {
		case s.Where != nil:
			named = "filter"
		case s.SortBy != nil && named == "":
			named = "sortBy"
		}
	}
	if named == "" || brief(q) && !d.dialect.postgres {
		return d.find(ctx, c, q)
	}
	bounded, cancel := context.WithTimeout(ctx, d.findTime)
	defer cancel()
	page, err := d.find(bounded, c, q)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		return nil, &resources.Error{Kind: resources.ErrTooMany, Path: named, Cause: err, Detail: fmt.Sprintf(
			"The query was not answered within %s. Narrow it, for example by what userName, externalId or emails eq.", d.findTime)}
	}
	return page, err
}

// find answers a query. A look-up that fits its page is one statement: the total follows from the page.
func (d *DB) find(ctx context.Context, c resources.Caller, q resources.Query) (*resources.Page, error) {
	s, err := d.search(c, q)
	if err != nil {
		return nil, err
	}
	if q.Walk != nil {
		return d.walk(ctx, c, q, s)
	}
	skip := max(q.StartIndex, 1) - 1
	page, whole := &resources.Page{}, true
	if q.Count > 0 {
		rows, err := d.rows(ctx, c, q, s, q.Count, skip)
		if err != nil {
			return nil, err
		}
		page.Resources, err = d.complete(ctx, c, q.With, rows)
		if err != nil {
			return nil, err
		}
		whole = len(page.Resources) == len(rows) // else the page ends early for its members
	}
	got := len(page.Resources)
	if whole && q.Count > got && (got > 0 || skip == 0) {
		page.Total = skip + got
		return page, nil
	}
	page.Total, err = d.count(ctx, s)
	return page, err
}

// walk answers a page of a walk. One resource more than the page is looked for: it tells whether the walk goes on.
// What the walk counted at its beginning is not counted again.
func (d *DB) walk(ctx context.Context, c resources.Caller, q resources.Query, s search) (*resources.Page, error) {
	page := &resources.Page{Total: q.Walk.Total}
	if q.Count > 0 {
		rows, err := d.rows(ctx, c, q, s, q.Count+1, 0)
		if err != nil {
			return nil, err
		}
		read := rows[:min(len(rows), q.Count)]
		page.Resources, err = d.complete(ctx, c, q.With, read)
		if err != nil {
			return nil, err
		}
		read = read[:len(page.Resources)]
		page.More = len(read) < len(rows)
		if q.Walk.Backward {
			slices.Reverse(page.Resources)
			slices.Reverse(read)
		}
		if len(read) > 0 {
			page.First, page.Last = read[0].position(), read[len(read)-1].position()
		}
	}
	var err error
	switch {
	case page.Total > 0:
	case q.Count > 0 && q.Walk.From == nil && !page.More:
		page.Total = len(page.Resources)
	default:
		page.Total, err = d.count(ctx, s)
	}
	return page, err
}

func (row *resourceRow) position() *resources.Position {
	return &resources.Position{Missing: row.SortMissing, Key: row.SortKey.String, Created: fromMicros(row.Created), ID: row.ID}
}

// search is a query as SQL: an arm for each type, of which each selects from resources r.
type search struct {
	order
	arms []arm
}

type arm struct {
	source fragment // from resources r, with the condition
	key    fragment // what the resources are sorted by, where they are
}

func (d *DB) search(c resources.Caller, q resources.Query) (search, error) {
	s := search{order: orderOf(q)}
	for _, selection := range q.Selections() {
		source, err := d.matching(c, selection)
		if err != nil {
			return search{}, err
		}
		a := arm{source: source}
		if s.sorted {
			a.key = s.key(&compiler{dialect: d.dialect, caller: c, typ: selection.Type}, selection.SortBy)
		}
		s.arms = append(s.arms, a)
	}
	return s, nil
}

// matching is where the resources of a selection come from.
func (d *DB) matching(c resources.Caller, s resources.Selection) (fragment, error) {
	all := fragment{` from resources r where r.company_id = ? and r.type = ?`, []any{c.Company, s.Type}}
	if s.Where == nil {
		return all, nil
	}
	text, args, err := d.compileCondition(c, s.Type, s.Where)
	return glue(all, raw(` and (`), fragment{text, args}, raw(`)`)), err
}

// count counts what a search selects, in one statement.
func (d *DB) count(ctx context.Context, s search) (total int, err error) {
	sum := raw(`select `)
	for i, a := range s.arms {
		if i > 0 {
			sum.text += ` + `
		}
		sum = glue(sum, raw(`(select count(*)`), a.source, raw(`)`))
	}
	return total, d.get(ctx, nil, &total, sum.text, sum.args...)
}
