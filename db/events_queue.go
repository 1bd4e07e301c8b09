package db

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/resources"
	"proprio/scim/events"
)

// Advance implements events.Queue.
func (d *DB) Advance(ctx context.Context, s events.Stream, step events.Step) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		n, err := d.exec(ctx, tx, `update streams set position = ?, stage = ?, walked = ?, stale = ?, revision = revision + 1
			where company_id = ? and id = ? and revision = ?`, step.Position, step.Stage, step.Walked, step.Stale, s.Company, s.ID, s.Revision)
		switch {
		case err != nil:
			return err
		case n == 0:
			return events.ErrMoved
		}
		for _, id := range step.Joined {
			err = d.setStanding(ctx, tx, s.Company, s.ID, id, events.Member)
			if err != nil {
				return err
			}
		}
		if len(step.Left) > 0 {
			_, err = d.exec(ctx, tx, `delete from stream_standings where company_id = ? and stream_id = ? and resource_id `+d.dialect.in(),
				s.Company, s.ID, d.dialect.values(step.Left))
			if err != nil {
				return err
			}
		}
		return d.enqueue(ctx, tx, s.Company, s.ID, step.SETs)
	})
}

// Enqueue implements events.Queue.
func (d *DB) Enqueue(ctx context.Context, company, stream string, sets ...events.SET) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		return d.enqueue(ctx, tx, company, stream, sets)
	})
}

// enqueue queues SETs in one statement. A jti that waits already is left as it is.
func (d *DB) enqueue(ctx context.Context, tx *sqlx.Tx, company, stream string, sets []events.SET) error {
	if len(sets) == 0 {
		return nil
	}
	rows := make([][]any, len(sets))
	for i, s := range sets {
		subject, err := json.Marshal(s.Subject)
		if err != nil {
			return fmt.Errorf("subject of a security event token: %w", err)
		}
		rows[i] = []any{s.JTI, micros(s.At), storable(s.Txn), storable(string(subject)), s.Event, storable(string(s.Payload)), s.Own()}
	}
	f := d.dialect.field
	_, err := d.exec(ctx, tx, `insert into stream_sets (company_id, stream_id, jti, at, txn, subject, event, payload, own)
		select cast(? as text), cast(? as text), `+f(0, "")+`, `+f(1, "bigint")+`, `+f(2, "")+`, `+f(3, "")+`, `+
		f(4, "")+`, `+f(5, "")+`, `+f(6, "boolean")+` from `+d.dialect.rows()+` where true on conflict do nothing`,
		company, stream, jsonText(rows))
	return err
}

// enqueueResponses queues the outcomes of an asynchronous request for the connection whose request it is, if it has a
// stream that wants them (RFC 9967 §2.5.1.3), in the transaction that notes them.
func (d *DB) enqueueResponses(ctx context.Context, tx *sqlx.Tx, r resources.AsyncRequest) error {
	var rows []streamRow
	err := d.list(ctx, tx, &rows, `select `+streamColumns+` from streams where company_id = ? and connection_id = ? and status <> ?`,
		r.Company, r.Connection, events.Disabled)
	if err != nil {
		return err
	}
	streams, err := d.streamsOf(rows)
	if err != nil {
		return err
	}
	for _, s := range streams {
		if !slices.Contains(s.Delivered(), events.AsyncResponse) {
			continue
		}
		sets, err := events.Responses(r)
		if err != nil {
			return err
		}
		err = d.enqueue(ctx, tx, s.Company, s.ID, sets)
		if err != nil {
			return err
		}
	}
	return nil
}

// Queued implements events.Queue.
func (d *DB) Queued(ctx context.Context, company, stream string, own bool, limit int) ([]events.SET, error) {
	var rows []struct {
		JTI     string `db:"jti"`
		At      int64  `db:"at"`
		Txn     string `db:"txn"`
		Subject string `db:"subject"`
		Event   string `db:"event"`
		Payload string `db:"payload"`
	}
	err := d.list(ctx, nil, &rows, `select jti, at, txn, subject, event, payload from stream_sets where company_id = ?
		and stream_id = ? and (own or not cast(? as boolean)) order by seq limit ?`, company, stream, own, limit)
	if err != nil {
		return nil, err
	}
	sets := make([]events.SET, len(rows))
	for i, row := range rows {
		sets[i] = events.SET{JTI: row.JTI, At: fromMicros(row.At), Txn: row.Txn, Event: row.Event, Payload: json.RawMessage(row.Payload)}
		err = json.Unmarshal([]byte(row.Subject), &sets[i].Subject)
		if err != nil {
			return nil, fmt.Errorf("security event token %s: %w", row.JTI, err)
		}
	}
	return sets, nil
}

