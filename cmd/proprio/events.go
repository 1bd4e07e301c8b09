package main

import (
	"context"
	"net/http"

	"golang.org/x/sync/errgroup"

	"proprio/scim"
	"proprio/scim/client"
	"proprio/scim/events"
)

// publisher makes what event streams stand on, for a server that receivers reach at url. Commands that only configure
// streams need neither url nor documents.
func (c *core) publisher(url string, documents events.Documents) *events.Publisher {
	return &events.Publisher{
		Store: c.db, Changes: c.db, Registry: c.db, Resources: c.db, Documents: documents, Now: c.now, NewID: newID, Log: c.log,
		Signer: &events.Signer{Keys: c.db, PublicURL: url, Now: c.now, NewID: newID},
	}
}

// wireEvents makes the event streams, and the asynchronous requests whose outcomes are told by events, of a server.
func (i *instance) wireEvents() {
	i.bell = &events.Bell{}
	publisher := i.publisher(i.url, i.scim.Documents())
	i.events = &events.Server{Publisher: publisher, Connections: i.db, Bell: i.bell}
	i.pusher = &events.Pusher{
		Publisher: publisher, Bell: i.bell, Owner: newID(),
		Begin: i.traces.begin, Guarded: i.traces.calls(client.Transport(true)), Open: i.traces.calls(client.Transport(false)),
	}
	i.scim.EventURIs = events.SCIM()
	i.scim.Async = scim.NewAsync(i.db, publisher.Signed)
}

// stopWith lets no request wait for events or for its turn any longer once ctx ends: the requests under way are to
// finish before the time that a supervisor gives a program it stops.
func (i *instance) stopWith(ctx context.Context) {
	i.events.Stopping, i.scim.Async.Stopping = ctx.Done(), ctx.Done()
}

// eventRoutes serves everything that [events.Concerns] it.
func (i *instance) eventRoutes() http.Handler {
	mux := http.NewServeMux()
	i.events.Register(mux)
	return mux
}

// runEvents delivers events, and makes the requests that were accepted to be made later.
func (i *instance) runEvents(ctx context.Context, g *errgroup.Group) {
	g.Go(func() error { return i.pusher.Run(ctx) })
	g.Go(func() error { i.scim.RunAsync(ctx); return nil })
}
