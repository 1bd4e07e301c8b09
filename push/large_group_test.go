package push_test

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/push"
	"proprio/push/profiles"
	"proprio/resources"
	"proprio/resources/load"
)

// How many people a large group has: several calls' worth in every product, or the whole.
const (
	severalCalls = 150
	whole        = 5000
)

func crowd() int {
	if os.Getenv("PROPRIO_CAMPAIGN") == "full" {
		return whole
	}
	return severalCalls
}

// newcomers is a list of people to bring in.
type newcomers struct{ next, count int }

// Next implements load.Source.
func (n *newcomers) Next() (load.Row, error) {
	if n.next == n.count {
		return load.Row{}, io.EOF
	}
	n.next++
	name := fmt.Sprintf("p%04d", n.next)
	return load.Row{Line: n.next, Input: input{"userName": name + "@atelier.fr", "displayName": name, "active": true,
		"name": map[string]any{"givenName": name, "familyName": "Martin"}, "title": "Comptable",
		"emails":       []any{map[string]any{"value": name + "@atelier.fr", "type": "work", "primary": true}},
		"entitlements": []any{map[string]any{"value": "Standard User"}}}}, nil
}

// crowd brings people into the directory and the app, and returns their ids.
func (w *world) crowd(n int) []string {
	w.t.Helper()
	ids := make([]string, n)
	l := &load.Loader{Directory: w.directory, Caller: w.caller, Type: w.registry.Type(resources.TypeUser),
		Tell: func(t load.Told) { ids[t.Line-1] = t.ID }}
	totals, err := l.Load(w.t.Context(), &newcomers{count: n})
	must(w.t, err)
	if totals.Created != n {
		w.t.Fatalf("%+v, want %d people created", totals, n)
	}
	w.push()
	return ids
}

// A group of many in every product that has groups: its members go in calls of the size that the product takes, all of them, and
// whoever joins or leaves is no more than that. The people are brought into the app once, which then becomes one product after
// the other; each time it has lost the group, so that all its members are sent as that product takes them.
func TestEveryProductTakesALargeGroup(t *testing.T) {
	t.Parallel()
	set, err := profiles.Load(nil)
	must(t, err)
	var products []profiles.Profile
	for _, name := range set.Names() {
		if p, _ := set.Get(name); p.Protocol == "scim" && !p.Groups.Unsupported {
			products = append(products, unhurried(t, p))
		}
	}
	slices.SortStableFunc(products, func(a, b profiles.Profile) int { return cmp.Compare(a.Members.PerCall, b.Members.PerCall) })
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.engine.Profiles = setOf(t, products...)
		ids := w.crowd(crowd())
		in := ids[:min(len(ids), 1000)]
		group := w.group(large, in...)
		w.push()
		for _, p := range products {
			if d.Postgres() && len(ids) == whole && !slices.Contains([]string{"generic", "aws-iam-identity-center", "miro"}, p.Name) {
				continue // what Postgres does with the whole is the same for all; each comes with several calls' worth
			}
			t.Run(p.Name, func(t *testing.T) {
				w.t = t
				if p.Members.PerCall > 1 && len(in) < len(ids) { // where each is a call, a thousand calls are enough
					w.modify("Group", group, resources.OpAdd, "members", refs(ids[len(in):]))
					in = ids
				}
				w.becomes(p)
				w.largeGroup(p, group, in)
			})
		}
	})
}

// large is what the group of many is called.
const large = "Tous"

// becomes makes the app another product, whose people are the same and which has lost the large group.
func (w *world) becomes(p profiles.Profile) {
	w.t.Helper()
	var err error
	w.app, err = w.db.UpdateApp(w.t.Context(), w.caller.Actor, w.app.Company, w.app.ID, func(a push.App) (push.App, error) {
		a.Profile, a.LinkExisting = p.Name, p.Groups.NoCreate
		return a, nil
	})
	must(w.t, err)
	w.stand.Profile = p
	for _, g := range w.stand.Groups() {
		w.stand.Remove(g["id"].(string))
	}
	if p.Groups.NoCreate {
		w.stand.AddGroup(map[string]any{"displayName": large})
	}
	w.stand.Heard()
}

