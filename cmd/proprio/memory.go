package main

import (
	"context"
	"os"
	"runtime/debug"
	sampled "runtime/metrics"
	"sync/atomic"
	"time"
)

// How much the heap may grow before it is cleared up: by as much as lives, but a busy server's by roomBytes at least, up to
// busyGC percent. What lives is little, so this costs some tens of megabytes and saves a tenth of the processor.
const (
	idleGC    = 100
	busyGC    = 400
	roomBytes = 64 << 20
)

// A server is busy that answers so many requests within such a time.
const (
	busyRequests = 500
	busyTime     = 5 * time.Second
	startTime    = 2 * time.Second // then a start is over
)

// memory trades memory for speed while a server is busy, and gives it back when it is idle again.
type memory struct{ requests atomic.Int64 }

// keep looks from time to time until ctx ends. It leaves all as it is where the environment variable GOGC says what is wanted.
func (m *memory) keep(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	started := time.NewTimer(startTime)
	defer started.Stop()
	tick := time.NewTicker(busyTime)
	defer tick.Stop()
	percent := idleGC
	for {
		select {
		case <-ctx.Done():
			return
		case <-started.C:
			debug.FreeOSMemory() // what only the start needed: migrations, templates, schemas as texts
			continue
		case <-tick.C:
		}
		wanted := idleGC
		if m.requests.Swap(0) >= busyRequests {
			wanted = percentFor(liveHeap())
		}
		if wanted == percent {
			continue
		}
		debug.SetGCPercent(wanted)
		if wanted == idleGC {
			debug.FreeOSMemory()
		}
		percent = wanted
	}
}

// percentFor is how much a busy server's heap may grow, of which so many bytes live. It goes in steps, since each change of
// it stops the world.
func percentFor(live uint64) int {
	const step = 50
	percent := int(roomBytes*100/max(live, 1<<20)) / step * step
	return min(max(percent, idleGC), busyGC)
}

// liveHeap is how much was alive when the heap was last cleared up.
func liveHeap() uint64 {
	sample := []sampled.Sample{{Name: "/gc/heap/live:bytes"}}
	sampled.Read(sample)
	return sample[0].Value.Uint64()
}
