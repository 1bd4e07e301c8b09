package ownership

import "slices"

// judge gives every account of one app its holder, verdict and reasons, in place. It is a pure function of the complete
// list, the Users behind it and the company's domains in force.
func judge(accounts []ObservedAccount, users Holders, domains []string) {
	admins := 0
	for _, a := range accounts {
		if a.Administrator && a.Active {
			admins++
		}
	}
	for i := range accounts {
		a := &accounts[i]
		found := users.behind(*a)
		a.User = ""
		if len(found) == 1 {
			a.User = found[0].ID
		}
		a.Reasons = reasons(*a, found, domains, admins)
		a.Verdict = verdict(*a)
	}
}

// reasons lists every ground of a verdict, in a fixed order.
func reasons(a ObservedAccount, found []Holder, domains []string, admins int) []Reason {
	var rs []Reason
	note := func(r Reason, holds bool) {
		if holds {
			rs = append(rs, r)
		}
	}
	outside, consumer := a.outside(domains)
	note(ReasonOutsideDomain, outside)
	note(ReasonConsumerDomain, consumer)
	note(ReasonNoAddress, len(a.Logins) == 0 && len(a.Emails) == 0)
	note(ReasonUnknownPerson, len(found) == 0)
	note(ReasonAmbiguous, len(found) > 1)
	note(ReasonPersonInactive, len(found) == 1 && !found[0].Active && a.Active)
	note(ReasonPersonHeld, len(found) == 1 && found[0].Held)
	note(ReasonAdministrator, a.Administrator)
	note(ReasonOnlyAdmin, a.Administrator && a.Active && admins == 1)
	note(ReasonAccountClosed, !a.Active)
	return rs
}

// outside says whether an address that opens the account is outside the company's domains, and whether it is one of a
// consumer mail service. One such address is enough: a password reset sent there takes the account away. Where the app
// tells only addresses marked private, the account opens through one of them.
func (a ObservedAccount) outside(domains []string) (outside, consumer bool) {
	opens := a.Logins
	if len(opens) == 0 {
		opens = a.Emails
	}
	for _, address := range opens {
		domain, in := Within(address, domains)
		if in {
			continue
		}
		outside = true
		consumer = consumer || IsConsumerDomain(domain)
	}
	return outside, consumer
}

// verdict weighs reasons (ownership.md section 1). Red: the company could lose the account, or somebody who left still
// uses it. Amber: something is unknown or due. A closed account opens nothing, so it is never red: one of the company's
// own is in order whoever had it, and one with an outside address stays amber, because its holder may have it reopened.
func verdict(a ObservedAccount) Verdict {
	outside := a.Has(ReasonOutsideDomain)
	switch {
	case !a.Active && outside:
		return Amber
	case !a.Active:
		return Green
	case outside, a.Has(ReasonPersonInactive):
		return Red
	case a.Has(ReasonNoAddress), a.Has(ReasonUnknownPerson), a.Has(ReasonAmbiguous), a.Has(ReasonPersonHeld), a.Has(ReasonOnlyAdmin):
		return Amber
	}
	return Green
}

// Has says whether a reason is among the account's.
func (a ObservedAccount) Has(r Reason) bool { return slices.Contains(a.Reasons, r) }

// nobodyBehind says whether no User in force answers for the account: its person is unknown, or has left.
func (a ObservedAccount) nobodyBehind() bool {
	return a.Has(ReasonUnknownPerson) || a.Has(ReasonPersonInactive)
}

// companyAdministrator says whether the account is an active administrator that the company can rely on: an identified
// person in force, with an address of the company.
func (a ObservedAccount) companyAdministrator() bool {
	return a.Administrator && a.Active && a.User != "" && !a.Has(ReasonOutsideDomain) &&
		!a.Has(ReasonPersonInactive) && !a.Has(ReasonPersonHeld)
}

// lostKey says whether the account is an active administrator with an outside address and nobody behind it.
func (a ObservedAccount) lostKey() bool {
	return a.Administrator && a.Active && a.Has(ReasonOutsideDomain) && a.nobodyBehind()
}
