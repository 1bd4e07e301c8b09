package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
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
	docs, err := c.Find(t.Context(), "/Users", `userName eq "a"`)
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

// A service of n Users that pages as told.
func paged(n, atMost int, change func(page map[string]any, start int)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var start, count int
		_, _ = fmt.Sscan(r.URL.Query().Get("startIndex"), &start)
		_, _ = fmt.Sscan(r.URL.Query().Get("count"), &count)
		list := []any{}
		for i := start; i <= n && len(list) < min(count, atMost); i++ {
			list = append(list, map[string]any{"id": fmt.Sprint(i)})
		}
		page := map[string]any{"totalResults": n, "startIndex": start, "itemsPerPage": len(list), "Resources": list}
		change(page, start)
		_ = json.NewEncoder(w).Encode(page)
	}
}

// apps.md 4a, 7: a list is whole or it is an error.
func TestListIsCompleteOrAnError(t *testing.T) {
	t.Parallel()
	none := func(map[string]any, int) {}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    int    // how many; -1: an error
		words   string // in the error
	}{
		"one page":                   {paged(7, 10, none), 7, ""},
		"pages shorter than asked":   {paged(23, 3, none), 23, ""},
		"nothing":                    {paged(0, 10, none), 0, ""},
		"nothing, without Resources": {answer(200, `{"totalResults":0}`), 0, ""},
		"paging ignored, all at once": {paged(30, 10, func(p map[string]any, _ int) {
			var all []any
			for i := range 30 {
				all = append(all, map[string]any{"id": fmt.Sprint(i)})
			}
			p["Resources"] = all
		}), 30, ""},
		"the same page again": {paged(30, 10, func(p map[string]any, _ int) {
			p["Resources"] = []any{map[string]any{"id": "1"}}
		}), -1, "no further page"},
		"ends early": {paged(30, 10, func(p map[string]any, start int) {
			if start > 10 {
				p["Resources"] = []any{}
			}
		}), -1, "read 10 of 30"},
		"empty although it counts":  {paged(30, 10, func(p map[string]any, _ int) { p["Resources"] = nil }), -1, "read 0 of 30"},
		"lists more than it counts": {paged(30, 10, func(p map[string]any, _ int) { p["totalResults"] = 5 }), -1, "more than it counts"},
		"one added meanwhile": {paged(30, 10, func(p map[string]any, start int) {
			if start > 20 {
				p["totalResults"] = 31
			}
		}), -1, "read 30 of 31"},
		"no totalResults":      {answer(200, `{"Resources":[{"id":"1"}]}`), -1, "totalResults"},
		"no id":                {answer(200, `{"totalResults":1,"Resources":[{"userName":"a"}]}`), -1, "Resources[0] has no id"},
		"no array":             {answer(200, `{"totalResults":1,"Resources":{"id":"1"}}`), -1, "no array"},
		"an element no object": {answer(200, `{"totalResults":1,"Resources":["1"]}`), -1, "no object"},
		"a page for people":    {answer(200, `<html>welcome</html>`), -1, "no JSON object"},
		"an error":             {answer(500, `{"detail":"broken"}`), -1, "broken"},
		"never ends":           {paged(1<<30, 2, none), -1, "more than 20 pages"},
	} {
		got, err := serve(t, c.handler).List(t.Context(), "/Users", client.ListOptions{PageSize: 10, MaxPages: 20})
		switch {
		case c.want >= 0 && (err != nil || len(got) != c.want):
			t.Errorf("%s: %d resources, %v; want %d", name, len(got), err, c.want)
		case c.want < 0 && (err == nil || got != nil || !strings.Contains(err.Error(), c.words)):
			t.Errorf("%s: %d resources, error %v; want an error with %q and no list", name, len(got), err, c.words)
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

// The dial guard looks at what a name resolves to.
func TestTheDialGuard(t *testing.T) {
	t.Parallel()
	c := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("reached") }, func(c *client.Config) {
		c.Transport = client.Transport(true)
		c.BaseURL = strings.Replace(c.BaseURL, "127.0.0.1", "localhost", 1)
	})
	_, err := c.Get(t.Context(), "/Users", "1")
	var private *client.PrivateAddressError
	if !errors.As(err, &private) {
		t.Errorf("loopback behind a name: %v", err)
	}
	open := serve(t, answer(200, `{"id":"1"}`), func(c *client.Config) { c.Transport = client.Transport(false) })
	if _, err := open.Get(t.Context(), "/Users", "1"); err != nil {
		t.Errorf("allowed: %v", err)
	}
}

func TestPublicAddresses(t *testing.T) {
	t.Parallel()
	for _, a := range []string{"93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822", "2002:5db8:d822::1", "::ffff:93.184.216.34"} {
		if !client.Public(netip.MustParseAddr(a)) {
			t.Errorf("%s is public", a)
		}
	}
	for _, a := range []string{
		"127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "192.0.0.1", "198.18.0.1",
		"224.0.0.1", "255.255.255.255", "240.0.0.1", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "fec0::1",
		"::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a9fe:a9fe::1", "::7f00:1",
		"2001:db8::1", "100::1",
	} {
		if client.Public(netip.MustParseAddr(a)) {
			t.Errorf("%s is not public", a)
		}
	}
}
