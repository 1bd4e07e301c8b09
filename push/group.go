package push

import (
	"context"
	"encoding/json"
	"fmt"

	"proprio/resources"
)

// groupRecord is what was written of a Group: Account.Written of its row. Members are by their id in the app, each with
// the epoch of its account when it was sent. Members that others put into the Group are not in it, and not touched.
type groupRecord struct {
	DisplayName string           `json:"displayName"`
	ExternalID  string           `json:"externalId,omitempty"` // of a former Group, until it is replaced
	Members     map[string]int64 `json:"members"`
}

func readGroupRecord(written json.RawMessage) (groupRecord, error) {
	r := groupRecord{}
	if len(written) > 0 {
		if err := json.Unmarshal(written, &r); err != nil {
			return r, fmt.Errorf("decode what was written of a Group: %w", err)
		}
	}
	if r.Members == nil {
		r.Members = map[string]int64{}
	}
	return r, nil
}

// group brings one Group and its members to what is wanted now.
func (j *job) group(ctx context.Context) error {
	r, standing, err := j.object(ctx)
	if err != nil {
		return err
	}
	p := place(j.app, resources.TypeGroup, j.account.ObjectID, standing)
	j.why, j.account.Wish = p.why, p.wish
	if err := j.recognise(ctx); err != nil {
		return err
	}
	if p.wish == WishInactive {
		return j.dissolve(ctx)
	}
	j.account.ObjectName = standing.Name
	if j.profile.Groups.Unsupported {
		return needs(ClassUnsupported, "%s takes no groups over this interface", j.profile.Title)
	}
	if standing.Name == "" {
		return needs(ClassNeedsData, "the Group has no displayName: give it one in the identity provider")
	}
	if broken := breaks(j.profile.Groups.Name, standing.Name); broken != "" {
		return needs(ClassNeedsData, "%s takes no group name %s: change it in the identity provider", j.profile.Title, broken)
	}
	err = j.bringGroup(ctx, r)
	f, ok := isFailure(err)
	if !ok || f.class != ClassGone || j.account.RemoteID == "" {
		return err
	}
	gone, check := j.gone(ctx, f)
	switch {
	case check != nil:
		return check
	case !gone:
		return err
	}
	j.account.RemoteID, j.account.Written, j.account.Origin = "", nil, ""
	return j.bringGroup(ctx, r)
}

// bringGroup makes the Group where it is missing, then its name, then its members.
func (j *job) bringGroup(ctx context.Context, r *resources.Resource) error {
	name := j.account.ObjectName
	if j.account.RemoteID == "" {
		body := fields{"schemas": []any{resources.SchemaGroup}, "displayName": name, "externalId": r.ID}
		found, err := j.ensure(ctx, name, body)
		if err != nil {
			return err
		}
		record, err := readGroupRecord(j.account.Written) // a former Group's, where this one takes over from it
		if err != nil {
			return err
		}
		record.DisplayName = name
		if found != nil {
			record.DisplayName, record.ExternalID = found.Text("displayName"), j.formerID(found)
		} else {
			j.changed = append(j.changed, "create")
		}
		j.account.Written = encodeFields(record)
	}
	record, err := readGroupRecord(j.account.Written)
	if err != nil {
		return err
	}
	renamed := j.rename(ctx, &record, name)
	if f, ok := isFailure(renamed); ok && (f.appWide || f.class == ClassGone) {
		return renamed
	}
	if err := j.members(ctx, r, &record); err != nil {
		return err
	}
	return renamed // a name that is refused does not keep the members from following
}

// rename writes a changed displayName, and this Group's id in the place of a former one's.
func (j *job) rename(ctx context.Context, record *groupRecord, name string) error {
	before, want := fields{"displayName": record.DisplayName}, fields{"displayName": name}
	if record.ExternalID != "" && !j.profile.Groups.NoRename {
		before["externalId"], want["externalId"] = record.ExternalID, j.account.ObjectID
	}
	ops := difference(j.profile, before, want)
	if len(ops) == 0 {
		return nil
	}
	if j.profile.Groups.NoRename {
		return needs(ClassUnsupported, "%s cannot rename a group: it is still called %q there", j.profile.Title, record.DisplayName)
	}
	j.doing("update")
	if _, err := j.client.Patch(ctx, endpointGroups, j.account.RemoteID, ops); err != nil {
		if unheard(err) {
			record.DisplayName = "" // the one or the other
			j.account.Written = encodeFields(record)
		}
		return judge(err, onObject)
	}
	record.DisplayName, record.ExternalID = name, ""
	j.account.Written = encodeFields(record)
	j.changed = append(j.changed, touched(ops)...)
	return nil
}

// dissolve takes away what a Group gave in the app. One that this engine created is deleted, where the profile does
// not object: it stands for nothing any more, holds nobody's data, and its name would be in the way of a successor.
// One that was linked belonged to somebody before: only the members put in from here are taken out again.
func (j *job) dissolve(ctx context.Context) error {
	if j.account.RemoteID == "" {
		found, err := j.orphan(ctx)
		if err != nil || found == nil {
			return err
		}
	}
	err := j.takeApart(ctx)
	if f, ok := isFailure(err); ok {
		gone, check := j.gone(ctx, f)
		if check != nil {
			return check
		}
		if gone {
			return j.absent()
		}
	}
	if err != nil {
		return err
	}
	j.state, j.note = StateRemoved, ""
	return nil
}

func (j *job) takeApart(ctx context.Context) error {
	record, err := readGroupRecord(j.account.Written)
	if err != nil {
		return err
	}
	if j.account.Origin != OriginCreated || j.profile.Groups.Removal != "delete" {
		return j.sendMembers(ctx, &record, nil)
	}
	j.doing("delete")
	if err := j.client.Delete(ctx, endpointGroups, j.account.RemoteID); err != nil {
		return judge(err, onObject)
	}
	j.changed = append(j.changed, "delete")
	return j.absent()
}
