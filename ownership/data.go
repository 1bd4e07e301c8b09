package ownership

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

var (
	//go:embed data/consumer_domains.txt
	consumerDomainsText string
	//go:embed data/administrator_roles.txt
	administratorRolesText string
)

// consumerDomains and administratorRoles are the data files as sets, read once and never changed.
var (
	consumerDomains = sync.OnceValue(func() map[string]bool {
		return readSet(consumerDomainsText, func(line string) string { return line })
	})
	administratorRoles = sync.OnceValue(func() map[string]bool { return readSet(administratorRolesText, foldRole) })
)

// readSet reads a data file: one entry a line, blank lines and comments left out.
func readSet(text string, fold func(string) string) map[string]bool {
	set := map[string]bool{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			set[fold(line)] = true
		}
	}
	return set
}

// IsConsumerDomain says whether a normalised domain belongs to a mail service open to anyone, so that an address in it
// says nothing about a company.
func IsConsumerDomain(name string) bool {
	for {
		if consumerDomains()[name] {
			return true
		}
		_, parent, below := strings.Cut(name, ".")
		if !below {
			return false
		}
		name = parent
	}
}

// foldRole brings a role's name into the form in which role names are compared: "Super Admin", "super_admin" and
// "SUPER-ADMIN" are one.
func foldRole(role string) string {
	folded := cases.Fold().String(norm.NFKC.String(role))
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '_' || r == '-' || r == '.' {
			return -1
		}
		return r
	}, folded)
}
