package rest_test

import (
	"testing"

	"proprio/push"
	"proprio/push/profiles"
	"proprio/push/rest"
	"proprio/push/rest/standin"
	"proprio/scim/client"
)

// A change of one attribute changes no other: whoever sends the whole and whoever sends the difference gets the same.
func TestAChangeOfTheNameAlone(t *testing.T) {
	t.Parallel()
	for protocol, s := range map[string]*standin.Server{"zendesk": standin.Zendesk(t), "hubspot": standin.HubSpot(t)} {
		app, err := rest.Connectors()[protocol](profiles.Profile{}, client.Config{BaseURL: s.URL, Token: s.Credential, AllowPlain: true, Transport: client.Transport(false)})
		if err != nil {
			t.Fatal(err)
		}
		id := anna(t, app)
		s.SetRole("anna@atelier.fr", "admin")
		patch(t, app, id, map[string]any{"displayName": "Anna Dupont", "name": map[string]any{"givenName": "Anna", "familyName": "Dupont"}})
		if p := s.Person("anna@atelier.fr"); p.Name != "Anna Dupont" || p.Role != "admin" {
			t.Errorf("%s: after a change of the name: %+v", protocol, p)
		}
		patch(t, app, id, map[string]any{"roles": []any{map[string]any{"value": "agent"}}})
		if p := s.Person("anna@atelier.fr"); p.Name != "Anna Dupont" || p.Role != "agent" {
			t.Errorf("%s: after a change of the role: %+v", protocol, p)
		}
		if protocol == "hubspot" {
			continue // it has no inactive users
		}
		patch(t, app, id, map[string]any{"active": false})
		patch(t, app, id, map[string]any{"displayName": "Anna Martin"})
		if p := s.Person("anna@atelier.fr"); p.Active {
			t.Errorf("%s: a change of the name lets somebody in: %+v", protocol, p)
		}
	}
}

func anna(t *testing.T, app push.Remote) string {
	t.Helper()
	made, err := app.Create(t.Context(), "/Users", map[string]any{"userName": "anna@atelier.fr", "displayName": "Anna Martin", "active": true,
		"name": map[string]any{"givenName": "Anna", "familyName": "Martin"}})
	if err != nil {
		t.Fatal(err)
	}
	return made.ID()
}

func patch(t *testing.T, app push.Remote, id string, values map[string]any) {
	t.Helper()
	if _, err := app.Patch(t.Context(), "/Users", id, []client.Operation{{Op: "replace", Value: values}}); err != nil {
		t.Fatal(err)
	}
}
