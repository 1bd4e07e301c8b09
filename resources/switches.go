package resources

import (
	"slices"
	"strconv"
	"strings"
)

// Switches are the documented settings of a connection that change behaviour (docs/connections.md). The zero value is
// the default for an unknown identity provider. They are looked at on every request, so each is a plain field; what
// each is for is said once, in [AllSwitches].
type Switches struct {
	ReviveInactive      bool `json:"reviveInactive,omitempty"`
	DuplicateGroupNames bool `json:"duplicateGroupNames,omitempty"`
	PatchNoContent      bool `json:"patchNoContent,omitempty"`
	PlainConfig         bool `json:"plainConfig,omitempty"`
	LargeGroup          int  `json:"largeGroup,omitempty"`
	PatchOperations     int  `json:"patchOperations,omitempty"`

	UnquotedValues       bool `json:"unquotedValues,omitempty"`
	DecodeRoles          bool `json:"decodeRoles,omitempty"`
	AllowUnknownMembers  bool `json:"allowUnknownMembers,omitempty"`
	AllowUnknownManagers bool `json:"allowUnknownManagers,omitempty"`

	StrictAttributes bool `json:"strictAttributes,omitempty"`
	StrictBooleans   bool `json:"strictBooleans,omitempty"`
	StrictCountry    bool `json:"strictCountry,omitempty"`
	RequireSchemas   bool `json:"requireSchemas,omitempty"`
	RequireURNs      bool `json:"requireURNs,omitempty"`
	SinglePrimary    bool `json:"singlePrimary,omitempty"`

	Interop bool `json:"interop,omitempty"`
	IPSIE   bool `json:"ipsie,omitempty"`

	AllowMassRemoval bool `json:"allowMassRemoval,omitempty"`
	MassRemovalCount int  `json:"massRemovalCount,omitempty"`
	MassRemovalShare int  `json:"massRemovalShare,omitempty"`
	AllowMassLoss    bool `json:"allowMassLoss,omitempty"`
	MassLossCount    int  `json:"massLossCount,omitempty"`
	MassLossShare    int  `json:"massLossShare,omitempty"`
	DeleteForeign    bool `json:"deleteForeign,omitempty"`
	RenameAdmins     bool `json:"renameAdmins,omitempty"`
}

// strict says whether what the schemas do not know is refused: by its own switch, or because a profile demands it.
func (s Switches) strict() bool { return s.StrictAttributes || s.Profile() }

// NeedURNs says whether an attribute of an extension must be named with the extension's URN.
func (s Switches) NeedURNs() bool { return s.RequireURNs || s.Profile() }

// Profile says whether the connection is held to the SCIM interoperability profile, which IPSIE builds on
// (protocol.md 1.6, 1.7).
func (s Switches) Profile() bool { return s.Interop || s.IPSIE }

// MembersShown is how many members a Group may have and still be shown with them unasked (protocol.md section 3, row 17).
func (s Switches) MembersShown() int { return orDefault(s.LargeGroup, defaultLargeGroup) }

// Operations is how many operations a PATCH may have (Q42).
func (s Switches) Operations() int { return orDefault(s.PatchOperations, defaultPatchOperations) }

// Switch is one entry of the catalogue of switches.
type Switch struct {
	Name    string // as in JSON and on the command line
	Rule    string // an RFC section, or the test that proves it: Q for tolerances, H for hazards, Row for disagreements of the sources
	Off     string // what happens while it is off, or what a number is when it is not set
	On      string // what happens when it is on, or what the number bounds
	Default int    // of a number; a switch that is on or off is off by default

	flag   func(*Switches) *bool // exactly one of flag and number
	number func(*Switches) *int
	most   int // of a number; 0: a billion
}

// IsNumber says whether the switch takes a number instead of on and off.
func (s Switch) IsNumber() bool { return s.number != nil }

// Value is what a connection has it at, as the command line takes it: on, off or a number.
func (s Switch) Value(of Switches) string {
	if s.number != nil {
		if n := *s.number(&of); n != 0 {
			return strconv.Itoa(n)
		}
		return strconv.Itoa(s.Default)
	}
	if *s.flag(&of) {
		return "on"
	}
	return "off"
}

// Set writes a value given as text. An unknown name is ErrInvalidValue and lists the known ones; so is a value that the
// switch does not take.
func (s *Switches) Set(name, value string) error {
	all := AllSwitches()
	i := slices.IndexFunc(all, func(x Switch) bool { return strings.EqualFold(x.Name, name) })
	if i < 0 {
		names := make([]string, len(all))
		for i, x := range all {
			names[i] = x.Name
		}
		return Errorf(ErrInvalidValue, "switch", "There is no switch %q; the switches are %s.", shorten(name), strings.Join(names, ", "))
	}
	x := all[i]
	if x.number != nil {
		n, err := strconv.Atoi(value)
		most := orDefault(x.most, 1_000_000_000)
		if err != nil || n < 1 || n > most {
			return Errorf(ErrInvalidValue, x.Name, "%s takes a whole number from 1 to %d, not %q; its default is %d.",
				x.Name, most, shorten(value), x.Default)
		}
		if *x.number(s) = n; n == x.Default {
			*x.number(s) = 0
		}
		return nil
	}
	switch strings.ToLower(value) {
	case "on", "true":
		*x.flag(s) = true
	case "off", "false":
		*x.flag(s) = false
	default:
		return Errorf(ErrInvalidValue, x.Name, "%s is on or off, not %q.", x.Name, shorten(value))
	}
	return nil
}

func orDefault(n, absent int) int {
	if n == 0 {
		return absent
	}
	return n
}
