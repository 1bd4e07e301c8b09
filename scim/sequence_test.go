package scim_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/scim"
	"proprio/scim/replay"
	"proprio/testdata"
)

// A sequence about somebody is played for this person; ids come from the world.
func given(c tenant) map[string]string {
	return map[string]string{
		"userName": "paul.meyer@societe.example", "givenName": "Paul", "familyName": "Meyer", "email": "paul.meyer@societe.example",
		"title": "Technicien", "department": "Atelier", "externalId": "x-1", "groupName": "Atelier",
		"userId": c.addUser("present@societe.example"), "managerId": c.addUser("chief@societe.example"),
		"memberId": c.addUser("member@societe.example"), "groupId": c.addGroup("Present"),
	}
}

// recognised are the sequences that tell, without a name, which client sends them; another one must not be taken for any.
var recognised = map[string]string{
	"entra-default": "entra", "entra-aadoptscim062020": "entra", "okta-oin": "okta", "okta-aiw": "okta", "jumpcloud-sync": "jumpcloud",
	"authentik-sync": "authentik", "onelogin-template": "onelogin", "cyberark-sync": "cyberark", "sailpoint-aggregation": "sailpoint",
	"rippling-sync": "rippling", "ping-sync": "ping", "google-app": "", "generic-pocketid": "", "generic-canaille": "", "generic-keycloak": "",
}

// What identity providers send shows which one they are, and those that nothing is known of are taken for none.
func TestSequencesAreRecognised(t *testing.T) {
	eachCommon(t, func(t *testing.T, shared *world) {
		w, stop := shared.recorded()
		tenants := map[string]tenant{}
		for name := range recognised {
			preset, _, _ := strings.Cut(name, "-")
			c := w.tenant(t.Name()+" "+name, preset)
			tenants[name] = c
			play(c, name)
		}
		stop()
		for name, want := range recognised {
			connections, _, err := w.db.ListConnections(t.Context(), tenants[name].company)
			if err != nil || connections[0].Client != want {
				t.Errorf("%s is taken for %q by %s, want %q (%v)", name, connections[0].Client, connections[0].ClientBy, want, err)
			}
		}
	})
}

// Every recorded sequence must pass with the preset that it is named after: what clients.md, sections 1 to 4, says of each
// identity provider, as requests.
func TestSequencesOfIdentityProviders(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		names, err := testdata.Sequences()
		if err != nil || len(names) == 0 {
			t.Fatalf("sequences: %v, %v", names, err)
		}
		w := newWorld(t, d)
		for _, name := range names {
			t.Run(name, func(t *testing.T) {
				preset, _, _ := strings.Cut(name, "-")
				play(w.on(t).tenant(name, preset), name)
			})
		}
	})
}

// play sends a sequence.
func play(c tenant, name string) {
	c.t.Helper()
	s, err := testdata.Sequence(name)
	if err != nil {
		c.t.Fatal(err)
	}
	vars := given(c)
	for v, value := range s.Variables { // a sequence that brings its own person is played with it
		if value != "" {
			delete(vars, v)
		}
	}
	vars["baseUrl"] = base
	p := &replay.Player{BaseURL: c.url + scim.BasePath, Token: c.token}
	if _, err := p.Play(context.Background(), s, vars); err != nil {
		c.t.Error(err)
	}
}

// Each identity provider that has a preset has a sequence, named after it, that is played with that preset.
func TestEveryPresetHasASequence(t *testing.T) {
	t.Parallel()
	names, err := testdata.Sequences()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range resources.AllPresets() {
		if !slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, p.Name+"-") }) {
			t.Errorf("no sequence shows what %s sends", p.Title)
		}
	}
}
