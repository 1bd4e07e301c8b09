package scim_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/resources"
	"proprio/scim"
)

// Everything is behind a token, the answer that a path does not exist too (H6: deny by default at the router). Only
// ServiceProviderConfig can be read by who brings no credentials at all (requirement 7).
func TestRFC6750NothingWithoutAToken(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newWorld(t, d).tenant("Société", "")
		userID := c.addUser("present@societe.example")
		_, foreign := c.issue(c.connection, time.Now().Add(time.Hour), scim.Scope), "x"
		headers := map[string]string{
			"no header": "", "empty bearer": "Bearer ", "only the scheme": "Bearer", "basic": "Basic dXNlcjpwYXNz",
			"short": "Bearer " + foreign, "unknown": "Bearer " + resources.TokenPrefix + strings.Repeat("A", 43),
			"long": "Bearer " + strings.Repeat("A", 10000), "token with more": "Bearer " + c.token + "x",
			"token without scheme": c.token, "token in other case": "Bearer " + strings.ToUpper(c.token),
		}
		for name, header := range headers {
			t.Run(name, func(t *testing.T) {
				c := tenant{c.on(t), c.company, c.connection, c.token}
				for _, path := range []string{"/", "/Users", "/Users/" + userID, "/Groups", "/Schemas", "/ResourceTypes",
					"/ServiceProviderConfig", "/nowhere", "/Bulk", "/Me", "/Users/.search"} {
					for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"} {
						if header == "" && method == "GET" && path == "/ServiceProviderConfig" {
							continue
						}
						a := c.do(method, path, nil, "Authorization", header)
						a.scimError(401, "", "token")
						if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
							t.Errorf("%s: WWW-Authenticate %q", a.call, a.header.Get("WWW-Authenticate"))
						}
					}
				}
			})
		}
		c.do("GET", "/Users", nil, "Authorization", "bearer  "+c.token).must(200)
	})
}

func TestTokensThatAreNoLongerOrNotYetGood(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		w := newWorld(t, d)

		expired := w.tenant("Expired", "")
		expired.token = w.issue(expired.connection, time.Now().Add(-time.Hour), scim.Scope)
		expired.do("GET", "/Users", nil).scimError(401, "", "expired")

		scopeless := w.tenant("Scopeless", "")
		scopeless.token = w.issue(scopeless.connection, time.Time{}, "metrics")
		scopeless.do("GET", "/Users", nil).scimError(403, "", "not for SCIM")

		revoked := w.tenant("Revoked", "")
		_, tokens, err := d.ListConnections(ctx, revoked.company)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.RevokeToken(ctx, system, revoked.company, tokens[revoked.connection.ID][0].ID); err != nil {
			t.Fatal(err)
		}
		revoked.do("GET", "/Users", nil).scimError(401, "", "revoked")

		// Entra reads 404 as a broken service and quarantines (clients.md section 7).
		disabled := w.tenant("Disabled", "")
		disabled.connection.Disabled = true
		if err := d.SetConnection(ctx, audit.Actor{}, disabled.connection); err != nil {
			t.Fatal(err)
		}
		disabled.do("GET", "/Users", nil).scimError(403, "", "disabled")

		company, err := d.CreateCompany(ctx, system, ownership.Company{ID: "01890000-0000-7000-8000-00000000000a", Name: "Suspended", Suspended: true})
		if err != nil {
			t.Fatal(err)
		}
		w.tenant(company.Name, "").do("GET", "/Users", nil).scimError(403, "", "suspended")
	})
}
