package oidc

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
)

// wantsUserInfo says whether the address must be asked for. An issuer may give the claims of the scope "email" at the
// userinfo endpoint alone (OpenID Connect Core §5.4), as Okta's org authorization server does. Entra is never asked:
// its xms_edov speaks of the address beside it in the ID token, and must not vouch for one from elsewhere.
func (p *provider) wantsUserInfo(i Issuer, c Claims) bool {
	return c.Email == "" && p.userInfoURL != "" && i.Trust != TrustEntra
}

// withUserInfo adds the address, and the issuer's word on it, from the userinfo endpoint (OpenID Connect Core §5.3) to
// the claims of a verified ID token. Nothing else is taken from there: what proves the company (hd, tid, xms_edov) and
// the strength of the sign-in (amr, auth_time) counts only where the issuer signed it for us. The claims come back with
// a refusal, too: the ID token has said who it is.
func (p *provider) withUserInfo(ctx context.Context, i Issuer, c Claims, accessToken string) (Claims, error) {
	body, err := p.readUserInfo(ctx, i, accessToken)
	if err != nil {
		return c, err
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return c, refuse(ReasonProviderError, "userinfo endpoint: %w", err)
	}
	r := claimReader{raw: raw}
	subject, email, verified := r.text("sub"), r.text("email"), r.word("email_verified", i.TextBooleans)
	switch {
	case subtle.ConstantTimeCompare([]byte(subject), []byte(c.Subject)) != 1: // §5.3.2: token substitution
		return c, refuse(ReasonTokenInvalid, "userinfo endpoint: sub is not the ID token's")
	case r.err != nil:
		return c, refuse(ReasonProviderError, "userinfo endpoint: %w", r.err)
	}
	c.Email = email
	if c.EmailVerified != No { // a signed No stays
		c.EmailVerified = verified
	}
	return c, nil
}

// readUserInfo returns the endpoint's answer when it is plain JSON. It goes by the issuer's own client, so its rules on
// addresses, redirects and time hold here, too.
func (p *provider) readUserInfo(ctx context.Context, i Issuer, accessToken string) ([]byte, error) {
	if err := i.checkEndpoint(p.userInfoURL); err != nil {
		return nil, &Refusal{Reason: ReasonProviderDown, Err: fmt.Errorf("userinfo_endpoint: %w", err)}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.userInfoURL, nil)
	if err != nil {
		return nil, &Refusal{Reason: ReasonProviderDown, Err: fmt.Errorf("userinfo_endpoint: %w", err)}
	}
	req.Header.Set("Authorization", "Bearer "+accessToken) // RFC 6750 §2.1
	req.Header.Set("Accept", "application/json")
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, &Refusal{Reason: ReasonProviderDown, Err: fmt.Errorf("userinfo endpoint: %w", err)}
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, refuse(ReasonProviderError, "userinfo endpoint: answered %d", resp.StatusCode)
	}
	if err := checkUserInfoType(resp.Header.Get("Content-Type")); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, &Refusal{Reason: ReasonProviderDown, Err: fmt.Errorf("userinfo endpoint: %w", err)}
	}
	if len(body) >= maxAnswer { // boundedTransport cut it off
		return nil, refuse(ReasonProviderError, "userinfo endpoint: the answer is longer than %d bytes", maxAnswer)
	}
	return body, nil
}

// checkUserInfoType takes application/json alone (OpenID Connect Core §5.3.2). A signed or encrypted answer comes only
// to a client that was registered to get one.
func checkUserInfoType(contentType string) error {
	media, _, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil || media != "application/json" && media != "application/jwt":
		return refuse(ReasonProviderError, "userinfo endpoint: the answer is %q, not application/json", truncate(contentType, 100))
	case media == "application/jwt":
		return refuse(ReasonProviderError, "userinfo endpoint: the answer is signed (application/jwt); at the issuer, "+
			"register the client without userinfo_signed_response_alg")
	}
	return nil
}
