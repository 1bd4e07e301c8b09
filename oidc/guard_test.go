package oidc_test

import (
	"testing"

	"proprio/oidc"
)

const issuerURL = "https://issuer.example"

// evidence is a sign-in that the guard allows: a bound admin, in the directory, from a plain issuer. Cases change it.
func evidence() oidc.Evidence {
	bound := admin("a1", "anne@company.fr")
	bound.Issuer, bound.Subject = issuerURL, "sub-anne"
	return oidc.Evidence{
		Claims:  oidc.Claims{Issuer: issuerURL, Subject: "sub-anne", Email: "anne@company.fr", EmailVerified: oidc.Yes},
		Issuer:  oidc.Issuer{ID: "i1", URL: issuerURL, Trust: oidc.TrustEmailVerified},
		Domains: []string{"company.fr"},
		Bound:   &bound,
		Listed:  &bound,
		Person:  &oidc.Person{ID: "u1", Active: true},
	}
}

func admin(id, address string) oidc.Admin {
	folded, _ := oidc.FoldAddress(address)
	return oidc.Admin{ID: id, Address: address, AddressFolded: folded, Role: oidc.RoleAdmin}
}

// firstTime is evidence of a listed admin who is not bound yet.
func firstTime() oidc.Evidence {
	e := evidence()
	listed := admin("a1", "anne@company.fr")
	e.Bound, e.Listed = nil, &listed
	return e
}

type guardCase struct {
	name   string
	start  func() oidc.Evidence // nil: evidence
	change func(e *oidc.Evidence)
	want   oidc.Outcome
	reason oidc.Reason
}

func decide(t *testing.T, cases []guardCase) {
	t.Helper()
	t.Parallel()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			start := evidence
			if c.start != nil {
				start = c.start
			}
			e := start()
			if c.change != nil {
				c.change(&e)
			}
			v := oidc.Decide(e)
			if v.Outcome != c.want || v.Reason != c.reason {
				t.Errorf("got %s %q, want %s %q", v.Outcome, v.Reason, c.want, c.reason)
			}
		})
	}
}

func TestRule1_IdentityIsIssuerAndSubject(t *testing.T) {
	decide(t, []guardCase{
		{name: "the bound identity comes in", want: oidc.Allow},
		{name: "with another address of the company", want: oidc.Allow, change: func(e *oidc.Evidence) {
			e.Claims.Email, e.Listed = "anne.martin@company.fr", nil
		}},
		{name: "with the address of another admin, as itself", want: oidc.Allow, change: func(e *oidc.Evidence) {
			other := admin("a2", "boss@company.fr")
			e.Claims.Email, e.Listed = "boss@company.fr", &other
		}},
	})
}

func TestRule1_AddressIsAnAttribute(t *testing.T) {
	t.Parallel()
	e := evidence()
	e.Claims.Email, e.Listed = "Anne.Martin@Company.fr", nil
	if got := oidc.Decide(e).Admin; got.ID != "a1" || got.Address != "Anne.Martin@Company.fr" || got.AddressFolded != "anne.martin@company.fr" {
		t.Errorf("the address did not follow: %+v", got)
	}
	other := admin("a2", "boss@company.fr")
	e.Claims.Email, e.Listed = "boss@company.fr", &other
	if got := oidc.Decide(e).Admin; got.ID != "a1" || got.AddressFolded != "anne@company.fr" {
		t.Errorf("the admin took another's address or identity: %+v", got)
	}
}

func TestRule2_FirstBindingNeedsListingDomainAndProof(t *testing.T) {
	email := func(address string) func(*oidc.Evidence) {
		return func(e *oidc.Evidence) { e.Claims.Email = address }
	}
	decide(t, []guardCase{
		{name: "listed, in a verified domain, verified", start: firstTime, want: oidc.Bind},
		{name: "nobody listed the address", start: firstTime, want: oidc.Refuse, reason: oidc.ReasonNotListed,
			change: func(e *oidc.Evidence) { e.Listed = nil }},
		{name: "no address", start: firstTime, change: email(""), want: oidc.Refuse, reason: oidc.ReasonEmailMissing},
		{name: "suffix of the domain", start: firstTime, change: email("user@evil-company.fr"), want: oidc.Refuse, reason: oidc.ReasonDomainOutside},
		{name: "domain as a prefix", start: firstTime, change: email("user@company.fr.evil.com"), want: oidc.Refuse, reason: oidc.ReasonDomainOutside},
		{name: "sub-domain that is not listed", start: firstTime, change: email("user@it.company.fr"), want: oidc.Refuse, reason: oidc.ReasonDomainOutside},
		{name: "two at signs", start: firstTime, change: email("a@company.fr@evil.com"), want: oidc.Refuse, reason: oidc.ReasonEmailMalformed},
		{name: "two at signs, ours last", start: firstTime, change: email("a@evil.com@company.fr"), want: oidc.Refuse, reason: oidc.ReasonEmailMalformed},
		{name: "look-alike letter", start: firstTime, change: email("anne@соmpany.fr"), want: oidc.Refuse, reason: oidc.ReasonDomainOutside},
		{name: "upper case and trailing dot", start: firstTime, change: email("ANNE@COMPANY.FR."), want: oidc.Bind},
	})
}

