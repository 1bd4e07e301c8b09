package push

import (
	"context"
	"fmt"
	"sync"

	"proprio/push/mapping"
	"proprio/push/profiles"
	"proprio/resources"
)

// Rulebook keeps the compiled rules of apps. It may be used by any number of goroutines.
type Rulebook struct {
	Registries resources.Registries // default: the schemas that every company has
	Profiles   *profiles.Set
	// Domains are a company's verified domains: no rule may make an address in another. Nil: nobody asks.
	Domains func(ctx context.Context, company string) ([]string, error)

	mu    sync.Mutex
	byApp map[string]compiledRules
	views map[string]*mapping.View // by company
}

// compiledRules are rules with what they were compiled for.
type compiledRules struct {
	written mapping.Rules
	view    *mapping.View
	profile string
	rules   *mapping.Compiled
	wrong   error // they do not fit the company's schemas any more
}

// maxRules bounds how many apps' rules, and companies' views, are kept.
const maxRules = 10_000

// of returns an app's rules, compiled; nil where it has none. A failure says that they do not fit any more.
func (b *Rulebook) of(ctx context.Context, app App) (*mapping.Compiled, error) {
	if app.Settings.Rules.Empty() {
		return nil, nil
	}
	if b == nil {
		return nil, fmt.Errorf("app %s: its rules cannot be compiled here", app.Name)
	}
	view, err := b.view(ctx, app.Company)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	have, ok := b.byApp[app.ID]
	b.mu.Unlock()
	if !ok || have.view != view || have.profile != app.Profile || !have.written.Equal(app.Settings.Rules) {
		have = compiledRules{written: app.Settings.Rules, view: view, profile: app.Profile}
		profile, known := b.Profiles.Get(app.Profile)
		if !known {
			return nil, needs(ClassNeedsAdmin, "there is no profile %q", app.Profile)
		}
		have.rules, have.wrong = view.Compile(app.Settings.Rules, profile)
		b.keep(app.ID, have)
	}
	if have.wrong != nil {
		return nil, needs(ClassNeedsData, "the app's settings do not fit the company's schemas any more, and what the app holds stays as it is: %v", have.wrong)
	}
	return have.rules, nil
}

func (b *Rulebook) keep(app string, rules compiledRules) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.byApp) >= maxRules || b.byApp == nil {
		b.byApp = map[string]compiledRules{}
	}
	b.byApp[app] = rules
}

// view is what expressions see of a company's Users.
func (b *Rulebook) view(ctx context.Context, company string) (*mapping.View, error) {
	registries := b.Registries
	if registries == nil {
		registries = resources.NewRegistry()
	}
	registry, err := registries.Registry(ctx, company)
	if err != nil {
		return nil, fmt.Errorf("the company's schemas: %w", err)
	}
	user := registry.Type(resources.TypeUser)
	b.mu.Lock()
	defer b.mu.Unlock()
	if seen := b.views[company]; seen != nil && seen.User == user {
		return seen, nil
	}
	if len(b.views) >= maxRules || b.views == nil {
		b.views = map[string]*mapping.View{}
	}
	b.views[company] = mapping.ViewOf(user)
	return b.views[company], nil
}

// scopes notes in standings whether the apps' expressions take the Users in. The Users' documents are read only for that, and
// once for all apps.
func (b *Rulebook) scopes(ctx context.Context, store Plans, apps []App, company string, standings map[string]Standing) error {
	var people map[string]*reading
	for _, app := range apps {
		if app.Settings.Scope == "" {
			continue
		}
		rules, err := b.of(ctx, app)
		broken, ok := isFailure(err)
		if err != nil && !ok {
			return err
		}
		if people == nil {
			if people, err = readAll(ctx, store, company, existing(standings)); err != nil {
				return fmt.Errorf("read the Users that expressions ask for: %w", err)
			}
		}
		for id, r := range people {
			s := standings[id]
			if s.scoped == nil {
				s.scoped = make(map[string]scoped, len(apps))
			}
			s.scoped[app.ID] = scopedBy(rules, broken, r)
			standings[id] = s
		}
	}
	return nil
}

func readAll(ctx context.Context, store Plans, company string, ids []string) (map[string]*reading, error) {
	people, err := store.People(ctx, company, ids)
	out := make(map[string]*reading, len(people))
	for id, r := range people {
		out[id] = read(r)
	}
	return out, err
}

func existing(standings map[string]Standing) []string {
	var ids []string
	for id, s := range standings {
		if s.Exists {
			ids = append(ids, id)
		}
	}
	return ids
}

// scopedBy is what an app's expression says of a User.
func scopedBy(rules *mapping.Compiled, broken *failure, r *reading) scoped {
	if broken != nil {
		return scoped{broken: broken}
	}
	person, err := r.person()
	if err == nil {
		var s scoped
		if s.in, s.why, err = rules.InScope(person); err == nil {
			return s
		}
	}
	return scoped{broken: needs(ClassNeedsData, "%v. What the app holds stays as it is: change the expression, or the person's data", err)}
}
