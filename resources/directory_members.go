package resources

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"proprio/audit"
)

// modifyMembers makes a change that names members to add and to remove, and nothing else, without a look at the Group
// before: it costs one write, whatever the Group holds. ok is false when the change needs the look, also to say what is
// wrong with it; nothing was written then.
func (d *Directory) modifyMembers(ctx context.Context, c Caller, rt *ResourceType, id string, pre Precondition, ops []Operation) (result *Result, ok bool, err error) {
	if c.Switches.AllowUnknownMembers || rt.definition != 0 || len(ops) == 0 ||
		slices.ContainsFunc(ops, func(op Operation) bool { return !namesMembers(op) }) {
		return nil, false, nil
	}
	next := d.draft(ctx, rt, c, nil)
	for _, op := range ops {
		if next.apply(op) != nil {
			return nil, false, nil
		}
	}
	edit := next.members
	if edit == nil || edit.needsMembers() || edit.clears() {
		return nil, false, nil
	}
	added := edit.added()
	if slices.Contains(added, id) {
		return nil, false, nil
	}
	types := make(map[string]string, len(added))
	for _, id := range added {
		types[id] = TypeUser // until the store says which it is
	}
	members, err := edit.change(id, types, nil, next.work)
	if err != nil || members.empty() {
		return nil, false, nil
	}
	for i := range members.Add {
		members.Add[i].Type = ""
	}
	now := d.Now().UTC().Truncate(time.Microsecond)
	applied, err := d.Store.Apply(ctx, c, Change{
		Action: audit.ActionModify, Expected: pre.Version, Members: members,
		Resource: &Resource{Type: TypeGroup, ID: id, LastModified: now},
		Audit: audit.Entry{Company: c.Company, At: now, Actor: c.Actor, Action: audit.ActionModify, ObjectType: TypeGroup,
			ObjectID: id, Changed: []string{"members"}},
	})
	switch {
	case errors.Is(err, ErrInvalidValue), errors.Is(err, ErrNotFound), errors.Is(err, ErrVersion):
		return nil, false, nil
	case err != nil:
		return nil, true, err
	}
	return &Result{Resource: applied[0].Resource, Changed: applied[0].Changed, Ignored: next.ignored}, true, nil
}

// namesMembers says whether an operation is about members.
func namesMembers(op Operation) bool {
	p := op.Path.AttributePath
	return strings.EqualFold(p.AttributeName, "members") && (p.URIPrefix == nil || strings.EqualFold(*p.URIPrefix, SchemaGroup))
}
