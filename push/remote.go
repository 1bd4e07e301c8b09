package push

import (
	"context"
	"fmt"

	"proprio/push/profiles"
	"proprio/scim/client"
)

// Remote is an app as the engine talks to it: Users and Groups as SCIM resources (RFC 7643), whatever the product itself
// speaks. Answers and errors are those of package client: a refusal is a *client.Error with its status, no answer a
// *client.Unanswered, a list that could not be read to its end a *client.IncompleteError.
type Remote interface {
	Each(ctx context.Context, endpoint string, o client.ListOptions, take func(client.Document) error) error
	Get(ctx context.Context, endpoint, id string) (client.Document, error)
	Create(ctx context.Context, endpoint string, resource any) (client.Document, error)
	Replace(ctx context.Context, endpoint, id string, resource any) (client.Document, error)
	Patch(ctx context.Context, endpoint, id string, ops []client.Operation) (client.Document, error)
	Delete(ctx context.Context, endpoint, id string) error
	// Recording returns the same app telling another recorder of each exchange.
	Recording(record func(client.Exchange)) Remote
}

// Connect opens a product that speaks something else than SCIM. c.Token is the app's whole credential, in whatever form
// the product wants it.
type Connect func(p profiles.Profile, c client.Config) (Remote, error)

// scim is a product that speaks SCIM.
type scim struct{ *client.Client }

func (s scim) Recording(record func(client.Exchange)) Remote { return scim{s.Client.Recording(record)} }

// connect opens an app by what its product speaks.
func (e *Engine) connect(p profiles.Profile, c client.Config) (Remote, error) {
	if p.Protocol == "scim" {
		made, err := client.New(c)
		if err != nil {
			return nil, err
		}
		return scim{made}, nil
	}
	if p.ByHand() {
		return hand{p.Title}, nil
	}
	open, known := e.Connectors[p.Protocol]
	if !known {
		return nil, fmt.Errorf("profile %s: nothing here speaks %q", p.Name, p.Protocol)
	}
	return open(p, c)
}

// Renewing is a Remote whose credential changes with use, as refresh tokens do that are good for one use.
type Renewing interface {
	// Renewing returns the same app, which keeps its credential there.
	Renewing(c CredentialStore) Remote
}

// CredentialStore is where an app's credential is stored.
type CredentialStore interface {
	// Read is the credential as it is stored now: another process may have stored one since this app was opened.
	Read(ctx context.Context) (string, error)
	// Keep stores one that the product gave in the place of another, and does so whatever has become of the caller meanwhile.
	Keep(ctx context.Context, from, to string) error
}
