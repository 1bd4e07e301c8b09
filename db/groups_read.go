package db

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"proprio/resources"
)

// membersAlong is how many members a Group may have for all of them to come in its row, of a page of so many rows; 0: none
// do. What a page may bring in all it brings no more of.
func membersAlong(with resources.With, page int) int {
	switch most := with.MostMembers(); {
	case !with.Members:
		return 0
	case with.PageMembers > 0:
		return min(most, with.PageMembers/page)
	default:
		return most
	}
}

// membersColumn brings so many members with each Group, and one more where it has more.
func (d *DB) membersColumn(along int) fragment {
	if along == 0 {
		return fragment{}
	}
	return fragment{`, (select ` + d.dialect.packed("x.member_id", "x.member_type", "x.display") + ` from (` + memberRows +
		`where m.company_id = r.company_id and m.group_id = r.id limit ?) as x) as member_rows`, []any{along + 1}}
}

// members are the members that came with a row.
func (row *resourceRow) members() ([]resources.Member, error) {
	members := []resources.Member{}
	err := unpack(row.MemberRows.String, 3, func(m []string) {
		members = append(members, resources.Member{ID: m[0], Type: m[1], Display: m[2]})
	})
	if err != nil {
		return nil, fmt.Errorf("members of %s %s: %w", row.Type, row.ID, err)
	}
	slices.SortFunc(members, func(a, b resources.Member) int { return strings.Compare(a.ID, b.ID) })
	return members, nil
}

// completeGroups brings the members of the Groups among resources that were found that did not come along, as many as
// With wants.
func (d *DB) completeGroups(
	ctx context.Context, c resources.Caller, with resources.With, along int, found []*resources.Resource, groups map[string]*resources.Resource,
) ([]*resources.Resource, error) {
	if most := with.MostMembers(); len(found) == 1 && most > along {
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
		total += len(r.Members)
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
