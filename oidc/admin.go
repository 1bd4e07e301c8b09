package oidc

import (
	"context"
	"time"
)

// Role is what an admin may do.
type Role string

// The roles.
const (
	RoleAdmin   Role = "admin"   // reads and changes
	RoleAuditor Role = "auditor" // reads
)

// Admin is a person who may sign in. Somebody lists the address beforehand; the first sign-in binds it to an identity
// (Issuer, Subject), which is the key from then on: the address is an attribute (clients.md 9.2, rules 1 and 2).
type Admin struct {
	ID            string // UUIDv7
	Company       string
	Address       string // as listed, or as the issuer last proved it
	AddressFolded string // [FoldAddress]; unique in the company
	Role          Role
	Issuer        string // issuer URL; empty: not bound yet
	Subject       string
	BoundAt       time.Time
	// User is the id of this person's User in the directory, once a sign-in has seen it; empty: not in the directory.
	// An admin who was there and is there no longer cannot sign in; one who never was, can (the first admin).
	User     string
	Disabled bool
	Created  time.Time
}

// Bound says whether a sign-in has tied this admin to an identity.
func (a Admin) Bound() bool { return a.Subject != "" }

// Normalize folds the address, and returns ErrInvalid, naming the field, for an admin that cannot work.
func (a Admin) Normalize() (Admin, error) {
	folded, ok := FoldAddress(a.Address)
	if !ok {
		return a, invalid("address", "%q is not an e-mail address", a.Address)
	}
	a.AddressFolded = folded
	switch a.Role {
	case "":
		a.Role = RoleAdmin
	case RoleAdmin, RoleAuditor:
	default:
		return a, invalid("role", "%q is not one of %s, %s", a.Role, RoleAdmin, RoleAuditor)
	}
	return a, nil
}

// Admins keeps who may sign in.
type Admins interface {
	// CreateAdmin lists an admin. It is idempotent by (Company, folded address): an existing one is returned as it is.
	CreateAdmin(ctx context.Context, by Actor, a Admin) (Admin, error)
	// Admins returns a company's, by address.
	Admins(ctx context.Context, company string) ([]Admin, error)
	// AdminByAddress returns ErrNotFound when the folded address is not listed.
	AdminByAddress(ctx context.Context, company, folded string) (Admin, error)
	// AdminByIdentity returns ErrNotFound when no admin is bound to it.
	AdminByIdentity(ctx context.Context, company, issuer, subject string) (Admin, error)
	// SetAdmin changes role and disabled of the admin with that ID.
	SetAdmin(ctx context.Context, by Actor, a Admin) error
	// Rebind forgets the identity and the User of the admin with that folded address and ends the sessions, so that
	// the next sign-in binds anew. It is the answer to ReasonSubjectChanged once somebody has asked the person.
	Rebind(ctx context.Context, by Actor, company, folded string) (Admin, error)
	// BindAdmin ties an unbound admin to an identity. ErrTaken: it is bound by now, or the identity is another admin's.
	BindAdmin(ctx context.Context, company, id, issuer, subject string, at time.Time) error
	// NoteAdmin stores what a sign-in told of a bound admin: the present address and the User in the directory.
	// ErrTaken: the address is another admin's.
	NoteAdmin(ctx context.Context, company, id, address, user string) error
}
