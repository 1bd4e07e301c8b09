package audit

import (
	"context"
	"time"
)

// ActorKind says what sort of caller made a change.
type ActorKind string

// The kinds of actor.
const (
	ActorConnection ActorKind = "connection" // an identity provider, over SCIM
	ActorAdmin      ActorKind = "admin"      // a signed-in person, in the console
	ActorCommand    ActorKind = "command"    // someone with access to the machine, on the command line
	ActorSystem     ActorKind = "system"     // Proprio itself: a planner, a worker, a reconciliation
)

// Actor is who made a change. Name is what a reader recognises: the connection's name, the admin's address.
type Actor struct {
	Kind ActorKind
	ID   string // id of the connection or the admin; empty for the command line and the system
	Name string
}

// Action is what was done, from a closed set.
type Action string

// The actions that are recorded.
const (
	ActionCreate     Action = "create"
	ActionReplace    Action = "replace"
	ActionModify     Action = "modify"
	ActionRemove     Action = "remove"
	ActionActivate   Action = "activate"
	ActionDeactivate Action = "deactivate"
	ActionHold       Action = "hold"
	ActionRelease    Action = "release"
	ActionIssue      Action = "issue"   // a token or credential was made
	ActionRevoke     Action = "revoke"  // a token, session or credential was ended
	ActionSignIn     Action = "sign-in" // a person signed in
	ActionRefuse     Action = "refuse"  // a sign-in or a write was refused by a rule
	ActionPush       Action = "push"    // a downstream account was changed
	ActionRead       Action = "read"    // an app's account list was read
	ActionSync       Action = "sync"    // all of an app's accounts are to be compared and sent
)

// Entry is one recorded act. It never holds a secret; Changed names the attributes that were touched, not their values.
type Entry struct {
	Seq        int64 // place in the company's record; set by the store
	Company    string
	At         time.Time
	Actor      Actor
	Action     Action
	ObjectType string // "User", "Group", "app", "token", "domain", …
	ObjectID   string
	ObjectName string   // what a reader recognises: userName, displayName, the app's name
	Changed    []string // attribute paths, sorted
	Reason     string   // why it was refused, held, released; empty otherwise

	// What a change of a resource (User, Group, …) leaves besides; other entries have none of it. See [Entry.Resource].
	Version     int64             // of the resource after the change; of a removed one, its last
	Txn         string            // what one request changed has one Txn; set by the store where the caller named none
	InForce     bool              // the resource is active and not on hold after the change
	ExternalIDs map[string]string // by connection: the externalId in the one that made the change; of a removed resource, in all
}

// Resource says whether an entry is about a change of a resource. Those entries are the event log: see [Changes].
func (e Entry) Resource() bool { return e.Version > 0 }

// Query selects entries, newest first.
type Query struct {
	ObjectType, ObjectID string // both empty: everything
	Before               int64  // only entries with a smaller Seq; 0: from the newest
	Limit                int
}

// Log is the stored record of every company.
type Log interface {
	// Append records an act that changes nothing in resources (a sign-in, a refused write). Changes of resources
	// are recorded by the store in the transaction of the change.
	Append(ctx context.Context, entries ...Entry) error
	// Entries returns a company's entries, newest first.
	Entries(ctx context.Context, company string, q Query) ([]Entry, error)
}

// Changes is the record read forward as a log of what happened to resources: by event streams and delta queries.
//
// A position is the Seq of an entry: everything up to it has been read, everything after it has not. A reader who
// starts at a position and goes on from where each call ended sees each change once and none is left out, also when
// many are written at once: an entry is held back while one before it may still be committed. Changes of one resource
// come in the order of their versions.
type Changes interface {
	// Changes returns the company's changes of resources after a position, oldest first, at most limit of them. The
	// position to go on from is the Seq of the last one.
	Changes(ctx context.Context, company string, after int64, limit int) ([]Entry, error)
	// NetChanges returns one page of what became of each resource in a span of the log, oldest first.
	NetChanges(ctx context.Context, company string, s Span) (NetPage, error)
	// Position is where the log of a company ends now: what is committed after this call is after it. Changes committed
	// shortly before may be after it, too.
	Position(ctx context.Context, company string) (int64, error)
}

// Span is a part of the log: what comes after From, up to UpTo. A page of it begins after After.
type Span struct {
	Types             []string // of resources
	From, After, UpTo int64
	Limit             int  // changes on a page
	Count             bool // whether the page's Total is wanted
}

// NetChange is the last change of a resource in a span.
type NetChange struct {
	Entry
	Created bool // the resource was made within the span
}

// NetPage is a page of net changes. What was made and removed within the span is not in it.
type NetPage struct {
	Changes []NetChange
	Last    int64 // position to go on from
	More    bool
	Total   int // in the whole span, if it was wanted
}
