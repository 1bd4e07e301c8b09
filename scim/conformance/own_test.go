package conformance_test

import (
	"slices"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/scim/conformance"
)

// The suite finds nothing wrong with our server, on SQLite and on Postgres; and what it skips cannot be seen from
// outside, or is a draft that is not turned on. This is what makes a planted fault the only fault. The program as a whole
// is judged in cmd/proprio, in every profile.
func TestOurServerHasNoFault(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		t.Parallel()
		w := newWorld(t, d, nil)
		second := w.token(t, "Other", resources.Switches{})
		for _, c := range []struct {
			profile  string
			switches resources.Switches
			missed   []string // what the program has and this server lacks
		}{
			{conformance.ProfileRFC, resources.Switches{}, nil},
			{conformance.ProfileIPSIEAL2, resources.Switches{IPSIE: true}, []string{"A01"}},
		} {
			report := run(t, conformance.Options{
				URL: w.url, Token: w.token(t, c.profile, c.switches), SecondToken: second, Profile: c.profile,
			})
			if failed, warned := with(report, conformance.Fail), with(report, conformance.Warn); !slices.Equal(failed, c.missed) || len(warned) > 0 {
				t.Errorf("%s: failed are %v, want %v; warned about are %v", c.profile, failed, c.missed, warned)
				explain(t, report)
			}
			for _, r := range report.Results {
				replaced := r.Interop != "" && c.profile != conformance.ProfileRFC
				if r.Verdict == conformance.Skip && r.Hidden == "" && r.ID[0] != 'D' && !replaced {
					t.Errorf("%s: %s is skipped: %s", c.profile, r.ID, r.Why)
				}
			}
			if len(report.Leftovers) > 0 {
				t.Errorf("%s: left behind: %v", c.profile, report.Leftovers)
			}
		}
	})
}
