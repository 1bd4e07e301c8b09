package rest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"proprio/scim/client"
)

// tokens are the access tokens in use, by the credential that they were had for. Connections come and go with each push;
// a token lives an hour or more.
type tokens struct {
	mu   sync.Mutex
	held map[[sha256.Size]byte]*held
}

// held is the token of one credential. Who has taken from turn may use it.
type held struct {
	turn    chan struct{}
	token   *oauth2.Token
	refresh string // the refresh token of now, where the product replaced the credential's; empty: it did not
	unkept  string // the credential with it, until it is stored; empty: it is
	stored  string // the credential as it is stored
}

func newTokens() *tokens { return &tokens{held: map[[sha256.Size]byte]*held{}} }

func (t *tokens) of(protocol, credential string) *held {
	key := tokenKey(protocol, credential)
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.held[key]
	if h == nil {
		h = &held{turn: make(chan struct{}, 1), stored: credential}
		t.held[key] = h
	}
	return h
}

// rename lets what is held for a credential be found by the one that replaced it, too.
func (t *tokens) rename(protocol, credential string, h *held) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held[tokenKey(protocol, credential)] = h
}

// tokenKey is what a credential's token is held under: the same text may be credentials of two products.
func tokenKey(protocol, credential string) [sha256.Size]byte {
	return sha256.Sum256([]byte(protocol + " " + credential))
}

// asker asks a product for an access token.
type asker func(ctx context.Context, h *held) (*oauth2.Token, error)

// bearerOf signs with an access token, asked for when there is none, when it has run out, and when it was refused.
func (c connection) bearerOf(address string, ask asker) signer {
	h := c.tokens.of(c.protocol, c.config.Token)
	web := &http.Client{Transport: c.config.Transport, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return func(ctx context.Context, a *api, refused string) (string, string, error) {
		select {
		case h.turn <- struct{}{}:
			defer func() { <-h.turn }()
		case <-ctx.Done():
			return "", "", ctx.Err()
		}
		if !h.token.Valid() || "Bearer "+h.token.AccessToken == refused {
			began := time.Now()
			token, err := ask(context.WithValue(ctx, oauth2.HTTPClient, web), h)
			if err != nil {
				err = refusedToken(err, address)
				a.tellToken(address, began, err)
				return "", "", err
			}
			h.token = token
		}
		c.keepRefresh(ctx, a, h)
		return "Authorization", "Bearer " + h.token.AccessToken, nil
	}
}

// keepRefresh stores the credential anew after the product replaced its refresh token: the old one is no longer good. Where
// that fails, this process goes on with the new one, and tries to store it again with each call.
func (c connection) keepRefresh(ctx context.Context, a *api, h *held) {
	if h.unkept == "" || a.keep == nil {
		return
	}
	c.tokens.rename(c.protocol, h.unkept, h)
	if err := a.keep(ctx, h.stored, h.unkept); err != nil {
		a.tellToken(a.base, time.Now(), fmt.Errorf("the product replaced the app's refresh token, and the new one could not be stored; "+
			"if this process ends before it is, the app needs a new one: %w", err))
		return
	}
	h.stored, h.unkept = h.unkept, ""
}

// tellToken records a request for a token that went wrong. Those that went well are not the app's own exchanges, and say
// nothing but secrets.
func (a *api) tellToken(address string, began time.Time, err error) {
	if a.record == nil {
		return
	}
	a.record(client.Exchange{At: began, Method: http.MethodPost, URL: address, Status: status(err), Duration: time.Since(began), Err: err})
}

// refusedToken puts an error of a token endpoint into the engine's terms: a refusal there is one of the credential.
func refusedToken(err error, address string) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.Response == nil {
		return &client.Unanswered{Method: http.MethodPost, URL: address, Cause: err}
	}
	e := &client.Error{Method: http.MethodPost, URL: address, Status: refused.Response.StatusCode, SCIM: true,
		Detail:     "no access token is given for the app's credential",
		RetryAfter: client.RetryAfter(refused.Response.Header.Get("Retry-After"), time.Now())}
	if doc, broken := (client.Answer{Body: refused.Body}).Document(); broken == nil {
		for _, name := range []string{"error", "error_description"} {
			if words := doc.Text(name); words != "" {
				e.Detail += ": " + words
			}
		}
	}
	if e.Status >= 400 && e.Status < 500 && e.Status != http.StatusTooManyRequests && e.Status != http.StatusRequestTimeout {
		e.Status = http.StatusUnauthorized // RFC 6749 §5.2 answers 400 for a credential that is no longer good
	}
	if e.Status < 400 {
		e.Status = http.StatusUnauthorized // a redirect or a page for people
	}
	return e
}
