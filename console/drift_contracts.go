package console

import (
	"context"
	"time"

	"proprio/audit"
)

// Comparison is how all that an app holds stood to the directory when it was last read.
type Comparison struct {
	Begun, Finished time.Time // zero: never
	Running         bool      // one goes on; what is told is of the one before
	Broken          bool      // the last one was broken off
	Error           string    // why the last one has no result
	Of              string    // App.Mark of the app as it was compared
	Repaired        int       // accounts that were sent again
	Verdicts        map[string]int
	Actions         map[string]int
	Lines           []ComparisonLine // what is not as it should be, the first thousand
}

// ComparisonLine is a User or Group, an account in the app, or both.
type ComparisonLine struct {
	ObjectType, ObjectID, Name string // ObjectID is empty for what the directory does not know
	RemoteID                   string
	Verdict                    string // different, missing, extra, unverifiable
	Action                     string // what would be done: create, change, deactivate, link, decide; empty: nothing
	Attributes                 []string
	Why                        string
}

// Drift compares apps with the directory.
type Drift interface {
	// Comparison returns the last one; a zero one when there was none.
	Comparison(ctx context.Context, company, app string) (Comparison, error)
	// Compare begins one, after one that goes on if the app has changed since, and returns when it is finished, or after a moment. With repair it has what is
	// different or missing sent again.
	Compare(ctx context.Context, actor audit.Actor, company, app string, repair bool) error
}

// differenceVerdicts are the verdicts of lines, those that need attention first.
func differenceVerdicts() []string { return []string{"different", "missing", "extra", "unverifiable"} }

// plannedActions are what would be done.
func plannedActions() []string { return []string{"create", "change", "deactivate", "link", "decide"} }

// Differ is how many are not as they should be.
func (c Comparison) Differ() int {
	n := 0
	for _, verdict := range differenceVerdicts() {
		n += c.Verdicts[verdict]
	}
	return n
}

// Planned is what would be done, in the order of plannedActions: an action and how often.
func (c Comparison) Planned() []Planned {
	var out []Planned
	for _, action := range plannedActions() {
		if n := c.Actions[action]; n > 0 {
			out = append(out, Planned{action, n})
		}
	}
	return out
}

// Planned is an action that would be done so often.
type Planned struct {
	Action string
	N      int
}

// Known says that there is a result to show.
func (c Comparison) Known() bool { return !c.Finished.IsZero() && c.Error == "" }
