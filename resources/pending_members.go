package resources

import (
	"context"
	"slices"
	"strings"
)

// memberChange works out what becomes of a Group's members; nil when the change does not name them.
func (p *pending) memberChange(ctx context.Context) (*MemberChange, error) {
	edit := p.next.members
	if edit == nil {
		return nil, nil
	}
	if edit.await {
		if err := p.renameMembers(ctx, edit); err != nil {
			return nil, err
		}
	}
	named, err := p.nameMembers(ctx, edit)
	if err != nil {
		return nil, err
	}
	var present []Member
	if edit.needsMembers() && p.before != nil {
		if err := p.next.work.spend("members", 0, 0); err != nil {
			return nil, err // before a million of them are read for nothing
		}
		if present, err = p.Store.Members(ctx, p.caller, p.id, "", 0); err != nil {
			return nil, err
		}
	}
	types := map[string]string{}
	for _, id := range edit.added() {
		types[id] = named[id].Type
	}
	change, err := edit.change(p.id, types, present, p.next.work)
	if err != nil {
		return nil, err
	}
	for i := range change.Add {
		m := &change.Add[i]
		m.Display = named[m.ID].Display()
	}
	return change, nil
}

// nameMembers looks up those whom an edit adds. Where all who are in the Group are taken out before, it asks in the same
// breath who that is, for the guard and for the change that changes nothing.
func (p *pending) nameMembers(ctx context.Context, edit *memberEdit) (map[string]Named, error) {
	ids := edit.added()
	if p.before != nil && edit.clears() {
		roll, err := p.Store.Roll(ctx, p.caller, p.id, ids)
		p.roll = &roll
		return roll.Named, err
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return p.Store.Named(ctx, p.caller, ids)
}

// enrolled says that those who are to be all members are so already, in the version that the change was made from.
func (p *pending) enrolled(m *MemberChange) bool {
	return m != nil && m.Clear && p.roll != nil && p.roll.Version == p.before.Version && p.roll.Count == len(m.Add) &&
		p.roll.staying(m.Add) == len(m.Add)
}

// enroll says in a result who a Group's members are, where the change named all of them.
func (p *pending) enroll(r *Result, m *MemberChange) {
	switch {
	case r.Resource.Type != TypeGroup || m != nil && (p.before != nil && !m.Clear || len(m.Await) > 0):
	case m != nil:
		r.Members = append([]Member{}, m.Add...)
		slices.SortFunc(r.Members, func(a, b Member) int { return strings.Compare(a.ID, b.ID) })
	case p.before == nil:
		r.Members = []Member{}
	}
}
