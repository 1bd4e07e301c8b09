package db

import (
	"context"
	"errors"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"proprio/audit"
	"proprio/resources"
)

// applyOne makes a change in one statement, where it is of a kind that one statement can make: it is one round trip, and a
// transaction by itself; only a name that must be unique is claimed before. What it writes is what the writer writes; what it does not write, it leaves to the writer, which
// finds out why, so ok is false and nothing was written. For Postgres.
//
// database/sql sends the statement again on another connection when one breaks, and nobody knows then whether the first
// was made. So each is such that the second sees the first: the same id exists, the version is the next one already and
// the record has it under this transaction, the member is there.
func (d *DB) applyOne(ctx context.Context, c resources.Caller, ch *resources.Change) (a resources.Applied, ok bool, err error) {
	r := ch.Resource
	simple := ch.Definition == 0 && r.Hidden == nil && len(r.Index.Keys) == 0 && !ch.Loss
	if !d.dialect.postgres || !simple || ch.Action == audit.ActionRemove {
		return a, false, nil
	}
	w := d.newWriter(nil, c)
	var one func(context.Context, *sqlx.Tx, *resources.Change) (resources.Applied, bool, error)
	switch {
	case ch.Action == audit.ActionCreate && ch.Members == nil && ch.UniqueName:
		err = d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
			w := d.newWriter(tx, c)
			if err := w.claimName(ctx, ch, ""); err != nil {
				return err
			}
			a, ok, err = w.createOne(ctx, tx, ch)
			return err
		})
		return a, ok, err
	case ch.Action == audit.ActionCreate && ch.Members == nil:
		one = w.createOne
	case ch.Action == audit.ActionCreate:
	case ch.SetBody && ch.Expected > 0 && ch.Members == nil && !ch.UniqueName && (!ch.SetExternalID || r.ExternalID != ""):
		one = w.updateOne
	case !ch.SetBody && !ch.SetExternalID && ch.Members != nil && !ch.Members.Clear:
		one = w.moveMembers
	}
	if one == nil {
		return a, false, nil
	}
	if d.carried(ctx) == nil {
		err = d.again(ctx, func() error { a, ok, err = one(ctx, nil, ch); return err })
		return a, ok, err
	}
	err = d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error { a, ok, err = one(ctx, tx, ch); return err })
	return a, ok, err
}

// noted is the entry of the record about the row of `new` (id, version, name, in_force, external_id). Its parameters are
// those that notedArgs makes.
const noted = `noted as (insert into audit_entries (` + entryWritten + `)
	select $1::text, $2::bigint, $3::text, $4::text, $5::text, $6::text, $7::text, new.id, new.name,
		case when left($8::text, 1) = '[' then $8 else '[]' end, $9::text,
		new.version, $10::text, new.in_force,
		case when new.external_id <> '' then json_build_object($11::text, new.external_id)::text else '' end,
		case when left($8, 1) = '[' then '' else $8 end from new)`

// notedArgs are company, time, actor (3), action, type, what changed, the reason, transaction and connection, and the
// parameters after them.
func (w *writer) notedArgs(ch *resources.Change, more ...any) []any {
	e := w.entryOf(ch, w.moment(ch))
	args := append(make([]any, 0, 11+len(more)), w.c.Company, micros(e.At), e.Actor.Kind, storable(e.Actor.ID), storable(e.Actor.Name),
		e.Action, e.ObjectType, w.changedText(e), storable(e.Reason), storable(e.Txn), w.c.Connection)
	return append(args, more...)
}

// inForceName are the columns of `new` that noted needs beside id, version and external_id.
const inForceName = `coalesce(nullif(resources.user_name, ''), resources.display_name) as name,
	resources.active and resources.hold = '' as in_force`

// held keeps what a change begins to point to; its parameter is an array of ids.
func held(parameter string) string {
	return `held as (select id from resources where company_id = $1 and id = any(` + parameter + `::text[]) order by id for key share)`
}

// marked sets or raises marks, as writeMarks does, of a relation of type and id; its parameter is the time.
func marked(objects, parameter string) string {
	return `marked as (` + intoMarks + `
		select $1, object.type, object.id, ` + parameter + `, ` + parameter + ` from (` + objects + `) as object(type, id)
		order by object.type, object.id` + raiseMarks + `)`
}

// createStatement inserts a resource with its e-mails, its externalId, its entry and its mark, where the rules are in
// place and nothing that it refers to is gone.
var createStatement = `with ` + held("$12") + `,
	new as (insert into resources (company_id, id, type, version, created, modified, body, user_name, user_name_folded,
			display_name, name_folded, active, hold, post_folded, manager)
		select $1, $13::text, $7, 1, $14::bigint, $15::bigint, $16::jsonb, $17::text, $18::text, $19::text, $20::text, $21::boolean,
			$22::text, nullif($23::text, ''), nullif($24::text, '')
		where ` + rulesHold("$1", "$25") + ` and (select count(*) from held) = $26::bigint
		returning id, version, $27::text as external_id, ` + inForceName + `),
	` + noted + `,
	written as (insert into emails (company_id, user_id, position, value, folded, type, is_primary)
		select $1, new.id, ` + emailColumns + ` from new, jsonb_array_elements($28::jsonb) as row(value)),
	called as (insert into external_ids (company_id, connection_id, type, resource_id, external_id)
		select $1, $11, $7, new.id, $27 from new where $27 <> ''),
	` + marked(`select $7, new.id from new where $7 in ('User', 'Group')`, "$29::bigint") + `
	select count(*) from new`

const emailColumns = `(row.value ->> 0)::bigint, row.value ->> 1, row.value ->> 2, row.value ->> 3, (row.value ->> 4)::boolean`

func (w *writer) createOne(ctx context.Context, tx *sqlx.Tx, ch *resources.Change) (resources.Applied, bool, error) {
	r, x, at := ch.Resource, ch.Resource.Index, w.moment(ch)
	created := r.Created
	if created.IsZero() {
		created = at
	}
	external := ""
	if ch.SetExternalID {
		external = r.ExternalID
	}
	var n int
	err := w.get(ctx, tx, &n, createStatement, w.notedArgs(ch, pq.Array(ch.Refers), r.ID, micros(created), micros(at), string(r.Body),
		x.UserName, userNameKey(r), x.DisplayName, x.NameFolded, x.Active, x.Hold, x.PostFolded, x.Manager, ch.Rules,
		len(ch.Refers), external, emailRows(r), micros(w.now()))...)
	made := resources.Applied{Version: 1, Changed: true}
	switch {
	case errors.Is(err, resources.ErrUniqueness) && constraint(err, "resources_pkey") && w.recorded(ctx, tx, ch, 1):
		return made, true, nil
	case err != nil:
		return resources.Applied{}, true, taken(err, r)
	}
	return made, n > 0, nil
}

// recorded tells whether a change is on record as made: it was sent twice (see applyOne).
func (w *writer) recorded(ctx context.Context, tx *sqlx.Tx, ch *resources.Change, version int64) bool {
	if tx != nil || w.c.Txn == "" {
		return false
	}
	var seq int64
	err := w.get(ctx, nil, &seq, `select seq from audit_entries where company_id = ? and object_type = ? and object_id = ?
		and version = ? and txn = ? limit 1`, w.c.Company, ch.Resource.Type, ch.Resource.ID, version, w.txn)
	return err == nil
}
