package push

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"proprio/ownership"
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
}

// compiledRules are rules with what they were compiled for.
type compiledRules struct {
	text     string
	registry *resources.Registry
	profile  string
	rules    *mapping.Compiled
	wrong    error // they do not fit the company's schemas any more
}

// maxRules bounds how many apps' rules are kept.
const maxRules = 10_000

// of returns an app's rules, compiled; nil where it has none. A failure says that they do not fit any more.
func (b *Rulebook) of(ctx context.Context, app App) (*mapping.Compiled, error) {
	if app.Settings.Rules.Empty() {
		return nil, nil
	}
	if b == nil {
		return nil, fmt.Errorf("app %s: its rules cannot be compiled here", app.Name)
	}
	user, registry, err := b.userType(ctx, app.Company)
	if err != nil {
		return nil, err
	}
	text := string(encodeFields(app.Settings.Rules))
	b.mu.Lock()
	have, ok := b.byApp[app.ID]
	b.mu.Unlock()
	if !ok || have.text != text || have.registry != registry || have.profile != app.Profile {
		have = compiledRules{text: text, registry: registry, profile: app.Profile}
		profile, known := b.Profiles.Get(app.Profile)
		if !known {
			return nil, needs(ClassNeedsAdmin, "there is no profile %q", app.Profile)
		}
		have.rules, have.wrong = mapping.Compile(app.Settings.Rules, user, profile)
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

// userType is the User type of a company.
func (b *Rulebook) userType(ctx context.Context, company string) (*resources.ResourceType, *resources.Registry, error) {
	registries := b.Registries
	if registries == nil {
		registries = resources.NewRegistry()
	}
	registry, err := registries.Registry(ctx, company)
	if err != nil {
		return nil, nil, fmt.Errorf("the company's schemas: %w", err)
	}
	return registry.Type(resources.TypeUser), registry, nil
}

// scopes notes in standings whether the apps' expressions take the Users in. The Users' documents are read only for that.
func (b *Rulebook) scopes(ctx context.Context, store Plans, apps []App, company string, standings map[string]Standing) error {
	var people map[string]*resources.Resource
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
			if people, err = store.People(ctx, company, existing(standings)); err != nil {
				return fmt.Errorf("read the Users that expressions ask for: %w", err)
			}
		}
		for id, s := range standings {
			if r := people[id]; r != nil {
				if s.scoped == nil {
					s.scoped = map[string]scoped{}
				}
				s.scoped[app.ID] = scopedBy(rules, broken, r)
				standings[id] = s
			}
		}
	}
	return nil
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
func scopedBy(rules *mapping.Compiled, broken *failure, r *resources.Resource) scoped {
	if broken != nil {
		return scoped{broken: broken}
	}
	person, err := ruledPerson(r)
	if err == nil {
		var s scoped
		if s.in, s.why, err = rules.InScope(person); err == nil {
			return s
		}
	}
	return scoped{broken: needs(ClassNeedsData, "%v. What the app holds stays as it is: change the expression, or the person's data", err)}
}

// ruledPerson is a User as rules see it: without what no app may know.
func ruledPerson(r *resources.Resource) (*mapping.Person, error) {
	doc, err := decodeFields(r.Body)
	if err != nil {
		return nil, err
	}
	if _, ok := doc["emails"]; ok {
		doc["emails"] = ownership.BoundEmails(doc)
	}
	groups := slices.SortedFunc(slices.Values(r.Groups), func(a, b resources.Ref) int { // the order of a list is no change
		return cmp.Or(cmp.Compare(a.Display, b.Display), cmp.Compare(a.ID, b.ID))
	})
	return &mapping.Person{ID: r.ID, Doc: doc, Groups: groups}, nil
}
