package push_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/push"
	"proprio/push/profiles"
	"proprio/push/standin"
)

// Every product of the catalogue, through one life of accounts and groups: its stand-in refuses what the product refuses,
// so whatever the engine sends that the profile forbids fails the test.
func TestEveryProductOfTheCatalogue(t *testing.T) {
	t.Parallel()
	set, err := profiles.Load(fstest.MapFS{ // and one whose answers are as odd as answers get
		"odd.json": {Data: []byte(`{"name": "odd", "title": "Odd", "paging": {"style": "none"}, "answers": {"patch": 204, "conflict": "plain",
			"notFound": "html", "retryAfter": "date", "errorInside": true, "exactFilter": true, "forgetsMembers": true}}`)}})
	must(t, err)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, name := range set.Names() {
			p, _ := set.Get(name)
			if p.Protocol != "scim" {
				continue // by hand: see byhand_test.go; by another interface: see package push/rest
			}
			t.Run(name, func(t *testing.T) { // one after the other: an engine works for all companies of its database
				l := newLife(t, d, unhurried(t, p))
				l.create()
				l.update()
				l.rename()
				l.memberBeforeUser()
				l.deactivate()
				l.reactivate()
				l.lostAnswer()
				l.leaveWhileDown()
				l.leave()
				l.wantNothingRefused()
			})
		}
	})
}

// setOf has profiles besides those that come with the program, or in their place.
func setOf(t testing.TB, products ...profiles.Profile) *profiles.Set {
	t.Helper()
	files := fstest.MapFS{}
	for _, p := range products {
		text, err := json.Marshal(p)
		must(t, err)
		files[p.Name+".json"] = &fstest.MapFile{Data: text}
	}
	set, err := profiles.Load(files)
	must(t, err)
	return set
}

// unhurried is a profile without its pace.
func unhurried(t *testing.T, p profiles.Profile) profiles.Profile {
	t.Helper()
	p.Rate.PerSecond, p.Rate.Burst, p.Rate.Concurrency = 1000, 1000, 8
	text, err := json.Marshal(p)
	must(t, err)
	p, err = profiles.Parse(text)
	must(t, err)
	return p
}

// life is one company's people and groups in one product.
type life struct {
	*world
	t       *testing.T
	profile profiles.Profile
	anna    string
	carla   string
	heard   []standin.Request
}

func (l *life) push() {
	l.t.Helper()
	l.pushTo(l.profile)
}

// pushTo also waits for what a product does only after its answer.
func (w *world) pushTo(p profiles.Profile) {
	w.t.Helper()
	w.push()
	if ahead := p.Answers.Ahead; ahead > 0 {
		w.later(time.Duration(ahead) * time.Minute)
	}
}

func newLife(t *testing.T, d *db.DB, p profiles.Profile) *life {
	t.Helper()
	w := newWorld(t, d)
	w.engine.Profiles = setOf(t, p)
	w.stand = standOf(t, p, w.clock.Now)
	w.app = w.addApp(push.App{Name: p.Title, Profile: p.Name, URL: w.stand.URL, LinkExisting: p.Groups.NoCreate})
	return &life{world: w, t: t, profile: p}
}

// person is what every product takes a User with.
func (l *life) person(name string) string {
	return l.user(name, input{"title": "Comptable", "entitlements": []any{map[string]any{"value": "Standard User"}}})
}

func (l *life) remote(name string) map[string]any { return l.stand.User(name + "@atelier.fr") }

func (l *life) create() {
	l.t.Helper()
	l.anna = l.person("anna")
	l.push()
	a := l.wantState("User", l.anna, push.StateConfirmed)
	if u := l.remote("anna"); u == nil || u["active"] == false || u["id"] != a.RemoteID || a.Origin != push.OriginCreated {
		l.t.Fatalf("account %+v, the app holds %v", a, u)
	}
}

func (l *life) update() {
	l.t.Helper()
	l.set("User", l.anna, "title", "Directrice")
	l.set("User", l.anna, "name.familyName", "Dupont")
	l.push()
	l.wantState("User", l.anna, push.StateConfirmed)
	u := l.remote("anna")
	if title, family := u["title"], fmt.Sprint(u["name"]); (title == "Directrice" && strings.Contains(family, "Dupont")) == l.profile.Users.Fixes("title") {
		l.t.Errorf("title fixed: %t, the app holds %v", l.profile.Users.Fixes("title"), u)
	}
}

func (l *life) rename() {
	l.t.Helper()
	before := l.account("User", l.anna).RemoteID
	l.set("User", l.anna, "userName", "anne@atelier.fr")
	l.push()
	if l.profile.Users.Fixes("userName") {
		if a := l.wantState("User", l.anna, push.StateFailed); a.Class != push.ClassNeedsAdmin || !strings.Contains(a.Error, "never changes a userName") {
			l.t.Errorf("class %s, error %q", a.Class, a.Error)
		}
		l.set("User", l.anna, "userName", "anna@atelier.fr")
		l.push()
		l.wantState("User", l.anna, push.StateConfirmed)
		return
	}
	l.wantState("User", l.anna, push.StateConfirmed)
	if u := l.remote("anne"); u == nil || u["id"] != before || len(l.stand.Users()) != 1 {
		l.t.Errorf("the app holds %v, want the same account under its new name", l.stand.Users())
	}
	l.set("User", l.anna, "userName", "anna@atelier.fr")
	l.push()
}

