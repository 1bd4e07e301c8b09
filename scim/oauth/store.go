package oauth

import (
	"context"
	"time"

	"proprio/audit"
	"proprio/resources"
)

// MaxSecrets lets a client's secret be rotated: the old one stays in force until the new one is in place.
const MaxSecrets = 2

// Clients keeps the registered clients. Every change is recorded.
type Clients interface {
	// CreateClient stores a client that was normalized, with its secrets. A name that is taken is ErrUniqueness, an
	// unknown connection ErrNotFound.
	CreateClient(ctx context.Context, actor audit.Actor, c Client) error
	// ListClients returns a company's clients by name. The hashes of their secrets are left out.
	ListClients(ctx context.Context, company string) ([]Client, error)
	// AddSecret gives a client one more secret. More than [MaxSecrets] is ErrTooMany.
	AddSecret(ctx context.Context, actor audit.Actor, company, client string, s Secret) error
	// RevokeSecret ends a secret and the access tokens that were got with it, at once.
	RevokeSecret(ctx context.Context, actor audit.Actor, company, secret string) error
	// RemoveClient ends a client, its secrets and its access tokens, at once.
	RemoveClient(ctx context.Context, actor audit.Actor, company, client string) error
}

// Store is what the token endpoint asks of the database.
type Store interface {
	// ClientByID finds the client with a client_id, in whatever company. None is ErrNotFound.
	ClientByID(ctx context.Context, id string) (Client, error)
	// GrantToken stores an access token, notes the use of client and secret, remembers the assertion, and forgets the
	// client's tokens and assertions that have expired. A client or secret that is gone is ErrNotFound, an assertion that
	// was used before ErrUniqueness, a suspended company and a disabled connection ErrForbidden; nothing is stored then.
	GrantToken(ctx context.Context, g Grant) error
}

// Grant is one access token for a client.
type Grant struct {
	Company   string
	Client    string
	Secret    string // id of the secret that was shown; empty: none was
	Assertion Assertion
	Token     resources.Token // ID, Scopes, Created, Expires
	Hash      [32]byte        // of the token
}

// Assertion is what is remembered of one that may be used once only. The zero value: nothing.
type Assertion struct {
	Hash    [32]byte // of the jti
	Expires time.Time
}
