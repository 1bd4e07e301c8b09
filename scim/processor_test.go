package scim_test

import (
	"syscall"
	"testing"
	"time"
)

// processorTime is how long this process has kept processors busy. Unlike the clock it does not tell how many others
// wait for them.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
