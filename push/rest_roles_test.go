package push_test

import (
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/push"
	"proprio/push/profiles"
	"proprio/push/rest/standin"
)

// Whoever is out of a product stays out when anything else of them changes.
func TestProductsWithoutSCIMKeepOutWhoIsOut(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.Config{Data: t.TempDir()})
	eachWithoutSCIM(t, d, func(t *testing.T, l *restLife) {
		anna := l.user("anna")
		l.push()
		l.accept()
		l.set("User", anna, "active", false)
		l.push()
		l.wantActive("anna", false)
		l.set("User", anna, "displayName", "anna Dupont")
		l.set("User", anna, "name.familyName", "Dupont")
		l.set("User", anna, "title", "Directrice")
		l.push()
		if a := l.account("User", anna); a.State == push.StateFailed {
			t.Errorf("%s: %s", a.Class, a.Error)
		}
		l.wantActive("anna", false)
	})
}

// A role stays through every other change, whoever gave it, and comes back with the access.
func TestRolesOfProductsWithoutSCIM(t *testing.T) {
	t.Parallel()
	set, err := profiles.Load(nil)
	must(t, err)
	d := dbtest.Open(t, db.Config{Data: t.TempDir()})
	for _, c := range []struct {
		name, profile string
		start         func(testing.TB) *standin.Server
		rules, want   string
	}{
		{"Zendesk, given from here", "zendesk", standin.Zendesk, `{"roles": [{"value": "admin"}]}`, "admin"},
		{"Zendesk, given by hand", "zendesk", standin.Zendesk, `{}`, "admin"},
		{"HubSpot, given from here", "hubspot-users", standin.HubSpot, `{"roles": [{"value": "r1"}]}`, "r1"},
		{"HubSpot, given by hand", "hubspot-users", standin.HubSpot, `{}`, "r1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _ := set.Get(c.profile)
			l := newRestLife(t, d, unhurried(t, p), c.start(t))
			l.settings(c.rules)
			anna := l.user("anna")
			l.push()
			l.product.SetRole("anna@atelier.fr", c.want)
			l.set("User", anna, "displayName", "anna Dupont")
			l.set("User", anna, "name.familyName", "Dupont")
			l.push()
			l.wantState("User", anna, push.StateConfirmed)
			if p := l.person("anna"); p.Role != c.want || p.Name != "anna Dupont" {
				t.Errorf("after a change of the name the product holds %+v, want the role %s", p, c.want)
			}
			if c.rules == "{}" {
				return
			}
			for _, active := range []bool{false, true} {
				l.set("User", anna, "active", active)
				l.push()
			}
			l.wantState("User", anna, push.StateConfirmed)
			if p := l.person("anna"); p.Role != c.want {
				t.Errorf("after the return the product holds %+v, want the role %s", p, c.want)
			}
		})
	}
}

// settings gives the app rules.
func (l *restLife) settings(text string) {
	l.t.Helper()
	settled, err := l.world.settle(text)
	must(l.t, err)
	l.app, err = l.db.UpdateApp(l.t.Context(), l.caller.Actor, l.app.Company, l.app.ID, func(push.App) (push.App, error) { return settled, nil })
	must(l.t, err)
}
