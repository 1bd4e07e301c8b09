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
	Settings     Settings
	// BlockedUntil holds all calls (Retry-After of the app itself, or quarantine); zero: none.
	BlockedUntil  time.Time
	BlockedSince  time.Time // since the first of several blocks without an answer between them
	BlockedReason string
	Failures      int // refused or unanswered calls in a row that blocked the app; paces the next probe
	Created       time.Time
}

// State is where one account of the push engine stands.
type State string

// The states.
const (
	StatePending   State = "pending"   // wanted state not yet confirmed
	StateConfirmed State = "confirmed" // the app confirmed the wanted state
	StatePartial   State = "partial"   // confirmed but for members or a manager that the app does not hold yet
	StateFailed    State = "failed"    // the last attempt failed; Class and NextAttempt say what follows
	StateRemoved   State = "removed"   // tombstone confirmed
	StateAccepted  State = "accepted"  // the app said yes, and it is looked at later whether it did so: see profiles.Answers.Ahead
	StateWaiting   State = "waiting"   // for a person: a task says what to do
	StateHeld      State = "held"      // its access would end; an administrator has to allow that
	StateKept      State = "kept"      // an administrator decided that its access stays, until something changes
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

// Rank orders the work inside one app: what takes access away first, then Users, Groups with their members, managers.
type Rank int

// The ranks.
const (
	RankRevoke  Rank = iota // a User to deactivate
	RankUser                // a User to create or change
	RankGroup               // a Group and its members
	RankManager             // a User whose manager the app did not hold before

	RankNow Rank = -1 // what an admin asked for by name: before all else
)

// Account is one User or Group in one app: wanted and confirmed state (design.md, the way of one change).
type Account struct {
	ID         string // UUIDv7
	Company    string
	App        string
	ObjectType string // "User" or "Group"
	ObjectID   string // stays after the object is removed
	ObjectName string // for readers, also after removal
	Wish       Wish
	WantedGen  int64 // raised by the planner
	DoneGen    int64 // confirmed by the worker; the account is due while DoneGen < WantedGen
	State      State
	RemoteID   string // empty: not known
	Origin     string // OriginCreated or OriginLinked; empty: not yet
	// Moved says that the app has got another address since RemoteID was learnt: the same id may be somebody else there.
	Moved bool
	Rank  Rank
	// Begun is the match value (userName, displayName) of a creation that was begun after a look-up had found nobody,
	// and of which no answer is recorded. It lets a later look-up know its own account.
	Begun string
	// Manager is the object id of the User's manager. When that account appears in the app, or is made again, this one is
	// sent again.
	Manager string
	// Epoch counts how often the account came to life in the app (created, reactivated); Groups send the member again
	// when it has moved, because apps forget the memberships of deactivated accounts.
	Epoch       int64
	Written     json.RawMessage // what was last written and confirmed, for the difference
	Attempts    int
	Class       Class
	Error       string // in words for an admin
	NextAttempt time.Time
	ConfirmedAt time.Time
	RetiredAt   time.Time // when its access in the app was last taken away; zero: never
	AllowedGen  int64     // the generation that may take the access away, as an administrator decided; 0: none
}

// There says whether the engine answers for an account in the app. In a product without an interface none has an id, but what
// was said to be made there is written down.
func (a Account) There() bool { return a.RemoteID != "" || a.Origin != "" && len(a.Written) > 0 }

// How the engine came to answer for an account. It never touches one without an origin.
const (
	OriginCreated = "created" // by this engine
	OriginLinked  = "linked"  // was there before, adopted because the app's settings allow it
)

// How long, and how many of an app at the most, attempts are kept: they show people's data.
const (
	LogKept = 30 * 24 * time.Hour
	LogSize = 50_000
)

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
	// What follows, where this was the last exchange about the account for now:
	Class Class     // of the failure that it ended in; empty: of none
	Next  time.Time // when it is tried again, or looked at; zero: not by itself, or with the whole app

	// Of the account, when it is read; empty for list reads.
	ObjectType, ObjectID, ObjectName string
}
