package push_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/push"
	"proprio/push/profiles"
	"proprio/push/rest"
	"proprio/push/rest/standin"
	"proprio/scim/client"
)

// What each product without SCIM does in its own way.
func TestProductsWithoutSCIMInTheirOwnWay(t *testing.T) {
	t.Parallel()
	set, err := profiles.Load(nil)
	must(t, err)
	cases := []struct {
		name, profile string
		start         func(testing.TB) *standin.Server
		play          func(t *testing.T, l *restLife)
	}{
		{"Hubstaff: a member is taken out, an invitation is withdrawn", "hubstaff-invitations", standin.Hubstaff, hubstaffTakenOut},
		{"Hubstaff: whoever accepts while being taken out is taken out", "hubstaff-invitations", standin.Hubstaff, hubstaffAccepts},
		{"Hubstaff: whoever comes back has the role again", "hubstaff-invitations", standin.Hubstaff, hubstaffRole},
		{"a refresh token that is replaced is stored", "hubstaff-invitations", standin.Hubstaff, replacedTokenIsStored},
		{"an access token that died early is replaced", "google-workspace", standin.Google, deadTokenIsReplaced},
		{"a revoked credential sets the app aside", "microsoft-365", standin.Graph, revokedCredential},
		{"whoever is out of Microsoft 365 is signed out", "microsoft-365", standin.Graph, signedOut},
		{"Microsoft 365 is tried with one page of each", "microsoft-365", standin.Graph, triedAtAGlance},
		{"Google is tried with one page of each", "google-workspace", standin.Google, triedAtAGlance},
		{"who administers a Microsoft 365 tenant is seen", "microsoft-365", standin.Graph, administratorsSeen},
		{"Zendesk's tickets go back, then the seat, then the sign-in", "zendesk", standin.Zendesk, seatFirst},
		{"tickets that may not be touched keep nobody in", "zendesk", standin.Zendesk, ticketsDenied},
		{"Zendesk's search that lags makes nobody a stranger", "zendesk", standin.Zendesk, searchThatLags},
		{"HubSpot's teams survive a change", "hubspot-users", standin.HubSpot, teamsSurvive},
		{"whom HubSpot had before is not removed by us", "hubspot-users", standin.HubSpot, linkedIsNotRemoved},
		{"an invitation to Dropbox is withdrawn, and made again", "dropbox", standin.Dropbox, dropboxInvitation},
		{"Microsoft 365 has the department, and loses it", "microsoft-365", standin.Graph, departmentKept},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				p, _ := set.Get(c.profile)
				c.play(t, newRestLife(t, d, unhurried(t, p), c.start(t)))
			})
		}
	})
}

// No record of an exchange shows a secret of any product.
func TestNoRecordShowsASecret(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, db.Config{Data: t.TempDir()})
	eachWithoutSCIM(t, d, func(t *testing.T, l *restLife) {
		anna := l.user("anna")
		l.push()
		l.wantState("User", anna, push.StateConfirmed)
		attempts, err := d.Attempts(t.Context(), l.app.Company, l.app.ID, push.AttemptQuery{})
		must(t, err)
		if len(attempts) == 0 {
			t.Errorf("%s: nothing is recorded", l.profile.Name)
		}
		for _, a := range attempts {
			shown := a.URL + string(a.Request) + string(a.Response) + a.Outcome
			for _, secret := range []string{"-token", "lastpass-hash", "refresh", "-secret", "access-", "PRIVATE KEY", "aA1!"} {
				if strings.Contains(shown, secret) {
					t.Errorf("%s: %s %s shows %s: %s", l.profile.Name, a.Method, a.URL, secret, shown)
				}
			}
		}
	})
}

func hubstaffTakenOut(t *testing.T, l *restLife) {
	anna, ben, carla := l.user("anna"), l.user("ben"), l.user("carla")
	l.push()
	l.product.Accept("anna@atelier.fr")
	l.product.Accept("carla@atelier.fr")
	l.set("User", anna, "active", false)
	l.set("User", ben, "active", false)
	l.push()
	l.wantState("User", anna, push.StateConfirmed)
	l.wantState("User", ben, push.StateConfirmed)
	l.wantState("User", carla, push.StateConfirmed)
	if all := l.product.People(); len(all) != 1 || all[0].Address != "carla@atelier.fr" {
		t.Errorf("Hubstaff holds %+v, want carla alone", all)
	}
}

// Between the reading and the withdrawal the invitation is accepted.
func hubstaffAccepts(t *testing.T, l *restLife) {
	anna := l.user("anna")
	l.push()
	l.product.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if r.Method == "DELETE" {
			l.product.Accept("anna@atelier.fr")
		}
		return nil
	})
	l.set("User", anna, "active", false)
	l.push()
	if l.wantState("User", anna, push.StateConfirmed); len(l.product.People()) != 0 {
		t.Errorf("Hubstaff holds %+v, want nobody", l.product.People())
	}
}

