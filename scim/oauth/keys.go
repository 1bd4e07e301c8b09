package oauth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// signingAlgorithms are asymmetric: "none" signs nothing, and HS* would take a public key for a shared secret.
func signingAlgorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{
		jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
	}
}

// Bounds of a set of keys, so that trying them costs little.
const (
	maxKeys     = 50
	shortestRSA = 2048
	longestRSA  = 8192
)

var (
	errKeyUnknown   = errors.New("no key of the client fits the assertion's kid and alg")
	errSignatureBad = errors.New("the signature is not by the client's key")
)

// keySet is a JWK Set (RFC 7517 §5) of public keys that can check signatures.
type keySet struct{ keys []jose.JSONWebKey }

// rawKeys splits a set into its keys. One that is not understood must not spoil the others (RFC 7517 §5).
func rawKeys(document []byte) ([]json.RawMessage, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(document, &set); err != nil {
		return nil, fmt.Errorf("not a JWK Set: %w", err)
	}
	if len(set.Keys) == 0 || len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("a JWK Set of %d keys; there must be 1 to %d", len(set.Keys), maxKeys)
	}
	return set.Keys, nil
}

// fetchedKeys reads a set from its address, and takes of it what can be used.
func fetchedKeys(document []byte) (keySet, error) {
	raw, err := rawKeys(document)
	if err != nil {
		return keySet{}, err
	}
	var set keySet
	for _, one := range raw {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(one) == nil && usable(key) == nil {
			set.keys = append(set.keys, key)
		}
	}
	if len(set.keys) == 0 {
		return set, errors.New("the JWK Set holds no public key for signatures")
	}
	return set, nil
}

// registeredKeys reads a set that somebody registers: whatever is wrong with it is said now.
func registeredKeys(document []byte) (keySet, error) {
	raw, err := rawKeys(document)
	if err != nil {
		return keySet{}, invalid("jwks", "%v", err)
	}
	var set keySet
	for i, one := range raw {
		var key jose.JSONWebKey
		if err := key.UnmarshalJSON(one); err != nil {
			return set, invalid("jwks", "key %d is not understood: %v", i+1, err)
		}
		if err := usable(key); err != nil {
			return set, invalid("jwks", "key %d %v", i+1, err)
		}
		set.keys = append(set.keys, key)
	}
	return set, nil
}

func usable(key jose.JSONWebKey) error {
	if key.Use != "" && key.Use != "sig" {
		return errors.New("is not for signatures")
	}
	switch k := key.Key.(type) {
	case *rsa.PublicKey:
		if n := k.N.BitLen(); n < shortestRSA || n > longestRSA {
			return fmt.Errorf("is an RSA key of %d bits; there must be %d to %d", n, shortestRSA, longestRSA)
		}
		return nil
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return nil
	case []byte:
		return errors.New("is a shared secret; register public keys")
	case *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey:
		return errors.New("is a private key, which must never leave its owner: make a new one and register its public half")
	}
	return errors.New("is of a kind that is not supported")
}

// document is the set as it is kept: the keys, without certificates.
func (s keySet) document() (string, error) {
	set := jose.JSONWebKeySet{}
	for _, k := range s.keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.Key, KeyID: k.KeyID, Algorithm: k.Algorithm, Use: k.Use})
	}
	text, err := json.Marshal(set)
	return string(text), err
}

// candidates are the keys that may have made a signature: those named by kid, or all where it names none.
func (s keySet) candidates(kid, alg string) []jose.JSONWebKey {
	return slices.DeleteFunc(slices.Clone(s.keys), func(k jose.JSONWebKey) bool {
		return kid != "" && k.KeyID != kid || k.Algorithm != "" && k.Algorithm != alg || !fits(k, alg)
	})
}

// fits says whether a key is of the kind that an algorithm needs (RFC 7518 §3).
func fits(key jose.JSONWebKey, alg string) bool {
	switch k := key.Key.(type) {
	case *rsa.PublicKey:
		return strings.HasPrefix(alg, "RS") || strings.HasPrefix(alg, "PS")
	case *ecdsa.PublicKey:
		return alg == map[elliptic.Curve]string{
			elliptic.P256(): "ES256", elliptic.P384(): "ES384", elliptic.P521(): "ES512",
		}[k.Curve]
	case ed25519.PublicKey:
		return alg == "EdDSA"
	}
	return false
}

// verify checks the signature of an assertion.
func (s keySet) verify(token *jwt.JSONWebToken) error {
	header := token.Headers[0]
	candidates := s.candidates(header.KeyID, header.Algorithm)
	if len(candidates) == 0 {
		return errKeyUnknown
	}
	for _, key := range candidates {
		if token.Claims(key.Key) == nil {
			return nil
		}
	}
	return errSignatureBad
}
