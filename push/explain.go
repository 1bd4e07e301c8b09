package push

import (
	"context"

	"proprio/resources"
)

// Explanation is why a User or Group is in an app as it is, or is not: scope, match, difference. All of it is known here;
// the app is not asked.
type Explanation struct {
	Account  Account // what is known of it there; without an ID: it was never to be there
	Exists   bool    // in the directory
	Wish     Wish    // what it should be in the app
	Active   bool    // of a User: with access
	Why      string  // what decides that
	Match    Match   // what it is looked for by, before it is made
	Refused  string  // what the product would refuse it for; empty: nothing
	Changes  []Change
	LinkAuto bool // an account under the same name is taken over
}

// Match is what an object is looked for by in an app.
type Match struct{ Attribute, Value string }

// Change is one attribute of which the app should hold something else than what was last written there.
type Change struct {
	Attribute       string
	Written, Wanted []byte // JSON; nil: nothing
}

// Explain says why an object is in an app as it is.
func (e *Engine) Explain(ctx context.Context, app App, objectType, objectID string) (Explanation, error) {
	profile, err := e.Profile(app)
	if err != nil {
		return Explanation{}, err
	}
	rows, err := e.Store.AccountsIn(ctx, app.Company, app.ID, objectType, []string{objectID})
	if err != nil {
		return Explanation{}, err
	}
	standings, err := e.standings(ctx, app, objectType, []string{objectID})
	if err != nil {
		return Explanation{}, err
	}
	row, known := rows[objectID]
	standing := standings[objectID]
	if !known && !standing.Exists {
		return Explanation{}, resources.Errorf(resources.ErrNotFound, "", "there is no %s %s", objectType, objectID)
	}
	if !known {
		row = Account{Company: app.Company, App: app.ID, ObjectType: objectType, ObjectID: objectID, ObjectName: standing.Name}
	}
	p := place(app, objectType, objectID, standing)
	out := Explanation{Account: row, Exists: standing.Exists, Wish: p.wish, Active: p.active, Why: p.why, LinkAuto: app.LinkExisting}
	j := &job{app: app, profile: profile, store: e.Store, resources: e.Resources, rulebook: e.rulebook, account: row}
	if p.broken != nil {
		out.Refused = p.broken.words
		return out, nil
	}
	err = j.explain(ctx, &out)
	return out, err
}

// explain adds what follows from the object itself.
func (j *job) explain(ctx context.Context, out *Explanation) error {
	out.Match = Match{Attribute: j.matchAttribute(), Value: j.account.ObjectName}
	r, standing, err := j.object(ctx)
	if err != nil || r == nil {
		return err
	}
	j.account.ObjectName = standing.Name
	want := fields{"displayName": standing.Name}
	written := fields{}
	if j.account.ObjectType == resources.TypeGroup {
		record, err := readGroupRecord(j.account.Written)
		if err != nil {
			return err
		}
		if record.DisplayName != "" {
			written["displayName"] = record.DisplayName
		}
	} else {
		want, err = j.wanted(ctx, r)
		if f, ok := isFailure(err); ok {
			out.Refused = f.words
			return nil
		}
		if err == nil {
			written, err = decodeFields(j.account.Written)
		}
		if err != nil {
			return err
		}
		want = j.settled(want, written)
	}
	out.Match.Value = j.matchValue(want)
	if out.Wish == WishActive {
		out.Changes = changesOf(written, want)
	}
	return nil
}

// changesOf lists the attributes that differ, sorted.
func changesOf(written, want fields) []Change {
	var out []Change
	for _, key := range keys(written, want) {
		if key == "schemas" || same(written[key], want[key]) {
			continue
		}
		change := Change{Attribute: key}
		if value, ok := written[key]; ok {
			change.Written = encodeFields(value)
		}
		if value, ok := want[key]; ok {
			change.Wanted = encodeFields(value)
		}
		out = append(out, change)
	}
	return out
}
