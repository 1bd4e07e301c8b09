package push

import (
	"context"

	"proprio/scim/client"
)

// slotted is an app that is called so often at once and not more, whoever calls it.
type slotted struct {
	remote Remote
	slots  chan struct{} // as long as it may be called at once
}

// in makes one call in a slot.
func (s slotted) in(ctx context.Context, call func() error) error {
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.slots }()
	return call()
}

func (s slotted) doc(ctx context.Context, call func() (client.Document, error)) (d client.Document, err error) {
	err = s.in(ctx, func() (err error) { d, err = call(); return err })
	return d, err
}

// Each implements Remote.
func (s slotted) Each(ctx context.Context, endpoint string, o client.ListOptions, take func(client.Document) error) error {
	return s.in(ctx, func() error { return s.remote.Each(ctx, endpoint, o, take) })
}

// Get implements Remote.
func (s slotted) Get(ctx context.Context, endpoint, id string) (client.Document, error) {
	return s.doc(ctx, func() (client.Document, error) { return s.remote.Get(ctx, endpoint, id) })
}

// Create implements Remote.
func (s slotted) Create(ctx context.Context, endpoint string, resource any) (client.Document, error) {
	return s.doc(ctx, func() (client.Document, error) { return s.remote.Create(ctx, endpoint, resource) })
}

// Replace implements Remote.
func (s slotted) Replace(ctx context.Context, endpoint, id string, resource any) (client.Document, error) {
	return s.doc(ctx, func() (client.Document, error) { return s.remote.Replace(ctx, endpoint, id, resource) })
}

// Patch implements Remote.
func (s slotted) Patch(ctx context.Context, endpoint, id string, ops []client.Operation) (client.Document, error) {
	return s.doc(ctx, func() (client.Document, error) { return s.remote.Patch(ctx, endpoint, id, ops) })
}

// Delete implements Remote.
func (s slotted) Delete(ctx context.Context, endpoint, id string) error {
	return s.in(ctx, func() error { return s.remote.Delete(ctx, endpoint, id) })
}

// Recording implements Remote.
func (s slotted) Recording(record func(client.Exchange)) Remote {
	return slotted{s.remote.Recording(record), s.slots}
}
