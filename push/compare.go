package push

import (
	"context"
	"time"

	"proprio/push/profiles"
	"proprio/resources"
	"proprio/scim/client"
)

// Verdict is how an object and a resource in the app stand to each other.
type Verdict string

// The verdicts.
const (
	Matched      Verdict = "matched"      // the app holds what it should
	Different    Verdict = "different"    // it holds something else
	Missing      Verdict = "missing"      // it should hold it, and does not
	Extra        Verdict = "extra"        // it holds what did not come from here: that is never touched
	Unverifiable Verdict = "unverifiable" // it does not show whether it holds it
)

// Action is what the engine would do about it.
type Action string

// The actions.
const (
	ActionNone       Action = ""
	ActionCreate     Action = "create"
	ActionChange     Action = "change"
	ActionDeactivate Action = "deactivate"
	ActionLink       Action = "link"   // take over what is there under the same name
	ActionDecide     Action = "decide" // nothing, before an admin has decided
)

// Comparison is one line: an object of the directory, a resource in the app, or both.
type Comparison struct {
	ObjectType string   `json:"objectType"`
	ObjectID   string   `json:"objectId,omitempty"`
	Name       string   `json:"name"`
	RemoteID   string   `json:"remoteId,omitempty"`
	Verdict    Verdict  `json:"verdict"`
	Action     Action   `json:"action,omitempty"`
	Attributes []string `json:"attributes,omitempty"` // that differ
	Why        string   `json:"why"`

	account Account // the row of it; zero: none
	shown   fields  // of a matched or different User: what the app shows of what is wanted
	// Of a matched or different Group, what the app shows:
	shownName string
	members   map[string]int64 // of those who were put in from here
}

// Compare reads all that an app holds and hands out how it stands to the directory, one line for each object and each
// resource. It changes nothing, here or there. A list that could not be read to its end is an error, so nothing is taken
// for missing that was merely not read: what was handed out counts only when Compare returns nil.
func (e *Engine) Compare(ctx context.Context, app App, take func(Comparison) error) error {
	return e.compare(ctx, app, false, take)
}

// compare is Compare; with emptied an app that lists none is believed.
func (e *Engine) compare(ctx context.Context, app App, emptied bool, take func(Comparison) error) error {
	reader, profile, err := e.reader(ctx, app, "compare")
	if err != nil {
		return err
	}
	for _, kind := range []string{resources.TypeUser, resources.TypeGroup} {
		if kind == resources.TypeGroup && profile.Groups.Unsupported {
			continue
		}
		c := comparison{Engine: e, app: app, profile: profile, kind: kind, take: take, emptied: emptied, began: e.Now().Truncate(time.Microsecond),
			seen: map[string]bool{}, named: map[string][]*loose{}}
		if kind == resources.TypeUser {
			if c.decided, err = e.decided(ctx, app); err != nil {
				return err
			}
		}
		if err := c.run(ctx, reader); err != nil {
			return err
		}
	}
	return nil
}

// comparison is the comparison of one type.
type comparison struct {
	*Engine
	app     App
	profile profiles.Profile
	kind    string
	take    func(Comparison) error
	emptied bool      // a list of nobody is believed
	began   time.Time // before anything was read, as exact as rows are
	batch   []client.Document
	seen    map[string]bool     // objects whose resource was read
	others  []*loose            // resources that no account row answers for
	named   map[string][]*loose // the same by each folded value of their match attribute
	decided decided             // what admins decided about accounts
}

// loose is a resource that no account row answers for.
type loose struct {
	id, name, externalID string
	told                 bool   // with the object of its name
	handsOff             string // why an admin wants it to be left as it is; empty: nobody decided so
}

const compareBatch = 100 // resources, or objects, that are looked up together

func (c *comparison) run(ctx context.Context, reader Remote) error {
	gather := func(d client.Document) error {
		c.batch = append(c.batch, d)
		if len(c.batch) < compareBatch {
			return nil
		}
		return c.settle(ctx)
	}
	var err error
	if o := (client.ListOptions{PageSize: c.profile.Paging.Size}); c.emptied {
		err = reader.Each(ctx, endpoint(c.kind), o, gather)
	} else {
		err = c.all(ctx, c.app, reader, c.kind, o, gather)
	}
	if err == nil {
		err = c.settle(ctx)
	}
	if err == nil {
		err = c.objects(ctx)
	}
	if err == nil {
		err = c.rest()
	}
	return err
}

// settle compares the resources of a batch with the objects that their account rows are of.
func (c *comparison) settle(ctx context.Context) error {
	ids := make([]string, len(c.batch))
	for i, d := range c.batch {
		ids[i] = d.ID()
	}
	rows, err := c.Store.AccountsByRemote(ctx, c.app.Company, c.app.ID, c.kind, ids)
	if err != nil {
		return err
	}
	for _, d := range c.batch {
		row, known := rows[d.ID()]
		if !known {
			c.leave(d)
			continue
		}
		c.seen[row.ObjectID] = true
		line, err := c.known(ctx, row, d)
		if line.Verdict == Different && c.stale(row) {
			line = changedMeanwhile(line)
		}
		if err == nil {
			err = c.take(line)
		}
		if err != nil {
			return err
		}
	}
	c.batch = c.batch[:0]
	return nil
}

// leave keeps a resource that no account row answers for.
func (c *comparison) leave(d client.Document) {
	names := valuesAt(d, matchAttribute(c.profile, c.kind))
	l := &loose{id: d.ID(), externalID: d.Text("externalId"), handsOff: c.decided.handsOff(d)}
	c.others = append(c.others, l)
	for i, name := range names {
		if i == 0 {
			l.name = name
		}
		folded := resources.FoldUserName(name)
		c.named[folded] = append(c.named[folded], l)
	}
}

// job is one that looks at an account, and never sends anything.
func (c *comparison) job(row Account) *job {
	return &job{app: c.app, profile: c.profile, store: c.Store, resources: c.Resources, rulebook: c.rulebook, account: row, state: StateConfirmed}
}

// stale says that an account changed after the reading began, or so shortly before that the app need not show it yet.
func (c *comparison) stale(row Account) bool {
	return !row.ConfirmedAt.Before(c.began) || row.State == StateAccepted
}

// changedMeanwhile is the line of an account that is stale.
func changedMeanwhile(line Comparison) Comparison {
	line.Verdict, line.Action, line.Attributes = Unverifiable, ActionNone, nil
	line.Why = "it was sent while the app was read: compare again"
	return line
}

// Tally counts the lines of a comparison.
type Tally struct {
	At       time.Time       `json:"at"`
	Of       string          `json:"of,omitempty"` // App.Mark of the app as it was compared
	Verdicts map[Verdict]int `json:"verdicts"`
	Actions  map[Action]int  `json:"actions"`
}

// Add counts one line.
func (t *Tally) Add(c Comparison) {
	if t.Verdicts == nil {
		t.Verdicts, t.Actions = map[Verdict]int{}, map[Action]int{}
	}
	t.Verdicts[c.Verdict]++
	if c.Action != ActionNone {
		t.Actions[c.Action]++
	}
}
