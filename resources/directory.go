package resources

import (
	"context"
	"time"
)

// Directory is the one door every change of a User or a Group passes. Its dependencies are its fields; all are
// required. It is safe for concurrent use.
type Directory struct {
	Registry *Registry
	Store    Store
	Policy   Policy
	Now      func() time.Time
	NewID    func() string // UUIDv7
}

// Input is a resource as a caller sends it: decoded JSON, in any of the tolerated forms. id, meta and groups in it are
// ignored (Q05), password is dropped (Q13), unknown attributes are ignored and reported in [Result].Ignored.
type Input = map[string]any

// Precondition is what must be in place for a change of an existing resource.
type Precondition struct {
	Version int64 // 0: any
}

// Result is what a change left behind.
type Result struct {
	Resource *Resource // the new state, as Get returns it without Members
	Changed  bool      // false: everything was so already
	Created  bool      // true when it did not exist before (false on a revived User)
	Ignored  []string  // paths of attributes that the schemas do not know
}

// Create adds a resource (RFC 7644 §3.3). ErrUniqueness when the userName, or the Group's displayName, is taken.
func (d *Directory) Create(ctx context.Context, c Caller, typ string, in Input) (*Result, error) {
	panic("not yet")
}

// Replace puts a whole resource in the place of one that exists (RFC 7644 §3.5.1; Q54, Q55).
func (d *Directory) Replace(ctx context.Context, c Caller, typ, id string, pre Precondition, in Input) (*Result, error) {
	panic("not yet")
}

// Modify applies operations in order, all or none (RFC 7644 §3.5.2).
func (d *Directory) Modify(ctx context.Context, c Caller, typ, id string, pre Precondition, ops []Operation) (*Result, error) {
	panic("not yet")
}

// Remove deletes a resource; its memberships go with it (RFC 7644 §3.6).
func (d *Directory) Remove(ctx context.Context, c Caller, typ, id string, pre Precondition) error {
	panic("not yet")
}

// Reconsider asks the policy again about the Users of a company, after its domains or its policy changed, and puts on
// hold or releases those whose answer differs. It returns how many changed.
func (d *Directory) Reconsider(ctx context.Context, c Caller) (int, error) {
	panic("not yet")
}
