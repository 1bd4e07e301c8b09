package scim_test

import (
	"fmt"
	"slices"
	"strings"
)

// modelFilter is a filter (RFC 7644 §3.4.2.2): how it is written, and what it means.
type modelFilter struct {
	text  string
	holds func(m *model, r *modelResource) bool
}

// filter makes one up, of at most depth operators above its comparisons.
func (s *steps) filter(typ string, depth int) modelFilter {
	if depth == 0 || s.oneIn(4) {
		return s.comparison(typ)
	}
	a := s.filter(typ, depth-1)
	if s.oneIn(3) {
		return modelFilter{s.anyCase("not") + " (" + a.text + ")", func(m *model, r *modelResource) bool { return !a.holds(m, r) }}
	}
	b := s.filter(typ, depth-1)
	if s.oneIn(2) {
		return modelFilter{"(" + a.text + ") " + s.anyCase("or") + " (" + b.text + ")",
			func(m *model, r *modelResource) bool { return a.holds(m, r) || b.holds(m, r) }}
	}
	return modelFilter{"(" + a.text + ") " + s.anyCase("and") + " (" + b.text + ")",
		func(m *model, r *modelResource) bool { return a.holds(m, r) && b.holds(m, r) }}
}

// comparison is one attribute's. A resource matches when one of the attribute's values does.
func (s *steps) comparison(typ string) modelFilter {
	if typ == "Group" {
		return pick(s, s.idFilter, s.groupFilter, s.groupFilter, s.externalFilter)(typ)
	}
	return pick(s, s.idFilter, s.textFilter, s.textFilter, s.textFilter, s.externalFilter, s.valuesFilter, s.activeFilter, s.linkFilter)(typ)
}

// textFilter compares a text without regard to letter case.
func (s *steps) textFilter(string) modelFilter {
	name := pick(s, "userName", "displayName", "nickName", "title", "department", "employeeNumber", "name.givenName", "manager")
	exact := name == "manager"
	want := s.text()
	switch {
	case exact:
		want = s.someID(s.model.users)
	case name == "userName":
		want = s.userName()
	}
	written := s.anyCase(name)
	if slices.Contains(modelExtension, name) {
		written = enterpriseURN + ":" + written
	}
	return textComparison(s, written, want, exact, func(_ *model, r *modelResource) []string {
		if parts, ok := r.attributes["name"].(object); ok && name == "name.givenName" {
			text, _ := parts["givenName"].(string)
			return []string{text}
		}
		return []string{r.text(name)}
	})
}

func (s *steps) groupFilter(string) modelFilter {
	if s.oneIn(2) {
		return textComparison(s, s.anyCase("displayName"), s.groupName(), false,
			func(_ *model, r *modelResource) []string { return []string{r.text("displayName")} })
	}
	id := s.someID(s.model.all())
	form := pick(s, `members eq "%s"`, `members.value eq "%s"`, `members[value eq "%s"]`)
	return modelFilter{fmt.Sprintf(form, id), func(_ *model, r *modelResource) bool { return slices.Contains(r.members, id) }}
}

func (s *steps) idFilter(typ string) modelFilter {
	id := s.someID(s.model.of(typ))
	return modelFilter{`id eq "` + id + `"`, func(_ *model, r *modelResource) bool { return r.id == id }}
}

// externalFilter: externalId is caseExact (RFC 7643 §3.1).
func (s *steps) externalFilter(string) modelFilter {
	id := s.text()
	return modelFilter{`externalId eq "` + id + `"`, func(_ *model, r *modelResource) bool { return r.text("externalId") == id }}
}

func (s *steps) activeFilter(string) modelFilter {
	want := s.oneIn(2)
	text := fmt.Sprintf(pick(s, `active eq %t`, `active eq "%t"`, `not (active ne %t)`), want)
	return modelFilter{text, func(_ *model, r *modelResource) bool { return r.active() == want }}
}

// valuesFilter looks at the values of a list: any of them, or one that is all that the value path says.
func (s *steps) valuesFilter(string) modelFilter {
	name, value, kind := pick(s, modelLists...), s.address(), s.kind()
	if s.oneIn(2) {
		return textComparison(s, s.anyCase(name+".value"), value, false, func(_ *model, r *modelResource) []string {
			var all []string
			for _, v := range r.values(name) {
				text, _ := v["value"].(string)
				all = append(all, text)
			}
			return all
		})
	}
	where := s.where()
	text := fmt.Sprintf(`%s[type eq "%s" and %s]`, name, kind, where)
	return modelFilter{text, func(_ *model, r *modelResource) bool {
		return slices.ContainsFunc(r.values(name), func(v object) bool {
			return (&modelWhere{"type", "eq", kind}).holds(v) && where.holds(v)
		})
	}}
}

// linkFilter finds the members of a Group.
func (s *steps) linkFilter(string) modelFilter {
	id := s.someID(s.model.groups)
	return modelFilter{`groups.value eq "` + id + `"`, func(m *model, r *modelResource) bool {
		return slices.ContainsFunc(m.groups, func(g *modelResource) bool { return g.id == id && slices.Contains(g.members, r.id) })
	}}
}

// textComparison compares texts: eq, co, sw, ew and pr hold when they hold for one; ne when eq does not.
func textComparison(s *steps, name, want string, exact bool, of func(*model, *modelResource) []string) modelFilter {
	op := pick(s, "eq", "ne", "co", "sw", "ew", "pr", "eq null", "gt", "le")
	text := fmt.Sprintf(`%s %s "%s"`, name, s.anyCase(op), want)
	if op == "pr" || op == "eq null" {
		text = name + " " + op
	}
	fold := strings.ToLower
	if exact {
		fold = strings.Clone
	}
	want = fold(want)
	one := func(have string) bool {
		have = fold(have)
		switch op {
		case "eq", "ne":
			return have == want
		case "co":
			return strings.Contains(have, want)
		case "sw":
			return strings.HasPrefix(have, want)
		case "ew":
			return strings.HasSuffix(have, want)
		case "gt":
			return have > want
		case "le":
			return have <= want
		}
		return true // pr
	}
	return modelFilter{text, func(m *model, r *modelResource) bool {
		any := slices.ContainsFunc(of(m, r), func(have string) bool { return have != "" && one(have) })
		return any != (op == "ne" || op == "eq null")
	}}
}
