package main_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
)

// TestCampaignKillGroup kills the server on SQLite again and again while sixteen clients write, so that the requests of
// many share the transaction that is cut off. After each restart what was acknowledged is there, nothing is there twice,
// and the file is sound.
func TestCampaignKillGroup(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, cfg db.Config) {
		t.Parallel()
		if cfg.URL != "" {
			t.Skip("only SQLite's requests share transactions; TestCampaignKill is for Postgres too")
		}
		kills := 4
		if full() {
			kills = 200
		}
		runKillGroupCampaign(t, kills)
	})
}

func runKillGroupCampaign(t *testing.T, kills int) {
	i := newInstallation(t, "")
	i.command("company", "create", "Kill", "--domain", "kill.example", "--assume-verified")
	c := newCaller(i.url+"/scim/v2", i.command("token", "create", "--company", "Kill", "--connection", "idp"))
	running := i.serve()
	crowd := newCrowd(c, 16)
	for k := range kills {
		time.Sleep(time.Duration(10+rand.IntN(150)) * time.Millisecond)
		running.kill()
		running = i.serve()
		crowd.pause(func(writers []*writer) {
			wantTotals(t, c, writers, k)
			dbtest.Sound(t, i.where[1])
			if k%20 == 19 {
				checkSource(t, c, writers)
			}
		})
		if t.Failed() {
			break
		}
	}
	writers := crowd.stop()
	for _, w := range writers {
		if w.err != nil {
			t.Fatal(w.err)
		}
	}
	checkSource(t, c, writers)
	t.Logf("%d kills during the writing of %d people", kills, acknowledged(writers))
}

// crowd is many clients that write until they are stopped, and can be held between one person and the next.
type crowd struct {
	writers []*writer
	writing sync.RWMutex
	over    chan struct{}
	done    sync.WaitGroup
}

func newCrowd(c *caller, n int) *crowd {
	cr := &crowd{over: make(chan struct{})}
	for i := range n {
		w := &writer{caller: c, name: fmt.Sprintf("w%d", i)}
		w.begin()
		cr.writers = append(cr.writers, w)
		cr.done.Go(func() {
			for w.err == nil && cr.goesOn() {
				cr.writing.RLock()
				w.step(w.people)
				w.people++
				cr.writing.RUnlock()
			}
		})
	}
	return cr
}

func (cr *crowd) goesOn() bool {
	select {
	case <-cr.over:
		return false
	default:
		return true
	}
}

// pause lets each client finish the person it is at, and runs f while none writes.
func (cr *crowd) pause(f func(writers []*writer)) {
	cr.writing.Lock()
	defer cr.writing.Unlock()
	f(cr.writers)
}

func (cr *crowd) stop() []*writer {
	close(cr.over)
	cr.done.Wait()
	return cr.writers
}

// acknowledged is how many people are there.
func acknowledged(writers []*writer) (n int) {
	for _, w := range writers {
		n += w.people - len(w.gone)
	}
	return n
}

// wantTotals fails unless there are as many people as were acknowledged: none is lost and none is there twice.
func wantTotals(t *testing.T, c *caller, writers []*writer, kill int) {
	t.Helper()
	for _, w := range writers {
		if w.err != nil {
			t.Error(w.err)
		}
	}
	total, _ := c.must(t, "GET", "/Users?count=1", nil, 200)["totalResults"].(float64)
	if int(total) != acknowledged(writers) {
		t.Errorf("after kill %d: %v people, %d were acknowledged", kill+1, total, acknowledged(writers))
	}
}
