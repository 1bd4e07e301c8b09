package db

import (
	"context"
	"math"
	"strings"

	"proprio/resources"
)

// rows reads a part of what a search selects, in its order and in one statement.
func (d *DB) rows(ctx context.Context, c resources.Caller, q resources.Query, s search, limit, skip int) ([]resourceRow, error) {
	f, err := d.rowsSQL(c, q, s, limit, skip)
	if err != nil {
		return nil, err
	}
	if brief(q) {
		if ctx, err = d.brief(ctx); err != nil {
			return nil, err
		}
	}
	return d.readRows(ctx, f.text, f.args...)
}

// rowsSQL reads what a filter finds in the order of creation as it is. Anything else is cut to the page first, on what
// the order needs, so that resources before and after the page cost an index entry or a key, not a document.
func (d *DB) rowsSQL(c resources.Caller, q resources.Query, s search, limit, skip int) (fragment, error) {
	if q.Where != nil && q.Walk == nil && !s.sorted && len(s.arms) == 1 {
		return glue(d.columns(c, q.With, ""), s.arms[0].source, raw(s.by("r")), cut(limit, skip)), nil
	}
	find, order := d.createdPage, ""
	if s.sorted {
		find, order = d.sortedPage, ", page.sort_missing, page.sort_key"
	}
	page, err := find(q, s, limit, skip)
	return glue(d.columns(c, q.With, order), raw(` from (`), page,
		raw(`) as page join resources r on r.company_id = page.company_id and r.id = page.id`), raw(s.by("page"))), err
}

// columns begins a query for whole resources r.
func (d *DB) columns(c resources.Caller, with resources.With, more string) fragment {
	return fragment{d.selectColumns(with) + more, []any{c.Connection}}
}

// createdPage finds a page in the order of creation. Each type is read by its index to the end of the page at most.
func (d *DB) createdPage(q resources.Query, s search, limit, skip int) (fragment, error) {
	from, err := s.from(d.dialect, "r", q)
	if err != nil {
		return fragment{}, err
	}
	if from.text != "" {
		from = glue(raw(` and `), from)
	}
	until, offset := limit, skip
	if len(s.arms) > 1 {
		until, offset = limit+min(skip, math.MaxInt-limit), 0
	}
	arms := make([]fragment, len(s.arms))
	for i, a := range s.arms {
		arms[i] = glue(raw(`select r.company_id, r.id, r.created`), a.source, from, raw(s.by("r")), cut(until, offset))
	}
	if len(arms) == 1 {
		return arms[0], nil
	}
	return glue(raw(`select company_id, id, created from (`), union(arms), raw(`) as found`+s.by("found")), cut(limit, skip)), nil
}

// sortedPage finds a page in the order of an attribute, for which all that is selected must be looked at.
func (d *DB) sortedPage(q resources.Query, s search, limit, skip int) (fragment, error) {
	from, err := s.from(d.dialect, "found", q)
	if err != nil {
		return fragment{}, err
	}
	if from.text != "" {
		from = glue(raw(` where `), from)
	}
	arms := make([]fragment, len(s.arms))
	for i, a := range s.arms {
		arms[i] = glue(raw(`select r.company_id, r.id, r.created, `), a.key, raw(` as key`), a.source)
	}
	return glue(raw(`select company_id, id, created, sort_missing, sort_key from (
			select company_id, id, created, `+s.columns(d.dialect)+` from (`), union(arms), raw(`) as keyed) as found`),
		from, raw(s.by("found")), cut(limit, skip)), nil
}

// from is the condition that a walk's page begins where it should; empty where that is the beginning.
func (s search) from(d dialect, table string, q resources.Query) (fragment, error) {
	if q.Walk == nil || q.Walk.From == nil {
		return fragment{}, nil
	}
	return s.after(d, table, q.Walk.From)
}

// union puts the rows of several selects together.
func union(selects []fragment) fragment {
	if len(selects) == 1 {
		return selects[0]
	}
	var all []fragment
	for i, s := range selects {
		if i > 0 {
			all = append(all, raw(` union all `))
		}
		all = append(all, raw(`select * from (`), s, raw(`) as arm`))
	}
	return glue(all...)
}

func cut(limit, skip int) fragment { return fragment{` limit ? offset ?`, []any{limit, skip}} }

// glue puts fragments one after the other.
func glue(parts ...fragment) fragment {
	var text strings.Builder
	var args []any
	for _, p := range parts {
		text.WriteString(p.text)
		args = append(args, p.args...)
	}
	return fragment{text.String(), args}
}
