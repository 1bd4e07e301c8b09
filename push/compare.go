package push

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
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
	reader, profile, err := e.reader(ctx, app, "compare")
	if err != nil {
		return err
	}
	for _, kind := range []string{resources.TypeUser, resources.TypeGroup} {
		if kind == resources.TypeGroup && profile.Groups.Unsupported {
			continue
		}
		c := comparison{Engine: e, app: app, profile: profile, kind: kind, take: take, seen: map[string]bool{}, loose: map[string][]loose{}}
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
	batch   []client.Document
	seen    map[string]bool    // objects whose resource was read
	loose   map[string][]loose // resources that no account row answers for, by their folded name
}

// loose is a resource that no account row answers for.
type loose struct{ id, name, externalID string }

const compareBatch = 100 // resources, or objects, that are looked up together

func (c *comparison) run(ctx context.Context, reader *client.Client) error {
	endpoint := endpointUsers
	if c.kind == resources.TypeGroup {
		endpoint = endpointGroups
	}
	err := reader.Each(ctx, endpoint, client.ListOptions{PageSize: c.profile.Paging.Size}, func(d client.Document) error {
		c.batch = append(c.batch, d)
		if len(c.batch) < compareBatch {
			return nil
		}
		return c.settle(ctx)
	})
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
			name := c.nameOf(d)
			folded := resources.FoldUserName(name)
			c.loose[folded] = append(c.loose[folded], loose{d.ID(), name, d.Text("externalId")})
			continue
		}
		c.seen[row.ObjectID] = true
		line, err := c.known(ctx, row, d)
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

func (c *comparison) nameOf(d client.Document) string {
	attribute := c.profile.Match.User
	if c.kind == resources.TypeGroup {
		attribute = c.profile.Match.Group
	}
	if name, sub, complex := strings.Cut(attribute, "."); complex {
		for _, v := range d.Values(name) {
			if s := v.Text(sub); s != "" {
				return s
			}
		}
	}
	return d.Text(attribute)
}

// known compares a resource with the object that its account row is of.
func (c *comparison) known(ctx context.Context, row Account, d client.Document) (Comparison, error) {
	line := Comparison{ObjectType: c.kind, ObjectID: row.ObjectID, Name: row.ObjectName, RemoteID: d.ID(), Verdict: Matched, account: row}
	j := &job{app: c.app, profile: c.profile, store: c.Store, resources: c.Resources, account: row, state: StateConfirmed}
	r, standing, err := j.object(ctx)
	if err != nil {
		return line, err
	}
	p := place(c.app, c.kind, row.ObjectID, standing)
	line.Why = p.why
	if c.kind == resources.TypeGroup {
		return c.knownGroup(ctx, j, r, p, d, line)
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
	line.Attributes, line.shown = differing(c.fixedAside(want), written, d)
	if len(line.Attributes) > 0 {
		line.Verdict, line.Action = Different, ActionChange
	}
	return line, nil
}

// fixedAside is a document without what the product never changes.
func (c *comparison) fixedAside(want fields) fields {
	out := fields{}
	for key, value := range want {
		if key != "schemas" && !slices.Contains(c.profile.Users.Fixed, key) && (!slices.Contains(c.profile.Users.Fixed, "*") || key == "active") {
			out[key] = value
		}
	}
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
		if shown == nil && same(written[key], want[key]) || covers(shown, want[key]) {
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

// covers says whether a shown value holds the wanted one. Apps add to what they are sent: sub-attributes, further values.
func covers(shown, want any) bool {
	switch w := want.(type) {
	case fields:
		s, ok := shown.(fields)
		if !ok {
			return false
		}
		for key, value := range w {
			if !covers(client.Document(s).Get(key), value) {
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
			if !slices.ContainsFunc(s, func(one any) bool { return covers(one, value) }) {
				return false
			}
		}
		return true
	case string:
		s, ok := shown.(string)
		return ok && (s == w || resources.FoldUserName(s) == resources.FoldUserName(w))
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
	shown := map[string]bool{}
	for _, m := range d.Values("members") {
		shown[m.Text("value")] = true
	}
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
	standings, err := c.Store.Standings(ctx, c.app.Company, c.kind, ids)
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
		line := c.absent(id, s, p)
		line.account = rows[id]
		if err := c.takeable(ctx, &line); err != nil {
			return err
		}
		if err := c.take(line); err != nil {
			return err
		}
	}
	return nil
}

// takeable says of a User that is to be created what the product would refuse it for.
func (c *comparison) takeable(ctx context.Context, line *Comparison) error {
	if c.kind != resources.TypeUser || line.Action != ActionCreate {
		return nil
	}
	j := &job{app: c.app, profile: c.profile, store: c.Store, resources: c.Resources,
		account: Account{Company: c.app.Company, App: c.app.ID, ObjectType: c.kind, ObjectID: line.ObjectID}}
	r, _, err := j.object(ctx)
	if err != nil || r == nil {
		return err
	}
	_, err = j.wanted(ctx, r)
	if f, ok := isFailure(err); ok {
		line.Action, line.Why = ActionDecide, f.words
		return nil
	}
	return err
}

// absent is the line of an object that should be in the app and has no resource there that is known to be its own.
func (c *comparison) absent(id string, s Standing, p placement) Comparison {
	line := Comparison{ObjectType: c.kind, ObjectID: id, Name: s.Name, Verdict: Missing, Action: ActionCreate, Why: p.why}
	there := c.loose[resources.FoldUserName(s.Name)]
	delete(c.loose, resources.FoldUserName(s.Name))
	if len(there) == 0 {
		if c.kind == resources.TypeGroup && c.profile.Groups.NoCreate {
			line.Action, line.Why = ActionDecide, c.profile.Title+" creates no groups over SCIM: make it there"
		}
		return line
	}
	line.RemoteID, line.Action = there[0].id, ActionDecide
	switch {
	case len(there) > 1:
		line.Why = fmt.Sprintf("the app holds %d of that name: leave one of them there", len(there))
	case there[0].externalID == id, c.app.LinkExisting:
		line.Action, line.Why = ActionLink, "the app holds one of that name, which is taken over"
	default:
		line.Why = "the app holds one of that name that did not come from here: link it, or rename or remove it there"
	}
	return line
}

// rest hands out what the app holds besides.
func (c *comparison) rest() error {
	for _, name := range slices.Sorted(maps.Keys(c.loose)) {
		for _, l := range c.loose[name] {
			err := c.take(Comparison{ObjectType: c.kind, Name: l.name, RemoteID: l.id, Verdict: Extra, Why: "it did not come from here"})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Tally counts the lines of a comparison.
type Tally struct {
	At       time.Time       `json:"at"`
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