// The second of two members cannot be made at first: the group is partial, and complete as soon as its account is there.
func (l *life) memberBeforeUser() {
	l.t.Helper()
	if l.profile.Groups.NoCreate {
		l.stand.AddGroup(map[string]any{"displayName": "Vente"})
	}
	ben := l.person("ben")
	group := l.group("Vente", l.anna, ben)
	l.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if r.Method == http.MethodPost && strings.Contains(r.Body, "ben@") {
			return &standin.Fault{Status: http.StatusBadGateway}
		}
		return nil
	})
	l.push()
	if !l.profile.Groups.Unsupported {
		l.wantState("Group", group, push.StatePartial)
	}
	l.stand.SetFault(nil)
	l.later(time.Hour)
	l.later(time.Hour)
	l.wantState("User", ben, push.StateConfirmed)
	if l.profile.Groups.Unsupported {
		return
	}
	l.wantState("Group", group, push.StateConfirmed)
	l.wantMembers("Vente", "anna", "ben")
}

func (l *life) deactivate() {
	l.t.Helper()
	l.set("User", l.anna, "active", false)
	l.push()
	l.wantState("User", l.anna, push.StateConfirmed)
	if u := l.remote("anna"); u == nil || u["active"] != false {
		l.t.Errorf("the app holds %v, want an inactive account", u)
	}
}

func (l *life) reactivate() {
	l.t.Helper()
	l.set("User", l.anna, "active", true)
	l.push()
	if l.profile.Users.NoReactivation {
		if a := l.wantState("User", l.anna, push.StateFailed); a.Class != push.ClassNeedsAdmin || !strings.Contains(a.Error, "reactivate") {
			l.t.Errorf("class %s, error %q", a.Class, a.Error)
		}
		return
	}
	l.wantState("User", l.anna, push.StateConfirmed)
	if u := l.remote("anna"); u["active"] != true {
		l.t.Errorf("the app holds %v, want an active account", u)
	}
	if !l.profile.Groups.Unsupported {
		l.wantMembers("Vente", "anna", "ben")
	}
}

// An account is made, and the answer does not come: it is found again by what the product looks accounts up by.
func (l *life) lostAnswer() {
	l.t.Helper()
	before, lost := len(l.stand.Users()), new(atomic.Int64)
	l.stand.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if r.Method == http.MethodPost && strings.Contains(r.Body, "carla@") && lost.Add(1) == 1 {
			return &standin.Fault{Drop: true, Commit: true}
		}
		return nil
	})
	l.carla = l.person("carla")
	l.push()
	l.later(time.Hour)
	l.later(time.Hour)
	l.stand.SetFault(nil)
	a := l.wantState("User", l.carla, push.StateConfirmed)
	if n := len(l.stand.Users()); lost.Load() != 1 || a.Origin != push.OriginCreated || n != before+1 {
		l.t.Errorf("%d creations, origin %s, %d accounts, want one more than %d", lost.Load(), a.Origin, n, before)
	}
}

// Somebody is removed from the directory while the product is down: the access ends once it is back.
func (l *life) leaveWhileDown() {
	l.t.Helper()
	l.stand.SetFault(func(int, standin.Request) *standin.Fault {
		return &standin.Fault{Status: http.StatusServiceUnavailable}
	})
	l.remove("User", l.carla)
	l.push()
	l.wantState("User", l.carla, push.StateFailed)
	l.stand.SetFault(nil)
	l.later(time.Hour)
	l.later(time.Hour)
	l.wantState("User", l.carla, push.StateRemoved)
	if u := l.remote("carla"); u == nil || u["active"] != false {
		l.t.Errorf("the app holds %v, want an inactive account", u)
	}
}

// Somebody is removed from the directory: the account is deactivated, and deleted only where that is the product's word
// for it.
func (l *life) leave() {
	l.t.Helper()
	l.remove("User", l.anna)
	l.push()
	l.wantState("User", l.anna, push.StateRemoved)
	l.heard = l.stand.Heard()
	if u := l.remote("anna"); u == nil || u["active"] != false {
		l.t.Errorf("the app holds %v, want an inactive account", u)
	}
	if deleted := count(l.heard, http.MethodDelete, "/Users"); (deleted > 0) != (l.profile.Users.Deactivate == "delete") {
		l.t.Errorf("%d Users deleted", deleted)
	}
}

func (l *life) wantNothingRefused() {
	l.t.Helper()
	for _, r := range l.heard {
		if l.profile.Answers.ForgetsMembers && strings.Contains(r.Body, `"path":"members[`) {
			continue // the app has taken out the member already, and says that there is none
		}
		if r.Status >= 400 && r.Status < 500 && r.Status != http.StatusNotFound {
			l.t.Errorf("%s was answered %d: the engine sent what the product refuses: %s", r, r.Status, r.Body)
		}
		if l.profile.Groups.Unsupported && strings.HasPrefix(r.Path, "/Groups") {
			l.t.Errorf("%s: the product has no groups", r)
		}
	}
}
