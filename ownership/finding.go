package ownership

import (
	"slices"
	"strings"
	"time"
)

// Rank orders severities, the gravest first, from 0.
func (s Severity) Rank() int {
	return slices.Index([]Severity{Critical, High, Medium, Low}, s)
}

// term is how long a finding of each severity may stay open. High is the seven days that ANSSI's ReCyF 10.A.5 gives as an
// example for accounts that are no longer needed.
func (s Severity) term() time.Duration {
	const day = 24 * time.Hour
	switch s {
	case Critical:
		return day
	case High:
		return 7 * day
	case Medium:
		return 30 * day
	}
	return 90 * day
}

// findings returns what needs a decision in an app, from its judged accounts. Each account has at most one finding, the
// gravest; a lost app has no other finding about its administrators, since regaining it is the first thing to do. An app
// that does not tell roles does not tell who its administrators are, so nothing is concluded from their number.
func findings(app AppRef, accounts []ObservedAccount, tellsRoles bool) []Finding {
	var wanted []Finding
	lost := lostKeys(accounts)
	for _, a := range accounts {
		kind, severity := accountFinding(a, lost)
		if kind == "" {
			continue
		}
		wanted = append(wanted, Finding{
			Company: app.Company, App: app.ID, Kind: kind, Severity: severity, Cure: cure(kind, a),
			ObjectType: "account", ObjectID: a.RemoteID, ObjectName: a.name(),
		})
	}
	if f, few := fewAdministrators(app, accounts); few && tellsRoles && !lost {
		wanted = append(wanted, f)
	}
	return wanted
}

// owned gives findings about an app to the person who answers for it.
func owned(owner string, fs []Finding) []Finding {
	for i := range fs {
		fs[i].Owner = owner
	}
	return fs
}

// tellsRoles says whether an app reports a role of any account.
func tellsRoles(accounts []ObservedAccount) bool {
	return slices.ContainsFunc(accounts, func(a ObservedAccount) bool { return len(a.Roles) > 0 })
}

// about returns the findings about some accounts, and about the app itself.
func about(findings []Finding, accounts []ObservedAccount) []Finding {
	among := make(map[string]bool, len(accounts))
	for _, a := range accounts {
		among[a.RemoteID] = true
	}
	return slices.DeleteFunc(findings, func(f Finding) bool { return f.ObjectType == "account" && !among[f.ObjectID] })
}

// lostKeys says whether every active administrator of an app has an outside address and nobody behind it: the company
// has no way in. One such administrator is the common case (check C06); several are no better.
func lostKeys(accounts []ObservedAccount) bool {
	lost := false
	for _, a := range accounts {
		if a.Administrator && a.Active {
			if !a.lostKey() {
				return false
			}
			lost = true
		}
	}
	return lost
}

// accountFinding returns the gravest finding about an account; none for most.
func accountFinding(a ObservedAccount, lost bool) (FindingKind, Severity) {
	graver := func(otherwise Severity) Severity {
		if a.Administrator && otherwise == High {
			return Critical
		}
		if a.Administrator {
			return High
		}
		return otherwise
	}
	switch {
	case !a.Active:
		return "", ""
	case lost && a.lostKey():
		return FindingLostApp, Critical
	case a.Has(ReasonPersonInactive):
		return FindingLeaverAccount, graver(High)
	case a.Has(ReasonOutsideDomain):
		return FindingOutsideAccount, High
	case a.Has(ReasonUnknownPerson), a.Has(ReasonAmbiguous):
		return FindingOrphanAccount, graver(Medium)
	}
	return "", ""
}

// fewAdministrators finds an app with fewer than two administrators that the company can rely on (check C04).
func fewAdministrators(app AppRef, accounts []ObservedAccount) (Finding, bool) {
	own := 0
	for _, a := range accounts {
		if a.companyAdministrator() {
			own++
		}
	}
	f := Finding{
		Company: app.Company, App: app.ID, Kind: FindingFewAdmins, Severity: Medium, Cure: []string{CureSecondAdministrator},
		ObjectType: "app", ObjectID: app.ID, ObjectName: app.Name,
	}
	if own == 0 {
		f.Severity, f.Cure = High, []string{CureAddAdministrator, CureConfirmAdministrator, CureSecondAdministrator}
	}
	return f, own < 2
}

// name is what a reader recognises the account by.
func (a ObservedAccount) name() string {
	for _, s := range append([]string{a.UserName, a.DisplayName}, a.Emails...) {
		if s != "" {
			return s
		}
	}
	return a.RemoteID
}

// HeldUser is a User that is on hold, though active at the identity provider.
type HeldUser struct {
	ID   string
	Name string // userName
}

// heldFindings returns the findings about Users on hold.
func heldFindings(company string, users []HeldUser) []Finding {
	wanted := make([]Finding, 0, len(users))
	for _, u := range users {
		wanted = append(wanted, Finding{
			Company: company, Kind: FindingHeldUser, Severity: Medium, Cure: []string{CureCorrectAtSource, CureVerifyDomain},
			ObjectType: "User", ObjectID: u.ID, ObjectName: u.Name,
		})
	}
	return wanted
}

// LateTask is the finding that somebody was to do something by hand in an app, and has not said that it is done. It names no
// app: what an app's accounts show does not close it.
func LateTask(company, task, name, owner string, severity Severity) Finding {
	return Finding{
		Company: company, Kind: FindingLateTask, Severity: severity, Owner: owner, Cure: []string{CureDoTask},
		ObjectType: "task", ObjectID: task, ObjectName: name,
	}
}

// reconcile compares the open findings with the wanted ones and returns the rows to write: new ones, ones that changed,
// and closed ones. A finding that continues keeps its id and the time it opened; its due date moves only with its
// severity.
func reconcile(open, wanted []Finding, now time.Time, newID func() string) []Finding {
	have := make(map[string]Finding, len(open))
	for _, f := range open {
		have[f.key()] = f
	}
	var rows []Finding
	for _, f := range wanted {
		old, continues := have[f.key()]
		delete(have, f.key())
		if !continues {
			f.ID, f.Opened, f.Due = newID(), now, now.Add(f.Severity.term())
			rows = append(rows, f)
			continue
		}
		f.ID, f.Opened, f.Due = old.ID, old.Opened, old.Due
		if f.Severity != old.Severity {
			f.Due = old.Opened.Add(f.Severity.term())
		}
		if f.Severity != old.Severity || f.ObjectName != old.ObjectName || f.Owner != old.Owner || !slices.Equal(f.Cure, old.Cure) {
			rows = append(rows, f)
		}
	}
	for _, f := range have {
		f.Closed = now
		rows = append(rows, f)
	}
	slices.SortFunc(rows, func(a, b Finding) int { return strings.Compare(a.key(), b.key()) })
	return rows
}

// key is what makes two findings the same one.
func (f Finding) key() string {
	return strings.Join([]string{f.App, string(f.Kind), f.ObjectType, f.ObjectID}, "\x00")
}
