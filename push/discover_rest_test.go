package push_test

import (
	"context"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/push"
	"proprio/push/profiles"
)

// An account that a product without SCIM holds already, made by whomever, is recognised, linked, and kept up to date.
func TestDiscoverInProductsWithoutSCIM(t *testing.T) {
	t.Parallel()
	set, err := profiles.Load(nil)
	must(t, err)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, product := range restProducts {
			if product.profile == "hubstaff-invitations" {
				continue // its credential is good for one app alone, and the account has to be somebody else's first
			}
			t.Run(product.profile, func(t *testing.T) {
				p, _ := set.Get(product.profile)
				server := product.start(t)
				somebody, l := newRestLife(t, d, unhurried(t, p), server), newRestLife(t, d, unhurried(t, p), server)
				somebody.accepts, l.accepts = product.accepts, product.accepts
				l.ours("atelier.fr")
				t.Cleanup(func() { must(t, d.RemoveDomain(context.Background(), l.caller.Actor, l.caller.Company, "atelier.fr")) })
				theirs := somebody.user("anna")
				somebody.push()
				somebody.accept()
				id := somebody.wantState("User", theirs, push.StateConfirmed).RemoteID
				somebody.app.Paused = true
				must(t, dbtest.UpdateApp(t.Context(), somebody.db, somebody.caller.Actor, somebody.app))

				anna := l.user("anna")
				f := l.found("anna@atelier.fr")
				if f.Relation != push.Fitting || f.RemoteID != id || f.People[0].ID != anna || !f.Active {
					t.Fatalf("found %+v", f)
				}
				must(t, l.engine.Link(t.Context(), l.caller.Actor, l.app, f, anna, ""))
				server.Heard()
				l.push()
				if a := l.wantState("User", anna, push.StateConfirmed); a.RemoteID != id || a.Origin != push.OriginLinked {
					t.Errorf("%+v", a)
				}
				for _, r := range server.Heard() {
					if r.String() == product.creates {
						t.Errorf("an account was made: %s", r)
					}
				}
				if people := server.People(); len(people) != 1 {
					t.Errorf("the product holds %+v", people)
				}
			})
		}
	})
}
