package oauth_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/scim/oauth"
)

// RFC 6749 §4.4.3, IPSIE: a token ends after an hour; the rows of what has expired do not stay.
func TestRFC6749_TokensExpireAndArePurged(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		n := w.tenant("Société")
		client, secret := n.withSecret()
		first := w.bySecret(client, secret).token()
		w.clock.pass(time.Hour - time.Second)
		w.works(first, http.StatusOK)
		w.clock.pass(time.Second)
		a := w.users(first)
		if detail, _ := a.body["detail"].(string); a.status != http.StatusUnauthorized || !strings.Contains(detail, "expired") {
			t.Errorf("after an hour: %d %v", a.status, a.body)
		}
		w.bySecret(client, secret).token()
		if a := w.users(first); !strings.Contains(a.body["detail"].(string), "not known") {
			t.Errorf("the expired token is still kept: %v", a.body)
		}
	})
}

// What ends a client, its connection or its company ends its tokens at once, and it gets no others.
func TestRFC6749_TokensEndAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		n, other := w.tenant("Société"), w.tenant("Autre")
		client, secret := n.withSecret()
		otherClient, otherSecret := other.withSecret()
		token, otherToken := w.bySecret(client, secret).token(), w.bySecret(otherClient, otherSecret).token()

		connection := n.connection
		connection.Disabled = true
		must(t, d.SetConnection(t.Context(), admin, connection))
		w.works(token, http.StatusForbidden)
		w.bySecret(client, secret).refused(400, "unauthorized_client")
		w.bySecret(client, "guess").refused(401, "invalid_client") // who has not shown who it is learns nothing
		connection.Disabled = false
		must(t, d.SetConnection(t.Context(), admin, connection))
		w.works(token, http.StatusOK)

		must(t, d.SetSuspended(t.Context(), admin, n.company, true))
		w.works(token, http.StatusForbidden)
		w.bySecret(client, secret).refused(400, "unauthorized_client")
		must(t, d.SetSuspended(t.Context(), admin, n.company, false))
		w.works(token, http.StatusOK)

		if err := d.RemoveClient(t.Context(), admin, other.company, client.ID); !errors.Is(err, resources.ErrNotFound) {
			t.Errorf("another company removes the client: %v", err)
		}
		w.works(token, http.StatusOK)
		must(t, d.RemoveClient(t.Context(), admin, n.company, client.ID))
		w.works(token, http.StatusUnauthorized)
		w.bySecret(client, secret).refused(401, "invalid_client")
		w.works(otherToken, http.StatusOK)
	})
}

// RFC 6819 §5.1.4.1.5: a secret is rotated without a moment in which none works; an ended one takes its tokens along.
func TestRFC6749_SecretRotation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		n := w.tenant("Société")
		client, first := n.withSecret()
		second, kept := oauth.NewSecret(newID(), w.clock.now())
		must(t, d.AddSecret(t.Context(), admin, n.company, client.ID, kept))
		old, fresh := w.bySecret(client, first).token(), w.bySecret(client, second).token()
		_, third := oauth.NewSecret(newID(), w.clock.now())
		if err := d.AddSecret(t.Context(), admin, n.company, client.ID, third); !errors.Is(err, resources.ErrTooMany) {
			t.Errorf("a third secret: %v", err)
		}
		must(t, d.RevokeSecret(t.Context(), admin, n.company, client.Secrets[0].ID))
		w.bySecret(client, first).refused(401, "invalid_client")
		w.works(old, http.StatusUnauthorized)
		w.works(fresh, http.StatusOK)
		w.bySecret(client, second).token()
		signer, _ := n.withKey(t, "ES256")
		if err := d.AddSecret(t.Context(), admin, n.company, signer.ID, third); !errors.Is(err, resources.ErrInvalidValue) {
			t.Errorf("a secret for a client that signs: %v", err)
		}
	})
}

// A client or a secret that ends between the look-up and the grant gives no token.
func TestRFC6749_NoGrantForWhatEndedMeanwhile(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		n := w.tenant("Société")
		client, _ := n.withSecret()
		token, hash := resources.NewToken()
		grant := oauth.Grant{Company: n.company, Client: client.ID, Secret: client.Secrets[0].ID, Hash: hash, Token: resources.Token{
			ID: newID(), Company: n.company, Connection: n.connection.ID, Scopes: []string{"scim"},
			Created: w.clock.now(), Expires: w.clock.now().Add(time.Hour),
		}}
		must(t, d.RevokeSecret(t.Context(), admin, n.company, client.Secrets[0].ID))
		if err := d.GrantToken(t.Context(), grant); !errors.Is(err, resources.ErrNotFound) {
			t.Errorf("with a secret that was revoked: %v", err)
		}
		must(t, d.RemoveClient(t.Context(), admin, n.company, client.ID))
		grant.Secret = ""
		if err := d.GrantToken(t.Context(), grant); !errors.Is(err, resources.ErrNotFound) {
			t.Errorf("of a client that was removed: %v", err)
		}
		w.works(token, http.StatusUnauthorized)
	})
}
