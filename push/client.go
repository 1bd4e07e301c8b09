package push

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/time/rate"

	"proprio/push/profiles"
	"proprio/resources"
	"proprio/scim/client"
)

// userAgent names the program to apps; some refuse requests without one.
const userAgent = "Proprio-SCIM/1.0"

// Profile returns an app's profile.
func (e *Engine) Profile(app App) (profiles.Profile, error) {
	p, ok := e.Profiles.Get(app.Profile)
	if !ok {
		return p, fmt.Errorf("app %s: there is no profile %q; known are %v", app.Name, app.Profile, e.Profiles.Names())
	}
	return p, nil
}

// Check says what keeps an app from being called at all: its profile, its address or its token. It calls nothing.
func (e *Engine) Check(app App, token string) error {
	p, err := e.Profile(app)
	if err != nil {
		return err
	}
	_, err = e.clientWith(app, p, token, nil)
	return err
}

// reader returns a client for reading from an app, at the app's pace. Its exchanges are kept as attempts of the app.
// Changes are the workers' business. A paused app may be read: an admin looks before letting it go on. A blocked one may not.
func (e *Engine) reader(ctx context.Context, app App, action string) (Remote, profiles.Profile, error) {
	if app.BlockedUntil.After(e.Now()) {
		return nil, profiles.Profile{}, fmt.Errorf("app %s is left alone until %s: %s",
			app.Name, app.BlockedUntil.Format(time.RFC3339), app.BlockedReason)
	}
	profile, err := e.Profile(app)
	if err != nil {
		return nil, profile, err
	}
	c, err := e.client(ctx, app, profile, e.limiter(app, profile).Wait)
	if err != nil {
		return nil, profile, err
	}
	return c.Recording(func(x client.Exchange) { e.recordRead(ctx, app, action, x) }), profile, nil
}

// recordRead keeps an exchange that is about no single account.
func (e *Engine) recordRead(ctx context.Context, app App, action string, x client.Exchange) {
	a := attemptOf(Account{Company: app.Company, App: app.ID}, action, "", x)
	if err := e.Store.RecordAttempts(context.WithoutCancel(ctx), a); err != nil {
		e.Log.Warn("attempt not recorded", "app", app.Name, "error", err)
	}
}

// EachUser reads an app's own account list, all of it or an error, and hands out each account as it comes. What was
// handed out counts only when EachUser returns nil.
func (e *Engine) EachUser(ctx context.Context, app App, take func(client.Document, profiles.Profile) error) error {
	c, profile, err := e.reader(ctx, app, "read accounts")
	if err != nil {
		return err
	}
	return e.all(ctx, app, c, resources.TypeUser, client.ListOptions{PageSize: profile.Paging.Size}, func(d client.Document) error {
		return take(d, profile)
	})
}

// all reads all resources of a type that an app holds. A list of none is believed only where none are known.
func (e *Engine) all(
	ctx context.Context, app App, remote Remote, kind string, o client.ListOptions, take func(client.Document) error,
) error {
	none := true
	err := remote.Each(ctx, endpoint(kind), o, func(d client.Document) error {
		none = false
		return take(d)
	})
	if err == nil && none {
		err = e.mayListNone(ctx, app, kind)
	}
	return err
}

// mayListNone is an error where an app lists nobody although it confirmed accounts: a token that has lost a right lists nothing
// either, and nobody is to be taken for gone because of it (apps.md 4a, 7).
func (e *Engine) mayListNone(ctx context.Context, app App, kind string) error {
	counts, err := e.Store.CountAccounts(ctx, app.Company, app.ID)
	if err != nil {
		return err
	}
	known := 0
	for _, c := range counts {
		if c.ObjectType == kind && (c.State == StateConfirmed || c.State == StatePartial || c.State == StateAccepted) {
			known += c.N
		}
	}
	if known == 0 {
		return nil
	}
	return fmt.Errorf("app %s lists none at all, although it has confirmed %d of type %s: nothing is concluded from that. Check what its token "+
		"may see; if all were removed there on purpose, have it repaired (proprio app repair)", app.Name, known, kind)
}

// ReadUser reads one account of an app; nil when the app has none of that id. A 404 alone is also what a wrong address
// answers, so the collection must answer, too.
func (e *Engine) ReadUser(ctx context.Context, app App, remoteID string) (client.Document, profiles.Profile, error) {
	c, profile, err := e.reader(ctx, app, "look up")
	if err != nil {
		return nil, profile, err
	}
	user, err := c.Get(ctx, endpointUsers, remoteID)
	var refused *client.Error
	switch {
	case errors.As(err, &refused) && refused.Status == http.StatusNotFound:
		err = c.Each(ctx, endpointUsers, client.ListOptions{PageSize: 1, MaxPages: 1}, func(client.Document) error { return nil })
		var more *client.IncompleteError
		if errors.As(err, &more) && (more.Limited || more.Total > more.Read) {
			err = nil // one page was asked for
		}
		return nil, profile, err
	case err == nil && user.ID() != remoteID:
		err = fmt.Errorf("app %s answers with account %q, asked for %q", app.Name, user.ID(), remoteID)
	}
	return user, profile, err
}

func (e *Engine) client(ctx context.Context, app App, p profiles.Profile, before func(context.Context) error) (Remote, error) {
	token, err := e.Store.AppCredential(ctx, app)
	if err != nil {
		return nil, fmt.Errorf("app %s: its credential cannot be read: %w", app.Name, err)
	}
	c, err := e.clientWith(app, p, string(token), before)
	if renewing, ok := c.(Renewing); ok {
		c = renewing.Renewing(stored{e.Store, app})
	}
	return c, err
}

// stored is an app's credential in the database.
type stored struct {
	store Store
	app   App
}

func (s stored) Read(ctx context.Context) (string, error) {
	text, err := s.store.AppCredential(ctx, s.app)
	return string(text), err
}

func (s stored) Keep(ctx context.Context, from, to string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return s.store.RenewCredential(ctx, s.app, []byte(from), []byte(to))
}

func (e *Engine) clientWith(app App, p profiles.Profile, token string, before func(context.Context) error) (Remote, error) {
	pool := e.Guarded
	if app.AllowPrivate {
		pool = e.Open
	}
	c, err := e.connect(p, client.Config{BaseURL: app.URL, Token: token, Headers: p.Headers, UserAgent: userAgent, ErrorInside: p.Answers.ErrorInside,
		AllowPlain: app.AllowPrivate, Transport: pool, Before: before, Now: e.Now})
	if err != nil {
		return nil, fmt.Errorf("app %s: %w", app.Name, err)
	}
	return c, nil
}

// limiter is the app's pace; it outlives a lease, so that no burst is won by giving a lease back.
func (e *Engine) limiter(app App, p profiles.Profile) *rate.Limiter {
	e.mu.Lock()
	defer e.mu.Unlock()
	l := e.limiters[app.ID]
	if l == nil {
		l = rate.NewLimiter(rate.Limit(p.Rate.PerSecond), p.Rate.Burst)
		e.limiters[app.ID] = l
	}
	l.SetLimit(rate.Limit(p.Rate.PerSecond))
	l.SetBurst(p.Rate.Burst)
	return l
}
