package db

import (
	"context"

	"github.com/jmoiron/sqlx"
)

// Miscount is a list of resources whose milestones count something else than there is.
type Miscount struct {
	Company string
	Type    string
	Spans   int // between two milestones, of which the number of resources is wrong
}

type listRow struct {
	Company string `db:"company_id"`
	Type    string `db:"type"`
	Wrong   int    `db:"wrong"`
}

// Miscounts counts every resource before a milestone and returns the lists in which that is not what the milestones say.
// There should never be one: it is for doctors, and for a database that was written to by other means.
func (d *DB) Miscounts(ctx context.Context) ([]Miscount, error) {
	lists, err := d.milestoneLists(ctx)
	if err != nil {
		return nil, err
	}
	var wrong []Miscount
	for _, l := range lists {
		n, err := d.miscounted(ctx, l)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			wrong = append(wrong, Miscount{l.company, l.typ, n})
		}
	}
	return wrong, nil
}

// KeepTotals is a daily duty: it brings all milestones up to date, and takes those away of which a count is wrong. Without
// milestones a list is counted, and then gets new ones.
func (d *DB) KeepTotals(ctx context.Context) error {
	wrong, err := d.Miscounts(ctx)
	if err != nil {
		return err
	}
	for _, m := range wrong {
		d.logger.ErrorContext(ctx, "totals of a list were wrong; counting it again", "company", m.Company, "type", m.Type, "spans", m.Spans)
		err := d.forgetMilestones(ctx, list{m.Company, m.Type})
		if err != nil {
			return err
		}
	}
	lists, err := d.milestoneLists(ctx)
	for _, l := range lists {
		err = firstError(err, d.keepMilestones(ctx, l))
	}
	return err
}

func (d *DB) forgetMilestones(ctx context.Context, l list) error {
	return d.inMilestones(ctx, func(ctx context.Context, tx *sqlx.Tx) error { return d.removeMilestones(ctx, tx, l) })
}

// milestoneLists are the lists that have milestones, of all companies.
func (d *DB) milestoneLists(ctx context.Context) ([]list, error) {
	var rows []listRow
	err := d.list(ctx, nil, &rows, `select company_id, type, 0 as wrong from milestones group by company_id, type order by company_id, type`)
	lists := make([]list, len(rows))
	for i, row := range rows {
		lists[i] = list{row.Company, row.Type}
	}
	return lists, err
}

// miscounted is in how many spans of a list the number of resources is not what the milestone at the end says. One
// statement sees both as they are at one moment.
func (d *DB) miscounted(ctx context.Context, l list) (n int, err error) {
	return n, d.get(ctx, nil, &n, `select count(*) from (
			select p.created, p.id, p.passed - coalesce(lag(p.passed) over (order by p.created, p.id), 0) as n,
				coalesce(lag(p.created) over (order by p.created, p.id), `+firstMoment+`) as from_created,
				coalesce(lag(p.id) over (order by p.created, p.id), '') as from_id
			from (select m.created, m.id, `+passedNow+` as passed from milestones m where m.company_id = ? and m.type = ?) as p) as span
		where span.n <> (select count(*) from (select 1 as one from resources r where r.company_id = ? and r.type = ?
			and (r.created, r.id) > (span.from_created, span.from_id) and (r.created, r.id) <= (span.created, span.id)
			order by r.created, r.id limit 1000000) as there)`,
		l.company, l.typ, l.company, l.typ)
}
