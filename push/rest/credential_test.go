package rest_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"proprio/push/profiles"
	"proprio/push/rest"
	"proprio/scim/client"
)

// silent is a network that nobody may use: opening an app calls nothing.
type silent struct{ t *testing.T }

func (s silent) RoundTrip(r *http.Request) (*http.Response, error) {
	s.t.Errorf("%s %s was called", r.Method, r.URL)
	return nil, context.Canceled
}

// A wrong credential or address is told when the app is added, by the name of what is missing, and never by its value.
func TestAWrongCredentialSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t-value"
	for _, c := range []struct{ protocol, url, credential, want string }{
		{"pipedrive", "https://x.example/v1", "", `"token"`},
		{"pipedrive", "https://x.example/v1", secret + " " + secret, "blank"},
		{"pipedrive", "https://x.example/v1", `{"token": "` + secret + `"}`, "a token alone"},
		{"lastpass", "https://x.example", secret, "no JSON object"},
		{"lastpass", "https://x.example", `{"cid": 7}`, `"provhash"`},
		{"lastpass", "https://x.example", `{"provhash": "` + secret + `"}`, `"cid"`},
		{"lastpass", "https://x.example", `{"cid": 7, "provhash": 7}`, `"provhash" is not of the right kind`},
		{"lastpass", "https://x.example", `{"cid": 7, "provhash": "` + secret + `"} more`, "after the end"},
		{"hubstaff", "https://x.example/v2", secret, "/organizations/"},
		{"hubstaff", "https://x.example/v2/organizations/4", `{}`, `"refresh_token"`},
		{"hubstaff", "https://x.example/v2/organizations/4", `{"refresh_token": "` + secret + `", "token_url": "http://x.example/t"}`, "in clear"},
		{"zendesk", "https://x.example/api/v2", `{"email": "a@x.example"}`, `"token"`},
		{"zendesk", "https://x.example/api/v2", `{"token": "` + secret + `"}`, `"email"`},
		{"hubspot", "https://x.example", "", `"token"`},
		{"google", "https://x.example", `{"client_email": "r@x.example", "private_key": "` + secret + `"}`, `"subject"`},
		{"google", "https://x.example", `{"client_email": "r@x.example", "private_key": "` + secret + `", "subject": "a@x.example"}`, "PEM"},
		{"graph", "https://x.example/v1.0", `{"tenant": "t", "client_id": "c"}`, `"client_secret"`},
		{"graph", "https://x.example/v1.0", `{"tenant": "../t", "client_id": "c", "client_secret": "` + secret + `"}`, `"tenant" is neither`},
		{"graph", "https://x.example/v1.0", `{"tenant": "t", "client_id": "c", "client_secret": "` + secret + `", "authority": "ftp://x"}`, `"authority"`},
		{"dropbox", "https://x.example/2", `{"refresh_token": "` + secret + `"}`, `"client_id", "client_secret"`},
		{"dropbox", "http://x.example/2", secret, "in clear"},
	} {
		_, err := rest.Connectors()[c.protocol](profiles.Profile{}, client.Config{BaseURL: c.url, Token: c.credential, Transport: silent{t}})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s %s: error %v, want one that names %s", c.protocol, c.credential, err, c.want)
		}
	}
}

// A good credential opens the app, in each of its forms, and calls nothing.
func TestACredentialOpensItsApp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ protocol, url, credential string }{
		{"pipedrive", "https://x.example/v1", "token"},
		{"lastpass", "https://x.example", `{"cid": "7", "provhash": "h"}`},
		{"lastpass", "https://x.example", `{"cid": 7, "provhash": "h"}`},
		{"hubstaff", "https://x.example/v2/organizations/4", "refresh"},
		{"hubstaff", "https://x.example/v2/organizations/4/", `{"refresh_token": "r", "client_id": "c", "client_secret": "s"}`},
		{"zendesk", "https://x.example/api/v2", "oauth-token"},
		{"graph", "https://x.example/v1.0", `{"tenant": "x.example", "client_id": "c", "client_secret": "s"}`},
		{"dropbox", "https://x.example/2", "token"},
	} {
		_, err := rest.Connectors()[c.protocol](profiles.Profile{}, client.Config{BaseURL: c.url, Token: c.credential, Transport: silent{t}})
		if err != nil {
			t.Errorf("%s %s: %v", c.protocol, c.credential, err)
		}
	}
}

// The address that access tokens are asked from is guarded as the app's own is: a credential is no way into the network.
func TestATokenAddressIsGuarded(t *testing.T) {
	t.Parallel()
	for protocol, credential := range map[string]string{
		"dropbox": `{"refresh_token": "r", "client_id": "c", "client_secret": "s", "token_url": "https://127.0.0.1:9/token"}`,
		"graph":   `{"tenant": "t", "client_id": "c", "client_secret": "s", "authority": "https://169.254.169.254"}`,
	} {
		remote, err := rest.Connectors()[protocol](profiles.Profile{},
			client.Config{BaseURL: "https://x.example", Token: credential, Transport: client.Transport(true)})
		if err != nil {
			t.Fatal(err)
		}
		err = remote.Each(t.Context(), "/Users", client.ListOptions{}, func(client.Document) error { return nil })
		var private *client.PrivateAddressError
		if !errors.As(err, &private) {
			t.Errorf("%s: %v, want the address refused", protocol, err)
		}
	}
}

// Every protocol that a profile names has its connector, and none is without a profile.
func TestEveryProfileHasItsConnector(t *testing.T) {
	t.Parallel()
	set, err := profiles.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	connectors := rest.Connectors()
	for _, name := range set.Names() {
		p, _ := set.Get(name)
		if p.Protocol == "scim" || p.ByHand() {
			continue
		}
		if connectors[p.Protocol] == nil {
			t.Errorf("profile %s speaks %q, which nothing speaks", name, p.Protocol)
		}
		delete(connectors, p.Protocol)
	}
	for protocol := range connectors {
		t.Errorf("connector %s is of no profile", protocol)
	}
}
