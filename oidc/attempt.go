package oidc

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// AttemptLife is how long a person may take at the issuer.
const AttemptLife = 10 * time.Minute

// Attempt is one sign-in under way, kept on our side: the browser holds only the state (in the issuer's answer) and a
// cookie, and only their hashes are stored.
type Attempt struct {
	Company  string
	Issuer   string   // issuer's id
	State    [32]byte // hash of the parameter `state`
	Browser  [32]byte // hash of the cookie of the browser that started it
	Nonce    string
	Verifier string // PKCE code_verifier (RFC 7636)
	ReturnTo string // where to go afterwards; relative
	Expires  time.Time
}

// Attempts keeps sign-ins under way.
type Attempts interface {
	// SaveAttempt stores an attempt and drops those of its company that expired before `now`.
	SaveAttempt(ctx context.Context, a Attempt, now time.Time) error
	// TakeAttempt removes the company's attempt with that state and returns it. Of any number of calls one gets it;
	// the others get ErrNotFound.
	TakeAttempt(ctx context.Context, company string, state [32]byte) (Attempt, error)
}

// secretLength is how long newSecret's text is.
const secretLength = 43

// newSecret makes 256 random bits in a form that fits cookies and URLs.
func newSecret() string {
	var b [32]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// hashSecret is what is stored of a secret.
func hashSecret(secret string) [32]byte { return sha256.Sum256([]byte(secret)) }
