package main_test

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/push"
)

// TestSQLiteHasOneServer: a second server on the same data folder is refused in words, commands are not, and a server
// that was killed leaves nothing in the way of the next.
func TestSQLiteHasOneServer(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	first := i.serve()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	second := exec.CommandContext(ctx, path, append([]string{"serve", "--listen", "127.0.0.1:0"}, i.where...)...)
	out, err := second.CombinedOutput()
	var exit *exec.ExitError
	if folder := i.where[1]; !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(out), "data folder "+folder) {
		t.Errorf("the second server ends with %v and says %q, want status 1 and the folder %s", err, out, folder)
	}
	i.command("company", "create", "One", "--domain", "one.example", "--assume-verified")
	i.addApp("One", "crm", "https://127.0.0.1:1/scim/v2", "secret")
	first.kill()

	lease := leaseOfADeadServer(t, i)
	i.serve()
	d := dbtest.Open(t, db.Config{Data: i.where[1]})
	if held, err := d.LeaseApp(t.Context(), lease, time.Now(), time.Now().Add(time.Minute)); err != nil || !held {
		t.Errorf("after the restart the app is free: %v, %v; want it to be", held, err)
	}
}

// leaseOfADeadServer leaves a lease as a server does that is killed, and returns the one of somebody who wants the app.
func leaseOfADeadServer(t *testing.T, i *installation) push.Lease {
	t.Helper()
	d, err := db.Open(t.Context(), db.Config{Data: i.where[1]})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	company, err := d.CompanyByName(t.Context(), "One")
	if err != nil {
		t.Fatal(err)
	}
	app, err := d.AppByName(t.Context(), company.ID, "crm")
	if err != nil {
		t.Fatal(err)
	}
	dead := push.Lease{Company: company.ID, App: app.ID, Owner: "dead"}
	if held, err := d.LeaseApp(t.Context(), dead, time.Now(), time.Now().Add(time.Hour)); err != nil || !held {
		t.Fatalf("lease: %v, %v", held, err)
	}
	return push.Lease{Company: company.ID, App: app.ID, Owner: "next"}
}
