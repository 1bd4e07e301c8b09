package rest

import (
	"context"
	"encoding/json"
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
func (c connection) refreshing(key refreshKey, tokenURL string) signer {
	if key.TokenURL != "" {
		tokenURL = key.TokenURL
	}
	config := oauth2.Config{ClientID: key.ClientID, ClientSecret: key.ClientSecret,
		Endpoint: oauth2.Endpoint{TokenURL: tokenURL, AuthStyle: oauth2.AuthStyleInParams}}
	return c.bearerOf(tokenURL, func(ctx context.Context, h *held) (*oauth2.Token, error) {
		now := key.RefreshToken
		if h.refresh != "" {
			now = h.refresh
		}
		token, err := config.TokenSource(ctx, &oauth2.Token{RefreshToken: now}).Token()
		if err == nil && token.RefreshToken != now {
			h.refresh, h.unkept = token.RefreshToken, key.with(token.RefreshToken)
		}
		return token, err
	})
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
