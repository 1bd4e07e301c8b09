package db

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/push"
)

// Record implements push.Work.
func (d *DB) Record(ctx context.Context, l push.Lease, now time.Time, begun map[string]string, results ...push.Result) error {
	return d.underLease(ctx, l, func(ctx context.Context, tx *sqlx.Tx) error {
		if err := d.begin(ctx, tx, l, begun); err != nil || len(results) == 0 {
			return err
		}
		if err := d.release(ctx, tx, l, results); err != nil {
			return err
		}
		if err := d.settle(ctx, tx, l, results, now); err != nil {
			return err
		}
		var attempts []push.Attempt
		var entries []audit.Entry
		for _, r := range results {
			if err := d.fileTask(ctx, tx, r, now); err != nil {
				return err
			}
			attempts, entries = append(attempts, r.Attempts...), append(entries, r.Entries...)
		}
		if err := d.raiseDependants(ctx, tx, l, results, now); err != nil {
			return err
		}
		if err := d.addAttempts(ctx, tx, l.Company, l.App, attempts); err != nil {
			return err
		}
		return d.appendEntries(ctx, tx, entries...)
	})
}

// begin notes the creations that are about to be sent.
func (d *DB) begin(ctx context.Context, tx *sqlx.Tx, l push.Lease, begun map[string]string) error {
	if len(begun) == 0 {
		return nil
	}
	rows := make([][]any, 0, len(begun))
	for _, account := range slices.Sorted(maps.Keys(begun)) {
		rows = append(rows, []any{account, begun[account]})
	}
	if d.dialect.postgres {
		_, err := d.exec(ctx, tx, `update accounts set begun = s.begun from (select `+d.dialect.field(0, "")+` as id, `+d.dialect.field(1, "")+
			` as begun from `+d.dialect.rows()+`) s where company_id = ? and app_id = ? and accounts.id = s.id`, jsonText(rows), l.Company, l.App)
		return err
	}
	for _, r := range rows {
		_, err := d.exec(ctx, tx, `update accounts set begun = ? where company_id = ? and app_id = ? and id = ?`, r[1], l.Company, l.App, r[0])
		if err != nil {
			return err
		}
	}
	return nil
}

// release takes remote accounts away from the rows of former objects, which others answer for now.
func (d *DB) release(ctx context.Context, tx *sqlx.Tx, l push.Lease, results []push.Result) error {
	for _, r := range results {
		if r.Release == "" {
			continue
		}
		_, err := d.exec(ctx, tx, `update accounts set remote_id = '', origin = '', written = '', state = 'removed',
			done_gen = wanted_gen, class = '', error = '' where company_id = ? and app_id = ? and id = ?`,
			l.Company, l.App, r.Release)
		if err != nil {
			return err
		}
	}
	return nil
}

// settled are the columns that a result writes, with their types and where they come from: what decides about the next call
// (state, wish, when) is only believed while no newer generation is wanted.
func (d dialect) settled(value func(i int, kind string) string) string {
	believed := func(column string, gen, i int, kind string) string {
		return column + ` = case when wanted_gen > ` + value(gen, "bigint") + ` then ` + column + ` else ` + value(i, kind) + ` end`
	}
	return `remote_id = ` + value(0, "text") + `, origin = ` + value(1, "text") + `, moved = ` + value(2, "boolean") + `, begun = ` + value(3, "text") +
		`, manager = ` + value(4, "text") + `, epoch = ` + value(5, "bigint") + `, written = ` + value(6, "text") + `, class = ` + value(7, "text") +
		`, error = ` + value(8, "text") + `, done_gen = ` + value(9, "bigint") + `, confirmed_at = ` + value(10, "bigint") +
		`, retired_at = ` + value(11, "bigint") + `, unasked = case when ` + value(12, "boolean") + ` then allowed_gen <> ` + value(13, "bigint") +
		` else unasked end, ` + believed("object_name", 13, 14, "text") + `, ` + believed("wish", 13, 15, "text") + `, ` +
		believed("state", 13, 16, "text") + `, ` + believed("attempts", 13, 17, "bigint") + `, ` + believed("next_attempt", 13, 18, "bigint")
}

