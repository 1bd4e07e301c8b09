package main_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// TestCampaignKilledBackups kills backup, restore and migrate at random moments. A file that has its name is whole; a place
// holds nothing or everything; and the same command, run again, comes to its end.
func TestCampaignKilledBackups(t *testing.T) {
	t.Parallel()
	kills, people := 3, 800
	if full() {
		kills, people = 60, 20_000
	}
	i := newInstallation(t, "")
	i.command("company", "create", "Kill", "--domain", "kill.example", "--assume-verified")
	populate(t, i, people)
	key := keyFile(t)
	i.command("backup", filepath.Join(t.TempDir(), "all"), "--key-file", key)
	t.Run("backup", func(t *testing.T) { killedBackup(t, i, key, kills) })
	for name, database := range map[string]func() string{"sqlite": func() string { return "" }, "postgres": func() string { return dbtest.PostgresURL(t) }} {
		t.Run("restore into "+name, func(t *testing.T) {
			t.Parallel() // begins when the migration is over: a migration wants a source that stays as it is
			killedRestore(t, i, database(), key, kills, people)
		})
	}
	t.Run("migrate", func(t *testing.T) { killedMigration(t, i, kills, people) })
}

// populate gives the company Users, past the server.
func populate(t *testing.T, i *installation, people int) {
	t.Helper()
	d := dbtest.Open(t, db.Config{Data: i.where[1]})
	company, err := d.CompanyByName(t.Context(), "Kill")
	if err != nil {
		t.Fatal(err)
	}
	caller := resources.Caller{Company: company.ID, Actor: audit.Actor{Kind: audit.ActorCommand}}
	var changes []resources.Change
	for n := range people {
		name := fmt.Sprintf("user%d@kill.example", n)
		changes = append(changes, resources.Change{Action: audit.ActionCreate, SetBody: true, Resource: &resources.Resource{
			Type: resources.TypeUser, ID: uuid.Must(uuid.NewV7()).String(), LastModified: time.Now(),
			Body: []byte(fmt.Sprintf(`{"userName":%q,"active":true,"title":%q}`, name, strings.Repeat("x", 200))),
			Index: resources.Index{UserName: name, UserNameFolded: name, Active: true,
				Emails: []resources.Email{{Value: name, Folded: name, Type: "work", Primary: true}}},
		}})
		if len(changes) == 500 || n == people-1 {
			if _, err := d.Apply(t.Context(), caller, changes...); err != nil {
				t.Fatal(err)
			}
			changes = nil
		}
	}
}

// killed runs a command and kills it at a moment before it has run for so long; it says whether the command ended before.
func killed(t *testing.T, within time.Duration, args ...string) (ended bool, took time.Duration) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if within > 0 {
		timer := time.AfterFunc(rand.N(within), func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
	}
	err = cmd.Wait()
	return err == nil, time.Since(start)
}

func killedBackup(t *testing.T, i *installation, key string, kills int) {
	file := filepath.Join(t.TempDir(), "b")
	args := append([]string{"backup", file, "--key-file", key, "--log-level", "error"}, i.where...)
	_, took := killed(t, 0, args...)
	for range kills {
		_ = os.Remove(file)
		killed(t, took, args...)
		if _, err := os.Stat(file); err == nil {
			i.command("backup", "verify", file, "--key-file", key)
		}
	}
	_ = os.Remove(file)
	i.command("backup", file, "--key-file", key)
}

func killedRestore(t *testing.T, i *installation, database, key string, kills, people int) {
	file := filepath.Join(t.TempDir(), "b")
	i.command("backup", file, "--key-file", key)
	other := newInstallation(t, database)
	args := append([]string{"restore", file, "--key-file", key, "--log-level", "error"}, other.where...)
	took := 2 * time.Second
	for n := 0; n <= kills; n++ {
		within := took
		if n == kills {
			within = 0
		}
		ended, ran := killed(t, within, args...)
		if ended {
			took = ran
		}
		there := whole(t, other, database, people)
		if ended && !there || n == kills && !there {
			t.Fatal("restored, and nothing is there")
		}
		if there && n < kills {
			other = newInstallation(t, "")
			if database != "" {
				other = newInstallation(t, dbtest.PostgresURL(t))
				database = other.where[3]
			}
			args = append(args[:6:6], other.where...)
		}
	}
}

// whole tells whether all people are in a database; none of them is what it may be otherwise.
func whole(t *testing.T, i *installation, database string, people int) bool {
	t.Helper()
	d, err := db.Inspect(db.Config{Data: i.where[1], URL: database})
	if err != nil {
		return false // there is no file
	}
	defer d.Close()
	company, err := d.CompanyByName(t.Context(), "Kill")
	if err != nil {
		return false // there are no tables, or they are empty
	}
	total, err := d.Find(t.Context(), resources.Caller{Company: company.ID}, resources.Query{Type: resources.TypeUser, StartIndex: 1})
	if err != nil {
		t.Fatal(err)
	}
	if total.Total != people {
		t.Fatalf("%d of %d people are there", total.Total, people)
	}
	return true
}

func killedMigration(t *testing.T, i *installation, kills, people int) {
	url := dbtest.PostgresURL(t)
	args := append([]string{"migrate", "sqlite-to-postgres", "--database", url, "--log-level", "error"}, i.where...)
	target := &installation{t: t, where: append([]string{"--data", i.where[1]}, "--database", url)}
	for range kills {
		ended, _ := killed(t, time.Duration(people)*300*time.Microsecond, args...)
		if whole(t, target, url, people) {
			return // it came to its end, whether or not it could tell
		}
		if ended {
			t.Fatal("the migration ended, and nothing is there")
		}
	}
	if ended, _ := killed(t, 0, args...); !ended || !whole(t, target, url, people) {
		t.Error("the migration does not come to its end")
	}
}
