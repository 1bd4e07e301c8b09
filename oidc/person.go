package oidc

import "context"

// Person is what sign-in needs to know of a User in the directory.
type Person struct {
	ID     string
	Active bool
	Hold   string // why the User is held; empty: in force
}

// People answers for the directory.
type People interface {
	// PersonOf finds the User that an admin is: the one with that id when it is given, else the one with that folded
	// address as userName, else as an e-mail (when several have it, one that is not in force is answered first, so that
	// a doubt refuses). ErrNotFound when there is none.
	PersonOf(ctx context.Context, company, user, folded string) (Person, error)
}

// Domains answers for the company.
type Domains interface {
	// VerifiedDomains returns the domains the company has proved, in the form of [FoldDomain].
	VerifiedDomains(ctx context.Context, company string) ([]string, error)
}

// refusal says why a person may not be signed in; empty: they may.
func (p *Person) refusal(a Admin) Reason {
	switch {
	case p == nil && a.User != "":
		return ReasonRemoved
	case p == nil:
		return ""
	case !p.Active:
		return ReasonDeactivated
	case p.Hold != "":
		return ReasonHeld
	}
	return ""
}
