package db

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/resources"
)

var _ resources.AsyncRequests = (*DB)(nil)

type asyncRow struct {
	Company    string `db:"company_id"`
	Connection string `db:"connection_id"`
	Txn        string `db:"txn"`
	Method     string `db:"method"`
	Path       string `db:"path"`
	Header     string `db:"header"`
	Body       []byte `db:"body"`
	Accepted   int64  `db:"accepted"`
	Attempts   int    `db:"attempts"`
	Finished   int64  `db:"finished"`
	Outcome    string `db:"outcome"`
}

const asyncColumns = `company_id, connection_id, txn, method, path, header, body, accepted, attempts, finished, outcome`

// asyncBody names what a sealed body belongs to. Bodies are sealed because they may hold a password, which is nowhere
// else in the database.
func asyncBody(company, txn string) string { return "async " + company + " " + txn }

func (d *DB) asyncRequest(row asyncRow) (resources.AsyncRequest, error) {
	r := resources.AsyncRequest{
		Company: row.Company, Connection: row.Connection, Txn: row.Txn, Method: row.Method, Path: row.Path,
		Accepted: fromMicros(row.Accepted), Attempts: row.Attempts, Finished: fromMicros(row.Finished),
	}
	err := json.Unmarshal([]byte(row.Header), &r.Header)
	if err == nil && row.Outcome != "" {
		err = json.Unmarshal([]byte(row.Outcome), &r.Outcome)
	}
	if err == nil && len(row.Body) > 0 {
		r.Body, err = d.sealer.Open(row.Body, asyncBody(r.Company, r.Txn))
	}
	if err != nil {
		return r, fmt.Errorf("asynchronous request %s: %w", r.Txn, err)
	}
	return r, nil
}

// AddAsync implements resources.AsyncRequests.
func (d *DB) AddAsync(ctx context.Context, r resources.AsyncRequest, most int) error {
	sealed, err := d.sealer.Seal(r.Body, asyncBody(r.Company, r.Txn))
	if err != nil {
		return err
	}
	var waiting int
	err = d.get(ctx, nil, &waiting, `select count(*) from async_requests where company_id = ? and connection_id = ? and finished = 0`,
		r.Company, r.Connection)
	if err != nil {
		return err
	}
	if waiting >= most {
		return resources.Errorf(resources.ErrTooMany, "", "%d asynchronous requests of the connection wait; %d may.", waiting, most)
	}
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := d.exec(ctx, tx, `insert into async_requests (company_id, connection_id, txn, method, path, header, body, accepted,
			attempts, lease_owner, lease_until, finished, outcome) values (?, ?, ?, ?, ?, ?, ?, ?, 0, '', 0, 0, '')`,
			r.Company, r.Connection, r.Txn, r.Method, r.Path, jsonText(r.Header), sealed, micros(r.Accepted))
		return err
	})
}

// ClaimAsync implements resources.AsyncRequests. Each row is judged again by the statement that changes it, so of two
// rivals one gets it. Companies take turns: who has the fewest under way comes first, so that ten thousand requests of one
// do not keep the others waiting.
func (d *DB) ClaimAsync(ctx context.Context, owner string, now, until time.Time, limit int) ([]resources.AsyncRequest, error) {
	var waiting []asyncRow
	err := d.list(ctx, nil, &waiting, `select `+asyncColumns+` from async_requests r left join (
			select company_id as busy, count(*) as running from async_requests where finished = 0 and lease_until > ? group by company_id
		) b on b.busy = r.company_id where finished = 0 and lease_until <= ?
		order by coalesce(running, 0), accepted, txn limit ?`, micros(now), micros(now), limit)
	if err != nil {
		return nil, err
	}
	var claimed []resources.AsyncRequest
	for _, row := range waiting {
		held, err := d.lease(ctx, `update async_requests set lease_owner = ?, lease_until = ?, attempts = attempts + 1
			where company_id = ? and txn = ? and finished = 0 and lease_until <= ?`,
			owner, micros(until), row.Company, row.Txn, micros(now))
		if err != nil {
			return claimed, err
		}
		if !held {
			continue
		}
		r, err := d.asyncRequest(row)
		if err != nil {
			return claimed, err
		}
		r.Attempts++
		claimed = append(claimed, r)
	}
	return claimed, nil
}

// FinishAsync implements resources.AsyncRequests.
func (d *DB) FinishAsync(ctx context.Context, owner string, r resources.AsyncRequest) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		held, err := d.exec(ctx, tx, `update async_requests set finished = ?, outcome = ?, body = ?, lease_owner = ''
			where company_id = ? and txn = ? and lease_owner = ? and finished = 0`,
			micros(r.Finished), jsonText(r.Outcome), []byte{}, r.Company, r.Txn, owner)
		if err == nil && held == 0 {
			err = resources.Errorf(resources.ErrNotFound, "", "asynchronous request %q is not held by this process any more", r.Txn)
		}
		if err != nil {
			return err
		}
		return d.enqueueResponses(ctx, tx, r)
	})
}

// forgetAsync gives back what a process that died held.
func (d *DB) forgetAsync(ctx context.Context, tx *sqlx.Tx) error {
	_, err := d.exec(ctx, tx, `update async_requests set lease_owner = '', lease_until = 0 where lease_owner <> ''`)
	return err
}

// Async implements resources.AsyncRequests.
func (d *DB) Async(ctx context.Context, company, connection, txn string) (resources.AsyncRequest, error) {
	var row asyncRow
	err := error(resources.Errorf(resources.ErrNotFound, "", ""))
	if keepable(txn) {
		err = d.get(ctx, nil, &row, `select `+asyncColumns+` from async_requests where company_id = ? and connection_id = ? and txn = ?`,
			company, connection, txn)
	}
	if err != nil {
		return resources.AsyncRequest{}, named(err, "asynchronous request %q does not exist", txn)
	}
	return d.asyncRequest(row)
}

// PurgeAsync implements resources.AsyncRequests.
func (d *DB) PurgeAsync(ctx context.Context, before time.Time) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := d.exec(ctx, tx, `delete from async_requests where finished > 0 and finished < ?`, micros(before))
		return err
	})
}

// ChangesOf returns the changes of resources that a transaction made, and those of its numbered parts (txn:0, txn:1, …),
// oldest first. None of them is older than since. It reads the company's record backwards to that time: it is for a
// request that was broken off shortly before.
func (d *DB) ChangesOf(ctx context.Context, company, txn string, since time.Time) ([]audit.Entry, error) {
	var rows []entryRow
	err := d.list(ctx, nil, &rows, `select `+entryColumns+` from audit_entries e where e.company_id = ? and version > 0
		and at >= ? and (txn = ? or substr(txn, 1, ?) = ?) order by seq`,
		company, micros(since), txn, len(txn)+1, txn+":")
	if err != nil {
		return nil, err
	}
	return entriesOf(rows)
}

// Connection returns a connection in force. ErrForbidden when it is disabled, or its company suspended.
func (d *DB) Connection(ctx context.Context, company, id string) (resources.Connection, error) {
	var row struct {
		connectionRow
		ownerRow
	}
	err := error(resources.Errorf(resources.ErrNotFound, "", ""))
	if keepable(id) {
		err = d.get(ctx, nil, &row, `select `+connectionColumns+ownerColumns+` from connections c
			join companies o on o.id = c.company_id where c.company_id = ? and c.id = ?`, company, id)
	}
	if err != nil {
		return resources.Connection{}, named(err, "connection %q does not exist", id)
	}
	c, err := row.connectionOf(row.ownerRow)
	if err == nil {
		err = inForce(c, row.Suspended)
	}
	return c, err
}
