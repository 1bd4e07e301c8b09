package standin

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"time"
)

// token trades a code for an ID token (OpenID Connect Core §3.1.3). A code works once, whatever comes of it.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	client, ok := p.authenticate(r)
	if !ok {
		w.Header().Set("WWW-Authenticate", "Basic")
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	if r.PostFormValue("grant_type") != "authorization_code" {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "unsupported_grant_type"})
		return
	}
	code := r.PostFormValue("code")
	p.mu.Lock()
	g, known := p.grants[code]
	delete(p.grants, code)
	p.mu.Unlock()
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !known || g.client != client.ID || g.redirectURI != r.PostFormValue("redirect_uri") ||
		p.now().Sub(g.at) > codeLife || base64.RawURLEncoding.EncodeToString(sum[:]) != g.challenge {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	access := rand.Text()
	p.keepAccess(access, g.person)
	idToken, err := p.sign(p.claims(g, access))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": access, "token_type": "Bearer", "expires_in": int(accessLife.Seconds()), "id_token": idToken,
	})
}

// authenticate takes client_secret_basic, client_secret_post, and no secret from a public client (RFC 6749 §2.3.1).
func (p *Provider) authenticate(r *http.Request) (Client, bool) {
	id, secret, basic := r.BasicAuth()
	if basic {
		var idErr, secretErr error
		id, idErr = url.QueryUnescape(id)
		secret, secretErr = url.QueryUnescape(secret)
		if idErr != nil || secretErr != nil {
			return Client{}, false
		}
	} else {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	c, ok := p.client(id)
	return c, ok && subtle.ConstantTimeCompare([]byte(secret), []byte(c.Secret)) == 1
}

// claims are those of the ID token (OpenID Connect Core §2, §5.1), before the current fault.
func (p *Provider) claims(g grant, access string) map[string]any {
	now := p.now()
	sum := sha256.Sum256([]byte(access))
	claims := map[string]any{
		"iss": p.issuer, "sub": g.person.Subject, "aud": g.client, "nonce": g.nonce,
		"iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "auth_time": now.Unix(),
		"at_hash": base64.RawURLEncoding.EncodeToString(sum[:16]),
		"name":    g.person.Name, "email": g.person.Email, "email_verified": true,
	}
	if g.person.Thin {
		merge(claims, map[string]any{"name": nil, "email": nil, "email_verified": nil})
	}
	merge(claims, g.person.Claims)
	return claims
}

// merge adds claims, or replaces those that are there; a nil value takes a claim away.
func merge(claims, others map[string]any) {
	for name, value := range others {
		if value == nil {
			delete(claims, name)
			continue
		}
		claims[name] = value
	}
}
