package oidc

import "slices"

// Outcome is what the guard says of a sign-in.
type Outcome string

// The outcomes.
const (
	Allow  Outcome = "allow"  // a bound admin
	Bind   Outcome = "bind"   // a listed admin, for the first time: bind, then allow
	Refuse Outcome = "refuse" // Reason says why
)

// Evidence is all that the guard looks at.
type Evidence struct {
	Claims  Claims
	Issuer  Issuer
	Domains []string // the company's verified domains, folded
	Bound   *Admin   // the company's admin bound to (issuer, subject); nil: none
	Listed  *Admin   // the company's admin with the claimed address; nil: none
	Person  *Person  // the User that this admin is in the directory; nil: none
}

// Verdict is the guard's answer.
type Verdict struct {
	Outcome Outcome
	Reason  Reason // Refuse
	Admin   Admin  // Allow and Bind; with Allow its address is brought up to date
}

// Candidate is the admin that the evidence speaks of: the bound one, since the identity is the key and the address is
// not (rule 1), else the listed one. Nil when there is none.
func (e Evidence) Candidate() *Admin {
	if e.Bound != nil {
		return e.Bound
	}
	return e.Listed
}

// Decide says whether a verified ID token signs somebody in (clients.md 9.2, rules 1 to 7). It is pure; the protocol's
// own checks (rules 8 and 9) have been made before.
func Decide(e Evidence) Verdict {
	for _, rule := range []func(Evidence) Reason{issuerInForce, companyProved, adminKnown, adminInForce} {
		if reason := rule(e); reason != "" {
			return Verdict{Outcome: Refuse, Reason: reason}
		}
	}
	if e.Bound == nil {
		return Verdict{Outcome: Bind, Admin: *e.Listed}
	}
	return Verdict{Outcome: Allow, Admin: e.withAddress(*e.Bound)}
}

func issuerInForce(e Evidence) Reason {
	if e.Issuer.Disabled {
		return ReasonIssuerDisabled
	}
	return ""
}

// companyProved says whether the token shows that the person is the company's: rules 2, 3 and 7.
func companyProved(e Evidence) Reason {
	if e.Claims.EmailVerified == No {
		return ReasonEmailUnverified
	}
	if reason := e.issuerRule(); reason != "" {
		return reason
	}
	address, reason := e.address()
	if reason != "" {
		return reason
	}
	if !slices.Contains(e.Domains, domainOf(address)) {
		return ReasonDomainOutside
	}
	return ""
}

// issuerRule applies the proof that this issuer's Trust wants, at every sign-in.
func (e Evidence) issuerRule() Reason {
	switch e.Issuer.Trust {
	case TrustOwner:
		return ""
	case TrustEntra:
		if e.Issuer.Tenant == "" || e.Claims.Tenant != e.Issuer.Tenant {
			return ReasonTenant
		}
		if e.Claims.Guest {
			return ReasonGuest
		}
		return ""
	case TrustGoogle:
		hosted, ok := FoldDomain(e.Claims.HostedDomain)
		if !ok || !slices.Contains(e.Domains, hosted) {
			return ReasonHostedDomain
		}
	}
	if e.Claims.EmailVerified != Yes {
		return ReasonEmailUnverified
	}
	return ""
}

// address is the folded address that counts: the claimed one, else the bound admin's, where the issuer's rule proves
// the company by other means.
func (e Evidence) address() (string, Reason) {
	if e.Claims.Email != "" {
		folded, ok := FoldAddress(e.Claims.Email)
		if !ok {
			return "", ReasonEmailMalformed
		}
		return folded, ""
	}
	byOther := e.Issuer.Trust == TrustEntra || e.Issuer.Trust == TrustOwner
	if e.Bound == nil || !byOther {
		return "", ReasonEmailMissing
	}
	return e.Bound.AddressFolded, ""
}

// addressProved says whether the claimed address is this person's beyond doubt, which binding needs. Entra's email
// can be set by whoever runs the person's home tenant; xms_edov says that it was not.
func (e Evidence) addressProved() bool {
	return e.Issuer.Trust != TrustEntra || e.Claims.TenantEmailOwner == Yes
}

// adminKnown applies rules 1, 2, 4 and 5: who is bound comes in; who is listed and not bound may be bound; an address
// whose admin is bound to another identity never links by itself.
func adminKnown(e Evidence) Reason {
	switch {
	case e.Bound != nil:
		return ""
	case e.Listed == nil:
		return ReasonNotListed
	case e.Listed.Bound() && e.Listed.Issuer == e.Issuer.URL:
		return ReasonSubjectChanged
	case e.Listed.Bound():
		return ReasonBoundElsewhere
	case !e.addressProved():
		return ReasonEmailUnverified
	}
	return ""
}

// adminInForce applies rule 6, and the admin's own switch.
func adminInForce(e Evidence) Reason {
	admin := e.Candidate()
	if admin.Disabled {
		return ReasonAdminDisabled
	}
	return e.Person.refusal(*admin)
}

// withAddress brings a bound admin's address up to date, unless it is not proved or is another admin's.
func (e Evidence) withAddress(a Admin) Admin {
	if e.Claims.Email == "" || !e.addressProved() || (e.Listed != nil && e.Listed.ID != a.ID) {
		return a
	}
	a.Address = e.Claims.Email
	a.AddressFolded, _ = FoldAddress(a.Address)
	return a
}
