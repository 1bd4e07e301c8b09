package main

import (
	"errors"
	"testing"
)

func TestPrivateApps(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		hosts   privateApps
		address string
		allowed bool
	}{
		{nil, "https://10.0.0.5/scim", false},
		{privateApps{"10.0.0.5"}, "https://10.0.0.5/scim", true},
		{privateApps{"10.0.0.5"}, "http://10.0.0.5:8080/scim", true},
		{privateApps{"10.0.0.5"}, "https://10.0.0.50/scim", false},
		{privateApps{"10.0.0.5"}, "https://10.0.0.5@10.0.0.6/scim", false},
		{privateApps{"crm.internal:8443"}, "https://CRM.internal:8443", true},
		{privateApps{"crm.internal:8443"}, "https://crm.internal:8444", false},
		{privateApps{"crm.internal:443"}, "https://crm.internal/scim", true},
		{privateApps{"crm.internal:443"}, "http://crm.internal/scim", false},
		{privateApps{"crm.internal"}, "https://crm.internal.evil.example", false},
		{privateApps{"[fd00::5]"}, "https://[fd00::5]:8443/scim", true},
		{privateApps{"a.internal", "b.internal"}, "https://b.internal", true},
		{privateApps{anyHost}, "http://127.0.0.1:9/scim", true},
		{privateApps{anyHost}, "no address", false},
	} {
		if got := test.hosts.allows(test.address); got != test.allowed {
			t.Errorf("%v allows %s: %t", test.hosts, test.address, got)
		}
		if err := test.hosts.check(); err != nil {
			t.Error(err)
		}
	}
	for _, wrong := range []string{"", "https://crm.internal", "crm.internal/scim", "10.0.0.0/8", "user@crm.internal", ":8443", "a b"} {
		if err := (privateApps{wrong}).check(); !errors.Is(err, errUsage) {
			t.Errorf("--private-apps %q: %v", wrong, err)
		}
	}
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{"https://crm.internal/scim", "https://CRM.internal:443/v2", true},
		{"https://crm.internal/scim", "https://crm.internal:8443/scim", false},
		{"https://crm.internal/scim", "http://crm.internal/scim", false},
		{"https://crm.internal", "https://crm.internal@evil.example", false},
		{"", "", false},
	} {
		if got := samePlace(test.a, test.b); got != test.same {
			t.Errorf("%s and %s: %t", test.a, test.b, got)
		}
	}
}
