package push

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"proprio/push/mapping"
	"proprio/resources"
	"proprio/scim/client"
)

// known compares a resource with the object that its account row is of.
func (c *comparison) known(ctx context.Context, row Account, d client.Document) (Comparison, error) {
	line := Comparison{ObjectType: c.kind, ObjectID: row.ObjectID, Name: row.ObjectName, RemoteID: d.ID(), Verdict: Matched, account: row}
	j := c.job(row)
	r, standing, err := j.object(ctx)
	if err != nil {
		return line, err
	}
	p := place(c.app, c.kind, row.ObjectID, standing)
	line.Why = p.why
	if c.kind == resources.TypeGroup {
		return c.knownGroup(ctx, j, r, p, d, line)
	}
	if p.broken != nil {
		line.Verdict, line.Action, line.Why = Unverifiable, ActionDecide, p.broken.words
		return line, nil
	}
	written, err := decodeFields(row.Written)
	if err != nil {
		return line, err
	}
	if p.wish == WishInactive || !p.active {
		if d.Flag("active", true) {
			line.Verdict, line.Action, line.Attributes = Different, ActionDeactivate, []string{"active"}
			line.shown = fields{}
			maps.Copy(line.shown, written)
			line.shown["active"] = true
		}
		return line, nil
	}
	want, err := j.wanted(ctx, r)
	if f, ok := isFailure(err); ok {
		line.Verdict, line.Action, line.Why = Different, ActionDecide, f.words
		return line, nil
	}
	if err != nil {
		return line, err
	}
	for _, keys := range j.kept {
		mapping.Remove(want, keys) // what the app makes of it is the app's
	}
	for _, path := range c.profile.Users.Unpatched {
		mapping.Remove(want, split(path)) // a change is sent in another attribute, and whether it shows here is the app's matter
	}
	line.Attributes, line.shown = differing(c.fixedAside(want), written, d)
	if len(line.Attributes) > 0 {
		line.Verdict, line.Action = Different, ActionChange
	}
	return line, nil
}

// fixedAside is a document without what the product never changes.
func (c *comparison) fixedAside(want fields) fields {
	out := maps.Clone(want)
	maps.DeleteFunc(out, func(key string, _ any) bool { return key == "schemas" || c.profile.Users.Fixes(key) })
	return out
}

// differing are the attributes of which the app shows something else than is wanted, and what is known to be written, with
// what the app shows of those. What it does not show at all is taken to be as it was written.
func differing(want, written fields, d client.Document) (names []string, known fields) {
	known = maps.Clone(written)
	if known == nil {
		known = fields{}
	}
	for _, key := range keys(want, nil) {
		shown := d.Get(key)
		if shown == nil && same(written[key], want[key]) || covers(shown, want[key], anyCase(key)) {
			continue
		}
		names = append(names, key)
		delete(known, key)
		if shown != nil {
			known[key] = shown
		}
	}
	return names, known
}

// anyCase says whether letter case makes no difference in an attribute: many apps keep names and addresses in lower case.
func anyCase(attribute string) bool { return attribute == "userName" || attribute == "emails" }

// covers says whether a shown value holds the wanted one. Apps add to what they are sent: sub-attributes, further values.
func covers(shown, want any, fold bool) bool {
	switch w := want.(type) {
	case fields:
		s, ok := shown.(fields)
		if !ok {
			return false
		}
		for key, value := range w {
			if !covers(client.Document(s).Get(key), value, fold) {
				return false
			}
		}
		return true
	case []any:
		s, ok := shown.([]any)
		if !ok {
			return false
		}
		for _, value := range w {
			if !slices.ContainsFunc(s, func(one any) bool { return covers(one, value, fold) }) {
				return false
			}
		}
		return true
	case string:
		s, ok := shown.(string)
		return ok && (s == w || fold && resources.FoldUserName(s) == resources.FoldUserName(w))
	}
	return same(shown, want)
}

// knownGroup is known for a Group: its name and the members that came from here.
func (c *comparison) knownGroup(
	ctx context.Context, j *job, r *resources.Resource, p placement, d client.Document, line Comparison,
) (Comparison, error) {
	if p.wish == WishInactive {
		if j.account.State != StateRemoved { // what was emptied and left is as it should be
			line.Verdict, line.Action = Different, ActionDeactivate
		}
		return line, nil
	}
	line.shownName = d.Text("displayName")
	if line.shownName != line.Name && !c.profile.Groups.NoRename {
		line.Attributes = append(line.Attributes, "displayName")
	}
	if c.profile.Members.Unreadable {
		line.Verdict, line.Why = Unverifiable, "the app does not show the members of a group"
	} else {
		var away int
		var err error
		line.members, away, err = c.membersAway(ctx, j, r, d)
		if err != nil {
			return line, err
		}
		if away > 0 {
			line.Attributes = append(line.Attributes, "members")
			line.Why = fmt.Sprintf("%d members differ", away)
		}
	}
	if len(line.Attributes) > 0 {
		line.Verdict, line.Action = Different, ActionChange
	}
	return line, nil
}

// membersAway counts who should be among the members in the app and is not, and who was put in from here and should not be
// there any more. sent are those put in from here who are there. Members whom others put in are let be.
func (c *comparison) membersAway(
	ctx context.Context, j *job, r *resources.Resource, d client.Document,
) (sent map[string]int64, away int, err error) {
	want, _, err := j.wantedMembers(ctx, r)
	if err != nil {
		return nil, 0, err
	}
	record, err := readGroupRecord(j.account.Written)
	if err != nil {
		return nil, 0, err
	}
	shown := membersOf(d)
	for id := range want {
		if !shown[id] {
			away++
		}
	}
	for id := range record.Members {
		if _, stays := want[id]; !stays && shown[id] {
			away++
		}
	}
	maps.DeleteFunc(record.Members, func(id string, _ int64) bool { return !shown[id] })
	return record.Members, away, nil
}