// settlement is what settled reads of a result, and the row's id.
func settlement(r push.Result, now time.Time) []any {
	a := r.Account
	done, confirmed, retired := a.DoneGen, a.ConfirmedAt, a.RetiredAt
	if r.Confirmed {
		done = a.WantedGen
	}
	if r.Confirmed && r.Need == nil {
		confirmed = now
	}
	if r.Retired {
		retired = now
	}
	return []any{a.RemoteID, a.Origin, a.Moved, a.Begun, a.Manager, a.Epoch, string(a.Written), string(a.Class), storable(a.Error), done,
		micros(confirmed), micros(retired), r.Retired, a.WantedGen, a.ObjectName, string(a.Wish), string(a.State), a.Attempts,
		micros(a.NextAttempt), a.ID}
}

// settle writes what the worker found. Postgres is asked once for all; for SQLite a statement for each is the cheapest.
func (d *DB) settle(ctx context.Context, tx *sqlx.Tx, l push.Lease, results []push.Result, now time.Time) error {
	rows := make([][]any, len(results))
	for i, r := range results {
		rows[i] = settlement(r, now)
	}
	if d.dialect.postgres {
		_, err := d.exec(ctx, tx, `update accounts set `+d.dialect.settled(d.dialect.field)+` from `+d.dialect.rows()+
			` where company_id = ? and app_id = ? and accounts.id = `+d.dialect.field(19, ""), jsonText(rows), l.Company, l.App)
		return err
	}
	numbered := func(i int, _ string) string { return "?" + strconv.Itoa(i+1) }
	for _, row := range rows {
		_, err := d.exec(ctx, tx, `update accounts set `+d.dialect.settled(numbered)+` where company_id = ?21 and app_id = ?22 and id = ?20`,
			append(row, l.Company, l.App)...)
		if err != nil {
			return err
		}
	}
	return nil
}

// raiseDependants makes the Groups that wait for Users, and the Users whose managers they are, due again.
func (d *DB) raiseDependants(ctx context.Context, tx *sqlx.Tx, l push.Lease, results []push.Result, now time.Time) error {
	const again = `update accounts set wanted_gen = wanted_gen + 1, state = 'pending', attempts = 0, next_attempt = ?`
	const later = `, rank = case when wanted_gen > done_gen then rank else ? end`
	// What an administrator is to decide about, or decided, is not changed by a manager who came.
	const undecided = ` and state not in ('held', 'kept') and not (allowed_gen = wanted_gen and wanted_gen > done_gen)`
	var groups, managers []string
	for _, r := range results {
		groups = append(groups, r.RaiseGroups...)
		if r.RaiseReports {
			managers = append(managers, r.Account.ObjectID)
		}
		if !r.ManagerMissing {
			continue
		}
		_, err := d.exec(ctx, tx, again+later+` where company_id = ? and app_id = ? and id = ? and exists (select 1
			from accounts m where m.company_id = ? and m.app_id = ? and m.object_type = 'User' and m.object_id = ? and m.remote_id <> '')`+undecided,
			micros(now), int64(push.RankManager), l.Company, l.App, r.Account.ID, l.Company, l.App, r.Account.Manager)
		if err != nil {
			return err
		}
	}
	if len(groups) > 0 {
		_, err := d.exec(ctx, tx, again+` where company_id = ? and app_id = ? and object_type = 'Group' and wish = 'active'
			and object_id `+d.dialect.in(), micros(now), l.Company, l.App, d.dialect.values(groups))
		if err != nil {
			return err
		}
	}
	if len(managers) == 0 {
		return nil
	}
	_, err := d.exec(ctx, tx, again+later+` where company_id = ? and app_id = ? and manager <> '' and manager `+d.dialect.in()+undecided,
		micros(now), int64(push.RankManager), l.Company, l.App, d.dialect.values(managers))
	return err
}
