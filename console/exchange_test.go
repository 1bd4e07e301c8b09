package console

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestDecode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, address string
		status                int
		request, response     string
		want                  exchange
	}{
		{"create a user", "POST", "/scim/v2/Users", 201, `{"userName":"a@b.fr"}`, ``, exchange{Key: "create.user", Name: "a@b.fr", Answer: "accepted"}},
		{"create a group, refused", "POST", "https://app.example/scim/v2/Groups", 409, `{"displayName":"Atelier"}`, `{"detail":"taken"}`,
			exchange{Key: "create.group", Name: "Atelier", Answer: "refused", Detail: "taken"}},
		{"search", "GET", `/scim/v2/Users?filter=userName+eq+%22a%22`, 200, ``, `{}`, exchange{Key: "search.user", Filter: `userName eq "a"`, Answer: "accepted"}},
		{"list", "GET", "/scim/v2/Groups?count=0", 200, ``, `{}`, exchange{Key: "list.group", Answer: "accepted"}},
		{"read", "GET", "/scim/v2/Users/123", 404, ``, `{}`, exchange{Key: "read.user", Answer: "refused"}},
		{"change", "PATCH", "/scim/v2/Users/123", 200, `{"Operations":[{"op":"Replace","path":"active","value":"False"},{"op":"Add","value":{"title":"x","active":true}},{"op":"remove","path":"members"}]}`, ``,
			exchange{Key: "modify.user", Answer: "accepted", Changes: []string{"replace active = False", "add active, title", "remove members"}}},
		{"delete, no answer", "DELETE", "/Users/1", 0, ``, ``, exchange{Key: "remove.user", Answer: "silent"}},
		{"server fault", "PUT", "/Groups/1", 503, `{"displayName":"x"}`, `<html>`, exchange{Key: "replace.group", Name: "x", Answer: "failed"}},
		{"something else", "GET", "/scim/v2/ServiceProviderConfig", 200, ``, ``, exchange{Key: "other", Answer: "accepted"}},
		{"malformed in every way", "PATCH", "://%zz", 400, `{"Operations":[1,{"op":2}]`, `[`, exchange{Key: "other", Answer: "refused"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := decode(test.method, test.address, test.status, []byte(test.request), []byte(test.response))
			if diff := cmp.Diff(test.want, got, cmpopts.IgnoreFields(exchange{}, "Request", "Response")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestDecode_hidesSecrets(t *testing.T) {
	t.Parallel()
	request := `{"password":"hunter2","nested":[{"client_secret":"hunter2","apiToken":["hunter2"]}],
		"Operations":[{"op":"replace","path":"password","value":"hunter2"}],"n":12345678901234567890}`
	e := decode("PATCH", "/Users/1", 200, []byte(request), []byte(`{"Authorization":"hunter2"}`))
	shown := e.Request + e.Response + strings.Join(e.Changes, " ")
	if strings.Contains(shown, "hunter2") {
		t.Errorf("a secret shows: %s", shown)
	}
	if !strings.Contains(shown, hidden) || !strings.Contains(shown, "12345678901234567890") {
		t.Errorf("what is no secret must stay as it was: %s", shown)
	}
}

func TestSafeReturn(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"/": "/", "/people?q=a&page=2": "/people?q=a&page=2", "/apps/1#push": "/apps/1#push",
		"": "/", "people": "/", "//evil.example": "/", "///evil.example": "/", `/\evil.example`: "/", `\\evil`: "/", "https://evil.example/": "/",
		"javascript:alert(1)": "/", "/a\r\nSet-Cookie: x": "/", "/\t/evil.example": "/", "/" + strings.Repeat("a", 3000): "/", "/%zz": "/",
	}
	for in, want := range tests {
		if got := safeReturn(in); got != want {
			t.Errorf("safeReturn(%q) = %q, want %q", in, got, want)
		}
	}
}
