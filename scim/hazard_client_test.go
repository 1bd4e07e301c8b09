package scim_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"proprio/resources"
	"proprio/scim"
)

// H13: a filter in error answers no list (Q24), so that no client links its first person to whoever comes first.
func TestH13_AFilterInErrorListsNobody(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "entra")
		c.addUser("h13@societe.example")
		for _, path := range []string{`/Users?filter=userName eq`, `/Users?filter=`, `/Users?filter=nickname.x eq "y"`, `/Groups?filter=displayName like "x"`} {
			if a := c.do("GET", path, nil).must(400); strings.Contains(a.body, "Resources") || strings.Contains(a.body, "h13") {
				t.Errorf("%s: %s", path, a.body)
			}
		}
	})
}

// H14: nothing that a client sends is fetched: not a $ref, not a photo, not a profile.
func TestH14_NoAddressIsFetched(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		var hits atomic.Int64
		inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
		t.Cleanup(inside.Close)
		c := w.tenant(t.Name(), "")
		u := c.addUser("h14@societe.example", object{
			"profileUrl": inside.URL, "photos": []object{{"value": inside.URL + "/p.png"}}, "groups": []object{{"$ref": inside.URL}}, "meta": object{"location": inside.URL},
		})
		a := c.do("POST", "/Groups", object{"displayName": "H14", "members": []object{{"value": u, "$ref": inside.URL}}}).must(201)
		c.do("PATCH", "/Users/"+u, patch(op("add", "manager", object{"value": u, "$ref": inside.URL}))).must(200)
		if got := a.text("members", 0, "$ref"); got != base+"/Users/"+u {
			t.Errorf("the client's $ref won: %s", got)
		}
		if n := hits.Load(); n != 0 {
			t.Errorf("%d addresses were fetched", n)
		}
	})
}

// H15: nothing that a client writes into a User makes it more than a User: roles, entitlements and made-up extensions give
// no rights here, and what only the server may say is not taken.
func TestH15_AttributesGiveNoRights(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		a := c.do("POST", "/Users", user("h15@societe.example", object{
			"roles": []object{{"value": "admin", "primary": true}}, "entitlements": []object{{"value": "proprio:admin"}}, "userType": "admin",
			"isAdmin": true, "company_id": "x", "urn:proprio:admin": object{"role": "admin"},
			resources.SchemaOwnership: object{"hold": "", "admin": true, "kind": "employee"},
		})).must(201)
		admins, err := c.db.Admins(t.Context(), c.company)
		if err != nil || len(admins) != 0 {
			t.Errorf("admins %v, %v", admins, err)
		}
		for _, made := range []string{"isAdmin", "company_id", "urn:proprio:admin", `"hold"`, `"admin":true`} {
			if strings.Contains(a.body, made) {
				t.Errorf("%s was taken: %s", made, a.body)
			}
		}
		c.do("PATCH", "/Users/"+a.text("id"), patch(op("replace", resources.SchemaOwnership+":hold", "x"))).scimError(400, "mutability", "hold")
	})
}

// H16: a connection has two tokens for rotation and no third; each can end, be revoked, and be for something else; its last
// use is noted.
func TestH16_TokensRotateAndEnd(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		second := c
		second.token = c.issue(c.connection, time.Now().Add(time.Hour), scim.Scope)
		third := resources.Token{ID: uuid.Must(uuid.NewV7()).String(), Company: c.company, Connection: c.connection.ID, Scopes: []string{scim.Scope}}
		_, hash := resources.NewToken()
		if err := c.db.CreateToken(t.Context(), system, third, hash); err == nil {
			t.Error("a third token in force was made")
		}
		c.do("GET", "/Users", nil).must(200)
		second.do("GET", "/Users", nil).must(200)
		_, tokens, err := c.db.ListConnections(t.Context(), c.company)
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range tokens[c.connection.ID] {
			if token.LastUsed.IsZero() {
				t.Error("the use of a token was not noted")
			}
			if token.Expires.IsZero() { // the first one
				if err := c.db.RevokeToken(t.Context(), system, c.company, token.ID); err != nil {
					t.Fatal(err)
				}
			}
		}
		c.do("GET", "/Users", nil).scimError(401, "", "revoked")
		second.do("GET", "/Users", nil).must(200)
		second.token = c.issue(c.connection, time.Now().Add(-time.Hour), scim.Scope)
		second.do("GET", "/Users", nil).scimError(401, "", "expired")
	})
}
