package resources

import (
	"context"
	"errors"
	"time"

	"proprio/audit"
)

// Directory is the one door every change of a User or a Group passes. Its dependencies are its fields; all are
// required. It is safe for concurrent use.
type Directory struct {
	Registry Registries
	Store    Store
	Policy   Policy
	Now      func() time.Time
	NewID    func() string // UUIDv7
}

// Input is a resource as a caller sends it: decoded JSON, in any of the tolerated forms. id, meta and groups in it are
// ignored (Q05), password is dropped (Q13), unknown attributes are ignored and reported in [Result].Ignored. An
// externalId belongs to the caller's connection; without one it is ignored and reported too.
type Input = map[string]any

// Precondition is what must be in place for a change of an existing resource.
type Precondition struct {
	Version int64 // 0: any
}

// Result is what a change left behind.
type Result struct {
	Resource *Resource // the new state, as Get returns it with Groups and without Members; Names are those that are known
	Changed  bool      // false: everything was so already
	Created  bool      // true when it did not exist before (false on a revived User)
	Ignored  []string  // paths of attributes that the schemas do not know
	Members  []Member  // of a Group, by id, where the change named all of them; nil: it did not
}

// Create adds a resource (RFC 7644 §3.3). ErrUniqueness when the userName, or the Group's displayName, is taken. A User
// whose userName belongs to an inactive one takes that one's place, with its id and memberships, where the connection
// says so (Q51).
func (d *Directory) Create(ctx context.Context, c Caller, typ string, in Input) (*Result, error) {
	if typ == TypeMembership {
		return d.createMembership(ctx, c, in)
	}
	rt, err := d.resourceType(ctx, c, typ)
	if err != nil {
		return nil, err
	}
	next := d.draft(ctx, rt, c, nil)
	if err := next.assign(in); err != nil {
		return nil, err
	}
	return d.create(ctx, &pending{Directory: d, caller: c, action: audit.ActionCreate, id: d.NewID(), next: next}, in)
}

// create writes a new resource, or the one whose place it takes.
func (d *Directory) create(ctx context.Context, p *pending, in Input) (*Result, error) {
	result, err := p.write(ctx)
	if errors.Is(err, ErrUniqueness) {
		return d.createTaken(ctx, p.caller, p, in, err)
	}
	return result, err
}

// createTaken answers a create whose name is taken.
func (d *Directory) createTaken(ctx context.Context, c Caller, p *pending, in Input, taken error) (*Result, error) {
	if p.next.rt.Name != TypeUser {
		return nil, taken
	}
	userName, _ := p.next.doc["userName"].(string)
	owner, err := d.Store.GetByUserName(ctx, c, FoldUserName(userName))
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, taken
	case err != nil:
		return nil, err
	case owner.Index.Active:
		return nil, p.nameTaken(taken)
	case c.Switches.ReviveInactive:
		return d.replace(ctx, c, owner.Type, owner.ID, Precondition{}, in, true)
	}
	return nil, &Error{
		Kind: ErrUniqueness, Path: "userName", Cause: taken,
		Detail: "The userName is in use by a User who is inactive; set that User's active to true instead (id " + owner.ID + ").",
	}
}

// Replace puts a whole resource in the place of one that exists (RFC 7644 §3.5.1). What is not named is cleared, except
// `active` (Q54), the members of a Group (Q55), and the ownership extension.
func (d *Directory) Replace(ctx context.Context, c Caller, typ, id string, pre Precondition, in Input) (*Result, error) {
	return d.replace(ctx, c, typ, id, pre, in, false)
}

