package resources

import (
	"context"
	"encoding/json"
	"time"
)

// AsyncRequest is a request that was accepted to be made later (RFC 9967 §2.5.1), and what became of it. It is kept
// before the client hears of it, so that what is acknowledged is made, whatever happens to the process.
type AsyncRequest struct {
	Company    string
	Connection string // whose request it is; nobody else may ask for the outcome
	Txn        string // UUIDv7; the client knows the request by it
	Method     string
	Path       string // under the base path, with query
	Header     map[string][]string
	Body       []byte // empty once the request is finished
	Accepted   time.Time
	Attempts   int       // how often it was begun; more than once when a process died over it
	Finished   time.Time // zero: not yet
	Outcome    []AsyncOutcome
}

// AsyncOutcome is what became of one operation, in the form of a bulk response's (RFC 7644 §3.7.3).
type AsyncOutcome struct {
	Method   string          `json:"method"`
	BulkID   string          `json:"bulkId,omitempty"`
	Version  string          `json:"version,omitempty"`
	Location string          `json:"location,omitempty"`
	Status   string          `json:"status"`
	Response json.RawMessage `json:"response,omitempty"` // a SCIM error, when the status is not 2xx
}

// AsyncRequests keeps requests that are made later.
type AsyncRequests interface {
	// AddAsync keeps a request. ErrTooMany when `most` of the connection's wait already.
	AddAsync(ctx context.Context, r AsyncRequest, most int) error
	// ClaimAsync gives the oldest requests that wait, of all companies, to an owner until a time; nobody else gets them
	// before that. Each one's Attempts counts this claim.
	ClaimAsync(ctx context.Context, owner string, now, until time.Time, limit int) ([]AsyncRequest, error)
	// FinishAsync notes the outcome of a request that the owner holds, and forgets its body. ErrNotFound when another one
	// holds it by now.
	FinishAsync(ctx context.Context, owner string, r AsyncRequest) error
	// Async returns a connection's request, or ErrNotFound.
	Async(ctx context.Context, company, connection, txn string) (AsyncRequest, error)
	// PurgeAsync forgets what was finished before a time.
	PurgeAsync(ctx context.Context, before time.Time) error
}
