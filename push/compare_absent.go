package push

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"proprio/resources"
)

// objects compares the objects of which the app shows no resource.
func (c *comparison) objects(ctx context.Context) error {
	for after := ""; ; {
		ids, err := c.Store.ObjectsOfApp(ctx, c.app.Company, c.app.ID, c.kind, after, compareBatch)
		if err != nil {
			return err
		}
		if err := c.unseen(ctx, ids); err != nil {
			return err
		}
		if len(ids) < compareBatch {
			return nil
		}
		after = ids[len(ids)-1]
	}
}

func (c *comparison) unseen(ctx context.Context, ids []string) error {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return c.seen[id] })
	standings, err := c.standings(ctx, c.app, c.kind, ids)
	if err != nil {
		return err
	}
	rows, err := c.Store.AccountsIn(ctx, c.app.Company, c.app.ID, c.kind, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		s := standings[id]
		p := place(c.app, c.kind, id, s)
		if p.wish == WishInactive || !p.active {
			continue // it should not be there, and is not
		}
		if p.broken != nil {
			line := Comparison{ObjectType: c.kind, ObjectID: id, Name: s.Name, Verdict: Unverifiable, Action: ActionDecide, Why: p.broken.words, account: rows[id]}
			if err := c.take(line); err != nil {
				return err
			}
			continue
		}
		line, err := c.absent(ctx, rows[id], id, s)
		if err != nil {
			return err
		}
		if line.Why == "" {
			line.Why = p.why
		}
		if err := c.take(line); err != nil {
			return err
		}
	}
	return nil
}

// absent is the line of an object that should be in the app and has no resource there that is known to be its own. Its
// reason is left empty where that is no other than why it should be there.
func (c *comparison) absent(ctx context.Context, row Account, id string, s Standing) (Comparison, error) {
	line := Comparison{ObjectType: c.kind, ObjectID: id, Name: s.Name, Verdict: Missing, Action: ActionCreate, account: row}
	if row.ID != "" && c.stale(row) {
		for _, l := range c.others {
			l.told = l.told || l.id == row.RemoteID // it was made, and then its row was written
		}
		return changedMeanwhile(line), nil
	}
	name, refused, err := c.matchName(ctx, id, s)
	if err != nil {
		return line, err
	}
	there := c.named[resources.FoldUserName(name)]
	for _, l := range there {
		l.told, line.RemoteID = true, there[0].id
	}
	switch {
	case len(there) > 1:
		line.Action, line.Why = ActionDecide, fmt.Sprintf("the app holds %d of that name: leave one of them there", len(there))
	case len(there) == 1 && there[0].handsOff != "":
		line.Action, line.Why = ActionDecide, there[0].handsOff
	case len(there) == 1 && there[0].externalID != id && !c.app.LinkExisting:
		line.Action = ActionDecide
		line.Why = "the app holds one of that name that did not come from here: link it, or rename or remove it there"
	case refused != "":
		line.Action, line.Why = ActionDecide, refused
	case len(there) == 1:
		line.Action, line.Why = ActionLink, "the app holds one of that name, which is taken over"
	case c.kind == resources.TypeGroup && c.profile.Groups.NoCreate:
		line.Action, line.Why = ActionDecide, c.profile.Title+" creates no groups over this interface: make it there"
	}
	return line, nil
}

// matchName is the value under which an object is looked for in the app, and what the product would refuse it for.
func (c *comparison) matchName(ctx context.Context, id string, s Standing) (name, refused string, err error) {
	if c.kind == resources.TypeGroup {
		return s.Name, "", nil
	}
	j := c.job(Account{Company: c.app.Company, App: c.app.ID, ObjectType: c.kind, ObjectID: id, ObjectName: s.Name})
	r, _, err := j.object(ctx)
	if err != nil || r == nil {
		return s.Name, "", err
	}
	want, err := j.wanted(ctx, r)
	if f, ok := isFailure(err); ok {
		return s.Name, f.words, nil
	}
	return j.matchValue(want), "", err
}

// rest hands out what the app holds besides.
func (c *comparison) rest() error {
	others := slices.DeleteFunc(c.others, func(l *loose) bool { return l.told })
	slices.SortFunc(others, func(a, b *loose) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.id, b.id)) })
	for _, l := range others {
		err := c.take(Comparison{ObjectType: c.kind, Name: l.name, RemoteID: l.id, Verdict: Extra,
			Why: cmp.Or(l.handsOff, "it did not come from here")})
		if err != nil {
			return err
		}
	}
	return nil
}