func hubstaffRole(t *testing.T, l *restLife) {
	l.settings(`{"roles": [{"value": "project_viewer"}]}`)
	anna := l.user("anna")
	l.push()
	for _, active := range []bool{false, true} {
		l.set("User", anna, "active", active)
		l.push()
		l.wantState("User", anna, push.StateConfirmed)
	}
	if p := l.person("anna"); p.Role != "project_viewer" || p.State != "invited" {
		t.Errorf("Hubstaff holds %+v, want the role that is given", p)
	}
}

// Each replacement of the refresh token is stored. This process keeps its access token beside it; another process, which
// knows nothing but what is stored, goes on from there.
func replacedTokenIsStored(t *testing.T, l *restLife) {
	pushed := func(name string, given int) {
		t.Helper()
		id := l.user(name)
		l.push()
		l.wantState("User", id, push.StateConfirmed)
		stored, err := l.db.AppCredential(t.Context(), l.app)
		must(t, err)
		if n := l.product.TokensGiven(); n != given || !strings.Contains(string(stored), `"hubstaff-refresh`+strings.Repeat("+", given)+`"`) {
			t.Errorf("%d access tokens given, want %d; the stored credential is %s", n, given, stored)
		}
	}
	pushed("anna", 1)
	pushed("ben", 1)
	l.product.Expire()
	pushed("carla", 2)
	pushed("dora", 2)
	l.engine.Connectors = rest.Connectors()
	pushed("emil", 3)
}

func deadTokenIsReplaced(t *testing.T, l *restLife) {
	l.user("anna")
	l.push()
	l.product.Expire()
	ben := l.user("ben")
	l.push()
	l.wantState("User", ben, push.StateConfirmed)
	if n := l.product.TokensGiven(); n != 2 {
		t.Errorf("%d access tokens given, want 2", n)
	}
}

func revokedCredential(t *testing.T, l *restLife) {
	l.user("anna")
	l.push()
	l.product.Revoke()
	l.user("ben")
	l.push()
	app, err := l.db.App(t.Context(), l.app.Company, l.app.ID)
	must(t, err)
	if !app.BlockedUntil.After(l.clock.Now()) || !strings.Contains(app.BlockedReason, "was revoked") {
		t.Errorf("blocked until %s: %q", app.BlockedUntil, app.BlockedReason)
	}
}

func signedOut(t *testing.T, l *restLife) {
	anna := l.user("anna")
	l.push()
	l.product.Heard()
	l.set("User", anna, "active", false)
	l.push()
	if p := l.person("anna"); p.Active || p.State != "revoked" {
		t.Errorf("Microsoft 365 holds %+v", p)
	}
	heard := l.product.Heard()
	if len(heard) != 2 || heard[0].Body != `{"accountEnabled":false}` || !strings.HasSuffix(heard[1].Path, "/revokeSignInSessions") {
		t.Errorf("asked %v", heard)
	}
}

// A trial, and a look whether a product answers at all, read neither members nor the roles of everybody.
func triedAtAGlance(t *testing.T, l *restLife) {
	anna, ben, carla := l.user("anna"), l.user("ben"), l.user("carla")
	for i := range 5 {
		l.group(fmt.Sprintf("G%d", i), anna, ben, carla)
	}
	l.push()
	if l.profile.Protocol == "graph" {
		for i := range 5 {
			l.product.Appoint("anna@atelier.fr", fmt.Sprint("Role ", i))
		}
	}
	l.product.Heard()
	for range 2 {
		probe, err := l.engine.Try(t.Context(), l.app)
		if err != nil || probe != (push.Probe{Users: 2, Groups: 2, More: true}) {
			t.Errorf("%+v, %v, want a page of each", probe, err)
		}
	}
	gone, _, err := l.engine.ReadUser(t.Context(), l.app, "nobody")
	if heard := l.product.Heard(); gone != nil || err != nil || len(heard) > 9 {
		t.Errorf("%v, %v; it took %v", gone, err, heard)
	}
}

func administratorsSeen(t *testing.T, l *restLife) {
	anna, ben := l.user("anna"), l.user("ben")
	l.push()
	for _, role := range []string{"Reports Reader", "Directory Readers", "Global Administrator"} {
		l.product.Appoint("anna@atelier.fr", role)
	}
	roles := map[string]string{}
	must(t, l.engine.EachUser(t.Context(), l.app, func(u client.Document, p profiles.Profile) error {
		a, err := ownership.AccountFromSCIM(u, ownership.Roles(p.Roles))
		roles[u.ID()] = fmt.Sprint(a.Administrator)
		return err
	}))
	one, _, err := l.engine.ReadUser(t.Context(), l.app, l.account("User", anna).RemoteID)
	must(t, err)
	if len(one.Values("roles")) != 3 || roles[l.account("User", anna).RemoteID] != "true" || roles[l.account("User", ben).RemoteID] != "false" {
		t.Errorf("administrators %v, anna alone %v", roles, one)
	}
}

