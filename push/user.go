package push

import (
	"context"
	"errors"
	"maps"

	"proprio/resources"
	"proprio/scim/client"
)

// user brings one User's account to what is wanted now.
func (j *job) user(ctx context.Context) error {
	r, standing, err := j.object(ctx)
	if err != nil {
		return err
	}
	p := place(j.app, resources.TypeUser, j.account.ObjectID, standing)
	j.why = p.why
	if p.broken != nil {
		return p.broken
	}
	j.account.Wish = p.wish
	if standing.Exists {
		j.account.ObjectName = standing.Name
	}
	if err := j.recognise(ctx); err != nil {
		return err
	}
	if p.wish == WishInactive {
		return j.retire(ctx, r)
	}
	want, err := j.wanted(ctx, r)
	if err != nil {
		if p.active {
			return err
		}
		return errors.Join(j.retireOnly(ctx), err) // what is missing must not keep a leaver's access open
	}
	if j.account.RemoteID != "" {
		return j.keep(ctx, r, want, p.active)
	}
	if !p.active {
		return j.stayAway(ctx, r, want)
	}
	return j.provision(ctx, r, want)
}

// wanted is the document for the app, with the manager's id there.
func (j *job) wanted(ctx context.Context, r *resources.Resource) (fields, error) {
	manager := j.read(r).manager()
	j.account.Manager = manager
	if manager == "" {
		return j.wantedUser(ctx, r, "")
	}
	accounts, err := j.store.AccountsIn(ctx, j.account.Company, j.account.App, resources.TypeUser, []string{manager})
	if err != nil {
		return nil, err
	}
	row, known := accounts[manager]
	if row.RemoteID == "" {
		j.managerMissing = true
		if known && row.Wish == WishActive {
			j.state, j.note = StatePartial, "the manager "+row.ObjectName+" is not in the app yet; sent as soon as it is"
		}
	}
	return j.wantedUser(ctx, r, row.RemoteID)
}

// provision finds or creates the account of a User that should have one.
func (j *job) provision(ctx context.Context, r *resources.Resource, want fields) error {
	found, err := j.ensure(ctx, j.matchValue(want), j.sendable(want))
	if err != nil {
		return err
	}
	j.appeared(r)
	if found != nil {
		if j.account.Origin != OriginLinked || j.former.ID != "" {
			j.kept = nil // to this person it is a new account: nothing in it is to stay
		}
		return j.settleIn(ctx, want, found)
	}
	j.account.Written = encodeFields(want)
	j.changed = append(j.changed, "create")
	return nil
}

// appeared notes that the account came to life in the app: its Groups and those it manages have to be told again.
func (j *job) appeared(r *resources.Resource) {
	j.account.Epoch++
	j.raiseReports = true
	j.raiseOwnGroups(r)
}

func (j *job) raiseOwnGroups(r *resources.Resource) {
	if r == nil {
		return // a removed User is in no Group; those it was in were marked with its removal
	}
	for _, g := range r.Groups {
		j.raiseGroups = append(j.raiseGroups, g.ID)
	}
}

// stayAway deals with an inactive User that has no account in the app: none is made, but one whose creation was begun
// is found and deactivated.
func (j *job) stayAway(ctx context.Context, r *resources.Resource, want fields) error {
	found, err := j.orphan(ctx)
	if err != nil || found == nil {
		return err
	}
	j.appeared(r)
	return j.settleIn(ctx, want, found)
}

// orphan finds the resource of a creation whose answer was never heard. Nil: there is none, and the job is done.
func (j *job) orphan(ctx context.Context) (client.Document, error) {
	if j.account.Begun == "" {
		return nil, j.absent()
	}
	found, err := j.find(ctx, j.account.Begun)
	if f, ok := isFailure(err); ok && f.class == ClassNeedsAdmin && !f.appWide {
		return nil, j.absent() // what is there under the name is not ours, so there is nothing to take away
	}
	if err != nil {
		return nil, err
	}
	if found == nil || j.account.Origin == OriginLinked {
		j.changed, j.former = nil, Account{}
		return nil, j.absent()
	}
	return found, nil
}

// keep brings an account that is there up to date, and makes it again when somebody removed it in the app.
func (j *job) keep(ctx context.Context, r *resources.Resource, want fields, active bool) error {
	written, err := j.lastWritten()
	if err != nil {
		return err
	}
	was, told := written["active"]
	revived := active && told && was != true
	if revived {
		if err := j.mayReactivate(ctx, written); err != nil {
			return err
		}
		if err := j.reviving(ctx); err != nil {
			return err
		}
	}
	if written == nil {
		err = j.linked(ctx, r, want)
	} else {
		err = j.update(ctx, want, written, written)
	}
	if err == nil && revived {
		j.account.Epoch++ // apps forget a deactivated account's memberships: its Groups send it again
		j.raiseOwnGroups(r)
	}
	f, ok := isFailure(err)
	if !ok {
		return err
	}
	gone, check := j.gone(ctx, f)
	switch {
	case check != nil:
		return check
	case !gone:
		return err
	case !active:
		return j.absent()
	}
	j.account.RemoteID, j.account.Written, j.account.Origin, j.account.Begun = "", nil, "", ""
	if want, err = j.wanted(ctx, r); err != nil {
		return err
	}
	return j.provision(ctx, r, want)
}

