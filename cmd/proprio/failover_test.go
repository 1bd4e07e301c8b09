package main_test

import (
	"database/sql"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"proprio/db/dbtest"
)

// TestFailover_leavesServersThatTakeNoWrites: connections to a server that only reads, as a former primary does, are given
// up with the first write that it refuses; meanwhile the answer is 503.
func TestFailover_leavesServersThatTakeNoWrites(t *testing.T) {
	t.Parallel()
	cluster := dbtest.NewCluster(t)
	i := newInstallation(t, cluster.URL)
	i.command("company", "create", "Over", "--domain", "over.example", "--assume-verified")
	c := newCaller(i.url+"/scim/v2", i.command("token", "create", "--company", "Over", "--connection", "idp"))
	i.serve("--database-connections", "4")
	c.must(t, "POST", "/Users", person("before@over.example"), 201)
	plain, err := sql.Open("postgres", cluster.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	plain.SetMaxOpenConns(1)
	for _, statement := range []string{
		`set default_transaction_read_only = off`, // here, whatever the role has
		`alter role proprio set default_transaction_read_only = on`,
		`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'`,
	} {
		if _, err := plain.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if status, answer, err := c.do("POST", "/Users", person("during@over.example")); err != nil || status != http.StatusServiceUnavailable {
		t.Errorf("a write while the server only reads: %d %v %v, want 503", status, answer, err)
	}
	if _, err := plain.Exec(`alter role proprio reset default_transaction_read_only`); err != nil {
		t.Fatal(err)
	}
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		status, answer, err := c.do("POST", "/Users", person("after@over.example"))
		if err == nil && status == http.StatusCreated {
			break
		}
		if err != nil || status != http.StatusServiceUnavailable || time.Since(start) > time.Minute {
			t.Fatalf("a write after another server took over: %d %v %v", status, answer, err)
		}
	}
}

// TestPostgresURL_ofSeveralServers: the first server that takes connections is used, and what the URL says of a session
// comes before the defaults.
func TestPostgresURL_ofSeveralServers(t *testing.T) {
	t.Parallel()
	w, dsn := newWire(t, dbtest.PostgresURL(t))
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	_, closed, _ := strings.Cut(freeAddress(t), ":")
	_, open, _ := strings.Cut(w.address, ":")
	u.Host = "127.0.0.1,127.0.0.1"
	q := u.Query()
	q.Set("port", closed+","+open)
	q.Set("target_session_attrs", "read-write")
	u.RawQuery = q.Encode()
	i := newInstallation(t, u.String())
	i.command("company", "create", "Several", "--domain", "several.example", "--assume-verified")
	if list := i.command("company", "list"); !strings.Contains(list, "Several") {
		t.Errorf("the companies are %q", list)
	}
}