func (d *Directory) replace(ctx context.Context, c Caller, typ, id string, pre Precondition, in Input, revive bool) (*Result, error) {
	return d.change(ctx, c, typ, id, pre, func(p *pending) error {
		p.action, p.entering = audit.ActionReplace, revive
		p.next = d.draft(ctx, p.next.rt, c, nil)
		if err := p.next.assign(in); err != nil {
			return err
		}
		if revive && p.next.doc["active"] == nil {
			p.next.doc["active"] = true
		}
		p.next.keep(p.old)
		if p.next.externalID == nil {
			p.next.externalID = new(string)
		}
		if p.next.members != nil { // the members given are all there are to be
			p.next.members.steps = append([]memberStep{{clear: true}}, p.next.members.steps...)
		}
		return p.next.checkImmutable(p.old)
	})
}

// Modify applies operations in order, all or none (RFC 7644 §3.5.2).
func (d *Directory) Modify(ctx context.Context, c Caller, typ, id string, pre Precondition, ops []Operation) (*Result, error) {
	if typ == TypeGroup {
		rt, err := d.resourceType(ctx, c, typ)
		if err != nil {
			return nil, err
		}
		if result, ok, err := d.modifyMembers(ctx, c, rt, id, pre, ops); ok {
			return result, err
		}
	}
	return d.change(ctx, c, typ, id, pre, func(p *pending) error {
		p.action = audit.ActionModify
		for _, op := range ops {
			if err := p.next.apply(op); err != nil {
				return err
			}
		}
		return p.next.checkImmutable(p.old)
	})
}

// maxAttempts bounds how often something is made again because another change came between. Each time some change won.
const maxAttempts = 20

// freeAttempts is how often a change is tried without holding the resource.
const freeAttempts = 3

// change reads a resource, lets edit make the next state of it, and writes that on the condition that the resource is
// still as it was read; if it is not, and the caller named no version, all of it is done again. A resource that others keep
// changing, as a Group whose members are just being sent, is held for the last attempt: then they wait.
func (d *Directory) change(
	ctx context.Context, c Caller, typ, id string, pre Precondition, edit func(*pending) error,
) (result *Result, err error) {
	if typ == TypeMembership {
		return nil, Errorf(ErrMutability, "", "A membership cannot be changed. Delete it, and create another.")
	}
	rt, err := d.resourceType(ctx, c, typ)
	if err != nil {
		return nil, err
	}
	with := With{Groups: true, Hidden: rt.traits.hidden, References: rt.traits.others}
	for range freeAttempts {
		result, err = d.attempt(ctx, c, rt, id, pre, with, edit)
		if pre.Version != 0 || !errors.Is(err, ErrVersion) {
			return result, err
		}
	}
	with.Hold = true
	forget := MarkWork(ctx)
	err = d.Store.Together(ctx, func(ctx context.Context) (err error) {
		forget()
		result, err = d.attempt(ctx, c, rt, id, pre, with, edit)
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

// attempt makes one attempt at a change; ErrVersion when another change came between.
func (d *Directory) attempt(
	ctx context.Context, c Caller, rt *ResourceType, id string, pre Precondition, with With, edit func(*pending) error,
) (*Result, error) {
	before, err := d.Store.Get(ctx, c, rt.Name, id, with)
	if err != nil {
		return nil, err
	}
	if pre.Version != 0 && pre.Version != before.Version {
		return nil, Errorf(ErrVersion, "meta.version", "The %s is at version %d, not %d; read it again.", rt.Name, before.Version, pre.Version)
	}
	old, err := before.Document()
	if err != nil {
		return nil, err
	}
	p := &pending{
		Directory: d, caller: c, id: before.ID, before: before, old: old,
		next: d.draft(ctx, rt, c, old), required: pre.Version,
	}
	if err := edit(p); err != nil {
		return nil, err
	}
	return p.write(ctx)
}

func (d *Directory) resourceType(ctx context.Context, c Caller, typ string) (*ResourceType, error) {
	registry, err := d.Registry.Registry(ctx, c.Company)
	if err != nil {
		return nil, err
	}
	rt := registry.Type(typ)
	if rt == nil {
		return nil, Errorf(ErrNotFound, "", "There is no resource type %q.", shorten(typ))
	}
	return rt, nil
}
