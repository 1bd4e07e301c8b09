package push

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"proprio/push/manual"
	"proprio/resources"
)

// mostByHand is how many members a Group may have that a person keeps.
const mostByHand = 1000

// groupByHandRecord is what was said to be done of a Group: Account.Written of its row. Members are names by the id of the User here.
type groupByHandRecord struct {
	DisplayName string            `json:"displayName"`
	Members     map[string]string `json:"members"`
}

// groupByHand finds out what a Group needs.
func (j *job) groupByHand(ctx context.Context, r *resources.Resource, p placement) error {
	record, ending, err := j.readByHand(ctx)
	if err != nil {
		return err
	}
	there := j.account.Origin != ""
	if p.wish == WishInactive {
		if !there {
			return j.absent()
		}
		lines := append([]manual.Line{{Attribute: "displayName", Before: record.DisplayName}}, manual.Members(record.Members, nil)...)
		j.needs(manual.ActionRemove, record, nil, lines...)
		return nil
	}
	if j.profile.Groups.Unsupported {
		return needs(ClassUnsupported, "%s has no groups", j.profile.Title)
	}
	want := groupByHandRecord{DisplayName: j.account.ObjectName}
	if want.DisplayName == "" {
		return needs(ClassNeedsData, "the Group has no displayName: give it one in the identity provider")
	}
	waiting := 0
	if want.Members, waiting, err = j.membersByHand(ctx, r); err != nil {
		return err
	}
	maps.Copy(want.Members, ending)
	if len(want.Members) > mostByHand {
		return needs(ClassUnsupported, "the Group has %d members; nobody keeps more than %d by hand: limit the app's scope", len(want.Members), mostByHand)
	}
	if waiting > 0 {
		j.state, j.note = StatePartial, fmt.Sprintf("%d members are not in the app yet; each is asked for as soon as it is", waiting)
	}
	j.changeByHand(record, want, there)
	return nil
}

// changeByHand notes what turns one record of a Group into another.
func (j *job) changeByHand(record, want groupByHandRecord, there bool) {
	var lines []manual.Line
	if record.DisplayName != want.DisplayName {
		lines = append(lines, manual.Line{Attribute: "displayName", Before: record.DisplayName, After: want.DisplayName})
	}
	members := manual.Members(record.Members, want.Members)
	lines = append(lines, members...)
	switch {
	case !there:
		j.needs(manual.ActionCreate, nil, want, lines...)
	case len(lines) == 0:
	case len(members) > 0 && members[0].Before != "": // who leaves comes first
		j.needs(manual.ActionRemove, record, want, lines...)
	default:
		j.needs(manual.ActionChange, record, want, lines...)
	}
}

// readByHand reads what was said to be done of the Group, without those members whose account was deactivated since: they are
// put in again when they come back. ending are those whose access is to end: that takes them out, and nobody is asked twice.
func (j *job) readByHand(ctx context.Context) (record groupByHandRecord, ending map[string]string, err error) {
	record, ending = groupByHandRecord{Members: map[string]string{}}, map[string]string{}
	if len(j.account.Written) > 0 {
		if err := json.Unmarshal(j.account.Written, &record); err != nil {
			return record, nil, fmt.Errorf("decode what was said to be done of a Group: %w", err)
		}
	}
	ids := slices.Collect(maps.Keys(record.Members))
	accounts, err := j.store.AccountsIn(ctx, j.account.Company, j.account.App, resources.TypeUser, ids)
	if err != nil {
		return record, nil, err
	}
	maps.DeleteFunc(record.Members, func(id, _ string) bool { return !onByHand(accounts[id]) })
	for id, name := range record.Members {
		if accounts[id].Wish != WishActive {
			ending[id] = name
		}
	}
	if j.account.Origin != "" {
		j.account.Written = encodeFields(record)
	}
	return record, ending, nil
}

// onByHand says whether somebody was said to have access.
func onByHand(a Account) bool {
	doc, err := decodeFields(a.Written)
	return err == nil && a.Origin != "" && doc["active"] != false
}

// membersByHand are the names of a Group's members that were said to be in the app, by id, and how many it is still to get.
func (j *job) membersByHand(ctx context.Context, r *resources.Resource) (names map[string]string, waiting int, err error) {
	names = map[string]string{}
	caller := resources.Caller{Company: j.account.Company}
	for after := ""; len(names) <= mostByHand; {
		page, err := j.resources.Members(ctx, caller, r.ID, after, memberPage)
		if err != nil || len(page) == 0 {
			return names, waiting, err
		}
		after = page[len(page)-1].ID
		ids := make([]string, len(page))
		for i, m := range page {
			ids[i] = m.ID
		}
		accounts, err := j.store.AccountsIn(ctx, j.account.Company, j.account.App, resources.TypeUser, ids)
		if err != nil {
			return nil, 0, err
		}
		for id, a := range accounts {
			switch {
			case a.Wish != WishActive:
			case onByHand(a):
				names[id] = a.ObjectName
			case a.State != StateRemoved:
				waiting++
			}
		}
	}
	return names, waiting, nil
}
