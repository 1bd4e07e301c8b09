package ownership

import (
	"context"
	"time"

	"proprio/audit"
)

// Store keeps what was observed in apps, and findings.
type Store interface {
	// Observe runs f on what is known of one app, alone over all processes, in one transaction that commits when f
	// returns nil. f may run more than once, so it must have no effect but through o.
	Observe(ctx context.Context, app AppRef, f func(ctx context.Context, o Observation) error) error
	// ObservedApps returns the company's apps that have been read and list an account that concerns one of users: it was
	// matched to the User, or bears one of the User's addresses. Without users: all of them.
	ObservedApps(ctx context.Context, company string, users ...string) ([]AppRef, error)
	// ObservedNamed returns what was observed of some accounts of an app, by remote id; read is false when the app's list was
	// never read whole.
	ObservedNamed(ctx context.Context, app AppRef, remoteIDs []string) (accounts []ObservedAccount, read bool, err error)
	// SettleHeld runs f with the Users on hold that are active and the open findings about held Users, and writes the
	// findings it returns, in one transaction. Of users only; without users: of the whole company.
	SettleHeld(ctx context.Context, company string, users []string, f func(held []HeldUser, open []Finding) []Finding) error
	// ClaimReading says whether the caller may read an app now: true for one caller in each interval.
	ClaimReading(ctx context.Context, app AppRef, now time.Time, interval time.Duration) (bool, error)
	// FailReading notes why an app could not be read. What was observed before stays.
	FailReading(ctx context.Context, app AppRef, at time.Time, why string) error
}

// Observation is one app's observed state within a transaction.
type Observation interface {
	// Accounts returns the accounts observed so far, by remote id. With users: only the accounts that concern one of them,
	// and all active administrators.
	Accounts(ctx context.Context, users ...string) ([]ObservedAccount, error)
	// Named returns the accounts of these remote ids, and all active administrators.
	Named(ctx context.Context, remoteIDs []string) ([]ObservedAccount, error)
	// UsersByAddress returns the company's Users that have one of the folded addresses, by address.
	UsersByAddress(ctx context.Context, addresses []string) (map[string][]Holder, error)
	// Domains returns the company's domains.
	Domains(ctx context.Context) ([]Domain, error)
	// Responsible returns the address of the person who answers for the app; empty when nobody does.
	Responsible(ctx context.Context) (string, error)
	// OpenFindings returns the app's open findings.
	OpenFindings(ctx context.Context) ([]Finding, error)
	// Waivers returns which accounts of the app are let be at a time.
	Waivers(ctx context.Context, at time.Time) (Waivers, error)
	// Save writes what changed.
	Save(ctx context.Context, c Conclusions) error
}

// Conclusions are the changes that follow from judging one app.
type Conclusions struct {
	Accounts []ObservedAccount // new or changed
	Gone     []string          // remote ids that the app lists no longer
	Findings []Finding         // opened, changed or closed
	ReadAt   time.Time         // of a complete read; zero: nothing was read
	Entry    *audit.Entry      // nil: nothing to record
}

// Reading is when and how an app's account list was last read.
type Reading struct {
	App      string    // id
	ReadAt   time.Time // last complete read; zero: never
	TriedAt  time.Time // last attempt
	Error    string    // why the last attempt failed; empty: it did not
	Accounts int       // as of ReadAt
}

// Reports is what readers ask: the console and the command line.
type Reports interface {
	// Findings returns a company's open findings, most severe first, then by due date.
	Findings(ctx context.Context, company string) ([]Finding, error)
	// Observed returns an app's accounts as the app itself lists them: red, amber, green, then by userName.
	Observed(ctx context.Context, company, app string) ([]ObservedAccount, error)
	// ObservedOf returns the accounts, in every app, that were matched to a User.
	ObservedOf(ctx context.Context, company, user string) ([]ObservedAccount, error)
	// Readings returns the last reading of each app that was ever tried, by app id.
	Readings(ctx context.Context, company string) (map[string]Reading, error)
}
