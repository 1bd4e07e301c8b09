package oauth

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"proprio/resources"
)

// TokenLife is how long an access token is valid: IPSIE and CAEP allow an hour.
const TokenLife = time.Hour

// grantType is the only one: nobody but programs comes here.
const grantType = "client_credentials"

// token answers a token request (RFC 6749 §4.4).
func (s *service) token(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Pragma", "no-cache") // RFC 6749 §5.1
	request, refused := s.admit(w, r)
	var token string
	var client proven
	if refused == nil {
		token, client, refused = s.grant(r, request)
	}
	if refused != nil {
		s.refuse(w, r, request, refused)
		return
	}
	s.Log.InfoContext(r.Context(), "access token issued", "client", client.ID, "company", client.Company,
		"connection", client.Connection, "scope", strings.Join(client.Scopes, " "))
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": token, "token_type": "Bearer", "expires_in": int(TokenLife / time.Second),
		"scope": strings.Join(client.Scopes, " "),
	})
}

// admit reads a request, unless its sender asks too much.
func (s *service) admit(w http.ResponseWriter, r *http.Request) (tokenRequest, *refusal) {
	if wait := s.limits.address.take(s.ClientAddress(r), s.Now()); wait > 0 {
		return tokenRequest{}, tooFast(wait)
	}
	request, refused := readRequest(w, r)
	if refused == nil && request.grantType != grantType {
		refused = &refusal{status: http.StatusBadRequest, code: codeGrant, description: "The grant_type must be client_credentials."}
	}
	return request, refused
}

// grant finds out who asks and makes the token. client.Scopes are the scopes of the token.
func (s *service) grant(r *http.Request, request tokenRequest) (token string, client proven, refused *refusal) {
	now := s.Now()
	guess := s.ClientAddress(r) + " " + request.known()
	if wait := s.limits.failure.wait(guess, now); wait > 0 {
		return "", proven{}, tooFast(wait)
	}
	client, refused = s.authenticate(r.Context(), request, now)
	if refused != nil {
		if refused.code == codeClient {
			s.limits.failure.take(guess, now)
		}
		return "", proven{}, refused
	}
	if wait := s.limits.client.take(client.ID, now); wait > 0 {
		return "", client, tooFast(wait)
	}
	client.Scopes, refused = narrow(client.Scopes, request.scope)
	if refused != nil {
		return "", client, refused
	}
	token, err := s.issue(r.Context(), client, now)
	if err != nil {
		return "", client, fromStore(err)
	}
	return token, client, nil
}

// narrow gives the scopes that a client asks for; all of its own when it names none (RFC 6749 §3.3).
func narrow(allowed []string, asked string) ([]string, *refusal) {
	var scopes []string
	for _, scope := range strings.Fields(asked) {
		if !slices.Contains(allowed, scope) {
			return nil, &refusal{status: http.StatusBadRequest, code: codeScope, reason: errors.New(unknownScope(scope)),
				description: "A scope is not known, or not allowed for this client. It may ask for: " + strings.Join(allowed, " ") + "."}
		}
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	if scopes == nil {
		return allowed, nil
	}
	return scopes, nil
}

// unknownScope is for the log. What is no scope at all may be a secret in the wrong field.
func unknownScope(scope string) string {
	if !slices.Contains(Scopes(), scope) {
		return "a scope that there is not"
	}
	return "scope " + scope + " is not the client's"
}

// issue makes an access token of the form that static tokens have: opaque, known by its hash.
func (s *service) issue(ctx context.Context, c proven, now time.Time) (string, error) {
	token, hash := resources.NewToken()
	return token, s.Store.GrantToken(ctx, Grant{
		Company: c.Company, Client: c.ID, Secret: c.secret, Assertion: c.assertion, Hash: hash,
		Token: resources.Token{
			ID: s.NewID(), Company: c.Company, Connection: c.Connection, Scopes: c.Scopes, Created: now, Expires: now.Add(TokenLife),
		},
	})
}

// refuse answers and logs. No secret and no assertion is in the line.
func (s *service) refuse(w http.ResponseWriter, r *http.Request, request tokenRequest, refused *refusal) {
	reference, level := newReference(), slog.LevelWarn
	if refused.status == http.StatusInternalServerError {
		level = slog.LevelError
	}
	s.Log.Log(r.Context(), level, "access token refused", "reference", reference, "client", request.known(),
		"address", s.ClientAddress(r), "status", refused.status, "code", refused.code, "reason", refused.Error())
	refused.write(w, reference)
}
