package manual

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"proprio/ownership"
	"proprio/resources"
)

// Export is an app's own account list at a time, read whole.
type Export struct {
	At       time.Time
	Accounts []ownership.RemoteAccount
}

// says is what an export shows of what a task asks for.
type says int

const (
	saysNothing says = iota // it does not show this
	agrees
	contradicts
)

// accounts are an export's accounts by folded address and name.
type accounts struct {
	byName     map[string][]ownership.RemoteAccount
	tellsRoles bool
	// taken are the names that somebody is to have there: an active account under one of them is not a leaver's.
	taken map[string]bool
}

func (e Export) accounts(tasks []Task) (accounts, error) {
	out := accounts{byName: map[string][]ownership.RemoteAccount{}, taken: map[string]bool{}}
	for _, t := range tasks {
		if t.Action == ActionDeactivate || t.State == StateRefused || t.State == StateWithdrawn {
			continue
		}
		wanted, err := decode(t.Wanted)
		if err != nil {
			return out, err
		}
		for _, name := range namesIn(wanted) {
			out.taken[name] = true
		}
	}
	for _, a := range e.Accounts {
		out.tellsRoles = out.tellsRoles || len(a.Roles) > 0
		names := []string{a.UserName}
		for _, m := range a.Emails {
			names = append(names, m.Value)
		}
		folded := map[string]bool{}
		for _, name := range names {
			if f := fold(name); f != "" && !folded[f] {
				folded[f] = true
				out.byName[f] = append(out.byName[f], a)
			}
		}
	}
	return out, nil
}

// decode reads a document; nil: there is none.
func decode(text json.RawMessage) (doc map[string]any, err error) {
	if len(text) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("decode what a task asks for: %w", err)
	}
	return doc, nil
}

// namesIn are the folded names that an account is known by: to sign in with, and addresses.
func namesIn(doc map[string]any) []string {
	var names []string
	for _, attribute := range []string{"userName", "emails"} {
		s, _ := doc[attribute].(string)
		for _, name := range values(s) {
			names = append(names, fold(name))
		}
	}
	return names
}

// fold makes addresses comparable: no letter case, no space around.
func fold(s string) string { return resources.FoldUserName(strings.TrimSpace(s)) }

// of returns the account under one of some names, an active one rather than another.
func (x accounts) of(names []string) (found ownership.RemoteAccount, listed bool) {
	for _, name := range names {
		for _, a := range x.byName[name] {
			if !listed || a.Active && !found.Active {
				found, listed = a, true
			}
		}
	}
	return found, listed
}

// judge is what an export shows of a task, and what it shows instead, in words.
func (x accounts) judge(t Task) (says, string, error) {
	if t.ObjectType != resources.TypeUser {
		return saysNothing, "", nil // it lists accounts, not who is in which group
	}
	before, err := decode(t.Before)
	if err != nil {
		return saysNothing, "", err
	}
	if t.Action == ActionDeactivate {
		names := slices.DeleteFunc(namesIn(before), func(name string) bool { return x.taken[name] })
		if a, listed := x.of(names); listed && a.Active {
			return contradicts, a.UserName + " is still active", nil
		}
		return agrees, "", nil
	}
	wanted, err := decode(t.Wanted)
	if err != nil {
		return saysNothing, "", err
	}
	names := namesIn(wanted)
	if t.State == StateWithdrawn || t.State == StateRefused { // an account under a name that is somebody else's by now is theirs
		names = slices.DeleteFunc(names, func(name string) bool { return x.taken[name] })
	}
	a, listed := x.of(names)
	switch {
	case !listed:
		return contradicts, fmt.Sprint(wanted["userName"]) + " is not listed", nil
	case !a.Active:
		return contradicts, a.UserName + " is not active", nil
	case t.Action == ActionCreate, t.Action == ActionReactivate:
		return agrees, "", nil
	}
	return x.judgeLines(a, t.Lines)
}

// judgeLines looks at the attributes that a list of accounts may show: the name to sign in with, addresses, roles.
func (x accounts) judgeLines(a ownership.RemoteAccount, lines []Line) (says, string, error) {
	seen := saysNothing
	for _, l := range lines {
		var shown []string
		switch l.Attribute {
		case "userName":
			shown = []string{a.UserName}
		case "emails":
			for _, m := range a.Emails {
				shown = append(shown, m.Value)
			}
		case "displayName":
			shown = []string{a.DisplayName}
		case "roles", "entitlements":
			if !x.tellsRoles {
				continue
			}
			shown = a.Roles
		default:
			continue
		}
		if len(shown) == 1 && shown[0] == "" || l.Attribute == "emails" && len(shown) == 0 {
			continue // the list does not have it
		}
		if !covers(shown, l) {
			return contradicts, fmt.Sprintf("%s has %s %q", a.UserName, l.Attribute, strings.Join(shown, ", ")), nil
		}
		seen = agrees
	}
	return seen, "", nil
}

// covers says whether what is shown has all that is to be there, and nothing that was to go.
func covers(shown []string, l Line) bool {
	has := func(value string) bool {
		return slices.ContainsFunc(shown, func(s string) bool { return fold(s) == fold(value) })
	}
	after := values(l.After)
	for _, value := range after {
		if !has(value) {
			return false
		}
	}
	return !slices.ContainsFunc(values(l.Before), func(value string) bool { return !slices.Contains(after, value) && has(value) })
}
