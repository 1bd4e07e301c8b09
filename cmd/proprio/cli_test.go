package main_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"proprio/db/dbtest"
)

// TestCommandLineMistakes: exit status 2, and a message that says what was wrong and where to look.
func TestCommandLineMistakes(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.command("company", "create", "Cli", "--domain", "cli.example", "--assume-verified")
	for _, c := range []struct {
		args string
		says string
	}{
		{"company create", "takes NAME"},
		{"company creat X", `no command "creat"`},
		{"company create X --outside-domain maybe", "use reject or hold"},
		{"token create --company Cli", "needs --connection"},
		{"token create --company Cli --connection c --preset azure", "the presets are entra, okta, google"},
		{"token create --company Cli --connection c --expires-in -1h", "must not be negative"},
		{"connection set c --company Cli", "or --switch name=value"},
		{"connection set c --company Cli --preset azure", "the presets are entra, okta, google"},
		{"connection set c --company Cli --switch nothing=on", "the switches are reviveInactive, "},
		{"connection set c --company Cli --switch interop=maybe", "on or off"},
		{"connection set c --company Cli --switch massLossCount=few", "its default is 15"},
		{"app add crm --company Cli --url https://x.example", "needs --token-file"},
		{"app add crm --company Cli --url https://x.example --token-file x --responsible Claire", `"Claire" is not an e-mail address`},
		{"company set Cli", "--feature name=on"},
		{"company set Cli --feature nothing=on", "there are roles, delta, memberships"},
		{"company set Cli --feature roles=maybe", "on or off"},
		{"role set a --company Cli --contains b", "no other one"},
		{"import a b --company Cli", "takes one FILE"},
		{"import --company Cli --type Role", "User or Group"},
		{"import --company Cli --format xml", "the formats are csv, json, ndjson"},
		{"serve --log-level loud", "debug, info, warn or error"},
		{"demo --listen 0.0.0.0:0", "loopback only"},
		{"serve --traces-share NaN", "--traces-share"},
		{"serve --traces-share 7", "--traces-share"},
		{"serve --drain-delay -5s", "--drain-delay"},
		{"serve --page-size 2000 --largest-page 10", "--page-size 2000 is more than --largest-page (10)"},
		{"serve --page-size 1001", "--largest-page (1000)"},
		{"serve --connection-requests 100 --concurrent-requests 10", "--connection-requests 100 is more than --concurrent-requests (10)"},
		{"serve --nonsense", "unknown flag"},
	} {
		t.Run(c.args, func(t *testing.T) {
			path, err := binary()
			if err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(path, append(strings.Fields(c.args), i.where...)...).CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 2 {
				t.Errorf("exit status: %v, want 2", err)
			}
			if !strings.Contains(string(out), c.says) {
				t.Errorf("it says %q, want it to name %q", out, c.says)
			}
		})
	}
}

// TestCommandsAreIdempotent: what scripts repeat changes nothing the second time.
func TestCommandsAreIdempotent(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	first := i.command("company", "create", "Twice", "--domain", "twice.example", "--assume-verified")
	if second := i.command("company", "create", "Twice", "--domain", "twice.example", "--assume-verified"); second != first {
		t.Errorf("the second time it says %q, the first %q", second, first)
	}
	a := i.command("token", "create", "--company", "Twice", "--connection", "idp")
	b := i.command("token", "create", "--company", "Twice", "--connection", "idp")
	if a == b || strings.ContainsAny(a, " \n") {
		t.Errorf("tokens %q and %q: want two different ones, each alone on standard output", a, b)
	}
	if _, err := i.try("token", "create", "--company", "Twice", "--connection", "idp"); err == nil {
		t.Error("a third token in force was made; a connection has two at most")
	}
}

