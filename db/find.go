package db

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"proprio/resources"
)

// Find implements resources.Store. A query that looks at much gives way to the others.
func (d *DB) Find(ctx context.Context, c resources.Caller, q resources.Query) (*resources.Page, error) {
	if q.Type == resources.TypeMembership {
		return d.findMemberships(ctx, c, q)
	}
	named, whole, err := d.searched(c, q)
	if err != nil {
		return nil, err
	}
	find := func(ctx context.Context) (*resources.Page, error) { return d.find(ctx, c, q) }
	if named == "" {
		return find(ctx)
	}
	return d.bounded(ctx, named, whole, find)
}

// find answers a query, most often in one statement: the total of a whole list comes with its page, and that of a look-up
// that fits its page follows from it.
func (d *DB) find(ctx context.Context, c resources.Caller, q resources.Query) (*resources.Page, error) {
	s, err := d.search(c, q)
	if err != nil {
		return nil, err
	}
	defer d.lookAt(s)
	if q.Walk != nil {
		return d.walk(ctx, c, q, s)
	}
	page := &resources.Page{}
	if q.Count == 0 {
		page.Total, err = d.count(ctx, s, fragment{})
		return page, err
	}
	rows, p, err := d.pageRows(ctx, c, q, s)
	if err != nil {
		return nil, err
	}
	page.Resources, err = d.complete(ctx, c, q.With, q.Count, rows)
	if err != nil {
		return nil, err
	}
	if n := len(page.Resources); n > 0 {
		page.First, page.Last = rows[0].position(), rows[n-1].position()
		page.Cut = p.cut && n == len(rows)
	}
	page.Total, err = d.totalOf(ctx, s, p, rows)
	return page, err
}

// pageRows reads the rows of a page. A look-up finds few: they are put in order here, for which a database would take longer
// than to find them. Where there are more than the page holds, it must say which are the first.
func (d *DB) pageRows(ctx context.Context, c resources.Caller, q resources.Query, s search) ([]resourceRow, extent, error) {
	p := extentOf(q)
	rows, err := d.rows(ctx, c, q, s, &p)
	if !p.unordered || err != nil {
		return rows, p, err
	}
	if p.cut || len(rows) > q.Count {
		p = extent{limit: q.Count, counted: true}
		rows, err = d.rows(ctx, c, q, s, &p)
		return rows, p, err
	}
	slices.SortFunc(rows, func(a, b resourceRow) int {
		order := cmp.Or(cmp.Compare(a.Created, b.Created), cmp.Compare(a.ID, b.ID))
		if s.down {
			return -order
		}
		return order
	})
	return rows, p, nil
}

// walk answers a page of a walk. One resource more than the page is looked for: it tells whether the walk goes on.
// What the walk counted at its beginning is not counted again.
func (d *DB) walk(ctx context.Context, c resources.Caller, q resources.Query, s search) (*resources.Page, error) {
	page := &resources.Page{Total: q.Walk.Total}
	var err error
	if q.Count == 0 {
		if page.Total == 0 {
			page.Total, err = d.count(ctx, s, fragment{})
		}
		return page, err
	}
	p := extent{limit: q.Count + 1, counted: q.Walk.Total == 0}
	rows, err := d.rows(ctx, c, q, s, &p)
	if err != nil {
		return nil, err
	}
	read := rows[:min(len(rows), q.Count)]
	page.Resources, err = d.complete(ctx, c, q.With, q.Count, read)
	if err != nil {
		return nil, err
	}
	read = read[:len(page.Resources)]
	page.Cut = p.cut && len(read) == len(rows)
	page.More = p.cut || len(read) < len(rows)
	if p.counted {
		page.Total, err = d.totalOfWalk(ctx, q, s, p, rows)
	}
	if q.Walk.Backward {
		slices.Reverse(page.Resources)
		slices.Reverse(read)
	}
	if len(read) > 0 {
		page.First, page.Last = read[0].position(), read[len(read)-1].position()
	}
	return page, err
}

// totalOf is how many resources a search selects, of which some were read.
func (d *DB) totalOf(ctx context.Context, s search, p extent, rows []resourceRow) (int, error) {
	read := len(rows)
	switch {
	case !p.cut && read < p.limit && (read > 0 || p.skip == 0):
		return p.skip + read, nil
	case read > 0 && rows[0].Total.Valid:
		return int(rows[0].Total.Int64), nil
	case read == 0 || s.sorted && s.column == "":
		return d.count(ctx, s, fragment{})
	}
	// A filter was asked of all up to the last row; what is left is asked of the rest.
	rest, err := s.after(d.dialect, "r", rows[read-1].position())
	if err != nil {
		return 0, err
	}
	left, err := d.count(ctx, s, rest)
	return p.skip + read + left, err
}

// totalOfWalk is that of a walk that has not been counted. Where it begins in the middle, nobody knows what came before.
func (d *DB) totalOfWalk(ctx context.Context, q resources.Query, s search, p extent, rows []resourceRow) (int, error) {
	if q.Walk.From == nil {
		return d.totalOf(ctx, s, p, rows)
	}
	if len(rows) > 0 && rows[0].Total.Valid {
		return int(rows[0].Total.Int64), nil
	}
	return d.count(ctx, s, fragment{})
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
	list
	filtered bool
	source   fragment // from resources r, with the condition
	key      fragment // what the resources are sorted by, where they are
}

// whole says that a search selects whole lists.
func (s search) whole() bool {
	return !slices.ContainsFunc(s.arms, func(a arm) bool { return a.filtered })
}

// total is the number of resources in the lists that a search selects.
func (s search) total() fragment {
	totals := make([]fragment, len(s.arms))
	for i, a := range s.arms {
		totals[i] = total(a.list)
	}
	return glueWith(` + `, totals)
}

// lookAt has the lists that were read looked at.
func (d *DB) lookAt(s search) {
	for _, a := range s.arms {
		if !a.filtered {
			d.look(a.list)
		}
	}
}

func (d *DB) search(c resources.Caller, q resources.Query) (search, error) {
	s := search{order: d.dialect.orderOf(q)}
	for _, selection := range q.Selections() {
		source, err := d.matching(c, selection)
		if err != nil {
			return search{}, err
		}
		a := arm{list: list{c.Company, selection.Type}, filtered: selection.Where != nil, source: source}
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

// count counts what a search selects, in one statement: all, or what satisfies a further condition.
func (d *DB) count(ctx context.Context, s search, further fragment) (n int, err error) {
	whole := s.whole() && further.text == ""
	if whole {
		var known sql.NullInt64
		quick := glue(raw(`select `), s.total())
		err := d.get(ctx, nil, &known, quick.text, quick.args...)
		if err != nil || known.Valid {
			return int(known.Int64), err
		}
	}
	counts := make([]fragment, len(s.arms))
	for i, a := range s.arms {
		counts[i] = glue(raw(`(select count(*)`), a.source, also(further), raw(`)`))
		if whole {
			counts[i] = wholeTotal(a.list)
		}
	}
	sum := glue(raw(`select `), glueWith(` + `, counts))
	return n, d.get(ctx, nil, &n, sum.text, sum.args...)
}
