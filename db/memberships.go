package db

import (
	"context"
	"slices"

	"proprio/resources"
)

// membershipRow is a row of members with both of its ends.
type membershipRow struct {
	memberRow
	Created      int64  `db:"created"`
	GroupDisplay string `db:"group_display"`
}

const membershipColumns = `m.group_id, m.member_id, m.member_type, coalesce(nullif(u.display_name, ''), u.user_name) as display,
	case m.created when 0 then g.created else m.created end as created, g.display_name as group_display`

const membershipSource = ` from members m
	join resources g on g.company_id = m.company_id and g.id = m.group_id
	join resources u on u.company_id = m.company_id and u.id = m.member_id where m.company_id = ?`

func (row membershipRow) resource() *resources.Resource {
	at := fromMicros(row.Created)
	return &resources.Resource{
		Type: resources.TypeMembership, ID: resources.MembershipID(row.Group, row.ID), Version: 1, Created: at, LastModified: at,
		Body: []byte(`{"schemas":["` + resources.SchemaMembership + `"]}`), MemberCount: -1,
		Groups:  []resources.Ref{{Type: resources.TypeGroup, ID: row.Group, Display: row.GroupDisplay}},
		Members: []resources.Member{row.member()},
	}
}

// membership returns one membership.
func (d *DB) membership(ctx context.Context, c resources.Caller, id string) (*resources.Resource, error) {
	var row membershipRow
	err := error(resources.Errorf(resources.ErrNotFound, "", ""))
	group, member, ok := resources.SplitMembershipID(id)
	if ok && keepable(id) {
		err = d.get(ctx, nil, &row, `select `+membershipColumns+membershipSource+` and m.group_id = ? and m.member_id = ?`,
			c.Company, group, member)
	}
	if err != nil {
		return nil, named(err, "membership %q does not exist", id)
	}
	return row.resource(), nil
}

// findMemberships answers a query on memberships, in the order of (group, member): by startIndex, or by place.
func (d *DB) findMemberships(ctx context.Context, c resources.Caller, q resources.Query) (*resources.Page, error) {
	asked, none, err := resources.ReadMembershipQuery(q.Where)
	switch {
	case err != nil || none:
		return &resources.Page{}, err
	case q.SortBy != nil && q.SortBy.String() != "id" && q.SortBy.String() != "group.value":
		return nil, resources.Errorf(resources.ErrInvalidValue, "sortBy", "Memberships are sorted by id or group.value.")
	}
	where := fragment{membershipSource, []any{c.Company}}
	for _, f := range []struct{ column, value string }{
		{"m.group_id", asked.Group}, {"m.member_id", asked.Member}, {"m.member_type", asked.Type},
	} {
		if f.value != "" {
			where = glue(where, raw(` and `+f.column+` = `), param(f.value))
		}
	}
	page := &resources.Page{}
	if q.Count > 0 {
		if err := d.membershipPage(ctx, q, where, page); err != nil {
			return nil, err
		}
	}
	if q.Walk != nil && q.Walk.Total > 0 {
		page.Total = q.Walk.Total
		return page, nil
	}
	return page, d.get(ctx, nil, &page.Total, `select count(*)`+where.text, where.args...)
}

// membershipPage reads one page. One row more than the page is looked for: it tells whether the walk goes on.
func (d *DB) membershipPage(ctx context.Context, q resources.Query, where fragment, page *resources.Page) error {
	backward := q.Walk != nil && q.Walk.Backward
	sign, order := ">", " order by m.group_id, m.member_id"
	if q.Descending != backward {
		sign, order = "<", " order by m.group_id desc, m.member_id desc"
	}
	skip := 0
	switch {
	case q.Walk == nil:
		skip = max(q.StartIndex, 1) - 1
	case q.Walk.From != nil:
		group, member, ok := resources.SplitMembershipID(q.Walk.From.ID)
		if !ok {
			return resources.Errorf(resources.ErrInvalidCursor, "cursor", "The cursor is not one of memberships.")
		}
		where = glue(where, raw(` and (m.group_id, m.member_id) `+sign+` (`), param(group), raw(`, `), param(member), raw(`)`))
	}
	var rows []membershipRow
	query := glue(raw(`select `+membershipColumns), where, raw(order), cut(q.Count+1, past(skip)))
	if err := d.list(ctx, nil, &rows, query.text, query.args...); err != nil {
		return err
	}
	page.More = len(rows) > q.Count
	rows = rows[:min(len(rows), q.Count)]
	if backward {
		slices.Reverse(rows)
	}
	for _, row := range rows {
		page.Resources = append(page.Resources, row.resource())
	}
	if n := len(rows); n > 0 {
		page.First = &resources.Position{ID: page.Resources[0].ID, Created: page.Resources[0].Created}
		page.Last = &resources.Position{ID: page.Resources[n-1].ID, Created: page.Resources[n-1].Created}
	}
	return nil
}
