package ownership

import (
	"slices"
	"strings"

	"proprio/resources"
)

// Holder is a User of the company, as far as a verdict needs to know.
type Holder struct {
	ID     string
	Active bool
	Held   bool
}

// Holders are Users of the company by address: each under its userName and its e-mails, in the folded forms that the
// directory keeps.
type Holders map[string][]Holder

// keys are the folded forms under which the directory may keep an address: as an e-mail, as a userName, and as a userName
// whose domain is written in Unicode.
func keys(address string) []string {
	keys := []string{resources.FoldEmail(address), resources.FoldUserName(address)}
	if at := strings.LastIndexByte(keys[0], '@'); at >= 0 {
		if domain, err := domainProfile.ToUnicode(keys[0][at+1:]); err == nil {
			keys = append(keys, resources.FoldUserName(keys[0][:at+1]+domain))
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// maxAddress bounds an address that is looked up, in bytes. RFC 5321 §4.5.3.1 allows 320; no User has a longer one than
// this, and databases cannot index text of any length.
const maxAddress = 1000

// AddressKeys returns the folded forms of an account's addresses under which the directory may keep them, each once.
func (a ObservedAccount) AddressKeys() []string {
	var out []string
	for _, address := range slices.Concat(a.Logins, a.Emails) {
		if len(address) <= maxAddress {
			out = append(out, keys(address)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// addressKeys returns the keys of several accounts, each once.
func addressKeys(accounts []ObservedAccount) []string {
	var out []string
	for _, a := range accounts {
		out = append(out, a.AddressKeys()...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// behind finds the Users behind an account: those who have its login name as an address, else those who have one of its
// e-mails. More than one means that nobody can tell whose account it is.
func (h Holders) behind(a ObservedAccount) []Holder {
	if IsAddress(a.UserName) {
		if found := h.Having(a.UserName); len(found) > 0 {
			return found
		}
	}
	return h.Having(slices.Concat(a.Logins, a.Emails)...)
}

// Having returns the Users that have one of some addresses, each once.
func (h Holders) Having(addresses ...string) []Holder {
	var found []Holder
	for _, address := range addresses {
		for _, key := range keys(address) {
			for _, u := range h[key] {
				if !slices.Contains(found, u) {
					found = append(found, u)
				}
			}
		}
	}
	return found
}
