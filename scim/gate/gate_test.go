package gate_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"proprio/scim/gate"
)

// crowd sends n requests of a client that each work for a while, and counts what became of them.
type crowd struct {
	mu              sync.Mutex
	served, refused int
	late            int           // of those refused, the ones that had waited
	longest         time.Duration // that one waited before it was let in
	refusals        []*gate.Refused
}

func (c *crowd) send(g *gate.Gate, wg *sync.WaitGroup, client string, n int, work time.Duration) {
	for range n {
		wg.Go(func() {
			start := time.Now()
			pass, err := g.Enter(context.Background(), "company", client)
			waited := time.Since(start)
			c.mu.Lock()
			var refused *gate.Refused
			if errors.As(err, &refused) {
				c.refused++
				if waited > 0 {
					c.late++
				}
				c.refusals = append(c.refusals, refused)
			} else {
				c.served++
				c.longest = max(c.longest, waited)
			}
			c.mu.Unlock()
			if err == nil {
				time.Sleep(work)
				pass.Leave()
			}
		})
	}
}

// No more work at once than may, of all and of each client, and all get their turn while the wait is short.
func TestGate_BoundsWhatWorksAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(gate.Config{Slots: 8, Share: 5})
		var mu sync.Mutex
		busy, most := map[string]int{}, map[string]int{}
		count := func(d int, keys ...string) {
			mu.Lock()
			defer mu.Unlock()
			for _, k := range keys {
				busy[k] += d
				most[k] = max(most[k], busy[k])
			}
		}
		var wg sync.WaitGroup
		for i := range 120 {
			wg.Go(func() {
				client := fmt.Sprint("client", i%3)
				pass, err := g.Enter(t.Context(), "company", client)
				if err != nil {
					t.Error(err)
					return
				}
				count(1, client, "all")
				time.Sleep(time.Millisecond)
				count(-1, client, "all")
				pass.Leave()
				pass.Leave() // does nothing
			})
		}
		wg.Wait()
		if most["all"] != 8 {
			t.Errorf("%d worked at once, want 8", most["all"])
		}
		for _, client := range []string{"client0", "client1", "client2"} {
			if most[client] > 5 {
				t.Errorf("%d of %s worked at once, want 5 at most", most[client], client)
			}
		}
		if s := g.Stats(); s.Busy != 0 || s.Waiting != 0 || s.Waited == 0 || s.Full+s.Slow != 0 {
			t.Errorf("after the crowd: %+v", s)
		}
	})
}

// Who would wait for too long is refused at once and hears when to come again; what is let in was not kept waiting for
// longer than the bound; and when the crowd is gone, all is as before.
func TestGate_ShedsBeforeItStalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(gate.Config{Slots: 4, Share: 4, Waiting: 1000, Wait: time.Second})
		var wg sync.WaitGroup
		const work = 90 * time.Millisecond // no turn begins in the very moment in which the wait is over
		for range 5 {                      // until it is known how long requests take
			var learn crowd
			learn.send(g, &wg, "slow", 40, work)
			wg.Wait()
			if learn.refused > 0 {
				t.Fatalf("%d of 40 refused, whose turns come within a second", learn.refused)
			}
		}
		var all crowd
		all.send(g, &wg, "slow", 500, work)
		wg.Wait()
		if all.served != 48 || all.refused != 452 {
			t.Errorf("%d served, %d refused; of 500, 4 at once and 11 turns of 4 begin within a second", all.served, all.refused)
		}
		if all.longest > time.Second || all.late > 0 {
			t.Errorf("let in after %s, %d refused late: want at most a second, and at once", all.longest, all.late)
		}
		for _, r := range all.refusals {
			if r.RetryAfter < time.Second || r.RetryAfter%time.Second != 0 || r.Error() == "" {
				t.Fatalf("Retry-After %s: want whole seconds", r.RetryAfter)
			}
		}
		var after crowd
		after.send(g, &wg, "slow", 4, time.Millisecond)
		wg.Wait()
		if after.refused > 0 || after.longest > 0 {
			t.Errorf("when the crowd is gone: %d refused, let in after %s", after.refused, after.longest)
		}
	})
}

