package oidc

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// relyingParty speaks the protocol with issuers: authorization code (RFC 6749 §4.1) with PKCE (RFC 7636, S256), always.
type relyingParty struct {
	providers *providers
	site      Site
	now       func() time.Time
}

// authURL is where the browser is sent. No offline access is asked for: there is never a refresh token.
func (p *relyingParty) authURL(ctx context.Context, i Issuer, state string, a Attempt) (string, error) {
	known, err := p.providers.of(ctx, i)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{gooidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)}
	if i.MaxAge > 0 {
		options = append(options, oauth2.SetAuthURLParam("max_age", strconv.Itoa(int(i.MaxAge.Seconds()))))
	}
	return p.config(i, known).AuthCodeURL(state, options...), nil
}

func (p *relyingParty) config(i Issuer, known *provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID:     i.ClientID,
		ClientSecret: i.Secret,
		Endpoint:     known.endpoint,
		RedirectURL:  p.site.callback(i.ID),
		Scopes:       []string{gooidc.ScopeOpenID, gooidc.ScopeEmail, gooidc.ScopeProfile},
	}
}

// checkSender applies RFC 9207: an answer that names another issuer, or none although the issuer says it always does,
// is a mix-up.
func (p *relyingParty) checkSender(ctx context.Context, i Issuer, iss string, present bool) error {
	if present && iss != i.URL {
		return refuse(ReasonMixUp, "the answer names the issuer %q, asked was %q", iss, i.URL)
	}
	known, err := p.providers.of(ctx, i)
	if err != nil {
		return err
	}
	if known.namesSelf && !present {
		return refuse(ReasonMixUp, "the answer names no issuer, but %q says that it always does", i.URL)
	}
	return nil
}

// redeem trades the code for an ID token, checks it, asks for an address that it lacks, and forgets the tokens: all that
// is kept are the claims.
func (p *relyingParty) redeem(ctx context.Context, i Issuer, a Attempt, code string) (Claims, error) {
	known, err := p.providers.of(ctx, i)
	if err != nil {
		return Claims{}, err
	}
	ctx = gooidc.ClientContext(ctx, known.client)
	tokens, err := p.config(i, known).Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return Claims{}, exchangeRefusal(err)
	}
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return Claims{}, refuse(ReasonTokenInvalid, "the token endpoint of %s gave no id_token", i.URL)
	}
	token, err := known.verifier.Verify(ctx, raw)
	if err != nil {
		return Claims{}, &Refusal{Reason: ReasonTokenInvalid, Err: err}
	}
	if token.AccessTokenHash != "" {
		if err := token.VerifyAccessToken(tokens.AccessToken); err != nil {
			return Claims{}, &Refusal{Reason: ReasonTokenInvalid, Err: err}
		}
	}
	claims, err := p.claimsOf(i, a, token)
	if err != nil || !known.wantsUserInfo(i, claims) {
		return claims, err
	}
	return known.withUserInfo(ctx, i, claims, tokens.AccessToken)
}

// exchangeRefusal tells a code that was turned down from an issuer that could not be asked.
func exchangeRefusal(err error) error {
	var answer *oauth2.RetrieveError
	if errors.As(err, &answer) && answer.ErrorCode != "" {
		return refuse(ReasonCodeRefused, "token endpoint: %q %q", answer.ErrorCode, answer.ErrorDescription)
	}
	return &Refusal{Reason: ReasonProviderDown, Err: fmt.Errorf("token endpoint: %w", err)}
}

// claimsOf makes the checks of OpenID Connect Core §3.1.3.7 that go-oidc leaves to its caller.
func (p *relyingParty) claimsOf(i Issuer, a Attempt, token *gooidc.IDToken) (Claims, error) {
	var payload rawJSON
	if err := token.Claims(&payload); err != nil {
		return Claims{}, &Refusal{Reason: ReasonTokenInvalid, Err: err}
	}
	c, err := parseClaims(payload, i.TextBooleans)
	if err != nil {
		return Claims{}, &Refusal{Reason: ReasonTokenInvalid, Err: err}
	}
	if subtle.ConstantTimeCompare([]byte(c.Nonce), []byte(a.Nonce)) != 1 {
		return Claims{}, refuse(ReasonNonceMismatch, "the ID token of %s is not for this sign-in", i.URL)
	}
	for _, check := range []func(Issuer, Claims) error{checkParties, p.checkTimes, p.checkStrength} {
		if err := check(i, c); err != nil {
			return Claims{}, err
		}
	}
	return c, nil
}

// rawJSON takes a token's payload as it is.
type rawJSON []byte

// UnmarshalJSON implements json.Unmarshaler.
func (r *rawJSON) UnmarshalJSON(b []byte) error {
	*r = slices.Clone(b)
	return nil
}

// checkParties looks at iss and aud again under their exact names, and at sub and azp.
func checkParties(i Issuer, c Claims) error {
	google := i.URL == "https://"+googleHost && c.Issuer == googleHost // their documented second form
	switch {
	case c.Issuer != i.URL && !google:
		return refuse(ReasonTokenInvalid, "iss is %q, not %q", c.Issuer, i.URL)
	case !slices.Contains(c.Audience, i.ClientID):
		return refuse(ReasonTokenInvalid, "aud %q does not hold the client id", c.Audience)
	case c.Subject == "" || len(c.Subject) > 255:
		return refuse(ReasonTokenInvalid, "sub is empty or longer than 255 characters")
	case len(c.Audience) > 1 && c.AuthorizedParty == "":
		return refuse(ReasonTokenInvalid, "several audiences and no azp")
	case c.AuthorizedParty != "" && c.AuthorizedParty != i.ClientID:
		return refuse(ReasonTokenInvalid, "azp is %q, not the client id", c.AuthorizedParty)
	}
	return nil
}

func (p *relyingParty) checkTimes(_ Issuer, c Claims) error {
	latest := p.now().Add(clockSkew)
	switch {
	case c.IssuedAt.IsZero():
		return refuse(ReasonTokenInvalid, "no iat")
	case c.IssuedAt.After(latest):
		return refuse(ReasonTokenInvalid, "issued in the future (%s)", c.IssuedAt)
	case c.NotBefore.After(latest):
		return refuse(ReasonTokenInvalid, "not valid before %s", c.NotBefore)
	case !c.SessionExpiry.IsZero() && !c.SessionExpiry.After(p.now()):
		return refuse(ReasonSignInTooOld, "the issuer's session ended at %s", c.SessionExpiry)
	}
	return nil
}

// checkStrength applies what the issuer's settings demand of the sign-in there. A missing claim refuses (clients.md 9.3).
func (p *relyingParty) checkStrength(i Issuer, c Claims) error {
	if i.MaxAge > 0 && (c.AuthTime.IsZero() || p.now().Sub(c.AuthTime) > i.MaxAge+clockSkew) {
		return refuse(ReasonSignInTooOld, "auth_time is missing or more than %s ago", i.MaxAge)
	}
	wanted := func(method string) bool { return slices.Contains(i.Methods, method) }
	if len(i.Methods) > 0 && !slices.ContainsFunc(c.Methods, wanted) {
		return refuse(ReasonMethodTooWeak, "amr %q has none of %q", c.Methods, i.Methods)
	}
	return nil
}
