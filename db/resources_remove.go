package db

import (
	"context"
	"slices"

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
	err = w.leaveGroups(ctx, r.ID, micros(at))
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
	_, err = w.exec(ctx, w.tx, `delete from external_ids where company_id = ? and resource_id = ?`, w.c.Company, r.ID)
	if err != nil {
		return resources.Applied{}, err
	}
	_, err = w.exec(ctx, w.tx, `delete from resources where company_id = ? and id = ?`, w.c.Company, r.ID)
	if err != nil {
		return resources.Applied{}, err
	}
	w.note(ch, at, old.UserName, old.DisplayName)
	return resources.Applied{Version: old.Version, Changed: true}, nil
}

// leaveGroups ends all memberships of a resource. The Groups are locked in the order of their ids, so that two people
// who leave the same Groups at once do not block each other for good.
func (w *writer) leaveGroups(ctx context.Context, member string, at int64) error {
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
	_, err = w.exec(ctx, w.tx, `update resources set version = version + 1, modified = ? where company_id = ? and id `+
		w.dialect.in(), at, w.c.Company, w.dialect.values(groups))
	for _, g := range groups {
		w.mark(resources.TypeGroup, g)
	}
	return err
}
