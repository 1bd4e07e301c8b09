package main_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"reflect"
	"testing"

	"proprio/cmd/proprio/demo"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/scim/replay"
	"proprio/testdata"
)

// TestSequencesReachTheApp plays each identity provider's whole sequence against the program, and compares the
// downstream app with the state that the sequence must leave.
func TestSequencesReachTheApp(t *testing.T) {
	dbtest.EachConfig(t, func(t *testing.T, c db.Config) {
		for _, s := range []struct{ name, preset string }{
			{"entra-default", "entra"}, {"entra-aadoptscim062020", "entra"}, {"okta-oin", "okta"}, {"okta-aiw", "okta"},
		} {
			t.Run(s.name, func(t *testing.T) {
				url := c.URL
				if url != "" {
					url = dbtest.PostgresURL(t)
				}
				runSequence(t, url, s.name, s.preset)
			})
		}
	})
}

func runSequence(t *testing.T, database, name, preset string) {
	app, err := demo.NewApp(appToken)
	if err != nil {
		t.Fatal(err)
	}
	downstream := httptest.NewServer(app)
	t.Cleanup(downstream.Close)
	i := newInstallation(t, database)
	i.command("company", "create", "Sequences", "--domain", "atelier-bremond.fr", "--assume-verified")
	token := i.command("token", "create", "--company", "Sequences", "--connection", "idp", "--preset", preset)
	i.addApp("Sequences", "target", downstream.URL+"/scim/v2", appToken)
	i.serve()

	sequence, err := testdata.Sequence(name)
	if err != nil {
		t.Fatal(err)
	}
	player := &replay.Player{BaseURL: i.url + "/scim/v2", Token: token}
	if _, err := player.Play(t.Context(), sequence, nil); err != nil {
		t.Fatal(err)
	}
	source := newCaller(i.url+"/scim/v2", token)
	awaitEqual(t, source, newCaller(downstream.URL+"/scim/v2", appToken), name)
	checkGolden(t, "testdata/golden/"+name+".txt", visible(t, source))
}

// checkGolden compares with a file; UPDATE_GOLDEN=1 writes it.
func checkGolden(t *testing.T, path string, state map[string]object) {
	t.Helper()
	got := ""
	for _, name := range sortedKeys(state) {
		got += fmt.Sprintf("%s %v\n", name, state[name])
	}
	if os.Getenv("UPDATE_GOLDEN") == "1" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(string(want), got) {
		t.Errorf("%s: the state is\n%s\nwant\n%s", path, got, want)
	}
}
