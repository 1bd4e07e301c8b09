package main_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// RFC 9110 §9, §15.5.6: HEAD is GET without a body; a method that a path does not have is 405 with Allow, on every path
// and for every method, and is never a fault of the server.
func TestRFC9110Methods_ofEveryPath(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.command("company", "create", "Methods", "--domain", "methods.example", "--assume-verified")
	token := i.command("token", "create", "--company", "Methods", "--connection", "idp")
	i.serve("--public-url", "https://id.methods.example")
	for target, allowed := range map[string]string{
		"/": "GET HEAD", "/people": "GET HEAD", "/people/x": "GET HEAD", "/no/such/page": "GET HEAD", "/sign-in": "GET HEAD POST",
		"/sign-in/x/callback": "GET HEAD", "/sign-out": "GET HEAD POST", "/apps/x/sync": "GET HEAD POST", "/static/x": "GET HEAD",
		"/healthz": "GET HEAD", "/readyz": "GET HEAD",
		"/oauth/token": "POST", "/.well-known/oauth-authorization-server": "GET HEAD", "/.well-known/oauth-protected-resource/scim/v2": "GET HEAD",
		"/scim/v2/Users": "GET HEAD POST", "/scim/v2/Users/x": "DELETE GET HEAD PATCH PUT", "/scim/v2/Bulk": "POST",
		"/scim/v2/Schemas": "GET HEAD", "/scim/v2/ServiceProviderConfig": "GET HEAD", "/scim/v2/Groups/.search": "POST",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "BREW", "get"} {
			resp, body := rawRequest(t, i.listen, method, target, token)
			list := strings.Split(allowed, " ")
			known := slices.Contains(list, method)
			switch {
			case resp.StatusCode >= 500 && !strings.HasSuffix(target, ".search"): // an endpoint that this server does not have is 501
				t.Errorf("%s %s: %s", method, target, resp.Status)
			case known == (resp.StatusCode == http.StatusMethodNotAllowed):
				t.Errorf("%s %s: %s, allowed are %s", method, target, resp.Status, allowed)
			case !known && resp.Header.Get("Allow") != strings.Join(list, ", "):
				t.Errorf("%s %s: Allow %q, want %s", method, target, resp.Header.Get("Allow"), allowed)
			case method == "HEAD" && body != "":
				t.Errorf("HEAD %s has a body", target)
			}
			checkHeaders(t, method, target, resp.Header)
		}
	}
	if resp, _ := rawRequest(t, i.listen, "OPTIONS", "*", ""); resp.StatusCode >= 500 {
		t.Errorf("OPTIONS *: %s", resp.Status)
	}
}

// checkHeaders: no answer is kept in a cache or taken for what it is not (RFC 7644 §7.6), and a browser that was here
// once over https comes back over nothing else (RFC 6797).
func checkHeaders(t *testing.T, method, target string, h http.Header) {
	t.Helper()
	want := map[string]string{"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
	switch {
	case target == "/healthz" || target == "/readyz": // no data
		return
	case strings.HasPrefix(target, "/static/"): // everybody's
		delete(want, "Cache-Control")
		fallthrough
	case !strings.HasPrefix(target, "/scim"):
		want["Strict-Transport-Security"] = "max-age=31536000"
	}
	for name, value := range want {
		if got := h.Get(name); got != value {
			t.Errorf("%s %s: %s %q, want %q", method, target, name, got, value)
		}
	}
}
