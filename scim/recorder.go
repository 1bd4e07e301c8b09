package scim

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"proprio/resources"
)

// What is kept of a body. A body over hidableBody is not kept at all: its secrets can only be found by reading the
// whole of it, and the queue is in memory.
const (
	keptBody      = 4 << 10
	hidableBody   = 64 << 10
	recorderQueue = 256
	recordTimeout = 5 * time.Second
)

// ExchangeStore keeps requests; resources.Connections does.
type ExchangeStore interface {
	RecordExchange(ctx context.Context, e resources.Exchange) error
}

// Recorder keeps each connection's requests with their secrets hidden, beside the requests: they never wait for it.
// When the store is slower than the requests, exchanges are left out and counted.
type Recorder struct {
	store   ExchangeStore
	log     *slog.Logger
	queue   chan resources.Exchange
	dropped atomic.Int64
}

// NewRecorder makes a recorder. Nothing is stored until Run runs.
func NewRecorder(store ExchangeStore, log *slog.Logger) *Recorder {
	return &Recorder{store: store, log: log, queue: make(chan resources.Exchange, recorderQueue)}
}

// Record takes an exchange, unless too many are waiting. It keeps the bodies' slices and does not change them.
func (r *Recorder) Record(e resources.Exchange) {
	e.Request, e.Response = bounded(e.Request), bounded(e.Response)
	select {
	case r.queue <- e:
	default:
		r.dropped.Add(1)
	}
}

// Run stores what was recorded until ctx ends, and then what was recorded before that.
func (r *Recorder) Run(ctx context.Context) {
	for {
		select {
		case e := <-r.queue:
			r.keep(ctx, e)
		case <-ctx.Done():
			for {
				select {
				case e := <-r.queue:
					r.keep(ctx, e)
				default:
					return
				}
			}
		}
	}
}

func (r *Recorder) keep(ctx context.Context, e resources.Exchange) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	e.ID = uuid.Must(uuid.NewV7()).String()
	e.Path = hideQuery(e.Path)
	e.Request, e.Response = clipBody(hideBody(e.Request)), clipBody(hideBody(e.Response))
	if err := r.store.RecordExchange(ctx, e); err != nil {
		r.log.WarnContext(ctx, "exchange not recorded", "connection", e.Connection, "error", err.Error())
	}
	if n := r.dropped.Swap(0); n > 0 {
		r.log.WarnContext(ctx, "exchanges left out: the database is slower than the requests", "count", n)
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
