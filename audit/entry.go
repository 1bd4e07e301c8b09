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
}

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
