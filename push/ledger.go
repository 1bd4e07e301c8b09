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
	begun   []*posting
	results []*posting
}

// posting is one job's, with who waits for it.
type posting struct {
	account string // of begun
	begun   string
	result  Result
	at      time.Time
	written chan error
}

// ledgerPatience bounds one transaction.
const ledgerPatience = 10 * time.Second

// begin records that a creation is about to be sent.
func (l *ledger) begin(ctx context.Context, account, begun string) error {
	return l.post(ctx, &l.begun, &posting{account: account, begun: begun})
}

// finish records a result.
func (l *ledger) finish(ctx context.Context, r Result, now time.Time) error {
	return l.post(ctx, &l.results, &posting{result: r, at: now})
}

func (l *ledger) post(ctx context.Context, list *[]*posting, p *posting) error {
	p.written = make(chan error, 1)
	l.mu.Lock()
	*list = append(*list, p)
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
		begun, results := l.begun, l.results
		l.begun, l.results = nil, nil
		l.writing = len(begun)+len(results) > 0
		l.mu.Unlock()
		if len(begun)+len(results) == 0 {
			return
		}
		together(begun, func(all []*posting) error { return l.writeBegun(ctx, all) })
		together(results, func(all []*posting) error { return l.writeResults(ctx, all) })
	}
}

// together writes postings in one transaction, or, where one of them cannot be written, each in its own. A store that is away,
// or an app that another engine has taken over, is so for all.
func together(all []*posting, write func([]*posting) error) {
	if len(all) == 0 {
		return
	}
	err := write(all)
	forAll := errors.Is(err, ErrLeaseLost) || errors.Is(err, resources.ErrBusy) || errors.Is(err, context.DeadlineExceeded)
	for _, p := range all {
		if err != nil && len(all) > 1 && !forAll {
			p.written <- write([]*posting{p})
			continue
		}
		p.written <- err
	}
}

func (l *ledger) writeBegun(ctx context.Context, all []*posting) error {
	ctx, cancel := context.WithTimeout(ctx, ledgerPatience)
	defer cancel()
	begun := make(map[string]string, len(all))
	for _, p := range all {
		begun[p.account] = p.begun
	}
	return l.store.BeginCreates(ctx, l.lease, begun)
}

func (l *ledger) writeResults(ctx context.Context, all []*posting) error {
	ctx, cancel := context.WithTimeout(ctx, ledgerPatience)
	defer cancel()
	results, now := make([]Result, len(all)), time.Time{}
	for i, p := range all {
		results[i] = p.result
		if p.at.After(now) {
			now = p.at
		}
	}
	return l.store.FinishAccounts(ctx, l.lease, now, results...)
}
