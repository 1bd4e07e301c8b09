package scim

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"proprio/resources"
)

// What is kept of a body. A body over hidableBody is not kept at all: its secrets can only be found by reading the
// whole of it, and what waits is in memory.
const (
	keptBody      = 4 << 10
	hidableBody   = 64 << 10
	recordTimeout = 5 * time.Second
	recordPause   = 500 * time.Millisecond
)

// ExchangeStore keeps requests; resources.Connections does.
type ExchangeStore interface {
	RecordExchange(ctx context.Context, exchanges ...resources.Exchange) error
	RecordSeen(ctx context.Context, seen resources.Seen) error
}

// Recorder keeps each connection's newest requests with their secrets hidden, beside the requests: they never wait for
// it. It writes twice a second at most, and of each connection only as many as the store keeps, so that a busy
// connection costs the database no more than a quiet one.
type Recorder struct {
	store ExchangeStore
	log   *slog.Logger

	mu      sync.Mutex
	waiting map[string]*latest         // by connection
	seen    map[string]*resources.Seen // by connection, since the last flush
	clients map[string]*recognizer     // by connection; there are no more of them than connections
	clues   []clue
}

// NewRecorder makes a recorder. Nothing is stored until Run runs.
func NewRecorder(store ExchangeStore, log *slog.Logger) *Recorder {
	return &Recorder{
		store: store, log: log, waiting: map[string]*latest{}, seen: map[string]*resources.Seen{},
		clients: map[string]*recognizer{}, clues: clues(),
	}
}

// Record takes an exchange. It keeps the bodies' slices and does not change them.
func (r *Recorder) Record(e resources.Exchange) {
	e.Request, e.Response = bounded(e.Request), bounded(e.Response)
	r.mu.Lock()
	defer r.mu.Unlock()
	queue := r.waiting[e.Connection]
	if queue == nil {
		queue = &latest{}
		r.waiting[e.Connection] = queue
	}
	queue.add(e)
}

// latest are the newest exchanges of a connection.
type latest struct {
	kept [resources.KeptExchanges]resources.Exchange
	seen int // all there were
}

func (l *latest) add(e resources.Exchange) {
	l.kept[l.seen%len(l.kept)] = e
	l.seen++
}

// list returns them, oldest first.
func (l *latest) list() []resources.Exchange {
	if l.seen <= len(l.kept) {
		return l.kept[:l.seen]
	}
	next := l.seen % len(l.kept)
	return slices.Concat(l.kept[next:], l.kept[:next])
}

// notice takes what a request shows beside what it asks for: which client sent it (Q06 and clients.md 2.2), and which
// attributes the schemas do not know.
func (r *Recorder) notice(company, connection string, at time.Time, s sight, unknown []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	client := r.clients[connection]
	if client == nil {
		client = &recognizer{clues: r.clues}
		r.clients[connection] = client
	}
	news := client.see(s)
	if !news && len(unknown) == 0 {
		return
	}
	seen := r.seen[connection]
	if seen == nil {
		seen = &resources.Seen{Company: company, Connection: connection, Unknown: map[string]int{}}
		r.seen[connection] = seen
	}
	seen.At = at
	if news {
		seen.Client, seen.ClientBy = client.client, client.by
	}
	for _, path := range unknown {
		if seen.Unknown[path] > 0 || len(seen.Unknown) < resources.KeptUnknowns {
			seen.Unknown[path]++
		}
	}
}

// Run stores what was recorded until ctx ends, and then what was recorded before that.
func (r *Recorder) Run(ctx context.Context) {
	tick := time.NewTicker(recordPause)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.flush(ctx)
		case <-ctx.Done():
			r.flush(ctx)
			return
		}
	}
}

func (r *Recorder) flush(ctx context.Context) {
	r.mu.Lock()
	waiting, seen := r.waiting, r.seen
	r.waiting, r.seen = map[string]*latest{}, map[string]*resources.Seen{}
	r.mu.Unlock()
	for _, s := range seen {
		r.keepSeen(ctx, *s)
	}
	for connection, exchanges := range waiting {
		r.keep(ctx, connection, exchanges.list())
	}
}

func (r *Recorder) keep(ctx context.Context, connection string, exchanges []resources.Exchange) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	for i := range exchanges {
		e := &exchanges[i]
		e.ID = uuid.Must(uuid.NewV7()).String()
		e.Path = hideQuery(e.Path)
		e.Request, e.Response = clipBody(hideBody(e.Request)), clipBody(hideBody(e.Response))
	}
	if err := r.store.RecordExchange(ctx, exchanges...); err != nil {
		r.log.WarnContext(ctx, "exchanges not recorded", "connection", connection, "count", len(exchanges), "error", err.Error())
	}
}

func (r *Recorder) keepSeen(ctx context.Context, s resources.Seen) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	if err := r.store.RecordSeen(ctx, s); err != nil {
		r.log.WarnContext(ctx, "what requests showed not recorded", "connection", s.Connection, "error", err.Error())
	}
}

func bounded(body []byte) []byte {
	if len(body) <= hidableBody {
		return body
	}
	return fmt.Appendf(nil, "(%d bytes, not kept)", len(body))
}

func clipBody(body []byte) []byte {
	if len(body) <= keptBody {
		return body
	}
	return body[:keptBody]
}
