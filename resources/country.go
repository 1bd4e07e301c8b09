package resources

import (
	"strings"

	"golang.org/x/text/language"
)

// country spells a country as ISO 3166-1 alpha-2, which is what RFC 7643 §4.1.2 asks for (erratum 5990: "US", not
// "USA"). ok is false when the text is none of its codes.
func country(s string) (code string, ok bool) {
	region, err := language.ParseRegion(strings.TrimSpace(s))
	if err != nil || !region.IsCountry() || len(region.String()) != 2 {
		return "", false
	}
	return region.String(), true
}

// strictCountry puts a country in its canonical form, or refuses it (protocol.md section 3, row 8).
func strictCountry(a *Attribute, v any) (any, error) {
	s, ok := v.(string)
	if !ok || s == "" {
		return v, nil
	}
	code, ok := country(s)
	if !ok {
		return nil, Errorf(ErrInvalidValue, a.String(), "%s takes a country of ISO 3166-1, such as FR, not %q.", a, shorten(s))
	}
	return code, nil
}

// isCountry says whether an attribute is the country of an address.
func (a *Attribute) isCountry() bool {
	return a.Name == "country" && a.Parent != nil && a.Parent.Name == "addresses" && !a.extension
}
