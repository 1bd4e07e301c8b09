package db

import (
	"context"
	"database/sql"
	"time"

	"proprio/resources"
)

// appliedRow is a resource after a change that left its body alone.
type appliedRow struct {
	ID          string         `db:"id"`
	Type        string         `db:"type"`
	Version     int64          `db:"version"`
	Created     int64          `db:"created"`
	Modified    int64          `db:"modified"`
	Body        []byte         `db:"body"`
	UserName    string         `db:"user_name"`
	Folded      sql.NullString `db:"user_name_folded"`
	DisplayName string         `db:"display_name"`
	NameFolded  string         `db:"name_folded"`
	Active      bool           `db:"active"`
	Hold        string         `db:"hold"`
	Manager     sql.NullString `db:"manager"`
	ExternalID  sql.NullString `db:"external_id"`
}

// appliedColumns are read from resources. The one parameter is the caller's
// connection.
const appliedColumns = `resources.id, resources.type, resources.version, resources.created, resources.modified, resources.body, resources.user_name, resources.user_name_folded,
	resources.display_name, resources.name_folded, resources.active, resources.hold, resources.manager,
	(select x.external_id from external_ids x
		where x.company_id = resources.company_id and x.resource_id = resources.id and x.connection_id = ?) as external_id`

func (row *appliedRow) applied(changed bool) resources.Applied {
	return resources.Applied{Version: row.Version, Changed: changed, Resource: &resources.Resource{
		Type: row.Type, ID: row.ID, ExternalID: row.ExternalID.String, Version: row.Version,
		Created: fromMicros(row.Created), LastModified: fromMicros(row.Modified), Body: row.Body, MemberCount: -1,
		Index: resources.Index{
			UserName: row.UserName, UserNameFolded: row.Folded.String, DisplayName: row.DisplayName,
			NameFolded: row.NameFolded, Active: row.Active, Hold: row.Hold, Manager: row.Manager.String,
		},
	}}
}

// expect returns the resource in place, once its version is the expected one.
func (w *writer) expect(ctx context.Context, ch *resources.Change) (*appliedRow, error) {
	r := ch.Resource
	row := &appliedRow{}
	err := w.get(ctx, w.tx, row, `select `+appliedColumns+` from resources where resources.company_id = ? and resources.type = ? and resources.id = ?`,
		w.c.Connection, w.c.Company, r.Type, r.ID)
	if err != nil {
		return nil, named(err, "%s %q does not exist", r.Type, r.ID)
	}
	return row, checkVersion(ch, row.Version)
}

// raise spends a version for what changed beside the body.
func (w *writer) raise(ctx context.Context, ch *resources.Change, at time.Time) (*appliedRow, error) {
	r := ch.Resource
	row := &appliedRow{}
	err := w.get(ctx, w.tx, row, `update resources set version = version + 1, modified = ?
		where resources.company_id = ? and resources.type = ? and resources.id = ? and (cast(? as bigint) = 0 or resources.version = ?) returning `+appliedColumns,
		micros(at), w.c.Company, r.Type, r.ID, ch.Expected, ch.Expected, w.c.Connection)
	if isNotFound(err) {
		row, err = w.expect(ctx, ch) // says which of the two it was
	}
	return row, err
}
