package resources_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"

	"proprio/resources"
)

// Fold is Unicode's full lower case for every character, with the final sigma as any other.
func TestFold_everyCharacter(t *testing.T) {
	t.Parallel()
	lower := cases.Lower(language.Und, cases.HandleFinalSigma(false))
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		want := strings.ReplaceAll(lower.String(string(r)), "ς", "σ")
		got := resources.Fold(string(r))
		if got != want {
			t.Errorf("Fold(%U) = %q, want %q", r, got, want)
		}
		if again := resources.Fold(got); again != got {
			t.Errorf("Fold(Fold(%U)) = %q, want %q", r, again, got)
		}
	}
}

func TestFold(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "abc@x": "abc@x", "ABC": "abc", "Éric": "éric", "ΟΔΟΣ": "οδοσ", "οδος": "οδοσ", "İ": "i\u0307", "ẞ": "ß",
	} {
		if got := resources.Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

// RFC 7644 §5, RFC 8265 §3.3: names that are the same after preparation are the same.
func TestFoldUserName_RFC8265(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"Bjensen@Example.com", "bjensen@example.com", true},
		{"Éric@corp.fr", "e\u0301ric@corp.fr", true}, // composed and decomposed
		{"ａｄｍｉｎ", "admin", true},                     // full-width letters
		{"ΣΊΣΥΦΟΣ", "σίσυφος", true},
		{"jean dupont", "Jean Dupont", true}, // PRECIS refuses spaces; still compared
		{"Zoë 🎉", "zoe\u0308 🎉", true},
		{"o'neil+x%#@corp.fr", "O'Neil+X%#@corp.fr", true}, // Q16
		{"straße@corp.fr", "strasse@corp.fr", false},
		{"eric@corp.fr", "éric@corp.fr", false},
		{"jean dupont", "jeandupont", false},
		{"аdmin", "admin", false}, // Cyrillic а
	} {
		if got := resources.FoldUserName(tt.a) == resources.FoldUserName(tt.b); got != tt.same {
			t.Errorf("%q and %q: same = %v, want %v (%q, %q)",
				tt.a, tt.b, got, tt.same, resources.FoldUserName(tt.a), resources.FoldUserName(tt.b))
		}
	}
}

func TestFoldEmail(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Marie.Dupont@Corp.FR":  "marie.dupont@corp.fr",
		"marie@CAFÉ.fr.":        "marie@xn--caf-dma.fr",
		"marie@xn--caf-dma.fr":  "marie@xn--caf-dma.fr",
		"a@company.fr@evil.com": "a@company.fr@evil.com",
		"no address":            "no address",
		"É@":                    "é@",
	} {
		if got := resources.FoldEmail(in); got != want {
			t.Errorf("FoldEmail(%q) = %q, want %q", in, got, want)
		}
	}
}

// The domain rule compares this form exactly (design.md, "Domain policy").
func TestAddressDomain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in, want string
		ok       bool
	}{
		{"user@company.fr", "company.fr", true},
		{"User@Company.FR", "company.fr", true},
		{"user@company.fr.", "company.fr", true},
		{"user@company.fr。", "company.fr", true},
		{"user@company。fr", "company.fr", true},
		{"user@evil-company.fr", "evil-company.fr", true},
		{"user@company.fr.evil.com", "company.fr.evil.com", true},
		{"a@company.fr@evil.com", "evil.com", true},
		{"a@company.fr＠evil.com", "evil.com", true},
		{"a＠evil.com", "evil.com", true},
		{"a﹫evil.com", "evil.com", true},
		{"user@société.fr", "xn--socit-esab.fr", true},
		{"user@SOCIÉTÉ.fr", "xn--socit-esab.fr", true},
		{"user@soci\u0065\u0301t\u0065\u0301.fr", "xn--socit-esab.fr", true},
		{"user@XN--SOCIT-ESAB.fr", "xn--socit-esab.fr", true},
		{"user@straße.de", "xn--strae-oqa.de", true}, // not strasse.de (IDNA 2008)
		{"user@ｃｏｍｐａｎｙ.fr", "company.fr", true},
		{"user@localhost", "localhost", true},
		{"user", "", false},
		{"", "", false},
		{"@company.fr", "", false},
		{"user@", "", false},
		{"user@.", "", false},
		{"user@.fr", "", false},
		{"user@company..fr", "", false},
		{"user@company.fr ", "", false},
		{"user@company.fr>", "", false},
		{"user@company.fr\x00.evil.com", "", false},
		{"user@[127.0.0.1]", "", false},
		{"user@" + strings.Repeat("a", 64) + ".fr", "", false},
	} {
		got, ok := resources.AddressDomain(tt.in)
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("AddressDomain(%q) = %q, %v, want %q, %v", tt.in, got, ok, tt.want, tt.ok)
		}
	}
}

// What is folded once stays as it is; a comparison form is a fixed point.
func FuzzFold_idempotent(f *testing.F) {
	for _, s := range []string{"", "ABC", "ΟΔΟΣ", "İstanbul@x", "Ａ＠Ｂ.fr", "a b", "K", "e\u0301", "ﬁ", "x@ﬁ.fr", "א@b.fr", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, fold := range map[string]func(string) string{
			"Fold": resources.Fold, "FoldUserName": resources.FoldUserName, "FoldEmail": resources.FoldEmail,
		} {
			once := fold(s)
			if twice := fold(once); twice != once {
				t.Errorf("%s(%q) = %q, again %q", name, s, once, twice)
			}
		}
		if domain, ok := resources.AddressDomain(s); ok {
			if again, ok := resources.AddressDomain("x@" + domain); !ok || again != domain {
				t.Errorf("AddressDomain(%q) = %q, again %q, %v", s, domain, again, ok)
			}
		}
	})
}
