package main_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"proprio/cmd/proprio/demo"
	"proprio/resources"
)

func person(userName string) object {
	return object{"schemas": []string{resources.SchemaUser}, "userName": userName, "active": true}
}

// All commands may run while the server runs (design.md), and what they change is in force with the next request.
func TestCommandsActOnTheRunningServer(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.serve("--public-url", "https://id.live.example/")

	i.command("company", "create", "Live", "--domain", "live.example", "--assume-verified")
	first := newCaller(i.url+"/scim/v2", i.command("token", "create", "--company", "Live", "--connection", "idp"))
	anne := first.must(t, "POST", "/Users", person("anne@live.example"), 201)
	location, _ := anne["meta"].(object)["location"].(string)
	if want := fmt.Sprintf("https://id.live.example/scim/v2/Users/%s", anne["id"]); location != want {
		t.Errorf("meta.location is %s, want %s: the public URL", location, want)
	}

	old := regexp.MustCompile(`token (\S+)`).FindStringSubmatch(i.command("connection", "list", "--company", "Live"))
	if old == nil {
		t.Fatal("connection list shows no token")
	}
	second := newCaller(first.base, i.command("token", "create", "--company", "Live", "--connection", "idp"))
	i.command("token", "revoke", old[1], "--company", "Live")
	first.soon(t, "/Users", 401)
	second.must(t, "GET", "/Users", nil, 200)

	i.command("connection", "disable", "idp", "--company", "Live")
	second.soon(t, "/Users", 403)
	i.command("connection", "enable", "idp", "--company", "Live")
	second.must(t, "GET", "/Users", nil, 200)

	outside := person("bruno@later.example")
	second.must(t, "POST", "/Users", outside, 400)
	i.command("company", "create", "Live", "--domain", "later.example", "--assume-verified")
	second.must(t, "POST", "/Users", outside, 201)
	i.command("domain", "remove", "later.example", "--company", "Live")
	second.must(t, "POST", "/Users", person("chloe@later.example"), 400)
}

// An app that is added while the server runs is filled, paused, resumed and compared without a restart.
func TestAppCommandsActOnTheRunningServer(t *testing.T) {
	t.Parallel()
	app, err := demo.NewApp(appToken)
	if err != nil {
		t.Fatal(err)
	}
	downstream := httptest.NewServer(app)
	t.Cleanup(downstream.Close)
	i := newInstallation(t, "")
	i.serve()
	i.command("company", "create", "Apps", "--domain", "apps.example", "--assume-verified")
	source := newCaller(i.url+"/scim/v2", i.command("token", "create", "--company", "Apps", "--connection", "idp"))
	target := newCaller(downstream.URL+"/scim/v2", appToken)
	add := func(name string) object {
		return source.must(t, "POST", "/Users", person(name), 201)
	}

	add("anne@apps.example")
	i.addApp("Apps", "crm", target.base, appToken)
	awaitEqual(t, source, target, "app add")

	i.command("app", "pause", "crm")
	add("bruno@apps.example")
	if said := i.command("app", "status", "crm"); !strings.Contains(said, "paused") {
		t.Errorf("app status of a paused app: %s", said)
	}
	i.command("app", "resume", "crm")
	awaitEqual(t, source, target, "app resume")

	if said := i.command("app", "sync", "crm"); !strings.Contains(said, "2 accounts") {
		t.Errorf("app sync says %q, want it to name 2 accounts", said)
	}
	awaitEqual(t, source, target, "app sync")
	if said := i.command("app", "read", "crm"); !strings.Contains(said, "2 green") {
		t.Errorf("app read says %q, want 2 green accounts", said)
	}

	anne, err := target.find("/Users", "userName", "anne@apps.example")
	if err != nil || anne == nil {
		t.Fatalf("%v, %v", anne, err)
	}
	target.must(t, "DELETE", "/Users/"+anne["id"].(string), nil, 204)
	said := i.command("app", "compare", "crm")
	if !strings.Contains(said, "missing\tcreate\tUser\tanne@apps.example") || !strings.Contains(said, "matched 1\nmissing 1\na repair would create 1") {
		t.Errorf("app compare says %q", said)
	}
	if said := i.command("app", "repair", "crm"); !strings.Contains(said, "1 of 1") {
		t.Errorf("app repair says %q", said)
	}
	awaitEqual(t, source, target, "app repair")
}

