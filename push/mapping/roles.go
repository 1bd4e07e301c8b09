package mapping

import (
	"fmt"
	"slices"
	"strings"

	"proprio/push/profiles"
	"proprio/resources"
)

// roles are the role rules of an app, compiled.
type roles struct {
	rules  []role
	target target
	single bool
	kind   string // of a value, where the product asks for one
}

type role struct {
	Role
	at         string
	expression *expression
}

// compileRoles checks role rules against what the product takes.
func (c *Compiled) compileRoles(rules []Role, p profiles.Profile) (*roles, error) {
	fault := func(at, format string, args ...any) error {
		return resources.Errorf(resources.ErrInvalidValue, at, format, args...)
	}
	switch {
	case p.Grants.ByGroup:
		return nil, fault("roles", "%s gives roles to the members of its groups, and in no other way: have the Groups sent", p.Title)
	case len(p.Grants.Values) == 0 && !p.Grants.Open:
		return nil, fault("roles", "%s takes no role over this interface: roles are given there", p.Title)
	case len(rules) > maxRoles:
		return nil, fault("roles", "there are %d; %d are the limit", len(rules), maxRoles)
	}
	t, words := targetOf(p.Roles.Attribute, c.view.User, p)
	if words != "" {
		return nil, fault("roles", "%s: %s", p.Roles.Attribute, words)
	}
	out := &roles{target: t, single: p.Grants.Single, kind: p.Grants.Type}
	for i, rule := range rules {
		r := role{Role: rule, at: fmt.Sprintf("roles[%d]", i)}
		if rule.Value == "" {
			return nil, fault(r.at+".value", "the role is missing")
		}
		if !slices.Contains(p.Grants.Values, rule.Value) && !p.Grants.Open {
			return nil, fault(r.at+".value", "%s has no role %q; it takes %s", p.Title, rule.Value, strings.Join(p.Grants.Values, ", "))
		}
		if rule.Group != "" && rule.Expression != "" {
			return nil, fault(r.at, "either a group or an expression says who has the role, not both")
		}
		everybody := rule.Group == "" && rule.Expression == ""
		if everybody && out.single && i < len(rules)-1 {
			return nil, fault(r.at, "it gives everybody the role, and the first that applies counts: put it last")
		}
		if rule.Expression != "" {
			var err error
			if r.expression, err = parse(r.at+".expression", rule.Expression, c.view, truth("expression of a role")); err != nil {
				return nil, err
			}
		}
		out.rules = append(out.rules, r)
	}
	return out, nil
}

// of are the roles of a person, each with the rule that gave it.
func (r *roles) of(p *Person, values map[string]any) (given []role, err error) {
	for _, rule := range r.rules {
		applies := rule.Group == "" && rule.expression == nil
		if rule.Group != "" {
			applies = slices.ContainsFunc(p.Groups, func(g resources.Ref) bool { return g.ID == rule.Group })
		}
		if rule.expression != nil {
			out, err := rule.expression.run(values)
			if err != nil {
				return nil, fmt.Errorf("the role %s (%s.expression) %w", rule.Value, rule.at, err)
			}
			applies, _ = out.(bool)
		}
		if !applies || slices.ContainsFunc(given, func(have role) bool { return have.Value == rule.Value }) {
			continue
		}
		given = append(given, rule)
		if r.single {
			break
		}
	}
	return given, nil
}

// shape is the value of the product's role attribute. Nil: no role.
func (r *roles) shape(given []role) any {
	var list []any
	a := r.target.attribute
	for _, g := range given {
		if a != nil && a.Kind == resources.KindComplex {
			value := Object{"value": g.Value}
			if r.kind != "" {
				value["type"] = r.kind
			}
			list = append(list, value)
			continue
		}
		list = append(list, g.Value)
	}
	switch {
	case len(list) == 0:
		return nil
	case a != nil && !a.Multi, a == nil && r.single:
		return list[0]
	}
	return list
}
