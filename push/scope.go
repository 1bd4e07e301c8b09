package push

import (
	"context"
	"slices"

	"proprio/resources"
)

// placement is where an object stands towards one app, and why.
type placement struct {
	wish   Wish
	rank   Rank
	active bool // of a User in scope; an inactive one is kept up to date where it is, and made nowhere
	why    string
	broken *failure // nobody knows: the app's expression failed on the User. What the app holds stays as it is
}

// scoped is what an app's expression says of a User.
type scoped struct {
	in     bool
	why    string   // the expression
	broken *failure // it failed
}

// scopedFor is what an app's expression says of a User; an app without one takes everybody in.
func (s Standing) scopedFor(app App) scoped {
	if app.Settings.Scope == "" {
		return scoped{in: true}
	}
	if found, ok := s.scoped[app.ID]; ok {
		return found
	}
	return scoped{broken: needs(ClassTransient, "the app's scope was not looked at for this User")}
}

// standings are the standings of objects towards some apps.
func standings(ctx context.Context, store Plans, book *Rulebook, apps []App, company, kind string, ids []string) (map[string]Standing, error) {
	found, err := store.Standings(ctx, company, kind, ids)
	if err == nil && kind == resources.TypeUser {
		err = book.scopes(ctx, store, apps, company, found)
	}
	return found, err
}

// place decides whether an object belongs in an app. Planner and worker both ask it: the planner to raise a
// generation, the worker, later, for what is true when it calls.
func place(app App, objectType, objectID string, s Standing) placement {
	if objectType == resources.TypeGroup {
		return placeGroup(app, objectID, s)
	}
	out := placement{wish: WishInactive, rank: RankRevoke}
	by := s.scopedFor(app)
	switch {
	case !s.Exists:
		out.why = "the User was removed"
	case s.Hold != "":
		out.why = "the User is on hold: " + s.Hold
	case len(app.ScopeGroups) > 0 && !slices.ContainsFunc(app.ScopeGroups, func(g string) bool { return slices.Contains(s.Groups, g) }):
		out.why = "the User is in none of the groups that the app is limited to"
	case by.broken == nil && !by.in:
		out.why = "the User is outside the app's scope: this is false of it: " + by.why
	case !s.Active:
		return placement{wish: WishActive, rank: RankRevoke, why: "the User is inactive"}
	case by.broken != nil:
		return placement{wish: WishActive, rank: RankUser, active: true, why: "the app's scope failed on the User", broken: by.broken}
	case by.why != "":
		return placement{wish: WishActive, rank: RankUser, active: true, why: "the User is in the app's scope: this is true of it: " + by.why}
	default:
		return placement{wish: WishActive, rank: RankUser, active: true, why: "the User is in the app's scope"}
	}
	return out
}

func placeGroup(app App, id string, s Standing) placement {
	switch {
	case !s.Exists:
		return placement{wish: WishInactive, rank: RankGroup, why: "the Group was removed"}
	case len(app.ScopeGroups) > 0 && !slices.Contains(app.ScopeGroups, id):
		return placement{wish: WishInactive, rank: RankGroup, why: "the Group is none of those that the app is limited to"}
	}
	return placement{wish: WishActive, rank: RankGroup, active: true, why: "the Group is in the app's scope"}
}

// intent turns a placement into what the store is asked; ok is false when the app need not hear of the object.
func (p placement) intent(app App, objectType, objectID string, s Standing) (i Intent, ok bool) {
	i = Intent{App: app.ID, ObjectType: objectType, ObjectID: objectID, ObjectName: s.Name, Wish: p.wish, Rank: p.rank}
	i.OnlyKnown = p.wish == WishInactive || !p.active
	if p.broken != nil && slices.Contains(s.Apps, app.ID) {
		i.OnlyKnown, i.Wish = true, "" // what it should be is what it was
	}
	return i, !i.OnlyKnown || slices.Contains(s.Apps, app.ID)
}
