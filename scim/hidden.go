package scim

import (
	"slices"
	"strings"
	"unicode"

	"proprio/resources"
)

// hiddenNames are the attributes of a registry that are never returned, in lower case: what is recorded of requests must
// not hold them.
func hiddenNames(registry *resources.Registry) []string {
	var names []string
	note := func(a *resources.Attribute) {
		if name := strings.ToLower(a.Name); a.Hidden && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, rt := range registry.Types() {
		all := slices.Clone(rt.Attributes())
		for _, e := range rt.Extensions {
			all = append(all, rt.Extension(e.ID)...)
		}
		for _, a := range all {
			note(a)
			for _, sub := range a.Sub {
				note(sub)
			}
		}
	}
	return names
}

// namesOne says whether a text, such as a path or a filter, names one of some attributes.
func namesOne(text string, names []string) bool {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_'
	})
	return slices.ContainsFunc(words, func(word string) bool { return slices.Contains(names, word) })
}

// withoutHidden is an exchange without the values of attributes that are never returned.
func withoutHidden(e resources.Exchange, names []string) resources.Exchange {
	if len(names) == 0 {
		return e
	}
	named := func(text string) bool { return namesOne(text, names) }
	e.Path = hideParameters(e.Path, named)
	e.Request, e.Response = hideMembers(bounded(e.Request), named), hideMembers(bounded(e.Response), named)
	return e
}
