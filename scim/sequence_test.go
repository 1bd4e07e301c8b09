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
				c := w.on(t).tenant(name, preset)
				s, err := testdata.Sequence(name)
				if err != nil {
					t.Fatal(err)
				}
				vars := given(c)
				for v, value := range s.Variables { // a sequence that brings its own person is played with it
					if value != "" {
						delete(vars, v)
					}
				}
				vars["baseUrl"] = base
				p := &replay.Player{BaseURL: w.url + scim.BasePath, Token: c.token}
				if _, err := p.Play(context.Background(), s, vars); err != nil {
					t.Error(err)
				}
			})
		}
	})
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
