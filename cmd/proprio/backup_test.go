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
	"time"

	"proprio/db"
	"proprio/db/dbtest"
)

// keyFile is a file with the secret of a backup.
func keyFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "backup.key")
	if err := os.WriteFile(path, []byte("a secret for the backups of the tests\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// withUsers is an installation with a company that has so many Users, and an app whose token is sealed.
func withUsers(t *testing.T, database string, n int) (i *installation, c *caller) {
	t.Helper()
	i = newInstallation(t, database)
	i.command("company", "create", "Saved", "--domain", "kill.example", "--assume-verified")
	token := i.command("token", "create", "--company", "Saved", "--connection", "idp")
	i.addApp("Saved", "crm", "https://127.0.0.1:1/scim/v2", "token-of-the-app")
	i.serve()
	c = newCaller(i.url+"/scim/v2", token)
	w := &writer{caller: c, name: "w", people: n}
	if w.run(); w.err != nil {
		t.Fatal(w.err)
	}
	return i, c
}

// TestBackupAndRestore: made while the server runs, restored into the other kind of database with the keyset beside it; the
// same tokens and ids are good there, and the app's secret opens.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, where db.Config) {
		t.Parallel()
		i, c := withUsers(t, where.URL, 30)
		folder, key := t.TempDir(), keyFile(t)
		said := i.command("backup", folder, "--key-file", key)
		files, _ := filepath.Glob(filepath.Join(folder, "*"))
		if len(files) != 1 || !strings.Contains(said, "read back and equal") || !strings.Contains(said, "keyset is not in it") {
			t.Fatalf("files %v; it says %s", files, said)
		}
		if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode of the backup: %v, %v", info.Mode(), err)
		}
		other := newInstallation(t, "")
		if where.URL == "" {
			other = newInstallation(t, dbtest.PostgresURL(t))
		}
		said = other.command("restore", files[0], "--key-file", key)
		if !strings.Contains(said, "WARNING") || !strings.Contains(said, "keyset.json") {
			t.Errorf("restored without the keyset, it says %s", said)
		}
		copyFile(t, filepath.Join(i.where[1], "keyset.json"), filepath.Join(other.where[1], "keyset.json"))
		var findings []map[string]string
		out, _ := other.try("doctor", "--json")
		if err := json.Unmarshal([]byte(out), &findings); err != nil {
			t.Fatal(err)
		}
		for _, f := range findings {
			if f["check"] == "keyset" && f["found"] != "it opens the secrets" {
				t.Errorf("with the keyset in its place doctor finds %v", f)
			}
		}
		other.serve()
		there := newCaller(other.url+"/scim/v2", c.token)
		for _, path := range []string{"/Users", "/Groups"} {
			was, is := seen(t, c, path), seen(t, there, path)
			if len(was) == 0 || !maps.Equal(was, is) {
				t.Errorf("%s: %d restored, %d were there, or they differ", path, len(is), len(was))
			}
		}
	})
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// seen is what a client sees of resources, by id, but for the server's own address.
func seen(t *testing.T, c *caller, path string) map[any]string {
	t.Helper()
	all := map[any]string{}
	for _, r := range c.all(t, path) {
		out, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		all[r["id"]] = strings.ReplaceAll(string(out), c.base, "")
	}
	return all
}

