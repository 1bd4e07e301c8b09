package main

import (
	"fmt"
	"testing"
	"time"
)

// Strangers can send any method: what is kept of them must not grow.
func TestMetricsDoNotGrowWithTheMethodsThatClientsMakeUp(t *testing.T) {
	t.Parallel()
	m := newMetrics()
	series := func() int {
		families, err := m.registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			if f.GetName() == "proprio_scim_request_seconds" {
				return len(f.GetMetric())
			}
		}
		return 0
	}
	m.observe("/Users", "GET", 200, time.Millisecond)
	for i := range 100 {
		m.observe("", fmt.Sprint("EVIL", i), 401, time.Millisecond)
	}
	if n := series(); n != 2 {
		t.Errorf("%d series, want one for GET and one for all others", n)
	}
}
