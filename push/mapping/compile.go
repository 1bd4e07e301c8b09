package mapping

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"proprio/push/profiles"
	"proprio/resources"
)

// Compiled are the rules of an app, checked and ready. They never change and may be used by any number of goroutines.
type Compiled struct {
	view       *View
	scope      *expression
	attributes []attribute
	roles      *roles
}

// attribute is the rule of one attribute, compiled.
type attribute struct {
	Attribute
	at         string // place in the settings
	target     target
	from       *target // of the User
	constant   any
	expression *expression
}

// Compile checks rules against the company's User type and what the product takes, and compiles them. The error tells
// of each wrong place.
func (v *View) Compile(r Rules, p profiles.Profile) (*Compiled, error) {
	c := &Compiled{view: v}
	var errs []error
	if r.Scope != "" {
		var err error
		c.scope, err = parse("scope", r.Scope, c.view, truth("scope"))
		errs = append(errs, err)
	}
	if len(r.Mapping) > maxAttributes {
		return nil, resources.Errorf(resources.ErrInvalidValue, "mapping", "there are %d; %d are the limit", len(r.Mapping), maxAttributes)
	}
	for i, rule := range r.Mapping {
		a, err := c.attribute(rule, fmt.Sprintf("mapping[%d]", i), p)
		errs = append(errs, err)
		c.attributes = append(c.attributes, a)
	}
	errs = append(errs, c.overlap(r, p))
	if len(r.Roles) > 0 {
		var err error
		c.roles, err = c.compileRoles(r.Roles, p)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return c, nil
}

// ReadsGroups says whether an expression asks for the names of the Groups that hold a person.
func (c *Compiled) ReadsGroups() bool {
	if c == nil {
		return false
	}
	asks := func(e *expression) bool { return e != nil && e.groups }
	return asks(c.scope) || slices.ContainsFunc(c.attributes, func(a attribute) bool { return asks(a.expression) }) ||
		c.roles != nil && slices.ContainsFunc(c.roles.rules, func(r role) bool { return asks(r.expression) })
}

// truth accepts an expression that is true or false.
func truth(what string) func(made) string {
	return func(m made) string {
		if m.kind.String() == "bool" {
			return ""
		}
		return fmt.Sprintf("the %s must be true or false, and this is %s", what, kindWords(m.kind))
	}
}

func (c *Compiled) attribute(rule Attribute, at string, p profiles.Profile) (attribute, error) {
	a := attribute{Attribute: rule, at: at}
	fault := func(field, words string) error {
		return resources.Errorf(resources.ErrInvalidValue, at+field, "%s", words)
	}
	var words string
	if a.target, words = targetOf(rule.Target, c.view.User, p); words != "" {
		return a, fault(".target", words)
	}
	if rule.When != "" && rule.When != WhenAlways && rule.When != WhenCreation {
		return a, fault(".when", fmt.Sprintf("%q is neither %q nor %q", rule.When, WhenAlways, WhenCreation))
	}
	if rule.Clear && rule.When == WhenCreation {
		return a, fault(".clear", "at creation there is nothing to clear")
	}
	given := 0
	for _, there := range []bool{rule.From != "", rule.Constant != nil, rule.Expression != ""} {
		if there {
			given++
		}
	}
	if given != 1 {
		return a, fault("", "one of from, constant and expression has to be given")
	}
	var err error
	switch {
	case rule.From != "":
		if a.from, words = c.source(rule.From, a.target); words != "" {
			err = fault(".from", words)
		}
	case rule.Constant != nil:
		if a.constant, err = constant(rule.Constant, a.target); err != nil {
			err = fault(".constant", err.Error())
		}
	default:
		a.expression, err = parse(at+".expression", rule.Expression, c.view, a.target.accepts)
	}
	return a, err
}

// source resolves the attribute that is copied, and says what keeps it from being the target's value.
func (c *Compiled) source(path string, to target) (*target, string) {
	from, fault := resolve(path, c.view.User)
	if fault != "" {
		return nil, fault
	}
	a := from.attribute
	switch {
	case a == nil:
		return nil, fmt.Sprintf("Users have no attribute %s", path)
	case a.Hidden || !c.view.shows(a):
		return nil, path + " cannot be sent"
	case a.Parent != nil && a.Parent.Multi:
		return nil, fmt.Sprintf("%s has several values: copy it as a whole, or choose one with an expression", a.Parent)
	case to.attribute == nil:
		return &from, ""
	case a.Multi && !to.attribute.Multi:
		return nil, fmt.Sprintf("%s has several values, and %s takes one: choose it with an expression", a, to.path)
	}
	var takes bool
	for _, have := range kinds(a) {
		for _, want := range kinds(to.attribute) {
			takes = takes || have == want
		}
	}
	if !takes {
		return nil, fmt.Sprintf("%s is %s, and %s takes %s", a, wants(a), to.path, wants(to.attribute))
	}
	if a.Kind == resources.KindComplex && to.attribute.Kind == resources.KindComplex {
		for _, sub := range a.Sub {
			if to.attribute.SubAttribute(sub.Name) == nil {
				return nil, fmt.Sprintf("%s has %s, and %s has not", a, sub.Name, to.path)
			}
		}
	}
	return &from, ""
}

// shows says whether rules may read an attribute.
func (v *View) shows(a *resources.Attribute) bool {
	top := a
	for top.Parent != nil {
		top = top.Parent
	}
	if top.Extension() {
		return v.byURN[top.Schema][top.Name] != nil
	}
	return v.flat[top.Name] != nil && strings.EqualFold(v.flat[top.Name].String(), top.String())
}

// constant reads the JSON of a constant.
func constant(text json.RawMessage, to target) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	value, err := to.shape(value)
	if err == nil && value == nil {
		err = errors.New("it is empty: to remove an attribute, use an expression that is empty, with clear")
	}
	return value, err
}

// overlap refuses rules that set the same attribute, or one a part of another's.
func (c *Compiled) overlap(r Rules, p profiles.Profile) error {
	type place struct {
		at   string
		keys []string
	}
	var seen []place
	if len(r.Roles) > 0 {
		if t, fault := resolve(p.Roles.Attribute, c.view.User); fault == "" {
			seen = append(seen, place{"roles", t.keys})
		}
	}
	for _, a := range c.attributes {
		for _, before := range seen {
			n := min(len(before.keys), len(a.target.keys))
			if n > 0 && strings.Join(before.keys[:n], "\n") == strings.Join(a.target.keys[:n], "\n") {
				return resources.Errorf(resources.ErrInvalidValue, a.at+".target", "%s is set by %s already", a.target.path, before.at)
			}
		}
		seen = append(seen, place{a.at, a.target.keys})
	}
	return nil
}
