package db

import (
	"context"
	"database/sql"
	"strings"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"

	"proprio/resources"
)

var _ resources.Store = (*DB)(nil)

// resourceRow is a row of resources with what the caller asked for beside it.
type resourceRow struct {
	ID             string         `db:"id"`
	Type           string         `db:"type"`
	Version        int64          `db:"version"`
	Created        int64          `db:"created"`
	Modified       int64          `db:"modified"`
	Body           []byte         `db:"body"`
	UserName       string         `db:"user_name"`
	UserNameFolded sql.NullString `db:"user_name_folded"`
	DisplayName    string         `db:"display_name"`
	NameFolded     string         `db:"name_folded"`
	Active         bool           `db:"active"`
	Hold           string         `db:"hold"`
	Manager        sql.NullString `db:"manager"`
	ExternalID     sql.NullString `db:"external_id"`
	GroupPairs     sql.NullString `db:"group_pairs"`  // packed: id, displayName
	ManagerName    sql.NullString `db:"manager_name"` // id and displayName
	SponsorName    sql.NullString `db:"sponsor_name"`
	MemberRows     sql.NullString `db:"member_rows"` // packed: id, type, display
	// Of a sorted query (db/order.go):
	SortMissing bool           `db:"sort_missing"`
	SortKey     sql.NullString `db:"sort_key"`
	// Of a page, how many are selected in all:
	Total sql.NullInt64 `db:"list_total"`
}

// indexColumns are read from resources r for the index, and the others for all.
const indexColumns = `r.user_name, r.user_name_folded, r.display_name, r.name_folded, r.active, r.hold, r.manager, `

const resourceColumns = `r.id, r.type, r.version, r.created, r.modified, r.body,
	(select x.external_id from external_ids x
		where x.company_id = r.company_id and x.resource_id = r.id and x.connection_id = ?) as external_id`

// selectResources is a query for whole resources. Its one parameter so far is the caller's connection. The table is
// called r in what follows.
func (d *DB) selectResources(with resources.With, from string) string {
	return d.selectColumns(with, false) + ` from ` + from
}

// selectColumns begins it. The Groups of each User come in the same round trip, and what references are called, if that is to
// come along (see namesAlong).
func (d *DB) selectColumns(with resources.With, names bool) string {
	return d.columnTexts.text(func() string { return d.makeColumns(with, names) }, with.WithoutIndex, with.Groups, names)
}

func (d *DB) makeColumns(with resources.With, names bool) string {
	columns := `select `
	if !with.WithoutIndex {
		columns += indexColumns
	}
	columns += resourceColumns
	if names {
		columns += nameColumns()
	}
	if !with.Groups {
		return columns
	}
	return columns + `, (select ` + d.dialect.packed("g.id", "g.display_name") + `
		from members m join resources g on g.company_id = m.company_id and g.id = m.group_id
		where m.company_id = r.company_id and m.member_id = r.id and m.member_type = '` + resources.TypeUser + `') as group_pairs`
}

// Get implements resources.Store.
func (d *DB) Get(ctx context.Context, c resources.Caller, typ, id string, with resources.With) (*resources.Resource, error) {
	if typ == resources.TypeMembership {
		return d.membership(ctx, c, id)
	}
	var rows []resourceRow
	if keepable(id) {
		brief, err := d.brief(ctx)
		if err == nil {
			read := d.readByID(c, with, typ, id)
			rows, err = d.readRows(brief, nil, read.text, read.args...)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(rows) == 0 {
		return nil, resources.Errorf(resources.ErrNotFound, "", "%s %q does not exist", typ, id)
	}
	found, err := d.complete(ctx, c, with, 1, rows)
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// GetByUserName implements resources.Store.
func (d *DB) GetByUserName(ctx context.Context, c resources.Caller, folded string) (*resources.Resource, error) {
	var rows []resourceRow
	if keepable(folded) {
		brief, err := d.brief(ctx)
		if err == nil {
			rows, err = d.readRows(brief, nil, d.selectResources(resources.With{}, `resources r`)+
				` where r.company_id = ? and r.user_name_folded = ?`, c.Connection, c.Company, folded)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(rows) == 0 {
		return nil, resources.Errorf(resources.ErrNotFound, "", "no User has the userName %q", folded)
	}
	return rows[0].resource()
}

// complete turns the rows of a page of so many into resources and brings what is asked for and did not come with them.
func (d *DB) complete(
	ctx context.Context, c resources.Caller, with resources.With, page int, rows []resourceRow,
) ([]*resources.Resource, error) {
	along := membersAlong(with, page)
	found, groups := make([]*resources.Resource, 0, len(rows)), map[string]*resources.Resource{}
	for i := range rows {
		r, err := rows[i].resource()
		if err != nil {
			return nil, err
		}
		if with.Members && r.Type == resources.TypeGroup {
			if r.Members, err = rows[i].members(); err != nil {
				return nil, err
			}
			if r.MemberCount = len(r.Members); r.MemberCount > along || along == 0 {
				r.Members, r.MemberCount = []resources.Member{}, 0
				groups[r.ID] = r
			}
		}
		found = append(found, r)
	}
	if err := d.fillNames(ctx, c, with.References, found, rows); err != nil {
		return nil, err
	}
	if with.Hidden {
		if err := d.fillHidden(ctx, c, found); err != nil {
			return nil, err
		}
	}
	if with.Used {
		if err := d.fillUsed(ctx, c, found); err != nil {
			return nil, err
		}
	}
	if len(groups) == 0 {
		return found, nil
	}
	return d.completeGroups(ctx, c, with, along, found, groups)
}

func (row *resourceRow) resource() (*resources.Resource, error) {
	r := &resources.Resource{
		Type: row.Type, ID: row.ID, ExternalID: row.ExternalID.String, Version: row.Version,
		Created: fromMicros(row.Created), LastModified: fromMicros(row.Modified), Body: row.Body, MemberCount: -1,
		Index: resources.Index{
			UserName: row.UserName, UserNameFolded: row.UserNameFolded.String, DisplayName: row.DisplayName,
			NameFolded: row.NameFolded, Active: row.Active, Hold: row.Hold, Manager: row.Manager.String,
		},
	}
	var err error
	r.Groups, err = row.groups()
	return r, err
}

// Types implements resources.Store.
func (d *DB) Types(ctx context.Context, c resources.Caller, ids []string) (map[string]string, error) {
	return d.typesOf(ctx, nil, c, ids)
}

func (d *DB) typesOf(ctx context.Context, tx *sqlx.Tx, c resources.Caller, ids []string) (map[string]string, error) {
	asked := make([]string, 0, len(ids))
	for _, id := range ids {
		if keepable(id) {
			asked = append(asked, id)
		}
	}
	types := make(map[string]string, len(asked))
	if len(asked) == 0 {
		return types, nil
	}
	var rows []struct {
		ID   string `db:"id"`
		Type string `db:"type"`
	}
	err := d.list(ctx, tx, &rows, `select id, type from resources where company_id = ? and id `+d.dialect.in(),
		c.Company, d.dialect.values(asked))
	for _, row := range rows {
		types[row.ID] = row.Type
	}
	return types, err
}

// keepable tells whether a text can be in the database at all; what cannot, cannot be found.
func keepable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// named says which object a not-found error is about.
func named(err error, format string, args ...any) error {
	if !isNotFound(err) {
		return err
	}
	return resources.Errorf(resources.ErrNotFound, "", format, args...)
}
