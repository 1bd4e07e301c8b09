package resources

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// TokenPrefix begins every bearer token, so that a secret scanner and a reader recognise one.
const TokenPrefix = "proprio_"

// tokenBytes is how much randomness a token holds: 256 bits, beyond guessing even by its hash.
const tokenBytes = 32

// NewToken makes a bearer token of a connection and the hash that is kept of it. The token is shown once and never
// stored.
func NewToken() (token string, hash [32]byte) {
	random := make([]byte, tokenBytes)
	_, _ = rand.Read(random) // never fails: crypto/rand ends the program instead
	token = TokenPrefix + base64.RawURLEncoding.EncodeToString(random)
	return token, HashToken(token)
}

// HashToken is the form in which a token is stored and looked up. A plain SHA-256 is enough because tokens are random,
// not chosen by people; looking up by hash makes the comparison's timing tell nothing about the token.
func HashToken(token string) [32]byte { return sha256.Sum256([]byte(token)) }
