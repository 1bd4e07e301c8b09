package resources

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// Fold is the form in which text that is not caseExact is compared: Unicode's full lower case, without regard to where
// in a word a sigma stands. It equals translate(lower(x COLLATE "und-x-icu"), 'ς', 'σ') in Postgres, so that a
// comparison means the same in Go and in SQL.
func Fold(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return fold(s)
		}
	}
	return s
}

func fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		switch r {
		case 'ς':
			b.WriteRune('σ')
		case 'İ': // the one unconditional mapping to two code points in SpecialCasing.txt
			b.WriteString("i\u0307")
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// FoldUserName is the form in which userNames are compared and unique: RFC 8265 UsernameCaseMapped (RFC 7644 §5),
// then [Fold], so that it is no narrower than the comparison of other text. PRECIS refuses names that identity
// providers do send, such as those with a space or an emoji; they get the same mappings (width, case, NFC) without its
// refusals, and so cannot collide with an accepted name they differ from.
func FoldUserName(s string) string {
	if ascii(s) {
		return Fold(s) // the mappings of the profile change nothing else in ASCII
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	mapped, err := precis.UsernameCaseMapped.String(s)
	if err != nil {
		mapped = width.Fold.String(s)
	}
	return norm.NFC.String(Fold(norm.NFC.String(mapped)))
}

// FoldEmail is the form in which e-mail addresses are compared: the local part folded too, since no mail system in use
// tells its letter cases apart, and the domain in its IDNA form. Text that is no address is folded.
func FoldEmail(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	domain, ok := AddressDomain(s)
	if !ok {
		return norm.NFC.String(Fold(s))
	}
	local := s[:strings.LastIndexAny(s, atSigns)]
	return norm.NFC.String(Fold(local)) + "@" + domain
}

// atSigns are the characters that some system down the line may take for the @ of an address: the commercial at, and
// its full-width and small forms, which width mapping turns into it.
const atSigns = "@＠﹫"

// AddressDomain returns the domain of an e-mail address in the form in which domains are compared: what follows the
// last @, as IDNA A-labels, lower case, without a trailing dot. ok is false when s is no address: there is no @, nothing
// before it, no well-formed domain after it, or more than an attribute that is looked for may hold. A company's domain
// rule is an exact comparison with this form.
func AddressDomain(s string) (domain string, ok bool) {
	at := strings.LastIndexAny(s, atSigns)
	if at <= 0 || len(s) > maxKey || !utf8.ValidString(s) {
		return "", false
	}
	_, size := utf8.DecodeRuneInString(s[at:])
	domain, err := addressIDNA.ToASCII(strings.TrimRightFunc(s[at+size:], isDot))
	if err != nil || domain == "" {
		return "", false
	}
	domain = strings.ToLower(domain)
	return domain, !strings.HasSuffix(domain, ".")
}

// isDot says whether IDNA takes a character for the dot between labels (UTS #46 §2.3).
func isDot(r rune) bool { return r == '.' || r == '。' || r == '．' || r == '｡' }

var addressIDNA = idna.New(
	idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false), idna.StrictDomainName(true), idna.VerifyDNSLength(true),
)

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
