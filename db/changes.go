package db

import (
	"context"
	"sync"

	"proprio/audit"
)

var _ audit.Changes = (*DB)(nil)

// Changes implements audit.Changes.
func (d *DB) Changes(ctx context.Context, company string, after int64, limit int) ([]audit.Entry, error) {
	settled, err := d.settled(ctx)
	if err != nil {
		return nil, err
	}
	var rows []entryRow
	err = d.list(ctx, nil, &rows, `select `+entryColumns+` from audit_entries e where e.company_id = ? and seq > ? and seq <= ?
		and version > 0 order by seq limit ?`, company, after, settled, limit)
	if err != nil {
		return nil, err
	}
	return entriesOf(rows)
}

// Position implements audit.Changes. It is the end of what is settled in all companies, so that the next reading does not
// pass over others' entries again.
func (d *DB) Position(ctx context.Context, _ string) (int64, error) { return d.settled(ctx) }

// settled is a place in the record before which nothing can appear any more.
//
// On SQLite one transaction writes at a time, so entries are committed in the order of their places. On Postgres a
// transaction takes the places of its entries before it commits, so one with a lower place can become visible after one
// with a higher. So the newest place is looked at first and a transaction id drawn second: whoever holds a place up to
// that one had its own id earlier, and once every id up to the one drawn has ended, nothing is missing. That is waited for
// a moment, so that who has just written something finds it; what has not ended by then is left for the next look, so
// that long transactions, also when they overlap, delay the log and neither stop it nor its readers.
func (d *DB) settled(ctx context.Context) (int64, error) {
	if !d.dialect.postgres {
		return d.newestEntry(ctx)
	}
	h := &d.horizon
	h.mu.Lock()
	defer h.mu.Unlock()
	place, err := d.newestEntry(ctx)
	if err != nil || place == h.settled {
		return h.settled, err
	}
	if h.waiting != 0 {
		ended, err := d.ended(ctx)
		if err != nil || !ended || place == h.settled {
			return h.settled, err
		}
	}
	err = d.draw(ctx, place)
	for try := 1; err == nil && h.waiting != 0 && try <= 8; try++ { // about a quarter of a second, all in all
		_, err = d.ended(ctx)
		if err == nil && h.waiting != 0 {
			err = pause(ctx, try)
		}
	}
	return h.settled, err
}

// draw notes that everything up to a place is settled once all transactions that have begun by now have ended.
func (d *DB) draw(ctx context.Context, place int64) error {
	h := &d.horizon
	err := d.get(ctx, nil, &h.drawn, `select cast(cast(pg_current_xact_id() as text) as bigint)`)
	if err == nil {
		h.waiting = place
	}
	return err
}

// ended tells whether they have, and notes it.
func (d *DB) ended(ctx context.Context) (bool, error) {
	h := &d.horizon
	var oldest int64 // transaction under way
	err := d.get(ctx, nil, &oldest, `select cast(cast(pg_snapshot_xmin(pg_current_snapshot()) as text) as bigint)`)
	if err != nil || oldest <= h.drawn {
		return false, err
	}
	h.settled, h.waiting = h.waiting, 0
	return true, nil
}

// newestEntry is the highest place that is committed.
func (d *DB) newestEntry(ctx context.Context) (place int64, err error) {
	err = d.get(ctx, nil, &place, `select coalesce(max(seq), 0) from audit_entries`)
	return place, err
}

// horizon is how far the record is known to be complete, for Postgres.
type horizon struct {
	mu      sync.Mutex
	settled int64 // nothing can appear up to here
	waiting int64 // nothing can appear up to here once transaction `drawn` and all before it have ended; 0: none waits
	drawn   int64
}
