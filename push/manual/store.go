package manual

import (
	"context"
	"time"

	"proprio/audit"
	"proprio/ownership"
)

// Query selects a company's tasks; empty fields select all. They come in the order of what is due, open ones first.
type Query struct {
	App    string
	State  State // StateLate: open ones whose time has passed; StateOpen: all open ones
	Now    time.Time
	Offset int
	Limit  int
}

// Change is what becomes of a task, written in one transaction with what follows from it: its account is due again, and the
// finding that it is late opens, changes or closes.
type Change struct {
	Task    Task
	Finding *ownership.Finding // opens or changes; nil: none does, and one of a task that is no longer late closes
	Entry   audit.Entry
	// Quiet: nothing follows for the account.
	Quiet bool
}

// Store keeps tasks. Every method is bound to one company, except LateTasks. Another company's id is resources.ErrNotFound.
// Tasks are opened, changed and withdrawn with the results of the push engine (push.Result).
type Store interface {
	// Task returns one task.
	Task(ctx context.Context, company, id string) (Task, error)
	// Tasks returns tasks.
	Tasks(ctx context.Context, company string, q Query) ([]Task, error)
	// CountTasks counts a company's tasks by state, late ones apart from those that are open; of one app when app is not empty.
	CountTasks(ctx context.Context, company, app string, now time.Time) (map[State]int, error)
	// LatestTasks returns the latest task of each User's account in an app.
	LatestTasks(ctx context.Context, company, app string) ([]Task, error)
	// ChangeTask runs f on a task, alone over all processes, and writes what it returns, in one transaction. f may run more
	// than once.
	ChangeTask(ctx context.Context, company, id string, f func(Task) (Change, error)) (Task, error)
	// LateTasks returns open tasks of all companies that are not suspended whose time has passed, and that have not come to
	// the last step of escalation; greater than after, in the order of their ids.
	LateTasks(ctx context.Context, now time.Time, after string, limit int) ([]Task, error)
}