func TestRule2_GoogleNeedsHostedDomain(t *testing.T) {
	google := func(hd string, verified oidc.Word) func(*oidc.Evidence) {
		return func(e *oidc.Evidence) {
			e.Issuer.Trust, e.Claims.HostedDomain, e.Claims.EmailVerified = oidc.TrustGoogle, hd, verified
		}
	}
	decide(t, []guardCase{
		{name: "hd and verified address", start: firstTime, change: google("Company.fr", oidc.Yes), want: oidc.Bind},
		{name: "consumer account with a company address", start: firstTime, change: google("", oidc.Yes), want: oidc.Refuse, reason: oidc.ReasonHostedDomain},
		{name: "hd of another company", start: firstTime, change: google("evil.com", oidc.Yes), want: oidc.Refuse, reason: oidc.ReasonHostedDomain},
		{name: "hd without verified address", start: firstTime, change: google("company.fr", oidc.Silent), want: oidc.Refuse, reason: oidc.ReasonEmailUnverified},
		{name: "hd lost after binding", change: google("", oidc.Yes), want: oidc.Refuse, reason: oidc.ReasonHostedDomain},
	})
}

func TestRule2_EntraNeedsTenantAndOwnedAddress(t *testing.T) {
	entra := func(tid string, owner oidc.Word) func(*oidc.Evidence) {
		return func(e *oidc.Evidence) {
			e.Issuer.Trust, e.Issuer.Tenant = oidc.TrustEntra, "tenant-1"
			e.Claims.Tenant, e.Claims.TenantEmailOwner, e.Claims.EmailVerified = tid, owner, oidc.Silent
		}
	}
	also := func(first func(*oidc.Evidence), then func(*oidc.Evidence)) func(*oidc.Evidence) {
		return func(e *oidc.Evidence) { first(e); then(e) }
	}
	decide(t, []guardCase{
		{name: "tid and xms_edov", start: firstTime, change: entra("tenant-1", oidc.Yes), want: oidc.Bind},
		{name: "nOAuth: an address set by another tenant", start: firstTime, change: entra("tenant-2", oidc.Yes), want: oidc.Refuse, reason: oidc.ReasonTenant},
		{name: "no tid", start: firstTime, change: entra("", oidc.Yes), want: oidc.Refuse, reason: oidc.ReasonTenant},
		{name: "unowned address does not bind", start: firstTime, change: entra("tenant-1", oidc.No), want: oidc.Refuse, reason: oidc.ReasonEmailUnverified},
		{name: "silence on the address does not bind", start: firstTime, change: entra("tenant-1", oidc.Silent), want: oidc.Refuse, reason: oidc.ReasonEmailUnverified},
		{name: "once bound, the tenant is enough", change: entra("tenant-1", oidc.Silent), want: oidc.Allow},
		{name: "once bound, no address is needed", want: oidc.Allow, change: also(entra("tenant-1", oidc.Silent),
			func(e *oidc.Evidence) { e.Claims.Email = "" })},
		{name: "a guest of the tenant", want: oidc.Refuse, reason: oidc.ReasonGuest, change: also(entra("tenant-1", oidc.Yes),
			func(e *oidc.Evidence) { e.Claims.Guest = true })},
	})
}

func TestRule2_EntraAddressNotProvedIsNotTaken(t *testing.T) {
	t.Parallel()
	e := evidence()
	e.Issuer.Trust, e.Issuer.Tenant, e.Claims.Tenant = oidc.TrustEntra, "tenant-1", "tenant-1"
	e.Claims.Email, e.Claims.EmailVerified, e.Listed = "boss@company.fr", oidc.Silent, nil
	if got := oidc.Decide(e); got.Outcome != oidc.Allow || got.Admin.AddressFolded != "anne@company.fr" {
		t.Errorf("an unproved address was taken: %+v", got)
	}
}

func TestRule2_OwnIssuerIsBelieved(t *testing.T) {
	own := func(word oidc.Word) func(*oidc.Evidence) {
		return func(e *oidc.Evidence) { e.Issuer.Trust, e.Claims.EmailVerified = oidc.TrustOwner, word }
	}
	decide(t, []guardCase{
		{name: "without email_verified", start: firstTime, change: own(oidc.Silent), want: oidc.Bind},
		{name: "but not for an outside domain", start: firstTime, want: oidc.Refuse, reason: oidc.ReasonDomainOutside,
			change: func(e *oidc.Evidence) { own(oidc.Silent)(e); e.Claims.Email = "anne@gmail.com" }},
	})
}

