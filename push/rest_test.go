package push_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/push"
	"proprio/push/profiles"
	"proprio/push/rest"
	"proprio/push/rest/standin"
	"proprio/resources"
)

// restProducts are the products that do not speak SCIM, by their profiles.
var restProducts = []struct {
	profile string
	start   func(testing.TB) *standin.Server
	creates string // what its creations begin with
	names   bool   // it takes a changed name
	accepts bool   // an account is complete only once the person has accepted an invitation
}{
	{profile: "pipedrive", start: standin.Pipedrive, creates: "POST /v1/users"},
	{profile: "lastpass-enterprise", start: standin.LastPass, creates: "batchadd", names: true},
	{profile: "hubstaff-invitations", start: standin.Hubstaff, creates: "POST /v2/organizations/42/invites"},
	{profile: "zendesk", start: standin.Zendesk, creates: "POST /api/v2/users", names: true},
	{profile: "hubspot-users", start: standin.HubSpot, creates: "POST /settings/v3/users", names: true},
	{profile: "google-workspace", start: standin.Google, creates: "POST /admin/directory/v1/users", names: true},
	{profile: "microsoft-365", start: standin.Graph, creates: "POST /v1.0/users", names: true},
	{profile: "dropbox", start: standin.Dropbox, creates: "POST /2/team/members/add_v2", names: true, accepts: true},
}

// Every product without SCIM, through one life of accounts and groups: its stand-in refuses what the product refuses.
func TestEveryProductWithoutSCIM(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		eachWithoutSCIM(t, d, func(t *testing.T, l *restLife) {
			l.create()
			l.update()
			l.rename()
			l.groups()
			l.deactivate()
			l.reactivate()
			l.asWritten()
			l.leave()
			l.wantNothingRefused()
			l.lostAnswer()
			l.leaveWhileDown()
			l.tooFast()
			l.down()
			l.refusedCredential()
		})
	})
}

// eachWithoutSCIM plays with each product without SCIM, one after the other: an engine works for all companies of its database.
func eachWithoutSCIM(t *testing.T, d *db.DB, play func(t *testing.T, l *restLife)) {
	t.Helper()
	set, err := profiles.Load(nil)
	must(t, err)
	for _, product := range restProducts {
		t.Run(product.profile, func(t *testing.T) {
			p, _ := set.Get(product.profile)
			l := newRestLife(t, d, unhurried(t, p), product.start(t))
			l.names, l.creates, l.accepts = product.names, product.creates, product.accepts
			play(t, l)
		})
	}
}

// restLife is one company's people and groups in one product.
type restLife struct {
	*world
	t              *testing.T
	profile        profiles.Profile
	product        *standin.Server
	creates        string
	names, accepts bool
	anna, ben      string
	carla          string
	people         []string // others
	sales          string
}

func newRestLife(t *testing.T, d *db.DB, p profiles.Profile, s *standin.Server) *restLife {
	t.Helper()
	w := newWorld(t, d)
	w.engine.Profiles, w.engine.Connectors = setOf(t, p), rest.Connectors()
	must(t, w.engine.Check(push.App{Name: p.Title, Profile: p.Name, URL: s.URL, AllowPrivate: true}, s.Credential))
	app, err := w.db.CreateApp(t.Context(), w.caller.Actor, push.App{Company: w.caller.Company, ID: newID(), Name: p.Title, Profile: p.Name,
		URL: s.URL, AllowPrivate: true}, []byte(s.Credential))
	must(t, err)
	w.app = app
	return &restLife{world: w, t: t, profile: p, product: s}
}

func (l *restLife) person(name string) standin.Person { return l.product.Person(name + "@atelier.fr") }

// accept has everybody take up their invitations.
func (l *restLife) accept() {
	for _, p := range l.product.People() {
		if l.accepts {
			l.product.Accept(p.Address)
		}
	}
}

func (l *restLife) wantActive(name string, want bool) {
	l.t.Helper()
	p := l.person(name)
	if gone := p == (standin.Person{}); gone && (want || l.profile.Users.Deactivate != "delete" && l.profile.Protocol != "hubstaff") || !gone && p.Active != want {
		l.t.Fatalf("the product holds %+v, want active=%t; it was asked %v", p, want, l.product.Heard())
	}
}

func (l *restLife) create() {
	l.t.Helper()
	l.anna, l.ben = l.user("anna"), l.user("ben")
	l.push()
	l.accept()
	a := l.wantState("User", l.anna, push.StateConfirmed)
	if p := l.person("anna"); !p.Active || p.ID != a.RemoteID || a.Origin != push.OriginCreated || len(l.product.People()) != 2 {
		l.t.Fatalf("account %+v, the product holds %+v", a, l.product.People())
	}
}

