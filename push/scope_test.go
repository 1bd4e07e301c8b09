package push

import "testing"

func TestPlace(t *testing.T) {
	t.Parallel()
	open, limited := App{ID: "app"}, App{ID: "app", ScopeGroups: []string{"g1", "g2"}}
	in := Standing{Exists: true, Active: true, Groups: []string{"g2"}}
	for name, c := range map[string]struct {
		app       App
		kind      string
		standing  Standing
		wish      Wish
		rank      Rank
		onlyKnown bool
	}{
		"in force":              {open, "User", in, WishActive, RankUser, false},
		"in a scope group":      {limited, "User", in, WishActive, RankUser, false},
		"in another group":      {limited, "User", Standing{Exists: true, Active: true, Groups: []string{"g3"}}, WishInactive, RankRevoke, true},
		"inactive":              {open, "User", Standing{Exists: true}, WishActive, RankRevoke, true},
		"on hold":               {open, "User", Standing{Exists: true, Active: true, Hold: "outside-domain"}, WishInactive, RankRevoke, true},
		"removed":               {open, "User", Standing{}, WishInactive, RankRevoke, true},
		"group":                 {open, "Group", Standing{Exists: true}, WishActive, RankGroup, false},
		"scope group":           {limited, "Group", Standing{Exists: true}, WishInactive, RankGroup, true},
		"group that is removed": {open, "Group", Standing{}, WishInactive, RankGroup, true},
	} {
		p := place(c.app, c.kind, "g9", c.standing)
		i, ok := p.intent(c.app, c.kind, "g9", c.standing)
		if p.wish != c.wish || p.rank != c.rank || i.OnlyKnown != c.onlyKnown || p.why == "" {
			t.Errorf("%s: %+v, %+v", name, p, i)
		}
		if ok == c.onlyKnown {
			t.Errorf("%s: an app without a row for it hears of it: %v", name, ok)
		}
		c.standing.Apps = []string{"app"}
		if _, ok := p.intent(c.app, c.kind, "g9", c.standing); !ok {
			t.Errorf("%s: an app that has a row for it hears nothing", name)
		}
	}
}
