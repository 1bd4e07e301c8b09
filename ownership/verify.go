package ownership

import (
	"context"
	"fmt"
	"slices"

	"proprio/resources"
)

// SingleReader reads one account from an app, and changes nothing there. found is false only when the app is sure to
// have no account of that id; an answer that may mean something else is an error.
type SingleReader interface {
	ReadAccount(ctx context.Context, app AppRef, remoteID string) (a RemoteAccount, found bool, err error)
}

// Confirmed is what an app said of one account when it was changed. What the app then shows is another matter: a change
// counts once it is seen at the target.
type Confirmed struct {
	RemoteID string
	UserName string // empty: not known
	Active   bool
	Gone     bool // there is no such account any more
}

// observedAs says whether an account was observed as it was confirmed.
func (c Confirmed) observedAs(a ObservedAccount, observed bool) bool {
	if !observed || c.Gone {
		return !observed && c.Gone
	}
	sameName := c.UserName == "" || resources.FoldUserName(c.UserName) == resources.FoldUserName(a.UserName)
	return a.Active == c.Active && sameName
}

// shown says whether the app shows the account as open or closed as it was confirmed. Its name may be the app's own form.
func (c Confirmed) shown(a RemoteAccount, found bool) bool {
	if !found {
		return c.Gone || !c.Active
	}
	return !c.Gone && a.Active == c.Active
}

// differing returns what was confirmed otherwise than it was observed. read is false when the app was never read.
func (i *Inspector) differing(ctx context.Context, app AppRef, confirmed []Confirmed) (list []Confirmed, read bool, err error) {
	ids := make([]string, len(confirmed))
	for n, c := range confirmed {
		ids[n] = c.RemoteID
	}
	observed, read, err := i.Store.ObservedNamed(ctx, app, ids)
	if err != nil || !read {
		return nil, read, err
	}
	known := map[string]ObservedAccount{}
	for _, a := range observed {
		known[a.RemoteID] = a
	}
	return slices.DeleteFunc(slices.Clone(confirmed), func(c Confirmed) bool {
		a, ok := known[c.RemoteID]
		return c.observedAs(a, ok)
	}), true, nil
}

// Verify reads single accounts at the target, judges them, and stores accounts and findings. It returns those that the
// app does not show as confirmed, and those that could not be read, with the error that stopped the reading; what was
// read before it is kept.
func (i *Inspector) Verify(ctx context.Context, reader SingleReader, app AppRef, confirmed []Confirmed) (late []Confirmed, err error) {
	var ids []string
	var read []RemoteAccount
	for n, c := range confirmed {
		a, found, failed := reader.ReadAccount(ctx, app, c.RemoteID)
		if failed != nil {
			err = fmt.Errorf("read account %s of %s: %w", c.RemoteID, app.Name, failed)
			late = append(late, confirmed[n:]...)
			break
		}
		ids = append(ids, c.RemoteID)
		if found {
			read = append(read, a)
		}
		if !c.shown(a, found) {
			late = append(late, c)
		}
	}
	if len(ids) == 0 {
		return late, err
	}
	observed, bad := observe(app, read, i.Now())
	if bad == nil {
		bad = i.replace(ctx, app, ids, observed)
	}
	if bad != nil {
		return confirmed, bad
	}
	return late, err
}

// replace puts what was observed of some accounts in the place of what was known of them.
func (i *Inspector) replace(ctx context.Context, app AppRef, ids []string, observed []ObservedAccount) error {
	return i.Store.Observe(ctx, app, func(ctx context.Context, o Observation) error {
		before, err := o.Named(ctx, ids)
		if err != nil {
			return err
		}
		others := slices.DeleteFunc(slices.Clone(before), func(a ObservedAccount) bool { return slices.Contains(ids, a.RemoteID) })
		c, err := i.conclude(ctx, o, app, before, slices.Concat(others, observed), partly)
		if err != nil {
			return err
		}
		return o.Save(ctx, c)
	})
}
