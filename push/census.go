package push

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"proprio/resources"
	"proprio/scim/client"
)

const (
	// censusFrom is how many of a batch have to be new to the app before its list is read for them.
	censusFrom = 16
	// censusLife is how long a list is believed. What others make in the app meanwhile it refuses to make again (409).
	censusLife = 5 * time.Minute
)

// census is whom an app was seen to hold when many accounts were about to be made there. Whoever is not in it needs no
// look-up of their own, which halves the calls of a first push; whoever is in it is looked up as ever.
type census struct {
	mu    sync.Mutex
	names map[string]bool // folded values of the match attribute; nil: not read
	until time.Time
	tried int // new accounts for which the list was last found to be too long, or not readable

	making map[string]bool // folded names of which a job of the batch under way looks for somebody, or makes them
}

// errNameless: the list does not show by what its accounts are told apart. A look-up may find them all the same.
var errNameless = errors.New("an account of the list has no value of the attribute by which it is looked for")

// take reads the app's list when that costs less than half of the look-ups it saves. Without it everybody is looked up.
func (c *census) take(ctx context.Context, w *worker, due []Account) {
	c.making = map[string]bool{}
	unknown := 0
	for _, a := range due {
		if a.ObjectType == resources.TypeUser && a.Wish == WishActive && a.RemoteID == "" && a.Begun == "" {
			unknown++
		}
	}
	now := w.engine.Now()
	if unknown < censusFrom || now.Before(c.until) || unknown < 2*c.tried || w.profile.Protocol != "scim" || w.suspect() {
		return
	}
	names := map[string]bool{}
	pages := unknown / 2
	err := w.engine.all(ctx, w.app, w.listing(ctx), resources.TypeUser, client.ListOptions{
		PageSize: w.profile.Paging.Size, MaxPages: pages, MaxResources: pages * w.profile.Paging.Size,
	}, func(d client.Document) error {
		values := valuesAt(d, matchAttribute(w.profile, resources.TypeUser))
		if !slices.ContainsFunc(values, func(v string) bool { return v != "" }) {
			return errNameless
		}
		for _, v := range values {
			names[resources.FoldUserName(v)] = true
		}
		return nil
	})
	if err != nil {
		c.tried = unknown
		if f := judge(err, onObject); f.appWide { // an app that only does not list may well look up
			w.note(ctx, f)
		}
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.names, c.until, c.tried = names, now.Add(censusLife), 0
}

// absent says whether the app held nobody of that name. It says so once: the account that is made then may be found by the
// next of the same name.
func (c *census) absent(name string, now time.Time) bool {
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	folded := resources.FoldUserName(name)
	if !now.Before(c.until) || c.names[folded] {
		return false
	}
	c.names[folded] = true
	return true
}

// claim gives a name to one job of a batch: two of the directory may have one, and would both look before either is made.
func (c *census) claim(name string) bool {
	if c == nil {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	folded := resources.FoldUserName(name)
	if c.making[folded] {
		return false
	}
	c.making[folded] = true
	return true
}

// listing is the app, keeping what it answers as attempts of no account.
func (w *worker) listing(ctx context.Context) Remote {
	return w.client.Recording(func(x client.Exchange) {
		w.engine.recordRead(ctx, w.app, "read accounts", x)
		w.heard(ctx, x)
	})
}