func seatFirst(t *testing.T, l *restLife) {
	anna := l.user("anna")
	l.push()
	l.product.Assign("anna@atelier.fr", "open", "solved", "pending", "closed", "new")
	l.product.Heard()
	l.set("User", anna, "active", false)
	l.push()
	l.wantState("User", anna, push.StateConfirmed)
	want := []string{"open of nobody", "solved of somebody", "pending of nobody", "closed of somebody", "new of nobody"}
	if tickets := l.product.Tickets(); !slices.Equal(tickets, want) {
		t.Errorf("tickets are %v, want %v", tickets, want)
	}
	var bodies []string
	for _, r := range l.product.Heard() {
		if r.Method == "PUT" && strings.Contains(r.Path, "/users/") {
			bodies = append(bodies, r.Body)
		}
	}
	if !slices.Equal(bodies, []string{`{"user":{"role":"end-user"}}`, `{"user":{"suspended":true}}`}) {
		t.Errorf("written %v", bodies)
	}
}

func ticketsDenied(t *testing.T, l *restLife) {
	anna := l.user("anna")
	l.push()
	l.product.Assign("anna@atelier.fr", "open")
	l.product.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if strings.Contains(r.Path, "tickets") {
			return &standin.Fault{Status: 403}
		}
		return nil
	})
	l.set("User", anna, "active", false)
	l.push()
	l.wantState("User", anna, push.StateConfirmed)
	l.wantActive("anna", false)
}

// The answer to a creation is lost, and the search does not show the new account yet: it is known by the id that it bears.
func searchThatLags(t *testing.T, l *restLife) {
	l.product.Lag()
	l.product.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if r.Method == "POST" {
			return &standin.Fault{Drop: true, Commit: true}
		}
		return nil
	})
	anna := l.user("anna")
	l.push()
	l.product.SetFault(nil)
	l.later(time.Hour)
	if a := l.wantState("User", anna, push.StateConfirmed); a.Origin != push.OriginCreated || len(l.product.People()) != 1 {
		t.Errorf("origin %s, Zendesk holds %+v", a.Origin, l.product.People())
	}
}

func teamsSurvive(t *testing.T, l *restLife) {
	anna := l.user("anna")
	l.push()
	l.product.SetTeam("anna@atelier.fr", "7")
	l.set("User", anna, "name.familyName", "Dupont")
	l.push()
	if team, p := l.product.Team("anna@atelier.fr"), l.person("anna"); team != "7" || !strings.Contains(p.Name, "Dupont") {
		t.Errorf("team %q, %+v", team, p)
	}
}

func linkedIsNotRemoved(t *testing.T, l *restLife) {
	l.user("anna")
	l.push()
	other := newRestLife(t, l.db, l.profile, l.product) // another company's directory, over the same product
	other.app.LinkExisting = true
	must(t, dbtest.UpdateApp(t.Context(), other.db, other.caller.Actor, other.app))
	linked := other.user("anna")
	other.push()
	if a := other.wantState("User", linked, push.StateConfirmed); a.Origin != push.OriginLinked {
		t.Fatalf("origin %s", a.Origin)
	}
	other.set("User", linked, "active", false)
	other.push()
	if a := other.wantState("User", linked, push.StateFailed); a.Class != push.ClassNeedsAdmin || other.person("anna").ID == "" {
		t.Errorf("class %s, error %q, HubSpot holds %+v", a.Class, a.Error, other.product.People())
	}
}

func dropboxInvitation(t *testing.T, l *restLife) {
	anna, ben := l.user("anna"), l.user("ben")
	l.push()
	l.product.Accept("ben@atelier.fr")
	for _, id := range []string{anna, ben} {
		l.set("User", id, "active", false)
	}
	l.push()
	l.wantState("User", anna, push.StateConfirmed)
	if all := l.product.People(); len(all) != 1 || all[0].State != "suspended" {
		t.Errorf("Dropbox holds %+v, want ben alone, suspended", all)
	}
	l.set("User", anna, "active", true)
	l.push()
	if l.wantState("User", anna, push.StateConfirmed); l.person("anna").State != "invited" {
		t.Errorf("Dropbox holds %+v, want anna invited again", l.product.People())
	}
}

func departmentKept(t *testing.T, l *restLife) {
	const department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"
	anna := l.user("anna")
	for _, want := range []any{"Vente", "Achats", nil} {
		l.set("User", anna, department, want)
		l.push()
		l.wantState("User", anna, push.StateConfirmed)
		u, _, err := l.engine.ReadUser(t.Context(), l.app, l.account("User", anna).RemoteID)
		must(t, err)
		held, _ := u["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"].(map[string]any)
		if held["department"] != want {
			t.Errorf("Microsoft 365 shows %v, want the department %v", u, want)
		}
		must(t, l.engine.Compare(t.Context(), l.app, func(c push.Comparison) error {
			if c.Verdict != push.Matched {
				t.Errorf("%s is %s (%v)", c.Name, c.Verdict, c.Attributes)
			}
			return nil
		}))
	}
}
