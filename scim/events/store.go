package events

import (
	"context"
	"errors"
	"time"

	"proprio/audit"
)

// ErrMoved means that a stream has changed since it was read: it must be read again.
var ErrMoved = errors.New("the stream has changed meanwhile")

// Store keeps streams, what they have to deliver, and signing keys. Every method but StreamsToPush is bound to one
// company; what another company has does not exist for it. Errors are those of package resources, and ErrMoved.
type Store interface {
	Keys
	Streams
	Queue
	Pushing
	Feeds
}

// Streams keeps configurations. Every change of one is recorded.
type Streams interface {
	// CreateStream adds a stream at the end of the log. ErrUniqueness when the connection has one.
	CreateStream(ctx context.Context, actor audit.Actor, s Stream) (Stream, error)
	// Stream returns a stream, or ErrNotFound.
	Stream(ctx context.Context, company, id string) (Stream, error)
	// ListStreams returns a company's streams, oldest first.
	ListStreams(ctx context.Context, company string) ([]Stream, error)
	// SetStream writes what is configured: all but the progress, unless restart: then the feed begins again, at the end of
	// the log, and what is queued is dropped. ErrMoved when it is not as it was read.
	SetStream(ctx context.Context, actor audit.Actor, s Stream, restart bool) error
	// RemoveStream removes a stream with all that is its own, or returns ErrNotFound.
	RemoveStream(ctx context.Context, actor audit.Actor, company, id string) error
	// NoteVerification notes that verification was asked for now; false when it was after a time already.
	NoteVerification(ctx context.Context, company, id string, now, after time.Time) (bool, error)
}

// Queue is what streams have to deliver.
type Queue interface {
	// Advance writes a step's progress and queues its SETs, in one transaction, if the stream is as it was read; else
	// ErrMoved.
	Advance(ctx context.Context, s Stream, step Step) error
	// Enqueue queues SETs.
	Enqueue(ctx context.Context, company, stream string, sets ...SET) error
	// Queued returns the oldest SETs that wait; with own, of those about the stream itself alone.
	Queued(ctx context.Context, company, stream string, own bool, limit int) ([]SET, error)
	// CountQueued tells how many wait.
	CountQueued(ctx context.Context, company, stream string) (int, error)
	// Acknowledge drops SETs by their jti; those that do not wait are no error. note, unless empty, becomes the stream's
	// Error.
	Acknowledge(ctx context.Context, company, stream string, jtis []string, note string) error
}

// Pushing is what push delivery asks of the store. Of several processes one at a time holds a stream.
type Pushing interface {
	// HasPushStreams says whether any company has a push stream that is enabled.
	HasPushStreams(ctx context.Context) (bool, error)
	// StreamsToPush returns enabled push streams, of all companies, that nobody holds, that have something to deliver or to
	// look at, and whose next attempt is due.
	StreamsToPush(ctx context.Context, now time.Time, limit int) ([]Stream, error)
	// LeaseStream takes a stream until a time; false when somebody else holds it. A holder takes it again to keep it.
	LeaseStream(ctx context.Context, l Lease, now, until time.Time) (bool, error)
	// ReleaseStream gives it back, with what became of the attempt.
	ReleaseStream(ctx context.Context, l Lease, o Outcome) error
}

// Lease is one process's hold on a stream.
type Lease struct{ Company, Stream, Owner string }

// Outcome is what became of pushing for a while.
type Outcome struct {
	Failures    int
	NextAttempt time.Time
	Error       string // empty: nothing new
	Recovered   bool   // what failed before does not any more
}

// Step is how far one look at the log brought a stream.
type Step struct {
	Position int64
	Stage    Stage
	Walked   string
	Stale    bool
	SETs     []SET
	Joined   []string // resources that are in the feed from now on
	Left     []string // and those that are not
}

// Standing is where a resource stands with a stream's feed when it does not stand where everybody does.
type Standing string

// The standings.
const (
	Member  Standing = "member"  // in the feed through a Group
	Added   Standing = "added"   // in the feed because the receiver said so
	Removed Standing = "removed" // out of the feed because the receiver said so
)

// Ref is a resource.
type Ref struct{ Type, ID string }

// Feeds is which resources streams are about.
type Feeds interface {
	// FeedStandings returns those of some resources; one without is left out.
	FeedStandings(ctx context.Context, company, stream string, ids []string) (map[string]Standing, error)
	// SetFeedStanding gives a resource a standing, or none.
	SetFeedStanding(ctx context.Context, company, stream, id string, st Standing) error
	// FeedDifference compares a feed with the members of its Groups: members, of its types, that have no standing, and
	// resources that have the standing Member and are members no more. It returns some of both, at most limit of each; a
	// resource that was removed is in neither.
	FeedDifference(ctx context.Context, s Stream, limit int) (joined, left []Ref, err error)
	// FeedPage returns resources of the stream's types with an id after the one given, by id; those Removed are left out.
	FeedPage(ctx context.Context, s Stream, after string, limit int) ([]Ref, error)
	// ExternalIDs returns what a connection calls some resources.
	ExternalIDs(ctx context.Context, company, connection string, ids []string) (map[string]string, error)
}