func (l *restLife) update() {
	l.t.Helper()
	l.set("User", l.anna, "title", "Directrice")
	l.set("User", l.anna, "displayName", "anna Dupont")
	l.set("User", l.anna, "name.familyName", "Dupont")
	l.push()
	l.wantState("User", l.anna, push.StateConfirmed)
	if p := l.person("anna"); strings.Contains(p.Name, "Dupont") != l.names {
		l.t.Errorf("the product holds %+v", p)
	}
}

func (l *restLife) rename() {
	l.t.Helper()
	before := l.account("User", l.anna).RemoteID
	l.set("User", l.anna, "userName", "anne@atelier.fr")
	l.push()
	if l.profile.Users.Fixes("userName") {
		if a := l.wantState("User", l.anna, push.StateFailed); a.Class != push.ClassNeedsAdmin || !strings.Contains(a.Error, "never changes a userName") {
			l.t.Errorf("class %s, error %q", a.Class, a.Error)
		}
	} else if l.wantState("User", l.anna, push.StateConfirmed); l.person("anne").ID != before || len(l.product.People()) != 2 {
		l.t.Errorf("the product holds %+v, want the same account under its new name", l.product.People())
	}
	l.set("User", l.anna, "userName", "anna@atelier.fr")
	l.push()
	l.wantState("User", l.anna, push.StateConfirmed)
}

// groups has a group of more members than one page and one call hold; one leaves it, and it is renamed.
func (l *restLife) groups() {
	l.t.Helper()
	many := []string{l.anna, l.ben}
	for i := range 22 {
		many = append(many, l.user(fmt.Sprintf("p%02d", i)))
	}
	lost := false
	l.product.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if lost || r.Method != http.MethodPost || !strings.HasSuffix(r.Path, "/groups") {
			return nil
		}
		lost = true
		return &standin.Fault{Drop: true, Commit: true}
	})
	l.sales = l.group("L'Équipe", many...)
	l.push()
	l.later(time.Hour)
	l.product.SetFault(nil)
	l.accept()
	if l.profile.Groups.Unsupported {
		return
	}
	if a := l.wantState("Group", l.sales, push.StateConfirmed); !lost || a.Origin != push.OriginCreated {
		l.t.Errorf("origin %s, answer lost: %t", a.Origin, lost)
	}
	if g, _ := l.product.Group("L'Équipe"); len(g.Members) != 24 {
		l.t.Fatalf("the group has %d members, want 24", len(g.Members))
	}
	l.modify("Group", l.sales, resources.OpReplace, "members", refs(many[:3]))
	l.set("Group", l.sales, "displayName", "Vente")
	l.push()
	l.wantState("Group", l.sales, push.StateConfirmed)
	if g, _ := l.product.Group("Vente"); !slices.Equal(g.Members, []string{"anna@atelier.fr", "ben@atelier.fr", "p00@atelier.fr"}) {
		l.t.Errorf("the group is %+v", g)
	}
}

func (l *restLife) deactivate() {
	l.t.Helper()
	l.set("User", l.anna, "active", false)
	l.push()
	l.wantState("User", l.anna, push.StateConfirmed)
	l.wantActive("anna", false)
}

func (l *restLife) reactivate() {
	l.t.Helper()
	l.set("User", l.anna, "active", true)
	l.push()
	l.accept()
	l.wantState("User", l.anna, push.StateConfirmed)
	l.wantActive("anna", true)
	if l.profile.Groups.Unsupported {
		return
	}
	l.wantState("Group", l.sales, push.StateConfirmed)
	if g, _ := l.product.Group("Vente"); len(g.Members) != 3 {
		l.t.Errorf("the group is %+v after somebody came back", g)
	}
}

// asWritten reads everything back and finds it as it was written.
func (l *restLife) asWritten() {
	l.t.Helper()
	seen := 0
	must(l.t, l.engine.Compare(l.t.Context(), l.app, func(c push.Comparison) error {
		seen++
		if c.Verdict != push.Matched && c.Name != "owner@atelier.fr" {
			l.t.Errorf("%s %s is %s (%v): %s", c.ObjectType, c.Name, c.Verdict, c.Attributes, c.Why)
		}
		return nil
	}))
	if seen < 24 {
		l.t.Errorf("%d objects compared, want 24 and the group", seen)
	}
}

// leave: somebody is removed from the directory, and is out; nobody is deleted where that is not the product's word for it.
func (l *restLife) leave() {
	l.t.Helper()
	l.remove("User", l.anna)
	l.push()
	l.wantState("User", l.anna, push.StateRemoved)
	l.wantActive("anna", false)
	deleted := 0
	for _, r := range l.product.Heard() {
		l.judge(r)
		if r.Method == http.MethodDelete && strings.Contains(r.Path, "/users/") && !strings.Contains(r.Path, "/groups/") || strings.Contains(r.Body, "deluser") || strings.Contains(r.Path, "members/remove") {
			deleted++
		}
	}
	if (deleted > 0) != (l.profile.Users.Deactivate == "delete") {
		l.t.Errorf("%d accounts deleted", deleted)
	}
}

