package ownership_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"proprio/ownership"
	"proprio/resources"
)

// Every way to write one's own domain is one domain, and nothing else is it (design.md, domain policy).
func TestNormalizeDomain(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"company.fr":                    "company.fr",
		"Company.FR":                    "company.fr",
		"company.fr.":                   "company.fr",
		"company。fr。":                   "company.fr", // ideographic dots, UTS #46
		"ｃｏｍｐａｎｙ．ｆｒ":                    "company.fr", // full width
		"société.fr":                    "xn--socit-esab.fr",
		"SOCIÉTÉ.fr":                    "xn--socit-esab.fr",
		"xn--socit-esab.fr":             "xn--socit-esab.fr",
		"straße.example":                "xn--strae-oqa.example",
		"paris.company.fr":              "paris.company.fr",
		"3m.com":                        "3m.com",
		"company.fr..":                  "",
		".company.fr":                   "",
		"company":                       "",
		"":                              "",
		".":                             "",
		"*.company.fr":                  "",
		"_dmarc.company.fr":             "",
		"com pany.fr":                   "",
		" company.fr":                   "",
		"company.fr\n":                  "",
		"company.fr/x":                  "",
		"user@company.fr":               "",
		"192.168.0.1":                   "",
		"[192.168.0.1]":                 "",
		"-company.fr":                   "",
		"xn--\u00e9.fr":                 "",
		"xn--zzzzzzzz99999.fr":          "",
		"comp\u200bany.fr\u202e":        "",
		strings.Repeat("a", 64) + ".fr": "",
		strings.Repeat("abcdefghi.", 26) + "company.fr": "",
	} {
		got, err := ownership.NormalizeDomain(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("NormalizeDomain(%q) = %q, %v; want %q", in, got, err, want)
		}
		if err != nil && !errors.Is(err, resources.ErrInvalidValue) {
			t.Errorf("NormalizeDomain(%q): %v is no ErrInvalidValue", in, err)
		}
	}
}

// Consumer mail services and public suffixes can never be a company's domain.
func TestOwnableDomain(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"gmail.com", "GMAIL.com.", "googlemail.com", "outlook.com", "hotmail.com", "hotmail.fr", "live.fr", "msn.com",
		"yahoo.com", "yahoo.fr", "icloud.com", "me.com", "orange.fr", "wanadoo.fr", "free.fr", "sfr.fr", "neuf.fr",
		"laposte.net", "bbox.fr", "protonmail.com", "proton.me", "gmx.com", "aol.com", "yandex.ru", "mail.ru", "zoho.com",
		"tutanota.com", "anything.free.fr", "co.uk", "asso.fr", "gouv.fr",
	} {
		if got, err := ownership.OwnableDomain(name); !errors.Is(err, resources.ErrInvalidValue) {
			t.Errorf("OwnableDomain(%q) = %q, %v; want ErrInvalidValue", name, got, err)
		}
	}
	for _, name := range []string{"company.fr", "freedom.fr", "myorange.fr", "gmail.com.company.fr", "contoso.onmicrosoft.com", "a.co.uk"} {
		if _, err := ownership.OwnableDomain(name); err != nil {
			t.Errorf("OwnableDomain(%q): %v", name, err)
		}
	}
}

var matching = []struct {
	address string
	in      bool
}{
	{"user@company.fr", true},
	{"User@Company.FR", true},
	{"user@company.fr.", true},
	{"user@company。fr", true},
	{"u.s-e+r'x@company.fr", true},
	{"élodie@company.fr", true},
	{"user@evil-company.fr", false},
	{"user@evilcompany.fr", false},
	{"user@company.fr.evil.com", false},
	{"user@sub.company.fr", false}, // sub-domains only when listed
	{"user@fr", false},
	{"a@company.fr@evil.com", false},
	{"a@evil.com@company.fr", false}, // an app that reads the first @ would send its mail to evil.com
	{"a＠evil.com@company.fr", false}, // RFC 8265 width mapping makes it the line above
	{`"a@evil.com"@company.fr`, false},
	{"<a@evil.com>,b@company.fr", false},
	{"a@company.fr>", false},
	{"a@company.fr, b@evil.com", false},
	{"a b@company.fr", false},
	{"a\u00a0b@company.fr", false},
	{"a\x00@company.fr", false},
	{"a\u200b@company.fr", false}, // zero-width space
	{"a@company.fr\n", false},
	{" a@company.fr ", false},
	{"a@cоmpany.fr", false}, // Cyrillic о
	{"a@xn--cmpany-9ng.fr", false},
	{"a@[company.fr]", false},
	{"a@company.fr%00.evil.com", false},
	{"@company.fr", false},
	{"company.fr", false},
	{"user@", false},
	{"@", false},
	{"", false},
}

// within is the rule of the policy and of the verdicts, for one domain.
func within(address, domain string) bool {
	_, in := ownership.Within(address, []string{domain})
	return in
}

func TestDomainMatches(t *testing.T) {
	t.Parallel()
	for _, tt := range matching {
		if got := within(tt.address, "company.fr"); got != tt.in {
			t.Errorf("company.fr matches %q = %v, want %v", tt.address, got, tt.in)
		}
	}
	for _, address := range []string{"a@société.fr", "a@SOCIÉTÉ.FR", "a@xn--socit-esab.fr", "a@XN--SOCIT-ESAB.fr", "a@socie\u0301te\u0301.fr"} {
		if !within(address, "xn--socit-esab.fr") {
			t.Errorf("société.fr does not match %q", address)
		}
	}
	if within("a@societe.fr", "xn--socit-esab.fr") {
		t.Error("société.fr matches a@societe.fr")
	}
}

// Whatever the address, one that matches ends in the domain, has one @ in every reading, and differs from any address
// that has anything between @ and the domain.
func TestDomainMatches_property(t *testing.T) {
	t.Parallel()
	parts := []string{"a", "@", "company.fr", "company", ".", "fr", "evil.com", "-", " ", "\x00", "＠", "﹫", "é", "。", "%", "\"", "<", ">", "xn--", "COMPANY.FR", ","}
	rnd := rand.New(rand.NewPCG(1, 2))
	matched := 0
	for range 50_000 {
		var b strings.Builder
		for range 1 + rnd.IntN(6) {
			b.WriteString(parts[rnd.IntN(len(parts))])
		}
		s := b.String()
		if !within(s, "company.fr") {
			continue
		}
		matched++
		plain := strings.NewReplacer("＠", "@", "﹫", "@", "。", ".").Replace(strings.ToLower(s))
		local, domain, _ := strings.Cut(plain, "@")
		if local == "" || strings.TrimRight(domain, ".") != "company.fr" || strings.ContainsAny(plain, " \x00\"<>,") {
			t.Errorf("company.fr matches %q", s)
		}
	}
	if matched < 10 {
		t.Errorf("only %d of the addresses made matched: the test shows nothing", matched)
	}
}
