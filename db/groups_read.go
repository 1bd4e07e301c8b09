package db

import (
	"context"
	"maps"
	"slices"

	"proprio/resources"
)

// completeGroups brings the members of the Groups among resources that were found, as many as With wants.
func (d *DB) completeGroups(
	ctx context.Context, c resources.Caller, with resources.With, found []*resources.Resource, groups map[string]*resources.Resource,
) ([]*resources.Resource, error) {
	if most := with.MostMembers(); len(found) == 1 && most > 0 {
		return found, d.completeGroup(ctx, c, found[0], most)
	}
	if with.MemberLimit > 0 || with.MembersAtOnce > 0 || with.PageMembers > 0 && len(groups) > 1 {
		counts, err := d.countMembers(ctx, c, groups)
		if err != nil {
			return nil, err
		}
		setAside(groups, counts, with.MemberLimit)
		if with.PageMembers > 0 {
			found = endPage(found, groups, counts, with.PageMembers)
		}
		setAside(groups, counts, with.MembersAtOnce)
	}
	if len(groups) == 0 {
		return found, nil
	}
	return found, d.fillMembers(ctx, c, groups)
}

// completeGroup reads the members of one Group, one more than it may have: most Groups need no counting.
func (d *DB) completeGroup(ctx context.Context, c resources.Caller, g *resources.Resource, most int) error {
	var rows []memberRow
	err := d.list(ctx, nil, &rows, selectMembers+`and m.group_id = ? order by m.member_id limit ?`, c.Company, g.ID, most+1)
	if err != nil {
		return err
	}
	if len(rows) > most {
		counts, err := d.countMembers(ctx, c, map[string]*resources.Resource{g.ID: g})
		g.Members, g.MemberCount = nil, max(counts[g.ID], most+1) // it had as many when its members were read
		return err
	}
	g.Members, g.MemberCount = make([]resources.Member, len(rows)), len(rows)
	for i, row := range rows {
		g.Members[i] = row.member()
	}
	return nil
}

// setAside gives the Groups with more members than limit their count only and takes them out of the map: their members
// are not read. 0: no limit.
func setAside(groups map[string]*resources.Resource, counts map[string]int, limit int) {
	for id, g := range groups {
		if n := counts[id]; limit > 0 && n > limit {
			g.Members, g.MemberCount = nil, n
			delete(groups, id)
		}
	}
}

// endPage leaves as many resources as bring no more members than limit together, but one at least, and takes the Groups
// after them out of the map.
func endPage(found []*resources.Resource, groups map[string]*resources.Resource, counts map[string]int, limit int) []*resources.Resource {
	total, end := 0, len(found)
	for i, r := range found {
		if groups[r.ID] != nil {
			total += counts[r.ID]
		}
		if total > limit && i > 0 {
			end = min(end, i)
		}
		if i >= end {
			delete(groups, r.ID)
		}
	}
	return found[:end]
}

// countMembers counts the members of Groups.
func (d *DB) countMembers(ctx context.Context, c resources.Caller, groups map[string]*resources.Resource) (map[string]int, error) {
	var rows []struct {
		Group string `db:"group_id"`
		Count int    `db:"members"`
	}
	err := d.list(ctx, nil, &rows, `select group_id, count(*) as members from members
		where company_id = ? and group_id `+d.dialect.in()+` group by group_id`,
		c.Company, d.dialect.values(slices.Sorted(maps.Keys(groups))))
	counts := make(map[string]int, len(rows))
	for _, row := range rows {
		counts[row.Group] = row.Count
	}
	return counts, err
}
