package db_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/resources/filter"
)

var (
	filterSeed  = flag.Uint64("filter.seed", 0, "seed of TestFindEqualsMatch (0: random)")
	filterCount = flag.Int("filter.count", 200, "conditions that TestFindEqualsMatch tries on each database and type")
)

func TestFindEqualsMatch(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		seed := *filterSeed
		if seed == 0 {
			seed = rand.Uint64()
		}
		t.Logf("to repeat: -filter.seed %d", seed)
		w := newWorld(d)
		g := generator{Rand: rand.New(rand.NewPCG(seed, 0))}
		w.populate(t, g)
		g.ids = append(g.ids, w.views[resources.TypeUser][3].Resource.ID, w.views[resources.TypeGroup][2].Resource.ID, "ext-1", "EXT-1")
		w.tryConditions(t, g, resources.TypeUser, resources.TypeGroup)
	})
}

// tryConditions compares what the database finds by random conditions with what Match does.
func (w *world) tryConditions(t *testing.T, g generator, types ...string) {
	t.Helper()
	some := 0
	for _, typ := range types {
		for range *filterCount {
			text := g.filter(w.registry.Type(typ), 3)
			cond := w.bindGenerated(t, typ, text)
			if cond == nil {
				continue
			}
			want := w.match(typ, cond)
			if len(want) > 0 && len(want) < len(w.views[typ]) {
				some++
			}
			if diff := cmp.Diff(want, w.find(t, w.caller, typ, cond)); diff != "" {
				w.explain(t, typ, text, cond, diff)
			}
		}
	}
	if some < *filterCount/4 {
		t.Errorf("only %d of %d conditions matched some resources and not all: the generator tells nothing", some, len(types)**filterCount)
	}
}

// populate fills a company, and a second one that must never show.
func (w *world) populate(t *testing.T, g generator) {
	t.Helper()
	for range 6 {
		g.ids = append(g.ids, uuid.NewString())
	}
	user, group := w.registry.Type(resources.TypeUser), w.registry.Type(resources.TypeGroup)
	var members []resources.Member
	for i := range 40 {
		o := object{typ: user.Name, body: g.document(user, fmt.Sprintf("%s %d", g.word(), i))}
		if g.chance(60) {
			o.externalID = []string{"ext-1", "ext-2", "EXT-1", g.word()}[g.IntN(4)]
		}
		members = append(members, resources.Member{ID: w.add(t, o), Type: user.Name})
	}
	for i := range 20 {
		o := object{typ: group.Name, body: g.document(group, fmt.Sprintf("%s %d", g.word(), i%15))}
		for _, m := range members {
			if g.chance(15) {
				o.members = append(o.members, m)
			}
		}
		members = append(members, resources.Member{ID: w.add(t, o), Type: group.Name})
	}
	w.link()
	other := newWorld(w.DB)
	for i := range 5 {
		other.add(t, object{typ: user.Name, body: g.document(user, fmt.Sprintf("%s %d", g.word(), i)), externalID: "ext-1"})
	}
}

// bindGenerated binds a generated filter; nil when it is about an attribute that the server makes up, the only reason
// to refuse one.
func (w *world) bindGenerated(t *testing.T, typ, text string) resources.Condition {
	t.Helper()
	e, err := filter.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	cond, err := w.registry.Type(typ).Bind(e)
	if err == nil {
		return cond
	}
	if !errors.Is(err, resources.ErrInvalidFilter) || !strings.Contains(err.Error(), "it is made from") {
		t.Fatalf("%s: %v", text, err)
	}
	return nil
}

// explain narrows a difference down to one resource.
func (w *world) explain(t *testing.T, typ, text string, cond resources.Condition, diff string) {
	t.Helper()
	sql, args, err := db.CompileCondition(w.DB, w.caller, typ, cond)
	t.Errorf("%s: Match (-) and SQL (+) differ:\n%s\nSQL: %s\nargs: %q, %v", text, diff, sql, args, err)
	for _, v := range w.views[typ] {
		if strings.Contains(diff, v.Resource.ID) {
			t.Logf("such as: %s\nexternalId %q, index %+v", v.Resource.Body, v.Resource.ExternalID, v.Resource.Index)
			return
		}
	}
}
