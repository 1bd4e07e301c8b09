package ownership

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"proprio/resources"
)

// domainProfile maps a name as a browser or a mail client would before a look-up (UTS #46), and refuses what no host
// name may hold: wildcards, underscores, spaces, control characters, mixed writing directions, broken punycode.
var domainProfile = idna.New(
	idna.MapForLookup(),
	idna.Transitional(false),
	idna.BidiRule(),
	idna.CheckHyphens(true),
	idna.CheckJoiners(true),
	idna.StrictDomainName(true),
)

// NormalizeDomain brings a DNS domain into the one form in which domains are stored and compared: ASCII by IDNA, lower
// case, without trailing dot. A name that cannot be a company's mail domain is resources.ErrInvalidValue.
func NormalizeDomain(name string) (string, error) {
	refuse := func(why string) (string, error) {
		return "", resources.Errorf(resources.ErrInvalidValue, "domain", "%q is not a domain name: %s", name, why)
	}
	ascii, err := domainProfile.ToASCII(name)
	if err != nil {
		return refuse("it holds characters that no domain name may hold")
	}
	// The dot may be one of the ideographic ones, so it is taken off after mapping. One only: "a.fr.." is no name.
	ascii = strings.TrimSuffix(strings.ToLower(ascii), ".")
	labels := strings.Split(ascii, ".")
	switch {
	case len(labels) < 2:
		return refuse("it needs at least two parts, as in company.example")
	case len(ascii) > 253: // RFC 1035 §2.3.4
		return refuse("it is longer than 253 characters")
	case strings.Trim(labels[len(labels)-1], "0123456789") == "":
		return refuse("an IP address names a machine, not a company")
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 { // RFC 1035 §2.3.4
			return refuse("each part between dots has 1 to 63 characters")
		}
	}
	return ascii, nil
}

// OwnableDomain normalises a domain that a company claims and refuses the ones that no company can own: public suffixes
// such as co.uk, and consumer mail services.
func OwnableDomain(name string) (string, error) {
	domain, err := NormalizeDomain(name)
	if err != nil {
		return "", err
	}
	if suffix, icann := publicsuffix.PublicSuffix(domain); icann && suffix == domain {
		return "", resources.Errorf(resources.ErrInvalidValue, "domain",
			"%s is a public suffix: companies register names below it, none owns it", domain)
	}
	if IsConsumerDomain(domain) {
		return "", resources.Errorf(resources.ErrInvalidValue, "domain",
			"%s is a mail service open to anyone, so it can never be a company's domain", domain)
	}
	return domain, nil
}

// Within says whether an address is in one of the domains: the part after its last @ is one of them itself. Addresses of
// sub-domains are not: a sub-domain is listed by itself. An address that readers could take for another one (several @)
// never is. domain is what the address claims, as far as it can be read.
func Within(address string, domains []string) (domain string, in bool) {
	domain, ok := AddressDomain(address)
	return domain, ok && slices.Contains(domains, domain)
}

// InForce says whether the domain counts: it was proved.
func (d Domain) InForce() bool { return !d.Verified.IsZero() }

// atSigns are the characters that an app may read as the @ of an address: RFC 8265 maps the wide and the small form to it.
const atSigns = "@＠﹫"

// IsAddress says whether a userName or a login is meant as an e-mail address.
func IsAddress(s string) bool { return strings.ContainsAny(s, atSigns) }

// AddressDomain returns the normalised domain of an address. ok is false when the address is not one that everybody
// reads alike: nothing before the @, several @ (mail software disagrees which one counts), spaces or control characters,
// a domain that is none. The domain after the last @ is returned even then, where there is one, for messages.
func AddressDomain(address string) (domain string, ok bool) {
	domain, ok = resources.AddressDomain(address)
	if !ok {
		return domain, false
	}
	local := address[:strings.LastIndexAny(address, atSigns)]
	return domain, !IsAddress(local) && !strings.ContainsFunc(local, notInLocalPart)
}

// notInLocalPart finds characters that have no place before the @ of an address and that mail software reads in more
// than one way: separators of address lists, comments, quotes, routes, white space and invisible characters.
func notInLocalPart(r rune) bool {
	return r <= ' ' || r == 0x7f || strings.ContainsRune(`"(),:;<>[\]`, r) || !isVisible(r)
}

// isVisible is false for white space, control and format characters of any script.
func isVisible(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }
