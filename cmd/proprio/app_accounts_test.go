package main_test

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	product "proprio/push/profiles"
	"proprio/push/standin"
)

// accountsWorld is an installation with three people and an app in which somebody has signed up already.
func accountsWorld(t *testing.T) (*installation, *standin.Server) {
	t.Helper()
	i := newInstallation(t, "")
	i.command("company", "create", "Acc", "--domain", "acc.example", "--assume-verified")
	people := writeFile(t, "people.csv", "userName;name.givenName;emails.work\nanne@acc.example;Anne;anne@acc.example\n"+
		"julie@acc.example;Julie;julie@acc.example\nmarc@acc.example;Marc;marc@acc.example\n")
	i.command("import", people, "--company", "Acc")
	generic, err := product.Parse([]byte(`{"name": "generic", "title": "T"}`))
	if err != nil {
		t.Fatal(err)
	}
	stand := standin.New(generic, "s3cret")
	server := httptest.NewServer(stand)
	t.Cleanup(server.Close)
	i.addApp("Acc", "crm", server.URL, "s3cret")
	for _, name := range []string{"ANNE@acc.example", "julie.b@gmail.com", "audit@other.example", "support@editor.example"} {
		stand.Add(map[string]any{"userName": name, "active": true})
	}
	return i, stand
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// accounts are what `proprio app accounts --json` says, by user name.
func accounts(t *testing.T, i *installation, more ...string) (map[string]map[string]any, map[string]any) {
	t.Helper()
	var d map[string]any
	if err := json.Unmarshal([]byte(i.command(append([]string{"app", "accounts", "crm", "--json"}, more...)...)), &d); err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]any{}
	for _, a := range d["accounts"].([]any) {
		account := a.(map[string]any)
		out[account["userName"].(string)] = account
	}
	return out, d
}

func TestAppAccounts(t *testing.T) {
	t.Parallel()
	i, stand := accountsWorld(t)
	said := func(want string, args ...string) {
		t.Helper()
		if out := i.command(args...); !strings.Contains(out, want) {
			t.Errorf("proprio %s says %q, want %q", strings.Join(args, " "), out, want)
		}
	}
	refused := func(want string, args ...string) {
		t.Helper()
		if _, err := i.try(args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("proprio %s: %v, want %q", strings.Join(args, " "), err, want)
		}
	}
	found, d := accounts(t, i)
	if found["ANNE@acc.example"]["relation"] != "matched" || found["julie.b@gmail.com"]["relation"] != "unmatched" || d["open"] != 4.0 {
		t.Fatalf("%v", d)
	}
	said("1 would be linked, 0 are held; nothing was done", "app", "link", "crm", "--all-matched")
	if found, _ := accounts(t, i); found["ANNE@acc.example"]["relation"] != "matched" {
		t.Error("a preview linked")
	}
	said("1 linked", "app", "link", "crm", "--all-matched", "--yes")
	refused("adopt it", "app", "link", "crm", "julie.b@gmail.com", "julie@acc.example")
	said("account of julie@acc.example", "app", "adopt", "crm", "julie.b@gmail.com", "julie@acc.example", "--reason", "she signed up by herself")
	refused("already", "app", "link", "crm", "anne@acc.example", "marc@acc.example")
	refused("no account", "app", "leave", "crm", "nobody", "--reason", "x")
	refused(`user "zoe@acc.example"`, "app", "link", "crm", "audit@other.example", "zoe@acc.example")
	said("left", "app", "leave", "crm", "audit@other.example", "--reason", "the auditor's own")
	until := time.Now().AddDate(0, 3, 0).Format(time.DateOnly)
	refused("--until", "app", "except", "crm", "support@editor.example", "--until", "soon", "--responsible", "c@acc.example", "--reason", "x")
	refused("answers for", "app", "except", "crm", "support@editor.example", "--until", until, "--responsible", "Claire", "--reason", "x")
	said("stays as it is", "app", "except", "crm", "support@editor.example", "--until", until, "--responsible", "c@acc.example", "--reason", "the editor migrates us")
	refused("no account in crm", "app", "unlink", "crm", "marc@acc.example")
	refused("nobody@acc.example has no account in crm", "app", "unlink", "crm", "nobody@acc.example")
	said("julie@acc.example has no account in crm any more", "app", "unlink", "crm", "julie@acc.example", "--reason", "her namesake's")
	said("unlinked from julie@acc.example by", "app", "accounts", "crm")
	said("account of julie@acc.example", "app", "adopt", "crm", "julie.b@gmail.com", "julie@acc.example")
	found, d = accounts(t, i)
	if d["open"] != 0.0 || d["left"] != 1.0 || d["exceptions"] != 1.0 || found["julie.b@gmail.com"]["relation"] != "linked" {
		t.Errorf("%v", d)
	}
	said("again", "app", "reopen", "crm", "audit@other.example")
	if _, d := accounts(t, i); d["open"] != 1.0 || d["left"] != 0.0 {
		t.Errorf("%v", d)
	}
	for _, r := range stand.Heard() {
		if r.Method != "GET" {
			t.Errorf("without a push, the app heard %s", r)
		}
	}
}

func TestAppAccountsFromAFile(t *testing.T) {
	t.Parallel()
	i, stand := accountsWorld(t)
	stand.Heard()
	file := writeFile(t, "export.csv", "Nom;Courriel pro;Etat\nAnne;anne@acc.example;A\nX;x@gmail.com;Z\n")
	found, d := accounts(t, i, "--csv", file, "--column", "email=Courriel pro", "--inactive", "Z")
	if found["anne@acc.example"]["relation"] != "matched" || found["x@gmail.com"]["active"] != false || d["export"] != true || len(stand.Heard()) != 0 {
		t.Errorf("%v", d)
	}
	for want, args := range map[string][]string{
		"no column tells whose": {"app", "accounts", "crm", "--csv", file},
		"line 2":                {"app", "accounts", "crm", "--csv", file, "--column", "email=Courriel pro"},
		"give the file":         {"app", "accounts", "crm", "--inactive", "Z"},
	} {
		out, err := i.try(args...)
		if err == nil || !strings.Contains(err.Error(), want) || out != "" {
			t.Errorf("proprio %s says %q and %v, want %q", strings.Join(args, " "), out, err, want)
		}
	}
}
