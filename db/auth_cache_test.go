package db_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/scim/oauth"
)

// accessWorld is one database with two servers on it, and a token that the first one has just been shown. The token is a
// connection's, or one that a client was granted for its secret.
type accessWorld struct {
	server, other  *db.DB
	offset         *atomic.Int64
	connection     resources.Connection
	token          resources.Token
	client, secret string // of a granted token
	hash           [32]byte
}

func (w *accessWorld) ask(t *testing.T) (resources.Connection, error) {
	t.Helper()
	_, c, err := w.server.Authenticate(t.Context(), w.hash, start)
	return c, err
}

// eachAccessWorld runs a test on both databases, with a clock that stands still until it is moved.
func eachAccessWorld(t *testing.T, granted bool, f func(t *testing.T, w *accessWorld)) {
	t.Helper()
	dbtest.EachConfig(t, func(t *testing.T, c db.Config) {
		w := &accessWorld{offset: new(atomic.Int64)}
		c.Now = func() time.Time { return start.Add(time.Duration(w.offset.Load())) }
		w.server, w.other = dbtest.Open(t, c), dbtest.Open(t, c)
		w.connection = newConnection(t, w.server)
		var err error
		if granted {
			err = w.grant(t)
		} else {
			w.token, w.hash, err = issue(t, w.server, w.connection, "k", time.Time{})
		}
		if err == nil {
			_, err = w.ask(t)
		}
		if err != nil {
			t.Fatal(err)
		}
		f(t, w)
	})
}

// grant makes a client with a secret, and an access token of it.
func (w *accessWorld) grant(t *testing.T) error {
	c := oauth.Client{ID: id(), Company: w.connection.Company, Connection: w.connection.ID, Name: "c", Method: oauth.MethodSecret,
		Scopes: []string{oauth.ScopeSCIM}, Created: start, Secrets: []oauth.Secret{{ID: id(), Hash: sha256.Sum256([]byte("s")), Created: start}}}
	if err := w.server.CreateClient(t.Context(), admin, c); err != nil {
		return err
	}
	w.client, w.secret, w.hash = c.ID, c.Secrets[0].ID, sha256.Sum256([]byte(c.ID))
	w.token = resources.Token{ID: id(), Connection: c.Connection, Scopes: c.Scopes, Created: start, Expires: start.Add(time.Hour)}
	return w.server.GrantToken(t.Context(), oauth.Grant{Company: c.Company, Client: c.ID, Secret: w.secret, Token: w.token, Hash: w.hash})
}

// accessChange is something that an administrator does to what a token may do.
type accessChange struct {
	change  func(t *testing.T, w *accessWorld, d *db.DB) error
	refused error // what the token gets; nil: the connection is another one
	granted bool  // it is done to a granted token
}

// accessChanges are all there are.
func accessChanges() map[string]accessChange {
	set := func(refused error, edit func(c *resources.Connection)) accessChange {
		return accessChange{refused: refused, change: func(t *testing.T, w *accessWorld, d *db.DB) error {
			c := w.connection
			edit(&c)
			return d.SetConnection(t.Context(), admin, c)
		}}
	}
	return map[string]accessChange{
		"disable":  set(resources.ErrForbidden, func(c *resources.Connection) { c.Disabled = true }),
		"switches": set(nil, func(c *resources.Connection) { c.Switches.Interop = true }),
		"me":       set(nil, func(c *resources.Connection) { c.Me = id() }),
		"revoke": {refused: resources.ErrNotFound, change: func(t *testing.T, w *accessWorld, d *db.DB) error {
			return d.RevokeToken(t.Context(), admin, w.connection.Company, w.token.ID)
		}},
		"suspend": {refused: resources.ErrForbidden, change: func(t *testing.T, w *accessWorld, d *db.DB) error {
			return d.SetSuspended(t.Context(), admin, w.connection.Company, true)
		}},
		"features": {change: func(t *testing.T, w *accessWorld, d *db.DB) error {
			_, err := d.SetFeatures(t.Context(), admin, w.connection.Company, func(f *resources.Features) error { return f.Set("delta", true) })
			return err
		}},
		"remove client": {granted: true, refused: resources.ErrNotFound, change: func(t *testing.T, w *accessWorld, d *db.DB) error {
			return d.RemoveClient(t.Context(), admin, w.connection.Company, w.client)
		}},
		"revoke secret": {granted: true, refused: resources.ErrNotFound, change: func(t *testing.T, w *accessWorld, d *db.DB) error {
			return d.RevokeSecret(t.Context(), admin, w.connection.Company, w.secret)
		}},
	}
}

