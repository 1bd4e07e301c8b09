package resources

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"proprio/audit"
)

// pending is one change on its way through the directory: from a draft, through the checks and the company's policy,
// to one [Change] of the store.
type pending struct {
	*Directory
	caller   Caller
	action   audit.Action
	id       string
	before   *Resource // nil when the resource is new
	old      Document  // of before
	next     *draft
	required int64 // version that the caller insists on; 0: any
	rules    int64 // generation of the company's rules that the change was judged by
	entering bool  // a person comes in, so what was stored before excuses nothing
	loss     bool  // counts among what the connection takes away (H12)
	awaited  []Awaited
	refers   []string          // resources that the change begins to point to
	names    map[string]string // what references are called, as Resource.Names, as far as it is known
	roll     *Roll             // of the Group whose members the change names all; nil: it does not
}

// write checks the draft and stores it.
func (p *pending) write(ctx context.Context) (*Result, error) {
	members, err := p.prepare(ctx)
	if err != nil {
		return nil, err
	}
	result, err := p.store(ctx, members)
	for try := 1; isRulesChanged(err) && try < maxAttempts; try++ {
		if err := p.judge(ctx, p.rules); err != nil {
			return nil, err
		}
		result, err = p.store(ctx, members)
	}
	if IsPostTaken(err) && p.leavesAlone() {
		p.next.setHold(HoldPostTaken)
		result, err = p.store(ctx, members)
	}
	if err != nil {
		return nil, err
	}
	p.enroll(result, members)
	return result, p.await(ctx, members, result)
}

// prepare checks the draft and asks the company's rules.
func (p *pending) prepare(ctx context.Context) (*MemberChange, error) {
	if p.next.rt.Name == TypeUser {
		p.next.setHold("") // the policy says anew
	}
	if p.caller.Connection == "" && p.next.externalID != nil {
		if *p.next.externalID != "" {
			p.next.ignored = append(p.next.ignored, "externalId")
		}
		p.next.externalID = nil
	}
	if err := p.next.finish(); err != nil {
		return nil, err
	}
	if err := p.checkReferences(ctx); err != nil {
		return nil, err
	}
	if err := p.judge(ctx, 0); err != nil {
		return nil, err
	}
	members, err := p.memberChange(ctx)
	if err != nil {
		return nil, err
	}
	return members, p.guard(ctx, members)
}

// store writes what differs.
func (p *pending) store(ctx context.Context, members *MemberChange) (*Result, error) {
	change := p.change(members)
	if !change.SetBody && !change.SetExternalID && (members.empty() || p.enrolled(members)) {
		return p.result(p.before, false), nil
	}
	applied, err := p.Store.Apply(ctx, p.caller, change)
	switch {
	case IsPostTaken(err):
		return nil, err
	case errors.Is(err, ErrUniqueness):
		return nil, p.nameTaken(err)
	case err != nil:
		return nil, err
	}
	return p.applied(change, applied[0]), nil
}

// change is what the store has to write.
func (p *pending) change(members *MemberChange) Change {
	now := p.Now().UTC().Truncate(time.Microsecond)
	r := &Resource{
		Type: p.next.rt.Name, ID: p.id, Created: now, LastModified: now, MemberCount: -1,
		Index: p.next.rt.Index(p.next.doc),
	}
	r.Body, r.Hidden = p.next.rt.split(p.next.doc)
	paths := p.next.rt.difference(p.old, p.next.doc)
	c := Change{
		Resource: r, SetBody: p.before == nil || len(paths) > 0, Expected: p.required, Definition: p.next.rt.definition,
		Refers: p.refers, Loss: p.loss, Rules: p.rules,
		UniqueName: r.Type == TypeGroup && !p.caller.Switches.DuplicateGroupNames,
	}
	if p.before != nil {
		c.UniqueName = c.UniqueName && r.Index.NameFolded != p.before.Index.NameFolded
		r.Created, r.Groups, r.ExternalID = p.before.Created, p.before.Groups, p.before.ExternalID
		if c.SetBody || p.next.members != nil && p.next.members.needsMembers() {
			c.Expected = p.before.Version
		}
		c.KeepsEmails = c.Expected == p.before.Version && !slices.Contains(paths, "emails")
	}
	if id := p.next.externalID; id != nil && *id != r.ExternalID {
		r.ExternalID, c.SetExternalID = *id, true
		paths = append(paths, "externalId")
	}
	if !members.empty() {
		paths = append(paths, "members")
		if p.before != nil || len(members.Add) > 0 { // of a new Group nobody has to be taken out
			c.Members = members
		}
	}
	slices.Sort(paths)
	c.Action = p.actionOf(r.Index)
	c.Audit = audit.Entry{
		Company: p.caller.Company, At: now, Actor: p.caller.Actor, Action: c.Action, ObjectType: r.Type, ObjectID: r.ID,
		ObjectName: p.next.rt.nameOf(p.next.doc), Changed: paths, Reason: p.reason(c.Action, r.Index),
	}
	return c
}

// actionOf names a change by what it means for the person, where it means more than an edit.
func (p *pending) actionOf(now Index) audit.Action {
	if p.before == nil {
		return p.action
	}
	was := p.before.Index
	switch {
	case was.Active && !now.Active:
		return audit.ActionDeactivate
	case was.Hold == "" && now.Hold != "":
		return audit.ActionHold
	case was.Hold != "" && now.Hold == "":
		return audit.ActionRelease
	case !was.Active && now.Active:
		return audit.ActionActivate
	}
	return p.action
}

