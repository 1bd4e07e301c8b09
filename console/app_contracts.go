package console

import (
	"context"
	"time"

	"proprio/audit"
)

// App is a downstream app, as the pages show it.
type App struct {
	ID            string
	Name          string
	Profile       string
	URL           string
	Responsible   string
	ScopeGroups   []string // ids; empty: everybody
	LinkExisting  bool
	Paused        bool
	AllowPrivate  bool
	Expression    string    // that limits the app to those of whom it is true; empty: none
	Rules         string    // of attributes and roles, as JSON; empty: none
	Setup         string    // the step of setting up that comes next: test, accounts, scope, trial; empty: it is set up
	Mark          string    // of who is in the app and what it is sent, as it is now
	BlockedUntil  time.Time // zero: not blocked
	BlockedSince  time.Time
	BlockedReason string
	Alarms        []Alarm // of its credential
	Treatment     Treatment
}

// Alarm is what is wrong, or soon will be, with an app's credential.
type Alarm struct {
	Kind  string // expired, expires, owner
	Days  int    // left, of one that expires
	Owner string // whose it is; empty: not known
}

// Account is one User or Group in one app: what Proprio wants there, and what it knows of it.
type Account struct {
	ID          string
	App         string
	ObjectType  string // "User" or "Group"
	ObjectID    string
	ObjectName  string
	Wish        string // active, inactive
	State       string // one of accountStates
	RemoteID    string
	Origin      string // created, linked
	Attempts    int
	Class       string // transient, needs-data, needs-admin, unsupported, gone; empty: no failure
	Error       string
	NextAttempt time.Time
	ConfirmedAt time.Time
}

// Attempt is one exchange with an app. The object is empty where it is about no single one.
type Attempt struct {
	ID                               string
	ObjectType, ObjectID, ObjectName string

	At       time.Time
	Action   string
	Why      string
	Method   string
	URL      string
	Status   int // 0: no answer
	Request  []byte
	Response []byte
	Duration time.Duration
	Outcome  string
	Class    string    // what the failure needs that it ended in; empty: it did not fail, or other exchanges followed
	Next     time.Time // when it is tried again, or looked at; zero: not by itself
}

// AccountQuery selects accounts: those of an app, or those of a User or Group in all apps.
type AccountQuery struct {
	App        string
	State      string // of an app's accounts; empty: all
	Class      string // of failure; empty: all
	Offset     int
	Limit      int
	ObjectType string // where App is empty
	ObjectID   string
}

// Counts is how many accounts of an app there are.
type Counts struct {
	States   map[string]int
	Failures map[string]int // by class
}

// AttemptQuery selects exchanges with an app, newest first; empty fields select all.
type AttemptQuery struct {
	Account string // id
	Name    string // a part of the person's or group's name
	Action  string
	Failed  bool
	Before  string // id of an exchange: those older than it
	Limit   int
}

// Explanation is why a User or Group is in an app as it is.
type Explanation struct {
	Account   Account // as far as it is known there; without an ID: it was never to be there
	Exists    bool    // in the directory
	Wanted    bool    // it should be in the app
	Active    bool    // with access
	Why       string
	Attribute string // that it is looked for by
	Value     string
	Refused   string // what the product would refuse it for
	LinkAuto  bool   // an account of the same name is taken over
	Changes   []Change
}

// Change is an attribute that the app should hold otherwise than it was last written there, as JSON.
type Change struct{ Attribute, Written, Wanted string }

// Apps reads what the push engine knows. Another company's id is resources.ErrNotFound.
type Apps interface {
	// Apps returns a company's apps, by name.
	Apps(ctx context.Context, company string) ([]App, error)
	// App returns one app.
	App(ctx context.Context, company, app string) (App, error)
	// AccountCounts returns how many accounts of each app are in each state: app id → state → count.
	AccountCounts(ctx context.Context, company string) (map[string]map[string]int, error)
	// Accounts returns one page of accounts.
	Accounts(ctx context.Context, company string, q AccountQuery) ([]Account, error)
	// Counts returns how many of an app's accounts are in each state, and of those that failed, by class.
	Counts(ctx context.Context, company, app string) (Counts, error)
	// Attempts returns an app's exchanges.
	Attempts(ctx context.Context, company, app string, q AttemptQuery) ([]Attempt, error)
	// Explain says why a User or Group is in an app as it is.
	Explain(ctx context.Context, company, app, objectType, objectID string) (Explanation, error)
}

// Engine acts on apps. Each act is recorded in the audit record by the one who does it.
type Engine interface {
	// Sync asks for every account of the app to be compared and brought up to date.
	Sync(ctx context.Context, actor audit.Actor, company, app string) error
	// ReadAccounts reads the app's own account list and renews the verdicts.
	ReadAccounts(ctx context.Context, actor audit.Actor, company, app string) error
	// SetPaused stops or resumes all calls to the app.
	SetPaused(ctx context.Context, actor audit.Actor, company, app string, paused bool) error
	// Retry makes a failed account due at once.
	Retry(ctx context.Context, actor audit.Actor, company, app, account string) error
	// RetryFailed makes all failed accounts of a class due at once; of every class when it is empty.
	RetryFailed(ctx context.Context, actor audit.Actor, company, app, class string) error
	// Unblock has a blocked app called again.
	Unblock(ctx context.Context, actor audit.Actor, company, app string) error
	// Provision takes the steps that bring a person or group into the app: without send all but the last, so that nothing is sent
	// but reads. What keeps it from the app is in the result; that the app cannot be called at all is resources.ErrInvalidValue.
	Provision(ctx context.Context, actor audit.Actor, company, app, objectType, object string, send bool) (Provisioning, error)
	// Decide allows removals that are held, or rejects them: of one account, or of all when it is empty.
	Decide(ctx context.Context, actor audit.Actor, company, app, account string, allow bool) error
}
