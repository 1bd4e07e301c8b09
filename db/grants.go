package db

import (
	"context"

	"proprio/resources"
)

// fillUsed counts how many Users in force have each of the roles or entitlements. It looks at every User of the company
// once for each kind.
func (d *DB) fillUsed(ctx context.Context, c resources.Caller, grants []*resources.Resource) error {
	byType := map[string][]*resources.Resource{}
	for _, g := range grants {
		if resources.GrantedAs(g.Type) != "" {
			byType[g.Type] = append(byType[g.Type], g)
		}
	}
	for typ, some := range byType {
		used, err := d.used(ctx, c, resources.GrantedAs(typ))
		if err != nil {
			return err
		}
		for _, g := range some {
			document, err := g.Document()
			if err != nil {
				return err
			}
			value, _ := document["value"].(string)
			g.Used = used[resources.Fold(value)]
		}
	}
	return nil
}

// used counts the Users in force by the folded values of a list in their documents.
func (d *DB) used(ctx context.Context, c resources.Caller, list string) (map[string]int, error) {
	value := d.dialect.jsonPath("v.value", []string{"value"})
	value.text = d.dialect.fold(value.text)
	query := glue(raw(`select x.value, count(*) as users from (select distinct r.id, `), value, fragment{` as value from
		(select id, body from resources where company_id = ? and type = ? and active and hold = '') as r, `,
		[]any{c.Company, resources.TypeUser}}, d.dialect.jsonElements("r.body", []string{list}, "v"),
		raw(`) as x where x.value is not null group by x.value`))
	var rows []struct {
		Value string `db:"value"`
		Users int    `db:"users"`
	}
	err := d.list(ctx, nil, &rows, query.text, query.args...)
	used := make(map[string]int, len(rows))
	for _, row := range rows {
		used[row.Value] = row.Users
	}
	return used, err
}