// A thousand requests of one client keep those of another waiting for no more than a turn.
func TestGate_OneClientDoesNotStarveAnother(t *testing.T) {
	t.Parallel()
	for _, share := range []int{4, 8} { // with slots left over for others, and with none
		synctest.Test(t, func(t *testing.T) {
			g := gate.New(gate.Config{Slots: 8, Share: share, Waiting: 2000, Wait: 5 * time.Second})
			var wg sync.WaitGroup
			var greedy, modest crowd
			greedy.send(g, &wg, "greedy", 1000, 10*time.Millisecond)
			synctest.Wait()
			for range 50 {
				modest.send(g, &wg, "modest", 1, 10*time.Millisecond)
				time.Sleep(15 * time.Millisecond)
			}
			wg.Wait()
			if modest.served != 50 || modest.longest > 10*time.Millisecond {
				t.Errorf("share %d: %d of 50 served, waited up to %s; a turn is 10 ms", share, modest.served, modest.longest)
			}
			if greedy.served != 1000 {
				t.Errorf("share %d: %d of 1000 of the other served", share, greedy.served)
			}
		})
	}
}

// A company gets no more than half by having more clients, but all while it is alone.
func TestGate_OneCompanyDoesNotStarveAnother(t *testing.T) {
	t.Parallel()
	g := gate.New(gate.Config{Slots: 8, Share: 4, Wait: time.Nanosecond})
	enter := func(company string, client int) (gate.Pass, error) {
		return g.Enter(t.Context(), company, fmt.Sprint(company, client))
	}
	var passes []gate.Pass
	for i := range 8 {
		pass, err := enter("greedy", i%4)
		if err != nil {
			t.Fatalf("request %d of the only company: %v", i, err)
		}
		passes = append(passes, pass)
	}
	if _, err := enter("modest", 0); err == nil {
		t.Error("a ninth works in eight slots")
	}
	for i := range passes {
		passes[i].Leave()
	}
	for i := range 8 {
		if pass, err := enter("greedy", i%4); (err == nil) != (i < 4) {
			t.Errorf("request %d, when there is another company: %v", i, err)
		} else if err == nil {
			passes[i] = pass
		}
	}
	for i := range 4 {
		if _, err := enter("modest", 0); err != nil {
			t.Errorf("request %d of the other company: %v", i, err)
		}
	}
	passes[0].Leave()
	if _, err := enter("greedy", 3); err != nil {
		t.Errorf("when there is room again: %v", err)
	}
}

// A line is only so long, and who leaves it takes up no room.
func TestGate_Lines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(gate.Config{Slots: 1, Share: 1, Waiting: 2, Wait: time.Minute})
		first, err := g.Enter(t.Context(), "company", "a")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		results := make(chan error, 2)
		for range 2 {
			go func() {
				pass, err := g.Enter(ctx, "company", "a")
				pass.Leave()
				results <- err
			}()
		}
		synctest.Wait()
		var refused *gate.Refused
		if _, err := g.Enter(t.Context(), "company", "a"); !errors.As(err, &refused) || !refused.Full {
			t.Errorf("a third in a line of two: %v", err)
		}
		cancel()
		for range 2 {
			if err := <-results; !errors.Is(err, context.Canceled) {
				t.Errorf("a client that left: %v", err)
			}
		}
		if s := g.Stats(); s.Waiting != 0 || s.Busy != 1 || s.Full != 1 {
			t.Errorf("after all left: %+v", s)
		}
		first.Leave()
		again, err := g.Enter(t.Context(), "company", "b")
		if err != nil {
			t.Errorf("when there is room again: %v", err)
		}
		if _, err := g.Enter(t.Context(), "company", "a"); !errors.As(err, &refused) || refused.Full { // nobody leaves for a minute
			t.Errorf("one that waited for too long: %v", err)
		}
		again.Leave()
		(&gate.Pass{}).Leave()
	})
}

func BenchmarkGate(b *testing.B) {
	g := gate.New(gate.Config{})
	b.ReportAllocs()
	for b.Loop() {
		pass, err := g.Enter(b.Context(), "company", "c")
		if err != nil {
			b.Fatal(err)
		}
		pass.Leave()
	}
}
