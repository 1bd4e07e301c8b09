package main

import (
	"context"

	"proprio/console"
	"proprio/db"
	"proprio/scim/oauth"
)

// consoleConnected shows the console the OAuth clients and event streams of connections.
type consoleConnected struct{ store *db.DB }

// Clients implements console.Connected.
func (c consoleConnected) Clients(ctx context.Context, company string) ([]console.Client, error) {
	clients, err := c.store.ListClients(ctx, company)
	out := make([]console.Client, 0, len(clients))
	methods := map[oauth.Method]string{oauth.MethodSecret: "secret", oauth.MethodKey: "key", oauth.MethodFederated: "federation"}
	for _, x := range clients {
		out = append(out, console.Client{ID: x.ID, Connection: x.Connection, Name: x.Name, Method: methods[x.Method],
			Scopes: x.Scopes, Created: x.Created, LastUsed: x.LastUsed})
	}
	return out, err
}

// Streams implements console.Connected.
func (c consoleConnected) Streams(ctx context.Context, company string) ([]console.Stream, error) {
	streams, err := c.store.ListStreams(ctx, company)
	if err != nil {
		return nil, err
	}
	out := make([]console.Stream, 0, len(streams))
	for _, x := range streams {
		waiting, err := c.store.CountQueued(ctx, company, x.ID)
		if err != nil {
			return nil, err
		}
		s := streamOut(x, waiting)
		out = append(out, console.Stream{ID: s.ID, Connection: s.Connection, Method: s.Method, Endpoint: s.Endpoint, Status: s.Status,
			Waiting: s.Waiting, Failures: s.Failures, Error: s.Error, NextAttempt: s.NextAttempt, Created: s.Created})
	}
	return out, nil
}
