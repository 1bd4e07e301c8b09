package push

import (
	"context"
	"errors"
	"sync"
	"time"

	"proprio/resources"
)

// ledger writes what jobs have to say to the store: one at a time, and each time all that has come meanwhile, in one
// transaction. A commit costs as much for a hundred as for one.
type ledger struct {
	store Store
	lease Lease

	mu      sync.Mutex
	writing bool
	waiting []*posting
}

// posting is one job's, with who waits for it.
type posting struct {
	account, begun string // a creation that is about to be sent; else
	result         Result
	at             time.Time
	written        chan error
}

// ledgerPatience bounds one transaction.
const ledgerPatience = 10 * time.Second

// begin records that a creation is about to be sent.
func (l *ledger) begin(ctx context.Context, account, begun string) error {
	return l.post(ctx, &posting{account: account, begun: begun})
}

// finish records a result.
func (l *ledger) finish(ctx context.Context, r Result, now time.Time) error {
	return l.post(ctx, &posting{result: r, at: now})
}

func (l *ledger) post(ctx context.Context, p *posting) error {
	p.written = make(chan error, 1)
	l.mu.Lock()
	l.waiting = append(l.waiting, p)
	if !l.writing {
		l.writing = true
		go l.write(context.WithoutCancel(ctx))
	}
	l.mu.Unlock()
	return <-p.written
}

// write writes until nothing waits.
func (l *ledger) write(ctx context.Context) {
	for {
		l.mu.Lock()
		all := l.waiting
		l.waiting, l.writing = nil, len(all) > 0
		l.mu.Unlock()
		if len(all) == 0 {
			return
		}
		l.together(ctx, all)
	}
}

// together writes postings in one transaction, or, where one of them cannot be written, each in its own. A store that is away,
// or an app that another engine has taken over, is so for all.
func (l *ledger) together(ctx context.Context, all []*posting) {
	err := l.record(ctx, all...)
	forAll := errors.Is(err, ErrLeaseLost) || errors.Is(err, resources.ErrBusy) || errors.Is(err, context.DeadlineExceeded)
	for _, p := range all {
		if err != nil && len(all) > 1 && !forAll {
			p.written <- l.record(ctx, p)
			continue
		}
		p.written <- err
	}
}

func (l *ledger) record(ctx context.Context, all ...*posting) error {
	ctx, cancel := context.WithTimeout(ctx, ledgerPatience)
	defer cancel()
	begun, results, now := map[string]string{}, []Result(nil), time.Time{}
	for _, p := range all {
		if p.account != "" {
			begun[p.account] = p.begun
			continue
		}
		results = append(results, p.result)
		if p.at.After(now) {
			now = p.at
		}
	}
	return l.store.Record(ctx, l.lease, now, begun, results...)
}
