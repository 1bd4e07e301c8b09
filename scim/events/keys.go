package events

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Key is a signing key of a company. The newest one signs.
type Key struct {
	Company string
	ID      string // kid
	Private []byte // PKCS #8; sealed at rest
	Created time.Time
}

const (
	keyBits = 2048                // RS256 of 2048 bits at least (CAEP interoperability profile §2.6)
	keyKept = 30 * 24 * time.Hour // how long a key that was replaced stays in the JWK Set, for tokens still under way
)

// Keys keeps signing keys.
type Keys interface {
	// SigningKeys returns a company's keys, newest first.
	SigningKeys(ctx context.Context, company string) ([]Key, error)
	// AddSigningKey adds a key, from then on the newest.
	AddSigningKey(ctx context.Context, k Key) error
}

// Signer signs a company's tokens and publishes its keys.
type Signer struct {
	Keys      Keys
	PublicURL string // without trailing slash
	Now       func() time.Time
	NewID     func() string
}

// Issuer is a company as the issuer of tokens. Each has an issuer of its own: with one for all, a company could point a
// stream of its own at another's receiver, and be believed.
func (s *Signer) Issuer(company string) string { return s.PublicURL + BasePath + company }

// audience names the receiver, which is a connection.
func (s *Signer) audience(company, connection string) string {
	return s.Issuer(company) + "/receivers/" + connection
}

// Rotate makes a new key for a company. The old one stays in the JWK Set for a while.
func (s *Signer) Rotate(ctx context.Context, company string) (Key, error) {
	private, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return Key{}, fmt.Errorf("signing key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return Key{}, fmt.Errorf("signing key: %w", err)
	}
	k := Key{Company: company, ID: s.NewID(), Private: der, Created: s.Now().UTC()}
	return k, s.Keys.AddSigningKey(ctx, k)
}

// signing is a company's newest key, made on first use. Two processes that make one at once leave two, which is no harm.
func (s *Signer) signing(ctx context.Context, company string) (jose.Signer, error) {
	keys, err := s.Keys.SigningKeys(ctx, company)
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		made, err := s.Rotate(ctx, company)
		if err != nil {
			return nil, err
		}
		keys = []Key{made}
	}
	private, err := x509.ParsePKCS8PrivateKey(keys[0].Private)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", keys[0].ID, err)
	}
	options := (&jose.SignerOptions{}).WithType("secevent+jwt") // RFC 8417 §2.3
	return jose.NewSigner(jose.SigningKey{
		Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: private, KeyID: keys[0].ID, Algorithm: string(jose.RS256)},
	}, options)
}

// Sign makes tokens for one receiver, each in the compact serialization.
func (s *Signer) Sign(ctx context.Context, company, connection string, sets []SET) ([]string, error) {
	if len(sets) == 0 {
		return nil, nil
	}
	signer, err := s.signing(ctx, company)
	if err != nil {
		return nil, err
	}
	tokens := make([]string, len(sets))
	for i, set := range sets {
		claims, err := set.claims(s.Issuer(company), s.audience(company, connection))
		if err != nil {
			return nil, err
		}
		signed, err := signer.Sign(claims)
		if err == nil {
			tokens[i], err = signed.CompactSerialize()
		}
		if err != nil {
			return nil, fmt.Errorf("sign security event token %s: %w", set.JTI, err)
		}
	}
	return tokens, nil
}

// published is the JWK Set of a company (RFC 7517 §5).
func (s *Signer) published(ctx context.Context, company string) (jose.JSONWebKeySet, error) {
	keys, err := s.Keys.SigningKeys(ctx, company)
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	if err != nil {
		return set, err
	}
	for i, k := range keys {
		if i > 0 && keys[i-1].Created.Before(s.Now().Add(-keyKept)) {
			break // replaced long ago
		}
		private, err := x509.ParsePKCS8PrivateKey(k.Private)
		if err != nil {
			return set, fmt.Errorf("signing key %s: %w", k.ID, err)
		}
		own, ok := private.(*rsa.PrivateKey)
		if !ok {
			return set, errors.New("signing key " + k.ID + " is not RSA")
		}
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: own.Public(), KeyID: k.ID, Algorithm: string(jose.RS256), Use: "sig"})
	}
	return set, nil
}
