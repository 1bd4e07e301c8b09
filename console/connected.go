package console

import (
	"context"
	"time"
)

// Client is an OAuth client of a connection: it gets its tokens by itself.
type Client struct {
	ID         string
	Connection string // id
	Name       string
	Method     string // how it shows who it is: secret, key, federation
	Scopes     []string
	Created    time.Time
	LastUsed   time.Time // zero: never
}

// Stream is the event stream of a connection: what a receiver is told of changes.
type Stream struct {
	ID          string
	Connection  string // id
	Method      string // push, poll
	Endpoint    string // of push
	Status      string // enabled, paused, disabled
	Waiting     int    // events that the receiver has not acknowledged
	Failures    int    // of push, in a row
	Error       string // of the last push
	NextAttempt time.Time
	Created     time.Time
}

// Connected reads what belongs to a company's connections beside their tokens. Commands make and change it.
type Connected interface {
	// Clients returns the OAuth clients, by name.
	Clients(ctx context.Context, company string) ([]Client, error)
	// Streams returns the event streams.
	Streams(ctx context.Context, company string) ([]Stream, error)
}

// The states of a stream, as the pages name them.
const (
	streamEnabled  = "enabled"
	streamFailing  = "failing"
	streamPaused   = "paused"
	streamDisabled = "disabled"
)

// State is how a stream fares: its status, or that the receiver does not take what is pushed.
func (s Stream) State() string {
	if s.Status == streamEnabled && s.Failures > 0 {
		return streamFailing
	}
	return s.Status
}

// connectedTo keeps what belongs to one connection.
func connectedTo(connection string, clients []Client, streams []Stream) (c []Client, s []Stream) {
	for _, client := range clients {
		if client.Connection == connection {
			c = append(c, client)
		}
	}
	for _, stream := range streams {
		if stream.Connection == connection {
			s = append(s, stream)
		}
	}
	return c, s
}

// connected reads the clients and the streams of a company.
func (c *Console) connected(ctx context.Context, company string) ([]Client, []Stream, error) {
	clients, err := c.Connected.Clients(ctx, company)
	if err != nil {
		return nil, nil, err
	}
	streams, err := c.Connected.Streams(ctx, company)
	return clients, streams, err
}