// TestErrorsNameTheThing: exit status 1 and a sentence, never a stack or an SQL text.
func TestErrorsNameTheThing(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.command("company", "create", "One", "--domain", "one.example", "--assume-verified")
	dir := t.TempDir()
	files := strings.NewReplacer("TOKEN", filepath.Join(dir, "token"), "BLANK", filepath.Join(dir, "blank"))
	for name, text := range map[string]string{"token": "secret", "blank": "two words"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ args, says string }{
		{"token create --company Nobody --connection c", `company "Nobody"`},
		{"company create Two --domain one.example --assume-verified", "one.example"},
		{"company create Two --domain gmail.com --assume-verified", "gmail.com"},
		{"company create Two --domain not_a_domain --assume-verified", "not_a_domain"},
		{"app status crm", `app "crm"`},
		{"token revoke 42 --company One", "42"},
		{"admin add nobody --company One", "nobody"},
		{"issuer add x --company One --url http://login.example --client-id c", "https"},
		{"issuer add x --company One --url https://login.microsoftonline.com/T/v2.0 --client-id c", "entra-tid"},
		{"app add x --company One --profile lotus --token-file TOKEN --url https://x.example", "okta-style"},
		{"app add x --company One --token-file TOKEN --url ftp://x.example", "want https://host/path"},
		{"app add x --company One --token-file TOKEN --url http://x.example", "in clear"},
		{"app add x --company One --token-file TOKEN --url https://u:s3c@x.example", "x.example: it may hold no user"},
		{"app add x --company One --token-file TOKEN --url https://x.example/scim?token=s3c", "x.example: it may hold no user, query"},
		{"app add x --company One --token-file BLANK --url https://x.example", "blank"},
		{"app add x --company One --profile lastpass-enterprise --token-file TOKEN --url https://x.example", "LastPass is no JSON object"},
		{"app status x", `app "x"`}, // none of these was added
	} {
		_, err := i.try(strings.Fields(files.Replace(c.args))...)
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "SQL") {
			t.Errorf("proprio %s says %v, want it to name %q", c.args, err, c.says)
		}
	}
}

// TestAppStatusJSONIsStable: the names that scripts rely on.
func TestAppStatusJSONIsStable(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.command("company", "create", "Status", "--domain", "status.example", "--assume-verified")
	i.addApp("Status", "crm", "https://crm.status.example/scim/v2", "secret")
	var status map[string]any
	if err := json.Unmarshal([]byte(i.command("app", "status", "crm", "--json")), &status); err != nil {
		t.Fatal(err)
	}
	if got, want := sortedKeys(status), []string{"due", "id", "inSync", "name", "paused", "profile", "states"}; !slices.Equal(got, want) {
		t.Errorf("names %v, want %v", got, want)
	}
}

// TestListJSONIsStable: the names that scripts rely on, as they are before and after what is optional; and no secret.
func TestListJSONIsStable(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.command("company", "create", "Lists", "--domain", "proved.example", "--assume-verified")
	for _, noun := range []string{"connection", "admin", "issuer", "app"} {
		if got := i.command(noun, "list", "--company", "Lists", "--json"); got != "[]" {
			t.Errorf("%s list --json of none prints %s", noun, got)
		}
	}
	i.command("domain", "add", "waiting.example", "--company", "Lists")
	token := i.command("token", "create", "--company", "Lists", "--connection", "idp", "--preset", "okta", "--expires-in", "24h")
	lasting := i.command("token", "create", "--company", "Lists", "--connection", "idp")
	i.command("admin", "add", "anne@proved.example", "--company", "Lists")
	i.addApp("Lists", "crm", "https://crm.proved.example/scim/v2", "secret-of-the-app")
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret-of-the-client"), 0o600); err != nil {
		t.Fatal(err)
	}
	i.command("issuer", "add", "login", "--company", "Lists", "--url", "https://login.example", "--client-id", "c",
		"--client-secret-file", secret, "--max-age", "8h", "--require-amr", "mfa", "--trust", "entra-tid", "--tenant", "T")
	connections := i.list("connection", "list", "--company", "Lists")
	tokens, _ := connections[0]["tokens"].([]any)
	if len(tokens) != 2 {
		t.Fatalf("tokens %v, want two", tokens)
	}
	i.wantNames(tokens[0], "created id scopes")
	i.wantNames(tokens[1], "created expires id scopes")
	i.command("token", "revoke", tokens[0].(object)["id"].(string), "--company", "Lists")

	i.wantNames(i.list("company", "list")[0], "created features id name outsideDomain suspended")
	domains := i.list("domain", "list", "--company", "Lists")
	i.wantNames(domains[0], "inForce name verified")
	i.wantNames(domains[1], "inForce name proof record")
	i.wantNames(connections[0], "created disabled id name preset switches tokens")
	i.wantNames(connections[0]["switches"], "reviveInactive")
	i.wantNames(i.list("connection", "list", "--company", "Lists")[0]["tokens"].([]any)[0], "created id revoked scopes")
	i.wantNames(i.list("admin", "list", "--company", "Lists")[0], "address created disabled id role")
	i.wantNames(i.list("issuer", "list", "--company", "Lists")[0],
		"allowPrivate callbackPath clientId created disabled id maxAge name requireAmr tenant trust url")
	i.wantNames(i.list("app", "list", "--company", "Lists")[0],
		"allowPrivate created id linkExisting name paused profile url")
	for _, noun := range []string{"connection", "issuer", "app"} {
		out := i.command(noun, "list", "--company", "Lists", "--json")
		for _, secret := range []string{token, lasting, "secret-of-the-app", "secret-of-the-client"} {
			if strings.Contains(out, secret) {
				t.Errorf("%s list --json shows the secret %s", noun, secret)
			}
		}
	}
}

