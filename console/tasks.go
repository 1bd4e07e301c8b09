package console

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"proprio/audit"
	"proprio/resources"
)

// The states of tasks, as the pages name them.
const (
	taskLate      = "late"
	taskOpen      = "open"
	taskDone      = "done"
	taskConfirmed = "confirmed"
	taskRefused   = "refused"
	taskWithdrawn = "withdrawn"
)

// taskStates are the states that the list can be limited to; open has the late ones in it.
func taskStates() []string {
	return []string{taskOpen, taskDone, taskConfirmed, taskRefused, taskWithdrawn}
}

type tasksPage struct {
	State  string
	States []taskTab
	Late   int
	List   []Task
	Pager  pager
}

// taskTab is one state with how many tasks are in it.
type taskTab struct {
	State string
	N     int
}

// tasks lists what people have to do, what is late first.
func (c *Console) tasks(v *visit) error {
	ctx, company, q := v.r.Context(), v.session.Company, v.r.URL.Query()
	counts, err := c.Tasks.TaskCounts(ctx, company)
	if err != nil {
		return err
	}
	p := tasksPage{State: oneOf(q.Get("state"), taskStates()...), Late: counts[taskLate]}
	if p.State == "" {
		p.State = taskOpen
	}
	counts[taskOpen] += counts[taskLate]
	for _, state := range taskStates() {
		p.States = append(p.States, taskTab{state, counts[state]})
	}
	number := pageNumber(q, "page")
	p.List, err = c.Tasks.Tasks(ctx, company, TaskQuery{State: p.State, Language: v.lang, Offset: (number - 1) * pageSize, Limit: pageSize})
	if err != nil {
		return err
	}
	p.Pager = newPager(v.r, "page", number, len(p.List), counts[p.State])
	return c.render(v, http.StatusOK, "tasks", p)
}

// taskPage is one task, and what its reader wrote in the form when that was not enough.
type taskPage struct {
	Task
	IsOpen           bool
	Proof, Reference string
	Problem          string // message key of what is wrong with the form
	Refusing         bool   // it is the form of the refusal
	Timeline         []audit.Entry
}

// task shows one task, with the forms that end it.
func (c *Console) task(v *visit) error {
	p, err := c.newTaskPage(v)
	if err != nil {
		return err
	}
	return c.render(v, http.StatusOK, "task", p)
}

// newTaskPage reads the task that the path names, and what became of it so far.
func (c *Console) newTaskPage(v *visit) (p taskPage, err error) {
	ctx, company := v.r.Context(), v.session.Company
	if p.Task, err = c.Tasks.Task(ctx, company, v.r.PathValue("id"), v.lang); err != nil {
		return p, err
	}
	p.IsOpen = p.State == taskOpen || p.State == taskLate
	p.Timeline, err = c.Log.Entries(ctx, company, audit.Query{ObjectType: "task", ObjectID: p.ID, Limit: timelineLength})
	return p, err
}

func (c *Console) finishTask(v *visit) error { return c.closeTask(v, false) }

func (c *Console) refuseTask(v *visit) error { return c.closeTask(v, true) }

// closeTask ends a task. A form that lacks something comes back with what was written in it.
func (c *Console) closeTask(v *visit, refused bool) error {
	ctx, company, id, form := v.r.Context(), v.session.Company, v.r.PathValue("id"), v.r.PostForm
	revision, err := strconv.ParseInt(form.Get("revision"), 10, 64)
	if err != nil || revision < 1 {
		revision = -1 // never that of a task: whoever sends this has not read it
	}
	closing := TaskClosing{Refused: refused, Revision: revision, Proof: form.Get("proof"), Reference: form.Get("reference")}
	err = c.Tasks.CloseTask(ctx, v.actor(), company, id, closing)
	switch {
	case errors.Is(err, resources.ErrVersion):
		if now, err := c.Tasks.Task(ctx, company, id, v.lang); err != nil || !closing.made(now, v.actor()) {
			return back(v, "/tasks/"+url.PathEscape(id), "problem", "task-changed")
		}
	case errors.Is(err, resources.ErrInvalidValue):
		p, err := c.newTaskPage(v)
		if err != nil {
			return err
		}
		p.Proof, p.Reference, p.Refusing = closing.Proof, closing.Reference, refused
		p.Problem = closing.problem()
		return c.render(v, http.StatusUnprocessableEntity, "task", p)
	case err != nil:
		return err
	}
	if refused {
		return back(v, "/tasks", "done", "task-refused")
	}
	return back(v, "/tasks", "done", "task-done")
}

// made says that a task is as this closing left it: its form was sent twice, by a double click.
func (c TaskClosing) made(t Task, by audit.Actor) bool {
	state := map[bool]string{true: taskRefused, false: taskDone}[c.Refused]
	return t.State == state && t.Revision == c.Revision+1 && t.ClosedBy == by.Name && t.Proof == strings.TrimSpace(c.Proof) && t.Reference == strings.TrimSpace(c.Reference)
}

// problem is what is wrong with a form that was not taken, as a message key.
func (c TaskClosing) problem() string {
	switch {
	case strings.TrimSpace(c.Proof) != "":
		return "task.problem.long"
	case c.Refused:
		return "task.problem.reason"
	}
	return "task.problem.proof"
}
