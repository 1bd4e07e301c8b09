package rest

import (
	"context"
	"net/http"

	"proprio/push"
	"proprio/scim/client"
)

// product is what one product holds.
type product struct {
	users  collection
	groups collection // nil: the product's groups are not known here
}

// collection is the accounts or the groups of a product, as SCIM resources.
type collection interface {
	// list hands out all, or those that q asks for and perhaps some more.
	list(ctx context.Context, q query, r *reading) error
	get(ctx context.Context, id string) (client.Document, error)
	create(ctx context.Context, resource fields) (client.Document, error)
	change(ctx context.Context, id string, c change) error
	remove(ctx context.Context, id string) error
}

// remote is a product as the engine talks to it.
type remote struct {
	api     *api
	build   func(*api) product
	product product
}

var (
	_ push.Remote   = (*remote)(nil)
	_ push.Renewing = (*remote)(nil)
)

// Recording implements push.Remote.
func (r *remote) Recording(record func(client.Exchange)) push.Remote {
	a := *r.api
	a.client, a.record = a.client.Recording(record), record
	return &remote{api: &a, build: r.build, product: r.build(&a)}
}

// Renewing implements push.Renewing.
func (r *remote) Renewing(credential push.CredentialStore) push.Remote {
	a := *r.api
	a.credential = credential
	return &remote{api: &a, build: r.build, product: r.build(&a)}
}

func (r *remote) at(endpoint string) (collection, error) {
	switch {
	case endpoint == "/Users":
		return r.product.users, nil
	case endpoint == "/Groups" && r.product.groups != nil:
		return r.product.groups, nil
	}
	return nil, cannot(http.StatusNotImplemented, "this product has nothing at %s that could be provisioned", endpoint)
}

// Each implements push.Remote.
func (r *remote) Each(ctx context.Context, endpoint string, o client.ListOptions, take func(client.Document) error) error {
	held, err := r.at(endpoint)
	if err != nil {
		return err
	}
	q, err := parseQuery(o)
	if err != nil {
		return err
	}
	return r.api.hide(held.list(ctx, q, newReading(r.api.base, o, take)))
}

// Get implements push.Remote.
func (r *remote) Get(ctx context.Context, endpoint, id string) (client.Document, error) {
	held, err := r.at(endpoint)
	if err != nil {
		return nil, err
	}
	doc, err := held.get(ctx, id)
	return r.one(http.MethodGet, doc, err)
}

// Create implements push.Remote.
func (r *remote) Create(ctx context.Context, endpoint string, resource any) (client.Document, error) {
	held, err := r.at(endpoint)
	if err != nil {
		return nil, err
	}
	wanted, err := asFields(resource)
	if err != nil {
		return nil, err
	}
	doc, err := held.create(ctx, wanted)
	return r.one(http.MethodPost, doc, err)
}

// one is one resource, which has an id.
func (r *remote) one(method string, doc client.Document, err error) (client.Document, error) {
	if err == nil && doc.ID() == "" {
		err = r.api.broken(method, "", "it names no id")
	}
	if err != nil {
		return nil, r.api.hide(err)
	}
	return doc, nil
}

// Replace implements push.Remote: everything that the resource says is to be so. What it does not say stays.
func (r *remote) Replace(ctx context.Context, endpoint, id string, resource any) (client.Document, error) {
	wanted, err := asFields(resource)
	if err != nil {
		return nil, err
	}
	c := change{set: fields{}}
	c.merge(wanted)
	return nil, r.change(ctx, endpoint, id, c)
}

// Patch implements push.Remote.
func (r *remote) Patch(ctx context.Context, endpoint, id string, ops []client.Operation) (client.Document, error) {
	c, err := changeOf(ops)
	if err != nil {
		return nil, err
	}
	return nil, r.change(ctx, endpoint, id, c)
}

func (r *remote) change(ctx context.Context, endpoint, id string, c change) error {
	held, err := r.at(endpoint)
	if err != nil {
		return err
	}
	return r.api.hide(held.change(ctx, id, c))
}

// Delete implements push.Remote.
func (r *remote) Delete(ctx context.Context, endpoint, id string) error {
	held, err := r.at(endpoint)
	if err != nil {
		return err
	}
	return r.api.hide(held.remove(ctx, id))
}

// find is the one that is meant among those that q asks for; nil: there is none.
func (a *api) find(ctx context.Context, held collection, q query, meant func(client.Document) bool) (client.Document, error) {
	var found client.Document
	err := held.list(ctx, q, newReading(a.base, client.ListOptions{}, func(d client.Document) error {
		if meant(d) {
			found = d
		}
		return nil
	}))
	return found, err
}

// hasID means the one with an id.
func hasID(id string) func(client.Document) bool {
	return func(d client.Document) bool { return d.ID() == id }
}

// kept are accounts that are never deleted.
type kept struct{}

func (kept) remove(context.Context, string) error {
	return cannot(http.StatusNotImplemented, "accounts of this product are deactivated, never deleted")
}
