package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"proprio/audit"
)

// Role is what a signed-in person may do.
type Role string

// The roles.
const (
	RoleAdmin   Role = "admin"   // sees and acts
	RoleAuditor Role = "auditor" // sees
)

// Session is a signed-in person, in one company.
type Session struct {
	Company     string // UUID
	CompanyName string
	Admin       string // id, for the audit record
	Person      string // id of the User; empty for someone the directory does not know
	Name        string // what to call the person; may be empty
	Email       string
	Role        Role
}

// Issuer is an OpenID provider that a company's people sign in with.
type Issuer struct {
	ID      string
	Name    string
	Company string // the company's name
}

// ErrNoSession says that the browser has no session in force.
var ErrNoSession = errors.New("not signed in")

// ErrWhichCompany says that the server has several companies and that the address, or its absence, tells none of them.
var ErrWhichCompany = errors.New("the address tells no company")

// RefusedError is a sign-in that was stopped. The person learns what to do (Kind) and a reference; which rule it was is
// in the audit record (clients.md 9.2, rule 12).
type RefusedError struct {
	Status    int    // of the answer; 0: 403
	Kind      string // again, cancelled, refused, provider, fault; empty: refused
	Reference string
}

// Error implements error.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("sign-in refused (%s), reference %s", e.Kind, e.Reference)
}

// SignIn is the OpenID Connect relying party and its sessions.
type SignIn interface {
	// Issuers lists the providers that the holder of a work address can sign in with: those of the company whose domain
	// it is in, and of no other. ErrWhichCompany when there is none such; a server's only company needs no address.
	Issuers(ctx context.Context, address string) ([]Issuer, error)
	// Begin starts a sign-in: it sets the cookie that binds it to this browser and returns the provider's address. A
	// refusal is a *RefusedError.
	Begin(w http.ResponseWriter, r *http.Request, issuer, returnTo string) (string, error)
	// Finish ends a sign-in at the provider's redirect to /sign-in/{issuer}/callback: it sets the session cookie and
	// returns where to go on. A refusal is a *RefusedError.
	Finish(w http.ResponseWriter, r *http.Request) (returnTo string, err error)
	// Current returns the session of a request, or ErrNoSession.
	Current(r *http.Request) (Session, error)
	// End ends the session of a request and removes its cookie.
	End(w http.ResponseWriter, r *http.Request) error
}

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
	BlockedUntil  time.Time // zero: not blocked
	BlockedReason string
}

// Account is one User or Group in one app: what Proprio wants there, and what it knows of it.
type Account struct {
	ID          string
	App         string
	ObjectType  string // "User" or "Group"
	ObjectID    string
	ObjectName  string
	Wish        string // active, inactive
	State       string // pending, confirmed, partial, failed, removed
	RemoteID    string
	Origin      string // created, linked
	Attempts    int
	Class       string // transient, needs-data, needs-admin, unsupported, gone; empty: no failure
	Error       string
	NextAttempt time.Time
	ConfirmedAt time.Time
}

// Attempt is one exchange with an app.
type Attempt struct {
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
}

// AccountQuery selects accounts: those of an app, or those of a User or Group in all apps.
type AccountQuery struct {
	App        string
	State      string // of an app's accounts; empty: all
	Offset     int
	Limit      int
	ObjectType string // where App is empty
	ObjectID   string
}

// Apps reads what the push engine knows. Another company's id is resources.ErrNotFound.
type Apps interface {
	// Apps returns a company's apps, by name.
	Apps(ctx context.Context, company string) ([]App, error)
	// AccountCounts returns how many accounts of each app are in each state: app id → state → count.
	AccountCounts(ctx context.Context, company string) (map[string]map[string]int, error)
	// Accounts returns one page of accounts.
	Accounts(ctx context.Context, company string, q AccountQuery) ([]Account, error)
	// Attempts returns an app's newest exchanges.
	Attempts(ctx context.Context, company, app string, limit int) ([]Attempt, error)
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
}
