package db

import (
	"context"
	"errors"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"proprio/resources"
)

// Statements for a change that leaves the body alone, and makes a version where something beside it differs. The row is locked
// first. Their parameters, after those of notedArgs: id, time, version expected or 0, moment, and what is named.

// beside is what such a change does.
type beside struct {
	named    string // parts that find what is named
	where    string // further conditions under which it is made
	change   string // parts that change something, of place
	differs  string // the part that has rows where something differs
	external string // what the caller's connection calls the resource then
	objects  string // who is marked besides
}

func (b beside) statement() string {
	return `with ` + b.named + `place as (select id from resources where company_id = $1 and (type = $7) is true and id = $12::text
			and ($14::bigint = 0 or version = $14)` + b.where + ` for no key update),
	` + b.change + `,
	new as (update resources set version = version + 1, modified = $15::bigint
		where company_id = $1 and id = $12 and exists (select 1 from place) and exists (select 1 from ` + b.differs + `)
		returning resources.*, ` + inForceName + `, ` + b.external + ` as external_id),
	` + noted + `, ` + marked(`select new.type, new.id from new`+b.objects, "$13::bigint") + `
	select id, type, version, created, modified, body, user_name, user_name_folded, display_name, name_folded, active, hold, manager,
		nullif(external_id, '') as external_id from new`
}

// besideMembers is the change of a Group's members by a part, moved, that brings those who came or went.
func besideMembers(named, where, change string) string {
	return beside{named, where, change, `moved`, `coalesce((select x.external_id from external_ids x where x.company_id = $1
		and x.resource_id = resources.id and x.connection_id = $11), '')`, ` union all select * from moved`}.statement()
}

// callStatements set what the caller's connection calls a resource, or forget it.
var (
	callStatement = beside{change: `called as (insert into external_ids (company_id, connection_id, type, resource_id, external_id)
		select $1, $11, $7, place.id, $16::text from place on conflict (company_id, resource_id, connection_id)
		do update set external_id = excluded.external_id where external_ids.external_id <> excluded.external_id returning resource_id)`,
		differs: `called`, external: `$16`}.statement()
	uncallStatement = beside{change: `called as (delete from external_ids using place where external_ids.company_id = $1
		and external_ids.resource_id = place.id and external_ids.connection_id = $11 and $16::text = '' returning resource_id)`,
		differs: `called`, external: `$16`}.statement()
)

// replaceStatement puts members in the place of those that a Group has. It sees who was in it when it began; when somebody
// came or went while it waited for the row, it does nothing.
var replaceStatement = besideMembers(found(` = any($16::text[])`),
	` and version = (select seen.version from resources seen where seen.company_id = $1 and seen.id = $12)
		and (select count(*) from found) = cardinality($16)`,
	replaced("place", "$12", "$16", "$13")+`, moved as (select * from gone union all select * from come)`)

// callOne sets what the caller's connection calls a resource.
func (w *writer) callOne(ctx context.Context, tx *sqlx.Tx, ch *resources.Change) (resources.Applied, bool, error) {
	statement := callStatement
	if ch.Resource.ExternalID == "" {
		statement = uncallStatement
	}
	return w.besideOne(ctx, tx, ch, statement, ch.Resource.ExternalID)
}

// replaceOne puts members in the place of those that a Group has.
func (w *writer) replaceOne(ctx context.Context, tx *sqlx.Tx, ch *resources.Change) (resources.Applied, bool, error) {
	ids, ok := namedMembers(ch.Members)
	if !ok {
		return resources.Applied{}, false, nil
	}
	return w.besideOne(ctx, tx, ch, replaceStatement, pq.Array(ids))
}

func (w *writer) besideOne(
	ctx context.Context, tx *sqlx.Tx, ch *resources.Change, statement string, named ...any,
) (resources.Applied, bool, error) {
	args := w.notedArgs(ch, ch.Resource.ID, micros(w.now()), ch.Expected, micros(w.moment(ch)))
	found, err := w.appliedRow(ctx, tx, statement, append(args, named...)...)
	switch {
	case isNotFound(err) && !errors.As(err, new(*pq.Error)): // nothing differs, or something is not there
		return resources.Applied{}, false, nil
	case isNotFound(err): // the foreign key
		return resources.Applied{}, true, noMember()
	case err != nil:
		return resources.Applied{}, true, err
	}
	return resources.Applied{Version: found.Version, Changed: true, Resource: found}, true, nil
}

// namedMembers are the ids to add; ok is false where one is none.
func namedMembers(m *resources.MemberChange) (ids []string, ok bool) {
	ids = make([]string, len(m.Add))
	for i, member := range m.Add {
		if member.Type != "" && member.Type != resources.TypeUser && member.Type != resources.TypeGroup || !keepable(member.ID) {
			return nil, false
		}
		ids[i] = member.ID
	}
	return ids, true
}
