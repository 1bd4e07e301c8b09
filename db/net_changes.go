package db

import (
	"context"

	"proprio/audit"
)

// NetChanges implements audit.Changes. Whether an entry is the last of its resource, and whether the resource was made
// within the span, the index on the resource's entries tells.
func (d *DB) NetChanges(ctx context.Context, company string, s audit.Span) (audit.NetPage, error) {
	created := fragment{`exists (select 1 from audit_entries f where f.company_id = e.company_id and f.object_type = e.object_type
		and f.object_id = e.object_id and f.seq > ? and f.seq <= e.seq and f.version > 0 and f.action = 'create')`, []any{s.From}}
	last := glue(fragment{` from audit_entries e where e.company_id = ? and e.seq > ? and e.seq <= ? and e.version > 0
		and e.object_type ` + d.dialect.in() + ` and not exists (select 1 from audit_entries l where l.company_id = e.company_id
			and l.object_type = e.object_type and l.object_id = e.object_id and l.seq > e.seq and l.seq <= ? and l.version > 0)
		and not (e.action = 'remove' and `, []any{company, s.After, s.UpTo, d.dialect.values(s.Types), s.UpTo}}, created, raw(`)`))
	var page audit.NetPage
	if s.Count {
		if err := d.get(ctx, nil, &page.Total, `select count(*)`+last.text, last.args...); err != nil {
			return page, err
		}
	}
	if s.Limit <= 0 {
		page.Last, page.More = s.After, page.Total > 0 || !s.Count // a page that nobody asked for: nothing of the rest is told yet
		return page, nil
	}
	query := glue(raw(`select `+entryColumns+`, `), created, raw(` as created_within`), last, raw(` order by e.seq limit ?`))
	var rows []struct {
		entryRow
		Created bool `db:"created_within"`
	}
	if err := d.list(ctx, nil, &rows, query.text, append(query.args, s.Limit+1)...); err != nil {
		return page, err
	}
	page.More = len(rows) > s.Limit
	for _, row := range rows[:min(len(rows), s.Limit)] {
		entry, err := row.entry()
		if err != nil {
			return page, err
		}
		page.Changes = append(page.Changes, audit.NetChange{Entry: entry, Created: row.Created})
		page.Last = entry.Seq
	}
	return page, nil
}
