package oidc_test

import (
	"errors"
	"net"
	"testing"
	"time"

	"proprio/oidc"
)

func TestRule10_ReturnAddressStaysOnThisSite(t *testing.T) {
	t.Parallel()
	for _, ok := range []string{"/", "/people", "/people?q=a%2F%2Fb", "/a//b", "/findings#f1"} {
		if got := oidc.SafeReturn(ok); got != ok {
			t.Errorf("%q became %q", ok, got)
		}
	}
	for _, bad := range []string{"", "people", "//evil.com", "///evil.com", `/\evil.com`, `\\evil.com`, "https://evil.com",
		"/\tevil", "/\n/evil.com", "/a\x7f", "javascript:alert(1)", "/%zz", " /people"} {
		if got := oidc.SafeReturn(bad); got != "/" {
			t.Errorf("%q became %q", bad, got)
		}
	}
}

func TestSite_PublicURL(t *testing.T) {
	t.Parallel()
	for _, ok := range []string{"https://proprio.example.com", "https://proprio.example.com/", "http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:80"} {
		if _, err := oidc.NewSite(ok); err != nil {
			t.Errorf("%s: %v", ok, err)
		}
	}
	for _, bad := range []string{"", "http://proprio.example.com", "http://10.0.0.1", "http://localhost.evil.com", "ftp://localhost",
		"https://x/path", "https://user@x", "https://x?y", "proprio.example.com"} {
		if _, err := oidc.NewSite(bad); !errors.Is(err, oidc.ErrInvalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestIssuer_Normalize(t *testing.T) {
	t.Parallel()
	base := oidc.Issuer{URL: "https://login.example.com/realm", ClientID: "c"}
	got, err := base.Normalize()
	if err != nil || got.Trust != oidc.TrustEmailVerified || got.Name != "login.example.com" {
		t.Fatalf("%+v %v", got, err)
	}
	for name, change := range map[string]func(*oidc.Issuer){
		"entra of the tenant": func(i *oidc.Issuer) {
			i.Trust, i.Tenant, i.URL = oidc.TrustEntra, "t", "https://login.microsoftonline.com/t/v2.0"
		},
		"google by its domain": func(i *oidc.Issuer) { i.Trust, i.URL = oidc.TrustGoogle, "https://accounts.google.com" },
	} {
		i := base
		change(&i)
		if _, err := i.Normalize(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*oidc.Issuer){
		"plain http":             func(i *oidc.Issuer) { i.URL = "http://login.example.com" },
		"http, private, not us":  func(i *oidc.Issuer) { i.URL, i.Private = "http://10.1.2.3", true },
		"http on loopback alone": func(i *oidc.Issuer) { i.URL = "http://127.0.0.1:1" },
		"not a URL":              func(i *oidc.Issuer) { i.URL = "login" },
		"query":                  func(i *oidc.Issuer) { i.URL += "?x" },
		"no client id":           func(i *oidc.Issuer) { i.ClientID = "" },
		"unknown trust":          func(i *oidc.Issuer) { i.Trust = "blind" },
		"entra without tenant":   func(i *oidc.Issuer) { i.Trust = oidc.TrustEntra },
		"entra for every tenant": func(i *oidc.Issuer) {
			i.Trust, i.Tenant, i.URL = oidc.TrustEntra, "t", "https://login.microsoftonline.com/common/v2.0"
		},
		"entra of another tenant": func(i *oidc.Issuer) {
			i.Trust, i.Tenant, i.URL = oidc.TrustEntra, "t", "https://login.microsoftonline.com/u/v2.0"
		},
		"entra by email_verified":  func(i *oidc.Issuer) { i.URL = "https://login.microsoftonline.com/t/v2.0" },
		"google by email_verified": func(i *oidc.Issuer) { i.URL = "https://accounts.google.com" },
		"negative age":             func(i *oidc.Issuer) { i.MaxAge = -time.Second },
	} {
		i := base
		change(&i)
		if _, err := i.Normalize(); !errors.Is(err, oidc.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRule9_NoCallsToPrivateNetworks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ip              string
		public, private bool // may be dialled for an issuer that is not, or is, Private
	}{
		{"93.184.216.34", true, true},
		{"2606:2800:220:1::1", true, true},
		{"127.0.0.1", false, true},
		{"::1", false, true},
		{"10.1.2.3", false, true},
		{"172.16.0.1", false, true},
		{"192.168.1.1", false, true},
		{"100.64.0.1", false, true},
		{"fd00::1", false, true},
		{"::ffff:127.0.0.1", false, true},
		{"169.254.169.254", false, false},
		{"::ffff:169.254.169.254", false, false},
		{"fe80::1", false, false},
		{"0.0.0.0", false, false},
		{"::", false, false},
		{"224.0.0.1", false, false},
		{"255.255.255.255", false, false},
		{"64:ff9b::a01:203", false, false},
		{"2002:7f00:1::1", false, true},
		{"::7f00:1", false, true},
		{"64:ff9b:1::7f00:1", false, true},
		{"2001:0:7f00:1::1", false, true},
		{"198.18.0.1", false, true},
		{"240.0.0.1", false, true},
		{"0.1.2.3", false, true},
	} {
		address := net.JoinHostPort(c.ip, "443")
		if err := oidc.CheckDial(address, false); (err == nil) != c.public {
			t.Errorf("%s: %v", c.ip, err)
		}
		err := oidc.CheckDial(address, true)
		if (err == nil) != c.private || (err != nil && !errors.Is(err, oidc.ErrPrivateAddress)) {
			t.Errorf("%s, private allowed: %v", c.ip, err)
		}
	}
}

func TestRule3_EmailVerifiedIsARealBoolean(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		claim        string
		strict, text oidc.Word
	}{
		{`true`, oidc.Yes, oidc.Yes}, {`false`, oidc.No, oidc.No}, {`"true"`, oidc.No, oidc.Yes}, {`"false"`, oidc.No, oidc.No},
		{`null`, oidc.Silent, oidc.Silent}, {`1`, oidc.No, oidc.Yes}, {`"yes"`, oidc.No, oidc.No}, {`[true]`, oidc.No, oidc.No},
	} {
		payload := []byte(`{"sub":"s","Email_Verified":true,"email_verified":` + c.claim + `}`)
		for text, want := range map[bool]oidc.Word{false: c.strict, true: c.text} {
			got, err := oidc.ParseClaims(payload, text)
			if err != nil || got.EmailVerified != want {
				t.Errorf("%s, text allowed %t: got %d %v, want %d", c.claim, text, got.EmailVerified, err, want)
			}
		}
	}
}

func TestParseClaims_ExactNamesAndTypes(t *testing.T) {
	t.Parallel()
	got, err := oidc.ParseClaims([]byte(`{"sub":"s","Sub":"other","EMAIL":"x@y.z","aud":"one","amr":["pwd","mfa"],
		"xms_edov":"1","acct":1,"iat":1700000000.5,"session_expiry":1700000060}`), false)
	if err != nil {
		t.Fatal(err)
	}
	if got.Subject != "s" || got.Email != "" || len(got.Audience) != 1 || len(got.Methods) != 2 ||
		got.TenantEmailOwner != oidc.Yes || !got.Guest || got.IssuedAt.UnixMilli() != 1700000000500 || got.SessionExpiry.Unix() != 1700000060 {
		t.Errorf("%+v", got)
	}
	for _, bad := range []string{`[]`, `{"sub":1}`, `{"iat":"now"}`, `{"iat":1700000000000000}`, `{"aud":{}}`, `{"email":["a@b.c"]}`, `x`} {
		if _, err := oidc.ParseClaims([]byte(bad), false); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}
