package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"proprio/scim/client"
)

// serve starts a service and a client for it.
func serve(t *testing.T, h http.HandlerFunc, change ...func(*client.Config)) *client.Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	config := client.Config{BaseURL: s.URL + "/scim/", Token: "s3cret", UserAgent: "test/1", AllowPlain: true, Transport: s.Client().Transport}
	for _, f := range change {
		f(&config)
	}
	c, err := client.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/scim+json")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func TestRequestsCarryWhatServicesAskFor(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/scim/Users" || r.Header.Get("Authorization") != "Bearer s3cret" || r.UserAgent() != "test/1" ||
			r.Header.Get("Content-Type") != "application/scim+json" || !strings.Contains(r.Header.Get("Accept"), "application/json") ||
			r.Header.Get("X-Version") != "7" {
			t.Errorf("%s with %v", r.URL, r.Header)
		}
		answer(201, `{"id": "1"}`)(w, r)
	}, func(c *client.Config) { c.Headers = map[string]string{"X-Version": "7"} })
	doc, err := c.Create(t.Context(), "/Users", map[string]any{"userName": "a"})
	if err != nil || doc.ID() != "1" {
		t.Errorf("%v, %v", doc, err)
	}
}

// clients.md 5, rule 7.
func TestAnswersAreReadInAnyLetterCase(t *testing.T) {
	t.Parallel()
	c := serve(t, answer(200, `{"TotalResults": 2, "resources": [{"ID": "1", "UserName": "a", "Active": "True"}, {"Id": 2}]}`))
	docs, err := list(t, c, client.ListOptions{Filter: `userName eq "a"`})
	if err != nil || len(docs) != 2 || docs[0].ID() != "1" || docs[1].ID() != "2" || docs[0].Text("userName") != "a" || !docs[0].Flag("active", false) {
		t.Errorf("%v, %v", docs, err)
	}
}

func TestABareJSONContentTypeAndAnEmptyAnswerToAWriteAreAccepted(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "<html>saved</html>", `{"id":"1"}`} {
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			fmt.Fprint(w, body)
		})
		if _, err := c.Patch(t.Context(), "/Users", "1", []client.Operation{{Op: "replace", Path: "active", Value: false}}); err != nil {
			t.Errorf("PATCH answered %q: %v", body, err)
		}
		if _, err := c.Create(t.Context(), "/Users", map[string]any{}); (err == nil) != (body == `{"id":"1"}`) {
			t.Errorf("POST answered %q: %v; a creation without id is unusable", body, err)
		}
	}
}

// RFC 3986 §3.3: an id is one segment of the path, whatever it holds.
func TestAnIDIsOneSegmentOfThePath(t *testing.T) {
	t.Parallel()
	var heard []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		heard = append(heard, r.Method+" "+r.URL.EscapedPath())
		answer(200, `{"id":"x"}`)(w, r)
	})
	for id, segment := range map[string]string{"a/b": "a%2Fb", `a\b`: "a%5Cb", "../Groups/1": "..%2FGroups%2F1", "a?b#c": "a%3Fb%23c", "%2e%2e": "%252e%252e", "...": "..."} {
		heard = nil
		_, _ = c.Get(t.Context(), "/Users", id)
		_, _ = c.Replace(t.Context(), "/Users", id, map[string]any{})
		_, _ = c.Patch(t.Context(), "/Users", id, nil)
		_ = c.Delete(t.Context(), "/Users", id)
		path := "/scim/Users/" + segment
		if got, want := strings.Join(heard, ", "), "GET "+path+", PUT "+path+", PATCH "+path+", DELETE "+path; got != want {
			t.Errorf("id %q: %s, want %s", id, got, want)
		}
	}
	heard = nil
	for _, id := range []string{"", ".", ".."} {
		_, get := c.Get(t.Context(), "/Users", id)
		_, put := c.Replace(t.Context(), "/Users", id, map[string]any{})
		_, patch := c.Patch(t.Context(), "/Users", id, nil)
		if remove := c.Delete(t.Context(), "/Users", id); get == nil || put == nil || patch == nil || remove == nil || heard != nil {
			t.Errorf("id %q: %v, %v, %v, %v, heard %v; want errors and no request", id, get, put, patch, remove, heard)
		}
	}
}

func TestErrorsTellStatusTypeDetailAndRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		contentType, body string
		scim              bool
		scimType, detail  string
	}{
		"SCIM 2.0":     {"application/scim+json", `{"status":"409","scimType":"uniqueness","detail":"taken"}`, true, "uniqueness", "taken"},
		"odd case":     {"application/json", `{"ScimType":"uniqueness","Detail":"taken"}`, true, "uniqueness", "taken"},
		"SCIM 1.1":     {"application/json", `{"Errors":[{"description":"taken","code":409}]}`, true, "", "taken"},
		"a gateway":    {"text/html", `<html>`, false, "", ""},
		"nothing":      {"", ``, false, "", ""},
		"with a token": {"application/json", `{"detail":"Bearer s3cret is bad"}`, true, "", "Bearer [hidden] is bad"},
	} {
		cl := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", c.contentType)
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(409)
			fmt.Fprint(w, c.body)
		}, func(c *client.Config) { c.Now = func() time.Time { return now } })
		_, err := cl.Get(t.Context(), "/Users", "1")
		var e *client.Error
		if !errors.As(err, &e) || e.Status != 409 || e.SCIM != c.scim || e.ScimType != c.scimType || e.Detail != c.detail || e.RetryAfter != 7*time.Second {
			t.Errorf("%s: %+v", name, err)
		}
	}
}

// RFC 9110 §10.2.3.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "5": 5 * time.Second, " 5 ": 5 * time.Second, "1.5": 1500 * time.Millisecond, "-5": 0, "NaN": 0, "soon": 0, "1e300": 24 * time.Hour,
		"Inf": 24 * time.Hour, "Sat, 21 Nov 2026 12:01:30 GMT": 90 * time.Second, "Sat, 21 Nov 2026 11:00:00 GMT": 0,
		"Saturday, 21-Nov-26 12:00:10 GMT": 10 * time.Second, "Fri, 21 Nov 2036 12:00:00 GMT": 24 * time.Hour,
	} {
		if got := client.RetryAfter(header, now); got != want {
			t.Errorf("Retry-After %q is %v, want %v", header, got, want)
		}
	}
}

func TestRedirectsNeverLeaveTheHostOrChangeAWrite(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the other host got %s with %q", r.Method, r.Header.Get("Authorization"))
	}))
	t.Cleanup(other.Close)
	away := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	var redirect *client.RedirectError
	if _, err := away.Get(t.Context(), "/Users", "1"); !errors.As(err, &redirect) {
		t.Errorf("GET to another host: %v", err)
	}
	home := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/new") {
			http.Redirect(w, r, r.URL.Path+"/new", http.StatusFound)
			return
		}
		if r.Method != http.MethodGet {
			t.Errorf("%s was redirected", r.Method)
		}
		answer(200, `{"id":"1"}`)(w, r)
	})
	if _, err := home.Get(t.Context(), "/Users", "1"); err != nil {
		t.Errorf("GET on the same host: %v", err)
	}
	if _, err := home.Create(t.Context(), "/Users", map[string]any{}); !errors.As(err, &redirect) {
		t.Errorf("POST: %v", err)
	}
}

func TestAnswersHaveASizeLimitAndATimeOut(t *testing.T) {
	t.Parallel()
	large := serve(t, answer(200, `{"id":"`+strings.Repeat("x", 2000)+`"}`), func(c *client.Config) { c.MaxBody = 1000 })
	var broken *client.BrokenAnswer
	if _, err := large.Get(t.Context(), "/Users", "1"); !errors.As(err, &broken) {
		t.Errorf("large answer: %v", err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() { close(ended) })
	slow := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-ended:
		}
	}, func(c *client.Config) { c.Timeout = 20 * time.Millisecond })
	var unanswered *client.Unanswered
	if _, err := slow.Get(t.Context(), "/Users", "1"); !errors.As(err, &unanswered) {
		t.Errorf("slow answer: %v", err)
	}
}

func TestNothingIsRetried(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		n.Add(1)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	})
	if _, err := c.Create(t.Context(), "/Users", map[string]any{}); err == nil || n.Load() != 1 {
		t.Errorf("%d requests, error %v; want one and an error", n.Load(), err)
	}
}

func TestBeforeStopsTheCall(t *testing.T) {
	t.Parallel()
	stop := errors.New("not now")
	c := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("called") },
		func(c *client.Config) { c.Before = func(context.Context) error { return stop } })
	if _, err := c.Get(t.Context(), "/Users", "1"); !errors.Is(err, stop) {
		t.Error(err)
	}
}

func TestTheRecordHidesSecretsAndIsCut(t *testing.T) {
	t.Parallel()
	var got []client.Exchange
	c := serve(t, answer(400, `{"detail":"s3cret is bad","accessToken":"abc\"def","apiKey": 7, "x":"`+strings.Repeat("é", 9000)+`"}`),
		func(c *client.Config) { c.Record = func(x client.Exchange) { got = append(got, x) } })
	_, err := c.Create(t.Context(), "/Users", map[string]any{"userName": "a", "password": "hunter2", "nested": map[string]any{"clientSecret": "zzz"}})
	if err == nil || len(got) != 1 {
		t.Fatalf("%v, %d records", err, len(got))
	}
	x := got[0]
	if x.Method != "POST" || x.Status != 400 || x.Err == nil || len(x.Response) > 5000 || !strings.Contains(string(x.Request), `"userName":"a"`) {
		t.Errorf("record %+v", x)
	}
	for _, secret := range []string{"s3cret", "hunter2", "abc", "def", "zzz", "7"} {
		if strings.Contains(string(x.Request)+string(x.Response), secret) {
			t.Errorf("the record shows %q: %s %s", secret, x.Request, x.Response)
		}
	}
}

