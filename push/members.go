package push

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"proprio/push/profiles"
	"proprio/resources"
	"proprio/scim/client"
)

// memberPage is how many members are read and looked up at once.
const memberPage = 1000

// members brings a Group's members in line: Users that the app holds now. One that it does not hold yet leaves the
// Group partial; its own confirmation makes the Group due again.
func (j *job) members(ctx context.Context, r *resources.Resource, record *groupRecord) error {
	want, waiting, err := j.wantedMembers(ctx, r)
	if err != nil {
		return err
	}
	if waiting > 0 {
		j.state, j.note = StatePartial, fmt.Sprintf("%d members are not in the app yet; each is added as soon as it is", waiting)
	}
	if err := j.forgetUnlinked(ctx, record, want); err != nil {
		return err
	}
	return j.sendMembers(ctx, record, want)
}

// forgetUnlinked takes members off the record that are not to be touched any more.
func (j *job) forgetUnlinked(ctx context.Context, record *groupRecord, want map[string]int64) error {
	var leaving []string
	for id := range record.Members {
		if _, stays := want[id]; !stays {
			leaving = append(leaving, id)
		}
	}
	if len(leaving) == 0 {
		return nil
	}
	decisions, err := j.store.DecisionsOn(ctx, j.account.Company, j.account.App, leaving, nil)
	for _, d := range decisions {
		if d.HandsOff() {
			delete(record.Members, d.Account)
		}
	}
	return err
}

// wantedMembers are the ids in the app of those of a Group's members that it holds, each with the epoch of its account, and
// how many it is still to get.
func (j *job) wantedMembers(ctx context.Context, r *resources.Resource) (want map[string]int64, waiting int, err error) {
	want = map[string]int64{}
	caller := resources.Caller{Company: j.account.Company}
	for after := ""; ; {
		page, err := j.resources.Members(ctx, caller, r.ID, after, memberPage)
		if err != nil || len(page) == 0 {
			return want, waiting, err
		}
		after = page[len(page)-1].ID
		late, err := j.held(ctx, page, want)
		if err != nil {
			return nil, 0, err
		}
		waiting += late
	}
}

// held adds to want those of a page's members that the app holds, and counts those that it is still to get.
func (j *job) held(ctx context.Context, page []resources.Member, want map[string]int64) (waiting int, err error) {
	var ids []string
	for _, m := range page {
		if m.Type == resources.TypeUser {
			ids = append(ids, m.ID)
		}
	}
	accounts, err := j.store.AccountsIn(ctx, j.account.Company, j.account.App, resources.TypeUser, ids)
	if err != nil {
		return 0, err
	}
	for _, a := range accounts {
		switch {
		case a.Wish != WishActive:
		case a.RemoteID != "":
			want[a.RemoteID] = a.Epoch
		case a.State != StateRemoved:
			waiting++
		}
	}
	return waiting, nil
}

// memberChange is one member to take out or to put in.
type memberChange struct {
	id     string
	remove bool
	epoch  int64
}

// sendMembers sends the difference to what was sent before, and keeps the record call by call, so that a call that
// fails half-way through a large Group costs no second sending of the rest.
func (j *job) sendMembers(ctx context.Context, record *groupRecord, want map[string]int64) error {
	changes := memberChanges(record.Members, want)
	if len(changes) == 0 {
		return nil
	}
	defer func() { j.account.Written = encodeFields(record) }()
	changes, err := j.unsent(ctx, record, changes)
	if err != nil {
		return err
	}
	j.doing("members")
	var refused error
	for _, chunk := range chunked(j.profile.Members, changes) {
		err := j.sendChunk(ctx, record, chunk)
		if f, ok := isFailure(err); ok && f.class == ClassNeedsData && len(chunk) > 1 {
			// The app refuses the call because of one of them: the others are sent one by one.
			err = nil
			for _, one := range chunk {
				f, ok := isFailure(j.sendChunk(ctx, record, []memberChange{one}))
				if ok && f.class != ClassNeedsData {
					return f
				}
				if ok {
					refused = f
				}
			}
		}
		if f, ok := isFailure(err); ok && f.class == ClassNeedsData {
			refused = f
		} else if err != nil {
			return err
		}
	}
	if refused == nil && len(changes) >= verifiedFrom && !j.profile.Members.Unreadable && !j.rehearsed {
		return j.verifyMembers(ctx, record, want)
	}
	return refused
}

