package manual

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"proprio/resources"
)

// Action is what a task asks for. Its texts are those of profiles.Manual.
type Action string

// The actions.
const (
	ActionCreate     Action = "create"
	ActionChange     Action = "change"
	ActionRemove     Action = "remove" // take away a role, or members of a Group
	ActionDeactivate Action = "deactivate"
	ActionReactivate Action = "reactivate"
)

// TakesAway says whether somebody keeps access for as long as the task is open.
func (a Action) TakesAway() bool { return a == ActionDeactivate || a == ActionRemove }

// State is where a task stands.
type State string

// The states. An open task whose time has passed is shown as late; it is stored as open.
const (
	StateOpen      State = "open"
	StateLate      State = "late"
	StateDone      State = "done"      // said to be done; no export has shown it yet
	StateConfirmed State = "confirmed" // an export has shown it
	StateRefused   State = "refused"
	StateWithdrawn State = "withdrawn" // nothing is needed any more
)

// States lists them in the order in which people care.
func States() []State {
	return []State{StateLate, StateOpen, StateDone, StateConfirmed, StateRefused, StateWithdrawn}
}

// Check refuses what is no state; empty is any.
func (s State) Check() error {
	if s != "" && !slices.Contains(States(), s) {
		return resources.Errorf(resources.ErrInvalidValue, "state", "there is no state %q of tasks; there are %v", s, States())
	}
	return nil
}

// Task is one piece of work for a person, about one object in one app.
type Task struct {
	ID         string // UUIDv7
	Company    string
	App        string
	Account    string // of the push engine
	Number     int64  // of the account's tasks, from 1
	ObjectType string // "User" or "Group"
	ObjectID   string // stays after the object is removed
	ObjectName string // for readers, also after removal

	Action Action
	Lines  []Line // what to enter there, or to take away
	Why    string // what caused it
	// Before is what the account was said to be when the task was opened, Wanted what it is once the task is done: documents
	// as in push.Account.Written; nil: no account.
	Before, Wanted json.RawMessage
	// Revision moves with every change of the task. Who closes it says which one was read.
	Revision int64
	// Applied says that the engine takes the account to be as Wanted.
	Applied bool

	State  State
	Opened time.Time
	Since  time.Time // of what it asks for now
	Due    time.Time

	Closed    time.Time // when it was said to be done, refused or withdrawn
	ClosedBy  string    // who said so
	Proof     string    // in words; why, where it was refused or withdrawn
	Reference string    // name of a file, number of a screenshot, …

	Noted       string    // what an export showed that contradicts it
	ConfirmedAt time.Time // of the export that last showed it

	Step   int       // of escalation: who was told that it is late
	StepAt time.Time // when

	// Of the app, when the task is read.
	AppName     string
	Profile     string
	Responsible string // for whom it is; may be empty
}

// Line is one thing to enter: Before was there, After is to be. Where both are the same, it only helps to find the account.
type Line struct {
	Attribute string `json:"attribute"`
	Before    string `json:"before,omitempty"`
	After     string `json:"after,omitempty"`
}

// StateAt is the state with lateness.
func (t Task) StateAt(now time.Time) State {
	if t.State == StateOpen && !now.Before(t.Due) {
		return StateLate
	}
	return t.State
}

// Closing is how a person ends a task.
type Closing struct {
	By        string
	Revision  int64 // of the task as it was read; 0: as it is now
	Proof     string
	Reference string
}

const (
	longestProof     = 2000 // characters
	longestReference = 400
)

// Done is the task said to be done.
func (t Task) Done(c Closing, now time.Time) (Task, error) {
	if strings.TrimSpace(c.Proof) == "" {
		return t, resources.Errorf(resources.ErrInvalidValue, "proof", "a proof is required: say what was done and what shows it")
	}
	return t.close(StateDone, c, now)
}

// Refuse is the task refused, with the reason as its proof.
func (t Task) Refuse(c Closing, now time.Time) (Task, error) {
	if strings.TrimSpace(c.Proof) == "" {
		return t, resources.Errorf(resources.ErrInvalidValue, "reason", "say why it cannot be done: an administrator has to decide what follows")
	}
	return t.close(StateRefused, c, now)
}

func (t Task) close(to State, c Closing, now time.Time) (Task, error) {
	proof, reference := strings.TrimSpace(c.Proof), strings.TrimSpace(c.Reference)
	switch {
	case len([]rune(proof)) > longestProof:
		return t, resources.Errorf(resources.ErrInvalidValue, "proof", "at most %d characters", longestProof)
	case len([]rune(reference)) > longestReference:
		return t, resources.Errorf(resources.ErrInvalidValue, "reference", "at most %d characters", longestReference)
	case t.State == StateWithdrawn:
		return t, resources.Errorf(resources.ErrVersion, "", "the task was withdrawn: %s. If it has been done already, undo it in the app", t.Proof)
	case t.State != StateOpen:
		return t, resources.Errorf(resources.ErrVersion, "", "the task is %s already, by %s", t.State, t.ClosedBy)
	case c.Revision != 0 && c.Revision != t.Revision:
		return t, resources.Errorf(resources.ErrVersion, "", "the task has changed since it was read: look what it asks for now")
	}
	t.State, t.Closed, t.ClosedBy, t.Proof, t.Reference = to, now, c.By, proof, reference
	t.Noted, t.Step, t.StepAt = "", 0, time.Time{}
	t.Revision++
	return t, nil
}
