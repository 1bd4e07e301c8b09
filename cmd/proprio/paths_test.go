package main_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// rawRequest sends a request line as it is: no client tidies the path on its way.
func rawRequest(t testing.TB, address, method, target, token string) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	authorization := ""
	if token != "" {
		authorization = "Authorization: Bearer " + token + "\r\n"
	}
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\n%sContent-Length: 0\r\nConnection: close\r\n\r\n", method, target, address, authorization)
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	return resp, string(body)
}

// Every path that begins with /scim is answered in SCIM: without a token 401, with one what it is or a SCIM error; never
// a redirect, never a page (RFC 7644 §3.12).
func TestSCIMPaths_denyByDefaultAndNoPages(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.command("company", "create", "Paths", "--domain", "paths.example", "--assume-verified")
	token := i.command("token", "create", "--company", "Paths", "--connection", "idp")
	i.serve()
	for _, c := range []struct {
		method, target string
		status         int // with a token
	}{
		{"GET", "/scim/v2/Users", 200},
		{"GET", "/scim/v2//Users", 200},
		{"GET", "//scim/v2/Users/", 200},
		{"GET", "/SCIM/V2/users", 200},
		{"POST", "/scim/v2//Users", 400},
		{"POST", "/SCIM/v2/Users", 400},
		{"GET", "/scim/v2/Users/../Groups", 404},
		{"GET", "/scim/v2/Users/..", 404},
		{"GET", "/scim/v2/./Users", 404},
		{"GET", "/scim/../sign-in", 404},
		{"GET", "/scim/v2/../../readyz", 404},
		{"GET", "/scim", 404},
		{"GET", "/Scim/", 404},
		{"GET", "/scim/v1/Users", 404},
		{"GET", "/scimv2/Users", 404},
		{"GET", "/scim%2Fv2/Users", 404},
		{"GET", "/%73cim/v2/Users", 404},
		{"DELETE", "/scim/v2", 405},
		{"BREW", "/scim/v2/Users", 405},
	} {
		t.Run(c.method+" "+c.target, func(t *testing.T) {
			t.Parallel()
			resp, body := rawRequest(t, i.listen, c.method, c.target, "")
			checkSCIM(t, "without a token", resp, body, http.StatusUnauthorized)
			resp, body = rawRequest(t, i.listen, c.method, c.target, token)
			checkSCIM(t, "with a token", resp, body, c.status)
		})
	}
}

func checkSCIM(t *testing.T, how string, resp *http.Response, body string, want int) {
	t.Helper()
	if resp.StatusCode != want || resp.Header.Get("Location") != "" {
		t.Errorf("%s: %s to %q, want %d and no redirect", how, resp.Status, resp.Header.Get("Location"), want)
	}
	if got := resp.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/scim+json") {
		t.Errorf("%s: Content-Type %q", how, got)
	}
	if want < 400 {
		return
	}
	var fault struct {
		Schemas        []string
		Status, Detail string
	}
	if err := json.Unmarshal([]byte(body), &fault); err != nil || len(fault.Schemas) != 1 ||
		fault.Schemas[0] != "urn:ietf:params:scim:api:messages:2.0:Error" || fault.Status != fmt.Sprint(want) || fault.Detail == "" {
		t.Errorf("%s: the body is no SCIM error of status %d: %v %.300s", how, want, err, body)
	}
}

// What is not SCIM stays the console's and the machines'.
func TestOtherPaths_areThePagesAndHealth(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.serve()
	for _, c := range []struct {
		target, body string
		status       int
	}{
		{"/healthz", "ok\n", 200}, {"/readyz", "ready\n", 200}, {"/sign-in", "<!doctype html>", 200}, {"/people", "", 303},
		{"/x/scim/v2/Users", "", 303}, {"/metrics", "", 303},
	} {
		resp, body := rawRequest(t, i.listen, "GET", c.target, "")
		if resp.StatusCode != c.status || !strings.HasPrefix(body, c.body) {
			t.Errorf("%s: %s %.100q, want %d %q", c.target, resp.Status, body, c.status, c.body)
		}
	}
}
