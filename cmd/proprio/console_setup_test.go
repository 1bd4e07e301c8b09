package main

import (
	"errors"
	"log/slog"
	"testing"

	"proprio/audit"
	"proprio/console"
	"proprio/ownership"
	"proprio/push"
	"proprio/resources"
)

// admin is who uses the console in these tests.
var admin = audit.Actor{Kind: audit.ActorAdmin, Name: "camille@atelier.example"}

// newConsoleCore is a server's core with one company.
func newConsoleCore(t *testing.T) (c *core, company string) {
	t.Helper()
	p := &program{cfg: Config{Data: t.TempDir()}, getenv: func(string) string { return "" }, log: slog.New(slog.DiscardHandler)}
	c, err := p.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	made, err := c.db.CreateCompany(t.Context(), admin, ownership.Company{ID: newID(), Name: "Atelier", OutsideDomain: ownership.OutsideHold})
	if err != nil {
		t.Fatal(err)
	}
	return c, made.ID
}

// An administrator of a company has the server call no host of its network that whoever runs it has not named.
func TestConsoleSetup_privateNetworks(t *testing.T) {
	t.Parallel()
	c, company := newConsoleCore(t)
	s := consoleSetup{c}
	add := func(name, url string) (string, error) {
		return s.Add(t.Context(), admin, company, console.NewApp{Product: "generic", Name: name,
			Access: console.Access{URL: url, Credential: "token", AllowPrivate: true}})
	}
	if _, err := add("crm", "http://10.0.0.5/scim"); !errors.Is(err, console.ErrPrivate) {
		t.Errorf("a host that nobody named: %v", err)
	}
	if apps, err := c.db.Apps(t.Context(), company); err != nil || len(apps) != 0 {
		t.Errorf("%d apps, %v", len(apps), err)
	}
	own, err := c.addApp(t.Context(), resources.Caller{Company: company, Actor: admin},
		push.App{Name: "own", Profile: "generic", URL: "http://10.0.0.5:8080/scim", AllowPrivate: true, Paused: true}, "token")
	if err != nil {
		t.Fatal(err)
	}
	move := func(url string, private bool) error {
		return s.SetAccess(t.Context(), admin, company, own.ID, console.Access{URL: url, Credential: "other", AllowPrivate: private})
	}
	for _, elsewhere := range []string{"http://10.0.0.6:8080/scim", "http://10.0.0.5:22/", "https://10.0.0.5:8080/scim"} {
		if err := move(elsewhere, true); !errors.Is(err, console.ErrPrivate) {
			t.Errorf("what was allowed on the command line, moved to %s: %v", elsewhere, err)
		}
	}
	if err := move("http://10.0.0.5:8080/scim/v2", true); err != nil {
		t.Errorf("another path of the host that was allowed: %v", err)
	}
	if err := move("https://crm.example/scim", false); err != nil {
		t.Errorf("to the Internet: %v", err)
	}
	if err := move("http://10.0.0.5:8080/scim/v2", true); !errors.Is(err, console.ErrPrivate) {
		t.Errorf("back again: %v", err)
	}
	c.private = privateApps{"10.0.0.5"}
	if _, err := add("crm", "http://10.0.0.5/scim"); err != nil {
		t.Errorf("a host that was named: %v", err)
	}
}

// What an administrator sets in the console undoes nothing that happened since the app was read: it may have been started.
func TestConsoleSetup_onlyBeforeTheStart(t *testing.T) {
	t.Parallel()
	c, company := newConsoleCore(t)
	s := consoleSetup{c}
	id, err := s.Add(t.Context(), admin, company, console.NewApp{Product: "generic", Name: "crm", Access: console.Access{URL: "https://crm.example", Credential: "token"}})
	if err != nil {
		t.Fatal(err)
	}
	read, err := c.db.App(t.Context(), company, id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.resumeApp(t.Context(), resources.Caller{Company: company, Actor: admin}, read); err != nil {
		t.Fatal(err)
	}
	if err := s.SetStep(t.Context(), admin, company, id, "trial"); !errors.Is(err, resources.ErrNotFound) {
		t.Errorf("a step of an app that was started: %v", err)
	}
	// Another window pauses the app; the change that was read before is written after.
	if _, err := c.pauseApp(t.Context(), resources.Caller{Company: company, Actor: admin}, read); err != nil {
		t.Fatal(err)
	}
	if _, err := c.changeApp(t.Context(), resources.Caller{Company: company, Actor: admin}, read, func(now push.App) (push.App, error) {
		now.Settings.Repair = true
		return now, nil
	}); err != nil {
		t.Fatal(err)
	}
	if now, err := c.db.App(t.Context(), company, id); err != nil || !now.Paused || !now.Settings.Repair || now.Settings.Setup != push.SetupNone {
		t.Errorf("after all: %+v, %v", now, err)
	}
	other := func(now push.App) (push.App, error) {
		now.Settings.Scope = "active"
		if now.Settings.Repair { // as it is, but not as it was read
			now.Settings.Scope = "department == \"x\""
		}
		return now, nil
	}
	if _, err := c.changeApp(t.Context(), resources.Caller{Company: company, Actor: admin}, read, other); !errors.Is(err, resources.ErrVersion) {
		t.Errorf("rules that nobody checked as they are now: %v", err)
	}
}