// Each name alone gives its value away as a secret, in any letter case.
func TestTheRecordHidesWhatAMembersNameGivesAway(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"password", "PassWord", "paſſword", "passwd", "newSecret", "TOKEN", "api_key", "apiKey", "PRIVATE-KEY", "privateKey",
		"provhash", "client_assertion", "Authorization"} {
		var x client.Exchange
		c := serve(t, answer(400, "{}"), func(c *client.Config) { c.Record = func(e client.Exchange) { x = e } })
		_, _ = c.Create(t.Context(), "/Users", map[string]any{"a": "shown", name: "hunter2"})
		if shown := string(x.Request); strings.Contains(shown, "hunter2") || !strings.Contains(shown, "shown") {
			t.Errorf("%s: %s", name, shown)
		}
	}
}

func TestAddressesThatAreRefused(t *testing.T) {
	t.Parallel()
	for address, token := range map[string]string{
		"http://app.example.com/scim": "t", "ftp://app.example.com": "t", "app.example.com": "t", "": "t", "https://": "t",
		"https://u:p@app.example.com": "t", "https://app.example.com?x=1": "t", "https://app.example.com/": "two words", "https://a.example.com/": "x\ny",
	} {
		if _, err := client.New(client.Config{BaseURL: address, Token: token, Transport: http.DefaultTransport}); err == nil {
			t.Errorf("%q with token %q is accepted", address, token)
		}
	}
}

// An address that holds a secret is refused with words that do not repeat it: they end up in logs and on screens.
func TestARefusedAddressDoesNotTellItsSecret(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"https://u:s3c@app.example.com/scim", "https://s3c@app.example.com", "https://app.example.com/scim?token=s3c", "https://app.example.com/#s3c",
		"ftp://u:s3c@app.example.com", "http://u:s3c@app.example.com", "https://u:s3c@app example.com", "https://u:s3c@app.example.com:port/",
		"://u:s3c@app.example.com", "u:s3c@app.example.com", "s3c@app.example.com", "https://u:s3c/x@app.example.com", "https://app.example.com/%zz?token=s3c", "https://app.example.com/?", "https://app.example.com/#",
	} {
		_, err := client.New(client.Config{BaseURL: address, Transport: http.DefaultTransport})
		if err == nil || strings.Contains(err.Error(), "s3c") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// A service may repeat a secret in any of the ways in which texts are written, cut or not, in whatever it answers.
func TestErrorsAndRecordsHideASecretInEveryForm(t *testing.T) {
	t.Parallel()
	const part = `q"<é>/&+ z`
	for _, said := range []string{part, `q\"<é>/&+ z`, `q\"\u003cé\u003e/\u0026+ z`, `q\"<é>\/&+ z`, "q%22%3C%C3%A9%3E%2F%26%2B+z", "s3cret", "later",
		"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJyb2JvdCJ9.c2lnbmF0dXJl"} {
		c := serve(t, answer(400, `{"scimType": `+quoted(said)+`, "detail": `+quoted(strings.Repeat("x", 495)+said)+`, "provhash": "in a member"}`),
			func(c *client.Config) { c.Secrets = []string{part + "\n"} })
		c.Conceal("later")
		var x client.Exchange
		_, err := c.Recording(func(e client.Exchange) { x = e }).Create(t.Context(), "/Users", map[string]any{"private_key": "in a member"})
		shown := fmt.Sprint(err, string(x.Request), string(x.Response), x.Err)
		if strings.Contains(shown, said) || strings.Contains(shown, said[:5]) || strings.Contains(shown, "in a member") {
			t.Errorf("%s is shown: %s", said, shown)
		}
	}
	moved := serve(t, http.RedirectHandler("https://elsewhere.example/s3cret", http.StatusFound).ServeHTTP)
	if _, err := moved.Get(t.Context(), "/Users", "1"); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a redirect shows the token: %v", err)
	}
}

func quoted(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}

// A resource without an id is none: nothing could be done with it afterwards.
func TestAResourceHasAnID(t *testing.T) {
	t.Parallel()
	var broken *client.BrokenAnswer
	if doc, err := serve(t, answer(200, `{"userName": "a"}`)).Get(t.Context(), "/Users", "1"); !errors.As(err, &broken) {
		t.Errorf("%v, %v", doc, err)
	}
}
