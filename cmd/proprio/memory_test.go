package main

import (
	"runtime"
	"testing"
)

func TestABusyServersHeapMayGrowByTheSameRoomWhateverLives(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{0: 400, 10 << 20: 400, 16 << 20: 400, 32 << 20: 200, 40 << 20: 150, 64 << 20: 100, 1 << 30: 100} {
		if got := percentFor(live); got != want {
			t.Errorf("%d MiB live: %d %%, want %d", live>>20, got, want)
		}
	}
}

func TestTheLiveHeapIsKnown(t *testing.T) {
	t.Parallel()
	runtime.GC()
	if liveHeap() == 0 {
		t.Error("the runtime no longer tells how much of the heap lives")
	}
}
