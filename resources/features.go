package resources

import (
	"slices"
	"strings"
)

// Features are the optional parts of SCIM that a company turned on. They follow drafts that may still change, so each is
// off until somebody asks for it.
type Features struct {
	Roles       bool `json:"roles,omitempty"`       // /Roles and /Entitlements (draft-ietf-scim-roles-entitlements)
	Delta       bool `json:"delta,omitempty"`       // what changed since a point in time (draft-sehgal-scim-delta-query)
	Memberships bool `json:"memberships,omitempty"` // memberships as resources (draft-zollner-scim-group-members)
}

// featureList names the features, in the order in which they are listed.
var featureList = []struct {
	name string
	at   func(*Features) *bool
}{
	{"roles", func(f *Features) *bool { return &f.Roles }},
	{"delta", func(f *Features) *bool { return &f.Delta }},
	{"memberships", func(f *Features) *bool { return &f.Memberships }},
}

// FeatureNames lists what can be turned on.
func FeatureNames() []string {
	var all []string
	for _, f := range featureList {
		all = append(all, f.name)
	}
	return all
}

// Set turns a feature on or off. An unknown name is ErrInvalidValue.
func (f *Features) Set(name string, on bool) error {
	for _, known := range featureList {
		if strings.EqualFold(known.name, name) {
			*known.at(f) = on
			return nil
		}
	}
	return Errorf(ErrInvalidValue, "feature", "There is no feature %q; there are %s.", shorten(name), strings.Join(FeatureNames(), ", "))
}

// On lists the features that are turned on.
func (f Features) On() []string {
	return slices.DeleteFunc(FeatureNames(), func(name string) bool {
		for _, known := range featureList {
			if known.name == name {
				return !*known.at(&f)
			}
		}
		return true
	})
}
