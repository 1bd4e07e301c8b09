package rest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"golang.org/x/oauth2"
)

// refreshKey is a credential that is a refresh token, with what shows whose program uses it.
type refreshKey struct {
	RefreshToken string `json:"refresh_token"`
	ClientID     string `json:"client_id,omitempty"`
	ClientSecret string `json:"client_secret,omitempty"`
	TokenURL     string `json:"token_url,omitempty"` // where access tokens are given; empty: the product's own

	plain bool // the credential is the refresh token alone
}

// readRefreshKey reads a refresh token alone or a JSON object with one.
func readRefreshKey(what, text string, allowPlain bool) (refreshKey, error) {
	key := refreshKey{RefreshToken: strings.TrimSpace(text), plain: !isObject(text)}
	if !key.plain {
		key.RefreshToken = ""
		if err := readCredential(what, text, &key); err != nil {
			return key, err
		}
	}
	if err := require(what, field{"refresh_token", key.RefreshToken}); err != nil {
		return key, err
	}
	if key.TokenURL == "" {
		return key, nil
	}
	return key, tokenAddress(what, "token_url", key.TokenURL, allowPlain)
}

// refreshing signs with access tokens for a refresh token. Where the product gives another refresh token with them, the
// credential is stored anew.
func (c connection) refreshing(what, tokenURL string, key refreshKey) signer {
	if key.TokenURL != "" {
		tokenURL = key.TokenURL
	}
	return c.bearerOf(tokenURL, func(ctx context.Context, a *api, b *bearing) (*oauth2.Token, error) {
		// A refresh token may be good for one use: the one that comes in its place would be lost with whoever gave up waiting.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tokenTime)
		defer cancel()
		token, err := b.refresh(ctx, a, what, b.credential)
		if !invalidGrant(err) || a.credential == nil || b.unstored.Load() {
			return token, err
		}
		// Another process may have used it, and stored the one that it was given.
		stored, unread := a.credential.Read(ctx)
		if unread != nil || stored == b.credential {
			return token, err
		}
		token, err = b.refresh(ctx, a, what, stored)
		if err == nil {
			b.stored = stored
		}
		return token, err
	})
}

// refresh asks for an access token with a credential, which is then the one of now, or the one that comes in its place is.
func (b *bearing) refresh(ctx context.Context, a *api, what, credential string) (*oauth2.Token, error) {
	key, err := readRefreshKey(what, credential, b.config.AllowPlain)
	if err != nil {
		return nil, err
	}
	a.client.Conceal(key.RefreshToken, key.ClientSecret)
	config := oauth2.Config{ClientID: key.ClientID, ClientSecret: key.ClientSecret,
		Endpoint: oauth2.Endpoint{TokenURL: b.address, AuthStyle: oauth2.AuthStyleInParams}}
	token, err := config.TokenSource(ctx, &oauth2.Token{RefreshToken: key.RefreshToken}).Token()
	if err != nil {
		return nil, err
	}
	if token.RefreshToken != key.RefreshToken {
		credential = key.with(token.RefreshToken)
		b.unstored.Store(true)
	}
	if credential != b.credential {
		b.credential = credential
		b.tokens.rename(b.protocol, credential, b.held)
	}
	return token, nil
}

// invalidGrant says whether a refresh token is not taken (RFC 6749 §5.2).
func invalidGrant(err error) bool {
	var refused *oauth2.RetrieveError
	return errors.As(err, &refused) && refused.ErrorCode == "invalid_grant"
}

// with is the credential with another refresh token, in the form that it was given in.
func (k refreshKey) with(refresh string) string {
	if k.plain {
		return refresh
	}
	k.RefreshToken = refresh
	text, err := json.Marshal(k)
	if err != nil {
		panic("rest: " + err.Error()) // texts always encode
	}
	return string(text)
}
