package db

import (
	"time"
	"unicode/utf8"

	"proprio/resources"
)

// sqlOperators are the operators that order values.
var sqlOperators = map[string]string{"eq": "=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}

// compare is true where the attribute has a value and the operator holds between the two.
func (c *compiler) compare(cond resources.Compare, at place) (fragment, error) {
	o := c.operand(cond.Attribute, at)
	operator, ordered := sqlOperators[cond.Op]
	var test fragment
	switch v := cond.Value.(type) {
	case string:
		if at.element == nil && cond.Op == "eq" {
			switch cond.Attribute.String() {
			case "externalId":
				return c.externalID(v), nil
			case managerValue:
				return c.manager(v), nil
			}
			if cond.Attribute.KeyedText() && v != "" {
				return c.unique(cond.Attribute, v), nil
			}
		}
		test = c.compareText(cond, o, v)
	case bool:
		if o.never || cond.Attribute.Default() == nil {
			test = sqlf("%s = %s", o.written, param(v))
			break
		}
		return sqlf("(coalesce(%s, %s) = %s)", o.written, param(cond.Attribute.Default()), param(v)), nil
	case int64, float64:
		test = sqlf("%s "+operator+" %s", o.written, param(v))
	case time.Time:
		test = sqlf("%s "+operator+" %s", o.written, param(micros(v)))
	}
	_, isText := cond.Value.(string)
	if o.written.text == "" || test.text == "" || !ordered && !isText {
		return fragment{}, resources.Errorf(resources.ErrInvalidFilter, cond.Attribute.String(),
			"%s cannot be filtered with %s", cond.Attribute, cond.Op)
	}
	if o.never {
		return sqlf("(%s)", test), nil
	}
	return sqlf("coalesce(%s, false)", test), nil
}

// externalID looks an externalId up in the space of the caller's connection.
func (c *compiler) externalID(value string) fragment {
	return c.apart(sqlf(`r.id in (%s)`, c.externalIDs(value)))
}

func (c *compiler) externalIDs(value string) fragment {
	return sqlf(`select x.resource_id from external_ids x
		where x.company_id = %s and x.connection_id = %s and x.type = %s and x.external_id = %s`,
		param(c.caller.Company), param(c.caller.Connection), param(c.typ), param(value))
}

// managerValue is looked up whenever a User is removed, and by Entra's check of references.
const managerValue = resources.SchemaEnterprise + ":manager.value"

// manager finds the Users that somebody manages, by the index.
func (c *compiler) manager(id string) fragment {
	return c.apart(sqlf(`r.id in (%s)`, c.managed(id)))
}

func (c *compiler) managed(id string) fragment {
	return sqlf(`select x.id from resources x where x.company_id = %s and x.manager = %s`, param(c.caller.Company), param(id))
}

// unique finds the one resource that has a value, by the index.
func (c *compiler) unique(a *resources.Attribute, value string) fragment {
	return c.apart(sqlf(`r.id in (%s)`, c.keyed(a, value)))
}

func (c *compiler) keyed(a *resources.Attribute, value string) fragment {
	return sqlf(`select k.resource_id from attribute_keys k
		where k.company_id = %s and k.type = %s and k.path = %s and k.value = %s and k.is_unique`,
		param(c.caller.Company), param(c.typ), param(a.String()), param(resources.HashKey(value)))
}

// compareText compares with a text that is in the attribute's comparable form. An empty value is no value.
func (c *compiler) compareText(cond resources.Compare, o operand, want string) fragment {
	have := c.comparable(cond.Attribute, cond.Op, o)
	length := utf8.RuneCountInString(want)
	some := sqlf("%s <> ''", have)
	switch cond.Op {
	case "eq":
		if want == "" {
			return raw("false")
		}
		return sqlf("%s = %s", have, param(want))
	case "co", "sw", "ew":
		if want == "" {
			return some
		}
	}
	switch cond.Op {
	case "co":
		return sqlf(c.position()+" > 0", have, param(want))
	case "sw":
		return sqlf("substr(%s, 1, %s) = %s", have, param(length), param(want))
	case "ew":
		return sqlf(c.right()+" = %s", have, param(length), param(want))
	}
	operator, ok := sqlOperators[cond.Op]
	if !ok {
		return fragment{}
	}
	return sqlf("%s and %s "+operator+" %s", some, fragment{c.bytewise(have.text), have.args}, param(want))
}

// comparable is an attribute's text in the form in which an operator compares it, as resources.Attribute.Comparable.
func (c *compiler) comparable(a *resources.Attribute, op string, o operand) fragment {
	switch {
	case a.CaseExact || a.Kind == resources.KindBinary:
		return o.written
	case op == "eq" && o.whole.text != "":
		return o.whole
	case o.folded.text != "":
		return o.folded
	}
	return fragment{c.fold(o.written.text), o.written.args}
}

// present is true where the attribute has a value that is not empty.
func (c *compiler) present(a *resources.Attribute, at place) (fragment, error) {
	o := c.operand(a, at)
	switch {
	case o.written.text == "":
		return fragment{}, resources.Errorf(resources.ErrInvalidFilter, a.String(), "%s cannot be filtered on", a)
	case o.given.text != "":
		return sqlf("(%s is not null)", o.given), nil
	case o.never && (a.Kind == resources.KindDateTime):
		return raw("true"), nil
	case a.Kind == resources.KindString || a.Kind == resources.KindReference || a.Kind == resources.KindBinary:
		return sqlf("coalesce(%s <> '', false)", o.written), nil
	}
	return sqlf("(%s is not null)", o.written), nil
}
