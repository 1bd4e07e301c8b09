package gate

import (
	"fmt"
	"sync"
	"time"
)

// DefaultSlots is how many requests work at once where nothing else is said.
const DefaultSlots = 64

// Config is what a gate lets through. Every field but Now must be positive; [New] fills in what is not.
type Config struct {
	Slots   int              // requests that work at once; default DefaultSlots
	Share   int              // of them, those of one client; default half of Slots. All clients of a company have as many, or half
	Waiting int              // requests of one client that wait at once; default 16 times Slots
	Wait    time.Duration    // how long a request may wait; default a second
	Now     func() time.Time // default time.Now
}

// Gate lets requests in. It is safe for concurrent use.
type Gate struct {
	config Config

	mu      sync.Mutex
	lines   map[string]*line // never more than there are clients: they have shown who they are
	houses  map[string]*house
	queue   []*line // lines in which somebody waits; the first has the next turn
	busy    int
	waiting int
	holds   time.Duration // how long a request works: a moving average
	stats   Stats
}

// house is one company's: the slots of all its clients.
type house struct{ busy int }

// line is one client's.
type line struct {
	house   *house
	busy    int
	waiters []*waiter // oldest first
}

// Stats are what a gate did since the process began, and what it does now.
type Stats struct {
	Busy, Waiting int           // now
	Full          int64         // requests refused because as many of their client waited already
	Slow          int64         // requests refused because they would have waited, or did wait, for too long
	Waited        int64         // requests that waited and were let in
	WaitTime      time.Duration // how long they waited, all together
}

// Refused is the error of a request that is not let in.
type Refused struct {
	RetryAfter time.Duration // when it may be worth trying again: whole seconds, at least one
	Full       bool          // as many of the client's requests wait as may; otherwise the wait would be too long
}

// Reason is one word for counting: queue when the line was full, wait when it was too slow.
func (r *Refused) Reason() string {
	if r.Full {
		return "queue"
	}
	return "wait"
}

// Error says it in the words of an operator.
func (r *Refused) Error() string {
	if r.Full {
		return fmt.Sprintf("as many requests of the client wait as may; it can come again in %s", r.RetryAfter)
	}
	return fmt.Sprintf("the request would wait for too long; its client can come again in %s", r.RetryAfter)
}

// New makes a gate.
func New(c Config) *Gate {
	if c.Slots <= 0 {
		c.Slots = DefaultSlots
	}
	if c.Share <= 0 {
		c.Share = max(1, c.Slots/2)
	}
	c.Share = min(c.Share, c.Slots)
	if c.Waiting <= 0 {
		c.Waiting = 16 * c.Slots
	}
	if c.Wait <= 0 {
		c.Wait = time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Gate{config: c, lines: map[string]*line{}, houses: map[string]*house{}}
}

// Slots is how many requests work at once.
func (g *Gate) Slots() int { return g.config.Slots }

// Stats tells what the gate does.
func (g *Gate) Stats() Stats {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.stats
	s.Busy, s.Waiting = g.busy, g.waiting
	return s
}

// Pass is a request's leave to work. The zero value is no leave, and may be left too.
type Pass struct {
	gate  *Gate
	line  *line
	since time.Time
}

// Leave ends the work. A second call does nothing.
func (p *Pass) Leave() {
	g := p.gate
	if g == nil {
		return
	}
	p.gate = nil
	held := g.config.Now().Sub(p.since)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.holds += (held - g.holds) / 16
	g.busy--
	p.line.busy--
	p.line.house.busy--
	g.admit()
}

// lineOf finds a client's line. The caller holds mu.
func (g *Gate) lineOf(company, client string) *line {
	l := g.lines[client]
	if l == nil {
		h := g.houses[company]
		if h == nil {
			h = &house{}
			g.houses[company] = h
		}
		l = &line{house: h}
		g.lines[client] = l
	}
	return l
}

// ofCompany is how many requests of one company work at once: where there are others, half of all, so that nobody gets
// more by having more clients. The caller holds mu.
func (g *Gate) ofCompany() int {
	if len(g.houses) < 2 {
		return g.config.Slots
	}
	return max(g.config.Share, g.config.Slots/2)
}

// room says whether one more request of a line may work. The caller holds mu.
func (g *Gate) room(l *line) bool {
	return g.busy < g.config.Slots && l.busy < g.config.Share && l.house.busy < g.ofCompany()
}

// admit lets in who waits, as far as there is room. The lines take turns. The caller holds mu.
func (g *Gate) admit() {
	for passed := 0; g.busy < g.config.Slots && passed < len(g.queue); {
		l := g.queue[0]
		g.queue = g.queue[1:]
		if g.room(l) {
			w := l.waiters[0]
			l.waiters = l.waiters[1:]
			g.waiting--
			g.take(l)
			close(w.admitted)
			passed = 0
		} else {
			passed++
		}
		if len(l.waiters) > 0 {
			g.queue = append(g.queue, l)
		}
	}
}

// take makes one of a line's requests work. The caller holds mu.
func (g *Gate) take(l *line) {
	g.busy++
	l.busy++
	l.house.busy++
}
