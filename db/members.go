package db

import (
	"context"
	"errors"
	"slices"
	"strings"

	"proprio/resources"
)

type memberRow struct {
	Group   string `db:"group_id"`
	ID      string `db:"member_id"`
	Type    string `db:"member_type"`
	Display string `db:"display"`
}

func (m memberRow) member() resources.Member {
	return resources.Member{ID: m.ID, Type: m.Type, Display: m.Display}
}

const (
	memberRows = `select m.group_id, m.member_id, m.member_type, coalesce(nullif(u.display_name, ''), u.user_name) as display
		from members m join resources u on u.company_id = m.company_id and u.id = m.member_id `
	selectMembers = memberRows + `where m.company_id = ? `
)

// fillMembers brings the members of each of the Groups, in one query.
func (d *DB) fillMembers(ctx context.Context, c resources.Caller, groups map[string]*resources.Resource) error {
	ids := make([]string, 0, len(groups))
	for id := range groups {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	var rows []memberRow
	err := d.list(ctx, nil, &rows, selectMembers+`and m.group_id `+d.dialect.in()+` order by m.group_id, m.member_id`,
		c.Company, d.dialect.values(ids))
	for _, row := range rows {
		g := groups[row.Group]
		g.Members = append(g.Members, row.member())
		g.MemberCount++
	}
	return err
}

// Members implements resources.Store. A Group that does not exist is told from an empty one.
func (d *DB) Members(ctx context.Context, c resources.Caller, group, after string, limit int) ([]resources.Member, error) {
	if !keepable(group) || !keepable(after) {
		return nil, resources.Errorf(resources.ErrNotFound, "", "Group %q does not exist", group)
	}
	query, args := selectMembers+`and m.group_id = ? and m.member_id > ? order by m.member_id`, []any{c.Company, group, after}
	if limit > 0 {
		query, args = query+` limit ?`, append(args, limit)
	}
	var rows []memberRow
	err := d.list(ctx, nil, &rows, query, args...)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		var id string
		err = d.get(ctx, nil, &id, `select id from resources where company_id = ? and type = ? and id = ?`,
			c.Company, resources.TypeGroup, group)
		return nil, named(err, "Group %q does not exist", group)
	}
	members := make([]resources.Member, len(rows))
	for i, row := range rows {
		members[i] = row.member()
	}
	return members, nil
}

// changeMembers adds and removes membership rows, touching only those named, and marks each member that came or went.
// It tells whether any did.
func (w *writer) changeMembers(ctx context.Context, group string, m resources.MemberChange) (bool, error) {
	if len(m.Add) == 1 && m.Add[0].Type == "" && len(m.Remove) == 0 && !m.Clear {
		return w.addMember(ctx, group, m.Add[0].ID)
	}
	add, err := w.withTypes(ctx, m.Add)
	if err != nil {
		return false, err
	}
	slices.SortFunc(add, func(a, b resources.Member) int { return strings.Compare(a.ID, b.ID) }) // one lock order
	since, rows, ids := micros(w.now()), make([][]any, len(add)), make([]string, len(add))
	for i, a := range add {
		rows[i], ids[i] = []any{a.ID, a.Type, since}, a.ID
		if !keepable(a.ID) {
			return false, noMember()
		}
	}
	moved := false
	run := func(statement string, args ...any) error {
		some, err := w.move(ctx, statement, append([]any{w.c.Company, group}, args...)...)
		moved = moved || some
		return err
	}
	const gone = `delete from members where company_id = ? and group_id = ? and `
	if m.Clear {
		err = run(gone+`not (member_id `+w.dialect.in()+`)`, w.dialect.values(ids))
	}
	remove := slices.DeleteFunc(slices.Clone(m.Remove), func(id string) bool { return !keepable(id) })
	if err == nil && len(remove) == 1 {
		err = run(gone+`member_id = ?`, remove[0])
	}
	if err == nil && len(remove) > 1 {
		err = run(gone+`member_id `+w.dialect.in(), w.dialect.values(remove))
	}
	const into = `insert into members (company_id, group_id, member_id, member_type, created)`
	if err == nil && len(add) == 1 {
		err = run(into+` values (?, ?, ?, ?, ?) on conflict do nothing`, rows[0]...)
	}
	if err == nil && len(add) > 1 {
		err = run(into+`
			select cast(? as text), cast(? as text), `+w.dialect.field(0, "")+`, `+w.dialect.field(1, "")+`, `+
			w.dialect.field(2, "bigint")+` from `+w.dialect.rows()+` where true on conflict do nothing`, jsonText(rows))
	}
	if errors.Is(err, resources.ErrNotFound) { // the foreign key: another company's, or removed meanwhile
		return false, noMember()
	}
	return moved, err
}

// addMember adds one, whose type its own row says.
func (w *writer) addMember(ctx context.Context, group, id string) (bool, error) {
	if !keepable(id) {
		return false, noMember()
	}
	moved, err := w.move(ctx, `insert into members (company_id, group_id, member_id, member_type, created)
		select r.company_id, cast(? as text), r.id, r.type, cast(? as bigint) from resources r
		where r.company_id = ? and r.id = ? and (r.type in ('User', 'Group')) is true on conflict do nothing`,
		group, micros(w.now()), w.c.Company, id)
	if err != nil || moved {
		return moved, err
	}
	_, err = w.withTypes(ctx, []resources.Member{{ID: id}}) // it is in the Group already, or is not there at all
	return false, err
}

// move runs a statement that writes memberships, marks each member that came or went, and tells whether any did.
func (w *writer) move(ctx context.Context, statement string, args ...any) (bool, error) {
	stmt, err := w.statement(ctx, w.tx, statement+` returning member_id, member_type`)
	if err != nil {
		return false, mapError(err)
	}
	defer stmt.done()
	rows, err := stmt.Stmt.Stmt.QueryContext(ctx, args...)
	if stmt.failed(err) != nil {
		return false, mapError(err)
	}
	defer func() { _ = rows.Close() }()
	moved := false
	for rows.Next() {
		var member object
		if err := rows.Scan(&member.ID, &member.Type); err != nil {
			return false, mapError(err)
		}
		w.mark(member.Type, member.ID)
		moved = true
	}
	return moved, mapError(stmt.failed(rows.Err()))
}

// withTypes says of each of the members which type it has.
func (w *writer) withTypes(ctx context.Context, members []resources.Member) ([]resources.Member, error) {
	members = slices.Clone(members)
	if !slices.ContainsFunc(members, func(m resources.Member) bool { return m.Type == "" }) {
		return members, nil
	}
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = m.ID
	}
	types, err := w.typesOf(ctx, w.tx, w.c, ids)
	if err != nil {
		return nil, err
	}
	for i := range members {
		m := &members[i]
		if m.Type = types[m.ID]; m.Type != resources.TypeUser && m.Type != resources.TypeGroup {
			return nil, noMember()
		}
	}
	return members, nil
}

func noMember() error {
	return resources.Errorf(resources.ErrInvalidValue, "members", "a member does not exist in this company")
}
