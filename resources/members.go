package resources

import (
	"slices"
	"strings"

	parser "github.com/scim2/filter-parser/v2"

	"proprio/resources/filter"
)

// memberEdit is what the operations on a Group's members say, in order. They become a [MemberChange] without the
// members being read, so that a change costs what it names and not what the Group holds.
type memberEdit struct {
	steps []memberStep
	await bool // ids that do not exist may come later (protocol.md section 3, row 2)
}

// memberStep does one thing: clear removes all; then it adds and removes ids, and what a filter matches.
type memberStep struct {
	clear  bool
	add    []string
	remove []string
	match  Condition // of the members to remove; nil: none
	cost   int       // comparisons of match
}

// applyMembers makes an operation on members (Q32 to Q35). A member's sub-attributes are immutable: members are added
// and removed, never edited (RFC 7643 §4.2).
func (d *draft) applyMembers(op Operation, t target) error {
	var step memberStep
	err := d.checkMemberNames(t.attribute, op.Value)
	switch {
	case err != nil:
	case t.sub != nil || t.where != nil && op.Op == OpReplace:
		return Errorf(ErrMutability, op.Path.String(), "A member cannot be edited; remove it and add another.")
	case t.where != nil:
		step, err = d.selectMembers(op, t)
	case op.Op == OpRemove && op.Value == nil:
		step.clear = true
	case op.Op == OpRemove:
		step.remove, err = memberIDs(op.Value, true)
	case op.Op == OpAdd && op.Value == nil:
		return nil
	default:
		step.clear = op.Op == OpReplace
		step.add, err = memberIDs(op.Value, false)
	}
	if err != nil {
		return err
	}
	if d.members == nil {
		d.members = &memberEdit{await: d.switches.AllowUnknownMembers}
	}
	d.members.steps = append(d.members.steps, step)
	return nil
}

// checkMemberNames refuses what a member says of itself in words that the schema does not have, where the connection
// wants to hear of it; else they are not looked at (protocol.md section 3, row 11).
func (d *draft) checkMemberNames(members *Attribute, v any) error {
	if !d.switches.strict() {
		return nil
	}
	list, _ := v.([]any)
	for _, e := range list {
		object, _ := e.(map[string]any)
		for _, key := range sortedKeys(object) {
			if members.SubAttribute(key) == nil {
				return d.ignore(members.String() + "." + key)
			}
		}
	}
	return nil
}

// selectMembers reads members[…]. Filters that name ids, as clients send them, need no look at the members.
func (d *draft) selectMembers(op Operation, t target) (memberStep, error) {
	condition, err := d.rt.BindElement(t.attribute, t.where)
	if err != nil {
		return memberStep{}, err
	}
	ids, named := namedIDs(t.where)
	switch {
	case op.Op == OpRemove && named:
		return memberStep{remove: ids}, nil
	case op.Op == OpRemove:
		return memberStep{match: condition, cost: comparisons(t.where)}, nil
	case named:
		return memberStep{add: ids}, nil
	}
	return memberStep{}, Errorf(ErrNoTarget, op.Path.String(), "The filter does not say which members to add; name them by value eq \"…\".")
}

// namedIDs reads `value eq "x" or value eq "y"`.
func namedIDs(e filter.Expression) (ids []string, ok bool) {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		left, ok := namedIDs(e.Left)
		if !ok || e.Operator != parser.OR {
			return nil, false
		}
		right, ok := namedIDs(e.Right)
		return append(left, right...), ok
	case *filter.AttributeExpression:
		id, ok := e.CompareValue.(string)
		return []string{id}, ok && e.Operator == parser.EQ && strings.EqualFold(e.AttributePath.AttributeName, "value")
	}
	return nil, false
}

// memberIDs reads the ids of members in every form that clients send: objects with `value`, bare ids, one or a list of
// them, or all of that nested under `members` (Q15, Q32). What else a member says of itself is not needed.
func memberIDs(v any, removing bool) ([]string, error) {
	switch v := v.(type) {
	case []any:
		var ids []string
		for _, e := range v {
			more, err := memberIDs(e, removing)
			if err != nil {
				return nil, err
			}
			ids = append(ids, more...)
		}
		return ids, nil
	case string:
		if v != "" {
			return []string{v}, nil
		}
		if removing {
			return nil, nil
		}
	case map[string]any:
		for _, key := range sortedKeys(v) {
			switch {
			case strings.EqualFold(key, "members"):
				return memberIDs(v[key], removing)
			case strings.EqualFold(key, "value"):
				id, ok := v[key].(string)
				if ok && id != "" {
					return []string{id}, nil
				}
			}
		}
	case nil:
		return nil, nil
	}
	return nil, Errorf(ErrInvalidValue, "members.value", "A member needs a value: the id of a User or a Group, not %s.", shorten(literal(v)))
}