// mayReactivate looks, where the app cannot reactivate over SCIM, whether an admin has done it there.
func (j *job) mayReactivate(ctx context.Context, written fields) error {
	if !j.profile.Users.NoReactivation {
		return nil
	}
	j.doing("look up")
	doc, err := j.client.Get(ctx, endpointUsers, j.account.RemoteID)
	if err != nil {
		return judge(err, onObject)
	}
	if !doc.Flag("active", true) {
		return needs(ClassNeedsAdmin, "%s cannot reactivate an account over this interface: reactivate %s there, then retry",
			j.profile.Title, j.account.ObjectName)
	}
	written["active"] = true
	return nil
}

// update sends the difference between two documents. written is what is known to have been written (for what to
// remove), known what the app is known to hold.
func (j *job) update(ctx context.Context, want, written, known fields) error {
	want = j.changeable(j.settled(want, known), known)
	ops := difference(j.profile, known, want)
	if written == nil {
		ops = difference(j.profile, nil, without(want, known))
	}
	ops = j.trimmed(ops)
	if len(ops) == 0 {
		j.account.Written, j.account.Begun = encodeFields(want), ""
		return nil
	}
	off := want["active"] == false && known["active"] != false
	j.doing("update")
	if off {
		if err := j.mayEnd(ctx); err != nil {
			return err
		}
		j.doing("deactivate")
		if j.profile.Users.Deactivate == "delete" {
			return j.endAlone(ctx, known)
		}
	}
	err := j.send(ctx, ops, written, want)
	if noTarget(err) {
		if rest := withoutVain(ops, known); len(rest) == 0 {
			err = nil
		} else if len(rest) < len(ops) {
			err = j.send(ctx, rest, written, want)
		}
	}
	if err == nil {
		j.account.Written, j.account.Begun = encodeFields(want), ""
		j.changed = append(j.changed, touched(ops)...)
		return nil
	}
	if written != nil && unheard(err) {
		j.account.Written = encodeFields(doubted(written, want))
	}
	f := judge(err, onObject)
	if off && len(ops) > 1 && f.class == ClassNeedsData {
		return j.onlyDeactivate(ctx, known, f)
	}
	return f
}

// endAlone takes the access away where the product's way is DELETE. What else differs waits until the account is back.
func (j *job) endAlone(ctx context.Context, known fields) error {
	if err := j.switchOff(ctx, known); err != nil {
		return judge(err, onObject)
	}
	return nil
}

// changeable is what is wanted without what the product fixes at creation. A userName that is fixed is a person's to deal
// with, once all else is done.
func (j *job) changeable(want, known fields) fields {
	users := j.profile.Users
	if len(users.Fixed) == 0 {
		return want
	}
	out := maps.Clone(want)
	for _, key := range keys(want, known) {
		if !users.Fixes(key) {
			continue
		}
		if value, there := known[key]; there {
			out[key] = value
		} else {
			delete(out, key)
		}
	}
	before, _ := known["userName"].(string)
	after, _ := want["userName"].(string)
	if out["userName"] == after || before == "" {
		return out
	}
	j.stuck = needs(ClassNeedsAdmin, "%s never changes a userName: the account is still %q there, not %q. Everything else was sent. "+
		"Where the person needs the new name, make a new account there by hand and remove this one", j.profile.Title, before, after)
	return out
}

// without is what of want is not among known, schemas aside.
func without(want, known fields) fields {
	out := fields{}
	for key, value := range want {
		if have, ok := known[key]; !ok || !same(have, value) {
			out[key] = value
		}
	}
	return out
}

// onlyDeactivate takes the access away when the app refuses a change that would do more than that.
func (j *job) onlyDeactivate(ctx context.Context, known fields, refused *failure) error {
	if err := j.switchOff(ctx, known); err != nil {
		return judge(err, onObject)
	}
	refused.words = "the account is deactivated, but the app refuses the rest of the change: " + refused.words
	return refused
}

// send writes a change the way the profile says.
func (j *job) send(ctx context.Context, ops []client.Operation, written, want fields) error {
	if j.profile.Update == "patch" {
		_, err := j.client.Patch(ctx, endpointUsers, j.account.RemoteID, ops)
		return err
	}
	remote, err := j.client.Get(ctx, endpointUsers, j.account.RemoteID)
	if err != nil {
		return err
	}
	_, err = j.client.Replace(ctx, endpointUsers, j.account.RemoteID, j.sendable(merged(remote, written, j.asThere(want, remote))))
	return err
}
