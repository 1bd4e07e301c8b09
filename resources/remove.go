package resources

import (
	"context"
	"errors"
	"time"

	"proprio/audit"
)

// Remove deletes a resource; its memberships go with it (RFC 7644 §3.6), and so does what points to it as a manager. A
// sponsor stays named: that the one who answered for somebody has gone is what the company's rules have to see.
func (d *Directory) Remove(ctx context.Context, c Caller, typ, id string, pre Precondition) error {
	if typ == TypeMembership {
		return d.removeMembership(ctx, c, id, pre)
	}
	for range maxAttempts {
		again, err := d.remove(ctx, c, typ, id, pre)
		if !again {
			return err
		}
	}
	return Errorf(ErrBusy, "", "Other changes around this %s kept coming between; try again.", typ)
}

// remove makes one attempt; again says that something it had read changed meanwhile.
func (d *Directory) remove(ctx context.Context, c Caller, typ, id string, pre Precondition) (again bool, err error) {
	rt, err := d.resourceType(ctx, c, typ)
	if err != nil {
		return false, err
	}
	before, err := d.Store.Get(ctx, c, typ, id, With{})
	if err != nil {
		return false, err
	}
	old, err := before.Document()
	if err != nil {
		return false, err
	}
	if pre.Version != 0 && pre.Version != before.Version {
		return false, Errorf(ErrVersion, "meta.version", "The %s is at version %d, not %d; read it again.", typ, before.Version, pre.Version)
	}
	ties, err := d.Store.Ties(ctx, c, before.ID)
	if err != nil {
		return false, err
	}
	if err := d.guardDelete(c, before, ties); err != nil {
		return false, err
	}
	loss, err := d.guardLoss(ctx, c, before, ties)
	if err != nil {
		return false, err
	}
	var changes []Change
	var keepers []string
	if typ == TypeUser && ties.Managed {
		if changes, err = d.withoutManager(ctx, c, id); err != nil {
			return false, err
		}
	}
	if ties.Referred {
		if changes, keepers, err = d.withoutReferences(ctx, c, id, changes); err != nil {
			return false, err
		}
	}
	now := d.Now().UTC().Truncate(time.Microsecond)
	_, err = d.Store.Apply(ctx, c, append(changes, Change{
		Action: audit.ActionRemove, Expected: pre.Version, Keepers: keepers, Loss: loss,
		Resource: &Resource{Type: typ, ID: before.ID, LastModified: now},
		Audit: audit.Entry{
			Company: c.Company, At: now, Actor: c.Actor, Action: audit.ActionRemove,
			ObjectType: typ, ObjectID: before.ID, ObjectName: rt.nameOf(old),
		},
	})...)
	return errors.Is(err, ErrVersion) || errors.Is(err, ErrNotFound), err // the next look tells which of them it was
}

// withoutManager makes the changes that take a manager away from all who have it.
func (d *Directory) withoutManager(ctx context.Context, c Caller, manager string) ([]Change, error) {
	rt, err := d.resourceType(ctx, c, TypeUser)
	if err != nil {
		return nil, err
	}
	a := rt.Attribute(SchemaEnterprise + ":manager")
	where := Compare{Attribute: a.SubAttribute("value"), Op: "eq", Value: manager}
	var changes []Change
	for start := 1; ; {
		page, err := d.Store.Find(ctx, c, Query{
			Type: TypeUser, Where: where, StartIndex: start, Count: pageSize, With: With{Hidden: rt.traits.hidden},
		})
		if err != nil {
			return nil, err
		}
		for _, r := range page.Resources {
			if r.ID == manager {
				continue // goes itself
			}
			old, err := r.Document()
			if err != nil {
				return nil, err
			}
			p := &pending{Directory: d, caller: c, action: audit.ActionModify, id: r.ID, before: r, old: old, next: newDraft(rt, c.Switches, old)}
			p.next.doc.set(a, nil)
			p.next.nameSchemas()
			changes = append(changes, p.change(nil))
		}
		start += len(page.Resources)
		if len(page.Resources) == 0 || start > page.Total {
			return changes, nil
		}
	}
}

// pageSize is how many resources a walk over a company holds at once.
const pageSize = 200
