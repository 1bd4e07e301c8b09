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
// transaction by itself. What it writes is what the writer writes; what it does not write, it leaves to the writer, which
// finds out why, so ok is false and nothing was written. For Postgres.
//
// database/sql sends the statement again on another connection when one breaks, and nobody knows then whether the first
// was made. So each is such that the second sees the first: the same id exists or is gone, the version is the next one
// already and the record has it under this transaction, the member is there.
func (d *DB) applyOne(ctx context.Context, c resources.Caller, ch *resources.Change) (a resources.Applied, ok bool, err error) {
	one := d.newWriter(nil, c).way(ch)
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

// oneWay makes a change in one statement: with a nil tx as a transaction by itself. ok is that of applyOne.
type oneWay func(ctx context.Context, tx *sqlx.Tx, ch *resources.Change) (a resources.Applied, ok bool, err error)

// inTurn is a way that counts among the transactions that write.
func (w *writer) inTurn(one oneWay) oneWay {
	return func(ctx context.Context, tx *sqlx.Tx, ch *resources.Change) (resources.Applied, bool, error) {
		leave, err := w.enterWriting(ctx, tx)
		if err != nil {
			return resources.Applied{}, true, err
		}
		defer leave()
		return one(ctx, tx, ch)
	}
}

// way is how a change is made in one statement; nil where it is not.
func (w *writer) way(ch *resources.Change) oneWay {
	r := ch.Resource
	if !w.dialect.postgres || ch.Definition != 0 || r.Hidden != nil || len(r.Index.Keys) > 0 {
		return nil
	}
	switch {
	case ch.Action == audit.ActionRemove && (r.Type == resources.TypeUser || r.Type == resources.TypeGroup):
		return w.inTurn(w.removeOne)
	case ch.Action == audit.ActionRemove:
	case ch.Action == audit.ActionCreate && !ch.Loss:
		return w.inTurn(w.createOne)
	case ch.Action == audit.ActionCreate:
	case ch.Members != nil && ch.Members.Clear && len(ch.Members.Remove) > 0:
	case ch.SetBody && ch.Expected > 0 && (ch.Members == nil || ch.Members.Clear):
		return w.inTurn(w.updateOne)
	case ch.SetBody || ch.Loss:
	case ch.SetExternalID && ch.Members == nil:
		return w.inTurn(w.callOne)
	case !ch.SetExternalID && ch.Members != nil && ch.Members.Clear:
		return w.inTurn(w.replaceOne)
	case !ch.SetExternalID && ch.Members != nil:
		return w.moveMembers // waits in a line first
	}
	return nil
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

// found are the Users and Groups among some ids, as members are; `is` compares with a parameter.
func found(is string) string {
	return `found as (select id, type from resources where company_id = $1 and id` + is + `
		and (type in ('User', 'Group')) is true), `
}

// replaced puts those who were found in the place of a Group's members: its id, an array of those who are named, and the time
// are parameters. The Group is the row of a relation, empty where nothing is to be done.
func replaced(relation, group, named, now string) string {
	return `gone as (delete from members where company_id = $1 and group_id = ` + group + ` and not (member_id = any(` + named + `::text[]))
			and exists (select 1 from ` + relation + `) returning member_type, member_id),
		` + come(relation, now)
}

// come adds those who were found to a Group, the row of a relation.
func come(relation, now string) string {
	return `come as (insert into members (company_id, group_id, member_id, member_type, created)
		select $1, ` + relation + `.id, found.id, found.type, ` + now + `::bigint from ` + relation + `, found order by found.id
		on conflict do nothing returning member_type, member_id)`
}

// marked sets or raises marks, as writeMarks does, of a relation of type and id; its parameter is the time.
func marked(objects, parameter string) string {
	return `marked as (` + intoMarks + `
		select $1, object.type, object.id, ` + parameter + `, ` + parameter + ` from (` + objects + `) as object(type, id)
		order by object.type, object.id` + raiseMarks + `)`
}

// createStatements insert a resource with its e-mails, its externalId, its entry and its mark, where the rules are in
// place and nothing that it refers to is gone: by whether it has members, and by whether its name must be its own.
var createStatements = [2][2]string{
	{createStatement(false, false), createStatement(false, true)}, {createStatement(true, false), createStatement(true, true)},
}

func createStatement(members, unique bool) string {
	named, joined, moved, where, refused := "", "", "", "", ""
	if members {
		named, joined, moved = found(` = any($30::text[])`), come("new", "$29")+`, `, ` union all select * from come`
		where = ` and (select count(*) from found) = cardinality($30::text[])`
	}
	if unique {
		named += `claimed as (select claim_name_1($1, $7, $20, $13) as free), `
		where += ` and (select free from claimed)`
		refused = ` - (select count(*) from claimed where not free and (select count(*) from held) = $26)`
	}
	return `with ` + held("$12") + `, ` + named + `
	new as (insert into resources (company_id, id, type, version, created, modified, body, user_name, user_name_folded,
			display_name, name_folded, active, hold, post_folded, manager)
		select $1, $13::text, $7, 1, $14::bigint, $15::bigint, $16::jsonb, $17::text, $18::text, $19::text, $20::text, $21::boolean,
			$22::text, nullif($23::text, ''), nullif($24::text, '')
		where ` + rulesHold("$1", "$25") + ` and (select count(*) from held) = $26::bigint` + where + `
		returning id, version, $27::text as external_id, ` + inForceName + `),
	` + noted + `,
	written as (insert into emails (company_id, user_id, position, value, folded, type, is_primary)
		select $1, new.id, ` + emailColumns + ` from new, jsonb_array_elements($28::jsonb) as row(value)),
	called as (insert into external_ids (company_id, connection_id, type, resource_id, external_id)
		select $1, $11, $7, new.id, $27 from new where $27 <> ''),
	` + joined + marked(`select $7, new.id from new where $7 in ('User', 'Group')`+moved, "$29::bigint") + `
	select count(*)` + refused + ` from new`
}

// refusedName is what a statement brings instead of a version, or of how many it made, where another Group has the name.
const refusedName = -1

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
	members, unique := 0, 0
	var more []any
	if ch.Members != nil {
		ids, ok := namedMembers(ch.Members)
		if !ok {
			return resources.Applied{}, false, nil
		}
		members, more = 1, []any{pq.Array(ids)}
	}
	if ch.UniqueName && x.NameFolded != "" {
		unique = 1
	}
	var n int
	err := w.get(ctx, tx, &n, createStatements[members][unique], append(w.notedArgs(ch, pq.Array(ch.Refers), r.ID, micros(created), micros(at), string(r.Body),
		x.UserName, userNameKey(r), x.DisplayName, x.NameFolded, x.Active, x.Hold, x.PostFolded, x.Manager, ch.Rules,
		len(ch.Refers), external, emailRows(r), micros(w.now())), more...)...)
	made := resources.Applied{Version: 1, Changed: true}
	switch {
	case errors.Is(err, resources.ErrUniqueness) && constraint(err, "resources_pkey") && w.recorded(ctx, tx, ch, 1) > 0:
		return made, true, nil
	case members > 0 && isNotFound(err): // the foreign key
		return resources.Applied{}, true, noMember()
	case err != nil:
		return resources.Applied{}, true, taken(err, r)
	case n == refusedName:
		return resources.Applied{}, true, nameTaken(r)
	}
	return made, n > 0, nil
}

// recorded is the version with which a change is on record as made, because it was sent twice (see applyOne); 0: it is not.
// Of the version that is asked for; 0: any.
func (w *writer) recorded(ctx context.Context, tx *sqlx.Tx, ch *resources.Change, version int64) int64 {
	if tx != nil || w.c.Txn == "" {
		return 0
	}
	e := w.entryOf(ch, w.moment(ch))
	var made int64
	err := w.get(ctx, nil, &made, `select version from audit_entries where company_id = ? and object_type = ? and object_id = ?
		and txn = ? and action = ? and (cast(? as bigint) = 0 or version = ?) limit 1`,
		w.c.Company, e.ObjectType, e.ObjectID, w.txn, string(e.Action), version, version)
	if err != nil {
		return 0
	}
	return made
}
