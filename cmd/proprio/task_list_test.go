package main

import (
	"fmt"
	"testing"
	"time"

	"proprio/push"
	"proprio/push/manual"
	"proprio/resources"
)

// However many tasks there are, all are listed, each once.
func TestTaskList_isWhole(t *testing.T) {
	t.Parallel()
	c, company := newConsoleCore(t)
	app, err := c.addApp(t.Context(), resources.Caller{Company: company, Actor: admin}, push.App{Name: "by hand", Profile: "jefacture"}, "")
	noFault(t, err)
	const many = 2*taskPage + 1
	var intents []push.Intent
	for i := range many {
		intents = append(intents, push.Intent{App: app.ID, ObjectType: resources.TypeUser, ObjectID: newID(), ObjectName: fmt.Sprint("user ", i), Wish: push.WishActive, Rank: push.RankUser})
	}
	now := c.now()
	noFault(t, c.db.RaiseAccounts(t.Context(), company, now, intents))
	lease := push.Lease{Company: company, App: app.ID, Owner: "test"}
	if held, err := c.db.LeaseApp(t.Context(), lease, now, now.Add(time.Minute)); err != nil || !held {
		t.Fatalf("lease: %t, %v", held, err)
	}
	due, err := c.db.DueAccounts(t.Context(), lease, now, many)
	noFault(t, err)
	results := make([]push.Result, len(due))
	for i, a := range due {
		a.State = push.StateWaiting
		results[i] = push.Result{Account: a, Confirmed: true, Need: &manual.Need{Known: true, Action: manual.ActionCreate, Days: 5, Wanted: []byte(`{"userName":"x"}`)}}
	}
	noFault(t, c.db.Record(t.Context(), lease, now, nil, results...))
	all, err := c.allTasks(t.Context(), company, manual.Query{Now: now})
	noFault(t, err)
	seen := map[string]bool{}
	for _, task := range all {
		seen[task.ID] = true
	}
	if len(all) != many || len(seen) != many {
		t.Errorf("%d tasks are listed, %d different ones, of %d", len(all), len(seen), many)
	}
}

func noFault(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