// CountQueued implements events.Queue.
func (d *DB) CountQueued(ctx context.Context, company, stream string) (n int, err error) {
	err = d.get(ctx, nil, &n, `select count(*) from stream_sets where company_id = ? and stream_id = ?`, company, stream)
	return n, err
}

// Acknowledge implements events.Queue.
func (d *DB) Acknowledge(ctx context.Context, company, stream string, jtis []string, note string) error {
	jtis = slices.DeleteFunc(slices.Clone(jtis), func(jti string) bool { return !keepable(jti) })
	if len(jtis) == 0 {
		return nil
	}
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := d.exec(ctx, tx, `delete from stream_sets where company_id = ? and stream_id = ? and jti `+d.dialect.in(),
			company, stream, d.dialect.values(jtis))
		if err == nil && note != "" {
			_, err = d.exec(ctx, tx, `update streams set error = ? where company_id = ? and id = ?`, storable(note), company, stream)
		}
		return err
	})
}

// HasPushStreams implements events.Pushing: this query names no company.
func (d *DB) HasPushStreams(ctx context.Context) (some bool, err error) {
	err = d.get(ctx, nil, &some, `select exists (select 1 from streams where method = ? and status = ?)`, events.Push, events.Enabled)
	return some, err
}

// StreamsToPush implements events.Pushing. Workers serve all companies, so this query names none.
func (d *DB) StreamsToPush(ctx context.Context, now time.Time, limit int) ([]events.Stream, error) {
	var rows []streamRow
	err := d.list(ctx, nil, &rows, `select `+streamColumns+` from streams s where method = ? and status = ? and `+companyServed+`
		and lease_until <= ? and next_attempt <= ?
		and not exists (select 1 from connections c where c.company_id = s.company_id and c.id = s.connection_id and c.disabled)
		and (stale or stage <> '' or exists (select 1 from stream_sets q where q.company_id = s.company_id and q.stream_id = s.id)
			or exists (select 1 from audit_entries e where e.company_id = s.company_id and e.seq > s.position and e.version > 0))
		order by next_attempt, lease_until limit ?`, events.Push, events.Enabled, micros(now), micros(now), limit)
	if err != nil {
		return nil, err
	}
	return d.streamsOf(rows)
}

// LeaseStream implements events.Pushing.
func (d *DB) LeaseStream(ctx context.Context, l events.Lease, now, until time.Time) (bool, error) {
	return d.lease(ctx, `update streams set lease_owner = ?, lease_until = ? where company_id = ? and id = ? and status = ?
		and `+companyServed+` and (lease_until <= ? or lease_owner = ?)`,
		l.Owner, micros(until), l.Company, l.Stream, events.Enabled, micros(now), l.Owner)
}

// ReleaseStream implements events.Pushing.
func (d *DB) ReleaseStream(ctx context.Context, l events.Lease, o events.Outcome) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := d.exec(ctx, tx, `update streams set lease_owner = '', lease_until = 0, failures = ?, next_attempt = ?,
			error = case when cast(? as boolean) then '' when cast(? as text) = '' then error else ? end where company_id = ? and id = ? and lease_owner = ?`,
			o.Failures, micros(o.NextAttempt), o.Recovered, storable(o.Error), storable(o.Error), l.Company, l.Stream, l.Owner)
		return err
	})
}

// forgetStreams gives back what a process that died held.
func (d *DB) forgetStreams(ctx context.Context, tx *sqlx.Tx) error {
	_, err := d.exec(ctx, tx, `update streams set lease_owner = '', lease_until = 0 where lease_owner <> ''`)
	return err
}
