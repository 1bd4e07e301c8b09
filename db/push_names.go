package db

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/push"
	"proprio/resources"
)

// ToldNames implements push.Plans.
func (d *DB) ToldNames(ctx context.Context, company string, groups []string) (map[string]push.ToldName, error) {
	var rows []struct {
		Group string `db:"group_id"`
		Name  string `db:"name"`
		After string `db:"after"`
		Done  bool   `db:"done"`
	}
	err := d.list(ctx, nil, &rows, `select group_id, name, after, done from told_names where company_id = ? and group_id `+d.dialect.in(),
		company, d.dialect.values(groups))
	told := make(map[string]push.ToldName, len(rows))
	for _, r := range rows {
		told[r.Group] = push.ToldName(r)
	}
	return told, err
}

// tellNames keeps how far the members of Groups were told of a name, and marks again those that were not told to the end.
func (d *DB) tellNames(ctx context.Context, tx *sqlx.Tx, company string, now time.Time, plans []push.Planned) error {
	for _, p := range plans {
		told := p.Told
		if told == nil {
			continue
		}
		if told.Name == "" {
			if _, err := d.exec(ctx, tx, `delete from told_names where company_id = ? and group_id = ?`, company, told.Group); err != nil {
				return err
			}
			continue
		}
		_, err := d.exec(ctx, tx, `insert into told_names (company_id, group_id, name, after, done) values (?, ?, ?, ?, ?)
			on conflict (company_id, group_id) do update set name = excluded.name, after = excluded.after, done = excluded.done`,
			company, told.Group, told.Name, told.After, told.Done)
		if err == nil && !told.Done { // behind the others, and as another mark than the one that was planned
			_, err = d.exec(ctx, tx, intoMarks+` values (?, ?, ?, ?, ?)`+raiseMarks, company, resources.TypeGroup, told.Group,
				max(micros(now), p.Mark.Seq+1), micros(now))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
