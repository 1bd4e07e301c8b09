package db

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"proprio/resources"
)

// order is the order of a query's result. Unsorted it is that of creation, (created, id); sorted, it is (sort_missing,
// sort_key, created, id).
type order struct {
	sorted  bool
	numeric bool   // sort_key is a number; else it is text
	down    bool   // from the last to the first
	column  string // of resources r, which is the whole order, and that of an index; empty for most
}

// orderOf is the order in which a query reads its result: a walk backward reads it from the other end.
func (d dialect) orderOf(q resources.Query) order {
	o := order{numeric: true, down: q.Descending}
	if q.Walk != nil && q.Walk.Backward {
		o.down = !o.down
	}
	all := q.Selections()
	if len(all) == 1 && sortedBy(all[0], "userName") && all[0].Type == resources.TypeUser && d.bytes {
		o.column = "r.user_name_folded" // all Users have one, and no two the same
	}
	if !slices.ContainsFunc(all, func(s resources.Selection) bool { return !sortedBy(s, "meta.created") }) {
		return o // as it is without
	}
	for _, s := range all {
		if s.SortBy == nil {
			continue
		}
		o.sorted = true
		switch s.SortBy.Kind {
		case resources.KindBoolean, resources.KindInteger, resources.KindDecimal, resources.KindDateTime:
		default:
			o.numeric = false
		}
	}
	return o
}

func sortedBy(s resources.Selection, name string) bool {
	return s.SortBy != nil && s.SortBy.String() == name
}

// by is the order by clause over columns of a table.
func (o order) by(table string) string {
	next := ", "
	if o.down {
		next = " desc, "
	}
	columns := ""
	if o.column != "" {
		return " order by " + o.column + strings.TrimSuffix(next, ", ")
	}
	if o.sorted {
		columns = table + ".sort_missing" + next + table + ".sort_key" + next
	}
	return " order by " + columns + table + ".created" + next + table + ".id" + strings.TrimSuffix(next, ", ")
}

// after is the condition that a row comes after a position. Rows are compared as a whole, so an index on the columns
// leads straight to the place.
func (o order) after(d dialect, table string, from *resources.Position) (fragment, error) {
	sign := ">"
	if o.down {
		sign = "<"
	}
	if o.column != "" {
		return sqlf(o.column+" "+sign+" %s", param(from.Key)), nil
	}
	created, id := param(micros(from.Created)), param(from.ID)
	if !o.sorted {
		return sqlf("("+table+".created, "+table+".id) "+sign+" (%s, %s)", created, id), nil
	}
	key, err := o.parameter(d, from.Key)
	missing := 0
	if from.Missing {
		missing = 1
	}
	return sqlf(fmt.Sprintf("(%[1]s.sort_missing, %[1]s.sort_key, %[1]s.created, %[1]s.id) %[2]s ", table, sign)+"(%s, %s, %s, %s)",
		param(missing), key, created, id), err
}

// parameter is a position's key as the database compares it. A number stays exact: SQLite has it as a whole number or
// as a double, Postgres in decimal digits.
func (o order) parameter(d dialect, key string) (fragment, error) {
	if !o.numeric {
		return param(key), nil
	}
	whole, notWhole := strconv.ParseInt(key, 10, 64)
	number, notNumber := strconv.ParseFloat(key, 64)
	switch {
	case notNumber != nil:
		return fragment{}, resources.Errorf(resources.ErrInvalidCursor, "cursor", "The position is one of another order.")
	case d.postgres:
		return param(key), nil
	case notWhole == nil:
		return param(whole), nil
	}
	return param(number), nil
}

// columns makes sort_missing and sort_key of an arm's `key`, which is null for no value.
func (o order) columns(d dialect) string {
	some := "coalesce(key, 0)"
	if !o.numeric {
		some = d.bytewise("coalesce(key, '')")
	}
	return "case when key is null then 1 else 0 end as sort_missing, " + some + " as sort_key"
}

// key is what the resources of a selection are sorted by, null where there is no value.
func (o order) key(c *compiler, a *resources.Attribute) fragment {
	switch {
	case a == nil && o.numeric:
		return raw("cast(null as bigint)")
	case a == nil:
		return raw("cast(null as text)")
	case a.Multi, a.Parent != nil && a.Parent.Multi:
		return c.firstKey(a, o)
	}
	return c.key(a, c.operand(a, place{}), o)
}

// firstKey is the key of the value of a list that counts: the primary one, else the first.
func (c *compiler) firstKey(a *resources.Attribute, o order) fragment {
	list := a
	if !a.Multi {
		list = a.Parent
	}
	if t := c.valueTable(list, place{}); t != nil {
		return sqlf("(select %s from "+t.from+" where e.company_id = %s and "+t.owner+" = r.id order by "+t.order+" limit 1)",
			c.key(a, t.columns[a.Name], o), param(c.caller.Company))
	}
	base, keys := place{}.document(list)
	inside := place{element: list, alias: "v"}
	first := raw("v.key")
	if primary := list.SubAttribute("primary"); primary != nil {
		first = sqlf("coalesce(%s, false) desc, v.key", c.operand(primary, inside).written)
	}
	return sqlf("(select %s from %s order by %s limit 1)", c.key(a, c.operand(a, inside), o), c.jsonElements(base, keys, inside.alias), first)
}

// key brings a value into the form in which it is ordered.
func (c *compiler) key(a *resources.Attribute, v operand, o order) fragment {
	number := v.written
	switch a.Kind {
	case resources.KindBoolean:
		if !v.never && a.Default() != nil {
			number = sqlf("coalesce(%s, %s)", number, param(a.Default()))
		}
		number = sqlf("case when %s then 1 when not %s then 0 end", number, number)
	case resources.KindInteger, resources.KindDecimal, resources.KindDateTime:
	default:
		text := c.comparable(a, "gt", v)
		if a.String() == "userName" && c.typ == resources.TypeUser {
			return sqlf("nullif(%s, '')", text)
		}
		return sqlf(fmt.Sprintf("nullif(substr(%%s, 1, %d), '')", resources.SortLength), text)
	}
	if !o.numeric { // another type has a text of that name
		return sqlf("cast(%s as text)", number)
	}
	return number
}
