package conformance_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/scim/conformance"
)

// The suite finds what is wrong with a server, and says nothing against what is right: each planted fault is found by
// the requirement that it breaks, and by no other.
func TestPlantedFaultsAreFound(t *testing.T) {
	t.Parallel()
	if os.Getenv("PROPRIO_TEST_DATABASE") == "postgres" {
		t.Skip("the faults are planted in front of a server on SQLite")
	}
	all := faults()
	if len(all) < 40 {
		t.Errorf("only %d faults are planted", len(all))
	}
	d := dbtest.Open(t, db.Config{Data: t.TempDir()}) // shared: each fault has companies of its own
	for n, f := range all {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, d, f.plant)
			report := run(t, conformance.Options{
				URL: w.url, Token: w.token(t, f.name, resources.Switches{}), SecondToken: w.token(t, f.name+", apart", resources.Switches{}), Only: near(f, n),
			})
			if got := with(report, conformance.Fail); !slices.Equal(got, f.want) {
				t.Errorf("failed are %v, want %v", got, f.want)
				explain(t, report)
			}
			if got := with(report, conformance.Warn); !slices.Equal(got, f.warn) {
				t.Errorf("warned about are %v, want %v", got, f.warn)
				explain(t, report)
			}
			if len(report.Leftovers) > 0 {
				t.Errorf("left behind: %v", report.Leftovers)
			}
		})
	}
}

// near are the requirements to run: those that a fault is about and their neighbours; in the full campaign all of them
// for every eighth fault.
func near(f fault, n int) (only []string) {
	if os.Getenv("PROPRIO_CAMPAIGN") == "full" && n%8 == 0 {
		return nil
	}
	for _, id := range slices.Concat(f.want, f.warn) {
		if pattern := id[:2] + "*"; !slices.Contains(only, pattern) {
			only = append(only, pattern)
		}
	}
	return only
}

// with lists the requirements that got a verdict.
func with(r *conformance.Report, v conformance.Verdict) (ids []string) {
	for _, result := range r.Results {
		if result.Verdict == v {
			ids = append(ids, result.ID)
		}
	}
	return ids
}

func explain(t *testing.T, r *conformance.Report) {
	t.Helper()
	for _, result := range r.Results {
		for _, m := range result.Misses {
			line := ""
			if m.Exchange != nil {
				line = m.Exchange.Method + " " + m.Exchange.Path + " " + strings.Join(strings.Fields(m.Exchange.Request), " ")
			}
			t.Logf("%s: want %s, got %s; %.200s", result.ID, m.Want, m.Got, line)
		}
	}
}
