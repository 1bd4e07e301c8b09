package gate

import (
	"context"
	"slices"
	"time"
)

// waiter is a request in line.
type waiter struct {
	admitted chan struct{} // closed when its turn has come
}

// Enter lets a request of a company's client in, perhaps after it has waited for its turn. The error is [*Refused], or that of ctx.
func (g *Gate) Enter(ctx context.Context, company, client string) (Pass, error) {
	now := g.config.Now()
	g.mu.Lock()
	l := g.lineOf(company, client)
	if g.room(l) { // then nobody waits who could go first
		g.take(l)
		g.mu.Unlock()
		return Pass{g, l, now}, nil
	}
	expected := g.expected(l)
	if full := len(l.waiters) >= g.config.Waiting; full || expected > g.config.Wait {
		defer g.mu.Unlock()
		return Pass{}, g.refuse(full, expected)
	}
	w := &waiter{admitted: make(chan struct{})}
	if len(l.waiters) == 0 {
		g.queue = append(g.queue, l)
	}
	l.waiters = append(l.waiters, w)
	g.waiting++
	g.mu.Unlock()
	return g.wait(ctx, l, w, now)
}

// expected is how long one who comes last in a line waits, as far as that can be known: those before it, each as long as
// requests take at present, by as many at once as the line has when all who wait share alike. The caller holds mu.
func (g *Gate) expected(l *line) time.Duration {
	lines := len(g.queue)
	if len(l.waiters) == 0 {
		lines++
	}
	atOnce := max(1, min(g.config.Share, g.ofCompany(), g.config.Slots/lines))
	return g.holds * time.Duration(len(l.waiters)+1) / time.Duration(atOnce)
}

// refuse counts a refusal. The caller holds mu.
func (g *Gate) refuse(full bool, expected time.Duration) error {
	if full {
		g.stats.Full++
	} else {
		g.stats.Slow++
	}
	return &Refused{RetryAfter: max(time.Second, (expected + time.Second - 1).Truncate(time.Second)), Full: full}
}

// wait stands in line until the turn has come, the client is gone, or patience ends.
func (g *Gate) wait(ctx context.Context, l *line, w *waiter, since time.Time) (Pass, error) {
	timer := time.NewTimer(g.config.Wait)
	defer timer.Stop()
	var gone error
	select {
	case <-w.admitted:
	case <-timer.C:
	case <-ctx.Done():
		gone = ctx.Err()
	}
	now := g.config.Now()
	g.mu.Lock()
	i := slices.Index(l.waiters, w)
	if i < 0 { // admitted, be it at the last moment
		g.stats.Waited++
		g.stats.WaitTime += now.Sub(since)
		g.mu.Unlock()
		pass := Pass{g, l, now}
		if gone != nil {
			pass.Leave()
			return Pass{}, gone
		}
		return pass, nil
	}
	defer g.mu.Unlock()
	l.waiters = slices.Delete(l.waiters, i, i+1)
	g.waiting--
	if len(l.waiters) == 0 {
		g.queue = slices.DeleteFunc(g.queue, func(other *line) bool { return other == l })
	}
	if gone != nil {
		return Pass{}, gone
	}
	return Pass{}, g.refuse(false, g.config.Wait)
}