// What ends or changes a token's rights is obeyed at once by the process that does it, and by another one after a second.
// Within the second nothing is asked of the database.
func TestAuthenticate_obeysEveryChangeWithinASecond(t *testing.T) {
	t.Parallel()
	for name, c := range accessChanges() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachAccessWorld(t, c.granted, func(t *testing.T, w *accessWorld) {
				before, err := w.ask(t)
				if err != nil {
					t.Fatal(err)
				}
				if err := c.change(t, w, w.other); err != nil {
					t.Fatal(err)
				}
				w.offset.Store(int64(time.Second - time.Microsecond))
				if again, err := w.ask(t); err != nil || again != before {
					t.Errorf("within the second: %+v, %v; the database was asked", again, err)
				}
				w.offset.Store(int64(time.Second))
				w.obeyed(t, before, c.refused)
			})
		})
		t.Run(name+" here", func(t *testing.T) {
			t.Parallel()
			eachAccessWorld(t, c.granted, func(t *testing.T, w *accessWorld) {
				before, err := w.ask(t)
				if err == nil {
					err = c.change(t, w, w.server)
				}
				if err != nil {
					t.Fatal(err)
				}
				w.obeyed(t, before, c.refused)
			})
		})
	}
}

func (w *accessWorld) obeyed(t *testing.T, before resources.Connection, refused error) {
	t.Helper()
	for range 2 {
		after, err := w.ask(t)
		if !errors.Is(err, refused) || err == nil && after == before {
			t.Errorf("after the change: %+v, %v, want %v", after, err, refused)
		}
	}
}

// A token that was unknown is known as soon as it is issued; one that is known expires on time.
func TestAuthenticate_keepsNoRefusalAndLooksAtTheClock(t *testing.T) {
	t.Parallel()
	eachAccessWorld(t, true, func(t *testing.T, w *accessWorld) {
		hash := sha256.Sum256([]byte(w.connection.ID + "late"))
		_, _, err := w.server.Authenticate(t.Context(), hash, start)
		wantError(t, err, resources.ErrNotFound, "")
		if _, _, err := issue(t, w.other, w.connection, "late", time.Time{}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.server.Authenticate(t.Context(), hash, start); err != nil {
			t.Errorf("a token that another process issued: %v", err)
		}
		_, _, err = w.server.Authenticate(t.Context(), w.hash, w.token.Expires) // the cache's own clock stands still
		wantError(t, err, resources.ErrNotFound, "")
	})
}

// However many requests bring a token at once, one of them asks; when that one leaves, another one does.
func TestAuthenticate_oneRequestAsksForAll(t *testing.T) {
	t.Parallel()
	eachAccessWorld(t, false, func(t *testing.T, w *accessWorld) {
		w.offset.Store(int64(time.Hour))
		gone, leave := context.WithCancel(t.Context())
		leave()
		for i, err := range atOnce(20, func(i int) error {
			ctx := t.Context()
			if i%2 == 0 {
				ctx = gone
			}
			_, _, err := w.server.Authenticate(ctx, w.hash, start)
			return err
		}) {
			if i%2 == 1 && err != nil {
				t.Errorf("request %d: %v", i, err)
			}
		}
	})
}
