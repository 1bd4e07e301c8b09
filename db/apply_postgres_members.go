package db

import (
	"context"
	"errors"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"proprio/resources"
)

// membersStatement adds the members $12 to a Group and takes the members $13 out of it. The Group's row is locked first, so
// that changes of one Group are made one after the other, and each waits for the row alone. Nothing is done where a member
// is not there. The Group gets a version where somebody came or went.
var membersStatement = `with found as (select id, type from resources where company_id = $1 and id = any($12::text[])
			and type in ('User', 'Group')),
	place as (select id from resources where company_id = $1 and type = $7 and id = $14::text
		and ($15::bigint = 0 or version = $15) and (select count(*) from found) = cardinality($12::text[]) for no key update),
	gone as (delete from members using place where members.company_id = $1 and members.group_id = place.id
		and members.member_id = any($13::text[]) returning member_type, member_id),
	come as (insert into members (company_id, group_id, member_id, member_type, created)
		select $1, place.id, found.id, found.type, $16::bigint from place, found order by found.id
		on conflict do nothing returning member_type, member_id),
	moved as (select * from gone union all select * from come),
	new as (update resources set version = version + 1, modified = $17::bigint from place
		where resources.company_id = $1 and resources.id = place.id and exists (select 1 from moved)
		returning resources.*, ` + inForceName + `, coalesce((select x.external_id from external_ids x where x.company_id = $1
			and x.resource_id = resources.id and x.connection_id = $11), '') as external_id),
	` + noted + `,
	` + marked(`select new.type, new.id from new union all select * from moved`, "$16") + `
	select id, type, version, created, modified, body, user_name, user_name_folded, display_name, name_folded, active, hold,
		manager, nullif(external_id, '') as external_id from new`

func (w *writer) moveMembers(ctx context.Context, tx *sqlx.Tx, ch *resources.Change) (resources.Applied, bool, error) {
	m := ch.Members
	add := make([]string, len(m.Add))
	for i, member := range m.Add {
		if member.Type != "" && member.Type != resources.TypeUser && member.Type != resources.TypeGroup || !keepable(member.ID) {
			return resources.Applied{}, false, nil
		}
		add[i] = member.ID
	}
	for _, id := range m.Remove {
		if !keepable(id) {
			return resources.Applied{}, false, nil
		}
	}
	row := appliedRow{}
	err := w.get(ctx, tx, &row, membersStatement, w.notedArgs(ch, pq.Array(add), pq.Array(append([]string{}, m.Remove...)), ch.Resource.ID,
		ch.Expected, micros(w.now()), micros(w.moment(ch)))...)
	switch {
	case isNotFound(err) && !errors.As(err, new(*pq.Error)): // nobody came or went, or something is not there
		return resources.Applied{}, false, nil
	case isNotFound(err): // the foreign key
		return resources.Applied{}, true, noMember()
	case err != nil:
		return resources.Applied{}, true, err
	}
	return row.applied(true), true, nil
}
