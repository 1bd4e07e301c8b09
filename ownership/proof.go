package ownership

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
)

// ProofLabel is the label below a domain that carries its proof: a TXT record of _proprio.<domain>. A label of its own
// keeps the proof apart from SPF and other TXT records, and lets it be delegated.
const ProofLabel = "_proprio"

// proofPrefix begins the TXT record's value, so that a reader of the zone knows whose it is.
const proofPrefix = "proprio-verification="

// Resolver looks up TXT records. *net.Resolver is one.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// Verifier checks the DNS proof of domains.
type Verifier struct {
	Resolver Resolver
}

// NewProof makes the value that a company puts into the TXT record of a domain: 128 random bits, never reused.
func NewProof() string { return proofPrefix + rand.Text() }

// ProofRecord is the name of the TXT record that proves a domain.
func ProofRecord(domain string) string { return ProofLabel + "." + domain }

// Proved looks up a domain's TXT record. False without error means that DNS answered and the proof is not there; an
// error means that DNS gave no answer, which says nothing about the domain.
func (v *Verifier) Proved(ctx context.Context, d Domain) (bool, error) {
	if !strings.HasPrefix(d.Proof, proofPrefix) {
		return false, nil
	}
	// The trailing dot keeps the resolver from trying the machine's own search domains.
	values, err := v.Resolver.LookupTXT(ctx, ProofRecord(d.Name)+".")
	if err != nil {
		var answer *net.DNSError
		if errors.As(err, &answer) && answer.IsNotFound {
			return false, nil
		}
		return false, fmt.Errorf("look up TXT record %s: %w", ProofRecord(d.Name), err)
	}
	return slices.ContainsFunc(values, func(v string) bool { return strings.TrimSpace(v) == d.Proof }), nil
}
