package db

import (
	"fmt"
	"strings"

	"proprio/resources"
)

// compileCondition turns a condition on resources of a type into SQL that is true where [resources.Match] is, for a
// query that reads `resources r` and limits it to the caller's company and to the type. Every part of it is true or
// false, never null, so that a negation means what it says. Values travel as parameters only.
func (d *DB) compileCondition(c resources.Caller, typ string, cond resources.Condition) (string, []any, error) {
	f, err := (&compiler{dialect: d.dialect, caller: c, typ: typ}).condition(cond, place{})
	return f.text, f.args, err
}

// compiler compiles the conditions of one query.
type compiler struct {
	dialect
	caller resources.Caller
	typ    string
	asked  int // how many lists of values so far
}

// place is where a condition reads its attributes: the resource itself, or inside an Element, one of its values.
type place struct {
	element *resources.Attribute // nil: the resource
	table   *valueTable          // where the values have a table of their own; nil: they are in the document
	alias   string               // of the document's values
}

func (c *compiler) condition(cond resources.Condition, at place) (fragment, error) {
	switch cond := cond.(type) {
	case resources.And:
		return c.terms("and", "true", cond.Terms, at)
	case resources.Or:
		return c.either(cond, at)
	case resources.Not:
		f, err := c.condition(cond.Term, at)
		return sqlf("not (%s)", f), err
	case resources.Compare:
		return c.compare(cond, at)
	case resources.Present:
		return c.present(cond.Attribute, at)
	case resources.Element:
		if t := c.valueTable(cond.Attribute, at); t != nil {
			return c.tableElement(cond, t)
		}
		return c.documentElement(cond, at)
	}
	return fragment{}, resources.Errorf(resources.ErrInvalidFilter, "", "the filter holds a condition that cannot be answered")
}

// terms joins conditions; of no conditions at all comes `none`.
func (c *compiler) terms(word, none string, terms []resources.Condition, at place) (fragment, error) {
	if len(terms) == 0 {
		return raw(none), nil
	}
	parts := make([]fragment, len(terms))
	for i, t := range terms {
		var err error
		if parts[i], err = c.condition(t, at); err != nil {
			return fragment{}, err
		}
	}
	return sqlf("("+strings.Repeat("%s "+word+" ", len(parts)-1)+"%s)", parts...), nil
}

// either is "or". Where each term leads to few resources, the others are not looked at.
func (c *compiler) either(or resources.Or, at place) (fragment, error) {
	any, err := c.terms("or", "false", or.Terms, at)
	if err != nil || at.element != nil || !c.postgres || len(or.Terms) < 2 {
		return any, err
	}
	ids, ok, err := c.leads(or.Terms)
	if !ok || err != nil {
		return any, err
	}
	return sqlf("(%s and %s)", c.apart(sqlf("r.id in (%s)", ids)), any), nil
}

// documentElement asks whether some value in a list of the document satisfies a condition.
func (c *compiler) documentElement(e resources.Element, at place) (fragment, error) {
	base, keys := at.document(e.Attribute)
	inside := place{element: e.Attribute, alias: at.alias + "v"}
	where, err := c.condition(e.Where, inside)
	return c.apart(sqlf("exists (select 1 from %s where %s)", c.jsonElements(base, keys, inside.alias), where)), err
}

// tableElement asks the table that holds an attribute's values. Where the condition pins one, the table's index leads
// to the few resources that have it; else each resource looks at its own rows.
func (c *compiler) tableElement(e resources.Element, t *valueTable) (fragment, error) {
	where, err := c.condition(e.Where, place{element: e.Attribute, table: t})
	company := param(c.caller.Company)
	if pinsValue(e.Where) {
		return c.apart(sqlf("r.id in (select %s from %s where e.company_id = %s and %s)", raw(t.owner), raw(t.from), company, where)), err
	}
	return c.apart(sqlf("exists (select 1 from %s where e.company_id = %s and %s = r.id and %s)",
		raw(t.from), company, raw(t.owner), where)), err
}

// maxJoins is how many of a query's sub-selects Postgres may turn into joins. Two or three are what identity providers
// send, and then an index leads; but the time and memory to plan the joins grow without bound with their number, and
// some hundred of them stop the server. `is true` keeps a sub-select apart.
const maxJoins = 4

func (c *compiler) apart(f fragment) fragment {
	if c.asked++; c.asked <= maxJoins {
		return f
	}
	return sqlf("(%s) is true", f)
}

// pinsValue says whether a condition on values can only hold for one that equals a given `value`.
func pinsValue(c resources.Condition) bool {
	switch c := c.(type) {
	case resources.Compare:
		return c.Op == "eq" && c.Attribute.Name == "value"
	case resources.And:
		for _, t := range c.Terms {
			if pinsValue(t) {
				return true
			}
		}
	case resources.Or:
		for _, t := range c.Terms {
			if !pinsValue(t) {
				return false
			}
		}
		return len(c.Terms) > 0
	}
	return false
}

// fragment is a piece of SQL with its parameters in the order of their question marks.
type fragment struct {
	text string
	args []any
}

// sqlf puts fragments into a text, one for each %s, and carries their parameters along.
func sqlf(format string, parts ...fragment) fragment {
	var f fragment
	texts := make([]any, len(parts))
	for i, p := range parts {
		texts[i] = p.text
		f.args = append(f.args, p.args...)
	}
	f.text = fmt.Sprintf(format, texts...)
	return f
}

// param is a parameter.
func param(v any) fragment { return fragment{"?", []any{v}} }

// raw is SQL without parameters.
func raw(text string) fragment { return fragment{text: text} }