func (w *world) largeGroup(p profiles.Profile, group string, ids []string) {
	w.t.Helper()
	calls := func(people int) int { return (people + p.Members.PerCall - 1) / p.Members.PerCall }
	some := ids[:min(len(ids)/2, 150)] // more than one call takes, in most products
	w.modify("Group", group, resources.OpRemove, `members[value eq "`+ids[0]+`"]`, nil)
	w.pushTo(p)
	w.wantLarge(group, len(ids)-1, 1+calls(len(ids)-1)) // the call that found the group gone, and those that filled it
	w.modify("Group", group, resources.OpAdd, "members", refs(ids[:1]))
	w.pushTo(p)
	w.wantLarge(group, len(ids), 1)
	w.set("Group", group, "members", refs(ids[len(some):]))
	w.pushTo(p)
	w.wantLarge(group, len(ids)-len(some), calls(len(some)))
	w.modify("Group", group, resources.OpAdd, "members", refs(some))
	w.pushTo(p)
	w.wantLarge(group, len(ids), calls(len(some)))
}

// wantLarge wants the large group to have so many members, each once, after so many calls none of which was refused.
func (w *world) wantLarge(group string, members, calls int) {
	w.t.Helper()
	w.wantState("Group", group, push.StateConfirmed)
	names, ok := w.stand.Members(large)
	if distinct := len(slices.Compact(slices.Clone(names))); !ok || len(names) != members || distinct != members {
		w.t.Fatalf("the app's group has %d members (%d of them distinct), want %d", len(names), distinct, members)
	}
	heard := w.stand.Heard()
	if n := count(heard, http.MethodPatch, "/Groups"); n != calls {
		w.t.Errorf("%d calls changed the group, want %d", n, calls)
	}
	for _, r := range heard {
		if r.Status >= 400 && r.Status != http.StatusNotFound {
			w.t.Errorf("%s was answered %d: the engine sent what the product refuses: %.300s", r, r.Status, r.Body)
		}
	}
}

// The same in every product without SCIM that has groups.
func TestEveryProductWithoutSCIMTakesALargeGroup(t *testing.T) {
	t.Parallel()
	set, err := profiles.Load(nil)
	must(t, err)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		people := crowd()
		if d.Postgres() { // as above
			people = severalCalls
		}
		for _, product := range restProducts {
			p, _ := set.Get(product.profile)
			if p.Groups.Unsupported {
				continue
			}
			t.Run(p.Name, func(t *testing.T) {
				l := newRestLife(t, d, unhurried(t, p), product.start(t))
				l.largeGroup(l.crowd(people))
			})
		}
	})
}

func (l *restLife) largeGroup(ids []string) {
	l.t.Helper()
	group := l.group(large, ids[1:]...)
	for _, step := range []struct {
		members int
		change  func()
	}{
		{len(ids) - 1, func() {}},
		{len(ids), func() { l.modify("Group", group, resources.OpAdd, "members", refs(ids[:1])) }},
		{len(ids) - 100, func() { l.set("Group", group, "members", refs(ids[100:])) }},
		{0, func() { l.remove("Group", group) }},
	} {
		step.change()
		l.push()
		g, _ := l.product.Group(large)
		if distinct := len(slices.Compact(slices.Clone(g.Members))); len(g.Members) != step.members || distinct != step.members {
			l.t.Fatalf("the product's group has %d members (%d of them distinct), want %d", len(g.Members), distinct, step.members)
		}
		for _, r := range l.product.Heard() {
			if r.Status >= 400 && r.Status != http.StatusNotFound {
				l.t.Errorf("%s was answered %d: what was sent is refused: %.300s", r, r.Status, r.Body)
			}
		}
	}
}
