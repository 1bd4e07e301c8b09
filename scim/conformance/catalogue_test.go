package conformance

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// Each numbered requirement (protocol.md section 2: 1 to 58) and each rule of the tolerance catalogue (clients.md
// section 6: Q01 to Q57, with gaps) has a check, or says why it cannot be seen from outside.
func TestEveryRequirementHasACheckOrAReason(t *testing.T) {
	t.Parallel()
	var want []string
	for n := 1; n <= 58; n++ {
		want = append(want, fmt.Sprintf("R%02d", n))
	}
	for _, span := range [][2]int{{1, 7}, {10, 16}, {20, 29}, {30, 42}, {50, 57}} {
		for n := span[0]; n <= span[1]; n++ {
			want = append(want, fmt.Sprintf("Q%02d", n))
		}
	}
	listed := map[string]Requirement{}
	for _, r := range Catalogue() {
		if _, twice := listed[r.ID]; twice {
			t.Errorf("%s is in the catalogue twice", r.ID)
		}
		listed[r.ID] = r
	}
	for _, id := range want {
		if _, ok := listed[id]; !ok {
			t.Errorf("%s is not in the catalogue", id)
		}
	}
	checks := allChecks()
	for id, r := range listed {
		if (checks[id] == nil) == (r.Hidden == "") {
			t.Errorf("%s: a check %t, a reason why there is none %q: exactly one is wanted", id, checks[id] != nil, r.Hidden)
		}
	}
	for id := range checks {
		if _, ok := listed[id]; !ok {
			t.Errorf("%s has a check and is not in the catalogue", id)
		}
	}
}

func TestTheCatalogueIsWellWritten(t *testing.T) {
	t.Parallel()
	for _, r := range Catalogue() {
		if r.Title == "" || r.Titre == "" || r.Title == r.Titre && r.ID != "R26" && len(r.Title) > 8 {
			t.Errorf("%s: the titles are %q and %q", r.ID, r.Title, r.Titre)
		}
		if u, err := url.Parse(r.Link); err != nil || r.Link != "" && u.Host == "" {
			t.Errorf("%s: the link %q leads nowhere", r.ID, r.Link)
		}
		if strings.HasPrefix(r.Source, "RFC") && r.Link == "" {
			t.Errorf("%s: %s has no link", r.ID, r.Source)
		}
		if r.Interop != "" && !slices.ContainsFunc(Catalogue(), func(o Requirement) bool { return o.ID == r.Interop }) {
			t.Errorf("%s: %s takes its place and does not exist", r.ID, r.Interop)
		}
		for _, profile := range r.Section.Profiles {
			if !slices.Contains(Profiles(), profile) {
				t.Errorf("%s: there is no profile %q", r.ID, profile)
			}
		}
	}
	for _, bad := range []string{
		"R01 | must | RFC | a title | un titre", // before any section
		"== rfc | one title",
		"== rfc | a | b\nR01 | perhaps | RFC 7644 §3 | a | b",
		"== rfc | a | b\nR01 | must | RFC 7644 §3 | a",
	} {
		if _, err := parseCatalogue(bad); err == nil {
			t.Errorf("%q is taken for a catalogue", bad)
		}
	}
}

func TestLinksLeadToTheFirstSectionOfASource(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"RFC 7644 §3.1, §8.1":                "https://www.rfc-editor.org/rfc/rfc7644#section-3.1",
		"RFC 7643 §2.4, RFC 7644 §3.5.2":     "https://www.rfc-editor.org/rfc/rfc7643#section-2.4",
		"draft-zollner-scim-interop-profile": "https://datatracker.ietf.org/doc/draft-zollner-scim-interop-profile",
		"IPSIE AL":                           "https://openid.net/specs/ipsie-al-scim-profile-1_0.html",
		"Entra ID, Okta":                     "",
	} {
		if got := link(source); got != want {
			t.Errorf("%s leads to %q, want %q", source, got, want)
		}
	}
}

func TestSelectTakesIdsAndPatterns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		profile string
		only    []string
		want    string
	}{
		{ProfileRFC, []string{"R41", "p0*"}, "R41 P01 P02 P03 P04 P05 P06 P07 P08 P09"},
		{ProfileRFC, []string{"Q5?", "Q50"}, "Q50 Q51 Q52 Q53 Q54 Q55 Q56 Q57"},
		{ProfileInterop, []string{"I01"}, "I01"},
		{ProfileRFC, []string{"I01"}, "error"},
		{ProfileRFC, []string{"R99"}, "error"},
		{ProfileRFC, []string{"R[4"}, "error"},
		{ProfileRFC, []string{""}, "error"},
	} {
		wanted, err := Select(c.profile, c.only)
		var ids []string
		for _, r := range wanted {
			ids = append(ids, r.ID)
		}
		got := strings.Join(ids, " ")
		if err != nil {
			got = "error"
		}
		if got != c.want {
			t.Errorf("%s %v selects %s, want %s", c.profile, c.only, got, c.want)
		}
	}
}
