package main_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/oidc"
)

// within is how long a replica may go by what it knew when another process changed it.
const within = time.Second

// obeys asks a replica before another process makes a change, again and again while it is made and for as long as the
// replica may not know, and then once more: that answer must be the new one, and once one was, all are.
func obeys(t *testing.T, what string, change func(), ask func() int, before, after int) {
	t.Helper()
	if got := ask(); got != before {
		t.Fatalf("%s: %d before the change, want %d", what, got, before)
	}
	done := make(chan time.Time, 1)
	go func() { change(); done <- time.Now() }()
	var changed time.Time
	heard := false
	for changed.IsZero() || time.Since(changed) < within {
		select {
		case changed = <-done:
		default:
		}
		switch got := ask(); {
		case got == after:
			heard = true
		case got != before || heard:
			t.Fatalf("%s: %d, heard of the change before: %t", what, got, heard)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if got := ask(); got != after {
		t.Errorf("%s: %d a second after the change, want %d", what, got, after)
	}
}

// TestReplica_obeysWithinASecond: what another process on the same database revokes, disables, suspends, switches, defines
// or takes away is obeyed by a running server within a second, though it was asked again and again and so had all of it
// in its caches.
func TestReplica_obeysWithinASecond(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, dbtest.PostgresURL(t))
	i.command("company", "create", "Two", "--domain", "two.example", "--assume-verified")
	tokenOf := func(connection string) *caller {
		return newCaller(i.url+"/scim/v2", i.command("token", "create", "--company", "Two", "--connection", connection))
	}
	first := tokenOf("idp")
	ids := regexp.MustCompile(`token (\S+)`).FindStringSubmatch(i.command("connection", "list", "--company", "Two"))
	second := tokenOf("idp")
	secret := i.command("client", "create", "sync", "--company", "Two", "--connection", "oauth")
	i.serve()
	list := i.clients(t, "Two")
	third := newCaller(i.url+"/scim/v2", i.accessToken(t, "client_id", list[0].ID, "client_secret", secret))
	command := func(words ...string) func() {
		return func() {
			if _, err := i.try(append(words, "--company", "Two")...); err != nil {
				t.Error(err)
			}
		}
	}
	company := func(words ...string) func() {
		return func() {
			if _, err := i.try(words...); err != nil {
				t.Error(err)
			}
		}
	}
	get := func(c *caller, path string) func() int {
		return func() int {
			status, _, err := c.do("GET", path, nil)
			if err != nil {
				t.Fatal(err)
			}
			return status
		}
	}
	n := 0
	post := func(domain string) func() int {
		return func() int {
			n++
			odd := person(fmt.Sprintf("p%d@%s", n, domain))
			odd["shoeSize"] = 44
			status, _, err := second.do("POST", "/Users", odd)
			if err != nil {
				t.Fatal(err)
			}
			return status
		}
	}
	obeys(t, "token revoke", command("token", "revoke", ids[1]), get(first, "/Users?count=0"), 200, 401)
	obeys(t, "client remove", command("client", "remove", "sync"), get(third, "/Users?count=0"), 200, 401)
	obeys(t, "connection disable", command("connection", "disable", "idp"), get(second, "/Users?count=0"), 200, 403)
	obeys(t, "connection enable", command("connection", "enable", "idp"), get(second, "/Users?count=0"), 403, 200)
	obeys(t, "company suspend", company("company", "suspend", "Two"), get(second, "/Users?count=0"), 200, 403)
	obeys(t, "company resume", company("company", "resume", "Two"), get(second, "/Users?count=0"), 403, 200)
	obeys(t, "feature on", company("company", "set", "Two", "--feature", "delta=on"), get(second, "/.deltaToken"), 404, 200)
	obeys(t, "feature off", company("company", "set", "Two", "--feature", "delta=off"), get(second, "/.deltaToken"), 200, 404)
	obeys(t, "type add", command("type", "add", "device"), get(second, "/Devices"), 404, 200)
	obeys(t, "type remove", command("type", "remove", "Device"), get(second, "/Devices"), 200, 404)
	i.command("company", "create", "Two", "--domain", "later.example", "--assume-verified")
	obeys(t, "domain remove", command("domain", "remove", "later.example"), post("later.example"), 201, 400)
	obeys(t, "switch", command("connection", "set", "idp", "--switch", "strictAttributes=on"), post("two.example"), 201, 400)
}

// TestReplica_endsSessionsAtOnce: nothing of a session is kept in a process: one that was ended on another replica, or whose
// admin was disabled there, is over with the next request.
func TestReplica_endsSessionsAtOnce(t *testing.T) {
	t.Parallel()
	dsn := dbtest.PostgresURL(t)
	i := newInstallation(t, dsn)
	i.command("company", "create", "Two", "--domain", "two.example", "--assume-verified")
	i.serve()
	other := dbtest.Open(t, db.Config{Data: i.where[1], URL: dsn})
	company, err := other.CompanyByName(t.Context(), "Two")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	session := func(name string) (oidc.Admin, [32]byte, func() int) {
		admin, err := other.CreateAdmin(t.Context(), oidc.Actor{}, oidc.Admin{ID: "id-" + name, Company: company.ID,
			Address: name + "@two.example", Role: oidc.RoleAdmin, Created: now})
		if err != nil {
			t.Fatal(err)
		}
		secret := strings.Repeat(name[:1], 43)
		hash := sha256.Sum256([]byte(secret))
		err = other.CreateSession(t.Context(), oidc.Session{Company: company.ID, Issuer: "issuer", Admin: admin, Created: now, Seen: now,
			Expires: now.Add(time.Hour)}, hash, [32]byte{})
		if err != nil {
			t.Fatal(err)
		}
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		return admin, hash, func() int {
			req, err := http.NewRequest("GET", i.url+"/people", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.AddCookie(&http.Cookie{Name: "proprio", Value: secret})
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			return resp.StatusCode
		}
	}
	_, hash, ended := session("anne")
	bruno, _, disabled := session("bruno")
	for _, page := range []func() int{ended, disabled} {
		if got := page(); got != http.StatusOK {
			t.Fatalf("a session in force: %d", got)
		}
	}
	if err := other.EndSession(t.Context(), company.ID, hash); err != nil {
		t.Fatal(err)
	}
	bruno.Disabled = true
	if err := other.SetAdmin(t.Context(), oidc.Actor{}, bruno); err != nil {
		t.Fatal(err)
	}
	for name, page := range map[string]func() int{"ended": ended, "of an admin who was disabled": disabled} {
		if got := page(); got != http.StatusSeeOther {
			t.Errorf("a session %s: %d, want to be sent to sign in", name, got)
		}
	}
}

// TestReplicas_doDutiesInTurn: of two replicas one does the duties; when it is killed, the other one takes them.
func TestReplicas_doDutiesInTurn(t *testing.T) {
	t.Parallel()
	if !full() {
		t.Skip("skipped: PROPRIO_CAMPAIGN=full runs it, it waits for leases to run out")
	}
	dsn := dbtest.PostgresURL(t)
	i := newInstallation(t, dsn)
	second := *i
	second.listen = freeAddress(t)
	second.url = "http://" + second.listen
	killed := i.serve()
	d := dbtest.Open(t, db.Config{Data: i.where[1], URL: dsn})
	const settle = "settle company rules"
	started := func() time.Time {
		list, err := d.Duties(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, duty := range list {
			if duty.Name == settle {
				return duty.Started
			}
		}
		return time.Time{}
	}
	for started().IsZero() {
		time.Sleep(10 * time.Millisecond)
	}
	second.serve()
	before := started()
	killed.kill()
	for start := time.Now(); started().Equal(before); time.Sleep(100 * time.Millisecond) {
		if time.Since(start) > 90*time.Second { // due each minute
			t.Fatal("nobody does the duty of the replica that was killed")
		}
	}
}