// TestBackupMistakes: what is wrong is said, and nothing is overwritten.
func TestBackupMistakes(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.command("company", "create", "One", "--domain", "one.example", "--assume-verified")
	dir, key := t.TempDir(), keyFile(t)
	other, short := filepath.Join(dir, "other.key"), filepath.Join(dir, "short.key")
	for path, text := range map[string]string{other: "another secret of that length", short: "short"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	i.addApp("One", "crm", "https://127.0.0.1:1/scim/v2", "token-of-the-app") // which makes a keyset
	good, clear := filepath.Join(dir, "good"), filepath.Join(dir, "clear")
	i.command("backup", good, "--key-file", key, "--with-keyset")
	i.command("backup", clear, "--unencrypted")
	text, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	cut, altered := filepath.Join(dir, "cut"), filepath.Join(dir, "altered")
	changed := append([]byte{}, text...)
	changed[len(changed)/2] ^= 1
	for path, text := range map[string][]byte{cut: text[:len(text)-50], altered: changed} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	empty, bare := t.TempDir(), t.TempDir()
	copyFile(t, filepath.Join(i.where[1], "proprio.db"), filepath.Join(bare, "proprio.db"))
	for _, c := range []struct {
		args   string
		status int
		says   string
	}{
		{"backup NEW", 2, "--key-file"},
		{"backup NEW --key-file KEY --unencrypted", 2, "exclude"},
		{"backup NEW --unencrypted --with-keyset", 2, "needs encryption"},
		{"backup NEW --key-file SHORT", 1, "at least 16"},
		{"backup GOOD --key-file KEY", 1, "there already"},
		{"backup verify GOOD", 1, "is encrypted"},
		{"backup verify GOOD --key-file OTHER", 1, "wrong key"},
		{"backup verify CUT --key-file KEY", 1, "truncated"},
		{"backup verify ALTERED --key-file KEY", 1, "damaged"},
		{"backup verify BARE --key-file KEY", 1, "is a folder"},
		{"restore BARE --data EMPTY --key-file KEY", 1, "is a folder"},
		{"backup verify KEY --key-file KEY", 1, "no backup"},
		{"backup verify CLEAR --key-file KEY", 1, "--unencrypted takes it"},
		{"backup verify GOOD --key-file KEY --unencrypted", 1, "is encrypted"},
		{"restore GOOD --database mysql://127.0.0.1/x --data EMPTY --key-file KEY", 1, "must start with postgres://"},
		{"restore CLEAR --data EMPTY --key-file KEY", 1, "--unencrypted takes it"},
		{"restore CUT --data EMPTY --key-file KEY", 1, "truncated"},
		{"restore ALTERED --data EMPTY --key-file KEY", 1, "damaged"},
		{"restore GOOD --data EMPTY --key-file OTHER", 1, "wrong key"},
		{"restore GOOD --data DATA --key-file KEY", 1, "there already"},
		{"restore GOOD --data BARE --key-file KEY", 1, "there already"},
		{"migrate sqlite-to-postgres --data EMPTY --database postgres://127.0.0.1:1/x", 1, "no database"},
	} {
		args := strings.Fields(strings.NewReplacer("NEW", filepath.Join(dir, "new"), "GOOD", good, "CLEAR", clear, "SHORT", short, "OTHER", other, "CUT", cut,
			"ALTERED", altered, "EMPTY", empty, "BARE", bare, "DATA", i.where[1], "KEY", key).Replace(c.args))
		if !strings.Contains(c.args, "--data") {
			args = append(args, i.where...)
		}
		path, err := binary()
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(path, args...).CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != c.status || !strings.Contains(string(out), c.says) {
			t.Errorf("proprio %s: %v, says %q; want status %d and %q", c.args, err, out, c.status, c.says)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "new")); err == nil {
		t.Error("a refused backup left a file")
	}
	if _, err := os.Stat(filepath.Join(empty, "proprio.db")); err == nil {
		t.Error("a refused restore left a database")
	}
	for _, folder := range []string{empty, bare} {
		if _, err := os.Stat(filepath.Join(folder, "keyset.json")); err == nil {
			t.Error("a refused restore left a keyset: a server would seal with it")
		}
	}
	if _, err := os.Stat(filepath.Join(i.where[1], "keyset.json")); err != nil {
		t.Errorf("a refused restore took away the keyset that was there: %v", err)
	}
}

// TestRestoreWithKeyset: a backup with the keyset brings what opens its secrets.
func TestRestoreWithKeyset(t *testing.T) {
	t.Parallel()
	i, other := newInstallation(t, ""), newInstallation(t, "")
	i.command("company", "create", "One", "--domain", "one.example", "--assume-verified")
	i.addApp("One", "crm", "https://127.0.0.1:1/scim/v2", "token-of-the-app")
	file, key := filepath.Join(t.TempDir(), "b"), keyFile(t)
	i.command("backup", file, "--key-file", key, "--with-keyset")
	if said := other.command("restore", file, "--key-file", key); !strings.Contains(said, "opens its secrets") || strings.Contains(said, "WARNING") {
		t.Errorf("restored with the keyset, it says %s", said)
	}
}

// TestRestoreIntoServedPostgresIsRefused: an idle server keeps it off until it stops.
func TestRestoreIntoServedPostgresIsRefused(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, dbtest.PostgresURL(t))
	i.command("company", "create", "One", "--domain", "one.example", "--assume-verified")
	key, file := keyFile(t), filepath.Join(t.TempDir(), "b")
	i.command("backup", file, "--key-file", key)
	s := i.serve()
	d := dbtest.Open(t, db.Config{Data: i.where[1], URL: i.where[3]})
	serves := func() bool {
		list, err := d.Duties(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(list, func(d db.Duty) bool { return d.Name == db.DutyServe && d.Owner != "" })
	}
	for !serves() {
		time.Sleep(10 * time.Millisecond)
	}
	if _, err := i.try("restore", file, "--key-file", key, "--force"); err == nil || !strings.Contains(err.Error(), "a server runs on this database (replica ") {
		t.Errorf("while a server runs: %v", err)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if err := s.wait(); err != nil {
		t.Fatal(err)
	}
	i.command("restore", file, "--key-file", key, "--force")
}

// TestRestoreAndMigrateAreRefusedWhileTheServerRuns, for what it writes would be lost.
func TestRestoreAndMigrateAreRefusedWhileTheServerRuns(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.command("company", "create", "One", "--domain", "one.example", "--assume-verified")
	key, file := keyFile(t), filepath.Join(t.TempDir(), "b")
	i.command("backup", file, "--key-file", key)
	i.serve()
	for _, args := range [][]string{{"restore", file, "--key-file", key, "--force"}, {"migrate", "sqlite-to-postgres", "--database", "postgres://127.0.0.1:1/x"}} {
		if _, err := i.try(args...); err == nil || !strings.Contains(err.Error(), "another proprio serve runs") {
			t.Errorf("%s: %v", args[0], err)
		}
	}
}
