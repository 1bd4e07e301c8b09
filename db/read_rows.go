package db

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/jmoiron/sqlx"

	"proprio/resources"
)

// readRows reads resources. It knows the columns by name, as sqlx does, and does without reflection: every request reads
// some. With a nil tx it reads as get does.
func (d *DB) readRows(ctx context.Context, tx *sqlx.Tx, query string, args ...any) ([]resourceRow, error) {
	rows, _, err := d.readSome(ctx, tx, 0, query, args...)
	return rows, err
}

// readSome reads resources until their bodies have so many bytes, and says whether there were more; 0: all.
func (d *DB) readSome(ctx context.Context, tx *sqlx.Tx, bytes int, query string, args ...any) (rows []resourceRow, more bool, err error) {
	stmt, err := d.statement(ctx, tx, query)
	if err != nil {
		return nil, false, mapError(err)
	}
	defer stmt.done()
	rows, more, err = scanRows(ctx, stmt, bytes, args)
	return rows, more, d.failedRead(ctx, tx, mapError(stmt.failed(err)))
}

func scanRows(ctx context.Context, stmt statement, bytes int, args []any) (all []resourceRow, more bool, err error) {
	rows, err := stmt.Stmt.Stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = rows.Close() }()
	var row resourceRow
	fields, err := row.fields(rows)
	if err != nil {
		return nil, false, err
	}
	size := 0
	for rows.Next() {
		if bytes > 0 && size >= bytes {
			return all, true, nil
		}
		row.Body = nil // so that each row has bytes of its own
		if err := rows.Scan(fields...); err != nil {
			return nil, false, err
		}
		all, size = append(all, row), size+len(row.Body)
	}
	return all, false, rows.Err()
}

// texts are parts of queries by what they bring: they are long, and the same each time.
type texts [16]atomic.Pointer[string]

// text is the one for some switches, which is made once.
func (t *texts) text(build func() string, switches ...bool) string {
	i := 0
	for bit, set := range switches {
		if set {
			i |= 1 << bit
		}
	}
	text := t[i].Load()
	if text == nil {
		made := build()
		text = &made
		t[i].Store(text)
	}
	return *text
}

// readByID is the query for one resource.
func (d *DB) readByID(c resources.Caller, with resources.With, typ, id string) fragment {
	along := membersAlong(with, 1)
	f := fragment{d.readText(with, along, d.namesAlong(c, with)), []any{c.Connection, c.Company, typ, id}}
	if along > 0 {
		f.args = []any{c.Connection, along + 1, c.Company, typ, id}
	}
	if with.Hold {
		f.text += d.dialect.forUpdate()
	}
	return f
}

// readText is the text of a read by type and id.
func (d *DB) readText(with resources.With, along int, names bool) string {
	return d.readTexts.text(func() string {
		return d.selectColumns(with, names) + d.membersColumn(along).text + ` from resources r where r.company_id = ? and r.type = ? and r.id = ?`
	}, with.WithoutIndex, with.Groups, names, along > 0)
}

// fields are where the columns of rows are read to.
func (row *resourceRow) fields(rows *sql.Rows) ([]any, error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	fields := make([]any, len(columns))
	for i, name := range columns {
		if fields[i] = row.field(name); fields[i] == nil {
			return nil, fmt.Errorf("a resource has no column %q", name)
		}
	}
	return fields, nil
}

// field is where a column is read to.
func (row *resourceRow) field(column string) any {
	switch column {
	case "id":
		return &row.ID
	case "type":
		return &row.Type
	case "version":
		return &row.Version
	case "created":
		return &row.Created
	case "modified":
		return &row.Modified
	case "body":
		return &row.Body
	case "external_id":
		return &row.ExternalID
	case "group_pairs":
		return &row.GroupPairs
	case "manager_name":
		return &row.ManagerName
	case "sponsor_name":
		return &row.SponsorName
	case "member_rows":
		return &row.MemberRows
	case "sort_missing":
		return &row.SortMissing
	case "sort_key":
		return &row.SortKey
	case "list_total":
		return &row.Total
	}
	return row.indexField(column)
}

// indexField is field for what the index needs.
func (row *resourceRow) indexField(column string) any {
	switch column {
	case "user_name":
		return &row.UserName
	case "user_name_folded":
		return &row.UserNameFolded
	case "display_name":
		return &row.DisplayName
	case "name_folded":
		return &row.NameFolded
	case "active":
		return &row.Active
	case "hold":
		return &row.Hold
	case "manager":
		return &row.Manager
	}
	return nil
}

// brief is the context of a read that takes less than a millisecond, such as one by a key. On SQLite such a read is not
// broken off: being able to would take two goroutines, which cost more than the read.
func (d *DB) brief(ctx context.Context) (context.Context, error) {
	if d.dialect.postgres {
		return ctx, nil
	}
	return context.WithoutCancel(ctx), ctx.Err()
}

// onePage says whether a query reads one page at once: by keys, or of a list as it is.
func onePage(q resources.Query) bool {
	for _, s := range q.Selections() {
		if s.SortBy != nil || s.Where != nil && !keyed(s.Where) {
			return false
		}
	}
	return true
}

// keyed says whether a condition leads by an index to few resources.
func keyed(cond resources.Condition) bool {
	switch cond := cond.(type) {
	case resources.Compare:
		switch cond.Attribute.String() {
		case "id", "userName", "externalId":
			return cond.Op == "eq"
		case "displayName":
			core := cond.Attribute.Schema == resources.SchemaUser || cond.Attribute.Schema == resources.SchemaGroup
			return cond.Op == "eq" && core
		}
	case resources.Element:
		return cond.Attribute.String() == "emails" && pinsValue(cond.Where)
	case resources.And:
		for _, term := range cond.Terms {
			if keyed(term) {
				return true
			}
		}
	}
	return false
}

// groups are the Groups that came with a row.
func (row *resourceRow) groups() (groups []resources.Ref, err error) {
	if row.Type != resources.TypeUser {
		return nil, nil
	}
	err = unpack(row.GroupPairs.String, 2, func(g []string) {
		groups = append(groups, resources.Ref{Type: resources.TypeGroup, ID: g[0], Display: g[1]})
	})
	if err != nil {
		return nil, fmt.Errorf("groups of %s %s: %w", row.Type, row.ID, err)
	}
	slices.SortFunc(groups, func(a, b resources.Ref) int { return strings.Compare(a.ID, b.ID) })
	return groups, nil
}
