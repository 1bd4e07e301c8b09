package db

import (
	"context"
	"fmt"

	"proprio/resources"
)

// Find implements resources.Store. A filter that takes too long to answer gives way to the other requests.
func (d *DB) Find(ctx context.Context, c resources.Caller, q resources.Query) (*resources.Page, error) {
	if q.Where == nil {
		return d.find(ctx, c, q)
	}
	bounded, cancel := context.WithTimeout(ctx, d.findTime)
	defer cancel()
	page, err := d.find(bounded, c, q)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		return nil, &resources.Error{Kind: resources.ErrTooMany, Path: "filter", Cause: err, Detail: fmt.Sprintf(
			"The filter was not answered within %s. Narrow it, for example by what userName, externalId or emails eq.", d.findTime)}
	}
	return page, err
}

// find answers a query. A look-up that fits its page is one statement: the total follows from the page.
func (d *DB) find(ctx context.Context, c resources.Caller, q resources.Query) (*resources.Page, error) {
	where, args, err := d.matching(c, q)
	if err != nil {
		return nil, err
	}
	skip := max(q.StartIndex, 1) - 1
	page, whole := &resources.Page{}, true
	if q.Count > 0 {
		page.Resources, whole, err = d.findPage(ctx, c, q, where, args, skip)
		if err != nil {
			return nil, err
		}
	}
	got := len(page.Resources)
	if whole && q.Count > got && (got > 0 || skip == 0) {
		page.Total = skip + got
		return page, nil
	}
	return page, d.get(ctx, nil, &page.Total, `select count(*) from resources r where `+where, args...)
}

// matching is the condition on resources r that a query means.
func (d *DB) matching(c resources.Caller, q resources.Query) (where string, args []any, err error) {
	where, args = `r.company_id = ? and r.type = ?`, []any{c.Company, q.Type}
	if q.Where == nil {
		return where, args, nil
	}
	cond, more, err := d.compileCondition(c, q.Type, q.Where)
	return where + ` and (` + cond + `)`, append(args, more...), err
}

// findPage reads one page in the order of creation. The whole list is cut on the narrow index first, so that skipped
// resources cost an index entry, not a document. whole is false when the page ends early for its members.
func (d *DB) findPage(
	ctx context.Context, c resources.Caller, q resources.Query, where string, args []any, skip int,
) (found []*resources.Resource, whole bool, err error) {
	const cut = ` order by r.created, r.id limit ? offset ?`
	query := d.selectResources(q.With, `resources r`) + ` where ` + where + cut
	if q.Where == nil {
		query = d.selectResources(q.With, `(select r.company_id, r.id from resources r where `+where+cut+`) as page
			join resources r on r.company_id = page.company_id and r.id = page.id`) + ` order by r.created, r.id`
	}
	values := append(append([]any{c.Connection}, args...), q.Count, skip)
	var rows []resourceRow
	err = d.list(ctx, nil, &rows, query, values...)
	if err != nil {
		return nil, false, err
	}
	found, err = d.complete(ctx, c, q.With, rows)
	return found, len(found) == len(rows), err
}
