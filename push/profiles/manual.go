package profiles

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ProtocolManual is the protocol of a product without an interface: what is to be done there a person does.
const ProtocolManual = "manual"

// ByHand says whether the product has no interface.
func (p Profile) ByHand() bool { return p.Protocol == ProtocolManual }

// Manual is how a person keeps accounts in a product without an interface, and only there.
type Manual struct {
	// Attributes are the paths that are entered there. A change of any other attribute is no work for anybody.
	Attributes []string `json:"attributes"`

	Create     Procedure `json:"create"`
	Change     Procedure `json:"change"`
	Remove     Procedure `json:"remove"` // a role, or somebody out of a Group
	Deactivate Procedure `json:"deactivate"`
	Reactivate Procedure `json:"reactivate"`

	// Export says how the product's list of accounts is had as a file; empty: nothing is known of one.
	Export Text `json:"export"`
}

// Procedure is what to do there, where, how soon, and what shows that it was done.
type Procedure struct {
	Menu  Text   `json:"menu"`  // the way through the menus
	Steps []Text `json:"steps"` // each one step
	Days  int    `json:"days"`  // until it has to be done
	Proof string `json:"proof"` // what is asked for: "text", "screenshot" or "export"
}

// procedures are the procedures by the name of what they do.
func (m Manual) procedures() map[string]Procedure {
	return map[string]Procedure{"create": m.Create, "change": m.Change, "remove": m.Remove, "deactivate": m.Deactivate, "reactivate": m.Reactivate}
}

// Procedure is the one that does something: "create", "change", "remove", "deactivate" or "reactivate".
func (m Manual) Procedure(does string) Procedure { return m.procedures()[does] }

// checkManual checks the procedures of a product without an interface, and that no other has any.
func (p *Profile) checkManual() error {
	m := p.Manual
	if !p.ByHand() {
		if len(m.Attributes) > 0 || m.Export != (Text{}) || m.steps() > 0 {
			return fmt.Errorf("manual is only for the protocol %q", ProtocolManual)
		}
		return nil
	}
	if len(m.Attributes) == 0 {
		return errors.New("manual.attributes is empty: say what somebody enters in the product")
	}
	for _, path := range m.Attributes {
		if !attributePath.MatchString(path) || path == "active" {
			return fmt.Errorf("manual.attributes holds %q; want an attribute or attribute.subAttribute, other than active", path)
		}
	}
	for name, procedure := range m.procedures() {
		if err := procedure.check(); err != nil {
			return fmt.Errorf("manual.%s: %w", name, err)
		}
	}
	if m.Deactivate.Days >= m.Create.Days {
		return fmt.Errorf("manual.deactivate.days is %d; want fewer than the %d of create: access that should have ended is the greater harm",
			m.Deactivate.Days, m.Create.Days)
	}
	return nil
}

func (m Manual) steps() (n int) {
	for _, procedure := range m.procedures() {
		n += len(procedure.Steps) + procedure.Days
	}
	return n
}

func (p Procedure) check() error {
	for _, text := range append([]Text{p.Menu}, p.Steps...) {
		if text.EN == "" || text.FR == "" {
			return errors.New("menu and steps need their text in English and in French")
		}
	}
	switch {
	case len(p.Steps) == 0:
		return errors.New("steps is empty")
	case p.Days < 1 || p.Days > 90:
		return fmt.Errorf("days is %d; want 1 to 90", p.Days)
	case !slices.Contains([]string{"text", "screenshot", "export"}, p.Proof):
		return fmt.Errorf("proof is %q; want text, screenshot or export", p.Proof)
	}
	return nil
}

// facts are the procedures as lines of the product's page.
func (m Manual) facts() []string {
	var out []string
	for _, p := range []struct {
		title string
		Procedure
	}{
		{"New account", m.Create}, {"Change", m.Change}, {"A role or a group taken away", m.Remove},
		{"Deactivation", m.Deactivate}, {"Account brought back", m.Reactivate},
	} {
		if len(p.Steps) == 0 {
			continue
		}
		texts := make([]string, len(p.Steps))
		for i, s := range p.Steps {
			texts[i] = s.EN
		}
		days := fmt.Sprintf("%d days", p.Days)
		if p.Days == 1 {
			days = "1 day"
		}
		out = append(out, fact(p.title, fmt.Sprintf("%s. %s Within %s; proof: %s.", p.Menu.EN, strings.Join(texts, " "), days, p.Proof)))
	}
	return out
}

// manualPage is the page of a product without an interface.
func (p Profile) manualPage() string {
	var b page
	b.line("# %s", p.Title)
	b.line("")
	b.line("Profile `%s`, from: %s. Confidence: %s.", p.Name, strings.Join(p.Sources, "; "), p.Confidence)
	b.section("How it is provisioned",
		fact("", "Nobody has published an interface: what is to be done there becomes a task for the person who answers for the app, "+
			"closed with a proof. See [manual.md](../manual.md)."),
		fact("Plan", p.Plan), fact("Entered there", codes(p.Manual.Attributes)), fact("List of accounts as a file", p.Manual.Export.EN))
	b.section("What has to be done", p.Manual.facts()...)
	groups := []string{fact("A group is", p.Groups.Meaning.EN)}
	if p.Groups.Unsupported {
		groups = []string{fact("", "None.")}
	}
	b.section("Groups", groups...)
	b.section("Roles", fact("Given as", p.Grants.words()), fact("Administrators", codes(p.Roles.Administrators)))
	b.section("People from outside", fact("", p.Externals.EN))
	b.section("Before somebody's account is deactivated",
		append([]string{fact("What becomes of their things", p.Leaving.Data.EN), fact("Signed in until", p.Leaving.Sessions.EN)}, steps(p.Leaving.HandOver)...)...)
	b.section("Know before you connect it", steps(p.Warnings)...)
	return b.String()
}