// What an admin decides about one person or about many leavers is done by the running server, or by the command itself.
func TestAppCommandsThatDecide(t *testing.T) {
	t.Parallel()
	app, err := demo.NewApp(appToken)
	if err != nil {
		t.Fatal(err)
	}
	downstream := httptest.NewServer(app)
	t.Cleanup(downstream.Close)
	i := newInstallation(t, "")
	i.serve()
	i.command("company", "create", "Apps", "--domain", "apps.example", "--assume-verified")
	source := newCaller(i.url+"/scim/v2", i.command("token", "create", "--company", "Apps", "--connection", "idp"))
	target := newCaller(downstream.URL+"/scim/v2", appToken)
	i.addApp("Apps", "crm", target.base, appToken)
	var ids []string
	for n := range 8 {
		ids = append(ids, source.must(t, "POST", "/Users", person(fmt.Sprintf("p%d@apps.example", n)), 201)["id"].(string))
	}
	awaitEqual(t, source, target, "the first push")

	rehearsed := i.command("app", "provision", "crm", "P0@apps.example", "--dry-run")
	if !strings.Contains(rehearsed, "4. decide ok     nothing is to be done") || strings.Contains(rehearsed, "5. send") {
		t.Errorf("a rehearsal says %q", rehearsed)
	}
	if said := i.command("app", "provision", "crm", "p0@apps.example"); !strings.Contains(said, "5. send   ok     confirmed") {
		t.Errorf("app provision says %q", said)
	}
	for _, wrong := range [][]string{
		{"app", "provision", "crm", "nobody@apps.example"}, {"app", "provision", "crm"}, {"app", "provision", "crm", "p0@apps.example", "--group"},
		{"app", "allow", "crm", "--only", "p0@apps.example"}, {"app", "settings", "crm", "--file", "/nowhere.json"},
	} {
		if said, err := i.try(wrong...); err == nil {
			t.Errorf("%v says %q", wrong, said)
		}
	}

	for _, id := range ids[:6] {
		source.must(t, "PATCH", "/Users/"+id, patch(object{"op": "replace", "path": "active", "value": false}), 200)
	}
	var held []object
	for deadline := time.Now().Add(time.Minute); len(held) == 0 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err := json.Unmarshal([]byte(i.command("app", "held", "crm", "--json")), &held); err != nil {
			t.Fatal(err)
		}
	}
	if len(held) == 0 {
		t.Fatal("six of eight left, and nothing is held")
	}
	one := held[0]["name"].(string)
	if said := i.command("app", "allow", "crm", "--only", one); !strings.Contains(said, "1 removals are allowed") {
		t.Errorf("app allow says %q", said)
	}
	if said := i.command("app", "reject", "crm"); !strings.Contains(said, "are rejected") {
		t.Errorf("app reject says %q", said)
	}
	file := filepath.Join(t.TempDir(), "settings.json")
	if err := os.WriteFile(file, []byte(`{"guard": {"off": true}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	i.command("app", "settings", "crm", "--file", file) // all are looked at anew, and nothing is held any more
	awaitEqual(t, source, target, "the guard was turned off")
	if said := i.command("app", "settings", "crm"); !strings.Contains(said, `"off": true`) {
		t.Errorf("app settings says %q", said)
	}
}

// The sign-in page knows providers as they are added, and tells nobody which companies are on the server.
func TestSignInPageListsOneCompanyOnly(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.serve()
	page := func(address string) (int, string) {
		t.Helper()
		var resp *http.Response
		var err error
		if address == "" {
			resp, err = http.Get(i.url + "/sign-in")
		} else {
			resp, err = http.PostForm(i.url+"/sign-in", url.Values{"address": {address}, "return": {"/"}})
		}
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	setUp := func(company, domain string) {
		i.command("company", "create", company, "--domain", domain, "--assume-verified")
		i.command("admin", "add", "admin@"+domain, "--company", company)
		i.command("issuer", "add", company+" Login", "--company", company, "--url", "https://login."+domain, "--client-id", "proprio")
	}
	if _, body := page(""); strings.Contains(body, `name="address"`) {
		t.Error("a server without a company asks for an address that can lead nowhere")
	}
	setUp("Alpha", "alpha.example")
	if _, body := page(""); !strings.Contains(body, "Alpha Login") {
		t.Error("a server's only company: its provider is not listed at once")
	}

	setUp("Beta", "beta.example")
	i.command("company", "create", "Gamma", "--domain", "gamma.example", "--assume-verified") // without a provider
	i.command("domain", "add", "claimed.example", "--company", "Alpha")                       // not verified
	if _, body := page(""); strings.Contains(body, "Alpha") || strings.Contains(body, "Beta") || !strings.Contains(body, `name="address"`) {
		t.Error("two companies: the page names one, or does not ask for the address")
	}
	for address, company := range map[string]string{
		"admin@alpha.example": "Alpha", "nobody@ALPHA.example.": "Alpha", "admin@beta.example": "Beta",
		"x@gamma.example": "", "x@claimed.example": "", "x@mail.alpha.example": "", "x@alpha.example.evil.com": "", "x@evil-alpha.example": "",
		"x@alpha.example@evil.com": "", "x@evil.com@alpha.example": "", "alpha.example": "", "@alpha.example": "", "x@": "", "x@%": "",
		"x@alpha.example' or '1'='1": "", "x@alpha.example\x00": "", "\xff@alpha.example": "", "<script>alert(1)</script>": "",
		strings.Repeat("x@alpha.example,", 500): "",
	} {
		status, body := page(address)
		if strings.Contains(body, "<script") {
			t.Errorf("%.60q comes back as a script", address)
		}
		for _, other := range []string{"Alpha", "Beta", "Gamma"} {
			if listed := strings.Contains(body, other+" Login") || strings.Contains(body, "<small>"+other); listed != (other == company) {
				t.Errorf("%.60q: %s is listed: %t", address, other, listed)
			}
		}
		want := map[bool]int{true: http.StatusUnprocessableEntity, false: http.StatusOK}[company == ""]
		if strings.ContainsRune(address, 0) || !utf8.ValidString(address) {
			want = http.StatusBadRequest // no text at all
		}
		if status != want {
			t.Errorf("%.60q: status %d, want %d", address, status, want)
		}
	}
}

// Metrics are on a listener of their own, in Prometheus' text format, and count what was asked.
func TestMetricsListenerCountsRequests(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.command("company", "create", "Metrics", "--domain", "metrics.example", "--assume-verified")
	token := i.command("token", "create", "--company", "Metrics", "--connection", "idp")
	address := freeAddress(t)
	i.serve("--metrics-listen", address)
	c := newCaller(i.url+"/scim/v2", token)
	for range 3 {
		c.must(t, "GET", "/Users", nil, 200)
	}
	resp, body := rawRequest(t, address, "GET", "/metrics", "")
	if resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Errorf("metrics: %s, %s", resp.Status, resp.Header.Get("Content-Type"))
	}
	for _, want := range []string{
		`proprio_http_requests_total{code="200",method="GET",route="/scim/v2/Users"} 3`,
		`proprio_http_request_duration_seconds_count{method="GET",route="/scim/v2/Users"} 3`,
		"# TYPE proprio_http_request_duration_seconds histogram", "go_goroutines",
	} {
		if !strings.Contains(body, want+"\n") && !strings.Contains(body, "\n"+want+" ") {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if resp, _ := rawRequest(t, address, "GET", "/scim/v2/Users", token); resp.StatusCode != 404 {
		t.Errorf("the metrics listener serves SCIM: %s", resp.Status)
	}
}

// SIGTERM drains: no new connection is taken, the request under way is finished and kept, the program ends with 0.
func TestSIGTERM_finishesTheRequestUnderWay(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.command("company", "create", "Drain", "--domain", "drain.example", "--assume-verified")
	token := i.command("token", "create", "--company", "Drain", "--connection", "idp")
	s := i.serve()
	conn, err := net.Dial("tcp", i.listen)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	body := `{"schemas":["` + resources.SchemaUser + `"],"userName":"slow@drain.example"}`
	fmt.Fprintf(conn, "POST /scim/v2/Users HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/scim+json\r\n"+
		"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n", i.listen, token, len(body))
	answers := bufio.NewReader(conn)
	line, err := answers.ReadString('\n')
	if err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("the handler does not read the body: %q %v", line, err)
	}
	if _, err := answers.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, body[:10])

	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		c, err := net.Dial("tcp", i.listen)
		if err != nil {
			break // the listener is closed: the server drains
		}
		c.Close()
		if time.Since(start) > time.Minute {
			t.Fatal("the server still takes connections after SIGTERM")
		}
	}
	fmt.Fprint(conn, body[10:])
	resp, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatalf("the request under way was cut off: %v\n%s", err, s.log)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Errorf("the request under way: %s", resp.Status)
	}
	if err := s.wait(); err != nil {
		t.Errorf("the program ended with %v, want 0\n%s", err, s.log)
	}
	i.serve()
	if found, err := newCaller(i.url+"/scim/v2", token).find("/Users", "userName", "slow@drain.example"); err != nil || found == nil {
		t.Errorf("what was acknowledged is gone: %v %v", found, err)
	}
}

// TestHealthcheck: exit status 0 while the server is ready, 1 when nothing answers.
func TestHealthcheck(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	if _, err := i.try("healthcheck", "--listen", i.listen); err == nil {
		t.Error("without a server the check must fail")
	}
	i.serve()
	i.command("healthcheck", "--listen", i.listen)
	if _, err := i.try("healthcheck", "--listen", "nonsense"); err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("a wrong address: %v, want it named", err)
	}
}
