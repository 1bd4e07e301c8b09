package push

import (
	"context"
	"encoding/json"
	"time"

	"proprio/audit"
	"proprio/ownership"
)

// Verb is what an administrator decided about an account that an app holds and that did not come from here.
type Verb string

// The decisions.
const (
	VerbLink   Verb = "link"   // it is a person's, and the engine answers for it from now on
	VerbAdopt  Verb = "adopt"  // the same, and the person's company address takes the place of what it had
	VerbLeave  Verb = "leave"  // it is not the company's: do not ask again
	VerbExcept Verb = "except" // it may stay as it is until a date
	VerbReopen Verb = "reopen" // one of the last two is taken back
	VerbUnlink Verb = "unlink" // a link is: the engine forgets the account
)

// Decision is what was decided about one account of an app, by whom, and why. An account has one at most: the last.
type Decision struct {
	Company   string `json:"-"`
	App       string `json:"-"`
	Account   string `json:"-"` // remote id; of a list without ids its address, folded
	ByAddress bool   `json:"-"` // Account is an address
	Address   string `json:"-"` // of the account, folded; empty: it has none
	Name      string `json:"-"` // what a reader recognises the account by

	Verb        Verb      `json:"verb"`
	User        string    `json:"user,omitempty"`        // id of the person it was linked to
	UserName    string    `json:"userName,omitempty"`    // and the userName at that time
	Until       time.Time `json:"until,omitzero"`        // of an exception
	Responsible string    `json:"responsible,omitempty"` // address of who answers for an exception
	Reason      string    `json:"reason,omitempty"`
	At          time.Time `json:"at"`
	By          string    `json:"by"` // who decided

	// What only the deciding needs, and is not kept.
	Keys    []string        `json:"-"` // names and addresses of the account, folded: what was decided under one of them is over
	Holder  string          `json:"-"` // id of the row that was seen to answer for the account; empty: none was
	Written json.RawMessage `json:"-"` // of a link: what the account is known to hold; nil: nothing, the app is asked
}

// Export is an export of an app's accounts that somebody gave. An app has one at most: the last.
type Export struct {
	Company, App string
	At           time.Time
	By           string
	Notes        []string // how it was read
	Listing
}

// Due says that an exception has ended, so that somebody has to decide again.
func (d Decision) Due(now time.Time) bool { return d.Verb == VerbExcept && !d.Until.After(now) }

// SetAside says that somebody decided what the account is, and that it is nobody's here. So it is with an exception that has
// ended: it ends by a decision, and not by itself.
func (d Decision) SetAside() bool { return d.Verb == VerbLeave || d.Verb == VerbExcept }

// HandsOff says that the engine does not touch the account.
func (d Decision) HandsOff() bool { return d.SetAside() || d.Verb == VerbUnlink }

// Discoveries is what account discovery needs: whose an account may be, and what was decided.
type Discoveries interface {
	ownership.Facts
	// NumberedUsers returns the ids of the company's Users that have one of the employee numbers, by it.
	NumberedUsers(ctx context.Context, company string, numbers []string) (map[string][]string, error)
	// Decisions returns what was decided about an app's accounts.
	Decisions(ctx context.Context, company, app string) ([]Decision, error)
	// DecisionsOn returns what was decided about accounts of an app with one of the remote ids or folded addresses.
	DecisionsOn(ctx context.Context, company, app string, ids, addresses []string) ([]Decision, error)
	// Decide records decisions that change nothing about the accounts, in the place of all earlier ones about them. An account
	// that a row answers for is resources.ErrUniqueness. The entries are recorded in the same transaction.
	Decide(ctx context.Context, decisions []Decision, entries ...audit.Entry) error
	// Reopen takes back what was decided about an account that nobody answers for; nothing is resources.ErrNotFound.
	Reopen(ctx context.Context, d Decision, entry audit.Entry) error
	// Unlink takes the account of a decision away from its User, who is looked at anew. One that is not linked to that User is
	// resources.ErrNotFound; one that is being sent is resources.ErrBusy. The entry is recorded in the same transaction.
	Unlink(ctx context.Context, now time.Time, d Decision, entry audit.Entry) error
	// LinkAccounts makes accounts those of the decisions' Users, due to be sent, all of them or none. An account that belongs
	// to another, or a User who has another, is resources.ErrUniqueness; a User whose account is being sent is
	// resources.ErrBusy. What has already been done is no error. They take the place of all earlier decisions. The entries are recorded in the same transaction.
	LinkAccounts(ctx context.Context, now time.Time, links []Decision, entries ...audit.Entry) error
}