func (l *restLife) judge(r standin.Request) {
	if strings.Contains(r.Path, "/groups/") {
		return // who comes back is put in again, and the product may say that they never left
	}
	if r.Status >= 400 && r.Status < 500 && r.Status != http.StatusNotFound {
		l.t.Errorf("%s was answered %d: what was sent is refused: %s", r, r.Status, r.Body)
	}
}

func (l *restLife) wantNothingRefused() {
	for _, r := range l.product.Heard() {
		l.judge(r)
	}
}

// isCreation says whether a request makes somebody's account.
func (l *restLife) isCreation(r standin.Request, name string) bool {
	return strings.HasPrefix(r.String()+" "+r.Body, l.creates) && strings.Contains(r.Body, name+"@") || strings.Contains(r.Body, l.creates) && strings.Contains(r.Body, name+"@")
}

// lostAnswer: an account is made, and the answer does not come. No second one is made.
func (l *restLife) lostAnswer() {
	l.t.Helper()
	before, lost := len(l.product.People()), new(atomic.Int64)
	l.product.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if l.isCreation(r, "carla") {
			lost.Add(1)
			return &standin.Fault{Drop: true, Commit: true}
		}
		return nil
	})
	l.carla = l.user("carla")
	l.push()
	if lost.Load() != 1 {
		l.t.Fatalf("%d creations were begun, want 1: %v", lost.Load(), l.product.Heard())
	}
	l.product.SetFault(nil)
	l.later(time.Hour)
	a := l.wantState("User", l.carla, push.StateConfirmed)
	if a.Origin != push.OriginCreated || len(l.product.People()) != before+1 {
		l.t.Errorf("origin %s, %d accounts, want one more than %d", a.Origin, len(l.product.People()), before)
	}
	l.product.Heard()
}

// leaveWhileDown: somebody is removed from the directory while the product is down, and is out once it is back.
func (l *restLife) leaveWhileDown() {
	l.t.Helper()
	l.accept()
	l.product.SetFault(func(int, standin.Request) *standin.Fault { return &standin.Fault{Status: http.StatusBadGateway} })
	l.remove("User", l.carla)
	l.push()
	l.wantState("User", l.carla, push.StateFailed)
	l.product.SetFault(nil)
	l.later(time.Hour)
	l.wantState("User", l.carla, push.StateRemoved)
	l.wantActive("carla", false)
	l.product.Heard()
}

// tooFast: the product's own word for it holds the app for as long as it asks.
func (l *restLife) tooFast() {
	l.t.Helper()
	l.product.SetFault(func(int, standin.Request) *standin.Fault {
		return &standin.Fault{Status: http.StatusTooManyRequests, RetryAfter: 2 * time.Minute}
	})
	dora := l.user("dora")
	l.push()
	l.product.SetFault(nil)
	l.product.Heard()
	l.later(110 * time.Second)
	if heard := l.product.Heard(); len(heard) != 0 {
		l.t.Errorf("requests %v before the product's time is over", heard)
	}
	l.later(15 * time.Second)
	l.wantState("User", dora, push.StateConfirmed)
}

func (l *restLife) down() {
	l.t.Helper()
	l.product.SetFault(func(int, standin.Request) *standin.Fault { return &standin.Fault{Status: http.StatusBadGateway} })
	emil := l.user("emil")
	l.push()
	if a := l.wantState("User", emil, push.StateFailed); a.Class != push.ClassTransient {
		l.t.Errorf("class %s, error %q", a.Class, a.Error)
	}
	l.product.SetFault(nil)
	l.later(time.Hour)
	l.wantState("User", emil, push.StateConfirmed)
}

// refusedCredential: the app is set aside at once, and says why.
func (l *restLife) refusedCredential() {
	l.t.Helper()
	l.product.SetFault(func(int, standin.Request) *standin.Fault { return &standin.Fault{Status: http.StatusUnauthorized} })
	l.user("fred")
	l.product.Heard()
	l.push()
	app, err := l.db.App(l.t.Context(), l.app.Company, l.app.ID)
	must(l.t, err)
	if app.BlockedUntil.Sub(l.clock.Now()) < time.Minute || !strings.Contains(app.BlockedReason, "token") {
		l.t.Errorf("the app is blocked until %s: %q", app.BlockedUntil, app.BlockedReason)
	}
	if heard := l.product.Heard(); len(heard) > 6 {
		l.t.Errorf("%d calls with a refused credential", len(heard))
	}
}