func TestRule3_EmailVerified(t *testing.T) {
	cases := []guardCase{
		{name: "absent refuses", change: func(e *oidc.Evidence) { e.Claims.EmailVerified = oidc.Silent },
			want: oidc.Refuse, reason: oidc.ReasonEmailUnverified},
		{name: "absent refuses to bind", start: firstTime, change: func(e *oidc.Evidence) { e.Claims.EmailVerified = oidc.Silent },
			want: oidc.Refuse, reason: oidc.ReasonEmailUnverified},
	}
	for _, trust := range []oidc.Trust{oidc.TrustEmailVerified, oidc.TrustGoogle, oidc.TrustEntra, oidc.TrustOwner} {
		cases = append(cases, guardCase{name: "false refuses under " + string(trust), want: oidc.Refuse, reason: oidc.ReasonEmailUnverified,
			change: func(e *oidc.Evidence) {
				e.Issuer.Trust, e.Issuer.Tenant, e.Claims.Tenant = trust, "tenant-1", "tenant-1"
				e.Claims.HostedDomain, e.Claims.TenantEmailOwner, e.Claims.EmailVerified = "company.fr", oidc.Yes, oidc.No
			}})
	}
	decide(t, cases)
}

func TestRule4_AddressBoundElsewhereIsNotLinked(t *testing.T) {
	decide(t, []guardCase{{name: "another issuer vouches for a bound address", want: oidc.Refuse, reason: oidc.ReasonBoundElsewhere,
		change: func(e *oidc.Evidence) { e.Bound, e.Listed.Issuer = nil, "https://first.example" }}})
	if !oidc.ReasonBoundElsewhere.Alarm() {
		t.Error("no alarm")
	}
}

func TestRule5_SameAddressNewSubjectRefusesAndAlarms(t *testing.T) {
	decide(t, []guardCase{{name: "domain bought again, mailbox re-used", want: oidc.Refuse, reason: oidc.ReasonSubjectChanged,
		change: func(e *oidc.Evidence) { e.Bound, e.Claims.Subject = nil, "sub-new" }}})
	if !oidc.ReasonSubjectChanged.Alarm() {
		t.Error("no alarm")
	}
}

func TestRule6_DirectoryHasTheLastWord(t *testing.T) {
	decide(t, []guardCase{
		{name: "deactivated", change: func(e *oidc.Evidence) { e.Person.Active = false }, want: oidc.Refuse, reason: oidc.ReasonDeactivated},
		{name: "held", change: func(e *oidc.Evidence) { e.Person.Hold = "outside-domain" }, want: oidc.Refuse, reason: oidc.ReasonHeld},
		{name: "deactivated before the first sign-in", start: firstTime, change: func(e *oidc.Evidence) { e.Person.Active = false },
			want: oidc.Refuse, reason: oidc.ReasonDeactivated},
		{name: "removed from the directory", change: func(e *oidc.Evidence) { e.Person, e.Bound.User = nil, "u1" },
			want: oidc.Refuse, reason: oidc.ReasonRemoved},
		{name: "never in the directory: the first admin", start: firstTime, change: func(e *oidc.Evidence) { e.Person = nil }, want: oidc.Bind},
		{name: "disabled as admin", change: func(e *oidc.Evidence) { e.Bound.Disabled = true }, want: oidc.Refuse, reason: oidc.ReasonAdminDisabled},
		{name: "disabled before the first sign-in", start: firstTime, change: func(e *oidc.Evidence) { e.Listed.Disabled = true },
			want: oidc.Refuse, reason: oidc.ReasonAdminDisabled},
	})
}

func TestRule7_DomainTakenAwayRefuses(t *testing.T) {
	decide(t, []guardCase{
		{name: "bound admin", change: func(e *oidc.Evidence) { e.Domains = nil }, want: oidc.Refuse, reason: oidc.ReasonDomainOutside},
		{name: "bound admin without an address in the token", want: oidc.Refuse, reason: oidc.ReasonDomainOutside,
			change: func(e *oidc.Evidence) {
				e.Issuer.Trust, e.Claims.Email, e.Domains = oidc.TrustOwner, "", []string{"other.fr"}
			}},
		{name: "bound admin whose address moved outside", want: oidc.Refuse, reason: oidc.ReasonDomainOutside,
			change: func(e *oidc.Evidence) { e.Claims.Email = "anne@gmail.com" }},
		{name: "disabled issuer", change: func(e *oidc.Evidence) { e.Issuer.Disabled = true }, want: oidc.Refuse, reason: oidc.ReasonIssuerDisabled},
	})
}
