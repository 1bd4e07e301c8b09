package oidc

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// FoldAddress gives the one form in which addresses are compared: NFC, lower case, the domain in its IDNA ASCII form
// without a trailing dot. ok is false for what is not a plain address: no or more than one "@" (so that
// `a@company.fr@evil.com` is nobody's), a space or control character, a domain that IDNA refuses.
func FoldAddress(address string) (folded string, ok bool) {
	local, domain, found := strings.Cut(strings.TrimSpace(address), "@")
	if !found || local == "" || strings.Contains(domain, "@") || strings.ContainsFunc(local, notPlain) {
		return "", false
	}
	domain, ok = FoldDomain(domain)
	if !ok {
		return "", false
	}
	return strings.ToLower(norm.NFC.String(local)) + "@" + domain, true
}

// lookup is idna.Lookup, with the lengths of labels checked too: none is empty.
var lookup = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// FoldDomain gives the one form in which domains are compared.
func FoldDomain(domain string) (folded string, ok bool) {
	ascii, err := lookup.ToASCII(strings.TrimSuffix(domain, "."))
	if err != nil || !strings.Contains(ascii, ".") {
		return "", false
	}
	return strings.ToLower(ascii), true
}

// domainOf gives the domain of a folded address.
func domainOf(folded string) string {
	return folded[strings.LastIndexByte(folded, '@')+1:]
}

func notPlain(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || !unicode.IsPrint(r)
}
