package db

import "proprio/resources"

// lead selects the ids of resources of which a condition can hold, found by indexes; ok is false when it may hold for any.
// Postgres has no index for "or" of which a term is a sub-select: it would walk the whole list.
func (c *compiler) lead(cond resources.Condition) (ids fragment, ok bool, err error) {
	switch cond := cond.(type) {
	case resources.And:
		for _, t := range cond.Terms {
			if ids, ok, err = c.lead(t); ok || err != nil {
				return ids, ok, err
			}
		}
	case resources.Or:
		return c.leads(cond.Terms)
	case resources.Compare:
		return c.leadValue(cond)
	case resources.Element:
		t := c.valueTable(cond.Attribute, place{})
		if t == nil || !pinsValue(cond.Where) {
			return fragment{}, false, nil
		}
		where, err := c.condition(cond.Where, place{element: cond.Attribute, table: t})
		return sqlf("select %s from %s where e.company_id = %s and %s", raw(t.owner), raw(t.from), param(c.caller.Company), where), true, err
	}
	return fragment{}, false, nil
}

// leads selects what one of several conditions can hold of.
func (c *compiler) leads(terms []resources.Condition) (fragment, bool, error) {
	var all []fragment
	for _, t := range terms {
		ids, ok, err := c.lead(t)
		if !ok || err != nil {
			return fragment{}, false, err
		}
		all = append(all, ids)
	}
	return glueWith(` union all `, all), len(all) > 0, nil
}

func (c *compiler) leadValue(cond resources.Compare) (fragment, bool, error) {
	value, _ := cond.Value.(string)
	if cond.Op != "eq" || value == "" {
		return fragment{}, false, nil
	}
	company, typ, is := param(c.caller.Company), param(c.typ), param(value)
	switch a := cond.Attribute; {
	case a.String() == "id":
		return sqlf(`select cast(%s as text)`, is), true, nil
	case a.String() == "externalId":
		return c.externalIDs(value), true, nil
	case a.String() == managerValue && c.typ == resources.TypeUser:
		return c.managed(value), true, nil
	case a.KeyedText():
		return c.keyed(a, value), true, nil
	case a.String() == "userName" && c.typ == resources.TypeUser:
		return sqlf(`select x.id from resources x where x.company_id = %s and x.user_name_folded = %s`, company, is), true, nil
	case a.String() == "displayName" && a.Kind == resources.KindString && !a.Multi && !a.CaseExact:
		return sqlf(`select x.id from resources x where x.company_id = %s and x.type = %s and x.name_folded = %s`, company, typ, is), true, nil
	}
	return fragment{}, false, nil
}
