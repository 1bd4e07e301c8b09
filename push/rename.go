package push

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"proprio/resources"
)

// ToldName is under which name of a Group its members were last looked at by apps whose expressions read the names of Groups,
// and how far. Nothing is known of a Group that no such app was told of.
type ToldName struct {
	Group string
	Name  string // empty: there is none, as of a Group that is gone
	After string // id of the last member that was looked at; empty: none was
	Done  bool   // all were
}

// renamedAtOnce is how many Groups' members, a page of each, are raised together: a large Group, or many, must not keep other
// changes waiting.
const renamedAtOnce = 4

// readers are the apps whose expressions read the names of Groups.
func (p *Planner) readers(ctx context.Context, apps []App) ([]App, error) {
	var out []App
	for _, app := range apps {
		rules, err := p.rules().of(ctx, app)
		if _, broken := isFailure(err); err != nil && !broken {
			return nil, err
		}
		if rules.ReadsGroups() {
			out = append(out, app)
		}
	}
	return out, nil
}

// retold adds, to the plans of Groups with another name than the readers know, a page of their members. A Group of which
// others are left is planned again, and for some it is not their turn yet: they are not among the plans returned.
func (p *Planner) retold(ctx context.Context, company string, readers []App, groups map[string]Standing, planned []Planned) ([]Planned, error) {
	if len(readers) == 0 {
		return planned, nil
	}
	ids := make([]string, len(planned))
	for i := range planned {
		ids[i] = planned[i].Mark.ObjectID
	}
	known, err := p.Store.ToldNames(ctx, company, ids)
	if err != nil {
		return nil, fmt.Errorf("under which names Groups are known: %w", err)
	}
	out, pages := planned[:0], 0
	for _, plan := range planned {
		id := plan.Mark.ObjectID
		told, now := known[id], groups[id].Name
		switch {
		case now == "": // it is gone
			plan.Told = &ToldName{Group: id}
		case told.Done && told.Name == now:
		case pages == renamedAtOnce:
			continue
		default:
			pages++
			if told.Name == now {
				plan.Intents = nil // the Group itself was raised with the first page
			} else {
				told = ToldName{Group: id, Name: now}
			}
			if err := p.tellMembers(ctx, company, readers, &plan, told); err != nil {
				return nil, err
			}
		}
		out = append(out, plan)
	}
	return out, nil
}

// tellMembers adds the next page of a Group's members to its plan.
func (p *Planner) tellMembers(ctx context.Context, company string, readers []App, plan *Planned, told ToldName) error {
	page, err := p.Store.Members(ctx, resources.Caller{Company: company}, told.Group, told.After, planBatch)
	if err != nil && !errors.Is(err, resources.ErrNotFound) {
		return fmt.Errorf("the members of a Group that was renamed: %w", err)
	}
	var users []string
	for _, m := range page {
		if told.After = m.ID; m.Type == resources.TypeUser {
			users = append(users, m.ID)
		}
	}
	told.Done = len(page) < planBatch
	plan.Told = &told
	if len(users) == 0 {
		return nil
	}
	people, err := standings(ctx, p.Store, p.rules(), readers, company, resources.TypeUser, users)
	if err != nil {
		return err
	}
	plan.Intents = slices.Clone(plan.Intents)
	for _, id := range users {
		plan.Intents = append(plan.Intents, p.intents(readers, resources.TypeUser, id, people[id])...)
	}
	return nil
}
