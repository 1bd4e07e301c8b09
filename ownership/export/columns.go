package export

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"proprio/ownership"
	"proprio/resources"
)

// The attributes of an account that a column may hold.
const (
	attrID             = "id"
	attrEmail          = "email"
	attrUserName       = "userName"
	attrGivenName      = "givenName"
	attrFamilyName     = "familyName"
	attrDisplayName    = "displayName"
	attrStatus         = "status"
	attrRole           = "role"
	attrLastUsed       = "lastUsed"
	attrEmployeeNumber = "employeeNumber"
	attrExternalID     = "externalId"
)

//go:embed data/columns.txt
var columnsText string

// columnNames are the attributes by the folded names of their columns, read once and never changed.
var columnNames = sync.OnceValue(func() map[string]string { return readNames(columnsText) })

// Attributes are what columns may be named to hold, sorted.
func Attributes() []string {
	return slices.Compact(slices.Sorted(maps.Values(columnNames())))
}

// readNames reads a data file: key = name, name, …; blank lines and comments left out.
func readNames(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		key, names, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		for name := range strings.SplitSeq(names, ",") {
			out[fold(name)] = strings.TrimSpace(key)
		}
	}
	return out
}

// fold brings a word of an export into the form in which words are compared: "E-mail", "é_mail" and "E MAIL" are one.
func fold(s string) string {
	s = cases.Fold().String(norm.NFKD.String(s))
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r):
			return -1
		case unicode.IsLetter(r), unicode.IsDigit(r):
			return r
		}
		return ' '
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// columns are the places of the columns of each attribute.
type columns map[string][]int

// parseColumns finds out which columns hold what. named are the names of columns by attribute, as an admin gives them; they
// take the place of what is known of that attribute.
func parseColumns(header []string, named map[string]string, note func(string)) (columns, error) {
	known, err := knownNames(header, named)
	if err != nil {
		return nil, err
	}
	out := columns{}
	var left []string
	for i, name := range header {
		attribute := known[fold(name)]
		if attribute != "" {
			out[attribute] = append(out[attribute], i)
		} else if strings.TrimSpace(name) != "" {
			left = append(left, fmt.Sprintf("%q", strings.TrimSpace(name)))
		}
	}
	for _, attribute := range slices.Sorted(maps.Keys(out)) {
		places := out[attribute]
		switch {
		case len(places) < 2 || attribute == attrEmail: // an account may have several addresses
		case fold(header[places[0]]) == fold(header[places[1]]):
			return nil, resources.Errorf(resources.ErrInvalidValue, attribute,
				"the columns %d and %d are both named %q: take one of them out of the file, or give it another name", places[0]+1, places[1]+1, header[places[0]])
		default:
			return nil, resources.Errorf(resources.ErrInvalidValue, attribute,
				"the columns %q and %q both look like the %s: name the right one, as in --column %s=%q",
				header[places[0]], header[places[1]], attribute, attribute, header[places[0]])
		}
	}
	if i := slices.IndexFunc(header, ownership.IsAddress); i >= 0 {
		return nil, resources.Errorf(resources.ErrInvalidSyntax, "",
			"the first row has to name the columns, and has the address %q: export the file with its headings, or write them above", header[i])
	}
	if len(out[attrID])+len(out[attrEmail])+len(out[attrUserName]) == 0 {
		return nil, resources.Errorf(resources.ErrInvalidValue, "",
			"no column tells whose account a row is (an id, an e-mail address or a user name); the columns are %s: name the right one, "+
				"as in --column email=%q", strings.Join(left, ", "), firstOr(header, "Courriel"))
	}
	if len(left) > 0 {
		note("columns that are not read: " + strings.Join(left, ", "))
	}
	return out, nil
}

// knownNames are the attributes by the folded names of columns, with those that an admin named.
func knownNames(header []string, named map[string]string) (map[string]string, error) {
	known := maps.Clone(columnNames())
	for _, attribute := range slices.Sorted(maps.Keys(named)) {
		if !slices.Contains(Attributes(), attribute) {
			return nil, resources.Errorf(resources.ErrInvalidValue, attribute, "no column can hold %q: there are %s", attribute, strings.Join(Attributes(), ", "))
		}
		if !slices.ContainsFunc(header, func(h string) bool { return fold(h) == fold(named[attribute]) }) {
			return nil, resources.Errorf(resources.ErrInvalidValue, attribute, "the file has no column %q; it has %q", named[attribute], header)
		}
		maps.DeleteFunc(known, func(_, a string) bool { return a == attribute })
	}
	for attribute, name := range named {
		known[fold(name)] = attribute
	}
	return known, nil
}

func firstOr(list []string, otherwise string) string {
	if len(list) > 0 && strings.TrimSpace(list[0]) != "" {
		return strings.TrimSpace(list[0])
	}
	return otherwise
}

// cell is what a row has in the first column of an attribute, without spaces around it.
func (c columns) cell(cells []string, attribute string) string {
	for _, v := range c.all(cells, attribute) {
		return v
	}
	return ""
}

// all is what a row has in the columns of an attribute, without empty cells.
func (c columns) all(cells []string, attribute string) []string {
	var out []string
	for _, i := range c[attribute] {
		if i >= len(cells) {
			continue
		}
		if v := strings.TrimSpace(cells[i]); v != "" {
			out = append(out, v)
		}
	}
	return out
}