// list runs a command with --json and returns the objects it prints.
func (i *installation) list(args ...string) (items []object) {
	i.t.Helper()
	if err := json.Unmarshal([]byte(i.command(append(args, "--json")...)), &items); err != nil {
		i.t.Fatal(err)
	}
	return items
}

// wantNames compares the names of a JSON object with those wanted, sorted.
func (i *installation) wantNames(item any, want string) {
	i.t.Helper()
	names, _ := item.(object)
	if got := strings.Join(sortedKeys(names), " "); got != want {
		i.t.Errorf("names %s, want %s", got, want)
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// TestAnAdminCanBeShutOut: whom the directory does not know, only this can keep out.
func TestAnAdminCanBeShutOut(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.command("company", "create", "Out", "--domain", "out.example", "--assume-verified")
	i.command("admin", "add", "anne@out.example", "--company", "Out")
	for _, step := range []struct{ verb, state string }{{"disable", "disabled=true"}, {"disable", "disabled=true"}, {"enable", "disabled=false"}} {
		said := i.command("admin", step.verb, "Anne@OUT.example", "--company", "Out")
		listed := i.command("admin", "list", "--company", "Out")
		if !strings.Contains(said, step.state) || !strings.Contains(listed, step.state) {
			t.Errorf("admin %s says %q, the list %q, want %s", step.verb, said, listed, step.state)
		}
	}
	if _, err := i.try("admin", "disable", "bruno@out.example", "--company", "Out"); err == nil || !strings.Contains(err.Error(), "bruno@out.example") {
		t.Errorf("somebody who is not listed: %v", err)
	}
}

// TestAddingAnAppAgainLeavesItPaused: a script that repeats itself does not undo what somebody did in an emergency.
func TestAddingAnAppAgainLeavesItPaused(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.command("company", "create", "Pause", "--domain", "pause.example", "--assume-verified")
	i.addApp("Pause", "crm", "https://crm.pause.example/scim/v2", "secret")
	i.command("app", "pause", "crm")
	i.addApp("Pause", "crm", "https://crm.pause.example/scim/v2", "secret")
	if status := i.command("app", "status", "crm"); !strings.Contains(status, "paused") {
		t.Errorf("after adding it again: %q", status)
	}
}

// TestMistypedPlaceIsRefused: commands say that there is no database where they were sent, and make none; a backup of nothing
// would push the good ones out.
func TestMistypedPlaceIsRefused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(file, []byte("userName\nanna@one.example\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, database := range map[string]string{"sqlite": "", "postgres": dbtest.PostgresURL(t)} {
		t.Run(name, func(t *testing.T) {
			i, saved := newInstallation(t, database), filepath.Join(t.TempDir(), "b")
			place := "the Postgres database postgres on "
			if database == "" {
				i.where[1] = filepath.Join(i.where[1], "typo")
				place = filepath.Join(i.where[1], "proprio.db")
			}
			for range 2 { // the first try leaves nothing that the second one takes for a database
				for _, args := range [][]string{
					{"backup", saved, "--unencrypted"}, {"import", file, "--company", "One"}, {"company", "list"}, {"app", "status", "crm"},
				} {
					_, err := i.try(args...)
					if err == nil || !strings.Contains(err.Error(), place) || !strings.Contains(err.Error(), "--data") {
						t.Errorf("proprio %s says %v, want it to name %s and --data", args[0], err, place)
					}
				}
			}
			if _, err := os.Stat(saved); err == nil {
				t.Error("a backup was made")
			}
			if _, err := os.Stat(i.where[1]); database == "" && err == nil {
				t.Error("a data folder was made")
			}
			i.command("company", "create", "One")
			i.command("backup", saved, "--unencrypted")
		})
	}
}

// TestNothingIsBackedUp: a server was started, and there is no company yet.
func TestNothingIsBackedUp(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.serve()
	if _, err := i.try("backup", filepath.Join(t.TempDir(), "b"), "--unencrypted"); err == nil || !strings.Contains(err.Error(), "no company") {
		t.Errorf("a backup without a company says %v", err)
	}
}
