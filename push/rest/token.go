package rest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

	"proprio/scim/client"
)

// mostTokens is how many credentials have their tokens held at once.
const mostTokens = 1000

// tokenTime is how long a product may take to give an access token.
const tokenTime = 20 * time.Second

// tokens are the access tokens in use, by the credential that they were had for. Connections come and go with each push;
// a token lives an hour or more.
type tokens struct {
	mu    sync.Mutex
	asked int // how often one was asked for
	held  map[[sha256.Size]byte]*entry
}

// entry is where a token is held.
type entry struct {
	*held
	last int // when it was asked for last, by tokens.asked
}

// held is the token of one credential. Who has taken from turn may use it.
type held struct {
	turn       chan struct{}
	token      *oauth2.Token
	credential string      // as it is now: the product may have given another in the place of the first
	unstored   atomic.Bool // credential is nowhere but here
}

func newTokens() *tokens { return &tokens{held: map[[sha256.Size]byte]*entry{}} }

// of is what is held for a credential.
func (t *tokens) of(protocol, credential string) *held {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.held[tokenKey(protocol, credential)]
	if e == nil {
		e = t.put(protocol, credential, &held{turn: make(chan struct{}, 1), credential: credential})
	}
	t.asked++
	e.last = t.asked
	return e.held
}

// rename lets what is held for a credential be found by the one that replaced it, too.
func (t *tokens) rename(protocol, credential string, h *held) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.put(protocol, credential, h)
}

// put holds a token, in the place of the one that was not asked for the longest when there are too many. A credential that
// could not be stored yet is kept in any case.
func (t *tokens) put(protocol, credential string, h *held) *entry {
	if len(t.held) >= mostTokens {
		var oldest [sha256.Size]byte
		last := math.MaxInt
		for key, e := range t.held {
			if e.last < last && !e.unstored.Load() {
				oldest, last = key, e.last
			}
		}
		delete(t.held, oldest)
	}
	e := &entry{held: h, last: t.asked}
	t.held[tokenKey(protocol, credential)] = e
	return e
}

// tokenKey is what a credential's token is held under: the same text may be credentials of two products.
func tokenKey(protocol, credential string) [sha256.Size]byte {
	return sha256.Sum256([]byte(protocol + " " + credential))
}

// bearing is one app's use of a token.
type bearing struct {
	connection
	*held
	address string // where access tokens are asked
	ask     asker
	stored  string // the credential as this app has it stored: several apps may have the same one
}

// asker asks a product for an access token.
type asker func(ctx context.Context, a *api, b *bearing) (*oauth2.Token, error)

// bearerOf signs with an access token, asked for when there is none, when it has run out, and when it was refused.
func (c connection) bearerOf(address string, ask asker) signer {
	b := &bearing{connection: c, held: c.tokens.of(c.protocol, c.config.Token), address: address, ask: ask, stored: c.config.Token}
	web := &http.Client{Transport: c.config.Transport, Timeout: tokenTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return func(ctx context.Context, a *api, refused string) (string, string, error) {
		select {
		case b.turn <- struct{}{}:
			defer func() { <-b.turn }()
		case <-ctx.Done():
			return "", "", ctx.Err()
		}
		if err := b.renew(context.WithValue(ctx, oauth2.HTTPClient, web), a, refused); err != nil {
			return "", "", err
		}
		a.client.Conceal(b.token.AccessToken)
		return "Authorization", "Bearer " + b.token.AccessToken, nil
	}
}

// renew sees to it that there is a token, and that a credential that came with it is stored.
func (b *bearing) renew(ctx context.Context, a *api, refused string) error {
	if !b.token.Valid() || "Bearer "+b.token.AccessToken == refused {
		began := time.Now()
		token, err := b.ask(ctx, a, b)
		if err != nil {
			err = refusedToken(err, a, b.address)
			a.tellToken(b.address, began, err)
			return err
		}
		b.token = token
	}
	b.keep(ctx, a)
	return nil
}

// keep stores the credential anew after the product replaced its refresh token: the old one is no longer good. Where that
// fails, this process goes on with the new one, and tries to store it again with each call.
func (b *bearing) keep(ctx context.Context, a *api) {
	if b.stored == b.credential || a.credential == nil {
		return
	}
	if err := a.credential.Keep(ctx, b.stored, b.credential); err != nil {
		a.tellToken(a.base, time.Now(), fmt.Errorf("the product replaced the app's refresh token, and the new one could not be stored; "+
			"if this process ends before it is, the app needs a new one: %w", err))
		return
	}
	b.stored = b.credential
	b.unstored.Store(false)
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
func refusedToken(err error, a *api, address string) error {
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
	e.Detail = a.client.Words(e.Detail)
	if e.Status >= 400 && e.Status < 500 && e.Status != http.StatusTooManyRequests && e.Status != http.StatusRequestTimeout {
		e.Status = http.StatusUnauthorized // RFC 6749 §5.2 answers 400 for a credential that is no longer good
	}
	if e.Status < 400 {
		e.Status = http.StatusUnauthorized // a redirect or a page for people
	}
	return e
}
