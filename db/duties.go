package db

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"
)

// Duty is something done once for the whole cluster, by one replica at a time. Times are the database's clock, so that
// replicas whose clocks differ agree on them.
type Duty struct {
	Name     string
	Owner    string        // the replica that does it now; empty: nobody
	Until    time.Time     // when its lease ends, unless it is renewed
	Due      time.Time     // when it is to be done next
	Started  time.Time     // the last time; zero: never
	Finished time.Time     // the last time that it came to its end; zero: never
	Outcome  string        // of the last time; empty: it was done
	Late     time.Duration // how long it has been due while nobody did it; 0: it is not late
}

// DutyServe is the duty that one replica holds as long as any serves.
const DutyServe = "serve"

// Duties are all that replicas have taken so far, by name.
func (d *DB) Duties(ctx context.Context) ([]Duty, error) {
	var rows []struct {
		Name     string `db:"name"`
		Owner    string `db:"owner"`
		Until    int64  `db:"lease_until"`
		Due      int64  `db:"due"`
		Started  int64  `db:"started"`
		Finished int64  `db:"finished"`
		Outcome  string `db:"outcome"`
		Clock    int64  `db:"clock"`
	}
	err := d.list(ctx, nil, &rows, `select name, owner, lease_until, due, started, finished, outcome, `+d.dialect.clock()+` as clock
		from duties order by name`)
	duties := make([]Duty, len(rows))
	for i, r := range rows {
		duties[i] = Duty{Name: r.Name, Owner: r.Owner, Until: fromMicros(r.Until), Due: fromMicros(r.Due),
			Started: fromMicros(r.Started), Finished: fromMicros(r.Finished), Outcome: r.Outcome,
			Late: time.Duration(max(0, r.Clock-max(r.Due, r.Until))) * time.Microsecond}
	}
	return duties, err
}

// TakeDuty leases a duty to a replica, if it is due and nobody holds it. Otherwise wait says when to ask again at the latest.
func (d *DB) TakeDuty(ctx context.Context, name, owner string, lease time.Duration) (held bool, wait time.Duration, err error) {
	clock := d.dialect.clock()
	err = d.get(ctx, nil, &wait, `select (case when due > lease_until then due else lease_until end) - `+clock+` from duties where name = ?`, name)
	if err != nil && !isNotFound(err) {
		return false, 0, err
	}
	if wait > 0 {
		return false, wait * time.Microsecond, nil
	}
	held, err = d.lease(ctx, `insert into duties (name, owner, lease_until, due, started, finished, outcome)
		values (?, ?, `+clock+` + ?, 0, `+clock+`, 0, '') on conflict (name) do update set
		owner = excluded.owner, lease_until = excluded.lease_until, started = excluded.started
		where duties.lease_until <= `+clock+` and duties.due <= `+clock, name, owner, lease.Microseconds())
	return held, 0, err
}

// KeepDuty renews a lease; false: another replica has it.
func (d *DB) KeepDuty(ctx context.Context, name, owner string, lease time.Duration) (bool, error) {
	return d.lease(ctx, `update duties set lease_until = `+d.dialect.clock()+` + ? where name = ? and owner = ?`,
		lease.Microseconds(), name, owner)
}

// EndDuty gives a lease back after the work, which is due again so long after it was begun.
func (d *DB) EndDuty(ctx context.Context, name, owner string, again time.Duration, outcome string) error {
	clock := d.dialect.clock()
	_, err := d.lease(ctx, `update duties set owner = '', lease_until = 0, due = started + ?, finished = `+clock+`, outcome = ?
		where name = ? and owner = ?`, again.Microseconds(), storable(outcome), name, owner)
	return err
}

// LeaveDuty gives a lease back before the work was done; another replica may begin it at once.
func (d *DB) LeaveDuty(ctx context.Context, name, owner string) error {
	_, err := d.lease(ctx, `update duties set owner = '', lease_until = 0 where name = ? and owner = ?`, name, owner)
	return err
}

// forgetDuties gives back what a process that died held.
func (d *DB) forgetDuties(ctx context.Context, tx *sqlx.Tx) error {
	_, err := d.exec(ctx, tx, `update duties set owner = '', lease_until = 0 where owner <> ''`)
	return err
}
