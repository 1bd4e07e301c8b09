package console

import (
	"context"
	"io"
	"time"

	"proprio/audit"
)

// Found is how the accounts that an app holds stand to the directory.
type Found struct {
	Read      bool      // there is a list
	At        time.Time // when it was read, or given
	Export    bool      // it is an export that By gave
	By        string
	Exported  time.Time      // when an export was given; zero: there is none
	Notes     []string       // how the export was read, and what the list does not show
	Relations map[string]int // relation → count
	Open      int            // wait for a decision
	Decided   int            // were left or excepted
	Accounts  []FoundAccount
}

// FoundAccount is an account of an app, and whose it may be.
type FoundAccount struct {
	Key                   string // what it is known by in the app
	UserName, DisplayName string // UserName is what a reader recognises it by
	Emails, Roles         []string
	Active, Administrator bool
	Outside               bool   // it opens by an address that is none of the company's
	Relation              string // one of relations
	By                    string // the attribute that a matched one was recognised by
	People                []Holder
	Others                []string // the same person's other accounts in the app
	Why                   string
	Verdict               string
	Reasons               []string
	Decision              *AccountDecision
	Open                  bool // it waits for a decision
}

// Holder is somebody whose an account may be.
type Holder struct{ ID, Name string }

// relations are how accounts stand to the directory.
func relations() []string { return []string{"matched", "unmatched", "ambiguous", "linked"} }

// AccountDecision is what somebody decides, or decided, about an account that did not come from here.
type AccountDecision struct {
	Verb        string // one of verbs
	Person      string // userName: of those that link
	Until       time.Time
	Responsible string // who answers for an exception
	Reason      string
	At          time.Time
	By          string
}

// The decisions.
const (
	verbLink   = "link"   // it is a person's, and kept up to date from now on
	verbAdopt  = "adopt"  // the same, and the person's address takes the place of its own
	verbLeave  = "leave"  // it is not the company's
	verbExcept = "except" // it stays as it is until a date
	verbReopen = "reopen" // one of the last two is taken back
	verbUnlink = "unlink" // that it is a person's is taken back
)

func verbs() []string {
	return []string{verbLink, verbAdopt, verbLeave, verbExcept, verbReopen, verbUnlink}
}

// Links is what linking all accounts that are surely one person's would do.
type Links struct {
	Links []FoundAccount
	Held  []HeldLink
	Mark  string // of Links: other ones have another
}

// HeldLink is an account that is surely one person's and wants a decision of its own.
type HeldLink struct {
	FoundAccount
	Because string
}

// Discovery decides about the accounts that an app holds and that did not come from here.
type Discovery interface {
	// Found says whose the accounts may be that an app listed when it was last read, or that the last export of it has. Of an app
	// without an interface there is only the export.
	Found(ctx context.Context, company, app string, export bool) (Found, error)
	// Decide decides about one of them. What cannot be done is resources.ErrInvalidValue, ErrUniqueness, ErrMutability or
	// ErrBusy, with words for a reader; an account or person that is not there is resources.ErrNotFound.
	Decide(ctx context.Context, actor audit.Actor, company, app string, export bool, key string, d AccountDecision) error
	// Links says what LinkAll would do.
	Links(ctx context.Context, company, app string, export bool) (Links, error)
	// LinkAll reads the app again, unless it is about an export, and links all that is surely one person's, provided that this is what was shown: mark is that
	// of the Links that were. Otherwise it does nothing, and stale is true.
	LinkAll(ctx context.Context, actor audit.Actor, company, app string, export bool, mark, reason string) (linked int, stale bool, err error)
	// Upload keeps an export of an app's accounts in the place of an earlier one. One that cannot be read is
	// resources.ErrInvalidSyntax or ErrInvalidValue, with its lines.
	Upload(ctx context.Context, actor audit.Actor, company, app string, in io.Reader, o ExportOptions) error
	// Forget takes the export away.
	Forget(ctx context.Context, actor audit.Actor, company, app string) error
}
