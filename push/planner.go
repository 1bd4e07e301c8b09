package push

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"proprio/audit"
	"proprio/push/profiles"
	"proprio/resources"
)

const (
	planBatch = 200  // marks, or objects of an app, that are planned or dropped in one transaction
	stepBatch = 1000 // marks that are looked at together
)

// Planner turns dirty marks into wanted generations. It is safe to run on several replicas: a mark is planned by the
// one that takes it away.
type Planner struct {
	Store    Store
	Profiles *profiles.Set
	Rules    *Rulebook // the engine's; default: one of its own
	Now      func() time.Time
	// Planned hears of the objects that changed, once their marks are planned; optional.
	Planned func(ctx context.Context, company, objectType string, ids []string)
	// Begin is that of Config; optional.
	Begin func(ctx context.Context, work string) (context.Context, func())
}

// species is what the marks of one query have in common.
type species struct {
	company, kind string
	wanted        bool
}

// Step plans the oldest marks of all companies. more says that there may be others.
func (p *Planner) Step(ctx context.Context) (more bool, err error) {
	marks, err := p.Store.DirtyMarks(ctx, stepBatch)
	if err != nil {
		return false, fmt.Errorf("read dirty marks: %w", err)
	}
	groups := map[species][]Mark{}
	for _, m := range marks {
		k := species{m.Company, m.ObjectType, m.Wanted}
		groups[k] = append(groups[k], m)
	}
	var failed error
	for k, batch := range groups {
		left, err := p.settle(ctx, k, batch)
		more = more || left
		if err != nil { // the other companies are planned nevertheless
			failed = errors.Join(failed, fmt.Errorf("plan %d marks of company %s: %w", len(batch), k.company, err))
		}
	}
	return more || len(marks) == stepBatch, failed
}

// settle takes marks away, with or without a plan, and tells who hears of it. more says that some have to be planned again.
func (p *Planner) settle(ctx context.Context, k species, marks []Mark) (more bool, err error) {
	if p.Begin != nil {
		begun, end := p.Begin(ctx, "plan")
		defer end()
		ctx = begun
	}
	take := func(batch []Mark) ([]Mark, error) { return batch, p.Store.DropMarks(ctx, k.company, batch) }
	if k.wanted {
		apps, err := p.Store.Apps(ctx, k.company)
		if err != nil {
			return false, err
		}
		take = func(batch []Mark) ([]Mark, error) { return p.planBatch(ctx, k, apps, batch) }
	}
	for batch := range slices.Chunk(marks, planBatch) { // SQLite has one writer: nobody waits long for a turn
		began := time.Now()
		done, err := take(batch)
		if err != nil {
			return more, err
		}
		more = more || len(done) < len(batch)
		p.tell(ctx, k, done)
		if !k.wanted && len(batch) == planBatch {
			rest(ctx, time.Since(began))
		}
	}
	return more, nil
}

// rest leaves the database to others for three times as long as a batch took: no app waits for these marks, and after a first
// sync, or the filling of a large Group, there are thousands.
func rest(ctx context.Context, took time.Duration) {
	timer := time.NewTimer(3 * took)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// planBatch plans marks, and returns those that are done with.
func (p *Planner) planBatch(ctx context.Context, k species, apps []App, marks []Mark) (done []Mark, err error) {
	standings, err := standings(ctx, p.Store, p.rules(), apps, k.company, k.kind, objectIDs(marks))
	if err != nil {
		return nil, err
	}
	planned := make([]Planned, len(marks))
	for i, m := range marks {
		planned[i] = Planned{Mark: m, Intents: p.intents(apps, k.kind, m.ObjectID, standings[m.ObjectID])}
	}
	if k.kind == resources.TypeGroup {
		readers, err := p.readers(ctx, apps)
		if err != nil {
			return nil, err
		}
		if planned, err = p.retold(ctx, k.company, readers, standings, planned); err != nil {
			return nil, err
		}
	}
	for _, plan := range planned {
		if plan.Told == nil || plan.Told.Done || plan.Told.Name == "" {
			done = append(done, plan.Mark)
		}
	}
	return done, p.Store.PlanMarks(ctx, k.company, p.Now(), planned)
}

func (p *Planner) tell(ctx context.Context, k species, marks []Mark) {
	if p.Planned != nil {
		p.Planned(ctx, k.company, k.kind, objectIDs(marks))
	}
}

func objectIDs(marks []Mark) []string {
	ids := make([]string, len(marks))
	for i, m := range marks {
		ids[i] = m.ObjectID
	}
	return ids
}

// rules is the planner's rulebook.
func (p *Planner) rules() *Rulebook {
	if p.Rules != nil {
		return p.Rules
	}
	return &Rulebook{Profiles: p.Profiles}
}

func (p *Planner) intents(apps []App, kind, id string, s Standing) []Intent {
	var out []Intent
	for _, app := range apps {
		if i, ok := place(app, kind, id, s).intent(app, kind, id, s); ok && !app.InSetup() && p.takes(app, i) {
			out = append(out, i)
		}
	}
	return out
}

// takes says whether the app's product has such objects at all. An app whose profile is unknown gets its rows, and
// its worker says what is wrong.
func (p *Planner) takes(app App, i Intent) bool {
	profile, ok := p.Profiles.Get(app.Profile)
	return !ok || i.OnlyKnown || i.ObjectType != resources.TypeGroup || !profile.Groups.Unsupported
}

// Resync raises everything of the company in one app, page by page: what belongs in it and what the app was told of
// before. It is the way of a first push, of a change of the app's settings, and of an admin's "send again". It returns
// how many accounts were raised; who asked for it is recorded with the first of them.
func (p *Planner) Resync(ctx context.Context, by audit.Actor, app App) (int, error) {
	n := 0
	entries := []audit.Entry{{Company: app.Company, At: p.Now(), Actor: by, Action: audit.ActionSync, ObjectType: "app",
		ObjectID: app.ID, ObjectName: app.Name}}
	for _, kind := range []string{resources.TypeUser, resources.TypeGroup} {
		for after := ""; ; {
			ids, err := p.Store.ObjectsOfApp(ctx, app.Company, app.ID, kind, after, planBatch)
			if err != nil {
				return n, fmt.Errorf("list the %ss for app %s: %w", kind, app.Name, err)
			}
			raised, err := p.resyncPage(ctx, app, kind, ids, entries)
			if err != nil {
				return n, err
			}
			n, entries = n+raised, nil
			if len(ids) < planBatch {
				break
			}
			after = ids[len(ids)-1]
		}
	}
	return n, nil
}

// resyncPage raises what belongs in the app of one page of objects, and records the entries.
func (p *Planner) resyncPage(ctx context.Context, app App, kind string, ids []string, entries []audit.Entry) (int, error) {
	if len(ids) == 0 && len(entries) == 0 {
		return 0, nil
	}
	standings, err := standings(ctx, p.Store, p.rules(), []App{app}, app.Company, kind, ids)
	if err != nil {
		return 0, err
	}
	var intents []Intent
	for _, id := range ids {
		intents = append(intents, p.intents([]App{app}, kind, id, standings[id])...)
	}
	if err := p.Store.RaiseAccounts(ctx, app.Company, p.Now(), intents, entries...); err != nil {
		return 0, fmt.Errorf("raise %d accounts of app %s: %w", len(intents), app.Name, err)
	}
	return len(intents), nil
}
