package push

import (
	"context"
	"slices"

	"proprio/resources"
	"proprio/scim/client"
)

// retire takes a User's access to the app away: it left the scope, is on hold, or was removed. r is nil when it was
// removed. The row stays as a tombstone until the app has confirmed.
func (j *job) retire(ctx context.Context, r *resources.Resource) error {
	ended := j.account.RemoteID != "" && !live(j.account)
	if j.account.RemoteID == "" {
		found, err := j.orphan(ctx)
		if err != nil || found == nil {
			return err
		}
		written, err := decodeFields(j.account.Written)
		if err != nil {
			return err
		}
		if written == nil {
			written = fields{"userName": j.account.ObjectName}
		}
		written["active"] = found.Flag("active", true)
		j.account.Written = encodeFields(written)
	}
	if err := j.retireOnly(ctx); err != nil {
		return err
	}
	j.raiseOwnGroups(r)
	if ended && j.mayDelete() {
		return j.delete(ctx)
	}
	j.state, j.note = StateRemoved, ""
	j.managerMissing = false
	return nil
}

// retireOnly makes the account inactive, whatever else may be wanted of it.
func (j *job) retireOnly(ctx context.Context) error {
	written, err := j.lastWritten()
	if err != nil {
		return err
	}
	if j.account.RemoteID == "" || written["active"] == false {
		return nil
	}
	if err := j.mayEnd(ctx); err != nil {
		return err
	}
	j.doing("deactivate")
	err = j.switchOff(ctx, written)
	if err != nil {
		f := judge(err, onObject)
		gone, check := j.gone(ctx, f)
		switch {
		case check != nil:
			return check
		case !gone:
			return f
		}
		return j.absent()
	}
	return nil
}

// switchOff sends the profile's deactivation and notes it in Written.
func (j *job) switchOff(ctx context.Context, written fields) error {
	var err error
	switch {
	case j.profile.Users.Deactivate == "delete" && j.account.Origin == OriginLinked:
		err = j.switchOffLinked(ctx)
	case j.profile.Users.Deactivate == "delete":
		err = j.client.Delete(ctx, endpointUsers, j.account.RemoteID)
	default:
		err = j.sendInactive(ctx)
	}
	after := fields{}
	for key, value := range written {
		after[key] = value
	}
	after["active"] = false
	if err != nil {
		if written != nil && unheard(err) {
			j.account.Written = encodeFields(doubted(written, after))
		}
		return err
	}
	j.account.Written, j.account.Begun = encodeFields(after), ""
	j.changed = append(j.changed, "active")
	return nil
}

// sendInactive writes active=false the way the profile says.
func (j *job) sendInactive(ctx context.Context) error {
	if j.profile.Update == "put" {
		return j.send(ctx, nil, nil, fields{"active": false})
	}
	op := client.Operation{Op: "replace", Path: "active", Value: false}
	if j.profile.PatchForm == "object" {
		op = client.Operation{Op: "replace", Value: fields{"active": false}}
	}
	_, err := j.client.Patch(ctx, endpointUsers, j.account.RemoteID, []client.Operation{op})
	return err
}

// switchOffLinked deactivates an account that was there before, where the product's way is DELETE. What the engine did
// not create it does not delete: the account is made inactive, and where the product cannot do that, a person has to.
func (j *job) switchOffLinked(ctx context.Context) error {
	on, err := j.shownActive(ctx)
	if err != nil || !on {
		return err
	}
	err = j.sendInactive(ctx)
	if err == nil && j.rehearsed {
		return nil
	}
	if err == nil {
		on, err = j.shownActive(ctx)
	}
	if err == nil && !on {
		return nil
	}
	if err == nil || slices.Contains([]Class{ClassNeedsData, ClassUnsupported}, judge(err, onObject).class) {
		return needs(ClassNeedsAdmin, "%s takes access away only by deleting the account, and this one (id %s) was there before it "+
			"was linked: deactivate or delete it in the app by hand, then retry", j.profile.Title, j.account.RemoteID)
	}
	return err
}

// shownActive says whether the app shows the account as active; so it counts when it does not say.
func (j *job) shownActive(ctx context.Context) (bool, error) {
	doc, err := j.client.Get(ctx, endpointUsers, j.account.RemoteID)
	if err != nil {
		return false, err
	}
	return doc.Flag("active", true), nil
}
