package push

import (
	"context"

	"proprio/scim/client"
)

// settleIn brings an account that was found in the app in line with its User. Where a former User of the directory left
// it, Account.Written is what was written for that one, and what the new one does not have goes: nobody inherits
// another's telephone number. Anything else that the app has about the account stays.
func (j *job) settleIn(ctx context.Context, want fields, found client.Document) error {
	written, err := decodeFields(j.account.Written)
	if err != nil {
		return err
	}
	known := j.foundIn(found, want)
	if written != nil {
		known = inherited(written, want, found)
	}
	j.account.Written = encodeFields(known)
	if written != nil && want["active"] != false && known["active"] == false {
		if err := j.mayReactivate(ctx, known); err != nil {
			return err
		}
	}
	return j.update(ctx, want, written, known)
}

// inherited is what the app is known to hold of an account that was written for somebody else, as far as it was written
// or is wanted: what the app shows, and what was written where it shows nothing and the attribute is to go. What is
// wanted and not shown is sent again, but for the state, which some apps keep to themselves.
func inherited(written, want fields, remote client.Document) fields {
	out := fields{}
	for _, key := range keys(written, want) {
		before, wrote := written[key]
		wanted, wants := want[key]
		switch shown := remote.Get(key).(type) {
		case nil:
			if wrote && (!wants || key == "active") {
				out[key] = before
			}
		case fields:
			b, _ := before.(fields)
			w, _ := wanted.(fields)
			out[key] = inherited(b, w, client.Document(shown))
		default:
			out[key] = shown
		}
	}
	return out
}

// formerID is the externalId of a resource when it is that of the object it was made for, before this one took over.
func (j *job) formerID(found client.Document) string {
	if id := found.Text("externalId"); j.former.ID != "" && id == j.former.ObjectID {
		return id
	}
	return ""
}
