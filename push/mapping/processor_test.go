package mapping

import (
	"os"
	"syscall"
	"testing"
	"time"
)

// inTime fails where something takes the processor longer than PROPRIO_FUZZ_LIMIT, each of three times: the first may
// have met the garbage collector. Without the variable, as in plain test runs, nothing is timed.
func inTime(t *testing.T, what string, do func()) {
	t.Helper()
	limit, err := time.ParseDuration(os.Getenv("PROPRIO_FUZZ_LIMIT"))
	if err != nil {
		do()
		return
	}
	var took time.Duration
	for range 3 {
		before := processorTime(t)
		do()
		if took = processorTime(t) - before; took <= limit {
			return
		}
	}
	t.Errorf("%q takes %v; the limit is %v", what, took, limit)
}

// processorTime is how long this process has kept processors busy.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
