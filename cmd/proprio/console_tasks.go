package main

import (
	"context"

	"proprio/audit"
	"proprio/console"
	"proprio/push/manual"
)

// consoleTasks shows the console what people do in apps without an interface.
type consoleTasks struct{ i *instance }

// Tasks implements console.Tasks.
func (x consoleTasks) Tasks(ctx context.Context, company string, q console.TaskQuery) ([]console.Task, error) {
	tasks, err := x.i.db.Tasks(ctx, company, manual.Query{State: manual.State(q.State), Now: x.i.now(), Offset: q.Offset, Limit: q.Limit})
	out := make([]console.Task, len(tasks))
	for i, t := range tasks {
		out[i] = x.task(t, q.Language)
	}
	return out, err
}

// Task implements console.Tasks.
func (x consoleTasks) Task(ctx context.Context, company, id, language string) (console.Task, error) {
	t, err := x.i.db.Task(ctx, company, id)
	if err != nil {
		return console.Task{}, err
	}
	app, err := x.i.db.App(ctx, company, t.App)
	out := x.task(t, language)
	out.Address = app.URL
	return out, err
}

func (x consoleTasks) task(t manual.Task, language string) console.Task {
	out := console.Task{ID: t.ID, App: t.App, AppName: t.AppName, ObjectType: t.ObjectType, ObjectID: t.ObjectID, ObjectName: t.ObjectName,
		Action: string(t.Action), State: string(t.StateAt(x.i.now())), Why: t.Why, Responsible: t.Responsible, Revision: t.Revision,
		Opened: t.Opened, Due: t.Due, Closed: t.Closed, ClosedBy: t.ClosedBy, Proof: t.Proof, Reference: t.Reference, Noted: t.Noted,
		ConfirmedAt: t.ConfirmedAt, Told: t.Step}
	for _, l := range t.Lines {
		out.Lines = append(out.Lines, console.TaskLine(l))
	}
	if profile, ok := x.i.engine.Profiles.Get(t.Profile); ok && profile.ByHand() {
		procedure := profile.Manual.Procedure(string(t.Action))
		out.Menu, out.WantedProof = procedure.Menu.In(language), procedure.Proof
		for _, s := range procedure.Steps {
			out.Steps = append(out.Steps, s.In(language))
		}
	}
	return out
}

// TaskCounts implements console.Tasks.
func (x consoleTasks) TaskCounts(ctx context.Context, company string) (map[string]int, error) {
	counts, err := x.i.db.CountTasks(ctx, company, "", x.i.now())
	out := map[string]int{}
	for state, n := range counts {
		out[string(state)] = n
	}
	return out, err
}

// CloseTask implements console.Tasks.
func (x consoleTasks) CloseTask(ctx context.Context, actor audit.Actor, company, id string, c console.TaskClosing) error {
	act := x.i.desk.Done
	if c.Refused {
		act = x.i.desk.Refuse
	}
	_, err := act(ctx, actor, company, id, manual.Closing{By: actor.Name, Revision: c.Revision, Proof: c.Proof, Reference: c.Reference})
	if err == nil {
		x.i.engine.Wake()
	}
	return err
}
