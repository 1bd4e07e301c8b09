package ownership

// The steps of cures, as message keys. They are stable: the console says each in the reader's language.
const (
	CureAddAdministrator     = "cure.add-administrator"     // make a person of the company administrator of the app
	CureConfirmAdministrator = "cure.confirm-administrator" // see that this administrator has signed in
	CureMoveOwnership        = "cure.move-ownership"        // move billing and ownership of the subscription to the company
	CureRotateSecrets        = "cure.rotate-secrets"        // change API keys, tokens and shared passwords the old one knew
	CureDowngrade            = "cure.downgrade"             // take the administrator's role from the old account
	CureRemoveAccount        = "cure.remove-account"        // close the old account
	CureHandOver             = "cure.hand-over"             // hand the account's data over to somebody in the company
	CureChangeAddress        = "cure.change-address"        // put a company address in place of the outside one
	CureIdentifyHolder       = "cure.identify-holder"       // find out whose account it is; add the person, or close it
	CureSecondAdministrator  = "cure.second-administrator"  // make a second person administrator
	CureCorrectAtSource      = "cure.correct-at-source"     // correct the User's address at the identity provider
	CureVerifyDomain         = "cure.verify-domain"         // or verify the domain, if it is the company's
	CureDoTask               = "cure.do-task"               // do what the task asks for, and close it with a proof
)

// CureSteps lists every step that a finding can name.
func CureSteps() []string {
	return []string{
		CureAddAdministrator, CureConfirmAdministrator, CureMoveOwnership, CureRotateSecrets, CureDowngrade,
		CureRemoveAccount, CureHandOver, CureChangeAddress, CureIdentifyHolder, CureSecondAdministrator,
		CureCorrectAtSource, CureVerifyDomain, CureDoTask,
	}
}

// recovery is the way back into an app that only a stranger can administer: the company gets in first, and the old
// account goes last, so that no step can lock everybody out (ownership.md section 1).
func recovery() []string {
	return append([]string{CureAddAdministrator}, takeOver()...)
}

// takeOver is what remains of it once the company has an administrator of its own.
func takeOver() []string {
	return []string{CureConfirmAdministrator, CureMoveOwnership, CureRotateSecrets, CureDowngrade, CureRemoveAccount}
}

// cure returns the steps for a finding about an account.
func cure(kind FindingKind, a ObservedAccount) []string {
	switch {
	case kind == FindingLostApp:
		return recovery()
	case a.lostKey():
		return takeOver()
	case kind == FindingOutsideAccount && !a.nobodyBehind():
		return []string{CureChangeAddress, CureRotateSecrets}
	case kind == FindingOutsideAccount:
		return []string{CureIdentifyHolder, CureHandOver, CureRemoveAccount}
	case kind == FindingLeaverAccount:
		return []string{CureHandOver, CureRotateSecrets, CureRemoveAccount}
	}
	return []string{CureIdentifyHolder}
}
