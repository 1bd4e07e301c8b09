package resources

import (
	"slices"

	parser "github.com/scim2/filter-parser/v2"

	"proprio/resources/filter"
)

// MaxScans is how many comparisons of one filter may be such as no index answers: each of them looks at every resource
// of the company, and those on values of a list cost most. Identity providers send one or two. The look-ups in
// [indexed], of which a client that compares its lists with ours sends hundreds, are not counted.
const MaxScans = 40

// indexed are the attributes by whose value, compared with eq, a resource is found without looking at the others. Those
// of a company's own schemas are found so when they are unique.
var indexed = []string{
	"id", "externalId", "userName", "displayName", "emails.value", "groups.value", "members.value",
	SchemaEnterprise + ":manager.value",
}

// findsResource says whether a comparison is a look-up, or what a look-up leaves.
func findsResource(a *Attribute, e *filter.AttributeExpression) bool {
	return (e.Operator == parser.EQ || e.Operator == parser.NE) && e.CompareValue != nil && isIndexed(a)
}

// isIndexed takes a complex attribute for its value.
func isIndexed(a *Attribute) bool {
	if value := a.SubAttribute("value"); value != nil {
		a = value
	}
	if a.isOwn() && a.String() != "displayName" {
		return a.KeyedText()
	}
	return slices.Contains(indexed, a.String())
}

// findsElement says whether the condition of a value path can only hold for a value that equals an indexed one.
func findsElement(a *Attribute, where Condition) bool {
	switch c := where.(type) {
	case Compare:
		return c.Op == "eq" && c.Attribute.Name == "value" && isIndexed(a)
	case And:
		return slices.ContainsFunc(c.Terms, func(t Condition) bool { return findsElement(a, t) })
	case Or:
		return len(c.Terms) > 0 && !slices.ContainsFunc(c.Terms, func(t Condition) bool { return !findsElement(a, t) })
	}
	return false
}
