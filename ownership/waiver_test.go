package ownership_test

import (
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/push"
)

// What somebody decided about an account is not asked again: for good, or until the exception ends.
func TestInspector_whatIsLetBeOpensNoFinding(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, ownership.OutsideReject, "dupont.fr")
		bob := w.user(t, "bob@dupont.fr")
		w.service.list(remote("bob@dupont.fr", true), remote("audit@other.fr", true), remote("support@editor.fr", true), remote("stranger@gmail.com", true))
		w.read(t)
		const stranger = "outside-account high stranger@gmail.com"
		all := []string{"outside-account high audit@other.fr", stranger, "outside-account high support@editor.fr"}
		wantSame(t, "findings", all, w.findings(t))

		until := w.clock.now().Add(48 * time.Hour)
		decide := func(decisions ...push.Decision) {
			t.Helper()
			for i := range decisions {
				decisions[i].Company, decisions[i].App = w.app.Company, w.app.ID
			}
			if err := d.Decide(t.Context(), decisions); err != nil {
				t.Fatal(err)
			}
		}
		decide(push.Decision{Account: "id-audit@other.fr", Verb: push.VerbLeave},
			push.Decision{Account: "support@editor.fr", ByAddress: true, Verb: push.VerbExcept, Until: until},
			push.Decision{Account: "id-bob@dupont.fr", Verb: push.VerbLeave})
		w.recompute(t)
		wantSame(t, "findings", []string{stranger}, w.findings(t))
		w.read(t)
		wantSame(t, "findings after a reading", []string{stranger}, w.findings(t))

		w.clock.pass(72 * time.Hour)
		w.read(t)
		wantSame(t, "findings after the exception", all[1:], w.findings(t))

		// That somebody who left still gets in is told whatever was decided.
		w.change(t, bob, "active", false)
		w.recompute(t)
		wantSame(t, "findings about a leaver", []string{"leaver-account high bob@dupont.fr", stranger, all[2]}, w.findings(t))

		// So is that the company has no way in.
		w.service.list(remote("audit@other.fr", true, "Super Admin"))
		w.read(t)
		wantSame(t, "findings about a lost app", []string{"lost-app critical audit@other.fr"}, w.findings(t))
	})
}

func (w *world) recompute(t *testing.T) {
	t.Helper()
	if err := w.Recompute(t.Context(), w.app.Company); err != nil {
		t.Fatal(err)
	}
}
