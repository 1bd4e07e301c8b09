package conformance

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed catalogue.txt
var catalogueText string

// Level is how much a requirement matters.
type Level string

// The levels. Only a missed must makes a server fail.
const (
	Must      Level = "must"      // the standard, or the profile chosen, demands it
	Should    Level = "should"    // the standard recommends it
	Tolerance Level = "tolerance" // no standard asks for it, clients in use do
)

// Requirement is one line of the catalogue.
type Requirement struct {
	ID      string   `json:"id"`
	Level   Level    `json:"level"`
	Source  string   `json:"source"`
	Link    string   `json:"link,omitempty"` // where the source can be read; empty for clients' habits
	Title   string   `json:"title"`
	Titre   string   `json:"titre"`            // the title in French
	Hidden  string   `json:"hidden,omitempty"` // why it cannot be seen from outside; empty when it can
	Interop string   `json:"-"`                // what takes its place in the interop profile and those built on it
	Section *Section `json:"-"`
}

// Section groups requirements.
type Section struct {
	Title, Titre string
	Profiles     []string
}

// The profiles that a server can be held against (protocol.md 1.6 and 1.7).
const (
	ProfileRFC      = "rfc"
	ProfileInterop  = "interop"
	ProfileIPSIEAL1 = "ipsie-al1"
	ProfileIPSIEAL2 = "ipsie-al2"
)

// Profiles lists them.
func Profiles() []string {
	return []string{ProfileRFC, ProfileInterop, ProfileIPSIEAL1, ProfileIPSIEAL2}
}

// Catalogue returns all requirements in order.
func Catalogue() []Requirement {
	all, err := parseCatalogue(catalogueText)
	if err != nil {
		panic("conformance: catalogue.txt: " + err.Error()) // our own text; a test parses it
	}
	return all
}

func parseCatalogue(text string) (all []Requirement, err error) {
	var section *Section
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "=="):
			fields := split(strings.TrimPrefix(line, "=="))
			if len(fields) != 3 {
				return nil, fmt.Errorf("line %d: a section has profiles and two titles", n)
			}
			section = &Section{Profiles: strings.Fields(fields[0]), Title: fields[1], Titre: fields[2]}
		default:
			r, err := parseRequirement(line)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			if section == nil {
				return nil, fmt.Errorf("line %d: %s is in no section", n, r.ID)
			}
			r.Section = section
			all = append(all, r)
		}
	}
	return all, nil
}

func parseRequirement(line string) (Requirement, error) {
	line, hidden, _ := strings.Cut(line, "@hidden ")
	line, interop, _ := strings.Cut(line, "@interop ")
	f := split(line)
	if len(f) != 5 {
		return Requirement{}, fmt.Errorf("%q has %d fields, not 5", line, len(f))
	}
	r := Requirement{
		ID: f[0], Level: Level(f[1]), Source: f[2], Link: link(f[2]), Title: f[3], Titre: f[4],
		Hidden: strings.TrimSpace(hidden), Interop: strings.TrimSpace(interop),
	}
	if !slices.Contains([]Level{Must, Should, Tolerance}, r.Level) {
		return r, fmt.Errorf("%s has the level %q", r.ID, r.Level)
	}
	return r, nil
}

func split(line string) []string {
	fields := strings.Split(line, "|")
	for i, f := range fields {
		fields[i] = strings.TrimSpace(f)
	}
	return fields
}

// link is the address of a source: of the first section that it names.
func link(source string) string {
	first, _, _ := strings.Cut(source, ",")
	words := strings.Fields(first)
	switch {
	case strings.HasPrefix(source, "RFC ") && len(words) == 3:
		return "https://www.rfc-editor.org/rfc/rfc" + words[1] + "#section-" + strings.TrimPrefix(words[2], "§")
	case strings.HasPrefix(source, "draft-"):
		return "https://datatracker.ietf.org/doc/" + first
	case strings.HasPrefix(source, "IPSIE"):
		return "https://openid.net/specs/ipsie-al-scim-profile-1_0.html"
	}
	return ""
}

// in says whether a requirement belongs to a profile.
func (r Requirement) in(profile string) bool { return slices.Contains(r.Section.Profiles, profile) }