// reason is why a User is not in force, or was not until this change.
func (p *pending) reason(a audit.Action, now Index) string {
	if a == audit.ActionRelease {
		return p.before.Index.Hold
	}
	return now.Hold
}

// judge asks the company's rules about a User and notes the hold. What the rules refuse does not come in; but what is
// stored already, because the rules were others when it came, is put on hold rather than refused whenever a change
// leaves it alone: or nobody could deactivate such a User any more. outdated is as in [Policy].
func (p *pending) judge(ctx context.Context, outdated int64) error {
	if p.next.rt.Name != TypeUser {
		return nil
	}
	judged, err := p.Policy.Judge(ctx, p.caller.Company, p.next.doc, outdated)
	hold := judged.Hold
	if err != nil {
		var refusal *Error
		if !p.leavesAlone() || !errors.As(err, &refusal) || !errors.Is(err, ErrInvalidValue) {
			return err
		}
		told := *refusal
		told.Cause = nil // the hold is shown to clients
		hold = told.Error()
	}
	p.rules = judged.Rules
	p.next.setHold(hold)
	return nil
}

// leavesAlone says whether a change keeps all that the policy judges, and brings nobody in.
func (p *pending) leavesAlone() bool {
	if p.before == nil || p.entering {
		return false
	}
	if !p.before.Index.Active && p.next.rt.Index(p.next.doc).Active {
		return false
	}
	for _, path := range p.next.rt.difference(p.old, p.next.doc) {
		judged := path == "userName" || path == "emails" || strings.HasPrefix(path, SchemaOwnership+":")
		if judged && path != SchemaOwnership+":hold" {
			return false
		}
	}
	return true
}

// checkReferences looks up the Users that the change points to (manager, sponsor): they must exist (Q57). References
// that were there before are let be.
func (p *pending) checkReferences(ctx context.Context) error {
	p.refers, p.names = nil, nil
	for _, a := range p.next.rt.all() {
		id := referred(p.next.doc, a)
		if id == "" {
			continue
		}
		if id == referred(p.old, a) {
			if name, known := p.before.Names[id]; known {
				p.name(id, name)
			}
			continue
		}
		if a.Schema == SchemaOwnership && id == p.id {
			return Errorf(ErrInvalidValue, a.String()+".value", "Nobody can be their own %s.", a.Name)
		}
		if p.caller.Switches.AllowUnknownManagers && a.Schema == SchemaEnterprise {
			if err := p.awaitManager(ctx, a, id); err != nil {
				return err
			}
			continue
		}
		named, err := p.Store.Named(ctx, p.caller, []string{id})
		if err != nil {
			return err
		}
		if !slices.Contains(a.SubAttribute("$ref").References, named[id].Type) {
			return Errorf(ErrInvalidValue, a.String()+".value", "There is no %s with the id %q.",
				strings.Join(a.SubAttribute("$ref").References, " or "), shorten(id))
		}
		p.refer(id, named[id])
	}
	return p.checkOwnReferences(ctx)
}

// refer notes what the change begins to point to.
func (p *pending) refer(id string, to Named) {
	p.refers = append(p.refers, id)
	p.name(id, to.DisplayName)
}

// name notes what a reference is called, but for one to the resource itself, which the change may be renaming.
func (p *pending) name(id, displayName string) {
	if id == p.id {
		return
	}
	if p.names == nil {
		p.names = map[string]string{}
	}
	p.names[id] = displayName
}

// referred is the id that a document's reference points to.
func referred(doc Document, a *Attribute) string {
	if !a.refers() || a.isOwn() {
		return ""
	}
	object, _ := doc.get(a).(map[string]any)
	id, _ := object["value"].(string)
	return id
}

// applied is the result of a change that the store took.
func (p *pending) applied(c Change, a Applied) *Result {
	if !a.Changed {
		return p.result(p.before, false)
	}
	if a.Resource != nil { // nothing held the rest of it in place meanwhile
		a.Resource.Groups, a.Resource.Names = p.before.Groups, p.names
		return p.result(a.Resource, true)
	}
	r := *c.Resource
	r.Version, r.Names = a.Version, p.names
	return p.result(&r, true)
}

func (p *pending) result(r *Resource, changed bool) *Result {
	return &Result{Resource: r, Changed: changed, Created: p.before == nil, Ignored: p.next.ignored}
}

// nameTaken says which name another resource has.
func (p *pending) nameTaken(err error) error {
	var taken *Error
	if errors.As(err, &taken) && p.next.rt.isUniqueOwn(taken.Path) {
		return Errorf(ErrUniqueness, taken.Path, "Another %s has the same %s already; it must be unique.", p.next.rt.Name, taken.Path)
	}
	path, name := "userName", p.next.doc["userName"]
	if p.next.rt.Name == TypeGroup {
		path, name = "displayName", p.next.doc["displayName"]
	}
	text, _ := name.(string)
	e := Errorf(ErrUniqueness, path, "The %s %q is already in use by another %s.", path, shorten(text), p.next.rt.Name)
	e.Cause = err
	return e
}
