package profiles

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Page is what a profile says, as a page for the administrator who connects the product: Markdown, in English. Only what the
// profile says is on it.
func (p Profile) Page() string {
	if p.ByHand() {
		return p.manualPage()
	}
	var b page
	b.line("# %s", p.Title)
	b.line("")
	b.line("Profile `%s`, from: %s. Confidence: %s.", p.Name, strings.Join(p.Sources, "; "), p.Confidence)
	b.section("Connect",
		fact("Plan", p.Plan), fact("Address", code(p.Address)), fact("Token", p.Auth.Token.EN), fact("Token's life", p.Auth.life()))
	b.section("Accounts",
		fact("Found by", code(p.Match.User)+when(p.Match.ExternalID, " or `externalId`")),
		fact("Changed by", when(p.Protocol == "scim", p.changedBy())),
		fact("Access taken away by", or(p.Users.Deactivation.EN, map[string]string{"active": "`active=false`", "delete": "DELETE"}[p.Users.Deactivate])),
		fact("DELETE", when(p.Users.NoDelete, "not offered. ")+p.Users.DeleteMeaning.EN),
		fact("Brought back", or(p.Users.Reactivation.EN, when(p.Users.NoReactivation, "By an admin in the product only."))),
		fact("Needs", codes(p.Users.Required)), fact("Sent", codes(p.Users.Only)), fact("Never sent", codes(p.Users.Omit)+when(p.Users.NoEnterprise, " the enterprise extension")),
		fact("One value of", codes(p.Users.Single)), fact("Set at creation only", p.Users.fixedWords()),
		fact("Rules", p.Users.rules()), fact("List", when(p.Users.ListsOwn, "only accounts that came over SCIM")),
		fact("Cannot be deactivated", p.Users.Protected.EN))
	b.section("Groups", p.groupFacts()...)
	b.section("Roles",
		fact("Shown in", code(p.Roles.Attribute)), fact("Administrators", codes(p.Roles.Administrators)),
		fact("Given as", p.Grants.words()),
		fact("Given by", when(p.Grants.ByGroup, "membership of a group, and nothing else")))
	b.section("Pace", fact("Calls", fmt.Sprintf("%g a second, %d at once", p.Rate.PerSecond, p.Rate.Concurrency)),
		fact("Published limit", p.Rate.Words.EN))
	if p.Answers.Ahead > 0 {
		b.section("When it says yes", fact("", fmt.Sprintf("Its work may take %d minutes more: Proprio looks then whether it was done.", p.Answers.Ahead)))
	}
	b.section("People from outside", fact("", p.Externals.EN))
	b.section("Before somebody's account is deactivated",
		append([]string{fact("What becomes of their things", p.Leaving.Data.EN), fact("Signed in until", p.Leaving.Sessions.EN)}, steps(p.Leaving.HandOver)...)...)
	b.section("Know before you connect it", steps(p.Warnings)...)
	return b.String()
}

// page is Markdown under way.
type page struct{ strings.Builder }

func (b *page) line(format string, args ...any) { fmt.Fprintf(b, format+"\n", args...) }

// section writes what there is of facts; a section without any is left out.
func (b *page) section(title string, facts ...string) {
	text := strings.Join(facts, "")
	if text != "" {
		b.line("\n## %s\n\n%s", title, strings.TrimSuffix(text, "\n"))
	}
}

func (p Profile) changedBy() string {
	switch {
	case p.Update == "put":
		return "PUT of the whole resource, read before"
	case p.PatchForm == "object":
		return "PATCH with one object of attributes"
	}
	return "PATCH of what differs" + prefixed(", never of ", codes(p.Users.Unpatched))
}

func (p Profile) groupFacts() []string {
	g, m := p.Groups, p.Members
	if g.Unsupported {
		return []string{fact("", "Not taken.")}
	}
	change := fmt.Sprintf("%d members and %d operations a call, at most; removed by %s", m.PerCall, m.OperationsPerCall, m.Remove)
	return []string{
		fact("A group is", g.Meaning.EN), fact("Found by", code(p.Match.Group)),
		fact("Made", when(g.NoCreate, "by hand in the product, under the same name")),
		fact("Renamed", when(g.NoRename, "not at all")), fact("Name", g.Name.words()),
		fact("When it leaves the scope", map[string]string{"delete": "deleted, if Proprio made it; else emptied of those it put in",
			"empty": "emptied of those whom Proprio put in"}[g.Removal]),
		fact("Members", change), fact("Members read back", when(m.Unreadable, "no: Proprio's record of what it sent is the only one")),
	}
}

func (a Auth) life() string {
	life := when(a.Days > 0, fmt.Sprintf("%d days. ", a.Days)) + when(a.Personal, "It dies with the account or the rights of the person who made it.")
	return strings.TrimSpace(life)
}

func (u Users) fixedWords() string {
	if len(u.Fixed) == 1 && u.Fixed[0] == "*" {
		return "everything but `active`"
	}
	return codes(u.Fixed)
}

func (u Users) rules() string {
	var out []string
	for _, path := range slices.Sorted(maps.Keys(u.Names)) {
		out = append(out, code(path)+" "+u.Names[path].words())
	}
	return strings.Join(out, "; ")
}

func (r NameRule) words() string {
	var out []string
	if r.Longest > 0 {
		out = append(out, fmt.Sprintf("has %d characters at most", r.Longest))
	}
	if r.Without != "" {
		out = append(out, "holds none of "+code(r.Without))
	}
	return strings.Join(out, " and ")
}

// fact is a line of a list; none where there is nothing to say.
func fact(name, text string) string {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return ""
	case name == "":
		return "- " + text + "\n"
	}
	return "- " + name + ": " + text + "\n"
}

func steps(texts []Text) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = fact("", t.EN)
	}
	return out
}

func when(is bool, text string) string {
	if is {
		return text
	}
	return ""
}

func or(text, otherwise string) string {
	if text != "" {
		return text
	}
	return otherwise
}

func prefixed(prefix, text string) string { return when(text != "", prefix+text) }

func code(text string) string { return prefixed("`", when(text != "", text+"`")) }

func codes(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = code(n)
	}
	return strings.Join(out, ", ")
}

// words say which roles can be given.
func (g Grants) words() string {
	own := "the company's own names"
	switch {
	case !g.Open:
		own = codes(g.Values)
	case len(g.Values) > 0:
		own = codes(g.Values) + ", and " + own
	}
	return own + when(own != "" && g.Single, ", one at a time")
}
