package db

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/push"
	"proprio/resources"
)

// DirtyMarks implements push.Plans. The planner serves all companies, so this query names none.
func (d *DB) DirtyMarks(ctx context.Context, limit int) ([]push.Mark, error) {
	var rows []struct {
		Company    string `db:"company_id"`
		ObjectType string `db:"object_type"`
		ObjectID   string `db:"object_id"`
		Seq        int64  `db:"seq"`
		Wanted     bool   `db:"wanted"`
	}
	err := d.list(ctx, nil, &rows, `select company_id, object_type, object_id, seq,
		exists (select 1 from apps where apps.company_id = dirty.company_id) as wanted from dirty order by marked_at limit ?`, limit)
	if err != nil {
		return nil, err
	}
	marks := make([]push.Mark, len(rows))
	for i, r := range rows {
		marks[i] = push.Mark(r)
	}
	return marks, nil
}

// Standings implements push.Plans, in one query: what is known of an object comes in several rows. The apps are named so
// that SQLite finds accounts by all of their key: left with the company alone it reads all of the company's.
func (d *DB) Standings(ctx context.Context, company, objectType string, ids []string) (map[string]push.Standing, error) {
	in, list := d.dialect.in(), d.dialect.values(ids)
	var rows []struct {
		Known, ID, Name, Hold string
		Active                bool
	}
	err := d.list(ctx, nil, &rows, `select 'object' as known, id, case when type = 'User' then user_name else display_name end as name, hold,
			active from resources where company_id = ? and type = ? and id `+in+`
		union all select 'group', member_id, group_id, '', false from members where company_id = ? and member_id `+in+`
		union all select 'app', object_id, app_id, '', false from accounts where company_id = ?
			and app_id in (select id from apps where company_id = ?) and object_type = ? and object_id `+in,
		company, objectType, list, company, list, company, company, objectType, list)
	if err != nil {
		return nil, err
	}
	standings := make(map[string]push.Standing, len(ids))
	for _, r := range rows {
		s := standings[r.ID]
		switch r.Known {
		case "object":
			s.Exists, s.Name, s.Hold, s.Active = true, r.Name, r.Hold, r.Active
		case "group":
			s.Groups = append(s.Groups, r.Name)
		case "app":
			s.Apps = append(s.Apps, r.Name)
		}
		standings[r.ID] = s
	}
	for _, s := range standings {
		slices.Sort(s.Groups)
		slices.Sort(s.Apps)
	}
	return standings, nil
}

// People implements push.Plans.
func (d *DB) People(ctx context.Context, company string, ids []string) (map[string]*resources.Resource, error) {
	in, list := d.dialect.in(), d.dialect.values(ids)
	var rows []struct {
		ID, GroupID, Name string
		Body              []byte
	}
	err := d.list(ctx, nil, &rows, `select id, '' as groupid, '' as name, cast(body as text) as body from resources
			where company_id = ? and type = 'User' and id `+in+`
		union all select m.member_id, m.group_id, g.display_name, '' from members m
			join resources g on g.company_id = m.company_id and g.id = m.group_id where m.company_id = ? and m.member_id `+in,
		company, list, company, list)
	if err != nil {
		return nil, err
	}
	people := make(map[string]*resources.Resource, len(ids))
	groups := map[string][]resources.Ref{}
	for _, r := range rows {
		if r.GroupID != "" {
			groups[r.ID] = append(groups[r.ID], resources.Ref{Type: resources.TypeGroup, ID: r.GroupID, Display: r.Name})
			continue
		}
		people[r.ID] = &resources.Resource{Type: resources.TypeUser, ID: r.ID, Body: r.Body}
	}
	for id, r := range people {
		r.Groups = groups[id]
		slices.SortFunc(r.Groups, func(a, b resources.Ref) int { return cmp.Compare(a.ID, b.ID) })
	}
	return people, nil
}

// DropMarks implements push.Plans.
//
// Nothing is lost to an app that is created meanwhile. Its first push reads the directory after the app is committed. A
// mark that goes here was committed, with its change, before this statement looked and saw no app, so that push sees the
// change. A change that is committed once the app is there sets or raises its mark, with a seq that was not read here:
// also when Postgres waited here for the change, it compares the seq again and leaves the mark.
func (d *DB) DropMarks(ctx context.Context, company string, marks []push.Mark) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		those := d.dialect.marks(company, marks)
		_, err := d.exec(ctx, tx, `delete from dirty where company_id = ? and (object_type, object_id, seq) in (`+those.text+`)
			and not exists (select 1 from apps where company_id = ?)`, append(append([]any{company}, those.args...), company)...)
		return err
	})
}

// marks is a subquery with the type, id and seq of marks. Postgres locks them in it, in the order in which changes do: in
// another one, who takes marks away and who sets them would block each other for good.
func (d dialect) marks(company string, marks []push.Mark) fragment {
	rows := make([][]any, len(marks))
	for i, m := range marks {
		rows[i] = []any{m.ObjectType, m.ObjectID, m.Seq}
	}
	those := fragment{`select ` + d.field(0, "") + `, ` + d.field(1, "") + `, ` + d.field(2, "bigint") + ` from ` + d.rows(), []any{jsonText(rows)}}
	if !d.postgres {
		return those
	}
	return glue(raw(`with held as materialized (select dirty.object_type, dirty.object_id, dirty.seq from (`), those,
		fragment{`) as mark(object_type, object_id, seq) join dirty using (object_type, object_id, seq)
			where dirty.company_id = ? order by dirty.object_type, dirty.object_id for update of dirty) select * from held`, []any{company}})
}

