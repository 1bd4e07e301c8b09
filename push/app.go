package push

import (
	"encoding/json"
	"time"
)

// App is a downstream SaaS tool of a company.
type App struct {
	ID          string // UUIDv7
	Company     string
	Name        string // unique in the company
	Profile     string // name of a profile in push/profiles
	URL         string // SCIM base URL
	Responsible string // address of the person who answers for it; may be empty
	// ScopeGroups limits the app to the members of these Groups (ids), and pushes these Groups; empty: every User in
	// force and every Group.
	ScopeGroups []string
	// LinkExisting lets the engine adopt an account that the app already holds under the same userName. Off, such a
	// User waits with error class "needs-admin" and says why.
	LinkExisting bool
	// AllowPrivate lets this app's address be private or loopback (the dial guard refuses it otherwise).
	AllowPrivate bool
	Paused       bool
	// BlockedUntil holds all calls (Retry-After of the app itself, or quarantine); zero: none.
	BlockedUntil  time.Time
	BlockedReason string
	Created       time.Time
}

// State is where one account of the push engine stands.
type State string

// The states.
const (
	StatePending   State = "pending"   // wanted state not yet confirmed
	StateConfirmed State = "confirmed" // the app confirmed the wanted state
	StateFailed    State = "failed"    // the last attempt failed; Class and NextAttempt say what follows
	StateRemoved   State = "removed"   // tombstone confirmed
)

// Class says what a failure needs (apps.md 4a, 8).
type Class string

// The error classes.
const (
	ClassTransient   Class = "transient"   // network, 408, 425, 429, 5xx: retried with backoff
	ClassNeedsData   Class = "needs-data"  // 400, 409: waits for a change of the object, or a slow retry
	ClassNeedsAdmin  Class = "needs-admin" // 401, 403, link decision: an administrator must act
	ClassUnsupported Class = "unsupported" // 501, or the profile says so
	ClassGone        Class = "gone"        // 404 of an object that was there
)

// Wish is what an account should be in the app.
type Wish string

// The wishes.
const (
	WishActive   Wish = "active"   // present, with the object's attributes (a User may still be inactive)
	WishInactive Wish = "inactive" // left the scope, on hold, or removed: deactivated, never deleted by default
)

// Account is one User or Group in one app: wanted and confirmed state (design.md, the way of one change).
type Account struct {
	ID          string // UUIDv7
	Company     string
	App         string
	ObjectType  string // "User" or "Group"
	ObjectID    string // stays after the object is removed
	ObjectName  string // for readers, also after removal
	Wish        Wish
	WantedGen   int64 // raised by the planner
	DoneGen     int64 // confirmed by the worker; the account is due while DoneGen < WantedGen
	State       State
	RemoteID    string          // empty: not known
	Origin      string          // "created" or "linked"; empty: not yet
	Written     json.RawMessage // what was last written and confirmed, for the difference
	Attempts    int
	Class       Class
	Error       string // in words for an admin
	NextAttempt time.Time
	ConfirmedAt time.Time
}

// Attempt is one exchange with an app, kept for the admin with secrets hidden.
type Attempt struct {
	ID       string
	Company  string
	App      string
	Account  string // may be empty (list reads)
	At       time.Time
	Action   string // "look up", "create", "update", "deactivate", "members", "read accounts"
	Why      string // what caused it
	Method   string
	URL      string
	Status   int // 0: no answer
	Request  []byte
	Response []byte
	Duration time.Duration
	Outcome  string // "ok" or the error in words
}
