package ownership

import "time"

// Verdict says whether an account in an app is the company's.
type Verdict string

// The verdicts.
const (
	Green Verdict = "green" // the company's, and in order
	Amber Verdict = "amber" // something is unknown or due
	Red   Verdict = "red"   // the company could lose it
)

// Reason is one ground of a verdict, from a closed set. The console says it in the reader's language.
type Reason string

// The reasons.
const (
	ReasonOutsideDomain  Reason = "outside-domain"  // the login address is not in a verified domain
	ReasonConsumerDomain Reason = "consumer-domain" // and that domain is a consumer mail service
	ReasonNoAddress      Reason = "no-address"      // the app tells no address
	ReasonUnknownPerson  Reason = "unknown-person"  // no User of the company has the address
	ReasonAmbiguous      Reason = "ambiguous"       // several Users have the address
	ReasonPersonInactive Reason = "person-inactive" // the User is inactive, but the account is not
	ReasonPersonHeld     Reason = "person-held"     // the User is on hold
	ReasonAdministrator  Reason = "administrator"   // the account has an administrator's role; told, no fault by itself
	ReasonOnlyAdmin      Reason = "only-admin"      // and the app has no other active administrator
	ReasonAccountClosed  Reason = "account-closed"  // the account is inactive in the app; told, no fault by itself
)

// ObservedAccount is an account as the app itself lists it, with its verdict. Nothing in the app is changed by looking.
type ObservedAccount struct {
	Company        string
	App            string
	RemoteID       string
	UserName       string
	DisplayName    string
	Emails         []string
	Logins         []string // addresses that open it or reset its password: userName when it is one, e-mails but private ones
	Active         bool
	Roles          []string // as the app reports them
	Administrator  bool
	ExternalID     string // and EmployeeNumber: what the app tells besides that may say whose it is
	EmployeeNumber string
	User           string // id of the matched User; empty when none or several match
	Verdict        Verdict
	Reasons        []Reason
	ReadAt         time.Time // the complete read that saw it last
}

// Severity orders findings.
type Severity string

// The severities.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
)

// FindingKind is what a finding is about, from a closed set.
type FindingKind string

// The kinds of finding.
const (
	// FindingLostApp: the only administrator has an outside address and nobody known behind it (check C06).
	FindingLostApp FindingKind = "lost-app"
	// FindingOutsideAccount: a red account with an outside address (C02).
	FindingOutsideAccount FindingKind = "outside-account"
	// FindingOrphanAccount: an account with no known person (C17).
	FindingOrphanAccount FindingKind = "orphan-account"
	// FindingLeaverAccount: the person is inactive, the account is not (C10).
	FindingLeaverAccount FindingKind = "leaver-account"
	// FindingFewAdmins: an app with no or one active company administrator (C04).
	FindingFewAdmins FindingKind = "few-admins"
	// FindingHeldUser: a User on hold because of its address.
	FindingHeldUser FindingKind = "held-user"
	// FindingLateTask: somebody was to do something by hand in an app, and its time has passed.
	FindingLateTask FindingKind = "late-task"
)

// Finding is something that needs a decision. It opens and closes by itself as its inputs change.
type Finding struct {
	ID         string
	Company    string
	Kind       FindingKind
	Severity   Severity
	App        string // id; empty when not about an app
	ObjectType string // "account", "User", "app"
	ObjectID   string // remote id, User id or app id
	ObjectName string
	// Owner is the address of the person who is to decide: the one who answers for the app. Empty: nobody is named.
	Owner  string
	Cure   []string // steps, as message keys, in order
	Opened time.Time
	Due    time.Time
	Closed time.Time // zero: open
}
