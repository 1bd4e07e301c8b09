package ownership

import (
	"context"
	"time"

	"proprio/audit"
	"proprio/resources"
)

// OutsideMode says what happens to a User with an address outside the company's domains.
type OutsideMode string

// The modes (design.md, domain policy).
const (
	OutsideReject OutsideMode = "reject" // refuse the write; the default
	OutsideHold   OutsideMode = "hold"   // store it as sent, but not in force
)

// Company is the tenant and the owner of everything.
type Company struct {
	ID            string // UUIDv7
	Name          string // unique
	OutsideDomain OutsideMode
	Suspended     bool
	Created       time.Time
	Features      resources.Features // of SCIM, turned on
}

// Domain is a DNS domain of a company. It is in force once it is verified; it belongs to one company at most.
type Domain struct {
	Company  string
	Name     string    // IDNA-normalised, lower case, no trailing dot
	Proof    string    // the TXT record's value that proves it; empty: assumed on an operator's word, never asked of DNS
	Verified time.Time // zero: not yet
	Missing  time.Time // since when the record that proved it is gone from DNS; zero: it is there
}

// Companies keeps tenants and their domains.
type Companies interface {
	// CreateCompany is idempotent by name: an existing company is returned as it is.
	CreateCompany(ctx context.Context, actor audit.Actor, c Company) (Company, error)
	// CompanyByName returns resources.ErrNotFound when there is none.
	CompanyByName(ctx context.Context, name string) (Company, error)
	// Company returns one company by id.
	Company(ctx context.Context, id string) (Company, error)
	// Companies returns all of them, by name.
	Companies(ctx context.Context) ([]Company, error)
	// SetOutsideDomain changes the mode.
	SetOutsideDomain(ctx context.Context, actor audit.Actor, company string, mode OutsideMode) error
	// PutDomain adds or updates a domain. A domain that is verified for another company is resources.ErrUniqueness.
	PutDomain(ctx context.Context, actor audit.Actor, d Domain) error
	// RemoveDomain takes it away.
	RemoveDomain(ctx context.Context, actor audit.Actor, company, name string) error
	// Domains returns a company's domains, by name.
	Domains(ctx context.Context, company string) ([]Domain, error)
}