// PlanMarks implements push.Plans.
func (d *DB) PlanMarks(ctx context.Context, company string, now time.Time, planned []push.Planned) error {
	marks := make([]push.Mark, len(planned))
	for i, p := range planned {
		marks[i] = p.Mark
	}
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		var taken []object
		those := d.dialect.marks(company, marks)
		err := d.list(ctx, tx, &taken, `delete from dirty where company_id = ? and (object_type, object_id, seq) in (`+those.text+`)
			returning object_type as type, object_id as id`, append([]any{company}, those.args...)...)
		if err != nil {
			return err
		}
		ours := map[object]bool{}
		for _, o := range taken {
			ours[o] = true
		}
		var plans []push.Planned
		for _, p := range planned {
			if o := (object{p.Mark.ObjectType, p.Mark.ObjectID}); ours[o] {
				plans = append(plans, p)
				delete(ours, o) // a mark has one plan
			}
		}
		if err := d.tellNames(ctx, tx, company, now, plans); err != nil {
			return err
		}
		return d.raise(ctx, tx, company, now, intentsOf(plans))
	})
}

// intentsOf are the intents of plans, one for each account: two Groups may have been renamed that hold the same User.
func intentsOf(plans []push.Planned) []push.Intent {
	type account struct{ app, typ, id string }
	seen := map[account]bool{}
	var out []push.Intent
	for _, p := range plans {
		for _, i := range p.Intents {
			if of := (account{i.App, i.ObjectType, i.ObjectID}); !seen[of] {
				seen[of] = true
				out = append(out, i)
			}
		}
	}
	return out
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

// byName is push.RankNow in a statement: what an administrator asks for by name is allowed to end somebody's access.
var byName = strconv.Itoa(int(push.RankNow))

// raise lifts the wanted generation of each intent's account. A tombstone that is confirmed stays at rest.
func (d *DB) raise(ctx context.Context, tx *sqlx.Tx, company string, now time.Time, intents []push.Intent) error {
	var rows [][]any
	for _, i := range intents {
		if !i.OnlyKnown {
			rows = append(rows, []any{i.App, i.ObjectType, i.ObjectID, i.ObjectName, string(i.Wish), int64(i.Rank), newID()})
		} else if err := d.raiseKnown(ctx, tx, company, now, i); err != nil {
			return err
		}
	}
	if len(rows) == 0 {
		return nil
	}
	f := d.dialect.field
	_, err := d.exec(ctx, tx, `insert into accounts (company_id, id, app_id, object_type, object_id, object_name, wish,
		rank, wanted_gen, done_gen, state, remote_id, origin, moved, begun, manager, epoch, written, attempts, class, error,
		next_attempt, confirmed_at)
		select cast(? as text), `+f(6, "")+`, `+f(0, "")+`, `+f(1, "")+`, `+f(2, "")+`, `+f(3, "")+`, `+f(4, "")+`,
		`+f(5, "bigint")+`, 1, 0, 'pending', '', '', false, '', '', 0, '', 0, '', '', cast(? as bigint), 0
		from `+d.dialect.rows()+` where true
		on conflict (company_id, app_id, object_type, object_id) do update set wanted_gen = accounts.wanted_gen + 1,
		allowed_gen = case when excluded.rank = `+byName+` then accounts.wanted_gen + 1 else accounts.allowed_gen end,
		wish = excluded.wish, rank = excluded.rank, state = 'pending', attempts = 0, next_attempt = excluded.next_attempt,
		object_name = case when excluded.object_name = '' then accounts.object_name else excluded.object_name end`,
		company, micros(now), jsonText(rows))
	return err
}

// raiseKnown raises one account that may not be there. Together with others SQLite would read all of the company's.
func (d *DB) raiseKnown(ctx context.Context, tx *sqlx.Tx, company string, now time.Time, i push.Intent) error {
	_, err := d.exec(ctx, tx, `update accounts set wanted_gen = wanted_gen + 1,
		allowed_gen = case when cast(? as bigint) = `+byName+` then wanted_gen + 1 else allowed_gen end, wish = case when ? = '' then wish else ? end,
		rank = case when ? = '' then rank else cast(? as bigint) end, state = 'pending', attempts = 0,
		next_attempt = ?, object_name = case when ? = '' then object_name else ? end
		where company_id = ? and app_id = ? and object_type = ? and object_id = ?
		and not (state = 'removed' and wish = ? and wanted_gen = done_gen)`,
		int64(i.Rank), string(i.Wish), string(i.Wish), string(i.Wish), int64(i.Rank), micros(now), i.ObjectName, i.ObjectName,
		company, i.App, i.ObjectType, i.ObjectID, string(i.Wish))
	return err
}

// RepairAccounts implements push.Plans.
func (d *DB) RepairAccounts(
	ctx context.Context, company, app string, now time.Time, repairs []push.Repair, entries ...audit.Entry,
) (int, error) {
	done := 0
	err := d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		done = 0
		for _, r := range repairs {
			n, err := d.exec(ctx, tx, `update accounts set wanted_gen = wanted_gen + 1, state = 'pending', attempts = 0, next_attempt = ?,
				written = ?
				where company_id = ? and app_id = ? and id = ? and wanted_gen = ?`,
				micros(now), string(r.Written), company, app, r.Account, r.WantedGen)
			if err != nil {
				return err
			}
			done += int(n)
		}
		return d.appendEntries(ctx, tx, entries...)
	})
	return done, err
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
