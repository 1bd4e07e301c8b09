package push

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"proprio/push/manual"
	"proprio/resources"
	"proprio/scim/client"
)

// byHand brings an account of a product without an interface to what is wanted. What is missing there becomes a task for a
// person; what somebody said to be done counts as done. The account is there once it has an origin.
func (j *job) byHand(ctx context.Context) error {
	latest, err := j.store.LatestTask(ctx, j.account.Company, j.account.ID)
	if err != nil && !errors.Is(err, resources.ErrNotFound) {
		return err
	}
	j.need = &manual.Need{Seen: latest, Applied: latest.Applied}
	r, standing, err := j.object(ctx)
	if err != nil {
		return err
	}
	p := place(j.app, j.account.ObjectType, j.account.ObjectID, standing)
	j.why = p.why
	if p.broken != nil {
		return p.broken
	}
	j.account.Wish = p.wish
	if standing.Exists {
		j.account.ObjectName = standing.Name
	}
	j.learn(latest, r)
	if j.account.ObjectType == resources.TypeGroup {
		err = j.groupByHand(ctx, r, p)
	} else {
		err = j.userByHand(ctx, r, p)
	}
	j.managerMissing = false // nobody enters managers
	if err != nil {
		return err
	}
	return j.handOver(latest)
}

// learn takes over what was said of the account since: that a task was done, or, against it, that it was not.
func (j *job) learn(latest manual.Task, r *resources.Resource) {
	done := latest.State == manual.StateDone || latest.State == manual.StateConfirmed
	said := latest.Wanted
	switch {
	case done && !latest.Applied:
	case latest.State == manual.StateOpen && latest.Applied:
		said = latest.Before
	default:
		return
	}
	j.need.Applied = done
	j.account.Written, j.changed = said, append(j.changed, string(latest.Action))
	if len(said) == 0 {
		j.account.Origin = ""
	} else if j.account.Origin == "" {
		j.account.Origin = OriginCreated
	}
	if j.account.ObjectType == resources.TypeUser {
		j.account.Epoch++
		j.raiseOwnGroups(r)
	}
}

// userByHand finds out what a User's account needs.
func (j *job) userByHand(ctx context.Context, r *resources.Resource, p placement) error {
	attributes := j.profile.Manual.Attributes
	doc, err := decodeFields(j.account.Written)
	if err != nil {
		return err
	}
	written := manual.Flat(doc, attributes)
	there := j.account.Origin != ""
	if there && written == nil { // linked, and nobody said what it holds
		written = fields{"active": true, "userName": j.account.ObjectName}
	}
	if p.wish == WishInactive || !p.active {
		return j.endByHand(written, p)
	}
	wanted, err := j.wanted(ctx, r)
	if err != nil {
		return err
	}
	j.state, j.note = StateConfirmed, ""
	want := manual.Flat(wanted, attributes)
	for _, path := range j.kept {
		if name := strings.Join(path, "."); there && written[name] != nil {
			want[name] = written[name]
		} else if there {
			delete(want, name)
		}
	}
	if there && j.account.Origin == OriginLinked && j.account.Epoch == 0 {
		j.linkedByHand(r, written, want)
	}
	switch {
	case !there:
		if err := j.undecided(ctx, wanted); err != nil {
			return err
		}
		j.needs(manual.ActionCreate, nil, want, manual.Difference(nil, want, attributes)...)
	case written["active"] == false:
		j.needs(manual.ActionReactivate, written, want, manual.Difference(nil, want, attributes)...)
	default:
		lines := manual.Difference(written, want, attributes)
		if len(lines) == 0 {
			return nil
		}
		action := manual.ActionChange
		if manual.Loses(lines) {
			action = manual.ActionRemove
		}
		j.needs(action, written, want, lines...)
	}
	return nil
}

// endByHand asks for the end of a User's access, where there is any.
func (j *job) endByHand(written fields, p placement) error {
	if j.account.Origin == "" {
		return j.absent()
	}
	if written["active"] != false {
		want := maps.Clone(written)
		want["active"] = false
		name, _ := written["userName"].(string)
		j.needs(manual.ActionDeactivate, written, want, manual.Line{Attribute: "userName", Before: name, After: name})
	}
	if p.wish == WishInactive {
		j.state = StateRemoved
	}
	return nil
}

// linkedByHand takes over an account that an admin linked: what nobody said of it counts as wanted, so that only known
// differences are asked for, and those that come later.
func (j *job) linkedByHand(r *resources.Resource, written, want fields) {
	for path, value := range want {
		if _, known := written[path]; !known {
			written[path] = value
		}
	}
	j.account.Written = encodeFields(written)
	j.account.Epoch++
	j.raiseOwnGroups(r)
}

// needs notes what is to be done.
func (j *job) needs(action manual.Action, before, wanted any, lines ...manual.Line) {
	j.need.Action, j.need.Lines = action, lines
	j.need.Days = j.profile.Manual.Procedure(string(action)).Days
	j.need.Before, j.need.Wanted = nil, nil
	if doc, ok := before.(fields); before != nil && (!ok || doc != nil) {
		j.need.Before = encodeFields(before)
	}
	if wanted != nil {
		j.need.Wanted = encodeFields(wanted)
	}
}

// handOver says where the account stands once its need is known.
func (j *job) handOver(latest manual.Task) error {
	j.need.Why = j.why
	if j.need.Action != "" && latest.State == manual.StateRefused && j.need.Asks(latest) {
		return needs(ClassNeedsAdmin, "%s refused to do it: %s. Talk to %s; retry has it asked again", latest.ClosedBy, latest.Proof, latest.ClosedBy)
	}
	j.need.Known = true
	switch {
	case j.need.Action != "":
		j.state, j.note = StateWaiting, latest.Noted
		if latest.State != manual.StateOpen {
			j.note = ""
		}
	case latest.State == manual.StateDone && j.state != StatePartial:
		j.note = fmt.Sprintf("said to be done by %s on %s; no export of accounts has shown it yet", latest.ClosedBy, latest.Closed.Format(time.DateOnly))
	case latest.State == manual.StateConfirmed:
		j.account.ConfirmedAt = latest.ConfirmedAt
	}
	return nil
}

// hand is a product without an interface: there is nobody to call.
type hand struct{ title string }

func (h hand) refuse() error {
	return resources.Errorf(resources.ErrInvalidValue, "", "%s has no interface to read or write: read an export of its accounts back instead "+
		"(proprio app confirm)", h.title)
}

// Each implements Remote.
func (h hand) Each(context.Context, string, client.ListOptions, func(client.Document) error) error {
	return h.refuse()
}

// Get implements Remote.
func (h hand) Get(context.Context, string, string) (client.Document, error) { return nil, h.refuse() }

// Create implements Remote.
func (h hand) Create(context.Context, string, any) (client.Document, error) { return nil, h.refuse() }

// Replace implements Remote.
func (h hand) Replace(context.Context, string, string, any) (client.Document, error) {
	return nil, h.refuse()
}

// Patch implements Remote.
func (h hand) Patch(context.Context, string, string, []client.Operation) (client.Document, error) {
	return nil, h.refuse()
}

// Delete implements Remote.
func (h hand) Delete(context.Context, string, string) error { return h.refuse() }

// Recording implements Remote.
func (h hand) Recording(func(client.Exchange)) Remote { return h }
