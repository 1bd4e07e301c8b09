package oauth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"time"
)

// secretPrefix begins every client secret, so that a secret scanner and a reader recognise one.
const secretPrefix = "proprio_secret_"

// Secret is a client secret. Only its hash is kept.
type Secret struct {
	ID       string // UUIDv7
	Hash     [32]byte
	Created  time.Time
	LastUsed time.Time // zero: not yet
}

// NewSecret makes a client secret of 256 random bits. It is shown once.
func NewSecret(id string, now time.Time) (secret string, kept Secret) {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails: crypto/rand ends the program instead
	secret = secretPrefix + base64.RawURLEncoding.EncodeToString(random)
	return secret, Secret{ID: id, Hash: sha256.Sum256([]byte(secret)), Created: now}
}

// secretOf finds which of a client's secrets is the one presented. Each is compared, in constant time.
func (c Client) secretOf(presented string) (id string, ok bool) {
	hash := sha256.Sum256([]byte(presented))
	for _, s := range c.Secrets {
		if subtle.ConstantTimeCompare(s.Hash[:], hash[:]) == 1 {
			id, ok = s.ID, true
		}
	}
	return id, ok
}
