package events

import "sync"

// Bell wakes whoever waits for something to happen in this process. What happens in others is found by looking.
type Bell struct {
	mu   sync.Mutex
	rung chan struct{}
}

// Wait returns a channel that is closed at the next ring. Nobody ever rings a nil Bell.
func (b *Bell) Wait() <-chan struct{} {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rung == nil {
		b.rung = make(chan struct{})
	}
	return b.rung
}

// Ring wakes all who wait.
func (b *Bell) Ring() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rung != nil {
		close(b.rung)
		b.rung = nil
	}
}
