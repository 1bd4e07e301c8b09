package oidc_test

import (
	"testing"

	"proprio/oidc"
)

func TestFoldAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"Anne@Company.FR", "anne@company.fr"},
		{" anne@company.fr ", "anne@company.fr"},
		{"anne@company.fr.", "anne@company.fr"},
		{"anne@bücher.example", "anne@xn--bcher-kva.example"},
		{"anne@XN--BCHER-KVA.example", "anne@xn--bcher-kva.example"},
		{"e\u0301lise@company.fr", "élise@company.fr"},
		{"anne@company。fr", "anne@company.fr"}, // IDNA maps the ideographic full stop
	} {
		if got, ok := oidc.FoldAddress(c.in); !ok || got != c.want {
			t.Errorf("%q: got %q %t, want %q", c.in, got, ok, c.want)
		}
	}
	for _, in := range []string{"", "anne", "@company.fr", "anne@", "a@company.fr@evil.com", "a b@company.fr",
		"a\x00@company.fr", "a\r\nb@company.fr", "anne@company..fr", "anne@localhost", "anne@com pany.fr", "anne@-company.fr",
		"a\u200b@company.fr"} {
		if got, ok := oidc.FoldAddress(in); ok {
			t.Errorf("%q was taken as %q", in, got)
		}
	}
}
