package resources

import (
	"context"
	"time"

	"proprio/audit"
)

// Caller is for whom, through whom and by whom something is read or written. Every store call carries it, so every
// query carries the company.
type Caller struct {
	Company    string      // UUID
	Connection string      // UUID of the identity provider's connection; empty for console, import and command line
	Actor      audit.Actor // for the audit entry
	Switches   Switches    // of the connection; the zero value otherwise
	Features   Features    // of the company; the zero value for callers that SCIM does not serve
	Me         string      // id of the User that the connection is to /Me; empty: none
	Txn        string      // of the request, for all that it changes; empty: each change of the store has one of its own
}

// Connection is an inbound SCIM client: one identity provider of one company, with its own externalId space.
type Connection struct {
	ID       string // UUIDv7
	Company  string
	Name     string // unique in the company
	Preset   string
	Switches Switches
	Disabled bool
	Created  time.Time
	Me       string   // id of the User that is /Me to the connection (RFC 7644 §3.11); empty: none
	Features Features // of the company; set where a connection is about to be served

	// LossesHeld is since when the connection may deactivate and delete nothing more, because it did so too often (H12);
	// zero: it may.
	LossesHeld time.Time
	// Client is the preset that fits the client which the requests show, and ClientBy is by what it was recognised; empty
	// while nothing shows it. They are for an administrator to read: no behaviour hangs on them.
	Client, ClientBy string
}

// Unknown is an attribute that a connection sent and the schemas do not know (Q06).
type Unknown struct {
	Path     string
	Requests int // in which it came
	LastSeen time.Time
}

// KeptUnknowns is how many attributes are kept of a connection: those seen last.
const KeptUnknowns = 200

// Seen is what requests of a connection showed beside what they asked for.
type Seen struct {
	Company    string
	Connection string
	At         time.Time
	Client     string // see Connection; empty: nothing new
	ClientBy   string
	Unknown    map[string]int // attributes that the schemas do not know, and the number of requests
}

// Token is a bearer token of a connection. Only its hash is kept; at most two are active at once, for rotation.
type Token struct {
	ID         string // UUIDv7
	Company    string
	Connection string
	Scopes     []string // "scim"
	Created    time.Time
	Expires    time.Time // zero: never
	LastUsed   time.Time // zero: not yet; exact to a minute
	Revoked    time.Time // zero: in force
}

// KeptExchanges is how many exchanges of a connection are kept.
const KeptExchanges = 50

// Exchange is one request of an identity provider and its answer, kept for the admin with secrets hidden.
type Exchange struct {
	ID         string
	Company    string
	Connection string
	At         time.Time
	Method     string
	Path       string // with query
	UserAgent  string
	Status     int
	Duration   time.Duration
	Request    []byte // body, at most 4 KiB, secrets replaced
	Response   []byte // body, at most 4 KiB, secrets replaced
}

// Connections keeps inbound SCIM clients.
type Connections interface {
	// CreateConnection is idempotent by (company, name): an existing connection is returned with its preset kept, and
	// nothing is recorded.
	CreateConnection(ctx context.Context, actor audit.Actor, c Connection) (Connection, error)
	// ListConnections returns a company's connections by name, each with its tokens, newest first.
	ListConnections(ctx context.Context, company string) ([]Connection, map[string][]Token, error)
	// SetConnection changes preset, switches and disabled. What changes nothing is not recorded.
	SetConnection(ctx context.Context, actor audit.Actor, c Connection) error
	// CreateToken stores a token's SHA-256 hash. A third active token is ErrTooMany.
	CreateToken(ctx context.Context, actor audit.Actor, t Token, hash [32]byte) error
	// RevokeToken ends a token: at once for this process, within a second for others on the same store.
	RevokeToken(ctx context.Context, actor audit.Actor, company, token string) error
	// Authenticate finds the token in force at `now` with that hash and its connection, and notes its use. What another
	// process changes of them, or of the company, may be seen a second late. An unknown
	// or revoked token is ErrNotFound; an expired one is ErrNotFound as an [*Error] whose Detail says that it expired and
	// when; a disabled connection and a suspended company are ErrForbidden as an [*Error] whose Detail says which.
	Authenticate(ctx context.Context, hash [32]byte, now time.Time) (Token, Connection, error)
	// RecordExchange adds exchanges of one connection, oldest first, and keeps its newest [KeptExchanges].
	RecordExchange(ctx context.Context, exchanges ...Exchange) error
	// RecordSeen keeps what requests showed.
	RecordSeen(ctx context.Context, seen Seen) error
	// Unknowns returns the attributes that the schemas do not know, those seen last first.
	Unknowns(ctx context.Context, company, connection string) ([]Unknown, error)
	// ResumeLosses lets a connection deactivate and delete again. What it did before does not count any more.
	ResumeLosses(ctx context.Context, actor audit.Actor, company, connection string) error
	// Exchanges returns a connection's newest exchanges.
	Exchanges(ctx context.Context, company, connection string, limit int) ([]Exchange, error)
}

// PresetName is the connection's preset; one without is generic.
func (c Connection) PresetName() string {
	if c.Preset == "" {
		return PresetGeneric
	}
	return c.Preset
}

// OtherClient says whether the requests show another client than the one that the preset is for.
func (c Connection) OtherClient() bool {
	return c.Client != "" && c.Client != c.PresetName() && c.PresetName() != PresetGeneric
}
