package db

import (
	"context"
	"slices"

	"proprio/resources"
)

// namedRow is one who is named by an id.
type namedRow struct {
	ID          string `db:"id"`
	Type        string `db:"type"`
	DisplayName string `db:"display_name"`
	UserName    string `db:"user_name"`
	Member      bool   `db:"member"`
	// Of the row without an id, which is the Group's:
	Version int64 `db:"version"`
	Count   int   `db:"members"`
}

func (r *namedRow) named() resources.Named {
	return resources.Named{Type: r.Type, DisplayName: r.DisplayName, UserName: r.UserName, Member: r.Member}
}

// Named implements resources.Store.
func (d *DB) Named(ctx context.Context, c resources.Caller, ids []string) (map[string]resources.Named, error) {
	var rows []namedRow
	err := d.list(ctx, nil, &rows, `select id, type, display_name, user_name from resources where company_id = ? and id `+d.dialect.in(),
		c.Company, d.dialect.values(keepables(ids)))
	named := make(map[string]resources.Named, len(rows))
	for i := range rows {
		named[rows[i].ID] = rows[i].named()
	}
	return named, err
}

// Roll implements resources.Store.
func (d *DB) Roll(ctx context.Context, c resources.Caller, group string, ids []string) (resources.Roll, error) {
	if !keepable(group) {
		return resources.Roll{}, nil
	}
	var rows []namedRow
	err := d.list(ctx, nil, &rows, `select '' as id, '' as type, '' as display_name, '' as user_name, false as member,
			coalesce((select version from resources where company_id = ? and (type = ?) is true and id = ?), 0) as version,
			(select count(*) from members where company_id = ? and group_id = ?) as members
		union all select r.id, r.type, r.display_name, r.user_name,
			exists (select 1 from members m where m.company_id = r.company_id and m.group_id = ? and m.member_id = r.id), 0, 0
		from resources r where r.company_id = ? and r.id `+d.dialect.in(),
		c.Company, resources.TypeGroup, group, c.Company, group, group, c.Company, d.dialect.values(keepables(ids)))
	roll := resources.Roll{Named: make(map[string]resources.Named, len(rows))}
	for i := range rows {
		if r := &rows[i]; r.ID != "" {
			roll.Named[r.ID] = r.named()
		} else {
			roll.Version, roll.Count = r.Version, r.Count
		}
	}
	return roll, err
}

// keepables are the texts that can be in the database at all.
func keepables(texts []string) []string {
	return slices.DeleteFunc(append([]string{}, texts...), func(s string) bool { return !keepable(s) })
}
