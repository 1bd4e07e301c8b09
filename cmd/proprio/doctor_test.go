package main_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"proprio/db"
	"proprio/db/dbtest"
)

// doctor runs proprio doctor and returns its exit status, and the state and the words of each check.
func (i *installation) doctor(more ...string) (status int, states, found map[string]string) {
	i.t.Helper()
	path, err := binary()
	if err != nil {
		i.t.Fatal(err)
	}
	out, err := exec.Command(path, append(append([]string{"doctor", "--json"}, more...), i.where...)...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status = exit.ExitCode()
	} else if err != nil {
		i.t.Fatal(err)
	}
	var findings []map[string]string
	if err := json.Unmarshal(out, &findings); err != nil {
		i.t.Fatalf("doctor --json: %v: %s", err, out)
	}
	states, found = map[string]string{}, map[string]string{}
	for _, f := range findings {
		states[f["check"]], found[f["check"]] = f["state"], f["found"]
		if f["state"] != "ok" && f["advice"] == "" {
			i.t.Errorf("%s: doctor does not say what to do", f["check"])
		}
	}
	return status, states, found
}

// apart takes the checks out whose result the machine decides that the tests run on, and fails unless they were made.
func (i *installation) apart(states map[string]string, checks ...string) map[string]string {
	i.t.Helper()
	for _, check := range checks {
		if states[check] == "" {
			i.t.Errorf("%s is not looked at", check)
		}
		delete(states, check)
	}
	return states
}

// TestDoctor: a well installation, beside a running server, lacks a backup and nothing else; with one all is well; what is
// broken is found, named, and is the exit status.
func TestDoctor(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, where db.Config) {
		t.Parallel()
		i := newInstallation(t, where.URL)
		i.command("company", "create", "Well", "--domain", "well.example", "--assume-verified")
		i.addApp("Well", "crm", "https://127.0.0.1:1/scim/v2", "token-of-the-app")
		i.command("app", "pause", "crm")
		server := i.serve()
		_, states, found := i.doctor("--deep")
		want := map[string]string{"database": "ok", "schema": "ok", "clock": "ok", "keyset": "ok", "indexes": "ok", "totals": "ok",
			"backup": "warn", "waiting": "ok", "duties": "ok", "credentials": "ok", "private apps": "ok"}
		machine := []string{"disk"}
		if where.URL == "" {
			want["wal"], want["file"] = "ok", "ok"
		} else {
			want["dead rows"] = "ok"
			machine = append(machine, "pool", "wal")
		}
		if diff := cmp.Diff(want, i.apart(states, machine...)); diff != "" {
			t.Errorf("a well installation: -want +got:\n%s%v", diff, found)
		}
		i.command("backup", t.TempDir(), "--unencrypted")
		if _, states, found = i.doctor(); states["backup"] != "ok" {
			t.Errorf("after a backup: %s", found["backup"])
		}
		server.kill()

		execute(t, i, where.URL, `drop index resources_name`, `update backups set taken = taken - 90000000000`,
			`insert into dirty (company_id, object_type, object_id, seq, marked_at) values ('x', 'User', 'x', 1, 1)`,
			`insert into duties (name, owner, lease_until, due, started, finished, outcome) values ('sweep', '', 0, 1, 1, 1, 'no room')`)
		if err := os.WriteFile(filepath.Join(i.where[1], "keyset.json"), newKeyset(t), 0o600); err != nil {
			t.Fatal(err)
		}
		status, states, found := i.doctor()
		for check, says := range map[string]string{"indexes": "resources_name is missing", "keyset": "none of the newest"} {
			if states[check] != "fail" || !strings.Contains(found[check], says) {
				t.Errorf("%s: %s, %s; want fail and %q", check, states[check], found[check], says)
			}
		}
		for check, says := range map[string]string{"backup": "h", "waiting": "dirty since 1970", "duties": "sweep is due since"} {
			if states[check] != "warn" || !strings.Contains(found[check], says) {
				t.Errorf("%s: %s, %s; want warn and %q", check, states[check], found[check], says)
			}
		}
		if status != 2 {
			t.Errorf("exit status %d, want 2", status)
		}
	})
}

func newKeyset(t *testing.T) []byte {
	t.Helper()
	text, err := db.NewKeyset()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestDoctorFindsADamagedFile, and one that is not there, and makes neither.
func TestDoctorFindsADamagedFile(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	if status, states, _ := i.doctor(); status != 2 || states["database"] != "fail" {
		t.Errorf("no database: status %d, %v", status, states)
	}
	left, err := os.ReadDir(i.where[1])
	if err != nil || len(left) != 0 {
		t.Errorf("doctor made %v", left)
	}
	i.command("company", "create", "Well", "--domain", "well.example", "--assume-verified")
	file := filepath.Join(i.where[1], "proprio.db")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	page := rootOf(t, file, "resources") // the schema is in others
	for n := (page - 1) * pageSize; n < page*pageSize; n++ {
		text[n] = 0xa5
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if status, states, found := i.doctor("--deep"); status != 2 || states["file"] != "fail" {
		t.Errorf("a damaged file: status %d, %s", status, found["file"])
	}
}

// pageSize is that of our SQLite files.
const pageSize = 4096

// rootOf is the number of the first page of a table in a SQLite file, from 1.
func rootOf(t *testing.T, file, table string) (page int) {
	t.Helper()
	plain, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if err := plain.QueryRow(`select rootpage from sqlite_schema where name = ?`, table).Scan(&page); err != nil {
		t.Fatal(err)
	}
	return page
}

// execute runs statements on a database as somebody does who is not careful.
func execute(t *testing.T, i *installation, url string, statements ...string) {
	t.Helper()
	driver, name := "postgres", url
	if url == "" {
		driver, name = "sqlite", filepath.Join(i.where[1], "proprio.db")
	}
	plain, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	for _, s := range statements {
		if _, err := plain.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}
