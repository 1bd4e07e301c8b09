package db_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/oidc"
	"proprio/ownership"
)

// What shuts somebody out ends their sessions in the same transaction and is on record once; said again, it changes
// nothing and adds nothing.
func TestSwitchesAreOnRecordAndEndSessions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		company, err := d.CreateCompany(ctx, audit.Actor{}, ownership.Company{ID: uuid.NewString(), Name: "Switched"})
		if err != nil {
			t.Fatal(err)
		}
		by := oidc.Actor{Name: "operator"}
		issuer, err := d.PutIssuer(ctx, by, oidc.Issuer{ID: uuid.NewString(), Company: company.ID, URL: "https://login.example", ClientID: "c", Created: at})
		if err != nil {
			t.Fatal(err)
		}
		admin, err := d.CreateAdmin(ctx, by, oidc.Admin{ID: uuid.NewString(), Company: company.ID, Address: "a@switched.example", Created: at})
		if err != nil {
			t.Fatal(err)
		}
		hash := [32]byte{1}
		for _, c := range []struct {
			what, entry string
			ends        bool
			act         func() error
		}{
			{"demote", "modify admin [role] role admin becomes auditor", false, func() error {
				admin.Role = oidc.RoleAuditor
				return d.SetAdmin(ctx, by, admin)
			}},
			{"disable", "deactivate issuer [disabled] ", true, func() error { return d.SwitchIssuer(ctx, by, company.ID, issuer.ID, true) }},
			{"enable", "activate issuer [disabled] ", false, func() error { return d.SwitchIssuer(ctx, by, company.ID, issuer.ID, false) }},
			{"suspend", "deactivate company [suspended] ", true, func() error { return d.SetSuspended(ctx, audit.Actor{}, company.ID, true) }},
			{"resume", "activate company [suspended] ", false, func() error { return d.SetSuspended(ctx, audit.Actor{}, company.ID, false) }},
		} {
			session := oidc.Session{Company: company.ID, Issuer: issuer.ID, Admin: admin, Created: at, Seen: at, Expires: at.Add(time.Hour)}
			if err := d.CreateSession(ctx, session, hash, hash); err != nil {
				t.Fatal(err)
			}
			before, _ := d.Entries(ctx, company.ID, audit.Query{Limit: 50})
			for range 2 {
				if err := c.act(); err != nil {
					t.Fatalf("%s: %v", c.what, err)
				}
			}
			after, err := d.Entries(ctx, company.ID, audit.Query{Limit: 50})
			if err != nil || len(after) != len(before)+1 {
				t.Fatalf("%s, twice: %d entries more, %v; want one", c.what, len(after)-len(before), err)
			}
			if e := after[0]; fmt.Sprint(e.Action, " ", e.ObjectType, " ", e.Changed, " ", e.Reason) != c.entry {
				t.Errorf("%s: the record tells %s %s %v %q, want %s", c.what, e.Action, e.ObjectType, e.Changed, e.Reason, c.entry)
			}
			if _, err := d.SessionByHash(ctx, hash); (err != nil) != c.ends {
				t.Errorf("%s: the session afterwards: %v", c.what, err)
			}
			if c.what == "suspend" {
				if i, err := d.Issuer(ctx, issuer.ID); err != nil || !i.Disabled {
					t.Errorf("its issuer: disabled %t, %v", i.Disabled, err)
				}
			}
		}
		if err := d.SwitchIssuer(ctx, by, uuid.NewString(), issuer.ID, true); err == nil {
			t.Error("another company switches it")
		}
	})
}
