package resources

import (
	"context"

	"proprio/audit"
)

// Store keeps resources. Its contract is checked by the conformance suite in package db on every database.
//
// Every method carries the company in the Caller and must neither return nor touch a row of another one: another
// company's id is ErrNotFound. Methods are safe for concurrent use and obey ctx. A malformed id is ErrNotFound. Errors
// wrap the values of errors.go; a database that stays contended through all retries gives ErrBusy.
type Store interface {
	// Get returns one resource, or ErrNotFound.
	Get(ctx context.Context, c Caller, typ, id string, with With) (*Resource, error)
	// GetByUserName returns the User with that folded userName, or ErrNotFound.
	GetByUserName(ctx context.Context, c Caller, folded string) (*Resource, error)
	// Find returns one page of the resources that match.
	Find(ctx context.Context, c Caller, q Query) (*Page, error)
	// Members returns a Group's members with an id after `after`, by id, at most limit of them (all when limit is 0).
	Members(ctx context.Context, c Caller, group, after string, limit int) ([]Member, error)
	// Types returns the resource type of each id that exists in the company; unknown ids are left out.
	Types(ctx context.Context, c Caller, ids []string) (map[string]string, error)
	// Referrers returns the resources whose attributes of a company's own schemas point to an id, by type and id.
	Referrers(ctx context.Context, c Caller, id string) ([]Ref, error)
	// ByName returns the ids of Users by folded userName, or of resources of another type by folded displayName; of several
	// that have one name, one of them.
	ByName(ctx context.Context, c Caller, typ string, folded []string) (map[string]string, error)
	// Apply writes changes in one transaction, all or none, in order, and returns what became of each.
	// See [Change] for what one change writes. ErrVersion, ErrUniqueness and ErrNotFound name the object in Error.Path
	// or Error.Detail. Contention is retried a bounded number of times.
	Apply(ctx context.Context, c Caller, changes ...Change) ([]Applied, error)
	// Together runs f so that all that is read and written under its context is one transaction, committed when f returns
	// nil: it reads what it has written. A call of Apply that fails leaves no trace, and the others stay. Contention
	// makes all of it run again, so f must begin by forgetting what it has noted of an earlier run. Nothing that f was told
	// is so before Together returns nil. f must use the context in one goroutine at a time.
	Together(ctx context.Context, f func(ctx context.Context) error) error
	// Named returns what is to be known of each id that exists in the company.
	Named(ctx context.Context, c Caller, ids []string) (map[string]Named, error)
	// Roll returns how many members a Group has, and what Named does of ids, and which of them are members, as of one moment.
	Roll(ctx context.Context, c Caller, group string, ids []string) (Roll, error)
	Awaiting
	Guards
}

// Change is one resource's change with everything that must be written with it, atomically: the row, its index
// rows, its members, the audit entry, and a dirty mark for every object that apps may have to hear of.
type Change struct {
	Action   audit.Action // create, replace, modify, activate, deactivate, hold, release, remove
	Resource *Resource    // the new state: Type, ID, ExternalID, Body, Index, LastModified. For remove: Type, ID
	Expected int64        // version that must be in place, else ErrVersion; 0: whatever is there

	// SetExternalID writes Resource.ExternalID in the caller's connection (empty: forget it).
	SetExternalID bool
	// SetBody writes Resource.Body and Index. False when only members change: then parallel changes of one
	// group do not wait for each other longer than a row lock, and none is lost.
	SetBody bool
	// KeepsEmails says that Index.Emails are those of the version Expected, so that they need not be compared.
	KeepsEmails bool
	// Definition is the revision of the definition that the change was checked against; 0: the type needs none. When
	// another one is in place by now, nothing is written: ErrBusy.
	Definition int64
	// Rules is the generation of the company's rules that the change was judged by; 0: it was not judged. When others are
	// in place by now, nothing is written: [RulesChanged].
	Rules int64
	// UniqueName refuses a Group's displayName that another Group of the company has.
	UniqueName bool
	// Members changes a Group's membership rows; nil: untouched.
	Members *MemberChange
	// Refers are the resources that the change begins to point to, by an attribute other than members. When one of them is
	// gone by now, nothing is written: ErrInvalidValue.
	Refers []string
	// Keepers, of a removal, are the resources that go on pointing to what is removed. When another one still does after
	// the changes before this one, nothing is written: ErrVersion.
	Keepers []string
	// Loss counts the change among those by which the caller's connection takes something away (H12).
	Loss bool

	Audit audit.Entry // Action, ObjectType, ObjectID and At are filled from the change when empty
}

// MemberChange is a difference of membership. Adding a present member and removing an absent one is no change.
type MemberChange struct {
	Clear  bool     // first remove all that are not in Add
	Add    []Member // ID and Type; without a Type the store finds it, and one that is no User or Group is ErrInvalidValue
	Remove []string // ids
	Await  []string // members that do not exist yet; the Directory keeps them, not Apply (see Awaiting)
}

// Applied is what became of one Change.
type Applied struct {
	Version int64 // after the change
	// Changed is false when the store already held all of it: nothing was written, no version was spent, no entry
	// made, no mark set (RFC 7644 §3.5.2.1).
	Changed bool
	// Resource is the state after a change that left Body alone (SetBody false), as Get returns it; nil after any other.
	Resource *Resource
}

// When a User becomes inactive, is put on hold or is removed, Apply also ends the sessions of that person, in the same
// transaction. When a User or Group is removed, Apply also removes it from every Group, raises those Groups' versions
// and marks them. When memberships change, the Group and every member added or removed are marked.
