package resources

import (
	"context"
	"errors"
	"slices"

	"proprio/audit"
	"proprio/resources/filter"
)

// Awaited is a reference to something that a connection has named but not sent yet: a Group's member, or a User's
// manager (protocol.md section 3, row 2; Q57).
//
// Ids are the server's own, so what a client can name before it sends it is only what it will itself call it: the
// externalId. That is why, where the connection's switches say so, references may be by externalId too. An id comes
// first, and an externalId that several resources have names none of them.
type Awaited struct {
	Holder    string // id of the Group or the User that refers
	Attribute string // awaitedMember or awaitedManager
	Value     string // the externalId
}

// The attributes that can wait.
const (
	awaitedMember  = "members"
	awaitedManager = "manager"
)

// Awaiting keeps references of the caller's connection to what it has not sent yet.
type Awaiting interface {
	// Await keeps references. One that is kept already, and one of a holder that is gone, is no error.
	Await(ctx context.Context, c Caller, refs []Awaited) error
	// AwaitedBy returns the references to an externalId.
	AwaitedBy(ctx context.Context, c Caller, externalID string) ([]Awaited, error)
	// Forget drops a holder's references by one attribute: those to the values, or with nil all.
	Forget(ctx context.Context, c Caller, holder, attribute string, values []string) error
	// ByExternalID finds resources by the externalId that the caller's connection gave them, those alone that no other
	// has too.
	ByExternalID(ctx context.Context, c Caller, externalIDs []string) (map[string]Member, error)
}

// renameMembers puts ids in the place of externalIds, where those name something.
func (p *pending) renameMembers(ctx context.Context, edit *memberEdit) error {
	names := append(edit.added(), edit.removed()...)
	types, err := p.Store.Types(ctx, p.caller, names)
	if err != nil {
		return err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return types[name] != "" })
	if len(names) == 0 {
		return nil
	}
	known, err := p.Store.ByExternalID(ctx, p.caller, names)
	if err != nil {
		return err
	}
	edit.rename(known)
	return nil
}

// awaitManager takes a manager by id or by externalId. One that does not exist yet is left out of the document and kept
// for later.
func (p *pending) awaitManager(ctx context.Context, a *Attribute, name string) error {
	named, err := p.Store.Named(ctx, p.caller, []string{name})
	if err != nil {
		return err
	}
	if named[name].Type == TypeUser {
		p.refer(name, named[name])
		return nil
	}
	known, err := p.Store.ByExternalID(ctx, p.caller, []string{name})
	if err != nil {
		return err
	}
	if manager := known[name]; manager.Type == TypeUser {
		p.next.doc.set(a, map[string]any{"value": manager.ID})
		p.refers = append(p.refers, manager.ID)
		return nil
	}
	if len(name) > maxKey || named[name].Type != "" {
		return Errorf(ErrInvalidValue, a.String()+".value", "There is no User with the id or externalId %q.", shorten(name))
	}
	p.next.doc.set(a, nil)
	p.next.nameSchemas()
	p.awaited = append(p.awaited, Awaited{p.id, awaitedManager, name})
	return nil
}

// await does what the switches ask after a change was written: it keeps the references that lead nowhere yet, drops
// those that the change put an end to, and puts in place those that waited for this resource. Two changes that cross
// each other find each other: each writes first and looks then.
func (p *pending) await(ctx context.Context, m *MemberChange, r *Result) error {
	s := p.caller.Switches
	if p.caller.Connection == "" || !s.AllowUnknownMembers && !s.AllowUnknownManagers {
		return nil
	}
	if err := p.keepAwaited(ctx, m); err != nil {
		return err
	}
	for _, ref := range p.awaited {
		found, err := p.Store.ByExternalID(ctx, p.caller, []string{ref.Value})
		if err != nil {
			return err
		}
		if member, ok := found[ref.Value]; ok {
			p.admit(ctx, p.caller, ref, member.ID)
		}
	}
	if r.Resource.ExternalID == "" {
		return nil
	}
	waiting, err := p.Store.AwaitedBy(ctx, p.caller, r.Resource.ExternalID)
	for _, ref := range waiting {
		p.admit(ctx, p.caller, ref, r.Resource.ID)
	}
	return err
}

// keepAwaited brings what is kept of this resource's references up to date.
func (p *pending) keepAwaited(ctx context.Context, m *MemberChange) error {
	if p.next.refers || p.action == audit.ActionReplace {
		if err := p.Store.Forget(ctx, p.caller, p.id, awaitedManager, nil); err != nil {
			return err
		}
	}
	if m != nil && p.next.members.await {
		var gone []string // nil: all
		if !m.Clear {
			gone = append([]string{}, m.Remove...)
		}
		if err := p.Store.Forget(ctx, p.caller, p.id, awaitedMember, gone); err != nil {
			return err
		}
		for _, name := range m.Await {
			p.awaited = append(p.awaited, Awaited{p.id, awaitedMember, name})
		}
	}
	if len(p.awaited) == 0 {
		return nil
	}
	return p.Store.Await(ctx, p.caller, p.awaited)
}

// admit puts a reference in place that has waited. It is a change like any other. When it fails, the reference goes on
// waiting and is tried again with the next change of what it refers to: that one was made, and must be answered so.
func (d *Directory) admit(ctx context.Context, c Caller, ref Awaited, id string) {
	typ, path := TypeGroup, filter.AttributePath{AttributeName: "members"}
	if ref.Attribute == awaitedManager {
		urn := SchemaEnterprise
		typ, path = TypeUser, filter.AttributePath{URIPrefix: &urn, AttributeName: "manager"}
	}
	value := map[string]any{"value": id}
	_, err := d.Modify(ctx, c, typ, ref.Holder, Precondition{}, []Operation{{Op: OpAdd, Path: filter.Path{AttributePath: path}, Value: value}})
	if err == nil || errors.Is(err, ErrNotFound) {
		_ = d.Store.Forget(ctx, c, ref.Holder, ref.Attribute, []string{ref.Value})
	}
}
