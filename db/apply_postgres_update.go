package db

import (
	"context"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"proprio/resources"
)

// updateStatement puts a resource in the place of the version that is expected, where something of it differs. E-mails are
// left alone where $28 is null, externalId where $27 is empty; $30 ends the sessions of the User.
var updateStatement = `with ` + held("$12") + `,
	new as (update resources set version = version + 1, modified = $14::bigint, body = $15::jsonb, user_name = $16::text,
			user_name_folded = $17::text, display_name = $18::text, name_folded = $19::text, active = $20::boolean,
			hold = $21::text, post_folded = nullif($22::text, ''), manager = nullif($23::text, '')
		where company_id = $1 and (type = $7) is true and id = $13::text and version = $24::bigint and ` + rulesHold("$1", "$25") + `
			and (select count(*) from held) = $26::bigint and (body, user_name, user_name_folded, display_name, name_folded, active, hold)
			is distinct from ($15, $16, $17, $18, $19, $20, $21)
		returning id, version, $31::text as external_id, ` + inForceName + `),
	` + noted + `,
	written as (insert into emails (company_id, user_id, position, value, folded, type, is_primary)
		select $1, new.id, ` + emailColumns + ` from new, jsonb_array_elements($28::jsonb) as row(value)
		on conflict (company_id, user_id, position) do update set value = excluded.value, folded = excluded.folded,
			type = excluded.type, is_primary = excluded.is_primary),
	fewer as (delete from emails using new where emails.company_id = $1 and emails.user_id = new.id
		and emails.position >= jsonb_array_length($28::jsonb)),
	called as (insert into external_ids (company_id, connection_id, type, resource_id, external_id)
		select $1, $11, $7, new.id, $27::text from new where $27 <> ''
		on conflict (company_id, resource_id, connection_id) do update set external_id = excluded.external_id),
	ended as (delete from sessions using new where sessions.company_id = $1 and sessions.user_id = new.id and $30::boolean),
	` + marked(`select $7, new.id from new where $7 in ('User', 'Group')`, "$29::bigint") + `
	select version from new`

func (w *writer) updateOne(ctx context.Context, tx *sqlx.Tx, ch *resources.Change) (resources.Applied, bool, error) {
	r, x := ch.Resource, ch.Resource.Index
	external, emails := "", any(nil)
	if ch.SetExternalID {
		external = r.ExternalID
	}
	if !ch.KeepsEmails {
		emails = emailRows(r)
	}
	signOut := r.Type == resources.TypeUser && (!x.Active || x.Hold != "")
	var version int64
	err := w.get(ctx, tx, &version, updateStatement, w.notedArgs(ch, pq.Array(ch.Refers), r.ID, micros(w.moment(ch)), string(r.Body),
		x.UserName, userNameKey(r), x.DisplayName, x.NameFolded, x.Active, x.Hold, x.PostFolded, x.Manager, ch.Expected, ch.Rules,
		len(ch.Refers), external, emails, micros(w.now()), signOut, r.ExternalID)...)
	switch {
	case isNotFound(err) && !w.recorded(ctx, tx, ch, ch.Expected+1):
		return resources.Applied{}, false, nil
	case isNotFound(err):
		version = ch.Expected + 1
	case err != nil:
		return resources.Applied{}, true, taken(err, r)
	}
	return resources.Applied{Version: version, Changed: true}, true, nil
}
