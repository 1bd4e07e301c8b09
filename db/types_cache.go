package db

import (
	"context"
	"sync"
	"time"

	"proprio/resources"
)

var _ resources.Registries = (*DB)(nil)

// How long a registry is used before the database is asked whether it is still the newest, and of how many companies
// registries are kept. Companies without resource types of their own share one.
const (
	registryAge   = time.Second
	maxRegistries = 10_000
)

// registries are the compiled registries of companies.
type registries struct {
	builtIn   *resources.Registry
	mu        sync.Mutex
	byCompany map[string]*knownRegistry
}

// knownRegistry is what is known of a company's resource types.
type knownRegistry struct {
	registry *resources.Registry
	revision int64
	asked    time.Time
}

func newRegistries() *registries {
	return &registries{builtIn: resources.NewRegistry(), byCompany: map[string]*knownRegistry{}}
}

// current returns what may still be used without a question to the database. Whoever gets nothing, asks; meanwhile others
// go on with what is known.
func (r *registries) current(company string, now time.Time) (known knownRegistry, fresh bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := r.byCompany[company]
	if k == nil {
		return knownRegistry{revision: -1}, false
	}
	if age := now.Sub(k.asked); age >= 0 && age < registryAge {
		return *k, true
	}
	k.asked = now
	return *k, false
}

func (r *registries) keep(company string, k knownRegistry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.byCompany) >= maxRegistries {
		clear(r.byCompany)
	}
	if have := r.byCompany[company]; have == nil || have.revision <= k.revision {
		r.byCompany[company] = &k
	}
}

// forget makes the next one ask.
func (r *registries) forget(company string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byCompany, company)
}

// Registry implements resources.Registries. A change made by another process is seen within a second.
func (d *DB) Registry(ctx context.Context, company string) (*resources.Registry, error) {
	known, fresh := d.types.current(company, d.now())
	if fresh {
		return known.registry, nil
	}
	var revision int64
	err := d.get(ctx, nil, &revision, `select revision from resource_type_revisions where company_id = ?`, company)
	if err != nil && !isNotFound(err) {
		d.types.forget(company)
		return nil, err
	}
	if revision == known.revision {
		return known.registry, nil
	}
	k := knownRegistry{registry: d.types.builtIn, revision: revision, asked: d.now()}
	definitions, err := d.Definitions(ctx, company)
	if err == nil && len(definitions) > 0 {
		k.registry, err = resources.CompileRegistry(definitions...)
	}
	if err != nil {
		d.types.forget(company)
		return nil, err
	}
	d.types.keep(company, k)
	return k.registry, nil
}
