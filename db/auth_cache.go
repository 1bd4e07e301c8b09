package db

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/resources"
)

// How long the answer about a token is used before the database is asked again, and of how many tokens answers are kept.
const (
	authenticationAge  = time.Second
	maxAuthentications = 10_000
)

// authentications are the tokens in force that the database was asked about last. What this process changes is known at
// once, what another one changes after a second: an answer is as old as the question, not as its arrival. That a token is
// not in force is never kept.
type authentications struct {
	mu     sync.Mutex
	byHash map[[32]byte]*authentication
}

// authentication is the answer about one token, or the question while it is under way: then done is open, and nobody
// looks at the rest.
type authentication struct {
	asked time.Time // before the question was sent
	done  chan struct{}

	token      resources.Token
	connection resources.Connection
	lastUsed   atomic.Int64 // microseconds, as noted by now
	err        error
}

func newAuthentications() *authentications {
	return &authentications{byHash: map[[32]byte]*authentication{}}
}

// find returns the answer about a token, which may still be on its way. Whoever gets ask must find it and finish it.
func (k *authentications) find(hash [32]byte, now time.Time) (a *authentication, ask bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	a = k.byHash[hash]
	if a != nil {
		if age := now.Sub(a.asked); age >= 0 && age < authenticationAge {
			return a, false
		}
	}
	if len(k.byHash) >= maxAuthentications {
		clear(k.byHash)
	}
	a = &authentication{asked: now, done: make(chan struct{}), err: errUnanswered}
	k.byHash[hash] = a
	return a, true
}

// errUnanswered is what is known of a token when the question about it panicked.
var errUnanswered = errors.New("the question about a token was not answered")

// finish tells those who wait. What is no token in force is forgotten.
func (k *authentications) finish(hash [32]byte, a *authentication) {
	if a.err != nil {
		k.drop(hash, a)
	}
	close(a.done)
}

// drop makes the next request of one token ask.
func (k *authentications) drop(hash [32]byte, a *authentication) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byHash[hash] == a {
		delete(k.byHash, hash)
	}
}

// forget makes the next request of every token ask. Those that are waiting for an answer asked before, so they take it;
// nobody after them does.
func (k *authentications) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.byHash)
}

// changeAccess is inTx for what ends or changes what tokens may do: no request that begins after it finds them as they
// were. Of a commit that failed nobody knows whether it was made.
func (d *DB) changeAccess(ctx context.Context, f func(ctx context.Context, tx *sqlx.Tx) error) error {
	defer d.authentications.forget()
	return d.inTx(ctx, f)
}

// authentication finds what is known of a token, or asks. One request asks; the others of the same token wait for it.
// Whether it has expired is asked anew: it may be gone by now.
func (d *DB) authentication(ctx context.Context, hash [32]byte, now time.Time) (*authentication, error) {
	for {
		a, ask := d.authentications.find(hash, d.now())
		if ask {
			d.askToken(ctx, hash, a)
			return a, a.err
		}
		select {
		case <-a.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		left := errors.Is(a.err, context.Canceled) || errors.Is(a.err, context.DeadlineExceeded) // the one who asked
		if !left && !a.expired(now) {
			return a, a.err
		}
		d.authentications.drop(hash, a)
	}
}

func (a *authentication) expired(now time.Time) bool {
	return !a.token.Expires.IsZero() && !now.Before(a.token.Expires)
}

// askToken asks the database.
func (d *DB) askToken(ctx context.Context, hash [32]byte, a *authentication) {
	defer d.authentications.finish(hash, a)
	a.token, a.connection, a.err = d.tokenInForce(ctx, hash)
	a.lastUsed.Store(micros(a.token.LastUsed))
}
