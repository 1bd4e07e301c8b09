package scim_test

import (
	"strings"
	"testing"

	"proprio/resources"
)

// The client behind a connection is recognised from its requests, the surest clue winning, and shown; what it does is
// answered as before.
func TestTheClientIsRecognised(t *testing.T) {
	const guid = "6f0f4a4e-0b0f-4a52-9d1e-7d3c6c1d7f11"
	probe := func(agent string) func(c tenant) {
		return func(c tenant) { c.do("GET", "/Users", nil, "User-Agent", agent) }
	}
	for name, tt := range map[string]struct {
		requests   func(c tenant)
		client, by string
	}{
		"nothing known":          {probe("curl/8.0"), "", ""},
		"no user agent":          {probe(""), "", ""},
		"Entra's header":         {func(c tenant) { c.do("GET", "/Users", nil, "ADSCIMVersion", "3.0") }, "entra", "header"},
		"Entra's flag":           {func(c tenant) { c.do("GET", "/Users?aadOptscim062020&count=1", nil) }, "entra", "request"},
		"Entra's random look-up": {func(c tenant) { c.do("GET", `/Users?filter=userName eq "`+guid+`"`, nil) }, "entra", "request"},
		"with other encoding":    {func(c tenant) { c.do("GET", `/users/?filter=externalId+eq+%22`+guid+`%22`, nil) }, "entra", "request"},
		"a look-up of a name":    {func(c tenant) { c.do("GET", `/Users?filter=userName eq "a@societe.example"`, nil) }, "", ""},
		"Okta":                   {probe("Okta SCIM Client 1.0.0"), "okta", "user-agent"},
		"Okta's first page":      {func(c tenant) { c.do("GET", "/Users?startIndex=1&count=2", nil) }, "okta", "request"},
		"Authentik":              {probe("goauthentik.io/2025.8"), "authentik", "user-agent"},
		"Ping":                   {func(c tenant) { c.do("GET", `/Users?filter=emails eq "a@societe.example"`, nil) }, "ping", "request"},
		"OneLogin": {func(c tenant) {
			c.do("POST", "/Users", object{"schemas": []string{"urn:scim:schemas:core:1.0"}, "userName": "one@societe.example"})
		}, "onelogin", "request"},
		"JumpCloud": {func(c tenant) {
			u, g := c.addUser("test@societe.example"), c.addGroup("Test")
			c.do("DELETE", "/Groups/"+g, nil)
			c.do("DELETE", "/Users/"+u, nil)
		}, "jumpcloud", "sequence"},
		"somebody who tries out the same, and more": {func(c tenant) {
			u, g := c.addUser("test@societe.example"), c.addGroup("Test")
			c.do("PATCH", "/Groups/"+g, patch(op("add", "members", u)))
			c.do("DELETE", "/Groups/"+g, nil)
			c.do("DELETE", "/Users/"+u, nil)
		}, "", ""},
		"Rippling": {func(c tenant) {
			c.do("GET", "/ServiceProviderConfig", nil).must(200)
			c.do("GET", `/Users?filter=externalId eq "r1"`, nil).must(200)
			c.addUser("new@societe.example", object{"externalId": "r1"})
		}, "rippling", "sequence"},
		"Google": {probe("Google-Auto-Provisioning"), "google", "user-agent"},
		"SailPoint": {func(c tenant) {
			for _, path := range []string{"/ServiceProviderConfig", "/ResourceTypes", "/Schemas", "/ResourceTypes/User", "/Schemas/" + userURN} {
				c.do("GET", path, nil).must(200)
			}
		}, "sailpoint", "sequence"},
		"CyberArk": {func(c tenant) {
			for _, path := range []string{"/ServiceProviderConfig", "/ResourceTypes/User", "/ResourceTypes/Group", "/Schemas/" + userURN} {
				c.do("GET", path, nil).must(200)
			}
		}, "cyberark", "sequence"},
		"Authentik without a name": {func(c tenant) {
			c.addUser("taken@societe.example")
			c.do("GET", "/ServiceProviderConfig", nil)
			c.do("POST", "/Users", user("taken@societe.example")).must(409)
			c.do("GET", `/Users?filter=userName eq "taken@societe.example"`, nil).must(200)
		}, "authentik", "sequence"},
		"a surer clue wins": {func(c tenant) {
			c.do("GET", "/Users?startIndex=1&count=2", nil)
			c.do("GET", "/Users", nil, "ADSCIMVersion", "3.0")
			c.do("GET", "/Users?startIndex=1&count=2", nil)
		}, "entra", "header"},
		"without a token": {func(c tenant) {
			c.do("GET", "/Users", nil, "ADSCIMVersion", "3.0", "Authorization", "Bearer "+strings.Repeat("x", 40))
		}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			eachCommon(t, func(t *testing.T, shared *world) {
				w, stop := shared.recorded()
				c := w.tenant(t.Name(), "okta")
				tt.requests(c)
				stop()
				connections, _, err := c.db.ListConnections(t.Context(), c.company)
				if err != nil {
					t.Fatal(err)
				}
				got := connections[0]
				if got.Client != tt.client || got.ClientBy != tt.by {
					t.Errorf("recognised %q by %q, want %q by %q", got.Client, got.ClientBy, tt.client, tt.by)
				}
				if want := tt.client != "" && tt.client != "okta"; got.OtherClient() != want {
					t.Errorf("differs from the preset: %v, want %v", got.OtherClient(), want)
				}
				if want, err := resources.PresetSwitches("okta"); err != nil || got.Switches != want || got.Preset != "okta" {
					t.Errorf("the connection's settings changed: %+v", got)
				}
			})
		})
	}
}