// unsent leaves out of changes who is in the Group already, and notes them as sent. It reads the Group only when somebody may
// well be: apps ought not to hold a member twice (RFC 7644 §3.5.2.1 only advises them), but some do, and show them twice.
func (j *job) unsent(ctx context.Context, record *groupRecord, changes []memberChange) ([]memberChange, error) {
	anew := j.account.Attempts > 0 || j.account.Origin == OriginLinked && len(record.Members) == 0
	mayBeIn := func(c memberChange) bool {
		_, sent := record.Members[c.id]
		return !c.remove && (anew || sent)
	}
	if j.profile.Members.Unreadable || !slices.ContainsFunc(changes, mayBeIn) {
		return changes, nil
	}
	j.doing("look up")
	shown, err := j.shownMembers(ctx)
	if err != nil {
		return nil, err
	}
	changes = slices.DeleteFunc(changes, func(c memberChange) bool {
		if c.remove || !shown[c.id] {
			return false
		}
		record.Members[c.id] = c.epoch
		return true
	})
	return changes, nil
}

// shownMembers are the ids of the members that the app shows of a Group.
func (j *job) shownMembers(ctx context.Context) (map[string]bool, error) {
	doc, err := j.client.Get(ctx, endpointGroups, j.account.RemoteID)
	if err != nil {
		return nil, judge(err, onObject)
	}
	return membersOf(doc), nil
}

// membersOf are the ids of the members that a Group shows.
func membersOf(doc client.Document) map[string]bool {
	shown := map[string]bool{}
	for _, m := range doc.Values("members") {
		shown[m.Text("value")] = true
	}
	return shown
}

// verifiedFrom is how many changes of members are looked at afterwards: some apps keep the first hundred and say yes.
const verifiedFrom = 100

// verifyMembers reads a Group whose members were sent. Those that the app took and does not show are not on record any more,
// so that they are sent again.
func (j *job) verifyMembers(ctx context.Context, record *groupRecord, want map[string]int64) error {
	shown, err := j.shownMembers(ctx)
	if err != nil {
		return err
	}
	lost := 0
	for id := range want {
		if !shown[id] {
			delete(record.Members, id)
			lost++
		}
	}
	if lost == 0 {
		return nil
	}
	return needs(ClassNeedsData, "the app took %d members and shows %d of them: does it bound how many a group may have? "+
		"Make the group smaller, or retry", len(want), len(want)-lost)
}

// memberChanges is what turns one set of members into another: first who leaves, then who comes, each in order. A
// member whose account came to life again is sent again.
func memberChanges(sent, want map[string]int64) []memberChange {
	var out []memberChange
	for _, id := range slices.Sorted(maps.Keys(sent)) {
		if _, stays := want[id]; !stays {
			out = append(out, memberChange{id: id, remove: true})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(want)) {
		if epoch, there := sent[id]; !there || epoch != want[id] {
			out = append(out, memberChange{id: id, epoch: want[id]})
		}
	}
	return out
}

// chunked divides changes into calls of the size that the product takes.
func chunked(m profiles.Members, changes []memberChange) [][]memberChange {
	var out [][]memberChange
	for len(changes) > 0 {
		n := 0
		removals, others := 0, map[bool]int{}
		for n < len(changes) && n < m.PerCall {
			if c := changes[n]; c.remove && m.Remove != "value" {
				removals++ // one operation each
			} else {
				others[c.remove] = 1 // one operation for all
			}
			if removals+others[true]+others[false] > m.OperationsPerCall {
				break
			}
			n++
		}
		n = max(n, 1)
		out = append(out, changes[:n])
		changes = changes[n:]
	}
	return out
}

// memberOperations are the PATCH operations for changes, in the profile's form.
func memberOperations(m profiles.Members, changes []memberChange) []client.Operation {
	var ops []client.Operation
	var leave, come []any
	for _, c := range changes {
		switch {
		case !c.remove:
			come = append(come, fields{"value": c.id})
		case m.Remove == "value":
			leave = append(leave, fields{"value": c.id})
		default:
			ops = append(ops, client.Operation{Op: "remove", Path: "members[value eq " + quote(c.id) + "]"})
		}
	}
	if len(leave) > 0 {
		ops = append(ops, client.Operation{Op: "remove", Path: "members", Value: leave})
	}
	if len(come) > 0 {
		ops = append(ops, client.Operation{Op: "add", Path: "members", Value: come})
	}
	return ops
}

// sendChunk sends one call and notes it. A member to take out that is not there is out.
func (j *job) sendChunk(ctx context.Context, record *groupRecord, chunk []memberChange) error {
	_, err := j.client.Patch(ctx, endpointGroups, j.account.RemoteID, memberOperations(j.profile.Members, chunk))
	if err != nil && !(len(chunk) == 1 && chunk[0].remove && noTarget(err)) {
		j.doubtMembers(record, chunk, err)
		return judge(err, onObject)
	}
	for _, c := range chunk {
		if c.remove {
			delete(record.Members, c.id)
		} else {
			record.Members[c.id] = c.epoch
		}
	}
	if !slices.Contains(j.changed, "members") {
		j.changed = append(j.changed, "members")
	}
	return nil
}
