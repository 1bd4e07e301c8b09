package resources

import (
	"context"
	"errors"

	"proprio/audit"
)

// Reconsider asks the policy again about the Users of a company, after its domains or its policy changed, and puts on
// hold or releases those whose answer differs. It returns how many changed. A User that the policy would now refuse is
// put on hold: nobody is deleted for a change of rules.
func (d *Directory) Reconsider(ctx context.Context, c Caller) (int, error) {
	changed, start, total := 0, 1, -1
	for {
		page, err := d.Store.Find(ctx, c, Query{Type: TypeUser, StartIndex: start, Count: pageSize})
		if err != nil {
			return changed, err
		}
		if page.Total < total { // some went meanwhile, and the others moved up
			start = max(1, start-(total-page.Total))
			total = page.Total
			continue
		}
		total = page.Total
		outdated := int64(AnyRules) // once a page the rules are read; what was read before tells nothing of their change
		for _, r := range page.Resources {
			did, err := d.reconsider(ctx, c, r, outdated)
			outdated = 0
			if err != nil {
				return changed, err
			}
			if did {
				changed++
			}
		}
		start += len(page.Resources)
		if len(page.Resources) == 0 || start > total {
			return changed, nil
		}
	}
}

// reconsider asks about one User, first about the state at hand, and only if that answer differs about the state in
// place at the time of the write.
func (d *Directory) reconsider(ctx context.Context, c Caller, r *Resource, outdated int64) (changed bool, err error) {
	rt, err := d.resourceType(ctx, c, TypeUser)
	if err != nil {
		return false, err
	}
	doc, err := r.Document()
	if err != nil {
		return false, err
	}
	p := &pending{Directory: d, caller: c, id: r.ID, before: r, old: doc, next: newDraft(rt, c.Switches, doc)}
	p.next.setHold("")
	if err := p.judge(ctx, outdated); err != nil {
		return false, err
	}
	if equal(map[string]any(doc), map[string]any(p.next.doc)) {
		return false, nil
	}
	result, err := d.change(ctx, c, TypeUser, r.ID, Precondition{}, func(p *pending) error {
		p.action = audit.ActionModify
		return nil
	})
	if errors.Is(err, ErrNotFound) {
		return false, nil // gone meanwhile
	}
	if err != nil {
		return false, err
	}
	return result.Changed, nil
}
