package db

import (
	"context"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"proprio/resources"
)

// updateForm says what an update does beside what each does.
type updateForm struct {
	unique  bool // the name must be nobody else's
	loss    bool // it is a loss
	members bool // others take the place of a Group's members
}

// updateStatements put a resource in the place of the version that is expected, where something of it differs. E-mails are
// left alone where $28 is null, externalId unless $31; $30 ends the sessions of the User; $32 are the members.
var updateStatements = func() map[updateForm]string {
	made := map[updateForm]string{}
	for i := range 8 {
		f := updateForm{unique: i&1 != 0, loss: i&2 != 0, members: i&4 != 0}
		made[f] = f.statement()
	}
	return made
}()

func (f updateForm) statement() string {
	claimed, where, lost, named, moved, movedObjects, refused := "", "", "", "", "", "", ""
	if f.members { // whoever is in it now is in it at the version expected: each who comes or goes raises that
		named, moved = found(` = any($32::text[])`), replaced("new", "$13", "$32", "$29")+`, `
		where = ` and (select count(*) from found) = cardinality($32)`
		movedObjects = ` union all select * from gone union all select * from come`
	}
	if f.unique { // the row is locked before the name is claimed, as the writer does it
		claimed = `place as (select id, name_folded from resources where company_id = $1 and (type = $7) is true and id = $13::text
				and version = $24::bigint for no key update),
			claimed as (select name_folded as was, claim_name_1($1, $7, $19, id) as free from place), `
		where += ` and exists (select 1 from claimed where free)`
		refused = ` union all select -1 from claimed where not free and was <> $19 and (select count(*) from held) = $26`
	}
	if f.loss { // see addLoss
		lost = `lost as (insert into losses (company_id, connection_id, at, object_id) select $1, $11, $14, new.id from new on conflict do nothing),
			regained as (delete from losses where company_id = $1 and connection_id = $11 and at < $14 - 2 * 86400000000
				and exists (select 1 from new)), `
	}
	return `with ` + held("$12") + `, ` + named + claimed + `
	new as (update resources set version = version + 1, modified = $14::bigint, body = $15::jsonb, user_name = $16::text,
			user_name_folded = $17::text, display_name = $18::text, name_folded = $19::text, active = $20::boolean,
			hold = $21::text, post_folded = nullif($22::text, ''), manager = nullif($23::text, '')
		where company_id = $1 and (type = $7) is true and id = $13::text and version = $24::bigint and ` + rulesHold("$1", "$25") + `
			and (select count(*) from held) = $26::bigint` + where + `
			and (body, user_name, user_name_folded, display_name, name_folded, active, hold)
			is distinct from ($15, $16, $17, $18, $19, $20, $21)
		returning id, version, $27::text as external_id, ` + inForceName + `),
	` + noted + `,
	written as (insert into emails (company_id, user_id, position, value, folded, type, is_primary)
		select $1, new.id, ` + emailColumns + ` from new, jsonb_array_elements($28::jsonb) as row(value)
		on conflict (company_id, user_id, position) do update set value = excluded.value, folded = excluded.folded,
			type = excluded.type, is_primary = excluded.is_primary),
	fewer as (delete from emails using new where emails.company_id = $1 and emails.user_id = new.id
		and emails.position >= jsonb_array_length($28::jsonb)),
	called as (insert into external_ids (company_id, connection_id, type, resource_id, external_id)
		select $1, $11, $7, new.id, $27 from new where $31::boolean and $27 <> ''
		on conflict (company_id, resource_id, connection_id) do update set external_id = excluded.external_id),
	uncalled as (delete from external_ids using new where external_ids.company_id = $1 and external_ids.resource_id = new.id
		and external_ids.connection_id = $11 and $31 and $27 = ''),
	ended as (delete from sessions using new where sessions.company_id = $1 and sessions.user_id = new.id and $30::boolean),
	` + lost + moved + marked(`select $7, new.id from new where $7 in ('User', 'Group')`+movedObjects, "$29::bigint") + `
	select version from new` + refused
}

func (w *writer) updateOne(ctx context.Context, tx *sqlx.Tx, ch *resources.Change) (resources.Applied, bool, error) {
	r, x := ch.Resource, ch.Resource.Index
	form := updateForm{unique: ch.UniqueName && x.NameFolded != "", loss: ch.Loss, members: ch.Members != nil}
	var emails any
	if !ch.KeepsEmails {
		emails = emailRows(r)
	}
	var more []any
	if form.members {
		ids, ok := namedMembers(ch.Members)
		if !ok {
			return resources.Applied{}, false, nil
		}
		more = []any{pq.Array(ids)}
	}
	signOut := r.Type == resources.TypeUser && (!x.Active || x.Hold != "")
	var version int64
	err := w.get(ctx, tx, &version, updateStatements[form], append(w.notedArgs(ch, pq.Array(ch.Refers), r.ID, micros(w.moment(ch)), string(r.Body),
		x.UserName, userNameKey(r), x.DisplayName, x.NameFolded, x.Active, x.Hold, x.PostFolded, x.Manager, ch.Expected, ch.Rules,
		len(ch.Refers), r.ExternalID, emails, micros(w.now()), signOut, ch.SetExternalID), more...)...)
	switch {
	case isNotFound(err) && w.recorded(ctx, tx, ch, ch.Expected+1) == 0:
		return resources.Applied{}, false, nil
	case isNotFound(err):
		version = ch.Expected + 1
	case err != nil:
		return resources.Applied{}, true, taken(err, r)
	case version == refusedName:
		return resources.Applied{}, true, nameTaken(r)
	}
	return resources.Applied{Version: version, Changed: true}, true, nil
}
