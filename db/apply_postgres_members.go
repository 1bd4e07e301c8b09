package db

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"proprio/resources"
)

// moveMembers adds members to a Group and takes others out of it. The Group's row is locked first, so that changes of one
// Group are made one after the other, and each waits for the row alone, or several of one member each are made together (see
// lines). Nothing is done where one to add is not there. The Group gets a version where somebody came or went.
func (w *writer) moveMembers(ctx context.Context, tx *sqlx.Tx, ch *resources.Change) (resources.Applied, bool, error) {
	add, ok := namedMembers(ch.Members)
	all := slices.Concat(ch.Members.Remove, add)
	if !ok || len(all) == 0 || slices.ContainsFunc(ch.Members.Remove, func(id string) bool { return !keepable(id) }) {
		return resources.Applied{}, false, nil
	}
	itself := func() outcome { return w.moveItself(ctx, tx, ch, add) }
	var o outcome
	if tx != nil || len(all) > 1 || ch.Expected > 0 {
		o = itself()
	} else {
		group := object{ch.Resource.Type, ch.Resource.ID}
		o = w.lines.do(ctx, &move{groupOf: groupOf{w.c.Company, group}, member: all[0], comes: len(add) > 0, args: func() []any { return w.notedArgs(ch) },
			told: make(chan outcome, 1)}, itself, w.moveTogether)
		if o.alone {
			o = itself()
		}
	}
	if !o.ok && o.err == nil {
		return w.unmoved(ctx, tx, ch, add)
	}
	return o.result()
}

// unmoved answers a change of members when all of it is so already, as when an identity provider repeats itself.
func (w *writer) unmoved(ctx context.Context, tx *sqlx.Tx, ch *resources.Change, add []string) (resources.Applied, bool, error) {
	group, err := w.appliedRow(ctx, tx, `select `+appliedColumns+` from resources where resources.company_id = ? and (resources.type = ?) is true
		and resources.id = ? and (cast(? as bigint) = 0 or resources.version = ?)
		and (select count(*) from members m where m.company_id = ? and m.group_id = ? and m.member_id = any(?::text[])) = ?
		and not exists (select 1 from members m where m.company_id = ? and m.group_id = ? and m.member_id = any(?::text[]))`,
		w.c.Connection, w.c.Company, ch.Resource.Type, ch.Resource.ID, ch.Expected, ch.Expected,
		w.c.Company, ch.Resource.ID, pq.Array(add), len(add), w.c.Company, ch.Resource.ID, pq.Array(append([]string{}, ch.Members.Remove...)))
	switch {
	case isNotFound(err): // not all: something is not there
		return resources.Applied{}, false, nil
	case err != nil:
		return resources.Applied{}, true, err
	}
	return resources.Applied{Version: group.Version, Resource: group}, true, nil
}

// moveItself makes one change of members in one statement.
func (w *writer) moveItself(ctx context.Context, tx *sqlx.Tx, ch *resources.Change, add []string) (o outcome) {
	leave, err := w.enterWriting(ctx, tx)
	if err != nil {
		return outcome{err: err}
	}
	defer leave()
	var named []any
	if len(add) > 0 {
		named = append(named, oneOrMore(add), len(add))
	}
	if len(ch.Members.Remove) > 0 {
		named = append(named, oneOrMore(ch.Members.Remove))
	}
	o.applied, o.ok, o.err = w.besideOne(ctx, tx, ch, moveStatements[few(add)][few(ch.Members.Remove)], named...)
	return o
}

// few is how many members come, or go, as far as it matters for the statement: none, one, or several. One is named as a
// value: then, whatever the planner believes of the table, the index on all columns leads to the row, and a Group is not read
// for one of its members.
func few(ids []string) int { return min(len(ids), several) }

const several = 2

func oneOrMore(ids []string) any {
	if len(ids) == 1 {
		return ids[0]
	}
	return pq.Array(ids)
}

// moveStatements are the statements for a change of members, by few of those who come and of those who go. Their parameters,
// after those of notedArgs: id of the Group, time, version expected or 0, moment; who comes, and how many; who goes.
var moveStatements = func() (texts [several + 1][several + 1]string) {
	for add := range texts {
		for remove := range texts[add] {
			texts[add][remove] = moveStatement(add, remove)
		}
	}
	return texts
}()

// gone takes out the members that goes has the keys of. The planner knows nothing of those, so the index leads to each row;
// an array, or a join by the Group's id, has it read the whole Group where it believes that Groups are small.
const gone = `gone as (delete from members using goes where members.company_id = goes.company_id
	and members.group_id = goes.group_id and members.member_id = goes.member_id returning member_type, members.member_id)`

func moveStatement(add, remove int) string {
	is := [...]string{"", " = $%d::text", " = any($%d::text[])"}
	named, where, goes := "", "", 16
	var parts, moved []string
	if add > 0 {
		named, where, goes = found(fmt.Sprintf(is[add], 16)), ` and (select count(*) from found) = $17::bigint`, 18
	}
	switch {
	case remove == several:
		parts = append(parts, `goes as materialized (select $1 as company_id, place.id as group_id, member_id from place,
			unnest(`+fmt.Sprintf("$%d", goes)+`::text[]) as member_id)`, gone)
	case remove > 0:
		parts = append(parts, `gone as (delete from members where company_id = $1 and group_id = $12 and member_id`+fmt.Sprintf(is[remove], goes)+`
			and exists (select 1 from place) returning member_type, member_id)`)
	}
	if remove > 0 {
		moved = append(moved, `select * from gone`)
	}
	if add > 0 {
		parts, moved = append(parts, come("place", "$13")), append(moved, `select * from come`)
	}
	return besideMembers(named, where, strings.Join(append(parts, `moved as (`+strings.Join(moved, ` union all `)+`)`), `, `))
}
