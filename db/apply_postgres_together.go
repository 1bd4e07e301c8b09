package db

import (
	"context"
	"errors"
	"slices"

	"proprio/resources"
)

// togetherStatement makes moves of one Group, each of another member: a version, an entry and the state after it for each
// that came or went, and version 0 for each that did not. There is no row where none did. Its parameters are company, type
// and id of the Group, the time, and an array with an array for each move: see asked.
var togetherStatement = `with asked as materialized (select ` + asked + ` from jsonb_array_elements($5::jsonb) as row(value)),
	place as (select id from resources where company_id = $1::text and (type = $2::text) is true and id = $3::text for no key update),
	come as (insert into members (company_id, group_id, member_id, member_type, created)
		select $1, place.id, found.id, found.type, $4::bigint from place, asked, resources found where asked.comes
			and found.company_id = $1 and found.id = asked.member and (found.type in ('User', 'Group')) is true order by found.id
		on conflict do nothing returning member_type, member_id),
	goes as materialized (select $1 as company_id, place.id as group_id, asked.member as member_id from place, asked where not asked.comes),
	` + gone + `,
	moved as (select asked.*, m.member_type, row_number() over (order by asked.n) as step
		from (select * from come union all select * from gone) m join asked on asked.member = m.member_id),
	new as (update resources set version = version + (select count(*) from moved),
			modified = (select at from moved order by step desc limit 1)
		where company_id = $1 and id = $3 and exists (select 1 from moved) returning resources.*, ` + inForceName + `),
	made as (select moved.*, new.version - (select count(*) from moved) + moved.step as version, (select x.external_id
		from external_ids x where x.company_id = $1 and x.resource_id = $3 and x.connection_id = moved.connection) as external_id
		from new, moved),
	noted as (insert into audit_entries (` + entryWritten + `)
		select $1, made.at, made.actor_kind, made.actor_id, made.actor_name, made.action, new.type, new.id, new.name, made.changed,
			made.reason, made.version, made.txn, new.in_force, case when made.external_id <> ''
			then json_build_object(made.connection, made.external_id)::text else '' end, '' from new, made order by made.step),
	` + marked(`select new.type, new.id from new union all select moved.member_type, moved.member from moved`, "$4") + `
	select new.id, new.type, coalesce(made.version, 0) as version, new.created, coalesce(made.at, 0) as modified, new.body,
		new.user_name, new.user_name_folded, new.display_name, new.name_folded, new.active, new.hold, new.manager, made.external_id
	from new, asked left join made on made.n = asked.n order by asked.n`

// asked are the columns of a move: those of notedArgs that differ from one to the next, and what moveTogether adds.
const asked = `(row.value ->> 1)::bigint as at, row.value ->> 2 as actor_kind, row.value ->> 3 as actor_id, row.value ->> 4 as actor_name,
	row.value ->> 5 as action, row.value ->> 7 as changed, row.value ->> 8 as reason, row.value ->> 9 as txn, row.value ->> 10 as connection,
	(row.value ->> 11)::bigint as n, row.value ->> 12 as member, (row.value ->> 13)::boolean as comes`

// moveTogether makes moves of one Group. Where they cannot be made for what one of them is, each is made by itself.
func (d *DB) moveTogether(ctx context.Context, all []*move) []outcome {
	leave, err := d.enterWriting(ctx, nil)
	if err != nil {
		return slices.Repeat([]outcome{{alone: true}}, len(all))
	}
	defer leave()
	rows := make([][]any, len(all))
	for i, m := range all {
		rows[i] = append(m.args(), i, m.member, m.comes)
	}
	p := all[0].groupOf
	read, err := d.readRows(ctx, nil, togetherStatement, p.company, p.group.Type, p.group.ID, micros(d.now()), jsonText(rows))
	if err != nil {
		busy := errors.Is(err, resources.ErrBusy)
		return slices.Repeat([]outcome{{alone: !busy, err: err}}, len(all))
	}
	outcomes := make([]outcome, len(all))
	for i := range read {
		if read[i].Version > 0 {
			outcomes[i] = madeOf(&read[i])
		}
	}
	return outcomes
}

func madeOf(row *resourceRow) outcome {
	group, err := row.resource()
	if err != nil {
		return outcome{ok: true, err: err}
	}
	return outcome{ok: true, applied: resources.Applied{Version: group.Version, Changed: true, Resource: group}}
}
