package main_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"proprio/cmd/proprio/demo"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/scim/replay"
	"proprio/testdata"
)

var update = flag.Bool("update", false, "write the golden files")

// TestSequencesReachTheApp plays each identity provider's whole sequence against the program. After each request that
// changes something the downstream app comes to hold the same state, and that state is the expected one.
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
	i.command("company", "create", "Sequences", "--domain", "societe.example", "--assume-verified")
	token := i.command("token", "create", "--company", "Sequences", "--connection", "idp", "--preset", preset)
	i.addApp("Sequences", "target", downstream.URL+"/scim/v2", appToken)
	i.serve()

	sequence, err := testdata.Sequence(name)
	if err != nil {
		t.Fatal(err)
	}
	source, target := newCaller(i.url+"/scim/v2", token), newCaller(downstream.URL+"/scim/v2", appToken)
	var trace strings.Builder
	player := &replay.Player{BaseURL: source.base, Token: token}
	player.Observe = func(step replay.Step, status int, _ error) {
		if step.Request.Method == "GET" || status >= 300 {
			return
		}
		awaitEqual(t, source, target, step.Name)
		fmt.Fprintf(&trace, "%s\n", step.Name)
		state := visible(t, source)
		for _, name := range sortedKeys(state) {
			row, _ := json.Marshal(state[name])
			fmt.Fprintf(&trace, "  %s %s\n", name, row)
		}
	}
	if _, err := player.Play(t.Context(), sequence, nil); err != nil {
		t.Fatal(err)
	}
	checkGolden(t, "testdata/golden/"+name+".txt", trace.String())
}

// checkGolden compares with a file; -update writes it.
func checkGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s: the states were\n%s\nwant\n%s", path, got, want)
	}
}
