package resources

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"proprio/audit"
)

// KeptRemoved is how long a deleted User or Group can be brought back (H12).
const KeptRemoved = 30 * 24 * time.Hour

// Removed is a User or a Group that was deleted. For SCIM it is gone; an administrator can bring it back.
type Removed struct {
	Type        string
	ID          string
	Name        string // userName or displayName
	Body        json.RawMessage
	Groups      []string          // that held it
	Members     []string          // of a Group
	ExternalIDs map[string]string // by connection
	At          time.Time
}

// Retention keeps what was deleted. Apply fills it, in the transaction of the removal.
type Retention interface {
	// ListRemoved returns what was deleted, newest first.
	ListRemoved(ctx context.Context, company string, limit int) ([]Removed, error)
	// Removed returns one of them by id, or ErrNotFound.
	Removed(ctx context.Context, company, id string) (Removed, error)
	// ForgetRemoved forgets one.
	ForgetRemoved(ctx context.Context, company, id string) error
	// PurgeRemoved forgets all that were deleted before a time, of all companies.
	PurgeRemoved(ctx context.Context, before time.Time) error
}

// Restore brings a deleted User or Group back under its id, with its memberships and with what connections call it, as
// far as those are still there. It passes the same rules as a new one: ErrUniqueness when its name is in use by now.
func (d *Directory) Restore(ctx context.Context, c Caller, from Retention, id string) (*Result, error) {
	removed, err := from.Removed(ctx, c.Company, id)
	if err != nil {
		return nil, err
	}
	back, err := d.Store.Get(ctx, c, removed.Type, id, With{Groups: true})
	switch {
	case err == nil: // by an attempt that was broken off before its memberships
	case errors.Is(err, ErrNotFound):
		result, err := d.recreate(ctx, c, removed)
		if err != nil {
			return nil, err
		}
		back = result.Resource
	default:
		return nil, err
	}
	if err := d.rejoin(ctx, c, removed); err != nil {
		return nil, err
	}
	return &Result{Resource: back, Changed: true, Created: true}, from.ForgetRemoved(ctx, c.Company, removed.ID)
}

// recreate makes a deleted resource anew under its id.
func (d *Directory) recreate(ctx context.Context, c Caller, removed Removed) (*Result, error) {
	rt, err := d.resourceType(ctx, c, removed.Type)
	if err != nil {
		return nil, err
	}
	in, err := (&Resource{Type: removed.Type, ID: removed.ID, Body: removed.Body}).Document()
	if err != nil {
		return nil, err
	}
	if rt.Name == TypeGroup {
		if in["members"], err = d.present(ctx, c, removed.Members); err != nil {
			return nil, err
		}
	}
	if err := d.dropAbsent(ctx, c, rt, in); err != nil {
		return nil, err
	}
	next := d.draft(ctx, rt, c, nil)
	if err := next.assign(in); err != nil {
		return nil, err
	}
	p := &pending{Directory: d, caller: c, action: audit.ActionCreate, id: removed.ID, next: next}
	return p.write(ctx)
}

// present are the ids that are still there, as members.
func (d *Directory) present(ctx context.Context, c Caller, ids []string) ([]any, error) {
	types, err := d.Store.Types(ctx, c, ids)
	members := []any{}
	for _, id := range ids {
		if types[id] == TypeUser || types[id] == TypeGroup {
			members = append(members, map[string]any{"value": id})
		}
	}
	return members, err
}

// dropAbsent takes references out that lead nowhere by now: a manager who has left as well.
func (d *Directory) dropAbsent(ctx context.Context, c Caller, rt *ResourceType, doc Document) error {
	for _, a := range rt.all() {
		id := referred(doc, a)
		if id == "" {
			continue
		}
		types, err := d.Store.Types(ctx, c, []string{id})
		if err != nil {
			return err
		}
		if types[id] == "" {
			doc.set(a, nil)
		}
	}
	return nil
}

// rejoin gives a resource its Groups back, and the names that connections have for it.
func (d *Directory) rejoin(ctx context.Context, c Caller, removed Removed) error {
	for _, group := range removed.Groups {
		_, err := d.changeMembership(ctx, c, OpAdd, group, removed.ID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	for connection, externalID := range removed.ExternalIDs {
		as := c
		as.Connection = connection
		_, err := d.Modify(ctx, as, removed.Type, removed.ID, Precondition{}, []Operation{OperationOn(OpReplace, "externalId", externalID)})
		if err != nil {
			return err
		}
	}
	return nil
}
