package console

import (
	"context"
	"time"

	"proprio/audit"
)

// Task is what a person has to do in an app without an interface. Menu and Steps are in the reader's language.
type Task struct {
	ID          string
	App         string
	AppName     string
	Address     string // of the app's pages; may be empty
	ObjectType  string // "User" or "Group"
	ObjectID    string
	ObjectName  string // also after the object is gone
	Action      string // create, change, remove, deactivate, reactivate
	State       string // one of taskStates
	Lines       []TaskLine
	Why         string
	Responsible string // may be empty
	Menu        string
	Steps       []string
	WantedProof string // text, screenshot, export
	Revision    int64
	Opened, Due time.Time
	Closed      time.Time
	ClosedBy    string
	Proof       string
	Reference   string
	Noted       string    // what an export showed that contradicts it
	ConfirmedAt time.Time // of the export that showed it
	Told        int       // of its lateness: 1 the responsible person, 2 the administrators
}

// TaskLine is one thing to enter: Before was there, After is to be; both the same: it only helps to find the account.
type TaskLine struct{ Attribute, Before, After string }

// TaskQuery selects tasks.
type TaskQuery struct {
	State    string // open: late ones among them
	Language string
	Offset   int
	Limit    int
}

// TaskClosing is how somebody ends a task: done with a proof, or refused with a reason.
type TaskClosing struct {
	Refused   bool
	Revision  int64 // of the task as it was read
	Proof     string
	Reference string
}

// Tasks is what people do in apps without an interface. Another company's id is resources.ErrNotFound.
type Tasks interface {
	// Tasks returns tasks: open ones by what is due, others the newest first.
	Tasks(ctx context.Context, company string, q TaskQuery) ([]Task, error)
	// Task returns one task.
	Task(ctx context.Context, company, id, language string) (Task, error)
	// TaskCounts counts tasks by state.
	TaskCounts(ctx context.Context, company string) (map[string]int, error)
	// CloseTask ends a task. Without a proof it is resources.ErrInvalidValue; when the task has changed since it was read, or
	// is closed already, resources.ErrVersion.
	CloseTask(ctx context.Context, actor audit.Actor, company, id string, c TaskClosing) error
}
