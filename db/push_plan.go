package db

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/push"
)

// DirtyMarks implements push.Plans. The planner serves all companies, so this query names none.
func (d *DB) DirtyMarks(ctx context.Context, limit int) ([]push.Mark, error) {
	var rows []struct {
		Company    string `db:"company_id"`
		ObjectType string `db:"object_type"`
		ObjectID   string `db:"object_id"`
		Seq        int64  `db:"seq"`
	}
	err := d.list(ctx, nil, &rows, `select company_id, object_type, object_id, seq from dirty order by marked_at limit ?`, limit)
	if err != nil {
		return nil, err
	}
	marks := make([]push.Mark, len(rows))
	for i, r := range rows {
		marks[i] = push.Mark(r)
	}
	return marks, nil
}

// Standings implements push.Plans.
func (d *DB) Standings(ctx context.Context, company, objectType string, ids []string) (map[string]push.Standing, error) {
	standings := make(map[string]push.Standing, len(ids))
	var objects []struct {
		ID, Name, Hold string
		Active         bool
	}
	err := d.list(ctx, nil, &objects, `select id, case when type = 'User' then user_name else display_name end as name, hold,
		active from resources where company_id = ? and type = ? and id `+d.dialect.in(), company, objectType, d.dialect.values(ids))
	if err != nil {
		return nil, err
	}
	for _, o := range objects {
		standings[o.ID] = push.Standing{Exists: true, Name: o.Name, Hold: o.Hold, Active: o.Active}
	}
	var pairs []struct{ ID, Other string }
	err = d.list(ctx, nil, &pairs, `select member_id as id, group_id as other from members
		where company_id = ? and member_id `+d.dialect.in()+` order by group_id`, company, d.dialect.values(ids))
	if err != nil {
		return nil, err
	}
	for _, p := range pairs {
		s := standings[p.ID]
		s.Groups = append(s.Groups, p.Other)
		standings[p.ID] = s
	}
	pairs = pairs[:0]
	err = d.list(ctx, nil, &pairs, `select object_id as id, app_id as other from accounts
		where company_id = ? and object_type = ? and object_id `+d.dialect.in()+` order by app_id`,
		company, objectType, d.dialect.values(ids))
	if err != nil {
		return nil, err
	}
	for _, p := range pairs {
		s := standings[p.ID]
		s.Apps = append(s.Apps, p.Other)
		standings[p.ID] = s
	}
	return standings, nil
}

// PlanMarks implements push.Plans. Marks that no account follows from, which are all of them where no app is, are taken
// away together: they come as fast as identity providers write.
func (d *DB) PlanMarks(ctx context.Context, now time.Time, planned []push.Planned) error {
	settled := map[string][][]any{}
	for _, p := range planned {
		if len(p.Intents) == 0 {
			settled[p.Mark.Company] = append(settled[p.Mark.Company], []any{p.Mark.ObjectType, p.Mark.ObjectID, p.Mark.Seq})
		}
	}
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		for _, company := range slices.Sorted(maps.Keys(settled)) {
			if err := d.takeMarks(ctx, tx, company, settled[company]); err != nil {
				return err
			}
		}
		for _, p := range planned {
			if len(p.Intents) == 0 {
				continue
			}
			n, err := d.exec(ctx, tx, `delete from dirty where company_id = ? and object_type = ? and object_id = ? and seq = ?`,
				p.Mark.Company, p.Mark.ObjectType, p.Mark.ObjectID, p.Mark.Seq)
			if err != nil {
				return err
			}
			if n == 0 {
				continue
			}
			err = d.raise(ctx, tx, p.Mark.Company, now, p.Intents)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// takeMarks takes marks, each a type, an id and a seq, away unless they were raised meanwhile.
func (d *DB) takeMarks(ctx context.Context, tx *sqlx.Tx, company string, marks [][]any) error {
	f := d.dialect.field
	_, err := d.exec(ctx, tx, `delete from dirty where company_id = ? and (object_type, object_id, seq) in (
		select `+f(0, "")+`, `+f(1, "")+`, `+f(2, "bigint")+` from `+d.dialect.rows()+`)`, company, jsonText(marks))
	return err
}

// RaiseAccounts implements push.Plans.
func (d *DB) RaiseAccounts(ctx context.Context, company string, now time.Time, intents []push.Intent, entries ...audit.Entry) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		if err := d.raise(ctx, tx, company, now, intents); err != nil {
			return err
		}
		return d.appendEntries(ctx, tx, entries...)
	})
}

// raise lifts the wanted generation of each intent's account. A tombstone that is confirmed stays at rest.
func (d *DB) raise(ctx context.Context, tx *sqlx.Tx, company string, now time.Time, intents []push.Intent) error {
	const set = ` wanted_gen = accounts.wanted_gen + 1, wish = ?, rank = ?, object_name = case when ? = '' then accounts.object_name else ? end,
		state = 'pending', attempts = 0, next_attempt = ? `
	for _, i := range intents {
		common := []any{string(i.Wish), int64(i.Rank), i.ObjectName, i.ObjectName, micros(now)}
		var err error
		if i.OnlyKnown {
			_, err = d.exec(ctx, tx, `update accounts set`+set+`where company_id = ? and app_id = ? and object_type = ?
				and object_id = ? and not (state = 'removed' and wish = ? and wanted_gen = done_gen)`,
				append(common, company, i.App, i.ObjectType, i.ObjectID, string(i.Wish))...)
		} else {
			_, err = d.exec(ctx, tx, `insert into accounts (company_id, id, app_id, object_type, object_id, object_name, wish,
				rank, wanted_gen, done_gen, state, remote_id, origin, moved, begun, manager, epoch, written, attempts, class, error,
				next_attempt, confirmed_at)
				values (?, ?, ?, ?, ?, ?, ?, ?, 1, 0, 'pending', '', '', false, '', '', 0, '', 0, '', '', ?, 0)
				on conflict (company_id, app_id, object_type, object_id) do update set`+set,
				append([]any{company, newID(), i.App, i.ObjectType, i.ObjectID, i.ObjectName, string(i.Wish), int64(i.Rank),
					micros(now)}, common...)...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ObjectsOfApp implements push.Plans.
func (d *DB) ObjectsOfApp(ctx context.Context, company, app, objectType, after string, limit int) ([]string, error) {
	var ids []string
	err := d.list(ctx, nil, &ids, `select id from (
			select id from resources where company_id = ? and type = ? and id > ?
			union
			select object_id as id from accounts where company_id = ? and app_id = ? and object_type = ? and object_id > ?
		) both_kinds order by id limit ?`, company, objectType, after, company, app, objectType, after, limit)
	return ids, err
}

var _ push.Store = (*DB)(nil)
