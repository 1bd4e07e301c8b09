package main_test

import (
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/lib/pq" // to look into the database beside the server

	"proprio/db/dbtest"
)

// asked is one request of a list.
type asked struct{ name, method, path, token, kind, body string }

// ask sends a request and returns the answer with its body.
func ask(t testing.TB, client *http.Client, base string, a asked) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(a.method, base+a.path, strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	if a.token != "" {
		req.Header.Set("Authorization", "Bearer "+a.token)
	}
	if a.kind != "" {
		req.Header.Set("Content-Type", a.kind)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatalf("%s: %v", a.name, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s: %v", a.name, err)
	}
	return resp, string(b)
}

// needing are requests that cannot be answered without the database, by whoever shows these tokens.
func needing(idp, receiver, ssf, user string) []asked {
	const scim, form = "application/scim+json", "application/x-www-form-urlencoded"
	patch := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"title","value":"x"}]}`
	list := []asked{
		{"an unknown token", "GET", "/scim/v2/Users", strings.Repeat("x", 43), "", ""},
		{"list", "GET", "/scim/v2/Users", idp, "", ""},
		{"look-up", "GET", "/scim/v2/Users?filter=" + url.QueryEscape(`userName eq "anne@away.example"`), idp, "", ""},
		{"search", "POST", "/scim/v2/Users/.search", idp, scim, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"count":1}`},
		{"create", "POST", "/scim/v2/Users", idp, scim, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"new@away.example"}`},
		{"read", "GET", "/scim/v2/Users/" + user, idp, "", ""},
		{"read of what there is not", "GET", "/scim/v2/Users/0192b3c4-0000-7000-8000-000000000000", idp, "", ""},
		{"replace", "PUT", "/scim/v2/Users/" + user, idp, scim, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"anne@away.example"}`},
		{"patch", "PATCH", "/scim/v2/Users/" + user, idp, scim, patch},
		{"delete", "DELETE", "/scim/v2/Users/" + user, idp, "", ""},
		{"groups", "GET", "/scim/v2/Groups?excludedAttributes=members", idp, "", ""},
		{"bulk", "POST", "/scim/v2/Bulk", idp, scim, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"failOnErrors":1,"Operations":[` +
			`{"method":"POST","path":"/Users","bulkId":"a","data":{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"bulk@away.example"}}]}`},
		{"a token", "POST", "/oauth/token", "", form, "grant_type=client_credentials&client_id=0192b3c4-0000-7000-8000-000000000000&client_secret=" + strings.Repeat("s", 43)},
		{"own metadata", "GET", "/.well-known/ssf-configuration", receiver, "", ""},
		{"keys", "GET", ssf + "/jwks.json", "", "", ""},
		{"readiness", "GET", "/readyz", "", "", ""},
		{"home page", "GET", "/", "", "", ""},
		{"sign-in page", "GET", "/sign-in", "", "", ""},
		{"a form", "POST", "/sign-out", "", form, ""},
	}
	for _, a := range []asked{
		{"", "GET", "/streams", "", "", ""}, {"", "POST", "/streams", "", "application/json", `{}`},
		{"", "GET", "/status?stream_id=x", "", "", ""}, {"", "POST", "/poll/x", "", "application/json", `{"returnImmediately":true}`},
	} {
		list = append(list, asked{a.method + " of events " + a.path, a.method, ssf + a.path, receiver, a.kind, a.body})
	}
	return list
}

// TestDatabaseAway_isAlways503: while Postgres cannot be reached, each request that needs it is answered with 503 and
// Retry-After in whole seconds, on every endpoint: no fault, and nobody is told that a token or a resource does not exist.
// The server lives on, and serves again by itself.
func TestDatabaseAway_isAlways503(t *testing.T) {
	t.Parallel()
	w, dsn := newWire(t, dbtest.PostgresURL(t))
	i := newInstallation(t, dsn)
	i.command("company", "create", "Away", "--domain", "away.example", "--assume-verified")
	idp := i.command("token", "create", "--company", "Away", "--connection", "idp")
	receiver := i.command("token", "create", "--company", "Away", "--connection", "badges", "--scope", "ssf.manage")
	running := i.serve()
	c := newCaller(i.url+"/scim/v2", idp)
	user, _ := c.must(t, "POST", "/Users", person("anne@away.example"), 201)["id"].(string)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	client.Jar, _ = cookiejar.New(nil)
	site, _ := url.Parse(i.url)
	client.Jar.SetCookies(site, []*http.Cookie{{Name: "proprio", Value: strings.Repeat("x", 43), Path: "/"}})
	metadata := newCaller(i.url, receiver).must(t, "GET", "/.well-known/ssf-configuration", nil, 200)
	ssf := strings.TrimPrefix(metadata["issuer"].(string), i.url)
	w.cut()
	awaitRefusal(t, client, i.url) // what was known of a token is used for a second
	for _, a := range needing(idp, receiver, ssf, user) {
		resp, body := ask(t, client, i.url, a)
		seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
		if resp.StatusCode != http.StatusServiceUnavailable || err != nil || seconds < 1 || seconds > 60 {
			t.Errorf("%s: %s, Retry-After %q, want 503 and whole seconds; %.300s", a.name, resp.Status, resp.Header.Get("Retry-After"), body)
		}
		if resp.Header.Get("WWW-Authenticate") != "" {
			t.Errorf("%s: the client is told to show another token", a.name)
		}
		if strings.Contains(body, w.address) || strings.Contains(body, "pq:") {
			t.Errorf("%s: the answer tells of our inside: %.300s", a.name, body)
		}
	}
	if resp, _ := ask(t, client, i.url, asked{"health", "GET", "/healthz", "", "", ""}); resp.StatusCode != http.StatusOK {
		t.Errorf("the process lives: %s", resp.Status)
	}
	w.mend()
	start := time.Now()
	i.await(running)
	if after := c.must(t, "GET", "/Users/"+user, nil, 200); after["userName"] != "anne@away.example" {
		t.Errorf("afterwards: %v", after)
	}
	t.Logf("served again after %s", time.Since(start).Round(time.Millisecond))
}

// awaitRefusal waits until the server knows that the database is away.
func awaitRefusal(t testing.TB, client *http.Client, base string) {
	t.Helper()
	until := time.Now().Add(1100 * time.Millisecond) // what was known of tokens is known no longer
	for n := 0; time.Now().Before(until) || n == 0; n++ {
		resp, _ := ask(t, client, base, asked{"readiness", "GET", "/readyz", "", "", ""})
		if resp.StatusCode == http.StatusOK {
			t.Fatal("the way to the database is cut, but the server says that it is ready")
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// TestUnansweredWrite_isFoundByTheNextTry: when the connection breaks after a write was sent and before it was answered,
// nobody knows whether it is in place. That is 503; the client's next try is made if it was not, and is told if it was; the
// record has it once.
func TestUnansweredWrite_isFoundByTheNextTry(t *testing.T) {
	t.Parallel()
	direct := dbtest.PostgresURL(t)
	w, dsn := newWire(t, direct)
	i := newInstallation(t, dsn+"&application_name=unanswered")
	i.command("company", "create", "Away", "--domain", "away.example", "--assume-verified")
	c := newCaller(i.url+"/scim/v2", i.command("token", "create", "--company", "Away", "--connection", "idp"))
	running := i.serve()
	plain, err := sql.Open("postgres", direct)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	count := func(query, name string) (n int) {
		if err := plain.QueryRow(query, name).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	gone, _ := c.must(t, "POST", "/Users", person("gone@away.example"), 201)["id"].(string)
	for _, tt := range []struct {
		name, method, path, action, sent string
		body                             any
		made, again                      int // the answer of a try that does it, and of one that finds it done
	}{
		{"bea@away.example", "POST", "/Users", "create", "bea@away.example", person("bea@away.example"), 201, 409},
		{"gone@away.example", "DELETE", "/Users/" + gone, "remove", "\x00\x00\x00\x06remove", nil, 204, 404}, // a parameter, after its length
	} {
		warm, _ := c.must(t, "POST", "/Users", person("warm."+tt.name), 201)["id"].(string) // statements are prepared, the token is known
		c.must(t, "DELETE", "/Users/"+warm, nil, 204)
		heard := w.deafen(tt.sent)
		answered := make(chan int, 1)
		go func() {
			status, _, err := c.do(tt.method, tt.path, tt.body)
			if err != nil {
				status = -1
			}
			answered <- status
		}()
		<-heard
		const entries = `select count(*) from audit_entries where object_name = $1 and action = '%s'`
		done := 0
		for start := time.Now(); time.Since(start) < time.Second && done == 0; time.Sleep(10 * time.Millisecond) {
			done = count(fmt.Sprintf(entries, tt.action), tt.name)
		}
		w.cut()
		if status := <-answered; status != http.StatusServiceUnavailable {
			t.Errorf("%s without an answer of the database: %d, want 503", tt.method, status)
		}
		for count(`select count(*) from pg_stat_activity where application_name = $1`, "unanswered") > 0 { // what was sent is done, or never will be
			time.Sleep(10 * time.Millisecond)
		}
		done = count(fmt.Sprintf(entries, tt.action), tt.name)
		w.mend()
		i.await(running)
		want := []int{tt.made, tt.again}[done]
		status, answer, err := c.do(tt.method, tt.path, tt.body)
		if err != nil || status != want {
			t.Errorf("%s is in place %d times; the next try: %d %v %v, want %d", tt.method, done, status, answer, err, want)
		}
		t.Logf("%s unanswered: in place %d times, next try %d", tt.method, done, status)
		if n := count(fmt.Sprintf(entries, tt.action), tt.name); n != 1 {
			t.Errorf("the record has it %d times", n)
		}
	}
}
