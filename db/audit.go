package db

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
)

var _ audit.Log = (*DB)(nil)

// Append implements audit.Log.
func (d *DB) Append(ctx context.Context, entries ...audit.Entry) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		return d.appendEntries(ctx, tx, entries...)
	})
}

// appendEntries adds entries to the record within the transaction of what they tell of, in one statement. Texts from
// outside are made storable: the record of a refused request must not fail on what was refused.
func (d *DB) appendEntries(ctx context.Context, tx *sqlx.Tx, entries ...audit.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	rows := make([][]any, len(entries))
	for i, e := range entries {
		at := e.At
		if at.IsZero() {
			at = d.now()
		}
		external := ""
		if len(e.ExternalIDs) > 0 {
			external = jsonText(e.ExternalIDs)
		}
		changed, attributes := changedColumns(d.changedText(e))
		rows[i] = []any{e.Company, micros(at), string(e.Actor.Kind), storable(e.Actor.ID), storable(e.Actor.Name), string(e.Action), e.ObjectType,
			storable(e.ObjectID), storable(e.ObjectName), changed, storable(e.Reason),
			e.Version, storable(e.Txn), e.InForce, external, attributes}
	}
	if !d.dialect.postgres || len(rows) >= loadFrom {
		return d.insertRows(ctx, tx, "audit_entries", strings.Split(entryWritten, ", "), rows)
	}
	f := d.dialect.field
	_, err := d.exec(ctx, tx, `insert into audit_entries (`+entryWritten+`) select `+f(0, "")+`, `+f(1, "bigint")+`, `+f(2, "")+`, `+
		f(3, "")+`, `+f(4, "")+`, `+f(5, "")+`, `+f(6, "")+`, `+f(7, "")+`, `+f(8, "")+`, `+f(9, "")+`, `+f(10, "")+`, `+
		f(11, "bigint")+`, `+f(12, "")+`, `+f(13, "boolean")+`, `+f(14, "")+`, `+f(15, "")+` from `+d.dialect.rows(), jsonText(rows))
	return err
}

// Entries implements audit.Log.
func (d *DB) Entries(ctx context.Context, company string, q audit.Query) ([]audit.Entry, error) {
	query, args := `select `+entryColumns+` from audit_entries e where e.company_id = ?`, []any{company}
	if q.ObjectType != "" || q.ObjectID != "" {
		query, args = query+` and object_type = ? and object_id = ?`, append(args, q.ObjectType, storable(q.ObjectID))
	}
	if q.Before > 0 {
		query, args = query+` and seq < ?`, append(args, q.Before)
	}
	query += ` order by seq desc`
	if q.Limit > 0 {
		query, args = query+` limit ?`, append(args, q.Limit)
	}
	var rows []entryRow
	err := d.list(ctx, nil, &rows, query, args...)
	if err != nil {
		return nil, err
	}
	return entriesOf(rows)
}

// entryWritten are the columns of an entry that are given when it is added.
const entryWritten = `company_id, at, actor_kind, actor_id, actor_name, action, object_type, object_id, object_name, ` +
	`changed, reason, version, txn, in_force, external_ids, attributes`

// entryColumns are those that an entry is read from, of audit_entries e, with the names that its attribute set holds.
const entryColumns = `seq, ` + entryWritten + `, case when e.attributes = '' then '' else coalesce((select s.names from attribute_sets s
	where s.company_id = e.company_id and s.id = e.attributes), '') end as names`

func entriesOf(rows []entryRow) ([]audit.Entry, error) {
	entries := make([]audit.Entry, len(rows))
	var err error
	for i, row := range rows {
		entries[i], err = row.entry()
		if err != nil {
			return nil, err
		}
	}
	return entries, nil
}

type entryRow struct {
	Seq        int64  `db:"seq"`
	Company    string `db:"company_id"`
	At         int64  `db:"at"`
	ActorKind  string `db:"actor_kind"`
	ActorID    string `db:"actor_id"`
	ActorName  string `db:"actor_name"`
	Action     string `db:"action"`
	ObjectType string `db:"object_type"`
	ObjectID   string `db:"object_id"`
	ObjectName string `db:"object_name"`
	Changed    string `db:"changed"`
	Reason     string `db:"reason"`
	Version    int64  `db:"version"`
	Txn        string `db:"txn"`
	InForce    bool   `db:"in_force"`
	External   string `db:"external_ids"`
	Attributes string `db:"attributes"`
	Names      string `db:"names"` // of the set of attributes
}

func (row entryRow) entry() (audit.Entry, error) {
	e := audit.Entry{
		Seq: row.Seq, Company: row.Company, At: fromMicros(row.At),
		Actor:  audit.Actor{Kind: audit.ActorKind(row.ActorKind), ID: row.ActorID, Name: row.ActorName},
		Action: audit.Action(row.Action), ObjectType: row.ObjectType, ObjectID: row.ObjectID, ObjectName: row.ObjectName,
		Reason: row.Reason, Version: row.Version, Txn: row.Txn, InForce: row.InForce,
	}
	changed := row.Changed
	if row.Names != "" {
		changed = row.Names
	}
	err := json.Unmarshal([]byte(changed), &e.Changed)
	if err == nil && row.External != "" {
		err = json.Unmarshal([]byte(row.External), &e.ExternalIDs)
	}
	if err != nil {
		return e, fmt.Errorf("audit entry %d: %w", row.Seq, err)
	}
	return e, nil
}
