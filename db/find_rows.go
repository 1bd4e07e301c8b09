package db

import (
	"context"
	"math"
	"strconv"
	"strings"

	"proprio/resources"
)

// extent is what of a result is read.
type extent struct {
	limit, skip int
	cut         bool // it ended before limit, for the bytes in it
	counted     bool // with each row comes the number of all that is selected, where that is no work besides
	unordered   bool // in the order in which they are found, for who sees all of it
}

// extentOf is what is read for a page by number. Of a look-up one more is looked for: it tells whether the page has all.
func extentOf(q resources.Query) extent {
	p := extent{limit: q.Count, skip: max(q.StartIndex, 1) - 1, counted: true}
	if all := q.Selections(); p.skip == 0 && len(all) == 1 && all[0].Where != nil && all[0].SortBy == nil && keyed(all[0].Where) {
		p.limit, p.unordered = q.Count+1, true
	}
	return p
}

// rows reads a part of what a search selects, in its order and in one statement, and says in the extent whether it was cut.
func (d *DB) rows(ctx context.Context, c resources.Caller, q resources.Query, s search, p *extent) (all []resourceRow, err error) {
	f, err := d.rowsSQL(c, q, s, *p)
	if err != nil {
		return nil, err
	}
	if onePage(q) {
		if ctx, err = d.brief(ctx); err != nil {
			return nil, err
		}
	}
	all, p.cut, err = d.readSome(ctx, nil, q.With.PageBytes, f.text, f.args...)
	return all, err
}

func (d *DB) rowsSQL(c resources.Caller, q resources.Query, s search, p extent) (fragment, error) {
	from, err := s.from(d.dialect, q)
	switch {
	case err != nil:
		return fragment{}, err
	case s.sorted && s.column == "":
		return d.sortedRows(c, q, s, p, from), nil
	case len(s.arms) > 1:
		return d.mergedRows(c, q, s, p, from), nil
	}
	return d.createdRows(c, q, s, p, from), nil
}

// columns begins a query for whole resources r.
func (d *DB) columns(c resources.Caller, q resources.Query, more ...fragment) fragment {
	f := glue(fragment{d.selectColumns(q.With, d.namesAlong(c, q.With)), []any{c.Connection}}, d.membersColumn(membersAlong(q.With, q.Count)))
	for _, m := range more {
		f = glue(f, raw(`, `), m)
	}
	return f
}

// counted is the column with the number of all that is selected, where it is kept.
func (s search) counted(p extent) []fragment {
	if !p.counted || !s.whole() {
		return nil
	}
	return []fragment{glue(s.total(), raw(` as list_total`))}
}

// createdRows reads resources of one type in the order of creation, or of another column with an index. The index is read from the beginning of the page, or
// from the milestone before it, to its end.
func (d *DB) createdRows(c resources.Caller, q resources.Query, s search, p extent, from fragment) fragment {
	more := s.counted(p)
	if s.column != "" {
		more = append(more, raw(`0 as sort_missing, `+s.column+` as sort_key`))
	}
	source, head, columns, offset := s.arms[0].source, fragment{}, d.columns(c, q, more...), past(p.skip)
	if s.whole() && s.column == "" && p.skip >= 2*d.milestones.spacing {
		head = glue(raw(`with `), way(s.arms[0].list, p.skip, s.down))
		from, offset = afterWay("r", p.skip, s.down)
	}
	source = glue(source, also(from))
	end := cut(p.limit, offset)
	if p.unordered {
		return glue(columns, source, end)
	}
	if p.skip == 0 || !d.dialect.postgres || !s.whole() || s.column != "" {
		return glue(head, columns, source, raw(s.by("r")), end)
	}
	// Postgres would read the documents of those it skips.
	return glue(head, columns, raw(` from (select r.company_id, r.id, r.created`), source, raw(s.by("r")), end,
		raw(`) as page`+joinPage+s.by("page")))
}

const joinPage = ` join resources r on r.company_id = page.company_id and r.id = page.id`

// mergedRows reads resources of several types in the order of creation. Each type is read by its index to the end of the
// page at most, and its documents are not.
func (d *DB) mergedRows(c resources.Caller, q resources.Query, s search, p extent, from fragment) fragment {
	arms := make([]fragment, len(s.arms))
	for i, a := range s.arms {
		arms[i] = glue(raw(`select r.company_id, r.id, r.created`), a.source, also(from), raw(s.by("r")),
			cut(p.limit+min(p.skip, math.MaxInt-p.limit), fragment{}))
	}
	return glue(d.columns(c, q, s.counted(p)...), raw(` from (select company_id, id, created from (`), union(arms), raw(`) as found`+s.by("found")),
		cut(p.limit, past(p.skip)), raw(`) as page`+joinPage+s.by("page")))
}

// sortedRows reads resources in the order of an attribute, for which all that is selected must be looked at, though no
// document but those of the page: all is cut to the page on the keys.
func (d *DB) sortedRows(c resources.Caller, q resources.Query, s search, p extent, from fragment) fragment {
	arms := make([]fragment, len(s.arms))
	for i, a := range s.arms {
		arms[i] = glue(raw(`select r.company_id, r.id, r.created, `), a.key, raw(` as key`), a.source)
	}
	found := glue(raw(`select company_id, id, created, `+s.columns(d.dialect)+` from (`), union(arms), raw(`) as keyed`))
	more := append([]fragment{raw(`page.sort_missing, page.sort_key`)}, s.counted(p)...)
	head, source := fragment{}, glue(raw(`(`), found, raw(`) as found`))
	if p.counted && !s.whole() {
		head, source = glue(raw(`with found as materialized (`), found, raw(`) `)), raw(`found`)
		more = append(more, raw(`(select count(*) from found) as list_total`))
	}
	if from.text != "" {
		from = glue(raw(` where `), from)
	}
	return glue(head, d.columns(c, q, more...), raw(` from (select company_id, id, created, sort_missing, sort_key from `), source, from,
		raw(s.by("found")), cut(p.limit, past(p.skip)), raw(`) as page`+joinPage+s.by("page")))
}

// from is the condition that a walk's page begins where it should; empty where that is the beginning.
func (s search) from(d dialect, q resources.Query) (fragment, error) {
	if q.Walk == nil || q.Walk.From == nil {
		return fragment{}, nil
	}
	if s.sorted && s.column == "" {
		return s.after(d, "found", q.Walk.From)
	}
	return s.after(d, "r", q.Walk.From)
}

// also is a further condition; empty for none.
func also(condition fragment) fragment {
	if condition.text == "" {
		return fragment{}
	}
	return glue(raw(` and `), condition)
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

// cut leaves so many rows, after those of an offset. A common number of rows stands in the text: by it Postgres can judge
// the plan once, where it would else plan each time anew.
func cut(limit int, offset fragment) fragment {
	f := glue(raw(` limit `), param(limit))
	if limit <= 2 || limit <= 1001 && limit%10 <= 1 {
		f = raw(` limit ` + strconv.Itoa(limit))
	}
	if offset.text == "" {
		return f
	}
	return glue(f, raw(` offset `), offset)
}

// past is an offset; empty for 0.
func past(n int) fragment {
	if n == 0 {
		return fragment{}
	}
	return param(n)
}

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
