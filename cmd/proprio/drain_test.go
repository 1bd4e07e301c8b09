package main_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// A server that was told to stop says at once that it is not ready, and goes on serving for --drain-delay, because load
// balancers take a while to notice; each connection ends with its answer. A second signal ends it at once.
func TestDrain_saysItBeforeItStops(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.command("company", "create", "Drain", "--domain", "drain.example", "--assume-verified")
	c := newCaller(i.url+"/scim/v2", i.command("token", "create", "--company", "Drain", "--connection", "idp"))
	s := i.serve("--drain-delay", "1h")
	kept := &http.Client{}
	if resp, _ := ask(t, kept, i.url, asked{"health", "GET", "/healthz", "", "", ""}); resp.Close {
		t.Error("a connection ends although nobody told the server to stop")
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		resp, _ := ask(t, kept, i.url, asked{"readiness", "GET", "/readyz", "", "", ""})
		if resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != "" {
			break
		}
		if time.Since(start) > time.Minute {
			t.Fatalf("the server was told to stop and says %s", resp.Status)
		}
	}
	c.must(t, "POST", "/Users", person("late@drain.example"), 201)
	if resp, _ := ask(t, kept, i.url, asked{"health", "GET", "/healthz", "", "", ""}); resp.StatusCode != http.StatusOK || !resp.Close {
		t.Errorf("%s, closes %t; want it served, and the connection closed", resp.Status, resp.Close)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if err := s.wait(); err == nil {
		t.Error("a second signal ends the program as if it had drained")
	}
}

// A server that stops ends polls that wait, gives its leases back, writes what it recorded, and ends with 0.
func TestDrain_leavesNothingBehind(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, config db.Config) {
		t.Parallel()
		i := newInstallation(t, config.URL)
		i.command("company", "create", "Drain", "--domain", "drain.example", "--assume-verified")
		token := i.command("token", "create", "--company", "Drain", "--connection", "badges", "--scope", "ssf.manage")
		stream := strings.TrimSpace(i.command("stream", "create", "--company", "Drain", "--connection", "badges"))
		c := newCaller(i.url+"/scim/v2", i.command("token", "create", "--company", "Drain", "--connection", "idp"))
		s := i.serve("--drain-delay", "50ms")
		metadata := newCaller(i.url, token).must(t, "GET", "/.well-known/ssf-configuration", nil, 200)
		poll, err := net.Dial("tcp", i.listen)
		if err != nil {
			t.Fatal(err)
		}
		defer poll.Close()
		path := strings.TrimPrefix(metadata["issuer"].(string), i.url) + "/poll/" + stream
		fmt.Fprintf(poll, "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"+
			"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n", path, i.listen, token)
		answers := bufio.NewReader(poll)
		if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
			t.Fatalf("the poll is not read: %q %v", line, err)
		}
		if _, err := answers.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(poll, "{}")
		c.must(t, "GET", "/Users", nil, 200)
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatalf("the poll was cut off: %v", err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusAccepted {
			t.Errorf("the poll: %s", resp.Status)
		}
		if err := s.wait(); err != nil {
			t.Fatalf("the program ended with %v, want 0\n%s", err, s.log)
		}
		checkLeft(t, i, config)
	})
}

// checkLeft looks into the database of a server that ended.
func checkLeft(t *testing.T, i *installation, config db.Config) {
	t.Helper()
	config.Data = i.where[1]
	d := dbtest.Open(t, config)
	duties, err := d.Duties(t.Context())
	if err != nil || len(duties) == 0 {
		t.Fatalf("duties: %v %v", duties, err)
	}
	for _, duty := range duties {
		if duty.Owner != "" {
			t.Errorf("the duty %q is held by one that ended", duty.Name)
		}
	}
	company, err := d.CompanyByName(t.Context(), "Drain")
	if err != nil {
		t.Fatal(err)
	}
	connections, _, err := d.ListConnections(t.Context(), company.ID)
	if err != nil {
		t.Fatal(err)
	}
	var kept []resources.Exchange
	for _, c := range connections {
		list, err := d.Exchanges(t.Context(), company.ID, c.ID, 10)
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, list...)
	}
	if len(kept) != 1 || kept[0].Path != "/scim/v2/Users" {
		t.Errorf("%d exchanges were kept, want the one that was made", len(kept))
	}
}
