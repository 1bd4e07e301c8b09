package push

import (
	"context"

	"proprio/resources"
	"proprio/scim/client"
)

// retire takes a User's access to the app away: it left the scope, is on hold, or was removed. r is nil when it was
// removed. The row stays as a tombstone until the app has confirmed.
func (j *job) retire(ctx context.Context, r *resources.Resource) error {
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
	j.state, j.note = StateRemoved, ""
	j.managerMissing = false
	return nil
}

// retireOnly makes the account inactive, whatever else may be wanted of it.
func (j *job) retireOnly(ctx context.Context) error {
	written, err := decodeFields(j.account.Written)
	if err != nil {
		return err
	}
	if j.account.RemoteID == "" || written["active"] == false {
		return nil
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
	case j.profile.Users.Deactivate == "delete":
		err = j.client.Delete(ctx, endpointUsers, j.account.RemoteID)
	case j.profile.Update == "put":
		want := fields{"active": false}
		err = j.send(ctx, nil, nil, want)
	default:
		op := client.Operation{Op: "replace", Path: "active", Value: false}
		if j.profile.PatchForm == "object" {
			op = client.Operation{Op: "replace", Value: fields{"active": false}}
		}
		_, err = j.client.Patch(ctx, endpointUsers, j.account.RemoteID, []client.Operation{op})
	}
	if err != nil {
		return err
	}
	after := fields{}
	for key, value := range written {
		after[key] = value
	}
	after["active"] = false
	j.account.Written = encodeFields(after)
	j.changed = append(j.changed, "active")
	return nil
}
