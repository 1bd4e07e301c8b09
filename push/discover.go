package push

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"proprio/ownership"
	"proprio/push/profiles"
	"proprio/resources"
	"proprio/scim/client"
)

// Relation is how an account of an app stands to the directory.
type Relation string

// The relations.
const (
	Linked    Relation = "linked"    // the engine answers for it
	Fitting   Relation = "matched"   // it is one person's, and that person has no other in the app
	Nobodys   Relation = "unmatched" // nobody of the directory bears its name or an address of it
	Ambiguous Relation = "ambiguous" // several people do, or one person who has several accounts
)

// Listing is all the accounts of an app, as the app or an export of it tells them.
type Listing struct {
	Export    bool // it came from a file
	Old       bool // it was read a while ago: an account is looked up before it becomes somebody's
	ByAddress bool // it has no ids: an account's is its address, folded
	Accounts  []ownership.RemoteAccount
}

// Discovery is how all accounts of an app stand to the directory. Nothing was changed by finding out.
type Discovery struct {
	At        time.Time        `json:"at"`
	Export    bool             `json:"export"` // seen in a file, not in the app
	Relations map[Relation]int `json:"relations"`
	Left      int              `json:"left"`       // decided to be not the company's
	Excepted  int              `json:"exceptions"` // in force
	Due       int              `json:"due"`        // exceptions that have ended
	Open      int              `json:"open"`       // wait for a decision
	Warnings  []string         `json:"warnings,omitempty"`
	Accounts  []Found          `json:"accounts"`
}

// Found is one account of an app, and whose it may be.
type Found struct {
	RemoteID      string   `json:"remoteId,omitempty"`
	UserName      string   `json:"userName"`
	DisplayName   string   `json:"displayName,omitempty"`
	Emails        []string `json:"emails,omitempty"`
	Active        bool     `json:"active"`
	Administrator bool     `json:"administrator,omitempty"`
	Roles         []string `json:"roles,omitempty"`
	LastUsed      string   `json:"lastUsed,omitempty"` // as the app writes it

	Relation Relation `json:"relation"`
	By       string   `json:"by,omitempty"`     // the attribute that a matched one was recognised by
	People   []Person `json:"people,omitempty"` // whose it is, or among whom nobody can choose
	Others   []string `json:"others,omitempty"` // the same person's other accounts in the app
	Why      string   `json:"why"`

	Verdict  ownership.Verdict  `json:"verdict"`
	Reasons  []ownership.Reason `json:"reasons,omitempty"`
	Decision *Decision          `json:"decision,omitempty"`
	Open     bool               `json:"open"` // it waits for a decision

	key       string // remote id, or the address
	holder    string // the engine's row of a linked one
	byAddress bool
	export    bool // it was seen elsewhere than in the app, or a while ago
	free      bool // linked to somebody whose access is taken away
	account   ownership.ObservedAccount
}

// Person is somebody of the directory.
type Person struct {
	ID       string `json:"id"`
	UserName string `json:"userName"`
	// Closes says why the account would be deactivated once it is this person's; empty: it would be kept up to date.
	Closes string `json:"closes,omitempty"`
	// Unclear says why nobody knows that; empty: it is known.
	Unclear string `json:"unclear,omitempty"`
}

// Name is what a reader recognises the account by.
func (f Found) Name() string {
	for _, s := range append([]string{f.UserName, f.DisplayName}, f.Emails...) {
		if s != "" {
			return s
		}
	}
	return f.key
}

// Key is what the app knows the account by: its id, or of a list without ids its address, folded.
func (f Found) Key() string { return f.key }

// aliases are the names and addresses that the account is known by, folded.
func (f Found) aliases() []string {
	keys := f.account.AddressKeys()
	if f.UserName != "" {
		keys = append(keys, resources.FoldUserName(f.UserName))
	}
	if f.byAddress {
		keys = append(keys, f.key)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Outside says that the account opens by an address that is none of the company's.
func (f Found) Outside() bool { return f.account.Has(ownership.ReasonOutsideDomain) }

// List reads all accounts of an app, or says why it cannot.
func (e *Engine) List(ctx context.Context, app App) (Listing, error) {
	var list Listing
	profile, err := e.Profile(app)
	if err != nil {
		return list, err
	}
	if profile.ByHand() {
		return list, resources.Errorf(resources.ErrInvalidValue, "", "%s has no interface to read accounts from: export them there, and give the file", profile.Title)
	}
	err = e.EachUser(ctx, app, func(u client.Document, p profiles.Profile) error {
		a, err := ownership.AccountFromSCIM(u, ownership.Roles(p.Roles))
		list.Accounts = append(list.Accounts, a)
		return err
	})
	if err != nil {
		return Listing{}, fmt.Errorf("the accounts of %s were not read to the end, so none is shown: %w", app.Name, err)
	}
	return list, nil
}

// Discover says how each account of a list stands to the directory. It sends nothing, and changes nothing here.
func (e *Engine) Discover(ctx context.Context, app App, list Listing) (Discovery, error) {
	d := discovery{Engine: e, app: app, list: list, now: e.Now()}
	if err := d.read(ctx); err != nil {
		return Discovery{}, err
	}
	out := Discovery{At: d.now.UTC(), Export: list.Export, Relations: map[Relation]int{}, Accounts: d.found}
	for i := range out.Accounts {
		out.count(&out.Accounts[i], d.now)
	}
	profile, err := e.Profile(app)
	if err == nil && profile.Users.ListsOwn && !list.Export {
		out.Warnings = append(out.Warnings, profile.Title+" lists only accounts that came over its interface: export the others there, and give the file")
	}
	return out, err
}

func (d *Discovery) count(f *Found, now time.Time) {
	d.Relations[f.Relation]++
	f.Open = f.Relation != Linked
	if f.Open && f.Decision != nil {
		switch {
		case f.Decision.Verb == VerbLeave:
			d.Left++
			f.Open = false
		case f.Decision.Due(now):
			d.Due++
		case f.Decision.Verb == VerbExcept:
			d.Excepted++
			f.Open = false
		}
	}
	if f.Open {
		d.Open++
	}
}

// Account finds an account by its id, or else by its user name or an address, in any letter case.
func (d Discovery) Account(name string) (Found, error) {
	var found []Found
	folded := resources.FoldUserName(name)
	for _, f := range d.Accounts {
		if f.RemoteID != "" && f.RemoteID == name {
			return f, nil
		}
		if folded != "" && slices.ContainsFunc(append([]string{f.UserName}, f.Emails...), func(s string) bool { return resources.FoldUserName(s) == folded }) {
			found = append(found, f)
		}
	}
	switch len(found) {
	case 0:
		return Found{}, resources.Errorf(resources.ErrNotFound, "", "the app lists no account %q, neither by id nor by user name or address", name)
	case 1:
		return found[0], nil
	}
	ids := make([]string, len(found))
	for i, f := range found {
		ids[i] = f.key
	}
	return Found{}, resources.Errorf(resources.ErrUniqueness, "", "the app lists %d accounts %q: say which by its id: %s", len(found), name, strings.Join(ids, ", "))
}