// needsMembers says whether the edit can only be told by looking at the members that are there.
func (m *memberEdit) needsMembers() bool {
	return slices.ContainsFunc(m.steps, func(s memberStep) bool { return s.match != nil })
}

// clears says whether some step takes out all who are in the Group.
func (m *memberEdit) clears() bool {
	return slices.ContainsFunc(m.steps, func(s memberStep) bool { return s.clear })
}

// added lists every id that some step adds, once.
func (m *memberEdit) added() []string {
	return m.named(func(s memberStep) []string { return s.add })
}

// removed lists every id that some step removes by its name, once.
func (m *memberEdit) removed() []string {
	return m.named(func(s memberStep) []string { return s.remove })
}

func (m *memberEdit) named(of func(memberStep) []string) []string {
	var ids []string
	seen := map[string]bool{}
	for _, s := range m.steps {
		for _, id := range of(s) {
			if !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// rename puts ids in the place of other names of members.
func (m *memberEdit) rename(ids map[string]Member) {
	for _, s := range m.steps {
		for _, names := range [][]string{s.add, s.remove} {
			for i, name := range names {
				if member, ok := ids[name]; ok {
					names[i] = member.ID
				}
			}
		}
	}
}

// change works the steps out. types are the resource types of the ids in added that exist; present are the Group's
// members where needsMembers. What that compares is spent. An id that does not exist is an error, unless it may come
// later.
func (m *memberEdit) change(group string, types map[string]string, present []Member, spent *work) (*MemberChange, error) {
	c := &MemberChange{}
	add, remove := map[string]bool{}, map[string]bool{}
	drop := func(id string) {
		delete(add, id)
		remove[id] = true
	}
	for _, s := range m.steps {
		if s.clear {
			c.Clear = true
			clear(add)
			clear(remove)
		}
		for _, id := range s.add {
			add[id] = true
			delete(remove, id)
		}
		for _, id := range s.remove {
			drop(id)
		}
		if s.match != nil {
			if err := spent.spend("members", len(present)+len(add), memberWork+s.cost); err != nil {
				return nil, err
			}
			for _, id := range matching(s.match, c.Clear, present, add, types) {
				drop(id)
			}
		}
	}
	for _, id := range m.added() {
		if !add[id] {
			continue
		}
		if types[id] == "" && m.await && len(id) <= maxKey {
			c.Await = append(c.Await, id)
			continue
		}
		if types[id] != TypeUser && types[id] != TypeGroup {
			return nil, Errorf(ErrInvalidValue, "members.value", "There is no User or Group with the id %q.", shorten(id))
		}
		if id == group {
			return nil, Errorf(ErrInvalidValue, "members.value", "A Group cannot be a member of itself.")
		}
		c.Add = append(c.Add, Member{ID: id, Type: types[id]})
	}
	if !c.Clear {
		c.Remove = sortedIDs(remove)
	}
	return c, nil
}

// matching lists the members that satisfy a condition: those present unless they were cleared, and those added before.
func matching(where Condition, cleared bool, present []Member, added map[string]bool, types map[string]string) []string {
	var candidates []Member
	if !cleared {
		candidates = append(candidates, present...)
	}
	for _, id := range sortedIDs(added) {
		candidates = append(candidates, Member{ID: id, Type: types[id]})
	}
	var ids []string
	for i, v := range memberValues(candidates) {
		if MatchElement(where, v) {
			ids = append(ids, candidates[i].ID)
		}
	}
	return ids
}

func sortedIDs(set map[string]bool) []string {
	ids := make([]string, 0, len(set))
	for id := range set {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// empty says whether the edit does nothing.
func (c *MemberChange) empty() bool {
	return c == nil || !c.Clear && len(c.Add) == 0 && len(c.Remove) == 0
}
