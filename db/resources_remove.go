package db

import (
	"context"
	"slices"
	"time"

	"proprio/audit"
	"proprio/resources"
)

// remove deletes a resource with all that hangs on it. The Groups that held it get a new version and a mark; so do the
// members of a Group that goes get a mark.
func (w *writer) remove(ctx context.Context, ch *resources.Change) (resources.Applied, error) {
	r, at := ch.Resource, w.moment(ch)
	var old struct {
		Version     int64  `db:"version"`
		UserName    string `db:"user_name"`
		DisplayName string `db:"display_name"`
	}
	// The lock comes first: a membership that is just being added either is seen below, or fails on its foreign key.
	err := w.get(ctx, w.tx, &old, `select r.version, r.user_name, r.display_name from resources r
		where r.company_id = ? and r.type = ? and r.id = ?`+w.dialect.forUpdate(), w.c.Company, r.Type, r.ID)
	if err != nil {
		return resources.Applied{}, named(err, "%s %q does not exist", r.Type, r.ID)
	}
	err = checkVersion(ch, old.Version)
	if err != nil {
		return resources.Applied{}, err
	}
	err = firstError(w.checkUnreferred(ctx, ch), w.keep(ctx, r.Type, r.ID, at), w.leaveGroups(ctx, r.ID, at))
	if err == nil && r.Type == resources.TypeGroup {
		_, err = w.changeMembers(ctx, r.ID, resources.MemberChange{Clear: true})
	}
	if err == nil && r.Type == resources.TypeUser {
		_, err = w.exec(ctx, w.tx, `delete from emails where company_id = ? and user_id = ?`, w.c.Company, r.ID)
		err = firstError(err, w.endSessions(ctx, r.ID))
	}
	if err != nil {
		return resources.Applied{}, err
	}
	ch.Audit.ExternalIDs, err = w.dropExternalIDs(ctx, r.ID)
	if err == nil {
		err = w.keepNames(ctx, r.ID, ch.Audit.ExternalIDs)
	}
	if err != nil {
		return resources.Applied{}, err
	}
	_, err = w.exec(ctx, w.tx, `delete from resources where company_id = ? and id = ?`, w.c.Company, r.ID)
	if err != nil {
		return resources.Applied{}, err
	}
	w.note(ch, at, old.Version, old.UserName, old.DisplayName)
	return resources.Applied{Version: old.Version, Changed: true}, nil
}

// dropExternalIDs forgets what connections call a resource, and returns it by connection: events of the removal name it.
func (w *writer) dropExternalIDs(ctx context.Context, id string) (map[string]string, error) {
	var rows []struct {
		Connection string `db:"connection_id"`
		ExternalID string `db:"external_id"`
	}
	err := w.list(ctx, w.tx, &rows, `delete from external_ids where company_id = ? and resource_id = ?
		returning connection_id, external_id`, w.c.Company, id)
	dropped := make(map[string]string, len(rows))
	for _, row := range rows {
		dropped[row.Connection] = row.ExternalID
	}
	return dropped, err
}

// leaveGroups ends all memberships of a resource; each of the Groups has changed by it. They are locked in the order of
// their ids, so that two people who leave the same Groups at once do not block each other for good.
func (w *writer) leaveGroups(ctx context.Context, member string, at time.Time) error {
	var groups []string
	err := w.list(ctx, w.tx, &groups, `delete from members where company_id = ? and member_id = ? returning group_id`,
		w.c.Company, member)
	if err != nil || len(groups) == 0 {
		return err
	}
	slices.Sort(groups)
	if w.dialect.postgres && len(groups) > 1 {
		err = w.lock(ctx, groups)
		if err != nil {
			return err
		}
	}
	var left []struct {
		ID          string `db:"id"`
		Version     int64  `db:"version"`
		DisplayName string `db:"display_name"`
	}
	err = w.list(ctx, w.tx, &left, `update resources set version = version + 1, modified = ? where company_id = ? and id `+
		w.dialect.in()+` returning id, version, display_name`, micros(at), w.c.Company, w.dialect.values(groups))
	for _, g := range left {
		w.note(&resources.Change{
			Action: audit.ActionModify, Resource: &resources.Resource{Type: resources.TypeGroup, ID: g.ID, Index: resources.Index{Active: true}},
			Audit: audit.Entry{Changed: []string{"members"}},
		}, at, g.Version, "", g.DisplayName)
	}
	return err
}
