package oauth

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"time"

	"proprio/resources"
)

// What a client is told that did not show who it is. It says what to check and not what was found.
const (
	checkSecret     = "The client is not known by this client_id and client_secret. Check both."
	checkOwnKey     = "The client_assertion was refused. Check its key, iss and sub (both the client_id), aud (this server), exp and jti."
	checkFederation = "The client_assertion was refused. Check that issuer, audience, subject and tenant are those registered for the client."
)

// proven is a client that showed who it is, and with what.
type proven struct {
	Client
	secret    string
	assertion Assertion
}

// authenticate finds out which client it is (RFC 6749 §2.3).
func (s *service) authenticate(ctx context.Context, request tokenRequest, now time.Time) (proven, *refusal) {
	if request.assertion != nil {
		return s.authenticateAssertion(ctx, request, now)
	}
	client, err := s.find(ctx, request.clientID)
	if err != nil {
		return proven{}, lookUpFailed(err, checkSecret)
	}
	id, ok := client.secretOf(request.secret)
	if !ok {
		return proven{}, unproven(checkSecret, errors.New("the secret is none of the client's"))
	}
	return proven{Client: client, secret: id}, nil
}

// authenticateAssertion verifies a signed assertion (RFC 7523 §3). Claims come before the signature: what a client of
// another tenant signed needs no fetching of keys to be refused.
func (s *service) authenticateAssertion(ctx context.Context, request tokenRequest, now time.Time) (proven, *refusal) {
	a := *request.assertion
	client, err := s.find(ctx, request.clientID)
	if err != nil {
		return proven{}, lookUpFailed(err, checkOwnKey)
	}
	check := checkOwnKey
	if client.Method == MethodFederated {
		check = checkFederation
	}
	expected := s.expects(client)
	if err := expected.check(a, now); err != nil {
		return proven{}, unproven(check, err)
	}
	err = s.verify(ctx, client, a)
	if errors.Is(err, errKeysUnreachable) {
		return proven{}, unavailable(err)
	}
	if err != nil {
		return proven{}, unproven(check, err)
	}
	found := proven{Client: client}
	if expected.once {
		found.assertion = Assertion{Hash: sha256.Sum256([]byte(a.claims.ID)), Expires: a.claims.Expiry.Time().Add(clockSkew)}
	}
	return found, nil
}

// verify checks the signature with the client's keys.
func (s *service) verify(ctx context.Context, c Client, a assertion) error {
	switch {
	case c.Method == MethodSecret:
		return errors.New("the client shows a secret, and has no key")
	case c.Keys != "":
		set, err := fetchedKeys([]byte(c.Keys))
		if err != nil {
			return err
		}
		return set.verify(a.token)
	}
	return s.keys.verify(ctx, source{issuer: c.Issuer, url: c.KeysURL, private: c.Private}, a.token)
}

// find looks a client up. What has not the form of our ids is nobody's.
func (s *service) find(ctx context.Context, id string) (Client, error) {
	if !isClientID(id) {
		return Client{}, resources.Errorf(resources.ErrNotFound, "client_id", "no client has this id")
	}
	return s.Store.ClientByID(ctx, id)
}

func lookUpFailed(err error, check string) *refusal {
	if errors.Is(err, resources.ErrNotFound) {
		return unproven(check, err)
	}
	return fromStore(err)
}

// fromStore is the refusal for what the database says.
func fromStore(err error) *refusal {
	switch {
	case errors.Is(err, resources.ErrNotFound):
		return unproven("The client or its secret was removed.", err)
	case errors.Is(err, resources.ErrUniqueness):
		return unproven("The client_assertion was used before. Sign one for each request, with a jti of its own.", err)
	case errors.Is(err, resources.ErrForbidden):
		return &refusal{status: http.StatusBadRequest, code: codeUnentitled, reason: err,
			description: "The connection of this client is disabled, or its company is suspended. An administrator can change that."}
	case errors.Is(err, resources.ErrBusy):
		return unavailable(err)
	}
	return &refusal{status: http.StatusInternalServerError, code: codeServer, reason: err,
		description: "Something went wrong here. The server's log says what."}
}
